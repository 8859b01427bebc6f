# ruff: noqa: E501 (patterns are a table)
"""The model as others use it, and its import graph against what Python really loads."""

import json
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from models import Shelf, model_of

from gitops_healer.code.graph import EdgeKind, components
from gitops_healer.code.model import CodeModel
from gitops_healer.code.patterns import matcher

PAIR = {"pkg/__init__.py": "", "pkg/a.py": "from . import b\n", "pkg/b.py": "import pkg.a\n"}


def test_a_file_that_cannot_be_read_does_not_stop_the_rest() -> None:
    model = model_of({**PAIR, "pkg/c.py": "def (:\n", "pkg/d.py": b"\0"})
    reasons = {module.path: module.facts.reason for module in model.modules() if not module.facts.analyzable}
    assert set(reasons) == {"pkg/c.py", "pkg/d.py"}
    assert all(reasons.values())
    assert [cycle.paths for cycle in model.cycles()] == [("pkg/a.py", "pkg/b.py")]


def test_the_cache_is_all_that_a_second_model_needs() -> None:
    shelf = Shelf()
    first = model_of(PAIR, shelf)
    cycles = first.cycles()
    second = model_of(PAIR, shelf)
    assert second.cycles() == cycles
    assert (first.parsed, first.cached) == (3, 0)
    assert (second.parsed, second.cached, shelf.writes) == (0, 3, 1)


def test_a_spoilt_cache_is_made_again() -> None:
    shelf = Shelf()
    cycles = model_of(PAIR, shelf).cycles()
    shelf.values = dict.fromkeys(shelf.values, b"\xff\n[[],[]]")
    assert model_of(PAIR, shelf).cycles() == cycles


def test_excluded_files_are_in_no_answer_but_are_found() -> None:
    model = model_of({**PAIR, "vendor/x.py": "def f(): ...\n"}, exclude=["vendor/**", "pkg/b.py"])
    assert [module.path for module in model.modules()] == ["pkg/__init__.py", "pkg/a.py"]
    assert not model.cycles()
    assert model.locate("x:f") is not None
    assert model.source("vendor/x.py") == b"def f(): ...\n"


def test_the_model_after_a_change() -> None:
    model = model_of(PAIR)
    after = model.with_sources({"pkg/b.py": b"", "pkg/new.py": b"import pkg.a\n"})
    assert len(model.cycles()) == 1
    assert not after.cycles()
    assert after.module_name("pkg/new.py") == "pkg.new"
    assert after.source("pkg/b.py") == b""


def test_kinds_of_edges() -> None:
    model = model_of({
        "p/__init__.py": "", "p/q/__init__.py": "", "p/q/b.py": "", "p/c.py": "", "p/d.py": "",
        "p/a.py": "import p.q.b\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import p.c\n"
                  "def f():\n    import p.d\nif 0:\n    import p.e\n",
    })  # fmt: skip
    assert [(edge.target, edge.line, edge.kind) for edge in model.imported("p/a.py")] == [
        ("p/q/b.py", 1, EdgeKind.LOAD),
        ("p/q/__init__.py", 1, EdgeKind.PACKAGE),
        ("p/__init__.py", 1, EdgeKind.PACKAGE),
        ("p/c.py", 4, EdgeKind.TYPING),
        ("p/d.py", 6, EdgeKind.LAZY),
    ]
    assert [edge.source for edge in model.importers("p/d.py")] == ["p/a.py"]


def test_passing_through_a_package_makes_no_cycle() -> None:
    assert not model_of(
        {"p/__init__.py": "from .a import x\n", "p/a.py": "from . import b\nx = 1\n", "p/b.py": ""}
    ).cycles()
    assert model_of({"p/__init__.py": "from .a import x\n", "p/a.py": "from . import y\nx = 1\n"}).cycles()


def test_long_chains_need_no_recursion() -> None:
    files = {f"m{n}.py": f"import m{(n + 1) % 3000}\n" for n in range(3000)}
    (cycle,) = model_of(files).cycles()
    assert len(cycle.paths) == 3000


