"""What a repair template is: one file, one function, from a target to small rewrites of it.

A template knows one kind of mistake. It yields every rewrite that would mend such a mistake anywhere in the target;
where the failing tests never go is left out later. `examples` are its documentation and its tests.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from gitops_healer.registry import Plugin, help_of
from gitops_healer.repair.search.target import Target


@dataclass(frozen=True)
class Span:
    """Bytes `start` to `end` of the target's file become `new`."""

    start: int
    end: int
    new: str


@dataclass(frozen=True)
class Rewrite:
    """A way to mend the target. line: where the mistake would be (its suspicion counts); weight: 0 to 1, how likely
    among the rewrites of its template; title: what it does, imperative, for people; caution: what a maintainer has to
    know before trusting it (`deletes code`, `widens a condition`), else empty."""

    spans: tuple[Span, ...]
    line: int
    title: str
    weight: float = 1.0
    caution: str = ""


@dataclass(frozen=True)
class Example:
    """before: a whole function with the mistake; after: the function that must be among the rewrites."""

    before: str
    after: str


@dataclass(frozen=True)
class RepairTemplate(Plugin):
    """prior: how often the rewrite that is right comes from this template, relative to other templates (about 0.01 to
    0.2); doc: its whole docstring."""

    prior: float
    examples: tuple[Example, ...]
    run: Callable[[Target], Iterable[Rewrite]] = field(compare=False)
    doc: str = ""

    def __call__(self, target: Target) -> Iterable[Rewrite]:
        return self.run(target)


def repair_template(
    *, prior: float, examples: tuple[Example, ...]
) -> Callable[[Callable[[Target], Iterable[Rewrite]]], RepairTemplate]:
    def made(run: Callable[[Target], Iterable[Rewrite]]) -> RepairTemplate:
        return RepairTemplate(run.__name__, help_of(run), prior, examples, run, run.__doc__ or "")

    return made
