"""Fan-in, fan-out and what Martin makes of them."""

import pytest

from gitops_healer.code.coupling import Coupling, abstract_classes, couplings, leanings, package_couplings
from tests.code.models import model_of


def coupling(imports: int, importers: int) -> Coupling:
    return Coupling(frozenset(f"i{n}" for n in range(imports)), frozenset(f"u{n}" for n in range(importers)))


@pytest.mark.parametrize(("imports", "importers", "instability"), [(0, 0, 0), (3, 0, 1), (0, 3, 0), (1, 3, 0.25)])
def test_instability_is_the_share_of_what_it_imports(imports: int, importers: int, instability: float) -> None:
    assert coupling(imports, importers).instability == instability


@pytest.mark.parametrize(
    ("imports", "importers", "abstractness", "distance"),
    [(0, 4, 1, 0), (4, 0, 0, 0), (0, 4, 0, 1), (4, 0, 1, 1), (2, 2, 0.5, 0)],
    ids=["abstract and needed", "concrete and free", "zone of pain", "zone of uselessness", "on the way"],
)
def test_distance_from_the_main_sequence(imports: int, importers: int, abstractness: float, distance: float) -> None:
    assert coupling(imports, importers).distance(abstractness) == distance


def test_each_partner_counts_once_and_oneself_never() -> None:
    found = couplings([("a", "b"), ("a", "b"), ("c", "b"), ("b", "b")])
    assert found["b"] == (frozenset(), {"a", "c"})
    assert found["a"] == ({"b"}, frozenset())


PACKAGES = {name: name.partition(".")[0] for name in ("p.a", "p.b", "q.a", "r.a", "r.b", "s.a")}


def test_packages_count_modules_on_their_border() -> None:
    found = package_couplings([("p.a", "p.b"), ("p.a", "q.a"), ("p.b", "q.a"), ("r.a", "q.a")], PACKAGES)
    assert found["q"] == (frozenset(), {"p.a", "p.b", "r.a"})
    assert found["p"] == ({"p.a", "p.b"}, frozenset())


LEANING = [("p.a", "q.a"), ("p.b", "q.a"), ("r.a", "q.a"), ("q.a", "s.a"), ("s.a", "r.b")]
"""Three modules need q (instability 1/4), which needs s (1/2)."""


def test_a_stable_package_that_leans_on_a_less_stable_one() -> None:
    (found,) = leanings(LEANING, PACKAGES, 0.25, 3)
    assert (found.source, found.target, found.importers) == ("q", "s", 3)
    assert (found.stable, found.unstable, found.difference) == (0.25, 0.5, 0.25)
    assert found.edges == (("q.a", "s.a"),)


@pytest.mark.parametrize(("difference", "importers"), [(0.26, 3), (0.25, 4)])
def test_clear_cases_only(difference: float, importers: int) -> None:
    assert leanings(LEANING, PACKAGES, difference, importers) == ()


def test_a_package_and_what_lies_in_it_are_one_thing() -> None:
    nested = {name: {"q": "q", "s": "q.s"}.get(package, package) for name, package in PACKAGES.items()}
    assert leanings(LEANING, nested, 0.25, 3) == ()


def test_abstract_classes_have_a_base_that_says_so() -> None:
    source = (
        "import abc, typing\n"
        "class A(abc.ABC): pass\nclass P(typing.Protocol[T]): pass\nclass C(A): pass\nclass D: pass\n"
    )
    assert abstract_classes(model_of({"a.py": source}).facts("a.py", detail=True)) == 2
