"""Stories of one function: where the walk through history finds it, and what it says of each commit."""

from collections.abc import Callable
from typing import Any

import pytest

from gitops_healer.adapters.repository import open_repository
from gitops_healer.code.history import Step, Trace
from gitops_healer.core.versions import Kind

MakeRepo = Callable[..., Any]
Story = list[tuple[str, str, str]]

LONG = """\
def total(orders, rate=0.2):
    \"\"\"The sum of all orders with tax.\"\"\"
    result = 0
    for order in orders:
        if order.price is None or order.cancelled:
            continue
        result += order.price * order.quantity
    return round(result * (1 + rate), 2)
"""
OTHER = """\
def parse(text):
    fields = {}
    for line in text.splitlines():
        key, _, value = line.partition("=")
        fields[key.strip()] = value.strip()
    return fields
"""
EDITED = LONG.replace("round(result * (1 + rate), 2)", "round(result * (1 + rate), 4)")
REWORDED = LONG.replace("The sum", "Adds up the sum").replace("    result = 0", "    result = 0  # cents")
METHOD = "class Cart:\n" + "".join(f"    {line}\n" for line in LONG.splitlines())
RENAMED = LONG.replace("def total", "def grand_total")
SMALL = "def close(self):\n    self.file.close()\n"


def told(repo: Any, path: str, symbol: str, head: str = "HEAD", everything: bool = True) -> Story:
    """(subject of the commit, kind, where it stood), newest first."""
    git = open_repository(repo.path)
    commit = git.resolve(head)
    assert commit is not None
    return [
        (git.commit(step.commit).message.strip(), _kind(step), f"{step.snapshot.path}:{step.snapshot.symbol}")
        for step in Trace(git, commit).steps(path, symbol)
        if everything or step.kind.is_version
    ]


def _kind(step: Step) -> str:
    return step.kind.value + (" and edited" if step.edited and step.kind not in (Kind.EDITED, Kind.MERGED) else "")


