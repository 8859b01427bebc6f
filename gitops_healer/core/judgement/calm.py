"""No alarm: is there enough to say that all is well, and if not, what would it take?"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import log
from typing import Final

from gitops_healer.core.judgement import sentences
from gitops_healer.core.judgement.sequential import LogRatio, sane
from gitops_healer.core.judgement.weighing import compared, healthy_of, line_of, rate_before, tolerated
from gitops_healer.core.watching import Health, Judgement, Measure, Reading, Tolerance

MOST_MORE: Final = 1_000_000
STRIDE: Final = 1.1


@dataclass(frozen=True)
class Opinion:
    """missing: executions that would settle it; 0 when it is settled or no number would."""

    reading: Reading
    settled: bool
    sentence: str
    missing: int = 0


def calm(
    readings: Sequence[Reading], tolerance: Tolerance, blocks: int, cleared: Collection[str], closing: bool
) -> Health:
    """HEALTHY or INSUFFICIENT. Calls decide; runs of checks alone do where nothing is called, and one that fails now
    and then since the merge, and never did before, leaves it open."""
    mine = [reading for reading in readings if not reading.apart and reading.subject not in cleared]
    calls = [reading for reading in mine if reading.measure is Measure.FAILURES]
    touched = [reading for reading in calls if reading.touched]
    asked = touched or [reading for reading in calls if reading.after_total > 0]
    opinions = [_of_calls(reading, tolerance, blocks) for reading in asked]
    waiting = [opinion for opinion in opinions if not opinion.settled]
    if not touched and len(waiting) < len(opinions):
        waiting = []
    runs = [_of_runs(r, tolerance) for r in mine if r.measure is Measure.RUNS and (r.after_total > 0)]
    waiting += [opinion for opinion in runs if not opinion.settled]
    if waiting:
        return _open(waiting, closing, rests=not touched)
    if not opinions and not runs:
        return _silent(closing, bool(cleared))
    return _healthy([opinion for opinion in (opinions or runs) if opinion.settled], runs, rests=not touched)


def _silent(closing: bool, cleared: bool) -> Health:
    over = "; the watch is over" if closing else ""
    if cleared:
        return Health(Judgement.INSUFFICIENT, f"what got worse is not of this merge, and nothing else tells{over}")
    return Health(Judgement.INSUFFICIENT, f"no recorded execution reaches the change: nothing to compare with{over}")


def _open(waiting: Sequence[Opinion], closing: bool, rests: bool) -> Health:
    """The one that needs most decides; where any would do, the one that needs least."""
    ranked = sorted(waiting, key=lambda o: (o.missing == 0, o.missing, o.reading.key))
    named = ranked[0] if rests else ranked[-1]
    others = f" ({len(waiting) - 1} more wait as well)" if len(waiting) > 1 else ""
    over = "; the watch is over" if closing else ""
    return Health(
        Judgement.INSUFFICIENT, named.sentence + others + over, rests=(named.reading.subject,) if rests else ()
    )


def _healthy(settled: Sequence[Opinion], runs: Sequence[Opinion], rests: bool) -> Health:
    named = max(settled, key=lambda o: (o.reading.after_total, o.reading.key))
    calls = sum(opinion.reading.after_total for opinion in settled)
    unit = "runs" if named.reading.measure is Measure.RUNS else "calls"
    more = len(settled) - 1
    others = f"; {more} more {'is' if more == 1 else 'are'} no worse either, {sentences.count(calls)} {unit} in all"
    text = named.sentence + (others if more else "")
    if runs and unit == "calls":
        text += f"; {len(runs)} check{'s' if len(runs) > 1 else ''} passed as well"
    return Health(Judgement.HEALTHY, text, rests=(named.reading.subject,) if rests else ())


def _of_calls(reading: Reading, tolerance: Tolerance, blocks: int) -> Opinion:
    total, failed = sane(reading.after_total, reading.after_failed)
    fewest = tolerance.min_executions
    if not compared(reading, tolerance):
        if failed:
            return Opinion(reading, False, sentences.nothing_to_compare(reading, tolerance))
        missing = max(0, fewest - int(total))
        told = sentences.waiting(reading, tolerance, missing) if missing else sentences.without_past(reading)
        return Opinion(reading, not missing, told, missing)
    if tolerated(reading.measure, rate_before(reading), tolerance) >= 1:
        missing = max(0, fewest - int(total))
        told = (
            sentences.waiting(reading, tolerance, missing) if missing else sentences.cannot_worsen(reading, tolerance)
        )
        return Opinion(reading, not missing, told, missing)
    ratio, bar = healthy_of(reading, tolerance), log(1 / tolerance.doubt)
    line = line_of(reading, tolerance, blocks)
    good, bad = sum(step.good for step in line.steps), sum(step.bad for step in line.steps)
    if ratio(good, bad) >= bar:
        return Opinion(reading, True, sentences.no_worse(reading, tolerance))
    missing = _missing(reading, ratio, bar, good, bad)
    return Opinion(reading, False, sentences.waiting(reading, tolerance, missing), missing)


def _missing(reading: Reading, ratio: LogRatio, bar: float, good: float, bad: float) -> int:
    """Further calls after which it would be healthy, going on as since the merge (as before it, without calls yet)."""
    total, failed = sane(reading.after_total, reading.after_failed)
    rate = failed / total if failed else rate_before(reading)
    worth = (good + bad) / total if total else 1.0
    more = 1.0
    while more <= MOST_MORE:
        further = int(more) * worth
        if ratio(good + further * (1 - rate), bad + further * rate) >= bar:
            return int(more)
        more = max(more + 1, more * STRIDE)
    return 0


def _of_runs(reading: Reading, tolerance: Tolerance) -> Opinion:
    """A check that never failed before and does now and then is open; one that was flaky before tells nothing."""
    if reading.after_failed <= 0 or reading.before_failed > 0:
        return Opinion(reading, True, sentences.passes(reading))
    return Opinion(reading, False, sentences.newly_flaky(reading, tolerance))
