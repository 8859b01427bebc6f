"""Whether a merge made anything worse: counts in, a Health out. Pure, and the same however often it is asked.

A subject is suspicious when its evidence (`sequential`, an e-value that may be looked at at any time) reaches 1 / its
share of alpha. It is REGRESSED when it also does with the evidence of each block capped, with enough failures from
different inputs, and nothing speaks for another cause; else SUSPECT: worth a draft and a search, never a merge.

The bound. Each measure's alpha is shared among subjects (touched ones 90 %, the others 10 %, evenly) by what was known
at the merge; latency and new errors get half of alpha each. By Ville's inequality and the union bound the chance of any
false alarm of one measure, ever, is at most its alpha under the null of `sequential`. Outages and drifts break that
null; for them stand the caps, the doubt about the day before (`drift`), the vetoes below, and figures
(benchmarks/judgement.py).
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import log
from typing import Final

from gitops_healer.core.judgement import sentences
from gitops_healer.core.judgement.calm import calm
from gitops_healer.core.judgement.causes import common_cause, fails_alike, with_causes
from gitops_healer.core.judgement.sequential import sane
from gitops_healer.core.judgement.weighing import (
    FEWEST_RUNS,
    STANDS_OUT,
    Weighed,
    blocks_in,
    compared,
    pool_of,
    rate_before,
    weigh,
)
from gitops_healer.core.watching import Health, Judgement, Measure, Pool, Reading, Tolerance, Window

DISCOVERIES: Final = 0.05
"""False discovery rate of the list of what got worse."""
BAD_BEFORE: Final = 0.2
MOST_NOTES: Final = 20


@dataclass(frozen=True)
class Suspicion:
    """One subject over the bar. because: why it is not convicted, "" when it is."""

    case: Weighed
    sentence: str
    because: str = ""

    @property
    def text(self) -> str:
        return f"{self.sentence}; {self.because}" if self.because else self.sentence


def judge(
    readings: Sequence[Reading],
    tolerance: Tolerance,
    *,
    window: Window,
    now: datetime,
    cleared: Collection[str] = (),
    pool: Pool | None = None,
    silent: Collection[str] = (),
) -> Health:
    """REGRESSED or SUSPECT as soon as one subject is; HEALTHY when all that the merge touched is (when it touched
    nothing that is called: when anything that it reaches is); else INSUFFICIENT, saying what is missing.

    cleared: subjects that a search found another culprit for; pool: among how many readings alpha was shared and what
    else got worse, where not all readings are given (those that a ledger keeps); silent: metrics that could not be
    asked: with one of them silent at the end, a merge is not called healthy.
    """
    readings, blocks = tuple(sorted(readings, key=lambda reading: reading.key)), blocks_in(window, tolerance)
    sharing = pool or pool_of(readings, tolerance)
    cases = [
        weigh(reading, sharing, tolerance, blocks)
        for reading in readings
        if not reading.apart and compared(reading, tolerance)
    ]
    accused = sorted((case for case in cases if _accused(case, cleared)), key=_strongest_first)
    if pool is None:
        sharing = with_causes(sharing, readings, accused[0] if accused else None, tolerance, blocks)
    suspicions = [_suspicion(case, sharing, tolerance) for case in accused]
    closing = now >= window.until
    health = _alarmed(suspicions) or calm(readings, tolerance, blocks, cleared, closing)
    if closing and silent and health.judgement is Judgement.HEALTHY:
        health = replace(health, judgement=Judgement.INSUFFICIENT, reason=sentences.unasked(health.reason, silent))
    standing = sorted((case for case in cases if _stands_out(case)), key=_strongest_first)
    return replace(
        health,
        readings=readings,
        evidence=tuple(case.evidence for case in standing),
        worse=_discoveries(standing, sharing, cleared),
        notes=tuple(_notes(readings, cases, suspicions, tolerance, cleared))[:MOST_NOTES],
        pool=sharing,
        cleared=tuple(sorted(cleared)),
        silent=tuple(sorted(silent)),
    )


def rejudge(health: Health, tolerance: Tolerance, window: Window, at: datetime) -> Health:
    """Judged again from what a ledger keeps."""
    return judge(
        health.readings,
        tolerance,
        window=window,
        now=at,
        cleared=health.cleared,
        pool=health.pool,
        silent=health.silent,
    )


def _accused(case: Weighed, cleared: Collection[str]) -> bool:
    return case.reading.subject not in cleared and (case.alarming or _sudden(case.reading))


def _stands_out(case: Weighed) -> bool:
    return case.evidence.alarm >= STANDS_OUT or _sudden(case.reading)


def _sudden(reading: Reading) -> bool:
    """A check that always passed only fails: one run says as much, because most checks are deterministic."""
    always = reading.before_failed == 0 and reading.before_total >= FEWEST_RUNS
    return reading.measure is Measure.RUNS and always and 0 < reading.after_total == reading.after_failed


def _strongest_first(case: Weighed) -> tuple[float, float, tuple[str, ...]]:
    evidence = case.evidence
    return evidence.needed - evidence.conviction, evidence.needed - evidence.alarm, case.reading.key


def _suspicion(case: Weighed, pool: Pool, tolerance: Tolerance) -> Suspicion:
    reading = case.reading
    if not case.alarming:
        return Suspicion(case, sentences.sudden(reading), sentences.CONFIRM)
    text = sentences.accused(case, tolerance)
    outage = common_cause(pool)
    if not _enough_failures(reading, tolerance):
        return Suspicion(case, text, sentences.too_few(reading, tolerance))
    if outage:
        return Suspicion(case, text, outage)
    if fails_alike(reading, tolerance):
        return Suspicion(case, text, sentences.still(reading))
    if not case.convicting:
        return Suspicion(case, text, sentences.capped(case, tolerance))
    return Suspicion(case, text)


def _enough_failures(reading: Reading, tolerance: Tolerance) -> bool:
    """One poisoned input that is tried again and again is one observation."""
    distinct = reading.distinct_failing
    known = distinct is not None and reading.measure in (Measure.FAILURES, Measure.NEW_ERROR)
    enough = reading.after_failed >= tolerance.min_failures
    return enough and (not known or (distinct or 0) >= tolerance.min_failures)


def _alarmed(suspicions: Sequence[Suspicion]) -> Health | None:
    for judgement in (Judgement.REGRESSED, Judgement.SUSPECT):
        found = [s for s in suspicions if not s.because or judgement is Judgement.SUSPECT]
        if found:
            more = f" (and {len(found) - 1} more like it)" if len(found) > 1 else ""
            blamed = tuple(dict.fromkeys(s.case.reading.subject for s in found))
            return Health(judgement, found[0].text + more, blamed=blamed, figures=found[0].sentence + more)
    return None


def _discoveries(standing: Sequence[Weighed], pool: Pool, cleared: Collection[str]) -> tuple[str, ...]:
    """What got worse, with a false discovery rate of at most 5 % however the calls of subjects hang together: e-BH
    (Wang and Ramdas 2022), on the present e-values."""
    counted = [case for case in standing if case.reading.measure in (Measure.FAILURES, Measure.RUNS)]
    judged = [case for case in counted if case.reading.subject not in cleared]
    ranked = sorted(judged, key=lambda case: (-case.evidence.alarm, case.reading.key))
    among = pool.touched + pool.others + pool.runs + pool.other_runs
    last = 0
    for rank, case in enumerate(ranked, 1):
        if case.evidence.alarm >= log(max(among, len(ranked)) / (DISCOVERIES * rank)):
            last = rank
    return tuple(dict.fromkeys(case.reading.subject for case in ranked[:last]))


def _notes(
    readings: Sequence[Reading],
    cases: Sequence[Weighed],
    suspicions: Sequence[Suspicion],
    tolerance: Tolerance,
    cleared: Collection[str],
) -> Iterator[str]:
    """What else is to be known, the weightiest first."""
    accused = {suspicion.case.reading.key for suspicion in suspicions}
    for case in cases:
        reading = case.reading
        if reading.subject in cleared and case.plain >= case.evidence.needed:
            yield sentences.cleared(reading, tolerance)
        elif case.plain >= case.evidence.needed > case.evidence.alarm:
            yield sentences.mixed(case, tolerance)
        elif _no_better(reading) and reading.key not in accused:
            yield sentences.no_better(reading, tolerance)
    for reading in readings:
        if reading.measure is Measure.CODE and (reading.before_failed or reading.after_failed):
            yield sentences.promised(reading)
    for case in cases:
        if case.reading.note and (case.reading.touched or _stands_out(case)):
            yield f"{case.reading.subject}: {case.reading.note}"


def _no_better(reading: Reading) -> bool:
    """It was bad, the merge touched it, and it is as bad as it was."""
    bad = reading.touched and reading.measure is Measure.FAILURES and rate_before(reading) >= BAD_BEFORE
    total, failed = sane(reading.after_total, reading.after_failed)
    return bad and total > 0 and failed / total >= rate_before(reading) * 0.9
