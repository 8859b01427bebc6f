"""What history says about suspicious lines, and which of its changes can be taken back: on real repositories."""

import ast
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gitops_healer.adapters.remote import Git
from gitops_healer.adapters.repository import open_repository
from gitops_healer.repair.search.history import MOST_UNDOINGS, Hunk, hunks, recency, undoings

GitRepo = Any  # tests/conftest.py
MakeRepo = Callable[..., GitRepo]

PRICES = """\
RATE = 20


def total(prices):
    return sum(prices)


def tax(price):
    return price * RATE / 100


def label(price):
    return f"{price} EUR"
"""


def edited(text: str, *pairs: tuple[str, str]) -> str:
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


# Recency


def test_the_last_commit_weighs_most_and_lines_are_followed_when_they_move(make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": PRICES, "b.py": "x = 1\n", "readme.md": "1\n"})
    first = edited(PRICES, ("return sum(prices)", "return sum(prices or ())"))
    repo.commit({"a.py": first})
    repo.commit({"readme.md": "2\n"})  # no Python: does not count
    second = edited(first, ("* RATE / 100", "* RATE // 100"))
    repo.commit({"a.py": second})
    third = "import math\n\n" + second
    head = repo.commit({"a.py": third, "b.py": "x = 2\n"})

    found = recency(open_repository(repo.path), head, ["a.py", "b.py", "gone.py"])

    lines = third.splitlines()
    assert {lines[line - 1]: round(weight, 3) for line, weight in found["a.py"].items()} == {
        "import math": 1.0,
        "": 1.0,
        "    return price * RATE // 100": 0.9,
        "    return sum(prices or ())": 0.81,
    }
    assert found["b.py"] == {1: 1.0}
    assert "gone.py" not in found


def test_lines_beside_a_deletion_count_half(make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": "a = 1\nb = 2\nc = 3\nd = 4\n"})
    head = repo.commit({"a.py": "a = 1\nb = 2\nd = 4\n"})
    assert recency(open_repository(repo.path), head, ["a.py"]) == {"a.py": {2: 0.5, 3: 0.5}}


def test_only_the_last_commits_are_looked_at(make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": "".join(f"x{n} = 0\n" for n in range(6))})
    for number in range(6):
        head = repo.commit({"a.py": "".join(f"x{n} = {int(n <= number)}\n" for n in range(6))})
    found = recency(open_repository(repo.path), head, ["a.py"], limit=3)
    assert found == {"a.py": {6: 1.0, 5: 0.9, 4: pytest.approx(0.81)}}


def test_one_commit_alone_says_nothing(make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": PRICES})
    assert recency(open_repository(repo.path), repo.git("rev-parse", "HEAD"), ["a.py"]) == {}


def test_where_a_shallow_clone_ends_nothing_is_said(make_repo: MakeRepo, tmp_path: Path) -> None:
    repo = make_repo({"a.py": PRICES})
    repo.commit({"a.py": edited(PRICES, ("sum(prices)", "max(prices)"))})
    head = repo.commit({"a.py": edited(PRICES, ("sum(prices)", "max(prices)"), ("RATE = 20", "RATE = 19"))})
    (tmp_path / "shallow").mkdir()
    Git(tmp_path / "shallow" / ".git").clone(f"file://{repo.path}", depth=2)
    opened = open_repository(tmp_path / "shallow")
    assert opened.is_shallow()
    assert recency(opened, head, ["a.py"]) == {"a.py": {1: 1.0}}
    assert len(undoings(opened, head, "a.py", opened.read(head, "a.py") or b"")) == 1


def test_a_commit_that_touches_everything_says_little_and_older_ones_are_still_seen(make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": PRICES})
    changed = edited(PRICES, ("RATE = 20", "RATE = 19"))
    repo.commit({"a.py": changed})
    formatted = edited(changed, ('f"{price} EUR"', "f'{price} EUR'"))
    head = repo.commit({"a.py": formatted, **{f"other{n}.py": "x = 1\n" for n in range(60)}})
    assert recency(open_repository(repo.path), head, ["a.py"]) == {"a.py": {1: 0.9}}


def test_of_a_merge_the_branch_itself_is_followed(make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": PRICES})
    repo.git("switch", "--quiet", "--create", "topic")
    repo.commit({"a.py": edited(PRICES, ("RATE = 20", "RATE = 7"))})
    repo.git("switch", "--quiet", "main")
    repo.commit({"b.py": "x = 1\n"})
    repo.git("merge", "--quiet", "--no-edit", "topic")
    head = repo.git("rev-parse", "HEAD")
    assert recency(open_repository(repo.path), head, ["a.py"]) == {"a.py": {1: 1.0}}


# Taking changes back


def results(repo: GitRepo, path: str, text: str | None = None) -> dict[str, list[str]]:
    """{title: texts that the file would become}, likeliest first."""
    opened, head = open_repository(repo.path), repo.git("rev-parse", "HEAD")
    data = text.encode() if text is not None else opened.read(head, path) or b""
    found: dict[str, list[str]] = {}
    for one in undoings(opened, head, path, data):
        found.setdefault(one.title, []).append(one.change.apply({path: data})[path].decode())
    return found


def test_what_the_last_commit_broke_is_taken_back_alone(make_repo: MakeRepo) -> None:
    repo = make_repo({"shop.py": PRICES})
    now = edited(PRICES, ("/ 100", "/ 10"), ("{price} EUR", "{price:.2f} EUR"))
    commit = repo.commit({"shop.py": now})
    found = results(repo, "shop.py")
    assert found[f"Take back what {commit[:10]} did to tax"] == [edited(now, ("/ 10\n", "/ 100\n"))]
    assert found[f"Take back what {commit[:10]} did to label"] == [edited(now, (":.2f", ""))]
    assert found[f"Take back what {commit[:10]} did to tax and 1 more"] == [PRICES]
    undoing = undoings(open_repository(repo.path), commit, "shop.py", now.encode())[0]
    assert (undoing.line, undoing.commit) == (9, commit)


def test_an_older_change_is_taken_back_with_what_came_later_kept(make_repo: MakeRepo) -> None:
    repo = make_repo({"shop.py": PRICES})
    broken = edited(PRICES, ("price * RATE / 100", "price * RATE"))
    culprit = repo.commit({"shop.py": broken})
    later = '"""Prices."""\n\n' + edited(broken, ("{price} EUR", "{price:.2f} EUR"))
    repo.commit({"shop.py": later})
    found = results(repo, "shop.py")
    assert found[f"Take back what {culprit[:10]} did to tax"] == [
        edited(later, ("price * RATE\n", "price * RATE / 100\n"))
    ]


def test_all_that_a_commit_did_to_one_function_goes_together(make_repo: MakeRepo) -> None:
    guard = "    if not values:\n        return 0\n"
    before = f"def mean(values):\n{guard}    total = sum(values)\n    return total / len(values)\n"
    now = edited(before, (guard, ""), ("/ len(values)", "/ (len(values) - 1)"))
    repo = make_repo({"m.py": before})
    commit = repo.commit({"m.py": now})
    texts = results(repo, "m.py")[f"Take back what {commit[:10]} did to mean"]
    assert texts == [before]
    alone = results(repo, "m.py")[f"Put back what stood in mean before {commit[:10]}"]
    assert set(alone) == {edited(before, (guard, "")), edited(before, ("/ len(values)", "/ (len(values) - 1)"))}


def test_a_method_changed_by_two_commits_is_restored_whole(make_repo: MakeRepo) -> None:
    body = "        a = 1\n        b = 2\n        a += 0\n        return a + b\n"
    first = f"class A:\n    @property\n    def x(self):\n{body}\n    y = 3\n"
    second = edited(first, ("b = 2", "b = 3"))
    third = edited(second, ("a + b", "a - b"), ("y = 3", "y = 4"))
    repo = make_repo({"a.py": first})
    commit = repo.commit({"a.py": second})
    repo.commit({"a.py": third})
    assert results(repo, "a.py")[f"Restore A.x as it was before {commit[:10]}"] == [edited(first, ("y = 3", "y = 4"))]


def test_a_working_copy_that_is_not_committed_is_what_counts(make_repo: MakeRepo) -> None:
    repo = make_repo({"shop.py": PRICES})
    commit = repo.commit({"shop.py": edited(PRICES, ("/ 100", "/ 10"))})
    now = "import os\n" + edited(PRICES, ("/ 100", "/ 10"))
    assert "import os\n" + PRICES in results(repo, "shop.py", now)[f"Take back what {commit[:10]} did to tax"]


def test_comments_and_layout_are_not_worth_taking_back(make_repo: MakeRepo) -> None:
    repo = make_repo({"shop.py": PRICES})
    repo.commit({"shop.py": edited(PRICES, ("RATE = 20", "RATE = 20  # percent"), ("* RATE / 100", "*  RATE  / 100"))})
    assert results(repo, "shop.py") == {}


def test_tests_and_other_files_are_left_alone(make_repo: MakeRepo) -> None:
    files = {"tests/test_shop.py": "x = 1\n", "shop.txt": "x = 1\n", "new.py": ""}
    repo = make_repo(files)
    repo.commit(dict.fromkeys(files, "x = 2\n"))
    assert results(repo, "tests/test_shop.py") == results(repo, "shop.txt") == results(repo, "missing.py") == {}
    assert list(results(repo, "new.py").values()) == [[""]]


def test_a_file_that_no_longer_parses_comes_back(make_repo: MakeRepo) -> None:
    repo = make_repo({"shop.py": PRICES})
    commit = repo.commit({"shop.py": edited(PRICES, ("return sum(prices)", "return sum(prices"))})
    assert results(repo, "shop.py") == {f"Take back what {commit[:10]} did to shop.py": [PRICES]}


def test_every_undoing_parses_is_new_and_works_on_crlf_and_odd_bytes(make_repo: MakeRepo) -> None:
    texts = [PRICES.replace("\n", "\r\n").encode() + b"# caf\xe9\r\n"]
    for old, new in ((b"20", b"21"), (b"sum(prices)", b"sum(prices) + 1"), (b"/ 100", b"/ 99"), (b"EUR", b"USD")):
        texts.append(texts[-1].replace(old, new))
    coding = b"# coding: latin-1\r\n"
    repo = make_repo({"shop.py": coding + texts[0]})
    for text in texts[1:]:
        head = repo.commit({"shop.py": coding + text})
    now = coding + texts[-1]
    found = undoings(open_repository(repo.path), head, "shop.py", now)
    after = [one.change.apply({"shop.py": now})["shop.py"] for one in found]
    assert len(after) == len(set(after)) >= 7
    assert now not in after
    assert coding + texts[0] in after
    assert all(ast.parse(text) and text.count(b"\n") == text.count(b"\r\n") for text in after)
    assert [one.weight for one in found] == sorted((one.weight for one in found), reverse=True)


def test_a_long_history_of_a_large_file_takes_a_moment(make_repo: MakeRepo) -> None:
    lines = [f"def f{n}(x):\n    return x + {n}\n" for n in range(500)]
    repo = make_repo({"big.py": "".join(lines)})
    for number in range(12):
        lines[number * 40] = lines[number * 40].replace("x +", "x -")
        head = repo.commit({"big.py": "".join(lines)})
    opened, data = open_repository(repo.path), "".join(lines).encode()
    began = time.perf_counter()
    assert len(recency(opened, head, ["big.py"])["big.py"]) == 12
    found = undoings(opened, head, "big.py", data)
    assert time.perf_counter() - began < 6  # about 1 s on an idle machine
    assert 8 <= len(found) <= MOST_UNDOINGS


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("abc", "abc", []),
        ("abc", "axc", [(1, 2, 1, 2)]),
        ("abc", "ac", [(1, 2, 1, 1)]),
        ("ac", "abc", [(1, 1, 1, 2)]),
        ("", "a", [(0, 0, 0, 1)]),
        ("aa", "a", [(1, 2, 1, 1)]),
        ("abcdef", "xbcdey", [(0, 1, 0, 1), (5, 6, 5, 6)]),
    ],
)
def test_hunks_are_the_smallest_differences(old: str, new: str, expected: list[tuple[int, ...]]) -> None:
    left, right = ([letter.encode() for letter in text] for text in (old, new))
    assert hunks(left, right) == [Hunk(*hunk) for hunk in expected]
