"""Which definitions of a module could move together."""

from gitops_healer.code.closures import closed_sets, references, top_level
from gitops_healer.code.facts import Facts
from tests.code.models import model_of

SOURCE = """
import os
def parse(text): return _word(text)
def _word(text): return _clean(text)
def _clean(text): return text.strip()

class Shape: pass
class Square(Shape):
    def area(self): return times(self.side, self.side)
def times(a, b): return a * b

def report(text):
    print(parse(text), Square())
"""


def facts(source: str) -> Facts:
    return model_of({"a.py": source}).facts("a.py", detail=True)


def test_bases_calls_and_calls_of_methods_are_references() -> None:
    found = references(facts(SOURCE))
    assert found["Square"] == {"Shape", "times"}
    assert found["report"] == {"parse", "Square"}
    assert found["Shape"] == set()


def test_sets_call_nothing_that_stays() -> None:
    found = closed_sets(facts(SOURCE))
    assert [item.names for item in found] == [("parse", "_word", "_clean"), ("Shape", "Square", "times")]
    assert [item.lines for item in found] == [3, 4]
    uses = references(facts(SOURCE))
    for item in found:
        assert set().union(*(uses[name] for name in item.names)) <= set(item.names)


def test_users_of_one_helper_move_with_it() -> None:
    users = "".join(f"def use{n}(): return shared()\n" for n in range(3))
    others = "".join(f"def other{n}(): pass\n" for n in range(5))
    (found,) = closed_sets(facts(f"def shared(): pass\n{users}{others}"))
    assert found.names == ("shared", "use0", "use1", "use2")


def test_a_knot_moves_whole_or_not_at_all() -> None:
    knot = "def a(): b()\ndef b(): c()\ndef c(): a()\n"
    rest = "def d(): a()\ndef e(): pass\ndef f(): pass\n"
    (found,) = closed_sets(facts(knot + rest))
    assert found.names == ("a", "b", "c")
    assert closed_sets(facts(knot)) == ()


def test_what_is_defined_twice_counts_once() -> None:
    source = (
        "try:\n    def f(): pass\nexcept E:\n    def f():\n        def g(): pass\nclass C:\n    def m(self): pass\n"
    )
    assert top_level(facts(source)) == {"f": 3, "C": 2}
