from datetime import date

import pytest
from task_board.display import day, shorten
from task_board.main import main
from task_board.tasks import parse_words

TODAY = date(2024, 5, 6)


@pytest.fixture
def task(tmp_path, capsys):
    """Runs one command on one file and returns its code and the lines it printed."""

    def run(*words):
        code = main(["--file", str(tmp_path / "data" / "tasks.json"), *words], TODAY)
        printed = capsys.readouterr()
        return code, (printed.out + printed.err).splitlines()

    return run


def test_add(task):
    assert task("add", "Buy", "milk", "!high", "due:2024-05-07") == (
        0,
        ["  1 [!] Buy milk                 tomorrow"],
    )


def test_numbers_go_on(task):
    task("add", "one")
    assert task("add", "two") == (0, ["  2 [-] two"])


def test_a_number_is_not_given_twice(task):
    for title in ("one", "two", "three"):
        task("add", title)
    task("done", "1")
    task("clear")
    assert task("add", "four")[1] == ["  4 [-] four"]


def test_list_is_sorted(task):
    task("add", "later", "due:2024-05-20")
    task("add", "no day")
    task("add", "soon", "due:2024-05-08")
    task("add", "urgent", "!high")
    task("add", "some time", "!low")
    _, lines = task("list")
    assert [text[:3].strip() for text in lines[:-1]] == ["4", "3", "1", "2", "5"]


def test_list_by_tags(task):
    task("add", "call", "@Phone", "@home")
    task("add", "write", "@home")
    task("add", "walk")
    assert len(task("list", "home")[1]) == 3
    assert task("list", "@home", "PHONE")[1][0] == "  1 [-] call"


def test_done_tasks_are_hidden(task):
    task("add", "one")
    task("add", "two")
    assert task("done", "1") == (0, ["finished 1 task"])
    assert task("list")[1] == ["  2 [-] two", "1 open, 1 done"]
    assert task("list", "--all")[1] == ["  2 [-] two", "  1 [x] one", "1 open, 1 done"]


def test_finish_counts_what_was_open(task):
    for title in ("one", "two", "three"):
        task("add", title)
    task("done", "2")
    assert task("done", "1", "2", "3") == (0, ["finished 2 tasks"])


def test_unknown_numbers(task):
    task("add", "one")
    assert task("done", "1", "7") == (1, ["task: no task 7"])
    assert task("list")[1][-1] == "1 open"


def test_clear(task):
    task("add", "one")
    task("add", "two")
    task("done", "1")
    assert task("clear") == (0, ["removed 1 task"])
    assert task("list", "--all")[1] == ["  2 [-] two", "1 open"]


def test_late_tasks(task):
    task("add", "old", "due:2024-05-04")
    task("add", "now", "due:2024-05-06")
    assert task("list")[1] == [
        "  1 [-] old                      2 days ago LATE",
        "  2 [-] now                      today",
        "2 open, 1 late",
    ]


def test_a_late_task_that_is_done_is_not_late(task):
    task("add", "old", "due:2024-05-04")
    task("done", "1")
    assert task("list", "--all")[1][-1] == "1 done"


def test_an_empty_list(task):
    assert task("list") == (0, ["nothing to do"])


@pytest.mark.parametrize("words", [["@home"], ["x", "!soon"], ["x", "due:2024-13-01"]])
def test_what_cannot_be_added(task, words):
    code, lines = task("add", *words)
    assert code == 1
    assert lines[0].startswith("task: ")


def test_parse_words():
    assert parse_words(["a", "@x", "b", "@x", "!low"]) == {
        "title": "a b",
        "tags": ["x"],
        "priority": "low",
        "due": None,
    }


@pytest.mark.parametrize(
    ("due", "expected"),
    [
        (date(2024, 5, 5), "yesterday"),
        (date(2024, 5, 9), "in 3 days"),
        (date(2024, 4, 29), "7 days ago"),
        (date(2024, 6, 1), "2024-06-01"),
        (date(2024, 3, 1), "2024-03-01"),
        (None, ""),
    ],
)
def test_day(due, expected):
    assert day(due, TODAY) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("short", "short"),
        ("exactly 10", "exactly 10"),
        ("a little longer", "a littl..."),
        ("abcdef ghijk", "abcdef..."),
    ],
)
def test_shorten(text, expected):
    assert shorten(text, 10) == expected
