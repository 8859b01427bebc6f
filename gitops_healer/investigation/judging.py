"""Weighs the hypotheses of one error cluster. What the evidence does not carry stays UNKNOWN.

Confidence of a cause is a prior for its kind of evidence: about 0.9 when two kinds agree or an exact test leaves no
doubt, 0.7 to 0.85 for one strong kind, 0.5 to 0.65 for a weak one; times 0.8 below ten failures, and times 0.8 when
another cause fits nearly as well. The priors were set by reasoning and then held against the study
(benchmarks/investigation.py, docs/investigation.md); they are not fitted. A cause below 0.4 is not named.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from gitops_healer.core.analysis.types import Cluster, Literal, Pattern, PatternKind, ToolAnalysis
from gitops_healer.core.diagnosis import CauseKind, Place, Problem, Proposal
from gitops_healer.core.execution import Execution
from gitops_healer.investigation.beginnings import Start
from gitops_healer.investigation.callers import SURE as CALLER_SURE
from gitops_healer.investigation.callers import Caller
from gitops_healer.investigation.moments import Moment
from gitops_healer.investigation.orders import Order
from gitops_healer.investigation.reading import Reading
from gitops_healer.investigation.sample import matching
from gitops_healer.investigation.telling import Telling

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
LEAST_STEADY: Final = 2
ENOUGH: Final = 2
NEW: Final = 30
"""Different inputs of earlier calls among which not one fits, before inputs are called new."""

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
_INPUT: Final = frozenset({PatternKind.INPUT})


@dataclass(frozen=True)
class Case:
    """All that is known about one cluster.

    place: the innermost frame in the repository; failing: its calls in the sample; earlier: calls that passed before it
    began; order, moment, caller, telling: what these modules found; across: inputs that failed and passed, at whatever
    commit; steady: that came again and failed again; compared: that passed; inner: the function of the innermost frame
    where that is not the tool; shallow: the clone ends before history does.
    """

    analysis: ToolAnalysis
    cluster: Cluster
    place: Place | None
    reading: Reading
    start: Start | None
    failing: Sequence[Execution]
    earlier: Sequence[Execution]
    parameters: Sequence[str]
    order: Order
    moment: Moment | None
    caller: Caller | None
    telling: Telling | None
    across: int = 0
    steady: int = 0
    compared: int = 0
    inner: str = ""
    shallow: bool = False

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

    @property
    def rule(self) -> tuple[Literal, ...]:
        """What the failing inputs have and others have not, () when nothing was found."""
        patterns = self.patterns(_INPUT)
        return patterns[0].rule if patterns else (self.telling.literal,) if self.telling else ()

    @property
    def mixed(self) -> bool:
        """The same inputs pass as well as fail: they do not decide."""
        flakiness = self.analysis.flakiness
        return flakiness.mixed >= MIXED and flakiness.share > 0.5

    @property
    def remote(self) -> bool:
        return bool(_REMOTE.search(self.cluster.error))

    @property
    def machine(self) -> bool:
        name = self.cluster.error.rpartition(".")[2]
        setting = name in {"KeyError", "TypeError", "ValueError"} and self.reading.environment
        return name in _MACHINE or setting or bool(_MACHINE_SAYS.search(self.cluster.template))


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
    for look in (_commit, _caller, _time, _state, _flaky, _environment, _dependency, _input, _callee):
        problem = look(case)
        if problem is not None:
            yield problem


def _problem(
    case: Case,
    kind: CauseKind,
    sentence: str,
    confidence: float,
    evidence: Sequence[str],
    *proposals: Proposal,
    place: Place | None = None,
) -> Problem:
    began = case.start.beginning if case.start else None
    return Problem(
        kind, sentence, confidence, place or case.place, case.cluster.key, case.cluster.share, began,
        (_seen(case), *evidence), (), proposals,
    )  # fmt: skip


def _seen(case: Case) -> str:
    where = f" at {case.place}" if case.place else ""
    line = f": {case.reading.line}" if case.reading.line else ""
    return f"{case.cluster.count} sampled failures with {case.cluster.error}{where}{line}"


def _commit(case: Case) -> Problem | None:
    """A commit is the cause when what fails now passed before it: calls of that kind came before as well."""
    start = case.start
    if start is None or start.beginning.commit is None or case.remote or (case.machine and start.symbol is None):
        return None
    short = start.beginning.commit[:10]
    fitted = matching(case.rule, case.earlier, case.parameters) if case.rule else 0
    seen = len({(call.args, call.kwargs) for call in case.earlier})
    new = bool(case.rule) and not fitted and seen >= NEW
    evidence = [f"the failing share rises between {str(start.beginning.good)[:10]} and {short}"]
    if start.symbol is not None:
        near = "the failing code itself" if start.distance == 0 else "what the failing code relies on"
        name = f"{start.symbol.name} in {start.symbol.path}" if start.symbol.name else start.symbol.path
        evidence.append(f"{short} changed {name}: {near}")
    if fitted:
        evidence.append(f"different inputs of this kind that passed before it: {fitted}")
    if new:
        evidence.append(f"but none of {seen} different inputs before it was of this kind: they may be what is new")
    confidence = _commit_confidence(start, fitted, new)
    began = "calls before it did not fail like this" if start.clean else "calls before it hardly failed like this"
    repair = Proposal(f"Repair or revert {short}", start.place or case.place, f"See: git show {short}")
    sentence = f"{short} ({start.beginning.subject}) began it: {began}"
    return _problem(case, CauseKind.COMMIT, sentence, confidence, evidence, repair, place=start.place)


def _commit_confidence(start: Start, fitted: int, new: bool) -> float:
    if new:
        return WEAK
    if start.symbol is None:
        return 0.65 if start.named and (fitted or (start.clean and start.before >= 20)) else WEAK
    if fitted or (start.clean and start.before >= 20):
        return BOTH if start.distance <= 2 or fitted else 0.8
    return STRONG


def _caller(case: Case) -> Problem | None:
    caller = case.caller
    if caller is None or case.remote or case.machine:
        return None
    place = Place(caller.path, caller.line, caller.function)
    passes = f": it passes what the tool cannot take, {' and '.join(map(str, case.rule))}" if case.rule else ""
    sentence = f"only calls from {caller.function} fail{passes}"
    mend = Proposal(f"Correct what {caller.function} passes at {place}", place)
    confidence = 0.92 if caller.p < CALLER_SURE else 0.8
    return _problem(case, CauseKind.CALLER, sentence, confidence, (caller.sentence,), mend, place=place)


def _input(case: Case) -> Problem | None:
    patterns = case.patterns(_INPUT)
    if case.mixed:
        return None
    if not case.rule:
        return _refused(case)
    rule = " and ".join(map(str, case.rule))
    where = str(case.place) if case.place else "its first line"
    guard = Proposal(
        f"Handle inputs with {rule} before {where}", case.place,
        "Refuse them with an error that says so, or return what the callers expect for them.",
    )  # fmt: skip
    if patterns:
        confidence, evidence = 0.85 if patterns[0].confirmed else 0.75, (patterns[0].sentence,)
    else:
        assert case.telling is not None
        certain = case.telling.named and case.telling.passing >= 20
        confidence, evidence = 0.75 if certain else 0.6, (case.telling.sentence,)
    if case.remote:  # a service may refuse some inputs; more often it is down while they come
        confidence = min(confidence, 0.6)
    return _problem(case, CauseKind.INPUT, f"{case.cluster.error} when {rule}", confidence, evidence, guard)


def _refused(case: Case) -> Problem | None:
    """Inputs that came again failed again: they decide, though nothing short tells which. A line that raises does so on
    purpose."""
    clocked = case.moment is not None and case.reading.clock
    if case.steady < LEAST_STEADY or case.across or case.start or clocked or case.order.telling or case.machine:
        return None
    example = next((one.args for one in case.cluster.examples if one.args), "")
    again = f"{case.steady} different inputs came several times and failed each time, none of them ever passed"
    raises = case.reading.line.startswith("raise")
    sentence = f"{'it refuses' if raises else 'it cannot take'} some inputs, such as {example[:80]}"
    look = Proposal("Decide whether these inputs are to be refused, and tell those who send them", case.place)
    return _problem(case, CauseKind.INPUT, sentence, 0.65 if raises else 0.6, (again,), look)


def _state(case: Case) -> Problem | None:
    """What a process did before: failures that last until it ends, or kept values and inputs that do not decide."""
    if case.remote or case.machine or (case.moment and case.reading.clock):
        return None
    names = ", ".join(case.reading.shared[:3])
    keep = Proposal(f"Make {names or 'what is kept'} a value of each call, or bound and reset it", case.place)
    passes_elsewhere = case.across >= MIXED or not case.rule
    if passes_elsewhere and (case.order.telling or (case.order.later and names)) and case.start is None:
        sentence = f"what earlier calls left{f' in {names}' if names else ' behind'} decides"
        evidence = [case.order.sentence, *([f"the function changes {names}"] if names else [])]
        return _problem(case, CauseKind.STATE, sentence, 0.85 if names else 0.6, evidence, keep)
    flakiness = case.analysis.flakiness
    if flakiness.mixed < MIXED or not names or case.reading.random:
        return None
    sentence = f"what earlier calls left in {names} decides"
    evidence = [_mixed(case), f"the function changes {names}"]
    return _problem(case, CauseKind.STATE, sentence, STRONG, evidence, keep)


def _mixed(case: Case) -> str:
    flakiness = case.analysis.flakiness
    if flakiness.mixed < MIXED:
        return f"{case.across} inputs that failed passed in other processes"
    return f"{flakiness.mixed} of {flakiness.repeated} inputs that ran more than once passed and failed"


def _flaky(case: Case) -> Problem | None:
    failing = len({(call.args, call.kwargs) for call in case.failing})
    elsewhere = case.start is None and case.across > 0 and 2 * case.across >= failing
    mixed = case.analysis.flakiness.mixed >= MIXED or elsewhere
    if not mixed or case.remote or case.machine or case.patterns(_TIMES) or (case.moment and case.reading.clock):
        return None
    if case.reading.unordered and not case.reading.random:
        fix = Proposal("Sort what comes out of the set before its order matters", case.place)
        sentence = "the same inputs pass and fail; the code goes through a set, whose order changes with the process"
        return _problem(case, CauseKind.FLAKY, sentence, STRONG, (_mixed(case),), fix)
    if case.reading.random:
        fix = Proposal("Take the random numbers as a parameter, and handle each value that can come", case.place)
        sentence = "the same inputs pass and fail; the code draws random values"
        return _problem(case, CauseKind.FLAKY, sentence, 0.75, (_mixed(case),), fix)
    if case.analysis.flakiness.bursts:
        return None  # what fails by chance does not fail in bursts
    return _problem(case, CauseKind.FLAKY, "the same inputs pass and fail", WEAK, (_mixed(case),))


def _environment(case: Case) -> Problem | None:
    if not case.machine or case.patterns(_INPUT):
        return None
    what = "a setting of the environment" if case.reading.environment else "the machine or its files"
    check = Proposal(f"Check {what} at the start of the program and say what is missing", case.place)
    sentence = f"{case.cluster.error}: {what}, not the inputs"
    return _problem(case, CauseKind.ENVIRONMENT, sentence, 0.75, ("no property of the inputs goes with it",), check)


def _dependency(case: Case) -> Problem | None:
    if not case.remote:
        return None
    bursts = case.analysis.flakiness.bursts
    evidence = ("failures come in bursts, as in an outage",) if bursts else ()
    retry = Proposal("Set a timeout and retry this call a few times with growing pauses", case.place)
    sentence = f"what it calls fails with {case.cluster.error}"
    return _problem(case, CauseKind.DEPENDENCY, sentence, 0.8 if bursts else 0.75, evidence, retry)


def _callee(case: Case) -> Problem | None:
    """A function of the repository that it calls raises, and nothing better is known."""
    bursts = case.analysis.flakiness.bursts
    if not case.inner or (case.mixed and not bursts) or (case.moment and case.reading.clock):
        return None
    look = Proposal(f"Investigate {case.inner}, and decide what its callers do when it fails", case.place)
    sentence = f"{case.inner}, which it calls, raises {case.cluster.error}"
    evidence = ("failures come in bursts, as in an outage",) if bursts else ()
    return _problem(case, CauseKind.DEPENDENCY, sentence, 0.55 if bursts else WEAK, evidence, look)


def _time(case: Case) -> Problem | None:
    """Times at which it fails again and again; a code that looks at the clock makes them a cause."""
    moment, patterns = case.moment, case.patterns(_TIMES)
    look = Proposal("Test the function with the clock at such a time", case.place)
    if moment is not None and not case.remote and (case.reading.clock or moment.strong):
        clock = ("the code looks at the clock",) if case.reading.clock else ()
        confidence = (0.6 if moment.once else BOTH if moment.strong else 0.8) if clock else 0.6
        sentence = f"it fails {moment.when}"
        return _problem(case, CauseKind.TIME, sentence, confidence, (moment.sentence, *clock), look)
    if not patterns:
        return None
    best = patterns[0]
    strong = best.inside > 2 * best.outside
    confidence = (0.8 if case.reading.clock else STRONG) if strong else WEAK
    return _problem(case, CauseKind.TIME, best.sentence, confidence, (f"corrected p = {best.p:.2g}",), look)


def _absent(case: Case, found: set[CauseKind]) -> Iterator[str]:
    if CauseKind.COMMIT not in found:
        yield "commit: the failing share does not jump at a recorded commit that stands out"
    if CauseKind.INPUT not in found and case.compared < ENOUGH:
        yield f"input: not looked at: only {case.compared} different inputs that passed were recorded"
    elif CauseKind.INPUT not in found:
        yield "input: no property of the recorded inputs tells failing from passing calls"
    if CauseKind.TIME not in found:
        yield "time: no hour, weekday or day of the month stands out"
    if CauseKind.FLAKY not in found and CauseKind.STATE not in found:
        yield f"flaky: {case.analysis.flakiness.mixed} repeated inputs both passed and failed"


def _unknown(case: Case) -> Problem:
    missing = list(_missing(case))
    fetch = [Proposal("Fetch the history that this shallow clone lacks: git fetch --unshallow")] if case.shallow else []
    sentence = f"{case.cluster.error}: not known why" + (f"; {missing[0]}" if missing else "")
    began = case.start.beginning if case.start else None
    return Problem(
        CauseKind.UNKNOWN, sentence, 0.0, case.place, case.cluster.key, case.cluster.share, began, (_seen(case),),
        tuple(_absent(case, set())) if case.cluster.count >= FEWEST else (),
        (*fetch, *(Proposal(f"Record more: {line}") for line in missing)),
    )  # fmt: skip


def _missing(case: Case) -> Iterator[str]:
    if case.cluster.count < FEWEST:
        yield f"only {case.cluster.count} failures; wait for at least {FEWEST}"
    if not case.cluster.frames:
        yield "no frame in the repository was recorded"
    if not any(example.args or example.kwargs for example in case.cluster.examples):
        yield "no inputs were recorded"
    elif case.compared < ENOUGH:
        yield f"only {case.compared} different inputs that passed were recorded, to set the failing ones against"
    if not any(row.commit for row in case.analysis.commits):
        yield "no commits were recorded"
