"""What holds for every scan: a cache, a second process, an order of files or a commit id changes nothing, and a finding
keeps its fingerprint when its code moves."""

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pygit2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitops_healer.places import Choices, build_site
from gitops_healer.scan import scan
from gitops_healer.scan_command import Format, rendered

Tree = dict[str, str]

# Files that import, copy, outgrow and hide each other in many ways once they are put together.
PATHS = (
    "p/__init__.py", "p/a.py", "p/b.py", "p/sub/__init__.py", "p/sub/c.py", "q/__init__.py", "q/a.py", "space/d.py",
    "alone.py", "tests/test_a.py", "src/r/__init__.py", "src/r/e.py",
)  # fmt: skip
COPY = '''
def {name}(rows, limit):
    """Adds up what is wanted."""
    total = 0
    for row in rows:
        if row.{field} > limit and row.kind:
            total += row.{field} * 2
        elif row.other:
            total -= row.other
    return total / (len(rows) or 1)
'''
DEEP = """
def tangled(a, b, c):
    known = list(b)
    found = []
    for x in a:
        if x not in known:
            found.append(x)
    for x in a:
        if x:
            for y in b:
                if y and x:
                    while c:
                        if x == y or c > 3:
                            return [z for z in a if z if z > x]
                        elif x > y:
                            continue
                        else:
                            c -= 1
    if True:
        return 1
    return 2
"""
TOTAL = COPY.format(name="rows_total", field="size")
COST = COPY.format(name="sum_of_rows", field="cost")
BIG = "class Big:\n" + "".join(f"    def m{n}(self):\n        return self.x{n % 3}\n" for n in range(22))
UNUSED = "def _unused():\n    return 1\n"
UNREADABLE = ("def broken(:\n", "\0")
READABLE = (
    "import p.b\n", "import p.a\n", "from p import b\n", "from . import a\n", "from .a import rows_total\n",
    "from .sub import c\n", "from ..b import x\n", "import q.a as q\n", "from q.a import *\n", "import space.d\n",
    "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import q.a\n",
    "try:\n    import alone\nexcept ImportError:\n    alone = None\n",
    "def late():\n    import p.sub.c\n    return p\n", "x = 1\n", "__all__ = ['a', 'rows_total']\n", "# é only text\n",
    "def f():\n    return 1\n    print(2)\n",
    TOTAL, COST, TOTAL.replace("elif row.other", "elif row.more and row.other"), DEEP, BIG, UNUSED,
)  # fmt: skip
PIECES = READABLE + UNREADABLE

contents = st.lists(st.sampled_from(PIECES), max_size=4).map("".join)
trees = st.dictionaries(st.sampled_from(PATHS), contents, min_size=2)


