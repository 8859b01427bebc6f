"""Which proofs fit one function of a repository: what it declares, what its code does, what was recorded of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gitops_healer.code.declared import declared_cases
from gitops_healer.code.reach_effects import Effects, Reason, effects_through
from gitops_healer.code.roles import is_test_path
from gitops_healer.code.source import read_source
from gitops_healer.core.strategy import Characteristics, Choice, Evidence, Inferred, choose
from gitops_healer.core.tools import Declared, Tool
from gitops_healer.evidence.history import place_of, unknown_symbol
from gitops_healer.evidence.tools import Tools
from gitops_healer.proof.mocking import Mocking, mocks_for
from gitops_healer.proof.subjects import loads
from gitops_healer.registry import Scene

_MOST_CALLS: Final = 1000
_MOST_TESTS: Final = 20


@dataclass(frozen=True)
class StrategyReport:
    """tool: `pkg.mod:qualname`; line: where it begins; effects: what its code does; choice: what follows."""

    tool: str
    path: str
    symbol: str
    line: int
    effects: Effects
    characteristics: Characteristics
    evidence: Evidence
    choice: Choice


def strategy_of(scene: Scene, symbol: str) -> StrategyReport:
    """symbol: any spelling of `evidence.history.place_of`; of a class, what making an object does. Nothing runs.

    Raises UsageError when the code has no such function, or when the name fits several.
    """
    place = place_of(scene, symbol)
    if place is None:
        raise unknown_symbol(scene, symbol)
    name = f"{scene.code.module_name(place.path)}:{place.symbol}"
    effects = effects_through(scene.code, place.path, place.symbol, scene.settings.tools.decorators)
    tools = Tools(scene)
    tool = tools.index.named(name)
    declared = tool.declared if tool is not None else Declared()
    what = Characteristics(
        declared, tuple(map(_inferred, _asked(effects))), effects.mutates, effects.cache, effects.assumed
    )
    evidence = _evidence(scene, tools, name, tool, place.path, place.symbol)
    line = next((item.header for item in scene.code.facts(place.path).definitions if item.qualname == place.symbol), 1)
    return StrategyReport(name, place.path, place.symbol, line, effects, what, evidence, choose(what, evidence))


def _asked(effects: Effects) -> Iterator[Reason]:
    """Without what only computes."""
    return (reason for reason in effects.reasons if not reason.effect.is_pure)


def _inferred(reason: Reason) -> Inferred:
    return Inferred(reason.effect.value, reason.callee, reason.path_of_functions, f"{reason.file}:{reason.line}")


def _evidence(scene: Scene, tools: Tools, name: str, tool: Tool | None, path: str, symbol: str) -> Evidence:
    policy = scene.settings.proof.replay
    mocking = mocks_for(scene, tool) if tool is not None and tool.declared.requires_mocking else Mocking()
    source = read_source(path, scene.code.source(path) or b"")
    return Evidence(
        recorded=_recorded(scene, tools, name),
        least=policy.least,
        days=policy.window.days,
        cases=len(declared_cases(source, symbol)) if source is not None else 0,
        tests=tuple(tests_that_mention(scene, path, symbol)),
        answers={mock.target: len(mock.answers) for mock in mocking.mocks},
        forbidden=mocking.forbidden,
        problems=mocking.problems,
        sandbox=scene.sandbox.level.value,
    )


def _recorded(scene: Scene, tools: Tools, name: str) -> int:
    """Replayable calls in the policy's window, under all names that it had."""
    since = scene.now - scene.settings.proof.replay.window
    calls = (scene.executions.executions(each, since=since, limit=_MOST_CALLS) for each in tools.names(name))
    return sum(call.replayable for each in calls for call in each)


def tests_that_mention(scene: Scene, path: str, symbol: str) -> Iterator[str]:
    """Test files that mention the function's name and import its module, directly or through others: a look at the
    text, which does not say whether they call it."""
    code, found = scene.code, 0
    name = symbol.rpartition(".")[2]
    for test in code.paths():
        if test.endswith(".py") and is_test_path(test) and test != path and found < _MOST_TESTS:
            mentions = code.facts(test, detail=True).details.mentions
            if name in mentions and loads(code, test, frozenset({path})):
                found += 1
                yield test
