"""Code that stands in more than one place."""

from collections.abc import Iterable, Iterator
from math import log2

from gitops_healer.code.model import CodeModel
from gitops_healer.code.roles import is_test_path
from gitops_healer.core.finding import Finding, Risk, Severity, fingerprint
from gitops_healer.core.scanning import CloneFamily, Place
from gitops_healer.registry import Scene, detector

_MOST_PLACES = 20
_MANY_LINES, _MANY_COPIES = 40, 4
"""From so many lines too many, or so many copies, it is more than a small flaw."""
_KINDS = {
    1: "the same but for layout, comments and docstrings",
    2: "the same but for names and literals",
    3: "alike, with statements that differ",
}


@detector(reads="code")
def duplicate_code(scene: Scene) -> Iterable[Finding]:
    """Functions that are copies of each other, and runs of equal statements.

    What it is: functions of at least `min_lines` lines and `min_tokens` syntax tree nodes (names and values do not
    count) of which a share of `similarity` is the same, and which also agree in what they call and which attributes
    they use; and runs of six statements or more that differ in names of variables and literals alone. Exact copies
    may be a line shorter. All copies of one thing are one finding.

    Why it matters: what is wrong in one of them is wrong in all of them, and is usually mended in one.

    Silent: imports, tables and lists of similar lines; code that is alike only because a framework wants it so; and,
    unless `include_tests` is true, what has all its copies in tests (`global_issues.duplicate_patterns` of the JSON
    has those too).

    How to fix: the evidence tells what differs between the copies: that becomes the parameters of the one function
    that takes their place. Copies in tests alone are told last.
    """
    include_tests = scene.settings.detection.duplicate_code.include_tests
    for family in scene.code.families():
        if include_tests or not all(is_test_path(place.path) for place in family.places):
            yield _finding(scene.code, family)


def _finding(model: CodeModel, family: CloneFamily) -> Finding:
    first, copies = family.places[0], len(family.places)
    repeated = sum(map(_lines, family.places)) - max(map(_lines, family.places))
    is_tests = all(is_test_path(place.path) for place in family.places)
    is_heavy = repeated >= _MANY_LINES or copies >= _MANY_COPIES
    symbols = ", ".join(sorted({place.symbol for place in family.places}))
    return Finding(
        duplicate_code.name,
        first.path,
        _symbol(model, first),
        first.start,
        first.end,
        Severity.MEDIUM if is_heavy and not is_tests else Severity.LOW,
        f"{_called(model, first)} stands in {copies} places, {_KINDS[family.kind]}: {repeated:,} lines too many",
        fingerprint(duplicate_code.name, symbols, family.shape),
        risk=Risk.MEDIUM if family.kind == 3 or copies > _MANY_COPIES else Risk.LOW,
        priority=_priority(repeated, family.kind, is_tests),
        evidence=tuple(_evidence(model, family)),
        others=tuple(sorted({place.path for place in family.places} - {first.path})),
    )


def _priority(repeated: int, kind: int, is_tests: bool) -> int:
    """1 for tests; else more with each doubling of what is repeated, less where the copies have grown apart."""
    return 1 if is_tests else max(2, min(7, int(log2(repeated)) - (kind == 3)))


def _evidence(model: CodeModel, family: CloneFamily) -> Iterator[str]:
    for place in family.places[:_MOST_PLACES]:
        yield f"{_called(model, place)} ({place.path}:{place.start}-{place.end})"
    if len(family.places) > _MOST_PLACES:
        yield f"and {len(family.places) - _MOST_PLACES} more places"
    if family.kind == 3:
        yield f"{family.similarity:.0%} is the same where they differ most"
    yield from (f"differs: {text}" for text in family.varies)


def _lines(place: Place) -> int:
    return place.end - place.start + 1


def _symbol(model: CodeModel, place: Place) -> str:
    module = model.module_name(place.path) or place.path
    return f"{module}.{place.symbol}" if place.symbol else module


def _called(model: CodeModel, place: Place) -> str:
    return _symbol(model, place) if place.symbol else f"a part of {_symbol(model, place)}"