class Store:
    """A bare repository whose commits are written without a work tree."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._git = pygit2.init_repository(path, bare=True, initial_head="main")
        self._seconds = count(1_700_000_000)

    def commit(self, files: Mapping[str, str | bytes], message: str = "work") -> str:
        index = pygit2.Index()
        for name, text in files.items():
            blob = self._git.create_blob(text.encode() if isinstance(text, str) else text)
            index.add(pygit2.IndexEntry(name, blob, pygit2.enums.FileMode.BLOB))
        who = pygit2.Signature("Maintainer", "maintainer@example.org", next(self._seconds), 0)
        parents = [] if self._git.head_is_unborn else [self._git.head.target]
        tree = index.write_tree(self._git)
        return str(self._git.create_commit("refs/heads/main", who, who, message, tree, parents))

    def scan(self, jobs: int = 1, cached: bool = False) -> dict[str, Any]:
        """The whole document but what differs by nature: how long it took and what was read."""
        site = build_site(Choices(self.path), jobs, cached)
        try:
            commit = site.repository.resolve("HEAD")
            assert commit is not None
            pieces = rendered(scan(site, commit, "HEAD"), Format.json, live=False)
            document: dict[str, Any] = json.loads(b"".join(pieces))
        finally:
            site.close()
        del document["stats"]
        return document


@contextmanager
def a_store() -> Iterator[Store]:
    """hypothesis runs a test many times in one tmp_path, so each run has a folder of its own."""
    place = Path(tempfile.mkdtemp(prefix="scan-"))
    try:
        yield Store(place / "repo.git")
    finally:
        shutil.rmtree(place)


@st.composite
def edits(draw: st.DrawFn) -> tuple[Tree, ...]:
    """A tree and what becomes of it: files are written, renamed and deleted, one to three at a time."""
    history = [draw(trees)]
    for _ in range(draw(st.integers(1, 4))):
        files = dict(history[-1])
        for _ in range(draw(st.integers(1, 3))):
            kind = draw(st.sampled_from(("write", "add", "rename", "delete")))
            old = draw(st.sampled_from(sorted(files))) if files else PATHS[0]
            if kind == "write":
                files[draw(st.sampled_from(PATHS))] = draw(contents)
            elif kind == "add":
                files[old] = files.get(old, "") + draw(st.sampled_from(PIECES))
            elif kind == "rename":
                files[draw(st.sampled_from(PATHS))] = files.pop(old, "")
            else:
                files.pop(old, None)
        history.append(files)
    return tuple(history)


few = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@few
@given(edits())
def test_a_warm_scan_says_what_a_cold_one_says(history: tuple[Tree, ...]) -> None:
    with a_store() as store:
        for files in history:
            store.commit(files)
            assert store.scan(cached=True) == store.scan()


@few
@given(edits())
def test_going_back_to_an_earlier_tree_gives_the_earlier_answer(history: tuple[Tree, ...]) -> None:
    with a_store() as store:
        seen = []
        for files in history:
            store.commit(files)
            seen.append(store.scan(cached=True))
        for files, before in zip(reversed(history), reversed(seen), strict=True):
            commit = store.commit(files)
            assert store.scan(cached=True) == {**before, "commit": commit}


@few
@given(trees)
def test_two_processes_say_what_one_says(files: Tree) -> None:
    with a_store() as store:
        store.commit(files)
        assert store.scan(jobs=2) == store.scan(jobs=1)


@few
@given(trees, st.randoms(use_true_random=False))
def test_neither_the_commit_nor_the_order_of_files_matters(files: Tree, chance: Any) -> None:
    with a_store() as one, a_store() as other:
        one.commit(files)
        shuffled = list(files.items())
        chance.shuffle(shuffled)
        for written in range(1, len(shuffled)):
            other.commit(dict(shuffled[:written]), "not yet all")
            other.scan(cached=True)
        commit = other.commit(dict(shuffled), "another message")
        assert other.scan(cached=True) == {**one.scan(), "commit": commit}


def of_one_file(document: Mapping[str, Any], path: str) -> list[tuple[str, str]]:
    """(rule, fingerprint) of what is said of a file alone: modules and cycles are called by their names, which move."""
    rules = {"god_class", "complexity", "inefficient_control_flow", "mixed_concerns", "low_cohesion"}
    return sorted(
        (item["rule"], item["fingerprint"])
        for item in document["findings"]
        if item["path"] == path and item["rule"] in rules
    )


@few
@given(
    st.lists(st.sampled_from([piece for piece in READABLE if "import *" not in piece]), max_size=4),
    st.lists(st.sampled_from(("\n", "# a comment\n", "\n\n\n", "'''A docstring.'''\n", "\f\n")), max_size=5),
    st.sampled_from(("moved.py", "q/moved.py", "deep/er/than/before.py")),
)
def test_fingerprints_survive_moves_and_lines_above(pieces: list[str], above: list[str], target: str) -> None:
    """Without star imports, after which nobody can tell what `list` means."""
    source = "".join([DEEP, BIG, *pieces])
    with a_store() as store:
        store.commit({"p/__init__.py": "", "p/a.py": source})
        before = of_one_file(store.scan(cached=True), "p/a.py")
        store.commit({"p/__init__.py": "", target: "".join(above) + source})
        after = of_one_file(store.scan(cached=True), target)
    assert after == before
    assert {"god_class", "inefficient_control_flow"} <= {rule for rule, _ in before}


@pytest.mark.parametrize(
    "rule", ["circular_import", "dead_code", "duplicate_code", "god_class", "inefficient_control_flow"]
)
def test_the_generated_trees_hold_something_to_find(rule: str) -> None:
    """Without this, the properties above could hold of empty reports."""
    everything = {
        "p/__init__.py": "", "p/a.py": "from p import b\n" + TOTAL + BIG + DEEP,
        "p/b.py": "import p.a\n" + COST + UNUSED,
    }  # fmt: skip
    with a_store() as store:
        store.commit(everything)
        document = store.scan()
    assert rule in {item["rule"] for item in document["findings"]}