@given(st.dictionaries(st.sampled_from("abcdefg"), st.lists(st.sampled_from("abcdefg"), max_size=4)))
def test_components_are_those_of_mutual_reach(graph: dict[str, list[str]]) -> None:
    def reach(start: str) -> set[str]:
        seen, waiting = {start}, [start]
        while waiting:
            for target in graph.get(waiting.pop(), ()):
                if target not in seen:
                    seen.add(target)
                    waiting.append(target)
        return seen

    nodes = set(graph) | {target for targets in graph.values() for target in targets}
    wanted = {frozenset(b for b in nodes if b in reach(a) and a in reach(b)) for a in nodes}
    assert {frozenset(found) for found in components(graph)} == wanted


_LOAD = """
import json, sys
sys.path.insert(0, sys.argv[1])
for name in json.loads(sys.argv[2]):
    for loaded in [m for m in sys.modules if m.partition(".")[0] in ("p", "n")]:
        del sys.modules[loaded]
    __import__(name)
    print(json.dumps([name, sorted(m.__file__ for m in list(sys.modules.values())
                      if (getattr(m, "__file__", None) or "").startswith(sys.argv[1]))]))
"""


@pytest.mark.parametrize("seed", range(4))
def test_what_the_graph_says_is_loaded_is_what_python_loads(seed: int, tmp_path: Path) -> None:
    chance = Random(seed)
    modules = ["p", "p.a", "p.b", "p.q", "p.q.c", "p.q.d", "p.q.r", "p.q.r.e", "n.f", "n.g", "n.m.h"]
    packages = {"p", "p.q", "p.q.r"}
    files = {}
    for module in modules:
        path = module.replace(".", "/") + ("/__init__.py" if module in packages else ".py")
        lines = []
        for target in chance.sample([other for other in modules if other != module], 2):
            above, _, last = target.rpartition(".")
            forms = [f"import {target}", f"import {target} as other"]
            if "." in target and not module.startswith(above + "."):
                forms = [f"import {target}"]
            elif above:
                forms += [f"from {above} import {last}"]
            line = chance.choice(forms)
            wrapped = chance.choice(["{}", "{}", "if True:\n    {}", "def f():\n    {}", "if __name__ == '__main__':\n    {}",
                                     "try:\n    {}\nfinally:\n    pass", "class K:\n    {}"])  # fmt: skip
            lines.append(wrapped.format(line if " as other" not in line else f"import {target}"))
        files[path] = "\n".join(lines) + "\n"
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    model = model_of(files)
    done = subprocess.run(
        [sys.executable, "-I", "-c", _LOAD, str(tmp_path), json.dumps(modules)],
        capture_output=True,
        check=True,
        text=True,
    )
    for line in done.stdout.splitlines():
        name, loaded = json.loads(line)
        path = model.path_of(name)
        assert path is not None
        assert {str(Path(file).relative_to(tmp_path)) for file in loaded} == _reach(model, path), files


def _reach(model: CodeModel, start: str) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        path = waiting.pop()
        if path not in seen:
            seen.add(path)
            waiting += model.layout.ancestors(path)
            waiting += [e.target for e in model.imported(path) if e.kind in (EdgeKind.LOAD, EdgeKind.PACKAGE)]
    return seen


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("vendor/**", "vendor/a/b.py", True), ("vendor/**", "src/vendor/a.py", False), ("**/vendor/**", "vendor/a.py", True),
        ("**/vendor/**", "src/vendor/a.py", True), ("*.py", "a.py", True), ("*.py", "x/a.py", True), ("/*.py", "x/a.py", False),
        ("docs", "docs/conf.py", True), ("docs/", "docs/conf.py", True), ("a?.py", "ab.py", True), ("x/*.py", "x/y/a.py", False),
        ("x/**/a.py", "x/a.py", True), ("x/**/a.py", "x/y/z/a.py", True), ("a.py", "aXpy", False), ("(", "x", False), ("[a]", "a", False),
    ],
)  # fmt: skip
def test_path_patterns(pattern: str, path: str, fits: bool) -> None:
    assert matcher([pattern])(path) is fits
    assert not matcher([])(path)
