"""The fixer for calls and tests that raise: from a finding to proven options, or a question."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from gitops_healer.core.finding import Finding
from gitops_healer.core.plan import Cause, Investigation
from gitops_healer.core.testing import TestCase, TestReport
from gitops_healer.core.verdict import Outcome
from gitops_healer.registry import Scene, repairer
from gitops_healer.repair.benches import ExecutionBench, TestBench
from gitops_healer.repair.choose import options, question
from gitops_healer.repair.engine import Budget, Examined, cause_of, readers, search, site_at
from gitops_healer.repair.evidence import Weight
from gitops_healer.repair.expectations import constants
from gitops_healer.repair.failure import Failure, Recorded, failure_of_test, failures_of, recorded
from gitops_healer.repair.inputs import Input, bind, neighbours, oddity_of, shown
from gitops_healer.repair.remedy import returns, substitutes
from gitops_healer.repair.source import read_source
from gitops_healer.repair.trial import survey

_GENERATED = 60
_SEEDS = 4  # inputs of each kind that others are generated from


@repairer(treats=("failing_test", "low_success_rate", "recent_failures"))
def repair_failure(scene: Scene, finding: Finding) -> Investigation:
    """Repair an exception of a known type at a known line, and ask when nothing says what should happen instead."""
    budget = Budget(scene.settings.testing.investigation_budget.total_seconds())
    treat = _repair_test if finding.rule == "failing_test" else _repair_executions
    return replace(treat(scene, finding, budget), tried=budget.tried, seconds=round(budget.spent, 3))


def _repair_executions(scene: Scene, finding: Finding, budget: Budget) -> Investigation:
    log = recorded(scene, finding)
    if log is None:
        return _nothing(f"{finding.symbol} is not in the code at this commit", finding)
    if not log.failing:
        return _nothing(f"{finding.symbol} fails, but no failing execution was recorded with its inputs", finding)
    outcomes = scene.caller.call(scene.commit, log.tool, log.path, [given for given, _ in log.failing])
    groups = failures_of(scene, log.failing, outcomes)
    if not groups:
        ended = next((outcome for outcome in outcomes if not outcome.ok), None)
        if ended is not None:
            return _nothing(
                f"the recorded inputs fail outside the project: {ended.error_type}: {ended.detail}", finding
            )
        count = len(log.failing)
        return _nothing(f"none of the {count} recorded failing inputs fails at this commit (repaired since, or due to "
                        "the environment)", finding)  # fmt: skip
    return _treated(scene, log, groups, budget)


def _treated(scene: Scene, log: Recorded, groups: Sequence[Failure], budget: Budget) -> Investigation:
    """The first investigation that is determined, else the first that asks, else all that was learnt."""
    treated: list[Investigation] = []
    for group in groups:
        if not treated or not budget.over:
            treated.append(_treat(scene, log, group, budget))
        if treated[-1].options and not treated[-1].question:
            break
    order = (*(one for one in treated if one.options and not one.question), *(one for one in treated if one.options))
    chosen = order[0] if order else treated[0]
    others = [f"{group.count} recorded failures are {group.error} at {group.frames[-1].file}:{group.frames[-1].line}"
              for group in groups if len(groups) > 1]  # fmt: skip
    learnt = [] if order else [line for one in treated[1:] for line in one.evidence]
    return replace(chosen, evidence=(*chosen.evidence, *learnt, *others))


def _treat(scene: Scene, log: Recorded, failure: Failure, budget: Budget) -> Investigation:
    """One group of failures: whole, and when that is not determined, the part of it for which something speaks."""
    examined = _examined(scene, log, failure, budget)
    if examined is None:
        return _unplaced(failure)
    if not examined.determined and not examined.verdict.right:
        for part in _parts(examined, failure):
            partial = None if budget.over else _examined(scene, log, part, budget)
            if partial is not None and partial.determined:
                return _told(
                    partial, f"{len(part.inputs)} of {len(failure.inputs)} distinct failing inputs are treated"
                )
    return _told(examined)


def _examined(scene: Scene, log: Recorded, failure: Failure, budget: Budget) -> Examined | None:
    good = [given for given, _ in log.passing]
    near = neighbours([*failure.inputs[:_SEEDS], *good[:_SEEDS]], _GENERATED)
    ground = survey(scene, log.tool, log.path, failure, log.inputs, near)
    if not ground.failing:
        return None
    return search(scene, failure, ExecutionBench(scene, log.tool, log.path, log.symbol, ground, log.passing), budget)


def _parts(examined: Examined, failure: Failure) -> Iterator[Failure]:
    """Failing inputs parted by what is odd about them, when they are odd in different ways."""
    site = examined.circumstance.site
    kinds: dict[tuple[str, ...], list[Input]] = {}
    for given in failure.inputs if examined.circumstance.whole else ():
        bound = bind(site, given) or {}
        odd = tuple(oddity_of(bound.get(name)) if name in bound else "" for name in site.parameters)
        kinds.setdefault(odd, []).append(given)
    if len(kinds) > 1:
        for odd in sorted(kinds):
            if any(odd):
                yield replace(failure, inputs=tuple(kinds[odd]))


def _repair_test(scene: Scene, finding: Finding, budget: Budget) -> Investigation:
    base = scene.tests.run(scene.commit)
    case = _case_of(base, finding)
    if case is None:
        passed = base.outcome is Outcome.PASSED
        return _nothing(f"the test does not fail at this commit ({base.reason})" if passed else base.reason, finding)
    if case.environmental:
        return _nothing(f"{case.id} fails because of where it runs, not because of the code: {case.message}", finding)
    failure = failure_of_test(scene, case)
    if failure is None:
        return _nothing(f"no code of the project is in the traceback of {case.id}: {case.error_type}", finding)
    bench = _test_bench(scene, case, base, failure)
    examined = search(scene, failure, bench, budget)
    return _told(examined) if examined is not None else _unplaced(failure)


def _case_of(report: TestReport, finding: Finding) -> TestCase | None:
    """The failing test that the finding is about: named by its symbol, else in its evidence or message."""
    for case in report.failing:
        if case.id == finding.symbol:
            return case
    told = " ".join([finding.message, *finding.evidence]).split()
    near = [case for case in report.failing if case.id in told or case.id.endswith(f"::{finding.symbol}")]
    return near[0] if near else None


def _test_bench(scene: Scene, case: TestCase, base: TestReport, failure: Failure) -> TestBench:
    """Proof by the test; and by calls, when the test calls a function of the project with plain arguments."""
    path, _, name = case.id.partition("::")
    name = name.rpartition("::")[2].partition("[")[0]
    data = scene.repository.read(scene.commit, path)
    source = read_source(path, data) if data is not None else None
    values = constants(source, name) if source is not None else ()
    wanted = (*map(returns, values), *map(substitutes, values))
    outer = site_at(scene, failure, failure.frames[0])
    symbol = (outer.source.path, outer.qualname) if outer is not None else ("", "")
    return TestBench(scene, case, base, _called(scene, name, failure), symbol, tuple(dict.fromkeys(wanted)))


def _called(scene: Scene, test: str, failure: Failure) -> ExecutionBench | None:
    site = site_at(scene, failure, failure.frames[0])
    module = scene.code.module_name(site.source.path) if site is not None else None
    if site is None or module is None or "<locals>" in site.qualname:
        return None
    expected = [one for one in readers(scene, site)[0] if one.given is not None]
    mine = tuple(dict.fromkeys(one.given for one in expected if one.test == test and one.given))
    others = tuple(dict.fromkeys(one.given for one in expected if one.given))
    tool = f"{module}:{site.qualname}"
    asked = replace(failure, inputs=mine)
    ground = (
        survey(scene, tool, site.source.path, asked, others, neighbours(others[:_SEEDS], _GENERATED)) if mine else None
    )
    if ground is None or not ground.failing:
        return None
    return ExecutionBench(scene, tool, site.source.path, site.qualname, ground, ())


def _told(examined: Examined, *more: str) -> Investigation:
    """The investigation in the words of the plan."""
    circumstance, verdict = examined.circumstance, examined.verdict
    evidence = [f"{one.origin}: {one.reason}" for one in examined.evidence if one.weight is not Weight.FORBIDS]
    evidence += [f"{one.origin}: {one.reason}" for one in examined.evidence if one.weight is Weight.FORBIDS]
    if verdict.right:
        evidence.insert(
            0, f"{circumstance.site.error} is what the code promises for such input: nothing is to be repaired"
        )
    elif not verdict.survivors:
        evidence.append("no candidate made the failing inputs work and left everything else as it was")
    made = options(circumstance, verdict)
    ask = question(circumstance, verdict, made) if made and not verdict.reasons else ""
    inputs = _seen(circumstance.failing, examined)
    return Investigation(cause_of(examined), (*inputs, *evidence, *more), made, ask)


def _seen(failing: Sequence[Input], examined: Examined) -> Iterable[str]:
    if failing:
        site = examined.circumstance.site if examined.circumstance.whole else None
        yield f"{len(failing)} distinct inputs fail at this commit, such as {shown(site, failing[0])}"


def _nothing(reason: str, finding: Finding) -> Investigation:
    return Investigation(Cause(reason, finding.path, finding.start, 0.5), (reason,))


def _unplaced(failure: Failure) -> Investigation:
    last = failure.frames[-1]
    reason = f"{failure.error} at {last.file}:{last.line} is in no function, or does not fail so every time"
    return Investigation(Cause(reason, last.file, last.line, 0.4), (reason,))
