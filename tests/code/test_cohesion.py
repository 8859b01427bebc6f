"""What belongs together in a class, and what would split it."""

from collections.abc import Iterable
from math import comb

import pytest

from gitops_healer.code.cohesion import clusters, communities, graph_of, lcom4, shared_state, uses_of
from tests.code.models import model_of

POOL = """
class Pool:
    def __init__(self):
        self.free = []
        self.log = []
    def take(self):
        return self.free.pop()
    def give(self, one):
        self.free.append(one)
    def say(self, text):
        self.log.append(text)
    def said(self):
        return list(self.log)
"""


def uses(source: str) -> dict[str, frozenset[str]]:
    module = model_of({"a.py": source}).module("a.py", detail=True)
    assert module is not None
    return dict(uses_of(module.facts.classes[0]))


def test_methods_that_share_an_attribute_belong_together() -> None:
    assert lcom4(uses(POOL)) == (("give", "take"), ("said", "say"))


JOINS = {
    "a call": "self.take()",
    "a bound method that is passed on": "threads.run(self.take)",
    "an attribute of the others": "self.free",
    "an attribute that is set": "self.free = []",
    "an inherited attribute on both sides": "self.log, self.free",
}


@pytest.mark.parametrize("name", JOINS)
def test_what_joins_two_groups(name: str) -> None:
    joined = lcom4(uses(POOL.replace("self.log.append(text)", f"self.log.append(text); {JOINS[name]}")))
    assert joined == (("give", "said", "say", "take"),)


def test_methods_that_use_nothing_of_their_object_have_no_say() -> None:
    source = POOL + "    @staticmethod\n    def made(): pass\n    def empty(self): pass\n"
    assert {"made", "empty"} <= set(uses(source))
    assert lcom4(uses(source)) == lcom4(uses(POOL))


def test_accessors_of_a_property_are_one_method() -> None:
    source = (
        "class A:\n"
        "    @property\n    def x(self): return self._x\n"
        "    @x.setter\n    def x(self, value): self._y = value\n"
    )
    assert uses(source) == {"x": frozenset({"_x", "_y"})}


def test_state_is_what_two_methods_use_and_no_method_is() -> None:
    used = {"a": frozenset({"x", "b"}), "b": frozenset({"x", "y"}), "c": frozenset({"b"})}
    assert shared_state(("a", "b", "c"), used) == ("x",)


def group(prefix: str, size: int) -> dict[str, frozenset[str]]:
    """Methods of which each uses the attribute of the next."""
    return {
        f"{prefix}{n}": frozenset({f"_{prefix}{n}", f"_{prefix}{(n + 1) % size}", f"_{prefix}"}) for n in range(size)
    }


def dense(size: int) -> dict[str, frozenset[str]]:
    """Methods that each use four of five attributes."""
    return {f"d{n}": frozenset({f"_d{place}" for place in range(5) if place != n % 5}) for n in range(size)}


def test_clusters_are_found_across_a_hub_that_all_use() -> None:
    whole = {name: used | {"logger"} for name, used in {**group("a", 6), **group("b", 5)}.items()}
    assert len(lcom4(whole)) == 1
    first, second = clusters(whole)
    assert first.methods == tuple(f"a{n}" for n in range(6))
    assert second.methods == tuple(f"b{n}" for n in range(5))
    assert first.cohesion > 0.7
    assert "_a" in first.attributes
    assert "logger" not in first.attributes


@pytest.mark.parametrize(
    "whole",
    [dense(12), {**dense(12), **group("b", 3)}, {}, {f"m{n}": frozenset({"x"}) for n in range(9)}],
    ids=["one whole", "the rest is too small", "nothing", "all use the same"],
)
def test_what_is_not_worth_a_class(whole: dict[str, frozenset[str]]) -> None:
    assert clusters(whole) == ()


def test_the_order_of_the_methods_does_not_matter() -> None:
    whole = {**group("a", 7), **group("b", 5), **group("c", 4)}
    turned = dict(reversed(whole.items()))
    assert communities(graph_of(whole)) == communities(graph_of(turned))
    assert clusters(whole) == clusters(turned) != ()


@pytest.mark.parametrize("sizes", [(5, 5), (8, 4), (12, 9), (6, 5, 4)])
def test_merged_classes_are_split_back(sizes: tuple[int, ...]) -> None:
    groups = [group(letter, size) for letter, size in zip("abc", sizes, strict=False)]
    merged = {name: used for one in groups for name, used in one.items()}
    assert agreement(groups, communities(graph_of(merged))) == 1


def test_the_yardstick_itself() -> None:
    whole = [["a", "b", "c"], ["d", "e", "f"]]
    assert agreement(whole, whole[::-1]) == 1
    assert agreement(whole, [["a", "d"], ["b", "e"], ["c", "f"]]) < 0
    assert agreement([["a", "b", "c"], ["d", "e", "f"]], [["a", "b"], ["c", "d"], ["e", "f"]]) == pytest.approx(
        0.242, abs=0.001
    )


def agreement(one: Iterable[Iterable[str]], other: Iterable[Iterable[str]]) -> float:
    """The adjusted Rand index (Hubert & Arabie 1985): 1 for the same partition, 0 on average by chance."""
    first, second = [set(part) for part in one], [set(part) for part in other]
    together = sum(comb(len(a & b), 2) for a in first for b in second)
    ones, others = (sum(comb(len(part), 2) for part in parts) for parts in (first, second))
    expected = ones * others / comb(sum(map(len, first)), 2)
    return (together - expected) / ((ones + others) / 2 - expected)
