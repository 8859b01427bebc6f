"""Templates that put new expressions together, and imports: safe on any code, and led by what was seen."""

import ast
import random
import sysconfig
from itertools import islice
from pathlib import Path

import pytest

from gitops_healer.code.source import read_source
from gitops_healer.core.trials import Seen
from gitops_healer.registry import discover
from gitops_healer.repair.search.ingredients import gather
from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import RepairTemplate
from gitops_healer.repair.search.truth import outcomes
from tests.repair.search.test_templates import applied, target_of
from tests.repair.search.test_templates_expressions import ODD, problem, sole, targets

MINE = ("compose", "borrowed_expression", "import_name", "element", "sort_key", "case_order")
TEMPLATES = {t.name: t for t in discover("gitops_healer.repair.search.templates", RepairTemplate)}
LIBRARY = Path(sysconfig.get_paths()["stdlib"])
FILES = sorted(path.name for path in LIBRARY.glob("*.py") if path.stat().st_size < 60_000)
CHOSEN = random.Random(20251126).sample(FILES, 60)


def results(template: str, target: Target) -> set[str]:
    return {applied(target, rewrite) for rewrite in TEMPLATES[template](target)}


def seen_at(text: str, values: dict[str, str]) -> Target:
    """The last function of a text, with one value of each variable seen at its last line."""
    target = target_of(text)
    line = text.rstrip("\n").count("\n") + 1
    types = {name: frozenset({type(ast.literal_eval(value)).__name__}) for name, value in values.items()}
    place = (target.source.path, line)
    seen = Seen({place: types}, {place: {name: (value,) for name, value in values.items()}})
    return Target(target.source, target.node, target.qualname, target.lines, target.ingredients, seen)


@pytest.mark.parametrize("text", ODD.values(), ids=ODD.keys())
def test_what_is_written_oddly_stays_python(text: str) -> None:
    source = read_source("m.py", text.encode())
    assert source is not None
    for target in targets(source):
        for name in MINE:
            for rewrite in TEMPLATES[name](target):
                assert not problem(target, rewrite), (name, rewrite)


@pytest.mark.parametrize("chunk", range(6))
def test_rewrites_of_the_standard_library_are_python(chunk: int) -> None:
    tried = 0
    for name in CHOSEN[chunk::6]:
        source = read_source(name, (LIBRARY / name).read_bytes())
        assert source is not None
        for target in islice(targets(source), 1, 7):
            small = sole(target)
            for template in MINE:
                for rewrite in islice(TEMPLATES[template](small), 15):
                    tried += 1
                    assert not problem(small, rewrite), (name, template, rewrite)
    assert tried > 60


@pytest.mark.parametrize("chunk", range(3))
def test_imports_of_the_standard_library_can_be_changed(chunk: int) -> None:
    tried = 0
    for name in CHOSEN[chunk:30:3]:
        source = read_source(name, (LIBRARY / name).read_bytes())
        assert source is not None
        module = Target(source, source.tree, "", {}, gather(source))
        for rewrite in islice(TEMPLATES["import_name"](module), 30):
            tried += 1
            assert not problem(module, rewrite), (name, rewrite)
    assert tried > 10


@pytest.mark.parametrize(
    ("condition", "values", "told"),
    [
        ("not xs", {"xs": ("[]", "[1]")}, {True, False}),
        ("not xs", {"xs": ("[1]", "[2]")}, {False}),
        ("len(self.xs) > n", {"self.xs": ("[1, 2]",), "n": ("1",)}, {True}),
        ("a == b", {"a": ("1",), "b": ("1", "2")}, {True, False}),
        ("0 <= a < b", {"a": ("3",), "b": ("2",)}, {False}),
        ("x is None or x > 1", {"x": ("None", "0")}, {True, False}),
        ("x in seen and x", {"x": ("1",), "seen": ("{1, 2}",)}, {True}),
        ("x > 0", {"x": ("'a'",)}, set()),  # would raise
        ("x > 0", {"x": ("<object>",)}, set()),  # is no plain value
        ("x > y", {"x": ("1",)}, set()),  # was not seen
        ("f(x)", {"x": ("1",)}, set()),  # would run code of the project
        ("x.y > 1", {"x": ("1",)}, set()),
        ("x >", {"x": ("1",)}, set()),
    ],
)
def test_conditions_are_told_by_plain_values_only(
    condition: str, values: dict[str, tuple[str, ...]], told: set[bool]
) -> None:
    assert outcomes(condition, values) == told


