"""What nothing mentions."""

from collections import Counter

import pytest

from gitops_healer.code.reachability import Candidate, candidates, dead, spelled, stands_in
from tests.code.models import model_of


def found(source: str, *others: str, is_library: bool = True, path: str = "a.py") -> dict[str, float]:
    """Confidence by name of what is dead in the first of these files."""
    files = {path: source, **{f"b{n}.py": other for n, other in enumerate(others)}}
    model = model_of(files)
    facts = {name: model.facts(name, detail=True) for name in files}
    mentions = Counter(name for known in facts.values() for name in known.details.mentions)
    result = dead({path: candidates(facts[path])}, mentions, is_library)
    return {item.candidate.qualname: item.confidence for item in result}


@pytest.mark.parametrize(
    ("source", "name", "confidence"),
    [
        ("def _f(): pass\n", "_f", 0.95),
        ("class _C: pass\n", "_C", 0.95),
        ("def f():\n    def g(): pass\n", "f.<locals>.g", 0.95),
        ("class C:\n    def _m(self): pass\nC()\n", "C._m", 0.85),
        ("class B: pass\nclass C(B):\n    def _m(self): pass\nC()\n", "C._m", 0.85),
        ("from .b import B\nclass C(B):\n    def _m(self): pass\nC()\n", "C._m", 0.8),
        ("from b import B\nclass C(B):\n    def _m(self): pass\nC()\n", "C._m", 0.6),
        ("def f(): pass\n", "f", 0.6),
        ("class C:\n    def m(self): pass\nC()\n", "C.m", 0.6),
    ],
)
def test_how_sure_one_can_be(source: str, name: str, confidence: float) -> None:
    assert found(source)[name] == confidence


def test_public_names_of_programs_and_of_private_modules_are_surer() -> None:
    assert found("def f(): pass\n", is_library=False) == {"f": 0.85}
    assert found("def f(): pass\n", path="p/_a.py") == {"f": 0.85}


USED = {
    "called": "_f()",
    "passed on": "run(_f)",
    "an attribute": "a._f",
    "imported": "from a import _f",
    "spelled in a string": "load('a._f')",
    "in __all__": "__all__ = ['_f']",
}


@pytest.mark.parametrize("name", USED)
@pytest.mark.parametrize("here", [True, False])
def test_whatever_mentions_it_keeps_it(name: str, here: bool) -> None:
    source = "def _f(): pass\n"
    assert found(source, "import nothing") == {"_f": 0.95}
    sources = [source + USED[name]] if here else [source, USED[name]]
    assert found(*sources) == {}


SILENT = {
    "decorated": "@route('/')\ndef _f(): pass\n",
    "double underscores": "def __getattr__(name): pass\n",
    "a protocol of a library": "class C:\n    def _repr_html_(self): pass\nC()\n",
    "a test": "def test_it(): pass\n",
    "a hook of pytest": "def pytest_configure(config): pass\n",
    "a class that a framework finds": "class _Plugin(Base): pass\n",
    "a method of a decorated class": "@dataclass\nclass _C:\n    def m(self): pass\nuse(_C)\n",
    "an overload": "@overload\ndef _f(): ...\n",
    "put together from a prefix": "class C:\n    def _visit_x(self): pass\ngetattr(C(), '_visit_' + kind)\n",
    "put together from a suffix": "def _x_handler(): pass\nglobals()[kind + '_handler']()\n",
    "a local function by its prefix": "def f():\n    def _list_zip(): pass\n    return find('_list_' + kind)\nf()\n",
    "a local function by name": "def f():\n    def g(): pass\n    return locals()[name]\nf()\n",
    "a function by name": "def _f(): pass\ndef find(name): return globals()[name]\nfind(x)\n",
    "a mangled name": "class _C:\n    def __m(self): pass\n_C()._C__m()\n",
    "a family": "class C:\n    def do_a(self): pass\n    def do_b(self): pass\n    def do_c(self): pass\nC()\n",
}


@pytest.mark.parametrize("name", SILENT)
def test_what_may_be_used_unseen(name: str) -> None:
    assert found(SILENT[name]) == {}


def test_a_candidate_survives_being_stored() -> None:
    import json

    facts = model_of({"a.py": "class C:\n    def m(self): pass\n"}).facts("a.py", detail=True)
    (one, other) = candidates(facts)
    assert [Candidate.read(row) for row in json.loads(json.dumps([one, other]))] == [one, other]


def test_nothing_below_the_confidence_that_is_asked_for() -> None:
    facts = model_of({"a.py": "def _f(): pass\ndef g(): pass\n"}).facts("a.py", detail=True)
    made = {"a.py": candidates(facts)}
    assert [item.candidate.name for item in dead(made, {}, True, 0.6)] == ["_f", "g"]
    assert [item.candidate.name for item in dead(made, {}, True, 0.8)] == ["_f"]


@pytest.mark.parametrize(
    ("text", "is_spelled"),
    [
        (b"def _get_x_url(): pass", False),
        (b"def _get_x_url(): pass\n# see _get_x_url", True),
        (b"def _get_x_url_of(): pass\n# a_get_x_url", False),
        (b"getattr(self, '_get_%s_url' % kind)", True),
        (b"getattr(self, f'_get_{kind}_url')", True),
        (b"getattr(self, '_get_%(kind)s' % row)", True),
        (b"getattr(self, f'{kind}_url')", True),
        (b"'%s' % x, f'{y}', '_%s' % z", False),
        (b"f'_set_{kind}_url'", False),
    ],
)
def test_what_the_file_itself_spells(text: bytes, is_spelled: bool) -> None:
    assert bool(spelled(["_get_x_url"], text)) is is_spelled


def test_a_mangled_name_in_an_example() -> None:
    text = b"class C:\n    def __m(self): 'C()._C__m()'\n"
    assert spelled(["__m"], text) == {"__m"}
    assert spelled(["__m"], text.replace(b"_C__m", b"_C__more")) == set()


@pytest.mark.parametrize(("text", "stands"), [(b"a: f", True), (b"f", True), (b"of f(x)", True), (b"if_f ff", False)])
def test_whole_words(text: bytes, stands: bool) -> None:
    assert stands_in(text, b"f") is stands
