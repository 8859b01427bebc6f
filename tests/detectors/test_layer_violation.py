"""Imports that go up, by declaration or by custom."""

from gitops_healer.core.finding import Severity
from gitops_healer.detectors.layer_violation import layer_violation
from tests.detectors.scenes import seen_in_whole

SHOP: dict[str, str | bytes] = {
    **{f"shop/{name}__init__.py": "" for name in ("", "web/", "core/")},
    **{f"shop/core/m{n}.py": "" for n in range(4)},
    **{f"shop/web/m{n}.py": f"from shop.core import m0, m1, m{n}\n" for n in range(4)},
    "shop/core/m3.py": "\nimport shop.web.m1\n",
}
LAYERS = ["shop.web", "shop.core"]


def test_a_declared_layer() -> None:
    (finding,) = seen_in_whole(layer_violation, SHOP, layer_violation__layers=LAYERS)
    assert finding.symbol == "shop.core.m3 -> shop.web.m1"
    assert (finding.path, finding.start, finding.others) == ("shop/core/m3.py", 2, ("shop/web/m1.py",))
    assert finding.severity is Severity.MEDIUM
    assert finding.message == "shop.core.m3 imports shop.web.m1, although shop.core stands below shop.web"
    assert finding.evidence == (
        "shop.core.m3 imports shop.web.m1 while it is imported",
        "at shop/core/m3.py:2",
        "declared in detection.layer_violation.layers",
    )


def test_an_inferred_layer() -> None:
    (finding,) = seen_in_whole(layer_violation, SHOP)
    assert finding.severity is Severity.LOW
    assert finding.evidence[-1] == "inferred: 10 imports lead from shop.web to shop.core, 1 back"
    assert seen_in_whole(layer_violation, SHOP, layer_violation__infer=False) == []


def test_nothing_is_inferred_where_layers_are_declared() -> None:
    assert seen_in_whole(layer_violation, SHOP, layer_violation__layers=["shop.core", "shop.other"]) == []


def test_an_import_inside_of_a_function_counts_for_less() -> None:
    lazy: dict[str, str | bytes] = {**SHOP, "shop/core/m3.py": "def f():\n    import shop.web.m1\n"}
    for options in ({}, {"layer_violation__layers": LAYERS}):
        (loaded,) = seen_in_whole(layer_violation, SHOP, **options)
        (finding,) = seen_in_whole(layer_violation, lazy, **options)
        assert finding.severity is Severity.LOW
        assert finding.priority == loaded.priority - 1
        assert finding.fingerprint == loaded.fingerprint
        assert finding.evidence[0] == "shop.core.m3 imports shop.web.m1 when it is called, not while it is imported"


def test_types_and_tests_may_look_up() -> None:
    typing = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import shop.web.m1\n"
    files: dict[str, str | bytes] = {**SHOP, "shop/core/m3.py": typing}
    files["shop/core/tests/test_m.py"] = "import shop.web.m1\n"
    assert seen_in_whole(layer_violation, files, layer_violation__layers=LAYERS) == []