# One line of commits: (what the files are, what is told of it)
STORIES: dict[str, tuple[list[dict[str, str | None]], tuple[str, str], Story]] = {
    "edited": (
        [{"a.py": LONG}, {"b.py": OTHER}, {"a.py": OTHER + LONG}, {"a.py": OTHER + EDITED}],
        ("a.py", "total"),
        [("3", "edited", "a.py:total"), ("0", "born", "a.py:total")],
    ),
    "comments, docstrings and layout make no version": (
        [{"a.py": LONG}, {"a.py": REWORDED}, {"a.py": REWORDED.replace("\n", "\r\n")}],
        ("a.py", "total"),
        [("1", "reworded", "a.py:total"), ("0", "born", "a.py:total")],
    ),
    "renamed": (
        [{"a.py": LONG + OTHER}, {"a.py": RENAMED + OTHER}],
        ("a.py", "grand_total"),
        [("1", "renamed", "a.py:grand_total"), ("0", "born", "a.py:total")],
    ),
    "renamed and edited at once": (
        [{"a.py": LONG + OTHER}, {"a.py": EDITED.replace("def total", "def grand_total") + OTHER}],
        ("a.py", "grand_total"),
        [("1", "renamed and edited", "a.py:grand_total"), ("0", "born", "a.py:total")],
    ),
    "the file was renamed, and edited": (
        [{"a.py": LONG + OTHER}, {"a.py": None, "pkg/b.py": EDITED + OTHER}],
        ("pkg/b.py", "total"),
        [("1", "moved and edited", "pkg/b.py:total"), ("0", "born", "a.py:total")],
    ),
    "moved to a file that was there": (
        [{"a.py": LONG + OTHER, "b.py": SMALL}, {"a.py": OTHER, "b.py": SMALL + LONG}],
        ("b.py", "total"),
        [("1", "moved", "b.py:total"), ("0", "born", "a.py:total")],
    ),
    "moved into a class, and out of it": (
        [{"a.py": LONG}, {"a.py": METHOD}, {"a.py": "x = 1\n" + LONG}],
        ("a.py", "total"),
        [("2", "moved", "a.py:total"), ("1", "moved", "a.py:Cart.total"), ("0", "born", "a.py:total")],
    ),
    "moved, where a function of that name is left that passes on": (
        [{"a.py": LONG + OTHER}, {"a.py": "import b\ndef total(*a):\n    return b.total(*a)\n" + OTHER, "b.py": LONG}],
        ("b.py", "total"),
        [("1", "moved", "b.py:total"), ("0", "born", "a.py:total")],
    ),
    "copied out of a file that did not change": (
        [{"a.py": LONG}, {"b.py": OTHER}, {"c.py": LONG}],
        ("c.py", "total"),
        [("2", "copied", "c.py:total"), ("0", "born", "a.py:total")],
    ),
    "two functions change their names": (
        [{"a.py": LONG + OTHER}, {"a.py": LONG.replace("total", "parse") + OTHER.replace("parse", "total")}],
        ("a.py", "total"),
        [("1", "edited", "a.py:total"), ("0", "born", "a.py:total")],
    ),
    "another function takes the name of one that goes": (
        [{"a.py": LONG + OTHER}, {"a.py": OTHER.replace("parse", "total")}],
        ("a.py", "total"),
        [("1", "renamed", "a.py:total"), ("0", "born", "a.py:parse")],
    ),
    "deleted and brought back": (
        [{"a.py": LONG + OTHER}, {"a.py": OTHER}, {"b.py": SMALL}, {"a.py": OTHER + LONG}],
        ("a.py", "total"),
        [("3", "restored", "a.py:total"), ("0", "born", "a.py:total")],
    ),
    "an edit that is taken back is a version again": (
        [{"a.py": LONG}, {"a.py": EDITED}, {"a.py": LONG}],
        ("a.py", "total"),
        [("2", "edited", "a.py:total"), ("1", "edited", "a.py:total"), ("0", "born", "a.py:total")],
    ),
    "a file that does not parse elsewhere is read all the same": (
        [{"a.py": LONG}, {"a.py": "def broken(:\n    pass\n\n" + EDITED}, {"a.py": OTHER + EDITED}],
        ("a.py", "total"),
        [("1", "edited", "a.py:total"), ("0", "born", "a.py:total")],
    ),
    "a function that does not parse for a while is passed over": (
        [{"a.py": LONG}, {"a.py": LONG.replace("in orders", "in in orders")}, {"b.py": ""}, {"a.py": LONG}],
        ("a.py", "total"),
        [("2", "unreadable", "a.py:total"), ("0", "born", "a.py:total")],
    ),
    "Python 2 is followed by its words": (
        [
            {"a.py": LONG.replace("result = 0", "print orders")},
            {"a.py": LONG.replace("result = 0", "print 'x', orders")},
            {"a.py": LONG.replace("result = 0", "print('x', orders)")},
        ],
        ("a.py", "total"),
        [
            ("1", "unreadable", "a.py:total"),
            ("0", "unreadable", "a.py:total"),
            ("2", "edited", "a.py:total"),
            ("1", "edited", "a.py:total"),
            ("0", "born", "a.py:total"),
        ],
    ),
    "a small function is not said to come from another one": (
        [{"a.py": SMALL + OTHER}, {"a.py": OTHER, "b.py": SMALL.replace("close", "shut").replace("file", "pipe")}],
        ("b.py", "shut"),
        [("1", "born", "b.py:shut")],
    ),
    "decorators belong to it": (
        [{"a.py": LONG}, {"a.py": "import functools\n@functools.cache\n" + LONG}],
        ("a.py", "total"),
        [("1", "edited", "a.py:total"), ("0", "born", "a.py:total")],
    ),
    "not UTF-8": (
        [{"a.py": "# caf\u00e9\n" + LONG}, {"a.py": "# caf\u00e9\n" + EDITED}],
        ("a.py", "total"),
        [("1", "edited", "a.py:total"), ("0", "born", "a.py:total")],
    ),
    "of two definitions the last one counts": (
        [{"a.py": SMALL + LONG}, {"a.py": OTHER.replace("parse", "total") + LONG}, {"a.py": OTHER + EDITED}],
        ("a.py", "total"),
        [("2", "edited", "a.py:total"), ("0", "born", "a.py:total")],
    ),
}


@pytest.mark.parametrize("name", STORIES)
def test_a_line_of_commits(make_repo: MakeRepo, name: str) -> None:
    commits, (path, symbol), expected = STORIES[name]
    repo = make_repo()
    for number, files in enumerate(commits):
        for gone in [path for path, text in files.items() if text is None]:
            (repo.path / gone).unlink()
        encoding = "latin-1" if name == "not UTF-8" else "utf-8"
        repo.commit({path: text.encode(encoding) for path, text in files.items() if text is not None}, str(number))
    assert told(repo, path, symbol) == expected


# Merges


def branch(repo: Any, start: str, files: dict[str, str], message: str) -> str:
    repo.git("checkout", "--quiet", "--detach", start)
    return str(repo.commit(files, message))


