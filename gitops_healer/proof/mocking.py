"""What a tool says has to be mocked, as functions with recorded answers and kinds of effects that are not allowed."""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from heapq import nlargest
from typing import Final

from gitops_healer.code.effects import Effect, effect_of
from gitops_healer.core.calls import Answer, Mock
from gitops_healer.core.execution import Execution
from gitops_healer.core.sampling import input_of
from gitops_healer.core.tools import Tool
from gitops_healer.evidence.tools import Tools
from gitops_healer.recorder.encoding import REDACTED
from gitops_healer.registry import Scene

MOST_ANSWERS: Final = 2000
_WORDS: Final = {
    Effect.NETWORK: "network net internet web http https api apis rest url urls socket sockets email mail smtp",
    Effect.DATABASE: "database databases db dbs sql",
    Effect.FILES: "file files filesystem disk",
    Effect.PROCESS: "process processes subprocess subprocesses shell",
    Effect.CLOCK: "clock time date datetime now",
    Effect.RANDOMNESS: "random randomness uuid",
}
_EFFECT_OF: Final = {word: effect for effect, words in _WORDS.items() for word in words.split()}
_FIXED: Final = (Effect.CLOCK, Effect.RANDOMNESS)
"""The conditions of a call make these repeat: nothing is left to be mocked."""
_FORBIDDABLE: Final = (Effect.NETWORK, Effect.DATABASE, Effect.FILES, Effect.PROCESS)


@dataclass(frozen=True)
class Mocking:
    """mocks: functions that are not called for real; forbidden: values of `Effect` that end a call; problems: names
    that lead to nothing, a sentence each."""

    mocks: tuple[Mock, ...] = ()
    forbidden: frozenset[str] = frozenset()
    problems: tuple[str, ...] = ()


def mocks_for(scene: Scene, tool: Tool) -> Mocking:
    """What `requires_mocking` of a tool asks for. Each name is, in this order, a recorded tool (in full, or the end of
    its name where only one fits), an effect, a function or module of the code, something of a library."""
    mocks: dict[str, Mock] = {}
    forbidden: set[str] = set()
    problems = []
    names = _Names(scene, tool)
    for name in dict.fromkeys(part.strip() for part in tool.declared.requires_mocking.split(",")):
        match names.meaning(name) if name else None:
            case Mock() as mock:
                mocks[mock.target] = mock
            case Effect() as effect if effect not in _FIXED:
                forbidden.add(effect.value)
            case str(problem):
                problems.append(problem)
    return Mocking(tuple(mocks.values()), frozenset(forbidden), tuple(problems))


class _Names:
    """Says what the names mean that one tool uses."""

    def __init__(self, scene: Scene, tool: Tool) -> None:
        self._scene = scene
        self._tool = tool

    def meaning(self, name: str) -> Mock | Effect | str:
        """A mock, an effect, or the sentence that says why it is neither."""
        if name == "unknown":
            return f"requires_mocking of {self._tool.name} is computed when it runs: what to mock is not known"
        if name in (self._tool.name, self._tool.name.replace(":", ".")):
            return f"requires_mocking names '{name}', which is the tool itself"
        recorded = self._recorded(name)
        if recorded[1:]:
            return f"requires_mocking names '{name}', which may be {_listed(recorded)}: say which, by the whole name"
        if recorded:
            return Mock(recorded[0], self._answers(recorded[0]))
        effect = _EFFECT_OF.get(re.sub(r"[\s_-]+", "", name.lower()))
        if effect is not None:
            return effect
        target = self._in_code(name)
        return Mock(target) if target else self._of_library(name)

    # Recorded tools

    @cached_property
    def _aliases(self) -> dict[str, tuple[str, ...]]:
        return dict(Tools(self._scene).aliases)

    @cached_property
    def _today(self) -> dict[str, str]:
        """{recorded name: the name that the function has today}"""
        former = {old: name for name, olds in self._aliases.items() for old in olds}
        return {name: former.get(name, name) for name in self._scene.executions.tools()}

    def _recorded(self, name: str) -> tuple[str, ...]:
        """Tools that the name may mean, all of them when it is the end of several names."""
        dotted = name.replace(":", ".")
        whole = [today for old, today in self._today.items() if old.replace(":", ".") == dotted]
        ends = [today for old, today in self._today.items() if old.replace(":", ".").endswith(f".{dotted}")]
        return tuple(sorted(set(whole or ends) - {self._tool.name}))

    def _answers(self, name: str) -> tuple[Answer, ...]:
        """The newest that are known whole, oldest first, under all names that it had."""
        calls = [
            call
            for each in (name, *self._aliases.get(name, ()))
            for ok in (True, False)
            for call in self._scene.executions.executions(each, ok=ok, limit=MOST_ANSWERS)
            if _is_whole(call)
        ]
        newest = nlargest(MOST_ANSWERS, calls, key=lambda call: (call.ts, call.id))
        return tuple(map(_answer, reversed(newest)))

    # The code

    def _in_code(self, name: str) -> str:
        """`pkg.mod:qualname` of a function or class, `pkg.mod` of a module, "" for what is not in the code."""
        code = self._scene.code
        for module, qualname in _splits(name):
            if not qualname:
                if code.path_of(module) is not None:
                    return module
            elif code.locate(f"{module}:{qualname}") is not None or self._is_class(module, qualname):
                return f"{module}:{qualname}"
        own = self._tool.name.partition(":")[0]
        return f"{own}:{name}" if code.locate(f"{own}:{name}") is not None else ""

    def _is_class(self, module: str, qualname: str) -> bool:
        path = self._scene.code.path_of(module)
        definitions = self._scene.code.facts(path).definitions if path is not None else ()
        return any(item.is_class and item.qualname == qualname for item in definitions)

    # Libraries

    def _of_library(self, name: str) -> Mock | Effect | str:
        dotted = name.replace(":", ".")
        if not self._is_library(dotted.partition(".")[0]):
            known = "a recorded tool, nor an effect (network, database, files, processes, clock, randomness)"
            return f"requires_mocking names '{name}', which is neither {known}, nor anything that the code imports"
        effect = effect_of(dotted)
        return effect if effect in (*_FORBIDDABLE, *_FIXED) else Mock(name)

    def _is_library(self, top: str) -> bool:
        if top in sys.stdlib_module_names:
            return True
        modules = tuple(self._scene.code.modules())
        if any(module.name.partition(".")[0] == top for module in modules):
            return False
        facts = (self._scene.code.facts(self._tool.path), *(module.facts for module in modules))
        imports = (item for each in facts for item in each.imports)
        return any(not item.level and item.module.partition(".")[0] == top for item in imports)


def _splits(name: str) -> Iterator[tuple[str, str]]:
    """(module, names inside of it), the longest module first; as it stands where a colon says."""
    module, colon, qualname = name.partition(":")
    if colon:
        yield module, qualname
        return
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        yield ".".join(parts[:end]), ".".join(parts[end:])


def _is_whole(call: Execution) -> bool:
    """Whether inputs and outcome are known as they were."""
    if not call.replayable or "inputs" in call.cut:
        return False
    if not call.ok:
        return call.error is not None
    return call.result is not None and "result" not in call.cut and REDACTED not in call.result


def _answer(call: Execution) -> Answer:
    given = input_of(call)
    if call.ok or call.error is None:
        return Answer(given, call.result or "null", at=call.ts)
    return Answer(given, error=call.error.type, message=call.error.message, at=call.ts)


def _listed(names: tuple[str, ...]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"
