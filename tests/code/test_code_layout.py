# ruff: noqa: E501 (a tree with its answer stands on one line)
"""Which file is which module, on trees of every fashion."""

import pytest
from models import model_of

SRC = {"pyproject.toml": "", "src/pkg/__init__.py": "", "src/pkg/sub/__init__.py": "", "src/pkg/sub/mod.py": ""}


@pytest.mark.parametrize(
    ("files", "path", "name"),
    [
        (SRC, "src/pkg/sub/mod.py", "pkg.sub.mod"),
        (SRC, "src/pkg/sub/__init__.py", "pkg.sub"),
        ({"pkg/__init__.py": "", "pkg/a.py": ""}, "pkg/a.py", "pkg.a"),
        ({"single.py": ""}, "single.py", "single"),
        ({"lib/pkg/__init__.py": "", "lib/pkg/a.py": ""}, "lib/pkg/a.py", "pkg.a"),
        ({"back/end/pkg/__init__.py": "", "back/end/pkg/a.py": ""}, "back/end/pkg/a.py", "pkg.a"),
        ({"libs/one/pyproject.toml": "", "libs/one/src/one/a.py": "", "libs/one/src/one/__init__.py": ""}, "libs/one/src/one/a.py", "one.a"),
        ({"setup.py": "", "src/ns/pkg/__init__.py": "", "src/ns/pkg/a.py": "from ns.pkg import b", "src/ns/pkg/b.py": ""}, "src/ns/pkg/a.py", "ns.pkg.a"),
        ({"setup.py": "", "src/ns/deep/a.py": "import ns.deep.b", "src/ns/deep/b.py": ""}, "src/ns/deep/b.py", "ns.deep.b"),
        ({"app/a.py": "from app import b", "app/b.py": "", "app/more/c.py": ""}, "app/more/c.py", "app.more.c"),
        ({"scripts/a.py": "import b", "scripts/b.py": ""}, "scripts/b.py", "b"),
        ({"tests/test_a.py": "", "tests/deep/test_b.py": ""}, "tests/deep/test_b.py", "test_b"),
        ({"pkg.py": "", "pkg/__init__.py": ""}, "pkg/__init__.py", "pkg"),
        ({"__init__.py": "", "a.py": ""}, "a.py", "a"),
    ],
)  # fmt: skip
def test_names(files: dict[str, str], path: str, name: str) -> None:
    model = model_of(files)
    assert model.module_name(path) == name
    assert model.path_of(name) == path


@pytest.mark.parametrize(
    ("files", "path", "line", "targets"),
    [
        # relative
        ({"p/__init__.py": "", "p/a.py": "", "p/q/__init__.py": "", "p/q/b.py": "from ..a import x"}, "p/q/b.py", 0, ["p/a.py"]),
        ({"p/__init__.py": "", "p/a.py": "from ... import x"}, "p/a.py", 0, []),
        ({"p/__init__.py": "from . import a", "p/a.py": ""}, "p/__init__.py", 0, ["p/a.py"]),
        # a package gives the name its meaning, or the submodule does
        ({"p/__init__.py": "a = 1", "p/a.py": "", "p/b.py": "from p import a"}, "p/b.py", 0, ["p/__init__.py"]),
        ({"p/__init__.py": "from .a import a", "p/a.py": "", "p/b.py": "from p import a"}, "p/b.py", 0, ["p/__init__.py"]),
        ({"p/__init__.py": "from . import a", "p/a.py": "", "p/b.py": "from p import a"}, "p/b.py", 0, ["p/a.py"]),
        ({"p/__init__.py": "", "p/a.py": "", "p/b.py": "from p import a, z"}, "p/b.py", 0, ["p/__init__.py", "p/a.py"]),
        # star and __all__
        ({"p/__init__.py": "__all__ = ['a']", "p/a.py": "", "b.py": "from p import *"}, "b.py", 0, ["p/__init__.py", "p/a.py"]),
        # namespace packages
        ({"n/a.py": "", "b.py": "from n import a"}, "b.py", 0, ["n/a.py"]),
        ({"n/m/a.py": "", "b.py": "import n.m.a"}, "b.py", 0, ["n/m/a.py"]),
        # same last name, other distribution
        ({"p/__init__.py": "", "p/yaml.py": "", "p/a.py": "import yaml"}, "p/a.py", 0, []),
        ({"p/__init__.py": "", "p/x/__init__.py": "", "p/x/powerfox/__init__.py": "", "p/x/powerfox/c.py": "from powerfox import P"}, "p/x/powerfox/c.py", 0, []),
        ({"tools/yaml.py": "", "p/__init__.py": "", "p/a.py": "import yaml"}, "p/a.py", 0, []),
        ({"tools/yaml.py": "", "tools/b.py": "import yaml"}, "tools/b.py", 0, ["tools/yaml.py"]),
        # from tests into the sources, and between projects of one repository
        ({"pyproject.toml": "", "src/p/__init__.py": "", "src/p/a.py": "", "tests/t.py": "import p.a"}, "tests/t.py", 0, ["src/p/a.py"]),
        ({"x/setup.py": "", "x/one/__init__.py": "", "y/setup.py": "", "y/two/__init__.py": "import one"}, "y/two/__init__.py", 0, ["x/one/__init__.py"]),
        ({"tests/data/setup.py": "", "tests/data/requests/__init__.py": "", "p/__init__.py": "import requests"}, "p/__init__.py", 0, []),
        # what is only partly here
        ({"p/__init__.py": "", "a.py": "import p.made_at_run_time"}, "a.py", 0, []),
    ],
)  # fmt: skip
def test_what_imports_lead_to(files: dict[str, str], path: str, line: int, targets: list[str]) -> None:
    model = model_of(files)
    item = model.facts(path).imports[line]
    assert sorted(found.path for found in model.targets(path, item) if not found.package) == targets


