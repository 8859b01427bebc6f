"""One input in both versions: what the pair of calls says about the change."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gitops_healer.core.analysis.clusters import template_of
from gitops_healer.core.calls import Seen, SeenEffect
from gitops_healer.core.comparing import TOLD, decoded, differences, exact
from gitops_healer.core.comparing_values import TYPE, without_addresses
from gitops_healer.core.noise import NOTHING, Noise, learn
from gitops_healer.core.quoting import plain
from gitops_healer.core.shadowing import Compared, Differences, Kind, Origin, Rules, Sample

_SHOWN: Final = 160
_UNRECORDED: Final = "UnrecordedCallError"
_LINE: Final = 400

# Texts that are the same for different values: an object shown by its class and address alone, and what was cut.
_SAYS_LITTLE: Final = re.compile(
    r"\A<[^<>]* at 0x[^<>]*>(?: \(not compared.*)?\Z|\.\.\. \([\d,]+ characters\)|\(its repr raises [\w.]+\)\Z",
    re.DOTALL,
)


@dataclass(frozen=True)
class Fix:
    """The failure that a change is to end. errors: types of its exceptions; frames: (file, function) where it was
    raised, innermost ones, nothing when they are not known; wanted: what the function has to return for the input at
    hand, as canonical JSON, None when nobody says."""

    errors: tuple[str, ...] = ()
    frames: frozenset[tuple[str, str]] = frozenset()
    wanted: str | None = None

    def ends(self, seen: Seen) -> bool:
        """Whether this is the failure. Lines do not count: they differ between versions."""
        if seen.ok or seen.lost or _name(seen.error_type) not in map(_name, self.errors):
            return False
        frames = {(file, function) for file, _, function in seen.frames}
        return not self.frames or not frames or not frames.isdisjoint(self.frames)


@dataclass(frozen=True)
class _Said:
    kind: Kind
    told: tuple[str, ...]


def compare(sample: Sample, base: Seen, head: Seen, rules: Rules, *, fix: Fix | None = None) -> Compared:
    """What one input says. Raises ValueError when a rule names no place.

    rules: at `$` for what was returned, at `$arguments`, `$printed`, `$effects` and `$error` for what else was seen.
    """
    said = _said(sample, base, head, rules, fix or Fix())
    return Compared(sample, said.kind, base, head, said.told)


def _said(sample: Sample, base: Seen, head: Seen, rules: Rules, fix: Fix) -> _Said:
    if head.not_made:
        return _Said(Kind.SILENT, ("there was no time for it",))
    if base.lost:
        return _Said(Kind.SILENT, (f"nothing to compare with: the base {_loss(base)}",))
    if not base.ok and _name(head.error_type) == _UNRECORDED:
        return _Said(Kind.SILENT, (f"{_end(base)} → it goes on, and calls what was not recorded",))
    if head.lost:
        return _Said(Kind.REGRESSES, (f"{_end(base)} → {_loss(head).replace('cannot be', 'can no longer be', 1)}",))
    if base.ok and head.ok:
        return _both_returned(sample, base, head, rules, fix)
    if base.ok:
        return _Said(Kind.REGRESSES, (f"{_end(base)} → {_end(head)}{' (on purpose)' if head.deliberate else ''}",))
    if head.ok:
        return _ended_failure(base, head, rules, fix)
    return _both_failed(sample, base, head, rules, fix)


def _both_returned(sample: Sample, base: Seen, head: Seen, rules: Rules, fix: Fix) -> _Said:
    if fix.wanted is not None and base.value is not None and head.value is not None:
        wrong, right = _values(fix.wanted, base.value, rules), _values(fix.wanted, head.value, rules)
        if wrong.told and not right.told:
            return _Said(Kind.IMPROVES, (f"returns what is wanted: {_short(head.value)}", *wrong.told)[:TOLD])
    value, weaker = _returned(base, head, rules)
    rest = _besides(sample, base, head, rules)
    told = (*value.told, *rest.told)
    if told:
        return _Said(Kind.CHANGES, told[:TOLD])
    if not value.compared and not rest.compared:
        return _Said(Kind.SILENT, (f"both returned, and {_nothing(value)}",))
    if value.compared and not weaker and exact(base.value or "", head.value or "") and not rest.noisy:
        return _Said(Kind.AGREES, (f"the same to the letter{_also(rest)}",))
    noisy = len(value.noisy) + len(rest.noisy)
    left = f", {noisy} of noise left out" if noisy else ""
    weaker = weaker if value.compared else f", but of the result {_nothing(value)}"
    return _Said(Kind.AGREES, (f"the same in {_places(value.compared + rest.compared)}{left}{weaker}",))


def _nothing(value: Differences) -> str:
    """Why nothing of a result was compared, in words."""
    return f"all that differs is noise ({_short(', '.join(value.noisy))})" if value.noisy else "nothing can be compared"


def _places(count: int) -> str:
    return f"{count:,} place{'s' * (count != 1)}"


def _also(rest: Differences) -> str:
    return f", and in {_places(rest.compared)} of what it did besides" if rest.compared else ""


def _returned(base: Seen, head: Seen, rules: Rules) -> tuple[Differences, str]:
    """Differences of results, and what has to be said about them."""
    if base.value is not None and head.value is not None:
        return _values(base.value, head.value, rules), ""
    one, other = without_addresses(base.detail), without_addresses(head.detail)
    if not one and not other:
        return Differences(), ""
    found = differences(one, other, rules)
    if not found.told and _SAYS_LITTLE.search(one):
        return Differences(), ""
    weaker = ", by how the result is shown only: it cannot be written down"
    return Differences(tuple(line + weaker for line in found.told), found.noisy, found.compared), weaker


def _values(left: str, right: str, rules: Rules) -> Differences:
    """Of two texts of JSON. The same text counts as one place, unless it may be of things that say nothing."""
    if not exact(left, right):
        return differences(decoded(left), decoded(right), rules)
    return differences(decoded(left), decoded(right), Rules()) if TYPE in left else Differences(compared=1)


def _besides(sample: Sample, base: Seen, head: Seen, rules: Rules) -> Differences:
    """Differences of arguments afterwards, of what was printed and of effects."""
    parts = list[Differences]()
    if base.arguments or head.arguments:
        given = f"[{sample.given[0]},{sample.given[1]}]"
        left, right = base.arguments or given, head.arguments or given
        same = exact(left, right)
        parts.append(
            Differences(compared=1) if same else differences(_by_name(left), _by_name(right), rules, "$arguments")
        )
    if base.printed or head.printed:
        parts.append(differences(base.printed.splitlines(), head.printed.splitlines(), rules, "$printed"))
    if base.effects or head.effects:
        parts.append(_effects(base.effects, head.effects, rules))
    told = tuple(line for part in parts for line in part.told)
    noisy = tuple(place for part in parts for place in part.noisy)
    return Differences(told, noisy, sum(part.compared for part in parts))


def _by_name(arguments: str) -> Any:
    """Arguments by position or name: what is noise in one is none in the others."""
    match decoded(arguments):
        case [list(args), dict(kwargs)]:
            return {**{str(at): value for at, value in enumerate(args)}, **kwargs}
        case other:
            return other


def _effects(base: Sequence[SeenEffect], head: Sequence[SeenEffect], rules: Rules) -> Differences:
    """In order, kind by kind: what a file and a socket get does not depend on which was first."""
    kinds = sorted({effect.kind for effect in (*base, *head)})
    found = differences(_by_kind(base, kinds), _by_kind(head, kinds), rules, "$effects")
    if not found.told:
        return found
    gone, new = Counter(base) - Counter(head), Counter(head) - Counter(base)
    told = [plain(f"no longer does: {effect.kind}: {effect.what}", _LINE) for effect in gone]
    told += [plain(f"does what it did not: {effect.kind}: {effect.what}", _LINE) for effect in new]
    return Differences(tuple(told[:TOLD]) or found.told, found.noisy, found.compared)


def _by_kind(effects: Sequence[SeenEffect], kinds: Sequence[str]) -> dict[str, list[str]]:
    return {kind: [effect.what for effect in effects if effect.kind == kind] for kind in kinds}


def _ended_failure(base: Seen, head: Seen, rules: Rules, fix: Fix) -> _Said:
    told = f"{_end(base)} → {_end(head)}"
    if fix.ends(base):
        if fix.wanted is not None and head.value is not None:
            wrong = _values(fix.wanted, head.value, rules).told
            if wrong:
                return _Said(Kind.CHANGES, (f"{told}, but something else is wanted", *wrong)[:TOLD])
        return _Said(Kind.IMPROVES, (f"{told}: the failure that is to end",))
    if base.deliberate:
        return _Said(Kind.CHANGES, (f"{told}: it was refused on purpose",))
    return _Said(Kind.IMPROVES, (told,))


def _both_failed(sample: Sample, base: Seen, head: Seen, rules: Rules, fix: Fix) -> _Said:
    alike = base.error_type == head.error_type and _same_text(base, head, rules)
    if not alike and sample.origin is Origin.GENERATED and not (base.deliberate or head.deliberate):
        return _Said(Kind.SILENT, (f"both crash on what was made up: {_end(base)} → {_end(head)}",))
    if not alike and not (fix.ends(base) and head.deliberate):
        return _Said(Kind.CHANGES, (f"{_end(base)} → {_end(head)}",))
    rest = _besides(sample, base, head, rules)
    if rest.told:
        return _Said(Kind.CHANGES, (f"both fail ({_end(head)}), and before that differ", *rest.told)[:TOLD])
    if alike:
        return _Said(Kind.AGREES, (f"both fail alike: {_end(head)}",))
    return _Said(Kind.AGREES, (f"still fails, now on purpose: {_end(base)} → {_end(head)}",))


def _same_text(base: Seen, head: Seen, rules: Rules) -> bool:
    """Whether two exceptions say the same. What the project raises says what it says, numbers too; of what Python
    raises they are details."""
    one, other = without_addresses(base.detail), without_addresses(head.detail)
    if not (base.deliberate and head.deliberate):
        return template_of(one) == template_of(other)
    return not differences(one, other, rules, "$error").told


def _end(seen: Seen) -> str:
    """How a call ended, in words."""
    if seen.ok:
        return f"returned {_short(seen.value if seen.value is not None else seen.detail)}"
    return _short(f"{_name(seen.error_type)}: {seen.detail}" if seen.detail else _name(seen.error_type))


def _loss(seen: Seen) -> str:
    """Why nothing was learned of a call, in words."""
    words = _LOSSES.get(_name(seen.error_type), f"was lost ({_name(seen.error_type)})")
    return f"{words} ({_short(seen.detail)})" if seen.detail else words


_LOSSES: Final = {
    "TimedOut": "did not finish in time",
    "Crashed": "ended its process",
    "Uncallable": "cannot be called",
    "Forbidden": "tried what is not allowed here",
}


def _name(error_type: str) -> str:
    return error_type.rpartition(".")[2]


def _short(text: str) -> str:
    return plain(text, _SHOWN)


def learn_seen(runs: Sequence[Sequence[Seen]], *, tolerance: float = 1e-9) -> Noise:
    """Noise of results, arguments, prints, effects and texts of exceptions. runs[r][i]: run r of the base on input i.
    Whether a call fails each time is another question."""
    noise = Noise()
    for root, seen_there in _DOCUMENTS.items():
        noise |= learn([[seen_there(seen) for seen in run] for run in runs], tolerance=tolerance, root=root)
    return noise


def _result(seen: Seen) -> Any:
    if not seen.ok:
        return NOTHING
    return decoded(seen.value) if seen.value is not None else without_addresses(seen.detail)


def _of_effects(seen: Seen) -> Any:
    return _by_kind(seen.effects, sorted({effect.kind for effect in seen.effects})) if not seen.lost else NOTHING


_DOCUMENTS: Final[dict[str, Callable[[Seen], Any]]] = {
    "$": _result,
    "$arguments": lambda seen: _by_name(seen.arguments) if seen.arguments else NOTHING,
    "$printed": lambda seen: seen.printed.splitlines() if not seen.lost else NOTHING,
    "$effects": _of_effects,
    "$error": lambda seen: without_addresses(seen.detail) if not (seen.ok or seen.lost) else NOTHING,
}
