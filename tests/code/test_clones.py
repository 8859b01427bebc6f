"""What is a copy of what, what is none, and that following changes ends where a fresh start ends."""

import textwrap
from collections.abc import Mapping
from hashlib import sha1
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_healer.code.clones.index import (
    MOST_SHARING,
    CloneIndex,
    CloneOptions,
    FileTokens,
    RawFamily,
    features,
    what_varies,
)
from gitops_healer.code.extract import read_source
from gitops_healer.code.fact_store import tokens_of

LOAD = '''\
def load(path, limit=10):
    """Rows of a file."""
    rows = []
    with open(path) as stream:
        for line in stream:
            # skip what is empty
            if not line.strip():
                continue
            rows.append(line.split(";"))
            if len(rows) > limit:
                raise ValueError("too many rows")
    logger.info("read %s", path, extra={"rows": len(rows)})
    return rows
'''
RENAMED = (
    LOAD.replace("rows", "items").replace("path", "name").replace("limit", "most").replace("load", "read")
    .replace("10", "99").replace('";"', '","')
)  # fmt: skip
OTHER = """\
def total(self, orders):
    result = Decimal(0)
    while orders:
        order = orders.pop()
        result += order.price * order.count - self.discount(order.customer)
    self.cache[order.customer.id] = result
    return self.round(result)
"""


def blob_of(source: str) -> str:
    return sha1(source.encode()).hexdigest()


def features_of(source: str) -> bytes:
    reading = read_source(source.encode())
    assert reading.facts.analyzable, reading.facts.reason
    return features(tokens_of(reading))


def families(files: Mapping[str, str], options: CloneOptions = CloneOptions()) -> tuple[RawFamily, ...]:  # noqa: B008
    index = CloneIndex(options)
    index.update((), {blob_of(source): features_of(source) for source in files.values()})
    return index.families(paths_of(files))


