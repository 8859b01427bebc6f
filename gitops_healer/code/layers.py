"""Imports against the order of the layers, declared ones or those that nearly all imports follow."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

_RARE_SHARE = 0.1
_RARE_LINES = 3
_RATHER_MANY = 10
"""So many imports between two packages there must be before their direction means anything."""
_PACKAGE_DEPTH = 2
_MIN_MODULES = 3


class ImportLine(NamedTuple):
    """One import between modules, by their dotted names. lazy: not run while the importer is imported."""

    source: str
    target: str
    path: str
    line: int
    lazy: bool


class Violation(NamedTuple):
    """A module imports one that stands above it. lower, upper: the packages (layers) of importer and imported;
    lines: of the imports; lazy: whether none of them runs while the importer is imported; inferred: nobody declared
    the layers; along, against: how many imports there are between the two in either direction, when inferred."""

    source: str
    target: str
    path: str
    lines: tuple[int, ...]
    lazy: bool
    lower: str
    upper: str
    inferred: bool
    along: int = 0
    against: int = 0
    siblings: bool = False

    @property
    def message(self) -> str:
        if self.siblings:
            return f"{self.source} imports {self.target}, although {self.lower} and {self.upper} stand side by side"
        if not self.inferred:
            return f"{self.source} imports {self.target}, although {self.lower} stands below {self.upper}"
        share = f"{self.along} of {self.along + self.against} imports between {self.upper} and {self.lower}"
        return f"{self.source} imports {self.target}, against the direction of {share}"


class Layers:
    """Declared layers. Each is a dotted package prefix or several that stand side by side: in a list they may import
    each other, in one text joined by `|` they may not."""

    def __init__(self, declared: Sequence[str | Sequence[str]]) -> None:
        self._level: dict[str, int] = {}
        self._apart: dict[str, str] = {}
        for level, layer in enumerate(declared):
            for text in [layer] if isinstance(layer, str) else layer:
                names = [part.strip() for part in text.split("|")]
                self._level.update(dict.fromkeys(names, level))
                self._apart.update(dict.fromkeys(names, text))
        self._known: dict[str, str] = {}

    def layer_of(self, module: str) -> str:
        """The longest declared prefix, "" when there is none."""
        if module not in self._known:
            name = module
            while name and name not in self._level:
                name = name.rpartition(".")[0]
            self._known[module] = name
        return self._known[module]

    def forbids(self, lower: str, upper: str) -> bool:
        """Whether the first may not import the second."""
        if not lower or not upper or lower == upper:
            return False
        if self._level[lower] == self._level[upper]:
            return self._apart[lower] == self._apart[upper]
        return self._level[lower] > self._level[upper]

    def beside(self, one: str, other: str) -> bool:
        return self._level[one] == self._level[other]


def against_declared(imports: Iterable[ImportLine], layers: Layers) -> tuple[Violation, ...]:
    """One for each importer and imported module."""
    pairs = _by_pair(imports)
    found = []
    for (source, target), lines in sorted(pairs.items()):
        lower, upper = layers.layer_of(source), layers.layer_of(target)
        if layers.forbids(lower, upper):
            found.append(_violation(lines, lower, upper, False, siblings=layers.beside(lower, upper)))
    return tuple(found)


def against_inferred(imports: Iterable[ImportLine], modules: Iterable[str]) -> tuple[Violation, ...]:
    """Imports between two packages in the direction that at most a tenth of them, and at most three lines, take.

    Packages are those directly below a root package, with at least three modules.
    """
    unit = {module: unit_of(module) for module in modules}
    sizes = Counter(unit.values())
    between: dict[tuple[str, str], list[ImportLine]] = {}
    for item in imports:
        lower, upper = unit.get(item.source, ""), unit.get(item.target, "")
        if lower != upper and sizes[lower] >= _MIN_MODULES and sizes[upper] >= _MIN_MODULES:
            between.setdefault((lower, upper), []).append(item)
    found = []
    for (lower, upper), back in sorted(between.items()):
        along = between.get((upper, lower), ())
        if _same_root(lower, upper) and _is_rare(len(back), len(along)):
            for _, lines in sorted(_by_pair(back).items()):
                found.append(_violation(lines, lower, upper, True, len(along), len(back)))
    return tuple(found)


def unit_of(module: str) -> str:
    """The package directly below the root package to which a module belongs, or the module itself."""
    return ".".join(module.split(".", _PACKAGE_DEPTH)[:_PACKAGE_DEPTH])


def _same_root(one: str, other: str) -> bool:
    return "." in one and "." in other and one.partition(".")[0] == other.partition(".")[0]


def _is_rare(back: int, along: int) -> bool:
    both = back + along
    return both >= _RATHER_MANY and back <= _RARE_LINES and back <= _RARE_SHARE * both


def _by_pair(imports: Iterable[ImportLine]) -> Mapping[tuple[str, str], list[ImportLine]]:
    found: dict[tuple[str, str], list[ImportLine]] = {}
    for item in imports:
        found.setdefault((item.source, item.target), []).append(item)
    return found


def _violation(
    imports: Sequence[ImportLine],
    lower: str,
    upper: str,
    inferred: bool,
    along: int = 0,
    against: int = 0,
    siblings: bool = False,
) -> Violation:
    first = imports[0]
    return Violation(
        first.source,
        first.target,
        first.path,
        tuple(sorted({item.line for item in imports})),
        all(item.lazy for item in imports),
        lower,
        upper,
        inferred,
        along,
        against,
        siblings,
    )
