import re

import pytest

from gitops_healer.code.extract import extract
from gitops_healer.code.fact_store import FactStore, decode, encode
from gitops_healer.code.facts import MAX_BYTES, ImportKind

KINDS = """\
import a1
from typing import TYPE_CHECKING, TYPE_CHECKING as TC
import typing as t
MYPY = False
NEVER = 0
MAYBE = 0
MAYBE = 1
if TYPE_CHECKING: import y1
if t.TYPE_CHECKING: import y2
if TC:
    import y3
else:
    import a2
if not TYPE_CHECKING: import a3
if a1 and TYPE_CHECKING: import y4
if a1 or TYPE_CHECKING: import c1
if MYPY: import n1
if 0: import n2
if NEVER and a1: import n3
if MAYBE: import c2
if True: import a4
else: import n4
if __name__ == "__main__": import i1
if "__main__" != __name__: import a5
try:
    import t1
except ImportError:
    import t2
else:
    import a6
finally:
    import a7
try: import a8
finally: pass
for _ in (): import c3
while a1: import c4
with a1: import a9
match a1:
    case 1: import c5
class C:
    import a10
    if TYPE_CHECKING: import y5
    def m(self): import f1
def f():
    import f2
    if TYPE_CHECKING:
        import y6
        class Inner:
            import y7
    if 0: import n5
    try: import f3
    except E: import f4
    def g(): import f5
async def h(): import f6
if TYPE_CHECKING:
    def k(): import y8
if __name__ == "__main__":
    def main(): import f7
    try: import i2
    except E: pass
"""
LETTERS = {"a": "m", "c": "c", "t": "t", "f": "f", "y": "y", "i": "i", "n": "n"}


def test_when_imports_run() -> None:
    facts = extract(KINDS.encode())
    assert facts.analyzable, facts.reason
    seen = {item.module: item.kind.value for item in facts.imports if item.module not in ("typing",)}
    assert seen == {name: LETTERS[name[0]] for name in seen}
    assert len(seen) == len(re.findall(r"import [a-z]\d+", KINDS))


def test_a_constant_that_a_function_may_set_is_no_constant() -> None:
    facts = extract(b"X = False\nif X: import a\ndef f():\n    global X\n    X = True\n")
    assert facts.imports[0].kind is ImportKind.CONDITIONAL


def test_imports_in_full() -> None:
    facts = extract(b"from . import a, b as c\nfrom ..p.q import *\nimport x.y, x.z as w\n")
    assert [(i.line, i.level, i.module, i.names, i.bound) for i in facts.imports] == [
        (1, 1, "", (("a", "a"), ("b", "c")), ""),
        (2, 2, "p.q", (("*", "*"),), ""),
        (3, 0, "x.y", (), "x"),
        (3, 0, "x.z", (), "w"),
    ]


def test_definitions_and_names() -> None:
    facts = extract(
        b"__all__ = ['A', 'f']\n__all__ += ['g']\n(p, [q, *r]) = 1, [2]\nfor s in []: pass\nwith o as u: v = 1\n"
        b"@deco\n@deco(\n  1)\nclass A:\n    @property\n    def x(self): ...\n    @x.setter\n    def x(self, v): ...\n"
        b"    class In:\n        async def y(self):\n            def z():\n                pass\n"
    )
    assert facts.exports == ("A", "f", "g")
    assert facts.names == {"__all__", "p", "q", "r", "s", "u", "v", "A"}
    assert [(d.qualname, d.is_class, d.start, d.end, d.accessory) for d in facts.definitions] == [
        ("A", True, 6, 17, False),
        ("A.x", False, 10, 11, False),
        ("A.x", False, 12, 13, True),
        ("A.In", True, 14, 17, False),
        ("A.In.y", False, 15, 17, False),
        ("A.In.y.<locals>.z", False, 16, 17, False),
    ]


def test_complexity_is_counted_as_radon_does() -> None:
    source = b"""\
def plain(): return 1
def branchy(x):
    if x: pass
    elif x > 1: pass
    else: pass
    for _ in x:
        while x: pass
    try: pass
    except A: pass
    except B: pass
    with x: pass
    match x:
        case 1: pass
        case _: pass
if a: pass
"""
    facts = extract(source)
    assert [item.complexity for item in facts.definitions] == [1, 8]
    assert facts.complexity == 10
    assert facts.total_lines == 15


@pytest.mark.parametrize(
    ("source", "because"),
    [
        (b"def f(:\n", "invalid syntax"),
        (b"x = '\xe9'\n", "utf-8"),
        (b"x = 1\0", "null"),
        (b"# coding: nonsense\n", "nonsense"),
        (b"x = " + b"(" * 500 + b")" * 500, "too many nested parentheses"),
        (b"x = " + b"-" * 200_000 + b"1", "nested too deeply"),
        (b"x = 1\n" * (MAX_BYTES // 6 + 1), "are more than the"),
    ],
)
def test_what_cannot_be_read_says_why(source: bytes, because: str) -> None:
    facts = extract(source)
    assert not facts.analyzable
    assert because in facts.reason
    assert decode(encode(facts)) == facts


def test_long_chains_of_elif_are_read() -> None:
    source = "if a: pass\n" + "".join(f"elif a == {n}: import m{n}\n" for n in range(400))
    assert len(extract(source.encode()).imports) == 400


@pytest.mark.parametrize(
    "data", [b"", b"x", b"[]\n[[],[]]", b"[1,2]\n", b"\xff\n[[],[]]", b'[1,"",1,1,[[1]],null]\n[[],[]]']
)
def test_a_broken_cache_is_no_facts(data: bytes) -> None:
    assert decode(data) is None


def test_facts_survive_the_cache() -> None:
    facts = extract(KINDS.encode())
    read = decode(encode(facts))
    assert read == facts
    assert read is not None
    assert read.definitions == facts.definitions
    assert read.names == facts.names


class _Cache:
    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}

    def get_many(self, keys: object) -> dict[str, bytes]:
        return dict(self.values)

    def put_many(self, values: object) -> None:
        assert isinstance(values, dict)
        self.values.update(values)


def test_a_blob_is_parsed_once() -> None:
    reads: list[str] = []

    def read(blob: str) -> bytes:
        reads.append(blob)
        return b"import os\n"

    cache = _Cache()
    for _ in range(2):
        store = FactStore(read, cache)
        store.load([("one", 10), ("two", 10), ("one", 10), ("huge", MAX_BYTES + 1)])
        assert store.facts("one", 10).imports[0].module == "os"
        assert not store.facts("huge", MAX_BYTES + 1).analyzable
    assert reads == ["one", "two"]
    assert (store.parsed, store.cached) == (0, 3)
