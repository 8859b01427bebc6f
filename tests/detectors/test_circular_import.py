"""What is a cycle, what is none, and what a finding says."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from gitops_healer.adapters.cache import SqliteCache
from gitops_healer.adapters.repository import open_repository
from gitops_healer.code.model import CodeModel
from gitops_healer.core.codec import digest
from gitops_healer.core.finding import Finding
from gitops_healer.detectors.circular_import import circular_import
from gitops_healer.registry import Scene
from gitops_healer.settings import load_settings

Files = Mapping[str, str | bytes]
PAIR: dict[str, str | bytes] = {"p/__init__.py": "", "p/a.py": "\nfrom . import b\n", "p/b.py": "import p.a\n"}


def findings(make_repo: Callable[..., Any], files: Files, **options: Any) -> list[Finding]:
    repo = make_repo(files, name=digest("repository", sorted(files.items()), str(options))[:10])
    repository = open_repository(repo.path)
    commit = repository.resolve("main") or ""
    settings = load_settings(options={f"detection.{key.replace('__', '.')}": value for key, value in options.items()})
    cache = SqliteCache(repo.path.parent / f"{repo.path.name}.sqlite")
    code = CodeModel(repository.files(commit), repository.read_blob, cache, settings.detection.exclude)
    unused = cast(Any, None)
    scene = Scene(
        commit, datetime(2026, 1, 1, tzinfo=UTC), repository, code, unused, unused, unused, unused, cache, settings,
        lambda _: None,
    )  # fmt: skip
    return list(circular_import(scene))


def test_what_a_finding_says(make_repo: Callable[..., Any]) -> None:
    (finding,) = findings(make_repo, PAIR)
    assert finding.rule == "circular_import"
    assert finding.symbol == "p.a, p.b"
    assert (finding.path, finding.start) == ("p/a.py", 2)
    assert finding.message == "p.a, p.b import each other while they are imported."
    assert finding.evidence == ("p.a imports p.b (p/a.py:2)", "p.b imports p.a (p/b.py:1)")


def test_a_larger_knot_names_its_smallest_cut(make_repo: Callable[..., Any]) -> None:
    (finding,) = findings(
        make_repo,
        {
            "p/__init__.py": "",
            "p/a.py": "from . import b\nfrom . import c\n",
            "p/b.py": "import p.a\nimport p.c\n",
            "p/c.py": "\nimport p.a\n",
        },
    )
    assert len(finding.evidence) == 6
    assert finding.evidence[-1] == (
        "2 of 5 imports would have to go for no cycle to be left: "
        "p.b imports p.a (p/b.py:1), p.c imports p.a (p/c.py:2)"
    )


def test_the_fingerprint_survives_moves_and_edits(make_repo: Callable[..., Any]) -> None:
    (finding,) = findings(make_repo, PAIR)
    moved = {f"src/{path}": "# a line more\n\n" + str(text) for path, text in PAIR.items()} | {"pyproject.toml": ""}
    (same,) = findings(make_repo, moved)
    assert same.fingerprint == finding.fingerprint
    assert same.path == "src/p/a.py"
    renamed = {"p/__init__.py": "", "p/a.py": "from . import c\n", "p/c.py": "import p.a\n"}
    (other,) = findings(make_repo, renamed)
    assert other.fingerprint != finding.fingerprint


QUIET = {
    "only for type checkers": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .b import x\n",
    "in a function": "def f():\n    from . import b\n",
    "in a script": "if __name__ == '__main__':\n    from . import b\n",
    "never": "if False:\n    from . import b\n",
    "a constant that is false": "LEGACY = False\nif LEGACY:\n    from . import b\n",
    "another distribution": "import b\n",
    "the package on the way": "from . import c\n",
    "not Python": "from . import b\ndef (:\n",
}


@pytest.mark.parametrize("name", QUIET)
def test_what_is_no_cycle(name: str, make_repo: Callable[..., Any]) -> None:
    assert findings(make_repo, {**PAIR, "p/a.py": QUIET[name], "p/c.py": ""}) == []


LOUD = {
    "absolute": "import p.b\n",
    "by name": "from p.b import x\n",
    "in a class": "class A:\n    from . import b\n",
    "tried": "try:\n    from . import b\nexcept ImportError:\n    b = None\n",
    "by condition": "import sys\nif sys.platform:\n    from . import b\n",
    "for all but type checkers": "from typing import TYPE_CHECKING\nif not TYPE_CHECKING:\n    from . import b\n",
    "star": "from .b import *\n",
}


@pytest.mark.parametrize("name", LOUD)
def test_what_is_a_cycle(name: str, make_repo: Callable[..., Any]) -> None:
    assert [found.symbol for found in findings(make_repo, {**PAIR, "p/a.py": LOUD[name]})] == ["p.a, p.b"]


def test_excluded_files_and_limits(make_repo: Callable[..., Any]) -> None:
    assert findings(make_repo, PAIR, exclude=["p/b.py"]) == []
    ring: Files = {f"m{n}.py": f"import m{(n + 1) % 7}\n" for n in range(7)}
    (finding,) = findings(make_repo, ring, circular_import__max_modules=6)
    assert finding.symbol == "m0, m1, m2, m3, m4 and 2 more"
    assert "More than 6 modules are not repaired (detection.circular_import.max_modules)" in finding.message


def test_the_finding_stands_at_the_import_that_closes_most_circles(make_repo: Callable[..., Any]) -> None:
    """base is imported by all; its own import of one of them is the one too many."""
    files: Files = {
        "base.py": "import os\nimport three\n", "one.py": "import base\n", "two.py": "import base\nimport one\n",
        "three.py": "import base\nimport one\nimport two\n",
    }  # fmt: skip
    (finding,) = findings(make_repo, files)
    assert (finding.path, finding.start) == ("base.py", 2)


_TRACE = """
import builtins, json, sys
sys.path.insert(0, sys.argv[1])
real, edges = builtins.__import__, set()
def traced(name, globals=None, locals=None, fromlist=(), level=0):
    module = real(name, globals, locals, fromlist, level)
    frame = sys._getframe(1)
    if frame.f_code.co_name == "<module>" and globals:
        above = globals["__package__"].split(".")
        whole = ".".join([*above[: len(above) + 1 - level], *([name] if name else [])]) if level else name
        for item in fromlist or [None]:
            deeper = whole + "." + item if item else whole
            edges.add((globals["__name__"], deeper if deeper in sys.modules else whole))
    return module
