"""Classes are put together from members whose share in the count is known: the detector must be exact about each."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_healer.detectors.god_class import god_class
from tests.detectors.scenes import seen_in_file

MOST_METHODS, MOST_LINES = 20, 500
EXEMPT_HEADS = ("class TestShop", "class ShopTest", "class ShopTests", "class Shop(unittest.TestCase)")
HEADS = ("class Shop", "class Shop(Base, metaclass=Meta)", "class Latest", "class Contest")


@dataclass(frozen=True)
class Built:
    """One class. lines: its source, not indented; inner: classes that stand in it, as (path of names, class)."""

    methods: int
    lines: list[str]
    inner: list[tuple[str, "Built"]] = field(default_factory=list)

    def expected(self, name: str) -> dict[str, tuple[int, int]]:
        """Qualified name -> (methods, lines) of what must be found."""
        found = {name: (self.methods, len(self.lines))} if self.is_too_big else {}
        for path, built in self.inner:
            found |= built.expected(f"{name}.{path}")
        return found

    @property
    def is_too_big(self) -> bool:
        return self.methods > MOST_METHODS or len(self.lines) > MOST_LINES


@dataclass(frozen=True)
class Member:
    """What a class body may hold. methods: what it adds to the count; {n}: replaced by a number of its own."""

    methods: int
    text: str


MEMBERS = (
    Member(1, "def m{n}(self):\n    return 1"),
    Member(1, "async def m{n}(self): ..."),
    Member(1, "@staticmethod\ndef m{n}(): pass"),
    Member(1, "@route(\n    'a',\n    methods=[1],\n)\n@classmethod\ndef m{n}(cls): pass"),
    Member(1, "def __m{n}(self): pass"),
    Member(1, "def m{n}(self):\n    def inner(): pass\n    def other(): pass\n    return lambda: inner"),
    Member(1, "@cached_property\ndef m{n}(self): return 1"),
    Member(1, "@property\ndef m{n}(self): return 1\n@m{n}.setter\ndef m{n}(self, to): self.x = to"),
    Member(
        1,
        "@property\ndef m{n}(self): return 1\n\n@m{n}.setter\ndef m{n}(self, to): pass\n\n"
        "@m{n}.deleter\ndef m{n}(self): pass",
    ),
    Member(1, "@overload\ndef m{n}(self, x: int) -> int: ...\n@overload\ndef m{n}(self, x: str) -> str: ...\n"
              "def m{n}(self, x): return x"),
    Member(1, "@typing.overload\nasync def m{n}(self, x: int): ...\n@typing.overload\n"
              "async def m{n}(self, x: str): ...\nasync def m{n}(self, x): return x"),
    Member(1, "if sys.platform == 'win32':\n    def m{n}(self): pass\nelse:\n    def m{n}(self): pass"),
    Member(2, "if sys.version_info > (3, 20):\n    def m{n}(self): pass\n    def k{n}(self): pass"),
    Member(2, "try:\n    import fast\n    def m{n}(self): pass\nexcept ImportError:\n    def k{n}(self): pass"),
    Member(1, "with something:\n    def m{n}(self): pass"),
    Member(1, "def m{n}(self): pass\ndef m{n}(self, again): pass"),
    Member(0, "x{n} = lambda self: 1"),
    Member(0, "x{n}: int = 1"),
    Member(0, "'''\ndef m{n}(self): this is only text\n\n'''"),
    Member(0, "# def m{n}(self): pass\n\n"),
    Member(0, "x{n} = [\n    1,\n\n    2,\n]"),
    Member(0, "m{n} = imported"),
)  # fmt: skip


def build(members: Iterable[Member], head: str, padding: int = 0, inner: Iterable[tuple[bool, Built]] = ()) -> Built:
    """A class of these members. padding: comment lines; inner: (whether it stands in a method, class)."""
    lines, methods, found = [f"{head}:"], 0, []
    for number, member in enumerate(members):
        methods += member.methods
        lines += indented(member.text.replace("{n}", str(number)).split("\n"))
    for number, (is_local, built) in enumerate(inner):
        own = f"Inner{number}"
        renamed = [f"class {own}:", *built.lines[1:]]
        if is_local:
            methods += 1
            lines += indented([f"def holder{number}(self):", *indented(renamed)])
            found.append((f"holder{number}.<locals>.{own}", built))
        else:
            lines += indented(renamed)
            found.append((own, built))
    return Built(methods, [*lines, *["    # as long as can be"] * padding, "    last = 0"], found)


def indented(lines: Iterable[str]) -> list[str]:
    return [f"    {line}" if line else "" for line in lines]


@st.composite
def classes(draw: st.DrawFn, heads: tuple[str, ...] = HEADS, depth: int = 1) -> tuple[str, Built]:
    """(name, class): around the border of either number, more often than not."""
    head = draw(st.sampled_from(heads))
    members = draw(st.lists(st.sampled_from(MEMBERS), max_size=12))
    inner = draw(st.lists(st.tuples(st.booleans(), classes(HEADS[:1], depth - 1)), max_size=2)) if depth else []
    members += [MEMBERS[0]] * draw(st.integers(0, 12))
    bodies = [(is_local, built) for is_local, (_, built) in inner]
    bare = build(members, head, 0, bodies)
    near = MOST_LINES - len(bare.lines) + draw(st.integers(-2, 2))
    padding = draw(st.sampled_from((0, 0, max(near, 0))))
    name = head.removeprefix("class ").partition("(")[0]
    return name, build(members, head, padding, bodies)


def found_in(built: Built, path: str = "shop.py", **policy: object) -> dict[str, tuple[int, int]]:
    """What the detector says, in the words of its message and by its span."""
    found = {}
    for finding in seen_in_file(
        god_class, "\n".join(["import typing", "", *built.lines, "", "after = 1"]), path, **policy
    ):
        methods, lines = finding.message.partition(" has ")[2].split(" and ")
        assert int(lines.split()[0].replace(",", "")) == finding.end - finding.start + 1
        found[finding.symbol] = int(methods.split()[0]), finding.end - finding.start + 1
    return found


@settings(max_examples=80, deadline=None)
@given(classes())
def test_exactly_the_classes_over_a_limit_are_found_with_their_numbers(made: tuple[str, Built]) -> None:
    name, built = made
    assert found_in(built) == built.expected(name)


@settings(max_examples=80, deadline=None)
@given(classes(), st.sampled_from(("tests/shop.py", "pkg/test_shop.py", "pkg/shop_test.py", "conftest.py")))
def test_nothing_is_found_in_test_files_unless_asked_for(made: tuple[str, Built], path: str) -> None:
    name, built = made
    assert found_in(built, path) == {}
    assert found_in(built, path, god_class__include_tests=True) == built.expected(name)


@settings(max_examples=80, deadline=None)
@given(classes(EXEMPT_HEADS, depth=0))
def test_test_classes_are_exempt_wherever_they_stand(made: tuple[str, Built]) -> None:
    name, built = made
    assert found_in(built) == {}
    assert found_in(built, god_class__include_tests=True) == built.expected(name)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.sampled_from(MEMBERS), max_size=25))
def test_limits_of_one_less_and_one_more(members: list[Member]) -> None:
    """Whatever a class is made of, the policy's border runs exactly between its number and the next."""
    built = build(members, "class Shop")
    size = {"god_class__max_lines": len(built.lines)}
    assert found_in(built, god_class__max_methods=built.methods or 1, **size) == {}
    assert built.methods < 2 or found_in(built, god_class__max_methods=built.methods - 1, **size)
    assert found_in(built, god_class__max_methods=99, god_class__max_lines=len(built.lines) - 1)