def test_guards_that_were_never_true_come_last() -> None:
    text = "def f(xs, n):\n    return g(xs, n)\n"
    weights = {
        value: {r.spans[0].new: r.weight for r in TEMPLATES["missing_guard"](seen_at(text, {"xs": value, "n": "3"}))}
        for value in ("[]", "[1]")
    }
    empty = "    if not xs:\n        return None\n"
    assert weights["[]"][empty] > weights["[1]"].get(empty, 0.0)


def test_short_functions_get_fewer_guards_than_long_ones() -> None:
    text = "def f(a, b):\n" + "    g(a, b)\n" * 2 + "    return a\n"
    longer = text.replace("    return", "    g(a, b)\n" * 6 + "    return")
    for name in ("missing_guard", "missing_raise", "missing_condition", "wrap_call"):
        few, many = (len(list(TEMPLATES[name](target_of(one)))) for one in (text, longer))
        assert 0 < few <= many
        assert few <= 130, name


def test_numbers_are_not_calculated_with_texts() -> None:
    target = target_of("def f(n: int, name: str):\n    return n\n")
    found = results("compose", target)
    assert "def f(n: int, name: str):\n    return n + len(name)\n" in found
    assert not any("n + name" in one or "name + n" in one for one in found)


def test_an_update_takes_part_in_what_it_replaces() -> None:
    text = "def f(out: dict[str, int], k: str, n: int):\n    out[k] = n\n"
    first = sorted(TEMPLATES["compose"](target_of(text)), key=lambda one: -one.weight)[:8]
    assert any(applied(target_of(text), one).endswith("out[k] = max(out[k], n)\n") for one in first)


@pytest.mark.parametrize(
    ("text", "other", "after"),
    [
        ("from shop.ordrs import Order\n", "shop/orders.py", "from shop.orders import Order\n"),
        ("from shop.lines import Order\n", "shop/orders.py", "from shop.orders import Order\n"),
        ("from shop.orders import Ordr\n", "shop/orders.py", "from shop.orders import Order\n"),
        ("from .ordrs import Order\n", "shop/orders.py", "from .orders import Order\n"),
        ("import shop.ordrs\n", "src/shop/orders.py", "import shop.orders\n"),
    ],
)
def test_modules_of_the_project_are_known(text: str, other: str, after: str) -> None:
    source = read_source("shop/main.py", text.encode())
    order = read_source(other, b"class Order:\n    pass\n")
    assert source is not None
    assert order is not None
    target = Target(source, source.tree, "", {1: 1.0}, gather(source, [order]))
    assert after in results("import_name", target)


def test_nothing_is_imported_for_names_that_are_bound() -> None:
    assert not results("import_name", target_of("def f(math):\n    re = math.sqrt(2)\n    return re\n"))
    star = "from os import *\n\ndef f(a):\n    return math.sqrt(a)\n"
    assert not any("import math" in one for one in results("import_name", target_of(star)))


def test_an_expression_of_another_function_is_about_the_variables_here() -> None:
    text = "def g(a, b):\n    return a.price * b - a.discount\n\ndef f(line, n):\n    return line.price * n\n"
    assert text.replace("line.price * n", "line.price * n - line.discount") in results(
        "borrowed_expression", target_of(text, gather(target_of(text).source))
    )