builtins.__import__ = traced
for name in json.loads(sys.argv[2]):
    __import__(name)
print(json.dumps(sorted(edges)))
"""


def test_against_a_tracer(tmp_path: Path, make_repo: Callable[..., Any]) -> None:
    """The same knots as those of the import statements that really ran."""
    files: dict[str, str | bytes] = {
        "p/__init__.py": "", "p/a.py": "from . import b\nimport p.q.c\n", "p/b.py": "def f():\n    from . import a\n",
        "p/q/__init__.py": "from . import d\n", "p/q/c.py": "from .. import a\n", "p/q/d.py": "import p.q.e as e\n",
        "p/q/e.py": "from . import d\nif 0:\n    from . import c\n", "p/z.py": "from .q import c\n",
    }  # fmt: skip
    for path, text in files.items():
        (tmp_path / "t" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "t" / path).write_text(str(text))
    names = ["p", "p.a", "p.b", "p.q", "p.q.c", "p.q.d", "p.q.e", "p.z"]
    argv = [sys.executable, "-I", "-c", _TRACE, str(tmp_path / "t"), json.dumps(names)]
    done = subprocess.run(argv, capture_output=True, check=True, text=True)
    ran = {(source, target) for source, target in json.loads(done.stdout) if source in names and target in names}
    knots = {frozenset(found.symbol.split(", ")) for found in findings(make_repo, files)}
    assert knots == {frozenset({"p.a", "p.q.c"}), frozenset({"p.q.d", "p.q.e"})}
    for knot in knots:
        inside = {(source, target) for source, target in ran if source in knot and target in knot}
        assert {source for source, _ in inside} == {target for _, target in inside} == knot
