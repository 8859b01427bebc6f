"""Inputs for one function from everywhere: recorded calls, declared cases, and what is made from both."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from gitops_healer.code.parsing import parsed
from gitops_healer.code.source import read_source
from gitops_healer.code.spelled_calls import calls_in_documentation, calls_in_tests
from gitops_healer.core.pairing import Fix
from gitops_healer.core.sampling import fair_order, shape
from gitops_healer.core.shadowing import Origin, Sample, distinct
from gitops_healer.evidence.tools import Tools
from gitops_healer.proof.generating import generated_samples
from gitops_healer.proof.inputs import declared_samples, filled_samples, recorded_samples
from gitops_healer.proof.strategies import tests_that_mention
from gitops_healer.proof.subjects import Subject
from gitops_healer.registry import Scene

_SEED: Final = 0
_MADE_SHARE: Final = 1 / 3
_ERRORS_READ: Final = 200


@dataclass(frozen=True)
class Inputs:
    """samples: of which every beginning is fair; unreplayable: reason -> recorded calls that cannot be made again."""

    samples: tuple[Sample, ...] = ()
    unreplayable: Mapping[str, int] = field(default_factory=dict)

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(
            f"{count} recorded calls cannot be made again: {reason}" for reason, count in self.unreplayable.items()
        )


def inputs_of(scene: Scene, subject: Subject) -> Inputs:
    """At most `proof.shadow.inputs` different ones, a third of them made up, more where little is known."""
    most = scene.settings.proof.shadow.inputs
    known = most - int(most * _MADE_SHARE)
    recorded = recorded_samples(scene, subject.tool, window=scene.settings.proof.replay.window, most=known)
    declared = declared_samples(scene, subject.tool, subject.path, subject.symbol)
    spelled = spelled_samples(scene, subject)[: most // 3]
    seeds = distinct([*declared, *recorded.samples, *spelled])
    data = scene.repository.read(scene.commit, subject.path)
    source = read_source(subject.path, data) if data is not None else None
    whole = filled_samples(recorded.masked, (most - len(seeds) + 1) // 2, _SEED)
    begun = distinct([*seeds, *whole])
    made = generated_samples(source, subject.symbol, begun, most - len(begun), _SEED) if source is not None else ()
    return Inputs(fair_order(distinct([*begun, *made]))[:most], recorded.unreplayable)


def spelled_samples(scene: Scene, subject: Subject) -> tuple[Sample, ...]:
    """Inputs that stand in examples of docstrings and in tests, also where the tests cannot be run here. What the
    function should give for them is not asked: it may be the flaw."""
    name = subject.symbol.rpartition(".")[2]
    tree = parsed(scene.code.source(subject.path) or b"")
    found = list(calls_in_documentation(tree, name)) if tree is not None else []
    for path in tests_that_mention(scene, subject.path, subject.symbol):
        tree = parsed(scene.code.source(path) or b"")
        found += calls_in_tests(tree, name) if tree is not None else ()
    return tuple(Sample(given, Origin.GENERATED, stratum=shape(given)) for given in dict.fromkeys(found))


def fix_of(scene: Scene, tool: str) -> Fix | None:
    """The recorded failures of a tool, as the failure that a change is to end; None when none was recorded."""
    names = Tools(scene).names(tool)
    failing = [call for name in names for call in scene.executions.executions(name, ok=False, limit=_ERRORS_READ)]
    errors = tuple(dict.fromkeys(call.error.type for call in failing if call.error and call.error.type))
    innermost = (call.error.frames[-1] for call in failing if call.error and call.error.frames)
    return Fix(errors, frozenset((frame.file, frame.function) for frame in innermost)) if errors else None
