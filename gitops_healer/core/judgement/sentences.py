"""What a judgement says, with figures, for somebody who has to decide something at night."""

from collections.abc import Collection
from math import exp
from typing import Final

from gitops_healer.core.judgement.mix import shift
from gitops_healer.core.judgement.sequential import MOST_COUNT, sane
from gitops_healer.core.judgement.weighing import Weighed, rate_before, tolerated
from gitops_healer.core.watching import Count, Measure, Reading, Tolerance

MILLION: Final = 1e6
DOUBT: Final = 0.1
"""How likely it must be that it was worse before, to be spoken of."""
CONFIRM: Final = "confirm it by running it on the commit before the merge and on the merge"


def count(number: Count) -> str:
    if not abs(number) < MOST_COUNT:
        return "an unknown number"
    return f"{number:,.0f}" if number == round(number) or number >= 10 else f"{number:,.1f}"


def share(failed: Count, total: Count) -> str:
    """`30 %`, and two digits where it is less than that says."""
    if not abs(failed) < MOST_COUNT or not abs(total) < MOST_COUNT:
        return "?"
    rate = 100 * failed / total if total else 0.0
    return f"{rate:.0f} %" if rate >= 10 or rate == 0 else f"{rate:.2g} %"


def figures(reading: Reading, tolerance: Tolerance) -> str:
    """Subject, what was counted since the merge, and what before."""
    unit = "runs" if reading.measure is Measure.RUNS else "calls"
    since = f"{count(reading.after_failed)} of {count(reading.after_total)} {unit} since the merge"
    since += f" ({share(reading.after_failed, reading.after_total)})"
    before = f"{count(reading.before_failed)} of {count(reading.before_total)} before"
    before += f" ({share(reading.before_failed, reading.before_total)})" if reading.before_total else ""
    if not reading.before_total:
        before = "and was never called before" if unit == "calls" else "and never ran before"
    return f"{reading.subject} {_what(reading, tolerance)} {since}, {before}"


def _what(reading: Reading, tolerance: Tolerance) -> str:
    told = f" ({reading.detail})" if reading.detail else ""
    match reading.measure:
        case Measure.SLOWER:
            return f"took longer than {tolerance.slower:g} x the median of before{told} in"
        case Measure.SLOWEST:
            return f"took longer than {tolerance.slowest:g} x the 95th percentile of before{told} in"
        case Measure.NEW_ERROR:
            return f"failed with {reading.detail or 'an error'}, which was not seen before the merge, in"
        case Measure.FAILURES | Measure.RUNS | Measure.CODE:
            return f"failed{told}"


def inputs(reading: Reading) -> str:
    """` on 9 different inputs`, "" where inputs are not known."""
    if reading.distinct_failing is None or reading.measure not in (Measure.FAILURES, Measure.NEW_ERROR):
        return ""
    return f", on {reading.distinct_failing} different input{'' if reading.distinct_failing == 1 else 's'}"


def times(evidence: float) -> str:
    """A logarithm as a factor."""
    factor = exp(min(evidence, 700.0))
    return f"{factor:,.0f}" if factor < MILLION else "over a million"


def accused(case: Weighed, tolerance: Tolerance) -> str:
    """Figures and evidence of what got worse."""
    weight = f"{times(case.evidence.alarm)} times likelier if it got worse than if it did not"
    return (
        f"{figures(case.reading, tolerance)}{inputs(case.reading)}: {weight}; {times(case.evidence.needed)} is needed"
    )


def capped(case: Weighed, tolerance: Tolerance) -> str:
    before = ", or have been worse already when the merge came" if _doubted(case.reading) else ""
    reached = f"{times(max(0.0, case.evidence.conviction))} of {times(case.evidence.needed)}"
    return (
        f"so far it is a suspicion, since it may be an outage{before}: {tolerance.block} minutes count for at most "
        f"{tolerance.cap:g} times, and with that it reaches {reached}"
    )


def _doubted(reading: Reading) -> bool:
    return sum(one.weight for one in reading.lately) >= DOUBT


def too_few(reading: Reading, tolerance: Tolerance) -> str:
    if reading.after_failed < tolerance.min_failures:
        return f"it failed only {count(reading.after_failed)} times, and {tolerance.min_failures} are needed"
    told = f"{reading.distinct_failing} different input{'' if reading.distinct_failing == 1 else 's'}"
    return f"only {told} failed, and {tolerance.min_failures} are needed: one that is tried again and again says little"


def outage(called: int, worse: int, apart: bool) -> str:
    who = "that the merge cannot have reached" if apart else "that the merge did not change"
    return f"{worse} of {called} other tools {who} got worse at the same time: it may be an outage"


