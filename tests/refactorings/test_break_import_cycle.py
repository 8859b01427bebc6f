"""Each case is a package that Python imports for real, before and after."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from knot_cases import FIXED, REFUSED
from knots import heal, run, scene_of

from gitops_healer.detectors.circular_import import circular_import
from gitops_healer.refactorings.break_import_cycle import break_import_cycle

KNOT = """\
== pkg/a.py
from .b import g


def f():
    return g()
== pkg/b.py
from .a import f

F = f


def g():
    return 7
"""


def parsed(text: str) -> tuple[dict[str, str | bytes], dict[str, str]]:
    """(files, what they must become) of a case; packages without an `__init__.py` of their own get an empty one."""
    files: dict[str, str | bytes] = {}
    afterwards: dict[str, str] = {}
    for path, content in re.findall(r"^== (\S+)\n(.*?)(?=^== |\Z)", text, re.DOTALL | re.MULTILINE):
        before, mark, after = content.partition("-- afterwards\n")
        files[path] = before
        if mark:
            afterwards[path] = after
    for path in [path for path in files if path.startswith("pkg/")]:
        files.setdefault(path.rpartition("/")[0] + "/__init__.py", "")
        files.setdefault("pkg/__init__.py", "")
    return files, afterwards


@pytest.mark.parametrize("name", FIXED)
def test_imports_that_can_wait_do(name: str, make_repo: Callable[..., Any], tmp_path: Path) -> None:
    module, expression, answer, text = FIXED[name]
    files, afterwards = parsed(text)
    root = "src" if any(path.startswith("src/") for path in files) else ""
    before = run(tmp_path / "before", files, module, expression, root)
    assert before in (answer, "ImportError", "AttributeError")
    healed = heal(make_repo, files)
    assert len(healed.findings) == 1
    assert healed.investigations[0].options, healed.evidence
    changed = {path: healed.text(path) for path in healed.investigations[0].options[0].change.paths}
    assert changed == afterwards
    assert run(tmp_path / "after", healed.after, module, expression, root) == answer
    assert not healed.scene.code.with_sources(healed.after).cycles()


@pytest.mark.parametrize("name", REFUSED)
def test_imports_that_cannot_wait_stay(name: str, make_repo: Callable[..., Any]) -> None:
    because, text = REFUSED[name]
    healed = heal(make_repo, parsed(text)[0])
    assert healed.findings
    assert [found.options for found in healed.investigations] == [()] * len(healed.findings)
    assert because in healed.evidence


def test_line_ends_and_tabs_stay(make_repo: Callable[..., Any], tmp_path: Path) -> None:
    files = parsed(KNOT)[0]
    files["pkg/a.py"] = (
        b"from .b import g\r\nimport os\r\n\r\n\r\nclass A:\r\n\tdef f(self):\r\n\t\treturn g()\r\n\r\nf = A.f\r\n"
    )
    healed = heal(make_repo, files)
    assert healed.after["pkg/a.py"].startswith(
        b"import os\r\n\r\n\r\nclass A:\r\n\tdef f(self):\r\n\t\tfrom .b import g\r\n\r\n\t\treturn g()\r\n"
    )
    assert run(tmp_path / "after", healed.after, "pkg.b", "m.F(1)") == "7"


@pytest.mark.parametrize("encoding", ["latin-1", "cp1251", "utf-8-sig"])
def test_encodings_stay(encoding: str, make_repo: Callable[..., Any], tmp_path: Path) -> None:
    letter = "é" if encoding != "cp1251" else "ж"
    cookie = "" if encoding == "utf-8-sig" else f"# -*- coding: {encoding} -*-\n"
    files = parsed(KNOT)[0]
    text = f"{cookie}E = '{letter}'; from .b import g  # {letter}\n\n\ndef f(): '{letter}'; return g(), '{letter}'\n"
    files["pkg/a.py"] = text.encode(encoding)
    healed = heal(make_repo, files)
    wanted = f"{cookie}E = '{letter}'  # {letter}\n\n\ndef f(): '{letter}'; from .b import g; return g(), '{letter}'\n"
    assert healed.after["pkg/a.py"] == wanted.encode(encoding)
    assert run(tmp_path / "after", healed.after, "pkg.b", "m.F()") == repr((7, letter))


def test_an_encoding_that_cannot_be_written_back_is_refused(make_repo: Callable[..., Any]) -> None:
    files = parsed(KNOT)[0]
    files["pkg/a.py"] = "# coding: utf-7\nfrom .b import g\n\n\ndef f():\n    return g() +AG4-\n".encode("ascii")
    healed = heal(make_repo, files)
    assert not any(found.options for found in healed.investigations)


def test_each_knot_is_repaired_by_itself(make_repo: Callable[..., Any]) -> None:
    files = {path.replace("pkg", name): text for name in ("one", "two") for path, text in parsed(KNOT)[0].items()}
    healed = heal(make_repo, files)
    assert [found.options[0].change.paths for found in healed.investigations] == [("one/a.py",), ("two/a.py",)]
    assert [found.options[0].symbols for found in healed.investigations] == [("one.a",), ("two.a",)]


def test_a_finding_of_the_past_has_no_options(make_repo: Callable[..., Any]) -> None:
    repo = make_repo(parsed(KNOT)[0])
    (finding,) = circular_import(scene_of(repo.path, repo.git("rev-parse", "HEAD")))
    healthy = scene_of(repo.path, repo.commit({"pkg/b.py": "def g():\n    return 1\n"}))
    investigation = break_import_cycle(healthy, finding)
    assert not investigation.options
    assert "any more" in investigation.cause.sentence


def test_a_knot_that_is_too_large_is_left_alone(make_repo: Callable[..., Any]) -> None:
    repo = make_repo(parsed(KNOT)[0])
    scene = scene_of(repo.path, repo.git("rev-parse", "HEAD"), detection__circular_import__max_modules=1)
    (finding,) = circular_import(scene)
    investigation = break_import_cycle(scene, finding)
    assert not investigation.options
    assert "2 modules are more than the 1" in investigation.evidence[0]


def test_the_proof_says_what_could_not_be_imported(make_repo: Callable[..., Any]) -> None:
    files = parsed(KNOT)[0]
    files["pkg/a.py"] = "import missing_library_of_nobody\n\nfrom .b import g\n\n\ndef f():\n    return g()\n"
    (option,) = heal(make_repo, files).investigations[0].options
    assert any("missing_library_of_nobody" in line for line in option.proof)
    assert option.prior < 0.9


def test_what_imports_worse_is_not_proposed(make_repo: Callable[..., Any]) -> None:
    """Seen only by running: b makes a's import necessary in a way that no one can read."""
    files = parsed(KNOT)[0]
    files["pkg/__init__.py"] = "import sys\n"
    files["pkg/a.py"] = (
        "from . import b\n\n\ndef f():\n    return b.g()\n\n\nassert 'pkg.b' in __import__('sys').modules\n"
    )
    healed = heal(make_repo, files)
    assert not healed.investigations[0].options
    assert "import pkg.a failed with the change: AssertionError" in healed.evidence


def test_a_module_that_hangs_or_dies_is_no_proof(make_repo: Callable[..., Any]) -> None:
    files = parsed(KNOT)[0]
    files["pkg/__init__.py"] = "import os\n\nos._exit(3)\n"
    (option,) = heal(make_repo, files).investigations[0].options
    assert any("the interpreter ended with 3" in line for line in option.proof)
