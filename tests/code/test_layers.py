"""Imports against the order of layers."""

from collections.abc import Sequence

import pytest

from gitops_healer.code.layers import ImportLine, Layers, against_declared, against_inferred


def imports(*pairs: str, lazy: bool = False) -> list[ImportLine]:
    """`a.x > b.y`: on line 1, the next on line 2."""
    made = []
    for line, pair in enumerate(pairs, 1):
        source, target = pair.split(" > ")
        made.append(ImportLine(source, target, f"{source.replace('.', '/')}.py", line, lazy))
    return made


LAYERS = ["shop.web", ["shop.orders", "shop.stock"], "shop.core", "shop.core.base"]

DECLARED = [
    ("shop.web.page > shop.core", False),
    ("shop.web > shop.web.page", False),
    ("shop.core.x > shop.web.page", True),
    ("shop.core > shop.orders", True),
    ("shop.orders.a > shop.stock.b", False),
    ("shop.orders.a > shop.web", True),
    ("shop.other > shop.web", False),
    ("shop.core > shop.other", False),
    ("shop.webserver > shop.core", False),
    ("shop.core > shop.webserver", False),
    ("shop.core.base.x > shop.core.y", True),
    ("shop.core.y > shop.core.base.x", False),
]


@pytest.mark.parametrize(("pair", "forbidden"), DECLARED)
def test_declared_layers(pair: str, forbidden: bool) -> None:
    assert len(against_declared(imports(pair), Layers(LAYERS))) == forbidden


@pytest.mark.parametrize(
    ("layers", "forbidden"),
    [(["a | b"], True), ([["a", "b"]], False), ([["a | c", "b"]], False), (["a|b|c"], True), (["b", "a"], True)],
)
def test_side_by_side(layers: Sequence[str | Sequence[str]], forbidden: bool) -> None:
    assert len(against_declared(imports("a.x > b.y"), Layers(layers))) == forbidden


def test_what_a_violation_says() -> None:
    (found,) = against_declared(
        [*imports("core.a > core.b", "core.a > web.b"), *imports("core.a > web.b", lazy=True)], Layers(["web", "core"])
    )
    assert found.lines == (1, 2)
    assert not found.lazy
    assert found.message == "core.a imports web.b, although core stands below web"
    assert (found.path, found.source, found.target) == ("core/a.py", "core.a", "web.b")


DOWN = [f"p.web.m{n % 4} > p.core.m{n % 3}" for n in range(20)]
MODULES = [f"p.{package}.m{n}" for package in ("web", "core") for n in range(4)]


def test_a_rare_import_against_the_usual_direction() -> None:
    (found,) = against_inferred(imports(*DOWN, "p.core.m0 > p.web.m1"), MODULES)
    assert (found.source, found.target, found.lower, found.upper) == ("p.core.m0", "p.web.m1", "p.core", "p.web")
    assert (found.inferred, found.along, found.against, found.lines) == (True, 20, 1, (21,))
    assert "against the direction of 20 of 21 imports" in found.message


def test_imports_inside_of_functions_are_told_apart() -> None:
    (found,) = against_inferred([*imports(*DOWN), *imports("p.core.m0 > p.web.m1", lazy=True)], MODULES)
    assert found.lazy


BACK = ["p.core.m0 > p.web.m1", "p.core.m1 > p.web.m1", "p.core.m2 > p.web.m1", "p.core.m3 > p.web.m1"]
UNCLEAR = {
    "few imports at all": ([*DOWN[:8], BACK[0]], MODULES),
    "more than three back": ([*DOWN * 3, *BACK], MODULES),
    "more than a tenth back": ([*DOWN[:10], *BACK[:2]], MODULES),
    "a small package": ([*DOWN, BACK[0]], MODULES[2:]),
    "only in the usual direction": (DOWN, MODULES),
    "another root": ([pair.replace("p.web", "q.web") for pair in [*DOWN, BACK[0]]], [*MODULES, "q.web.a", "q.web.b"]),
}


@pytest.mark.parametrize("name", UNCLEAR)
def test_no_direction_is_inferred(name: str) -> None:
    pairs, modules = UNCLEAR[name]
    assert against_inferred(imports(*pairs), modules) == ()
    assert against_inferred(imports(*DOWN, BACK[0]), MODULES) != ()
