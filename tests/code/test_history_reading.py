"""What is read of files of the past: whatever stands in them, whoever named what is looked for."""

import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_healer.code.extract import extract
from gitops_healer.code.history_names import Spelling, spellings
from gitops_healer.code.history_needs import bindings, members, names_of, own_attributes
from gitops_healer.code.history_reading import Reader, Snapshot, Spot, likeness

MODULE = textwrap.dedent(
    '''\
    import os
    from a.b import c as d, e

    LIMIT: int = 3
    if os.name == "nt":
        FIRST = 1
    elif LIMIT:
        FIRST = 2
    else:
        try:
            import fast
        except ImportError:
            fast = None


    @decorated(
        LIMIT
    )
    def outer(x, y=FIRST):
        """Text."""

        def inner(z):
            return [w for w in z if w in d]

        return inner(os.path.join(x, y)), len(e), outer


    class Shelf:
        size = 1

        @property
        def width(self):
            return self.size + self.count

        def fill(self):
            self.count = 2
    '''
)
BROKEN = "def broken(:\n    pass\n\n\n"


def reader(text: str | bytes) -> Reader:
    return Reader(lambda blob: text if isinstance(text, bytes) else text.encode())


def of(text: str, name: str) -> Snapshot:
    found = reader(text).find("m.py", "b", name)
    assert found is not None
    return found


def test_a_broken_file_is_divided_as_a_sound_one_is() -> None:
    sound = {
        (item.qualname, item.is_class, item.start + 4, item.end + 4) for item in extract(MODULE.encode()).definitions
    }
    seen = {(spot.qualname, spot.is_class, spot.start, spot.end) for spot in reader(BROKEN + MODULE).spots("b")}
    decorated = {("outer", False, sound_start, end) for name, _, sound_start, end in sound if name == "outer"}
    assert len(sound) == 5
    assert sound - seen <= decorated  # a decorator of several lines is cut
    assert of(BROKEN + MODULE, "Shelf.width").shape == of(MODULE, "Shelf.width").shape


def test_what_a_function_takes_from_its_module() -> None:
    assert names_of(of(MODULE, "outer")) == {"LIMIT", "FIRST", "os", "d", "e", "decorated"}
    assert names_of(of(MODULE, "outer.inner")) == {"d"}
    assert own_attributes(of(MODULE, "Shelf.width")) == {"size", "count"}
    assert own_attributes(of(MODULE, "outer")) == frozenset()


def test_what_a_module_binds() -> None:
    found = bindings(MODULE.encode())
    assert {name: found[name].kind for name in found} == {
        "os": "import", "d": "import", "e": "import", "LIMIT": "constant", "FIRST": "constant", "fast": "constant",
        "outer": "function", "Shelf": "class",
    }  # fmt: skip
    assert found["d"].text == "from a.b import c as d\n"
    assert set(members(MODULE.encode(), "Shelf") or ()) == {"size", "width", "fill", "count"}
    assert members(MODULE.replace("Shelf:", "Shelf(Base):").encode(), "Shelf") is None


def test_a_long_chain_of_conditions_is_read() -> None:
    chain = "if x == 0:\n    A = 0\n" + "".join(f"elif x == {n}:\n    B{n} = 0\n" for n in range(300))
    assert len(bindings(chain.encode())) == 301


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=200), st.text(alphabet="def clas:()@\n\t #'\"\\fx=,*[]\r\f\0", max_size=200).map(str.encode)
    )
)
def test_whatever_stands_in_a_file(data: bytes) -> None:
    read = reader(data)
    for spot in read.spots("b"):
        assert 1 <= spot.start <= spot.end
        snapshot = read.snapshot("m.py", "b", spot)
        assert snapshot.text.strip()
        assert likeness(snapshot, snapshot) == 1.0
        assert isinstance(names_of(snapshot), frozenset) and isinstance(own_attributes(snapshot), frozenset)
    assert isinstance(bindings(data), dict)


@pytest.mark.parametrize(
    ("one", "two", "low", "high"),
    [
        ("def f(a):\n    return a + 1\n", "def g(a):\n    '''Doc.'''\n    return a + 1  # one\n", 1.0, 1.0),
        ("def f(a):\n    return a + 1\n", "def f(a):\n    return a + 2\n", 0.85, 0.99),
        ("def f(a):\n    return a + 1\n", "def f(s):\n    for x in s.y:\n        print(x, s)\n", 0.0, 0.6),
    ],
)
def test_likeness(one: str, two: str, low: float, high: float) -> None:
    snapshots = [Snapshot("m", "b", Spot(text[4], False, 1, text.count("\n")), text) for text in (one, two)]
    assert low <= likeness(*snapshots) <= high
    assert likeness(*snapshots) == likeness(*reversed(snapshots))


@pytest.mark.parametrize(
    ("name", "path", "symbol"),
    [
        ("a.b:C.f", "src/a/b.py", "C.f"),
        ("a/b.py:f", "a/b.py", "f"),
        ("./a/b.py:f", "a/b.py", "f"),
        ("a.b.f", "a/b/__init__.py", "f"),
        ("a.b:f.<locals>.g", "a/b.py", "f.g"),
        ("f", "any/where.py", "f"),
    ],
)
def test_names_fit_paths(name: str, path: str, symbol: str) -> None:
    assert any(one.fits(path) and one.symbol == symbol for one in spellings(name))
    assert not any(one.fits("x" + path.replace("/", "_")) for one in spellings(name) if one.module)


@given(st.text(max_size=40))
def test_any_name_can_be_asked_for(name: str) -> None:
    for one in spellings(name):
        assert isinstance(one, Spelling) and one.symbol
