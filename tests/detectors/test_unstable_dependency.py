"""Which packages lean on something less steady."""

from typing import Any

import pytest

from gitops_healer.detectors.unstable_dependency import unstable_dependency
from tests.detectors.scenes import seen_in_whole

BASE: dict[str, str | bytes] = {
    **{f"p/{name}/__init__.py": "" for name in ("core", "plug", "web", "shell", "lib")},
    "p/__init__.py": "",
    "p/core/a.py": "import p.plug.a\n",
    **{f"p/web/m{n}.py": "import p.core.a\n" for n in range(6)},
    "p/plug/a.py": "import p.lib.a\n",
    "p/plug/b.py": "import p.lib.a\n",
    "p/lib/a.py": "",
    "p/shell/a.py": "import p.web.m0\n",
}


def test_what_a_finding_says() -> None:
    (finding,) = seen_in_whole(unstable_dependency, BASE)
    assert finding.symbol == "p.core -> p.plug"
    assert (finding.path, finding.start) == ("p/core/a.py", 1)
    assert finding.message == "p.core (instability 0.14) depends on p.plug (0.67)"
    assert finding.evidence == (
        "6 modules outside import something of p.core",
        "p/core/a.py:1 imports p/plug/a.py",
    )


QUIET: dict[str, dict[str, Any]] = {
    "the difference is small": {**BASE, "p/plug/b.py": "", "p/web/m0.py": "import p.plug.a, p.core.a\n"},
    "hardly anybody needs it": {**BASE, "p/web/m0.py": "", "p/web/m1.py": ""},
    "later, if at all": {**BASE, "p/core/a.py": "def f():\n    import p.plug.a\n"},
    "types alone": {
        **BASE,
        "p/core/a.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import p.plug.a\n",
    },
    "a small project": {path: text for path, text in BASE.items() if "shell" not in path and path != "p/lib/a.py"},
}


@pytest.mark.parametrize("name", QUIET)
def test_what_is_left_alone(name: str) -> None:
    assert seen_in_whole(unstable_dependency, QUIET[name]) == []


def test_the_difference_is_a_setting() -> None:
    assert seen_in_whole(unstable_dependency, BASE, unstable_dependency__min_difference=0.6) == []


def test_tests_do_not_count() -> None:
    tests: dict[str, str | bytes] = {f"tests/test_{n}.py": "import p.plug.a\n" for n in range(9)}
    assert seen_in_whole(unstable_dependency, {**BASE, **tests}) == seen_in_whole(unstable_dependency, BASE)
