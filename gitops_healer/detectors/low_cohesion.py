"""Classes whose methods have nothing to do with each other."""

from collections import Counter
from collections.abc import Iterable, Sequence

from gitops_healer.code.cohesion import Uses, lcom4, shared_state, uses_of
from gitops_healer.code.facts import ClassFacts
from gitops_healer.core.codec import digest
from gitops_healer.core.finding import Finding, Risk, Severity, fingerprint
from gitops_healer.detectors._classes import is_test_class
from gitops_healer.registry import FileView, file_detector

_MOST_NAMES = 8
_EXEMPT_BASES = frozenset(
    {"Protocol", "ABC", "Enum", "IntEnum", "StrEnum", "Flag", "IntFlag", "TypedDict", "NamedTuple"}
)
_EXEMPT_DECORATORS = frozenset({"dataclass", "define", "frozen", "mutable", "attrs", "s", "attr", "runtime_checkable"})
_PROTOCOLS = frozenset(
    {"__getitem__", "__setitem__", "__iter__", "__contains__", "__len__", "__call__", "__getattr__", "__getattribute__"}
)


@file_detector
def low_cohesion(view: FileView) -> Iterable[Finding]:
    """A class that is two classes under one name: groups of methods that share nothing.

    What it is: LCOM4 (Hitz & Montazeri 1995) joins methods that use the same attribute of their object, also one that
    is inherited, or of which one uses the other, called or not. Found are classes where at least two of the groups
    that are left have `min_methods` (3) methods or more, and state: an attribute that two of them use. Single methods
    that stand apart are not counted, since they are often rightly there. Constructors and other methods with double
    underscores join nothing, because constructors touch everything; methods that use nothing of their object have no
    say.

    Why it matters: each group can be understood, tested and changed without the other, but nobody can see that.

    Silent: in tests; for dataclasses, protocols, abstract base classes, enumerations and typed dictionaries; and for
    containers, callables and classes with `__getattr__`, whose methods use each other through the language
    (`self[key]`, `len(self)`, `self()`), which the measure does not see; and for visitors: classes where half of the
    methods share the first word of their name (`visit_x`), which are called by name.

    How to fix: make each group a class of its own. When the groups belong together for those who call them, let a
    small class hold one of each.
    """
    least = view.settings.detection.low_cohesion.min_methods
    for found in () if view.is_test else view.facts.classes:
        if len(found.methods) < 2 * least:
            continue
        span = view.facts.definitions[found.index]
        uses = uses_of(found)
        groups = [group for group in lcom4(uses) if len(group) >= least and shared_state(group, uses)]
        if len(groups) < 2 or _is_exempt(span.name, found) or _is_visitor(uses):
            continue
        yield Finding(
            low_cohesion.name,
            view.path,
            span.qualname,
            span.start,
            span.end,
            Severity.LOW,
            f"{span.name} holds {len(groups)} groups of methods that share nothing",
            fingerprint(low_cohesion.name, span.qualname, digest(sorted(uses))),
            risk=Risk.MEDIUM,
            priority=2,
            evidence=tuple(_described(group, uses) for group in groups),
        )


def _is_exempt(name: str, found: ClassFacts) -> bool:
    bases = {base.rpartition(".")[2] for base in found.bases}
    decorators = {part for decorator in found.decorators for part in decorator.split(".")}
    protocols = _PROTOCOLS.intersection(method.name for method in found.methods)
    return bool(bases & _EXEMPT_BASES or decorators & _EXEMPT_DECORATORS or protocols) or is_test_class(
        name, found.bases
    )


def _is_visitor(uses: Uses) -> bool:
    words = Counter(name.strip("_").partition("_")[0] for name in uses if "_" in name.strip("_"))
    return max(words.values(), default=0) * 2 >= len(uses)


def _described(group: Sequence[str], uses: Uses) -> str:
    more = len(group) - _MOST_NAMES
    names = ", ".join(group[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
    return f"{names} share {', '.join(shared_state(group, uses)[:_MOST_NAMES])}"