def merge(repo: Any, parents: list[str], files: dict[str, str], message: str = "merge") -> str:
    """A merge with exactly these files changed in the first parent, as people make them by hand."""
    made = branch(repo, parents[0], files, message)
    arguments = [word for parent in parents for word in ("-p", parent)]
    commit = repo.git("commit-tree", f"{made}^{{tree}}", *arguments, "-m", message)
    repo.git("checkout", "--quiet", "--detach", commit)
    return str(commit)


def test_a_merge_follows_the_side_that_has_the_same_version(make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": LONG})
    base = repo.git("rev-parse", "HEAD")
    left = branch(repo, base, {"a.py": EDITED}, "left")
    right = branch(repo, base, {"b.py": OTHER}, "right")
    merge(repo, [right, left], {"a.py": EDITED})
    assert told(repo, "a.py", "total") == [("left", "edited", "a.py:total"), ("first", "born", "a.py:total")]


def test_a_merge_of_both_sides_is_a_version_and_both_are_followed(make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": LONG})
    base = repo.git("rev-parse", "HEAD")
    left = branch(repo, base, {"a.py": EDITED}, "left")
    right = branch(repo, base, {"a.py": LONG.replace("rate=0.2", "rate=0.3")}, "right")
    merge(repo, [left, right], {"a.py": EDITED.replace("rate=0.2", "rate=0.3")})
    seen = told(repo, "a.py", "total")
    assert [seen[0], seen[-1]] == [("merge", "merged", "a.py:total"), ("first", "born", "a.py:total")]
    assert sorted(seen[1:-1]) == [("left", "edited", "a.py:total"), ("right", "edited", "a.py:total")]


def test_one_side_moves_the_file_and_the_other_edits_it(make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": LONG + OTHER})
    base = repo.git("rev-parse", "HEAD")
    repo.git("mv", "a.py", "b.py")
    left = repo.commit({}, "left")
    right = branch(repo, base, {"a.py": EDITED + OTHER}, "right")
    repo.git("checkout", "--quiet", "--detach", left)
    merge(repo, [left, right], {"b.py": EDITED + OTHER})
    seen = told(repo, "b.py", "total")
    assert ("right", "edited", "a.py:total") in seen
    assert seen[-1] == ("first", "born", "a.py:total")


def test_an_octopus_and_a_criss_cross(make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": LONG})
    base = repo.git("rev-parse", "HEAD")
    one = branch(repo, base, {"a.py": EDITED}, "one")
    two = branch(repo, base, {"b.py": OTHER}, "two")
    three = branch(repo, base, {"c.py": OTHER}, "three")
    octopus = merge(repo, [two, three, one], {"a.py": EDITED, "c.py": OTHER}, "octopus")
    cross = merge(repo, [one, two], {"b.py": OTHER}, "cross")
    merge(repo, [octopus, cross], {}, "criss")
    assert told(repo, "a.py", "total") == [("one", "edited", "a.py:total"), ("first", "born", "a.py:total")]


def test_a_shallow_clone_says_where_it_ends(make_repo: MakeRepo, tmp_path: Any) -> None:
    repo = make_repo({"a.py": LONG})
    repo.commit({"b.py": OTHER}, "second")
    repo.commit({"a.py": EDITED}, "third")
    repo.git("clone", "--quiet", "--depth=2", f"file://{repo.path}", str(tmp_path / "shallow"))
    clone = type(repo)(tmp_path / "shallow")
    assert told(clone, "a.py", "total") == [("third", "edited", "a.py:total"), ("second", "truncated", "a.py:total")]


def test_a_clock_that_goes_wrong_loses_nothing(make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": LONG})
    for number, year in enumerate([1999, 2035, 2001]):
        repo.write({"a.py": EDITED.replace("4)", f"{number})"), "n": str(number)})
        repo.git("add", "--all")
        date = {"GIT_COMMITTER_DATE": f"{year}-01-01T00:00:00Z", "GIT_AUTHOR_DATE": f"{year}-01-01T00:00:00Z"}
        repo.git("commit", "--quiet", "--message", str(year), env=date)
    assert [subject for subject, _, _ in told(repo, "a.py", "total")] == ["2001", "2035", "1999", "first"]


def test_there_is_nothing_to_tell_of_what_is_not_there(make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": LONG, "broken.py": "\0\xff(", "empty.py": ""})
    for path, symbol in [("a.py", "nothing"), ("none.py", "total"), ("broken.py", "x"), ("empty.py", ""), ("", "")]:
        assert told(repo, path, symbol) == []
