"""What an expression may be, as far as its text tells."""

from dataclasses import dataclass
from enum import Enum

MUTATING = frozenset(
    """
    append extend insert remove pop clear sort reverse add discard update setdefault popitem appendleft popleft
    extendleft rotate move_to_end subtract difference_update intersection_update symmetric_difference_update
    """.split()
)
"""Methods of the builtin containers and those of `collections` that change what they are called on."""


class Kind(Enum):
    """FUNCTION, CLASS, MODULE, OBJECT: of the project; OUTER: a module, class or function from outside; MADE: what a
    call of something from outside gave, or a literal; PARAMETER: whatever a caller gives."""

    FUNCTION = "function"
    CLASS = "class"
    MODULE = "module"
    OBJECT = "object"
    OUTER = "outer"
    MADE = "made"
    PARAMETER = "parameter"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Value:
    """What an expression may be. name: qualified name in the file `path`, or a dotted name from outside, or that of a
    parameter, whose function is `owner`; of: the class (path, name) on whose object a method is called; items: what a
    container holds; given: objects of known classes that a function gets for parameters that do not say what they are;
    around: the function in which it stands, when that is being read."""

    kind: Kind
    name: str = ""
    path: str = ""
    of: tuple[str, str] = ("", "")
    owner: str = ""
    bound: bool = False
    items: tuple["Value", ...] = ()
    given: tuple[tuple[str, tuple["Value", ...]], ...] = ()
    around: "Value | None" = None


@dataclass(frozen=True)
class Origin:
    """Where something lives that outlives the call: a parameter of the function `owner` in `path`, or, without an
    owner, state of the program that is called `name`."""

    name: str
    path: str = ""
    owner: str = ""


@dataclass(frozen=True)
class Known:
    """origins: of the value itself; inner: of what it holds."""

    values: tuple[Value, ...] = ()
    origins: frozenset[Origin] = frozenset()
    inner: frozenset[Origin] = frozenset()

    def __or__(self, other: "Known") -> "Known":
        values = tuple(dict.fromkeys((*self.values, *other.values)))[:8]
        return Known(values, self.origins | other.origins, self.inner | other.inner)

    @property
    def items(self) -> "Known":
        """What it holds, as far as that is known."""
        found = tuple(dict.fromkeys(item for value in self.values for item in value.items))
        complete = all(value.items or value.kind is Kind.MADE for value in self.values)
        return Known(found if found and complete else (UNKNOWN,), self.origins | self.inner, self.origins | self.inner)


UNKNOWN = Value(Kind.UNKNOWN)
NOTHING = Known((UNKNOWN,))


def made(name: str, *items: Value) -> Value:
    return Value(Kind.MADE, name, items=tuple(dict.fromkeys(items))[:8])
