"""The fixer for calls and tests that raise: from a finding to proven options, or a question."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from gitops_healer.code.source import read_source
from gitops_healer.core.finding import Finding
from gitops_healer.core.plan import Cause, Investigation
from gitops_healer.core.testing import TestCase, TestReport
from gitops_healer.core.verdict import Outcome
from gitops_healer.errors import UnavailableError
from gitops_healer.registry import Scene, repairer
from gitops_healer.repair.benches import ExecutionBench, TestBench
from gitops_healer.repair.by_executions import repair_by_executions
from gitops_healer.repair.choose import options, question
from gitops_healer.repair.engine import Budget, Examined, cause_of, readers, search, site_at
from gitops_healer.repair.evidence import Weight
from gitops_healer.repair.expectations import constants
from gitops_healer.repair.failure import Failure, Recorded, failure_of_test, failures_of, places, recorded
from gitops_healer.repair.inputs import Input, bind, oddity_of, shown
from gitops_healer.repair.remedy import Remedy, returns, substitutes
from gitops_healer.repair.search.engine import repair
from gitops_healer.repair.search.investigating import investigation_of
from gitops_healer.repair.search.work import Order
from gitops_healer.repair.site import Site, names_in
from gitops_healer.repair.trial import survey

_PROMISED = "is what the code promises for such input: nothing is to be repaired"


@repairer(treats=("failing_test", "low_success_rate", "recent_failures"))
def repair_failure(scene: Scene, finding: Finding) -> Investigation:
    """Repair an exception of a known type at a known line, and ask when nothing says what should happen instead."""
    budget = Budget(scene.settings.testing.investigation_budget.total_seconds())
    treat = _repair_test if finding.rule == "failing_test" else _repair_executions
    found = treat(scene, finding, budget)
    stumbled = dict.fromkeys(budget.stumbled)
    told = (f"{len(budget.stumbled)} candidates could not be tried ({'; '.join(stumbled)})",) if stumbled else ()
    return replace(found, evidence=(*found.evidence, *told), tried=budget.tried, seconds=round(budget.seconds, 3))


def _repair_executions(scene: Scene, finding: Finding, budget: Budget) -> Investigation:
    log = recorded(scene, finding)
    if log is None:
        return _nothing(f"{finding.symbol} is not in the code at this commit", finding)
    guarded = _guarded_calls(scene, finding, log, budget)
    promised = any(_PROMISED in line for line in guarded.evidence)
    if promised:
        return guarded
    found = repair_by_executions(scene, finding, log, guarded, budget.left)
    budget.tried += found.tried
    return found


def _guarded_calls(scene: Scene, finding: Finding, log: Recorded, budget: Budget) -> Investigation:
    """What is wrong is the input, and the evidence says what should happen to it."""
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
        if not treated or budget.left:
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
            partial = _examined(scene, log, part, budget) if budget.left else None
            if partial is not None and partial.determined:
                return _told(
                    partial, f"{len(part.inputs)} of {len(failure.inputs)} distinct failing inputs are treated"
                )
    return _told(examined)


def _examined(scene: Scene, log: Recorded, failure: Failure, budget: Budget) -> Examined | None:
    site = site_at(scene, failure, failure.frames[0])
    own = site is not None and (site.source.path, site.qualname) == (log.path, log.symbol)
    tested = [one.given for one in readers(scene, site)[0] if one.given] if site is not None and own else []
    ground = survey(scene, log.tool, log.path, failure, tuple(dict.fromkeys([*log.inputs, *tested])))
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
    cases = _cases_of(base, finding)
    if not cases:
        passed = base.outcome is Outcome.PASSED
        return _nothing(f"the test does not fail at this commit ({base.reason})" if passed else base.reason, finding)
    first = cases[0]
    if first.environmental:
        return _nothing(f"{first.id} fails because of where it runs, not because of the code: {first.message}", finding)
    failure = failure_of_test(scene, first)
    guarded = _guarded(scene, finding, cases, base, failure, budget)
    if guarded.options and not guarded.question:
        return guarded
    searched = _searched(scene, finding, cases, budget)
    return searched if searched.options else replace(guarded, evidence=(*guarded.evidence, *searched.evidence))


def _guarded(
    scene: Scene, finding: Finding, cases: Sequence[TestCase], base: TestReport, failure: Failure | None, budget: Budget
) -> Investigation:
    """What is wrong is the input, and the evidence says what should happen to it."""
    if failure is None:
        return _nothing(_untraced(cases[0]), finding)
    examined = search(scene, failure, _test_bench(scene, finding, cases, base, failure), budget)
    return _told(examined) if examined is not None else _unplaced(failure)


def _searched(scene: Scene, finding: Finding, cases: Sequence[TestCase], budget: Budget) -> Investigation:
    """What is wrong is the code: a small edit of it that the tests prove."""
    order = Order(tests=tuple(case.id for case in cases), budget=max(10.0, budget.left))
    try:
        found = investigation_of(repair(scene, order), finding.path, finding.start)
    except UnavailableError as error:
        return _nothing(str(error), finding)
    budget.tried += found.tried
    return found


def _cases_of(report: TestReport, finding: Finding) -> tuple[TestCase, ...]:
    """The failing tests that the finding is about: its symbol first, then those that its evidence names."""
    named = [finding.symbol, *(line.partition("fails: ")[2] for line in finding.evidence if line.startswith("fails: "))]
    failing = {case.id: case for case in report.failing}
    return tuple(failing[name] for name in dict.fromkeys(named) if name in failing)


def _test_bench(
    scene: Scene, finding: Finding, cases: Sequence[TestCase], base: TestReport, failure: Failure
) -> TestBench:
    """Proof by the tests; and by calls, when they call a function of the project with plain arguments."""
    names = tuple(dict.fromkeys(_function_of(case.id) for case in cases))
    data = scene.repository.read(scene.commit, cases[0].id.partition("::")[0]) or scene.code.source(finding.path)
    source = read_source(finding.path, data) if data is not None else None
    values = [value for name in names for value in (constants(source, name) if source is not None else ())]
    outer = site_at(scene, failure, failure.frames[0])
    symbol = (outer.source.path, outer.qualname) if outer is not None else ("", "")
    called = _called(scene, names, failure, outer) if outer is not None else None
    expectations = readers(scene, outer)[0] if outer is not None else ()
    expected = {one.given: one.value for one in expectations if one.given and one.value and one.test in names}
    wanted = tuple(
        dict.fromkeys([*map(returns, values), *map(substitutes, values), *_given_by_parameters(failure, scene)])
    )
    return TestBench(scene, tuple(case.id for case in cases), base, called, symbol, wanted, expected)


def _given_by_parameters(failure: Failure, scene: Scene) -> Iterator[Remedy]:
    """Parameters that the failing statement does not read may be what is to be returned."""
    for frame in places(failure):
        site = site_at(scene, failure, frame)
        if site is not None:
            read = names_in(site.statement)
            yield from (returns(name) for name in site.parameters if name not in read)


def _function_of(test: str) -> str:
    """`test_x` of `t.py::T::test_x[1]` and of `t.T.test_x`."""
    return test.rpartition("::")[2].partition("[")[0].rpartition(".")[2]


def _called(scene: Scene, tests: Sequence[str], failure: Failure, site: Site) -> ExecutionBench | None:
    """The function that the tests call, on the plain inputs that they give; None when there are none that fail so."""
    module = scene.code.module_name(site.source.path)
    expected = [one for one in readers(scene, site)[0] if one.given is not None]
    mine = tuple(dict.fromkeys(one.given for one in expected if one.test in tests and one.given))
    if module is None or "<locals>" in site.qualname or not mine:
        return None
    others = tuple(dict.fromkeys(one.given for one in expected if one.given))
    tool = f"{module}:{site.qualname}"
    ground = survey(scene, tool, site.source.path, replace(failure, inputs=mine), others)
    if not ground.failing:
        return None
    return ExecutionBench(scene, tool, site.source.path, site.qualname, ground, ())


def _told(examined: Examined, *more: str) -> Investigation:
    """The investigation in the words of the plan."""
    circumstance, verdict = examined.circumstance, examined.verdict
    evidence = [f"{one.origin}: {one.reason}" for one in examined.evidence if one.weight is not Weight.FORBIDS]
    evidence += [f"{one.origin}: {one.reason}" for one in examined.evidence if one.weight is Weight.FORBIDS]
    if verdict.right:
        evidence.insert(0, f"{circumstance.site.error} {_PROMISED}")
    elif not verdict.survivors:
        evidence.append("no candidate made the failing inputs work and left everything else as it was")
    made = options(circumstance, verdict)
    ask = question(circumstance, verdict, made) if made and not verdict.reasons else ""
    inputs = _seen(circumstance.failing, examined)
    return Investigation(cause_of(examined), (*inputs, *evidence, *more), made, ask)


def _seen(failing: Sequence[Input], examined: Examined) -> Iterable[str]:
    if failing:
        site = examined.circumstance.site if examined.circumstance.whole else None
        yield f"{_counted(len(failing))} at this commit, such as {shown(site, failing[0])}"


def _counted(number: int) -> str:
    return "1 distinct input fails" if number == 1 else f"{number} distinct inputs fail"


def _untraced(case: TestCase) -> str:
    """Why a failing test gives the templates nothing to begin with."""
    if case.error_type == "AssertionError":
        return f"{case.id} fails by its own assertion: the code gives a wrong value and no error that a template treats"
    return f"no code of the project is in the traceback of {case.id}: {case.error_type}"


def _nothing(reason: str, finding: Finding) -> Investigation:
    return Investigation(Cause(reason, finding.path, finding.start, 0.5), (reason,))


def _unplaced(failure: Failure) -> Investigation:
    last = failure.frames[-1]
    reason = f"{failure.error} at {last.file}:{last.line} is in no function, or does not fail so every time"
    return Investigation(Cause(reason, last.file, last.line, 0.4), (reason,))
