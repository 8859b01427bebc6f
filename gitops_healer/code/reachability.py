"""Which definitions nothing mentions, and how sure one can be that they are dead.

A name counts as used wherever it is read, imported or spelled in a string, in any file: that finds less than there is
and seldom accuses what lives.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Self

from gitops_healer.code.facts import ClassFacts, Definition, Facts

# As judged by hand on about 50 findings in a dozen projects: private functions and functions inside of functions were
# dead, but for those that an extension module outside of the tree called; of private methods five in six.
_CERTAIN = 0.95
_LIKELY = 0.85
_HOOK_AT_HOME = 0.8
_PUBLIC = 0.85
_HOOK_ABROAD = 0.6
_PUBLIC_OF_LIBRARY = 0.6
_PLAIN_BASES = frozenset({"object", "Generic", "ABC"})
_FAMILY = 3
"""So many methods of a class that share the first part of their name, and that nobody mentions, are called by names
that are put together (`visit_x`)."""
_TEST_NAMES = re.compile(r"test|setUp|tearDown|setup_|teardown_|Test|pytest_")
_MAKER = re.compile(r"_*[A-Za-z0-9]+_")


class Candidate(NamedTuple):
    """A definition that its own file does not mention. kind: function, class, method or local function; confidence:
    that it is dead if no other file mentions it either and this is no library; public: whether others may import it
    by convention."""

    qualname: str
    kind: str
    start: int
    end: int
    shape: str
    confidence: float
    public: bool

    @property
    def name(self) -> str:
        return self.qualname.rpartition(".")[2]

    @classmethod
    def read(cls, row: Sequence[Any]) -> Self:
        return cls(*row)


class Dead(NamedTuple):
    """A candidate that no file mentions. confidence: from 0 to 1; reason: why not surer, "" when it is as sure as
    it gets."""

    path: str
    candidate: Candidate
    confidence: float
    reason: str = ""


def candidates(facts: Facts) -> tuple[Candidate, ...]:
    """What of a file could be dead, judged by this file alone: a small column to keep.

    Nothing that is decorated (it may be registered somewhere), exported, called by the language, or
    an overload or accessor; and nothing next to `globals()`, `locals()`, `eval` and the like.
    """
    mentioned = set(facts.details.mentions).union(facts.exports or ())
    classes = {item.index: item for item in facts.classes}
    owner = {method.index: item for item in facts.classes for method in item.methods}
    looked_up = _looked_up(facts)
    decorated_classes = {facts.definitions[item.index].qualname for item in facts.classes if item.decorators}
    found = [
        _candidate(item, facts, owner.get(number))
        for number, item in enumerate(facts.definitions)
        if item.name not in mentioned
        and not (item.decorated or item.accessory or _is_protocol(item.name) or _TEST_NAMES.match(item.name))
        and not (number in classes and _is_registered(classes[number]))
        and item.qualname.rpartition(".")[0] not in decorated_classes
        and item.qualname.rpartition(".")[0].removesuffix(".<locals>") not in looked_up
    ]
    return tuple(_without_families(found))


def _is_protocol(name: str) -> bool:
    """Names that the language or a library calls: `__len__`, `_repr_html_`, `_missing_`."""
    return name.startswith("_") and name.endswith("_")


_BY_NAME = frozenset({"globals", "locals", "vars", "eval", "exec"})


def _looked_up(facts: Facts) -> set[str]:
    """Functions ("" for the module) whose names may be looked up by what is only known at run time."""
    found = {
        item.qualname
        for item, calls in zip(facts.definitions, facts.details.calls, strict=False)
        if not _BY_NAME.isdisjoint(calls)
    }
    return found | ({""} if found or not _BY_NAME.isdisjoint(facts.details.outer_calls) else set())


def _is_registered(found: ClassFacts) -> bool:
    """Classes that have bases may be found by `__subclasses__`, a metaclass or a framework."""
    return any(_last(base) not in _PLAIN_BASES for base in found.bases)


def _candidate(item: Definition, facts: Facts, owner: ClassFacts | None) -> Candidate:
    public = not item.name.startswith("_")
    if ".<locals>." in item.qualname and owner is None:
        return _made(item, "local function", _CERTAIN, False)
    if owner is None:
        kind = "class" if item.is_class else "function"
        return _made(item, kind, _PUBLIC if public else _CERTAIN, public)
    ceiling = _hook_confidence(facts, owner)
    return _made(item, "method", min(ceiling, _PUBLIC if public else _LIKELY), public)


def _made(item: Definition, kind: str, confidence: float, public: bool) -> Candidate:
    return Candidate(item.qualname, kind, item.start, item.end, item.shape, confidence, public)


def _hook_confidence(facts: Facts, owner: ClassFacts) -> float:
    """How sure one is that no base class of another project calls a method of this name."""
    by_name = {facts.definitions[item.index].qualname: item for item in facts.classes}
    relative = {bound for item in facts.imports if item.level for _, bound in item.names}
    confidence, seen, waiting = _CERTAIN, {owner.index}, list(owner.bases)
    while waiting:
        base = waiting.pop()
        known = by_name.get(base)
        if known is not None:
            if known.index not in seen:
                seen.add(known.index)
                waiting.extend(known.bases)
        elif _last(base) not in _PLAIN_BASES:
            confidence = min(confidence, _HOOK_AT_HOME if base.partition(".")[0] in relative else _HOOK_ABROAD)
    return confidence


def _without_families(found: Iterable[Candidate]) -> Iterator[Candidate]:
    """Without methods and functions that seem to be called by names put together."""
    listed = list(found)
    counted: dict[tuple[str, str], int] = {}
    for item in listed:
        for prefix in _families(item):
            counted[prefix] = counted.get(prefix, 0) + 1
    yield from (item for item in listed if max((counted[p] for p in _families(item)), default=0) < _FAMILY)


def _families(item: Candidate) -> list[tuple[str, str]]:
    match = _MAKER.match(item.name)
    return [(item.qualname.rpartition(".")[0], match[0])] if match else []


def dead(
    candidates_by_path: Mapping[str, Iterable[Candidate]],
    mention_counts: Mapping[str, int],
    is_library: bool,
    least: float = 0.0,
) -> tuple[Dead, ...]:
    """Candidates that no file mentions, by path and line.

    mention_counts: how many files mention a name; is_library: whether other projects may import public names; least:
    confidence below which nothing is said.
    """
    found = []
    for path, own in candidates_by_path.items():
        for item in own:
            if item.confidence < least or _is_mentioned(item, mention_counts):
                continue
            confidence, reason = item.confidence, ""
            if item.public and is_library and not _is_private_path(path):
                confidence, reason = min(confidence, _PUBLIC_OF_LIBRARY), "other projects may import it"
            elif item.confidence < _CERTAIN:
                reason = (
                    "something may call it on an object that it is given"
                    if item.kind == "method"
                    else "something outside may use it"
                )
            if confidence >= least:
                found.append(Dead(path, item, confidence, reason))
    return tuple(sorted(found, key=lambda one: (one.path, one.candidate.start)))


def _is_mentioned(item: Candidate, mentions: Mapping[str, int]) -> bool:
    if mentions.get(item.name) or _is_put_together(item, mentions):
        return True
    return item.name.startswith("__") and bool(mentions.get(_mangled(item)))


def _mangled(item: Candidate) -> str:
    """What `__name` in the body of a class is for everybody else."""
    owner = item.qualname.rpartition(".")[0].rpartition(".")[2]
    return f"_{owner.lstrip('_')}{item.name}"


def _is_put_together(item: Candidate, mentions: Mapping[str, int]) -> bool:
    """Whether a piece of its name, such as `visit_` or `_handler`, is mentioned by itself."""
    name = item.name
    cuts = [place for place in range(1, len(name) - 1) if name[place] == "_"]
    if any(name[: place + 1].strip("_") and mentions.get(name[: place + 1]) for place in cuts):
        return True
    return item.kind != "local function" and any(mentions.get(name[place:]) for place in cuts)


def _is_private_path(path: str) -> bool:
    """Whether a file or a folder that it lies in has a private name."""
    return any(part.startswith("_") and not part.startswith("__") for part in path.split("/"))


def _last(dotted: str) -> str:
    return dotted.rpartition(".")[2]


def spelled(names: Iterable[str], text: bytes) -> frozenset[str]:
    """Which names that are defined in a file its text also spells anywhere else (in a comment, in an example, in code
    kept as a string), or puts together from a format such as `"visit_%s"` or `f"get_{x}_url"`."""
    formats = {(match[1].decode(), match[2].decode()) for match in _FORMAT.finditer(text)}
    return frozenset(name for name in names if _fits(name, formats) or _stands_undefined(text, name.encode()))


_FORMAT = re.compile(rb"(?a:(\w*)(?:%(?:\(\w+\))?s|\{[^{}\n]*\})(\w*))")
_DEFINES = (b"def ", b"class ")


def _fits(name: str, formats: Iterable[tuple[str, str]]) -> bool:
    """Whether words of the name stand before or after a hole, and others in it."""
    return any(
        ((left.endswith("_") and len(left) > 1) or (right.startswith("_") and len(right) > 1))
        and len(left) + len(right) < len(name)
        and name.startswith(left)
        and name.endswith(right)
        for left, right in formats
    )


def _stands_undefined(text: bytes, name: bytes) -> bool:
    return any(not text[max(0, place - 6) : place].endswith(_DEFINES) for place in _places(text, name))


def stands_in(text: bytes, name: bytes) -> bool:
    """Whether a name stands in a text as a whole word."""
    return next(_places(text, name), None) is not None


def _places(text: bytes, name: bytes) -> Iterator[int]:
    place = text.find(name)
    while place >= 0:
        end = place + len(name)
        begins = name.startswith(b"__") or not _is_word(text[max(0, place - 1) : place])  # or it is mangled
        if begins and not _is_word(text[end : end + 1]):
            yield place
        place = text.find(name, end)


def _is_word(byte: bytes) -> bool:
    return byte.isalnum() or byte == b"_"