def still(reading: Reading) -> str:
    """The version before fails as well."""
    return (
        f"the version before it still runs and fails as well, {count(reading.still_failed)} of "
        f"{count(reading.still_total)} calls since the merge ({share(reading.still_failed, reading.still_total)})"
    )


def sudden(reading: Reading) -> str:
    ran = "once" if reading.after_total == 1 else f"{count(reading.after_total)} times"
    failed = "failed" if reading.after_total == 1 else "failed each time"
    return (
        f"{reading.subject} ran {ran} since the merge and {failed}, after {count(reading.before_total)} runs that "
        "all passed"
    )


def mixed(case: Weighed, tolerance: Tolerance) -> str:
    kind, before, after = shift(case.reading.strata)
    return (
        f"{figures(case.reading, tolerance)}, but other inputs come than before ({kind}: {before:.0%} of calls before, "
        f"{after:.0%} since), and each kind compared with its own past leaves {times(max(0.0, case.evidence.alarm))} "
        f"where {times(case.evidence.needed)} is needed"
    )


def cleared(reading: Reading, tolerance: Tolerance) -> str:
    return f"{figures(reading, tolerance)}, but a search found that this merge is not to blame"


def no_better(reading: Reading, tolerance: Tolerance) -> str:
    return f"{figures(reading, tolerance)}: no better than before"


def unasked(healthy: str, silent: Collection[str]) -> str:
    """All that was measured is well, and that is not all."""
    names = " and ".join(sorted(silent))
    return (
        f"{healthy}; but {names} gave no answer when the watch closed, so it is not called healthy: mend what its "
        "error names before the next merge"
    )


def promised(reading: Reading) -> str:
    """What a change of the code was to bring, and what became of it."""
    now, was = reading.after_failed, reading.before_failed
    if reading.detail == "promise":
        kept = "is gone, as promised" if now < was else "is still there"
        return f"{reading.subject}: what was found there {kept}"
    verdict = "less than before" if now < was else "as before" if now == was else "more than before"
    changed = f"{count(was)} before the merge, {count(now)} since" if now != was else count(now)
    return f"{reading.subject}: {reading.detail or 'findings'}: {changed}: {verdict}"


def no_worse(reading: Reading, tolerance: Tolerance) -> str:
    return f"{figures(reading, tolerance)}: that its success rate fell by {share(tolerance.drop, 1)} is ruled out"


def cannot_worsen(reading: Reading, tolerance: Tolerance) -> str:
    return f"{figures(reading, tolerance)}: it cannot get worse"


def passes(reading: Reading) -> str:
    ran = "once" if reading.after_total == 1 else f"{count(reading.after_total)} times"
    return f"{reading.subject} ran {ran} since the merge and did not fail"


def without_past(reading: Reading) -> str:
    called = f"only {count(reading.before_total)} times" if reading.before_total else "never"
    return f"{reading.subject} was called {called} before, and none of {count(reading.after_total)} calls since failed"


def nothing_to_compare(reading: Reading, tolerance: Tolerance) -> str:
    past = f"it was called only {count(reading.before_total)} times before, and {tolerance.min_executions} are needed"
    return f"{figures(reading, tolerance)}: {past} to compare"


def waiting(reading: Reading, tolerance: Tolerance, missing: int) -> str:
    """What would settle it."""
    if not reading.after_total:
        known = f"{reading.subject} was not called since the merge"
    else:
        known = figures(reading, tolerance)
    if (limit := _passed(reading, tolerance)) < 1:
        return (
            f"{known}: more than the {share(limit, 1)} that are tolerated, but it may be chance: more calls will tell"
        )
    if not missing:
        return f"{known}: neither healthy nor worse; no number of calls that go like these would settle it"
    return f"{known}: about {missing:,} more would show whether it is healthy, if they go like {_like(reading)}"


def _passed(reading: Reading, tolerance: Tolerance) -> float:
    """The tolerated failure rate when more failed since the merge, else 1.0: calls that go on so end in an alarm."""
    limit = tolerated(reading.measure, rate_before(reading), tolerance)
    total, failed = sane(reading.after_total, reading.after_failed)
    return limit if reading.before_total and failed > limit * total else 1.0


def _like(reading: Reading) -> str:
    if reading.after_total or not reading.before_total:
        return "these"
    return f"those before ({share(reading.before_failed, reading.before_total)} failed)"


def newly_flaky(reading: Reading, tolerance: Tolerance) -> str:
    return f"{figures(reading, tolerance)}: it passes and fails since the merge, and it never failed before"