def paths_of(files: Mapping[str, str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in sorted(files):
        found.setdefault(blob_of(files[path]), []).append(path)
    return found


def places(family: RawFamily) -> list[tuple[str, int, int, str]]:
    return [tuple(place) for place in family.places]  # type: ignore[misc]


@pytest.mark.parametrize(
    "copy",
    [
        LOAD,
        LOAD.replace("            # skip what is empty\n", "").replace("Rows of a file", "All of it"),
        LOAD.replace('extra={"rows": len(rows)}', 'extra={\n        "rows": len(rows)\n    }'),
        RENAMED,
    ],
    ids=["text", "comments", "layout", "names and literals"],
)
def test_exact_copies(copy: str) -> None:
    (family,) = families({"a.py": LOAD + "\n" + OTHER, "b.py": OTHER.replace("total", "t")[:0] + "x = 1\n\n" + copy})
    assert family.exact and family.whole and family.similarity == 1.0
    last = 2 + len(copy.splitlines())
    assert places(family) == [("a.py", 1, 13, "load"), ("b.py", 3, last, copy.split("(")[0].removeprefix("def "))]


EDITS: dict[str, tuple[str, str]] = {
    "inserted": ("    rows = []\n", "    rows = []\n    seen = set()\n"),
    "deleted": ("            if not line.strip():\n                continue\n", ""),
    "operator": ("len(rows) > limit", "len(rows) >= limit and strict"),
    "changed": ('    logger.info("read %s", path, extra={"rows": len(rows)})\n', "    count = len(rows)\n"),
    "wrapped": ('    logger.info("read', '    if verbose:\n        logger.info("read'),
}


@pytest.mark.parametrize("name", EDITS)
@pytest.mark.parametrize("start", [LOAD, RENAMED], ids=["as it was", "renamed"])
def test_copies_with_an_edit(name: str, start: str) -> None:
    old, new = EDITS[name]
    edited = LOAD.replace(old, new)
    assert edited != LOAD
    if start is RENAMED:
        edited = edited.replace("rows", "items").replace("path", "name").replace("limit", "most").replace("load", "r")
    (family,) = families({"a.py": LOAD, "b.py": edited})
    assert not family.exact
    assert 0.68 <= family.similarity < 1.0
    assert [place.path for place in family.places] == ["a.py", "b.py"]


def test_copies_in_one_file_and_of_a_whole_file() -> None:
    within = textwrap.indent(RENAMED, "    ")
    (family,) = families({"a.py": f"{LOAD}\n\nclass Reader:\n{within}"})
    assert [place.symbol for place in family.places] == ["load", "Reader.read"]
    (family,) = families({"a.py": LOAD, "p/b.py": LOAD})
    assert [place.path for place in family.places] == ["a.py", "p/b.py"]


def test_all_copies_are_one_family() -> None:
    edited = LOAD.replace("    rows = []\n", "    rows = []\n    seen = set()\n")
    files = {"a.py": LOAD, "b.py": RENAMED, "c.py": edited, "d.py": OTHER, "e.py": "x = 1\n" + LOAD}
    (family,) = families(files)
    assert [place.path for place in family.places] == ["a.py", "b.py", "c.py", "e.py"]


def test_what_is_inside_of_a_copy_is_not_told_again() -> None:
    inner = (
        "def decorate(function):\n"
        + textwrap.indent(LOAD, "    ")
        + "    register(function, load, order=3)\n    return load\n"
    )
    (family,) = families({"a.py": inner, "b.py": inner.replace("decorate", "wrap").replace("register", "add")})
    assert [place.symbol for place in family.places] == ["decorate", "wrap"]


PART = """\
    names = sorted(found.keys())
    first = names[0].strip().lower()
    table = Table(first, columns=len(names))
    for name in names:
        table.add_row(name, found[name].count, style=styles.get(name))
    table.sort(key=first)
    report.write(table.render(width=80))
"""


def test_equal_parts_of_different_functions() -> None:
    before = "".join(f"    self.part{n} = found[{n}] + {n} * (left - right)\n" for n in range(9))
    one = "def show(self, found, report):\n" + before + PART + "    return 1\n"
    two = (
        "class Page:\n    def print(self, data):\n        found, report = self.open(data, mode='w')\n"
        "        if not found:\n            raise Empty\n"
        + textwrap.indent(PART.replace("names", "keys"), "    ")
        + "        while report.more():\n            report.flush(self)\n            self.left.append(report.pop())\n"
    )
    (family,) = families({"a.py": one, "b.py": two})
    assert family.exact and not family.whole
    assert places(family) == [("a.py", 11, 17, "show"), ("b.py", 6, 12, "Page.print")]


QUIET: dict[str, Mapping[str, str]] = {
    "unrelated": {"a.py": LOAD, "b.py": OTHER},
    "short": {"a.py": "def f(a):\n    b = a.c\n    return b\n" * 3},
    "imports": {f"{name}.py": "".join(f"import {name}{n}\n" for n in range(30)) for name in "ab"},
    "tables": {
        "a.py": "".join(f"NAME{n} = call('x', key=make({n}))\n" for n in range(30)),
        "b.py": "".join(f"OTHER{n} = call('y', key=make({n}))\n" for n in range(30)),
    },
    "framework": {
        "a.py": "class A(Base):\n    def get(self, request, key):\n        user = self.find_user(request.session)\n"
        "        if user is None:\n            return redirect('login')\n        orders = user.orders.filter(key=key)\n"
        "        return render(request, 'a.html', {'orders': orders})\n",
        "b.py": "class B(Base):\n    def get(self, stream, size):\n        head = self.read_head(stream.buffer)\n"
        "        for block in head.blocks:\n            if block.size > size:\n                return fail('broken')\n"
        "        return Archive(stream, 'tar', {'head': head})\n",
    },
}  # fmt: skip


@pytest.mark.parametrize("name", QUIET)
def test_what_is_no_copy(name: str) -> None:
    assert families(QUIET[name]) == ()


def test_options() -> None:
    files = {"a.py": LOAD, "b.py": LOAD.replace("    rows = []\n", "    rows = []\n    seen = set()\n")}
    assert len(families(files)) == 1
    assert families(files, CloneOptions(min_lines=40)) == ()
    assert families(files, CloneOptions(min_tokens=300)) == ()
    assert families(files, CloneOptions(similarity=0.99)) == ()


# Following changes


def statement(chance: Random) -> str:
    name, number = chance.choice("abcdef"), chance.randrange(9)
    return chance.choice(
        (
            f"{name} = self.{name}{number}(b, key=c.{name})",
            f"if {name}.ready(x{number}):\n        c.call_{number}({name}, 1, 2)",
            f"for {name} in load_{number}(a):\n        b.append({name}.value + {number})",
            "return super().method(a, b, c)",
            f"assert {name}.size > {number}, f'{{a}}'",
        )
    )


def function(chance: Random, pool: list[list[str]]) -> str:
    """Often a copy of an earlier one with a change."""
    lines = list(chance.choice(pool)) if pool and chance.random() < 0.7 else [statement(chance) for _ in range(7)]
    if chance.random() < 0.6:
        lines[chance.randrange(len(lines))] = statement(chance)
    pool.append(lines)
    return f"def f{chance.randrange(10**6)}(self, a, b):\n    " + "\n    ".join(lines) + "\n"


def module(chance: Random, pool: list[list[str]]) -> str:
    return "\n".join(function(chance, pool) for _ in range(chance.randrange(1, 5)))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_following_changes_ends_where_a_fresh_start_ends(seed: int) -> None:
    chance = Random(seed)
    pool: list[list[str]] = []
    texts = {f"m{n}.py": module(chance, pool) for n in range(chance.choice((3, 10, 40)))}
    index = CloneIndex(CloneOptions())
    known: dict[str, list[str]] = {}
    for _ in range(4):
        for path in chance.sample(sorted(texts), max(1, len(texts) // chance.choice((2, 8)))):
            texts[path] = module(chance, pool)
        wanted = paths_of(texts)
        added = {blob: features_of(texts[paths[0]]) for blob, paths in wanted.items() if blob not in known}
        index.update(known.keys() - wanted.keys(), added)
        known = wanted
        assert index.families(known) == families(texts)
        loaded = CloneIndex.load(index.dump(), CloneOptions())
        assert loaded is not None
        assert loaded.families(known) == index.families(known)
        index = loaded


def test_a_feature_that_becomes_frequent_and_rare_again() -> None:
    """Functions are compared by what few others have: each copy more or less can change that for the old ones."""
    shared = "    total = self.measure(a, key=b.weight, unit=self.unit)\n    self.store(total, place=a.place)\n"
    texts = {
        f"m{n}.py": f"def f(self, a, b):\n{shared}"
        + "".join(f"    self.step{n}_{k}(a.x{n}, y=b.z{k}, w{n}={k})\n" for k in range(n % 3 + 1))
        for n in range(MOST_SHARING + 6)
    }
    paths = sorted(texts)
    index = CloneIndex(CloneOptions())
    sizes = (MOST_SHARING - 5, MOST_SHARING + 4, MOST_SHARING - 2, MOST_SHARING + 6, 3)
    seen = set()
    held: set[str] = set()
    for size in sizes:
        now = {path: texts[path] for path in paths[:size]}
        blobs = {blob_of(text): features_of(text) for text in now.values()}
        index.update(held - blobs.keys(), {blob: data for blob, data in blobs.items() if blob not in held})
        held = set(blobs)
        assert index.families(paths_of(now)) == families(now)
        seen.add(len(families(now)) > 0)
    assert True in seen


def test_a_state_is_used_only_where_it_fits() -> None:
    index = CloneIndex(CloneOptions())
    index.update((), {blob_of(LOAD): features_of(LOAD)})
    data = index.dump()
    assert CloneIndex.load(data, CloneOptions()) is not None
    assert CloneIndex.load(data, CloneOptions(min_lines=9)) is None
    assert CloneIndex.load(b"", CloneOptions()) is None
    assert CloneIndex.load(data[:-1], CloneOptions()) is None


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_damage_is_noticed(data: st.DataObject) -> None:
    made = features_of(LOAD)
    index = CloneIndex(CloneOptions())
    index.update((), {"one": made})
    state = index.dump()
    place = data.draw(st.integers(0, len(state) - 1))
    damaged = state[:place] + bytes((state[place] ^ data.draw(st.integers(1, 255)),)) + state[place + 1 :]
    assert CloneIndex.load(damaged, CloneOptions()) is None
    place = data.draw(st.integers(0, len(made) - 1))
    damaged = made[:place] + bytes((made[place] ^ data.draw(st.integers(1, 255)),)) + made[place + 1 :]
    index = CloneIndex(CloneOptions())
    index.update((), {"one": damaged, "two": made})
    assert index.families({"one": ["a.py"], "two": ["b.py"]}) == ()


def test_features_of_nothing() -> None:
    index = CloneIndex(CloneOptions())
    index.update((), {"empty": features(FileTokens(b"", (), ()))})
    assert index.families({"empty": ["a.py"], "unknown": ["b.py"]}) == ()


# What varies


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [
        ("x = rows[0]  # first\n", "x = rows[\n    0,\n]\n", ()),
        ('def f():\n    """Doc."""\n    return "a"\n', "def f():\n    'Other'\n    return 'a'\n", ()),
        ("x = rows[0]\n", "x = columns[1]\n", ("rows -> columns", "0 -> 1")),
        ("a = 1\nreturn a\n", "a = 1\n", ("without return a",)),
        ("a = 1\n", "a = 1\nb.c(d)\n", ("with b.c(d)",)),
        ('f("x", y)\n', "f('z', y)\n", ("'x' -> 'z'",)),
    ],
)
def test_what_varies(one: str, two: str, expected: tuple[str, ...]) -> None:
    assert what_varies([one, two]) == expected


@given(st.lists(st.text(max_size=60), max_size=4))
def test_any_texts_can_be_compared(sources: list[str]) -> None:
    assert all(len(text) < 200 for text in what_varies(sources))
    assert what_varies(sources[:1] * 2) == ()
