"""Which modules stand in the middle of everything."""

import pytest

from gitops_healer.detectors.high_coupling import high_coupling
from tests.detectors.scenes import Files, seen_in_whole


def web(out: int, into: int, name: str = "p/middle.py", importer: str = "p/user{}.py") -> dict[str, str | bytes]:
    """A module that imports `out` others and is imported by `into`."""
    module = name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    files = {"p/__init__.py": ""} | {f"p/part{n}.py": "" for n in range(out)}
    files |= {importer.format(n): f"import {module}\n" for n in range(into)}
    return {**files, name: "".join(f"import p.part{n}\n" for n in range(out))}


def test_what_a_finding_says() -> None:
    (finding,) = seen_in_whole(high_coupling, web(21, 10))
    assert (finding.symbol, finding.path) == ("p.middle", "p/middle.py")
    assert finding.message == "p.middle imports 21 modules of this repository and is imported by 10"
    assert finding.evidence[0] == "21 modules imported, 20 are allowed (detection.high_coupling.max_fan_out)"
    assert finding.evidence[-1] == "instability 0.68, abstractness 0.00, distance from the main sequence 0.32"


LAZY = {path: text if path != "p/middle.py" else "def f():\n " + "\n ".join(str(text).splitlines()) + "\n"
        for path, text in web(21, 10).items()}  # fmt: skip


def test_imports_inside_of_functions_count() -> None:
    assert len(seen_in_whole(high_coupling, LAZY)) == 1


QUIET: dict[str, Files] = {
    "as many as allowed": web(20, 10),
    "hardly anybody imports it": web(21, 9),
    "only tests import it": web(21, 20, importer="tests/test_{}.py"),
    "a package": web(21, 10, "p/middle/__init__.py"),
    "an entry": web(21, 10, "p/__main__.py"),
    "a test": web(21, 10, "tests/middle.py"),
    "types alone": {
        path: text if path != "p/middle.py" else "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n "
        + "\n ".join(str(text).splitlines()) + "\n"
        for path, text in web(21, 10).items()
    },
}  # fmt: skip


@pytest.mark.parametrize("name", QUIET)
def test_what_is_left_alone(name: str) -> None:
    assert seen_in_whole(high_coupling, QUIET[name]) == []


def test_abstract_classes_count() -> None:
    files = web(21, 10)
    classes = "from abc import ABC\nclass A(ABC): pass\nclass B: pass\n"
    (finding,) = seen_in_whole(high_coupling, {**files, "p/middle.py": f"{files['p/middle.py']!s}{classes}"})
    assert "abstractness 0.50" in finding.evidence[-1]
