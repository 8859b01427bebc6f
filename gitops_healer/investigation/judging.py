"""Weighs the hypotheses of one error cluster. What the evidence does not carry stays UNKNOWN.

Confidence of a cause is a fixed prior for its kind of evidence, times 0.8 below ten failures and times 0.8 when another
cause fits as well. The priors are set by reasoning, not fitted: two independent kinds of evidence 0.9, one strong 0.7,
one weak 0.5. A cause below 0.4 is not named.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from gitops_healer.core.analysis.types import Cluster, Pattern, PatternKind, ToolAnalysis
from gitops_healer.core.diagnosis import Beginning, CauseKind, Place, Problem, Proposal
from gitops_healer.investigation.reading import Reading

FEWEST: Final = 3
FEW: Final = 10
BOTH: Final = 0.9
STRONG: Final = 0.7
WEAK: Final = 0.5
LEAST: Final = 0.4
SURE: Final = 0.01
DOUBT: Final = 0.8
MIXED: Final = 2
"""Inputs that both passed and failed before a tool is called flaky."""

_MACHINE: Final = frozenset({
    "MemoryError", "PermissionError", "ModuleNotFoundError", "ImportError", "FileNotFoundError", "NotADirectoryError",
    "IsADirectoryError", "BlockingIOError",
})  # fmt: skip
_MACHINE_SAYS: Final = re.compile(
    r"No space left|Read-only file system|Too many open files|Disk quota|Cannot allocate memory|Permission denied", re.I
)
_REMOTE: Final = re.compile(
    r"(^|\.)(Connection\w*|Timeout\w*|\w*Timeout|HTTPError|HTTPStatusError|URLError|gaierror|SSL\w*|RemoteDisconnected"
    r"|BrokenPipeError|OperationalError|\w*ServiceUnavailable\w*|\w*RateLimit\w*)$"
)
_TIMES: Final = frozenset({PatternKind.HOUR, PatternKind.WEEKDAY, PatternKind.DAY})


@dataclass(frozen=True)
class Case:
    """All that is known about one cluster. symbol: where the innermost frame is; reading: of the failing function."""

    analysis: ToolAnalysis
    cluster: Cluster
    place: Place | None
    reading: Reading
    began: Beginning | None

    def patterns(self, kinds: frozenset[PatternKind]) -> list[Pattern]:
        """Sure ones about this cluster, or about the tool when it fails in one way only."""
        only = len(self.analysis.clusters) == 1
        fitting = [
            pattern
            for pattern in self.analysis.patterns
            if pattern.target == "failing" and pattern.kind in kinds and pattern.p <= SURE
            and pattern.confirmed is not False
            and (pattern.cluster == self.cluster.key or (only and not pattern.cluster))
        ]  # fmt: skip
        return sorted(fitting, key=lambda pattern: pattern.p)


def judge(case: Case) -> Problem:
    """The best hypothesis, with the others as ruled out, or UNKNOWN."""
    found = sorted(_hypotheses(case), key=lambda problem: -problem.confidence)
    if case.cluster.count < FEWEST or not found:
        return _unknown(case)
    best, *others = found
    rivals = [other for other in others if other.confidence >= best.confidence - 0.05]
    confidence = best.confidence * (DOUBT if rivals else 1.0) * (DOUBT if case.cluster.count < FEW else 1.0)
    if confidence < LEAST:
        return _unknown(case)
    evidence = (*best.evidence, *(f"fits as well: {rival.kind.value}: {rival.sentence}" for rival in rivals))
    weaker = tuple(f"{o.kind.value}: weaker evidence: {o.sentence}" for o in others if o not in rivals)
    absent = tuple(_absent(case, {problem.kind for problem in found}))
    return replace(best, confidence=round(confidence, 2), evidence=evidence, ruled_out=(*weaker, *absent))


def _hypotheses(case: Case) -> Iterator[Problem]:
    for look in (_commit, _flaky, _environment, _dependency, _time, _input):
        problem = look(case)
        if problem is not None:
            yield problem


def _problem(
    case: Case, kind: CauseKind, sentence: str, confidence: float, evidence: tuple[str, ...], *proposals: Proposal
) -> Problem:
    return Problem(
        kind, sentence, confidence, case.place, case.cluster.key, case.cluster.share, case.began,
        (_seen(case), *evidence), (), proposals,
    )  # fmt: skip


def _seen(case: Case) -> str:
    where = f" at {case.place}" if case.place else ""
    line = f": {case.reading.line}" if case.reading.line else ""
    return f"{case.cluster.count} sampled failures with {case.cluster.error}{where}{line}"


def _commit(case: Case) -> Problem | None:
    began = case.began
    if began is None or began.commit is None or _remote(case.cluster) or _machine(case):
        return None
    short = began.commit[:10]
    sentence = f"{short} ({began.subject}) began it: calls before it did not fail like this"
    evidence = [f"the failing share rises between {str(began.good)[:10]} and {short}"]
    evidence += [f"{short} is the commit between them that changed the failing code"] if began.by_code else []
    evidence += [pattern.sentence for pattern in case.patterns(frozenset({PatternKind.INPUT}))[:1]]
    repair = Proposal(f"Repair or revert {short}", case.place, f"See: git show {short}")
    confidence = BOTH if began.by_code else WEAK
    return _problem(case, CauseKind.COMMIT, sentence, confidence, tuple(evidence), repair)


def _input(case: Case) -> Problem | None:
    patterns = case.patterns(frozenset({PatternKind.INPUT}))
    if not patterns or _contradicted(case):
        return None
    rule = " and ".join(map(str, patterns[0].rule))
    where = str(case.place) if case.place else "its first line"
    guard = Proposal(
        f"Handle inputs with {rule} before {where}", case.place,
        "Refuse them with an error that says so, or return what the callers expect for them.",
    )  # fmt: skip
    confidence = 0.85 if patterns[0].confirmed else STRONG
    return _problem(
        case, CauseKind.INPUT, f"{case.cluster.error} when {rule}", confidence, (patterns[0].sentence,), guard
    )


def _contradicted(case: Case) -> bool:
    """The same inputs pass as well as fail: they do not decide."""
    flakiness = case.analysis.flakiness
    return flakiness.mixed >= MIXED and flakiness.share > 0.5


def _flaky(case: Case) -> Problem | None:
    """State when the code keeps some and failures come in runs; flaky when chance is in the code."""
    flakiness, reading = case.analysis.flakiness, case.reading
    if flakiness.mixed < MIXED or _remote(case.cluster) or _machine(case) or case.patterns(_TIMES):
        return None
    evidence = (f"{flakiness.mixed} of {flakiness.repeated} inputs that ran more than once passed and failed",)
    if reading.shared and not reading.random:
        names = ", ".join(reading.shared)
        keep = Proposal(f"Make {names} a value of each call, or bound and reset it", case.place)
        sentence = f"what earlier calls left in {names} decides"
        return _problem(case, CauseKind.STATE, sentence, STRONG, (*evidence, f"the function changes {names}"), keep)
    if reading.random:
        fix = Proposal("Take the random numbers as a parameter, and handle each value that can come", case.place)
        sentence = "the same inputs pass and fail; the function draws random values"
        return _problem(case, CauseKind.FLAKY, sentence, STRONG, evidence, fix)
    return _problem(case, CauseKind.FLAKY, "the same inputs pass and fail", WEAK, evidence)


def _environment(case: Case) -> Problem | None:
    if not _machine(case) or case.patterns(frozenset({PatternKind.INPUT})):
        return None
    what = "a setting of the environment" if case.reading.environment else "the machine or its files"
    check = Proposal(f"Check {what} at the start of the program and say what is missing", case.place)
    return _problem(
        case, CauseKind.ENVIRONMENT, f"{case.cluster.error}: {what}, not the inputs", STRONG,
        ("no property of the inputs goes with it",), check,
    )  # fmt: skip


def _machine(case: Case) -> bool:
    cluster = case.cluster
    name = cluster.error.rpartition(".")[2]
    setting = name in {"KeyError", "TypeError", "ValueError"} and case.reading.environment
    return name in _MACHINE or setting or bool(_MACHINE_SAYS.search(cluster.template))


def _dependency(case: Case) -> Problem | None:
    if not _remote(case.cluster) or case.patterns(frozenset({PatternKind.INPUT})):
        return None
    bursts = case.analysis.flakiness.bursts
    evidence = ("failures come in bursts, as in an outage",) if bursts else ()
    retry = Proposal("Set a timeout and retry this call a few times with growing pauses", case.place)
    sentence = f"what it calls fails with {case.cluster.error}"
    return _problem(case, CauseKind.DEPENDENCY, sentence, 0.8 if bursts else STRONG, evidence, retry)


def _remote(cluster: Cluster) -> bool:
    return bool(_REMOTE.search(cluster.error))


def _time(case: Case) -> Problem | None:
    patterns = case.patterns(_TIMES)
    if not patterns:
        return None
    best = patterns[0]
    look = Proposal("Test the function with the clock at such a time", case.place)
    confidence = STRONG if best.inside > 2 * best.outside else WEAK
    return _problem(case, CauseKind.TIME, best.sentence, confidence, (f"corrected p = {best.p:.2g}",), look)


def _absent(case: Case, found: set[CauseKind]) -> Iterator[str]:
    if CauseKind.COMMIT not in found:
        yield "commit: the failing share does not jump at a recorded commit that stands out"
    if CauseKind.INPUT not in found:
        yield "input: no property of the recorded inputs tells failing from passing calls"
    if CauseKind.TIME not in found:
        yield "time: no hour, weekday or day of the month stands out"
    if CauseKind.FLAKY not in found and CauseKind.STATE not in found:
        yield f"flaky: {case.analysis.flakiness.mixed} repeated inputs both passed and failed"


def _unknown(case: Case) -> Problem:
    missing = list(_missing(case))
    sentence = f"{case.cluster.error}: not known why" + (f"; {missing[0]}" if missing else "")
    return Problem(
        CauseKind.UNKNOWN, sentence, 0.0, case.place, case.cluster.key, case.cluster.share, case.began, (_seen(case),),
        tuple(_absent(case, set())) if case.cluster.count >= FEWEST else (),
        tuple(Proposal(f"Record more: {line}") for line in missing),
    )  # fmt: skip


def _missing(case: Case) -> Iterator[str]:
    if case.cluster.count < FEWEST:
        yield f"only {case.cluster.count} failures; wait for at least {FEWEST}"
    if not case.cluster.frames:
        yield "no frame in the repository was recorded"
    if not any(example.args or example.kwargs for example in case.cluster.examples):
        yield "no inputs were recorded"
    if not any(row.commit for row in case.analysis.commits):
        yield "no commits were recorded"