@pytest.mark.parametrize(
    ("tool", "place"),
    [
        ("pkg.sub.mod:f", ("src/pkg/sub/mod.py", "f", 3, 5)),
        ("pkg.sub.mod:A.m", ("src/pkg/sub/mod.py", "A.m", 8, 8)),
        ("pkg.sub.mod:A.p", ("src/pkg/sub/mod.py", "A.p", 9, 10)),
        ("pkg.sub.mod:f.<locals>.g", ("src/pkg/sub/mod.py", "f.<locals>.g", 5, 5)),
        ("pkg:f", ("src/pkg/sub/mod.py", "f", 3, 5)),
        ("pkg:A.m", None),
        ("pkg:B.m", ("src/pkg/sub/mod.py", "A.m", 8, 8)),
        ("pkg.sub.mod:A", None),
        ("pkg.sub.mod", None),
        ("pkg.sub.mod:", None),
        ("sub.mod:f", None),
        ("nothing:f", None),
        (":f", None),
        ("", None),
    ],
)
def test_symbols_are_found(tool: str, place: tuple[str, str, int, int] | None) -> None:
    mod = (
        "import functools\n\n@functools.cache\ndef f():\n    def g(): ...\n\nclass A:\n    def m(self): ...\n"
        "    @property\n    def p(self): ...\n    @p.setter\n    def p(self, v): ...\n"
    )
    model = model_of({**SRC, "src/pkg/sub/mod.py": mod, "src/pkg/__init__.py": "from .sub.mod import f, A as B\n"})
    found = model.locate(tool)
    assert (found and (found.path, found.symbol, found.start, found.end)) == place


def test_a_name_in_a_directory_that_nobody_knows_as_a_root() -> None:
    files = {"deploy/jobs/nightly/__init__.py": "", "deploy/jobs/nightly/run.py": "def go(): ...\n"}
    model = model_of(files)
    assert model.path_of("jobs.nightly.run") == "deploy/jobs/nightly/run.py"
    assert model.locate("deploy.jobs.nightly.run:go") is not None
    assert model.path_of("run") is None


def test_reexports_in_a_circle_end() -> None:
    assert model_of({"a.py": "from b import f", "b.py": "from a import f"}).locate("a:f") is None


def test_odd_names() -> None:
    files = {"with space/a-b.py": "", "é/ü.py": "x = 1", "\udcff.py": "", ".hidden/x.py": "", "a.b/c.py": ""}
    model = model_of(files)
    assert len(list(model.modules())) == len(files)
    assert model.module_name("é/ü.py") in ("é.ü", "ü")


def test_a_folder_that_a_package_reaches_by_dots_belongs_to_it() -> None:
    files = {
        "src/web/__init__.py": "from .core.app import App\nfrom .core import views\n",
        "src/web/core/app.py": "class App: pass\n",
        "src/web/core/views.py": "from .app import App\n",
        "pyproject.toml": "",
        "tools/lone/helper.py": "from . import other\n",
        "tools/lone/other.py": "",
    }
    model = model_of(files)
    assert model.module_name("src/web/core/app.py") == "web.core.app"
    assert model.module_name("src/web/core/views.py") == "web.core.views"
    assert model.module_name("tools/lone/helper.py") == "helper"
