"""Rules of others, written anew from their descriptions, each told of the same calls as ours.

A rule gives the hours after the merge of its first rollback, None when there is none in 24 hours. Canary tools watch
for minutes and against a canary's twin; here they watch as long as ours does, and against the time before the merge,
for no twin runs when a merge is deployed as it is. Minutes without calls are skipped, which spares them false alarms.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from math import sqrt
from statistics import median

from .traces import Pair, Trace

LOOK = 5
"""Minutes between looks."""
KEPT = 0.85
"""Share of the success rate of before that has to be left."""

Rule = Callable[[Trace], float | None]


def success(pair: Pair) -> float:
    return 1 - pair[1] / pair[0] if pair[0] else 1.0


def drop_of_15_percent(trace: Trace) -> float | None:
    """The seed rule: all calls since the merge, at least 10, succeed at most 85 % as often as before."""
    bar, total, failed = KEPT * success(trace.before), 0, 0
    if trace.before[0] < 10:
        return None
    for look, (more, worse) in enumerate(trace.bins(LOOK), 1):
        total, failed = total + more, failed + worse
        if more and total >= 10 and success((total, failed)) <= bar:
            return look * LOOK / 60
    return None


def drop_in_an_hour(trace: Trace) -> float | None:
    """The same rule over the last hour only."""
    if trace.before[0] < 10:
        return None
    bar, bins, width = KEPT * success(trace.before), list(trace.bins(LOOK)), 60 // LOOK
    total = failed = 0
    for look, (more, worse) in enumerate(bins, 1):
        gone = bins[look - 1 - width] if look > width else (0, 0)
        total, failed = total + more - gone[0], failed + worse - gone[1]
        if total >= 10 and success((total, failed)) <= bar:
            return look * LOOK / 60
    return None


def argo_like(trace: Trace) -> float | None:
    """Argo Rollouts: a measurement every 5 minutes, of the success rate in these; more than `failureLimit: 3` failed
    ones, not necessarily in a row, abort (docs/features/analysis.md). Its condition here: 85 % of before."""
    bar, bad = KEPT * success(trace.before), 0
    for look, pair in enumerate(trace.bins(5), 1):
        bad += bool(pair[0]) and success(pair) < bar
        if bad > 3:
            return look * 5 / 60
    return None


def flagger_like(trace: Trace) -> float | None:
    """Flagger: a check a minute, of the success rate in it; `threshold: 10` failed ones in all, then it rolls back
    (docs/gitbook/usage/how-it-works.md). Its range here: from 85 % of before."""
    bar, bad = KEPT * success(trace.before), 0
    for minute, pair in enumerate(trace.minutes, 1):
        bad += bool(pair[0]) and success(pair) < bar
        if bad >= 10:
            return minute / 60
    return None


def kayenta_like(trace: Trace) -> float | None:
    """Kayenta: success rates by the minute, the last 60 minutes against the 60 before the merge, every 30 minutes.

    Low, and so failed, when the upper end of the 98 % confidence interval of the shift (Mann-Whitney, normal
    approximation with ties and continuity) is below -0.25 x |Hodges-Lehmann estimate| (`MannWhitneyClassifier`,
    `NetflixACAJudge`). The interval's end lies below a bound just when the test rejects a little below it: where most
    rates are equal, as with few calls, the end is 0 and the estimate too.
    """
    control = sorted(success(pair) for pair in trace.last if pair[0])
    if not control:
        return None
    for end in range(60, len(trace.minutes) + 1, 30):
        experiment = sorted(success(pair) for pair in trace.minutes[end - 60 : end] if pair[0])
        if experiment and low(experiment, control):
            return end / 60
    return None


def low(experiment: Sequence[float], control: Sequence[float]) -> bool:
    """Both sorted."""
    if mann_whitney(experiment, control) >= -QUANTILE:
        return False
    shift = median(x - y for x in experiment for y in control)
    return mann_whitney([x + 0.25 * abs(shift) + NEARLY for x in experiment], control) < -QUANTILE


NEARLY = 1e-4
QUANTILE = 2.3263
"""Of the normal distribution at 99 %: 98 % lie between its two ends."""


def mann_whitney(xs: Sequence[float], ys: Sequence[float]) -> float:
    """The z value of the rank sum of `xs`, with the corrections of R's wilcox.test; below 0 when they are smaller. Both
    sorted."""
    m, n = len(xs), len(ys)
    below = sum((bisect_left(ys, x) + bisect_right(ys, x)) / 2 for x in xs)
    ties = sum(count**3 - count for count in Counter([*xs, *ys]).values())
    spread = sqrt(max(0.0, m * n / 12 * (m + n + 1 - ties / ((m + n) * (m + n - 1)))))
    off = below - m * n / 2
    if not spread:
        return 0.0
    return (off + 0.5) / spread if off < 0 else (off - 0.5) / spread if off > 0 else 0.0


RULES: dict[str, Rule] = {
    "15 % drop": drop_of_15_percent,
    "15 % in 1 h": drop_in_an_hour,
    "Kayenta-like": kayenta_like,
    "Argo-like": argo_like,
    "Flagger-like": flagger_like,
}
