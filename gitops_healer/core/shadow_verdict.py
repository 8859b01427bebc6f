"""What shadow runs say about a change, in figures and in a sentence. Pure."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gitops_healer.core.aim import Aim
from gitops_healer.core.calls import Input
from gitops_healer.core.shadowing import Compared, Kind, Origin, Shadowed, breakage_bound
from gitops_healer.core.verdict import Outcome

_SHOWN = 5
_DIFFERING = (Kind.REGRESSES, Kind.CHANGES, Kind.IMPROVES)
_LONGEST = 160


@dataclass(frozen=True)
class Gate:
    """agreement: least share of compared inputs on which both versions agree; mismatches: most that may be confirmed;
    by_test: whether the flaw is one that a failing test shows, which recorded calls that passed may have, too."""

    agreement: float
    mismatches: int
    by_test: bool = False


@dataclass(frozen=True)
class Ruling:
    """outcome: of the gate; reason: a sentence with figures; details: lines for those who want to know more; approval:
    what a maintainer has to accept, "" for nothing."""

    outcome: Outcome
    reason: str
    details: tuple[str, ...] = ()
    approval: str = ""


def ruling(aim: Aim, runs: Sequence[Shadowed], gate: Gate) -> Ruling:
    """The gate's word on all functions of a change together.

    What counts: of a change that keeps the behaviour every input; of one that mends it those that worked: recorded
    calls that passed, declared cases, calls by passing tests. Made-up inputs of a mended function have no known truth:
    what changes there is told, and judged by people. Nothing that was compared is nothing that was proved.
    """
    details = tuple(_details(runs))
    pairs = [pair for run in runs for pair in run.compared if pair.kind is not Kind.SILENT]
    if not pairs:
        return Ruling(Outcome.SKIPPED, _why_nothing(runs), details)
    if aim is Aim.OBEYS:
        other = sum(pair.kind is not Kind.AGREES for pair in pairs)
        reason = f"a maintainer ordered it; on {other} of {_inputs(len(pairs))} it gives something else than before"
        return Ruling(Outcome.SKIPPED, reason, details)
    counted = [pair for pair in pairs if aim is Aim.KEEPS or _worked(pair)]
    wrong = [pair for pair in counted if pair.kind in (Kind.REGRESSES, Kind.CHANGES)]
    regressed = [pair for pair in wrong if pair.confirmed and pair.kind is Kind.REGRESSES]
    changed = [pair for pair in wrong if pair.confirmed and pair.kind is Kind.CHANGES]
    figures = _figures(runs, pairs, counted)
    if len(regressed) > gate.mismatches:
        return Ruling(Outcome.FAILED, f"fails on {_wrong(wrong, regressed)}; {figures}", details)
    if len(changed) > gate.mismatches and not (aim is Aim.MENDS and gate.by_test):
        return Ruling(Outcome.FAILED, f"gives something else on {_wrong(wrong, changed)}; {figures}", details)
    if missed := _not_mended(aim, pairs):
        return Ruling(Outcome.FAILED, f"{missed}; {figures}", details)
    agreeing = len(counted) - len(wrong)
    if counted and agreeing / len(counted) < gate.agreement:
        reason = (
            f"agrees on {agreeing} of {_inputs(len(counted))} that worked, {gate.agreement:.0%} are asked "
            f"(proof.shadow.agreement): {_example(wrong)}"
        )
        return Ruling(
            Outcome.SKIPPED, reason, details, f"it agrees on {agreeing} of {_inputs(len(counted))} that worked"
        )
    return Ruling(Outcome.PASSED, figures, details, _doubt(pairs, gate))


def _doubt(pairs: Sequence[Compared], gate: Gate) -> str:
    """What a person has to look at: made-up inputs that worked and crash now, when they are more than the gate lets
    differ (some are nonsense). To refuse them on purpose may be the wanted change, and to give something else, too."""
    worked = [pair for pair in pairs if not _worked(pair) and pair.base.ok]
    crashing = [pair for pair in worked if pair.kind is Kind.REGRESSES and not pair.head.deliberate]
    if not any(pair.confirmed for pair in crashing) or len(crashing) <= (1 - gate.agreement) * len(worked):
        return ""
    return f"it fails on {_count(len(crashing))} made up that worked: {_example(crashing)}"


def _worked(pair: Compared) -> bool:
    return pair.sample.origin is not Origin.GENERATED and not pair.sample.failed


def _not_mended(aim: Aim, pairs: Sequence[Compared]) -> str:
    """Recorded failures that happen again at the base, of which not one is better."""
    failing = [pair for pair in pairs if pair.sample.failed and not pair.base.ok]
    if aim is not Aim.MENDS or not failing or any(pair.kind is Kind.IMPROVES for pair in failing):
        return ""
    if any(pair.kind is not Kind.AGREES or (pair.head.deliberate and not pair.base.deliberate) for pair in failing):
        return ""  # it fails in another way now, or on purpose: that is told
    if len(failing) == 1:
        return "the recorded input that fails is no better"
    return f"none of {len(failing)} recorded inputs that fail is any better"


def _figures(runs: Sequence[Shadowed], pairs: Sequence[Compared], counted: Sequence[Compared]) -> str:
    agreeing = [pair for pair in counted if pair.kind in (Kind.AGREES, Kind.IMPROVES)]
    improved = sum(pair.kind is Kind.IMPROVES for pair in pairs)
    told = sum(pair.kind in (Kind.CHANGES, Kind.REGRESSES) for pair in pairs) - (len(counted) - len(agreeing))
    functions = sum(any(pair.kind is not Kind.SILENT for pair in run.compared) for run in runs)
    parts = [
        f"both versions agree on {len(agreeing)} of {_inputs(len(counted))} of {_functions(functions)} "
        f"({', '.join(_origins(counted))})"
        if counted
        else f"no input that worked was compared, {_others(len(pairs))}",
        f"{improved} that failed work{'s' * (improved == 1)} now" if improved else "",
        f"{told} made-up input{' gives' if told == 1 else 's give'} something else" if told else "",
    ]
    if len(agreeing) == len(counted) > 0:
        bound = breakage_bound(len({pair.sample.given for pair in agreeing}))
        parts.append(f"so that with 95 % certainty less than {bound:.1%} of such inputs break")
    return ", ".join(part for part in parts if part)


def _origins(pairs: Iterable[Compared]) -> Iterator[str]:
    counts = Counter(pair.sample.origin for pair in pairs)
    words = {
        Origin.RECORDED: "recorded", Origin.DECLARED: "declared", Origin.TEST: "from tests",
        Origin.GENERATED: "made up",
    }  # fmt: skip
    yield from (f"{counts[origin]} {words[origin]}" for origin in Origin if counts[origin])


def _wrong(wrong: Sequence[Compared], confirmed: Sequence[Compared]) -> str:
    """`an input that worked: ...`; where not all could be run again, on how many it is certain."""
    alike = sum(pair.kind is confirmed[0].kind for pair in wrong)
    again = f" (on {len(confirmed)} of them each time it was run again)" if alike != len(confirmed) else ""
    return f"{_count(alike)} that worked{again}: {_example(confirmed)}"


def _count(count: int) -> str:
    return "an input" if count == 1 else _inputs(count)


def _inputs(count: int) -> str:
    return f"{count} input{'s' * (count != 1)}"


def _functions(count: int) -> str:
    return f"{count} function{'s' * (count != 1)}"


def _others(count: int) -> str:
    return "another one was" if count == 1 else f"{count} others were"


def _example(pairs: Sequence[Compared]) -> str:
    pair = min(pairs, key=lambda one: (len("".join(one.sample.given)), one.sample.given))
    return line_of(pair)


def line_of(pair: Compared) -> str:
    """`([1, 2], k=3): returned 3 → ValueError: ...` in at most some 300 characters."""
    told = pair.told[0] if pair.told else f"{pair.base.detail} → {pair.head.detail}"
    return f"{_short(given_text(pair.sample.given))}: {_short(told)}"


def given_text(given: Input) -> str:
    """A call's inputs as a call would say them, `([1, 2], k=3)`; values as the recorder spells them. What tests called
    is a text already."""
    args, kwargs = given
    if not kwargs:
        return args
    try:
        positional, named = json.loads(args), json.loads(kwargs)
        words = [*map(_word, positional), *(f"{name}={_word(value)}" for name, value in named.items())]
    except (ValueError, TypeError, AttributeError, RecursionError):
        return f"{args} {kwargs}"
    return f"({', '.join(words)})"


def _word(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2]} … {text[-_LONGEST // 2 :]}"


def _why_nothing(runs: Sequence[Shadowed]) -> str:
    problems = [f"{run.tool}: {run.problem}" for run in runs if run.problem]
    silent = [pair.told[0] for run in runs for pair in run.compared if pair.told]
    if problems:
        return f"nothing was compared: {problems[0]}"
    if silent:
        return f"nothing could be compared on {_inputs(len(silent))}: {silent[0]}"
    names = ", ".join(run.tool for run in runs[:3])
    return f"no inputs are known of {names}" if runs else "no function that both versions have was changed or recorded"


def _weight(pair: Compared) -> tuple[int, int]:
    return _DIFFERING.index(pair.kind), len("".join(pair.sample.given))


def _details(runs: Sequence[Shadowed]) -> Iterator[str]:
    for run in runs:
        counts = Counter(pair.kind for pair in run.compared)
        told = ", ".join(f"{counts[kind]} {kind.value}" for kind in Kind if counts[kind])
        yield f"{run.tool}: {told or run.problem or 'no inputs'}"
        if run.smallest is not None:
            yield f"{run.tool}: the simplest input that differs: {line_of(run.smallest)}"
        differing = sorted((pair for pair in run.compared if pair.kind in _DIFFERING), key=_weight)
        yield from (f"{run.tool}: {pair.kind.value}: {line_of(pair)}" for pair in differing[:_SHOWN])
        if run.noisy:
            yield f"{run.tool}: differs from run to run, not compared: {', '.join(run.noisy[:_SHOWN])}"
        if run.left:
            yield f"{run.tool}: no time for {run.left} more input{'s' * (run.left != 1)}"
        yield from (f"{run.tool}: {note}" for note in run.notes)
