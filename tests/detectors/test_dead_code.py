"""What nothing in a whole repository uses."""

import pytest

from gitops_healer.core.finding import Risk
from gitops_healer.detectors.dead_code import dead_code
from tests.detectors.scenes import Files, seen_in_whole

PRIVATE: dict[str, str | bytes] = {"p/__init__.py": "", "p/a.py": "\ndef _old(x):\n    return x\n"}
PUBLIC: dict[str, str | bytes] = {"p/__init__.py": "", "p/a.py": "def old(x):\n    return x\n", "manage.py": ""}


def test_what_a_finding_says() -> None:
    (finding,) = seen_in_whole(dead_code, PRIVATE)
    assert finding.symbol == "p.a._old"
    assert (finding.path, finding.start, finding.end) == ("p/a.py", 2, 3)
    assert finding.message == "nothing uses the function _old"
    assert finding.risk is Risk.LOW
    assert finding.evidence == (
        "2 lines; its name is read, imported and spelled nowhere",
        "confidence 0.95",
    )


def test_the_fingerprint_survives_moves() -> None:
    (before,) = seen_in_whole(dead_code, PRIVATE)
    (after,) = seen_in_whole(dead_code, {"q/__init__.py": "", "q/b.py": "X = 1\ndef _old(y):\n    return y\n"})
    assert before.fingerprint == after.fingerprint


ALIVE: dict[str, Files] = {
    "another module": {**PRIVATE, "p/b.py": "from p.a import _old\n"},
    "a test": {**PRIVATE, "tests/test_a.py": "import p.a\np.a._old(1)\n"},
    "an entry point": {**PRIVATE, "pyproject.toml": "[project.scripts]\nold = 'p.a:_old'\n"},
    "an extension module": {**PRIVATE, "p/fast.c": 'PyObject_CallMethod(module, "_old", "O", x);'},
    "its own comment": {**PRIVATE, "p/a.py": "# see _old\ndef _old(x):\n    return x\n"},
    "a name put together": {**PRIVATE, "p/a.py": "def _x_old(x): pass\nglobals()[f'_{kind}_old']()\n"},
    "a template": {**PUBLIC, "p/page.html": "{% old 1 %}"},
    "documentation": {**PUBLIC, "README.md": "Call `old(1)`."},
}


@pytest.mark.parametrize("name", ALIVE)
def test_what_keeps_it_alive(name: str) -> None:
    assert seen_in_whole(dead_code, ALIVE[name]) == []


def test_a_longer_word_is_another_name() -> None:
    assert len(seen_in_whole(dead_code, {**PUBLIC, "README.md": "Be bold, older_one."})) == 1


LIBRARIES: dict[str, Files] = {
    "pyproject": {**PUBLIC, "pyproject.toml": "[project]\nname = 'p'\n"},
    "setup": {**PUBLIC, "setup.py": ""},
    "nobody knows": {path: text for path, text in PUBLIC.items() if path != "manage.py"},
}


@pytest.mark.parametrize("name", LIBRARIES)
def test_others_may_import_what_is_public(name: str) -> None:
    assert len(seen_in_whole(dead_code, PUBLIC)) == 1
    assert seen_in_whole(dead_code, LIBRARIES[name]) == []
    (unsure,) = seen_in_whole(dead_code, LIBRARIES[name], dead_code__min_confidence=0.5)
    assert unsure.evidence[-1] == "confidence 0.60: other projects may import it"
    assert unsure.risk is Risk.MEDIUM


def test_tools_settings_make_no_library() -> None:
    assert len(seen_in_whole(dead_code, {**PUBLIC, "pyproject.toml": "[tool.ruff]\nline-length = 120\n"})) == 1
