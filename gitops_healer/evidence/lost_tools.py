"""Tools that are in use and that a change takes away or renames."""

from dataclasses import dataclass, replace
from typing import Final

from gitops_healer.code.model import CodeModel
from gitops_healer.core.tools import Tool, Use
from gitops_healer.evidence.models import model_at
from gitops_healer.evidence.tools import Tools
from gitops_healer.registry import Scene

_COMMITS_BACK: Final = 10_000


@dataclass(frozen=True)
class Lost:
    """A tool of the base that the head has no more. now: its name there, "" when nothing is like it; by:
    the commit at the head, and its author; days: the time in which the calls were counted."""

    tool: Tool
    use: Use
    now: str
    by: str
    author: str
    days: int

    def __str__(self) -> str:
        done = f"is renamed to {self.now}" if self.now else "is deleted"
        return f"{self.tool.name} {done}, though it was called {self.use.calls:,} times in the last {self.days} days"


def lost_tools(scene: Scene, base: str, head: str) -> tuple[Lost, ...]:
    """What the step from `base` to `head` (commits) takes away, most called first."""
    repository = scene.repository
    before = Tools(replace(scene, commit=base, code=model_at(scene, base)))
    valuable = before.valuable()
    if not valuable:
        return ()
    after = model_at(scene, head)
    gone = [name for name in valuable if after.locate(name) is None and not _still_bound(after, name)]
    if not gone:
        return ()
    moved = {before.name_of(old): before.name_of(new) for old, new, _ in before.between(base, head).moved}
    info, days = repository.commit(head), scene.settings.tools.valuable_within.days

    def lost(name: str) -> Lost:
        tool = before.tools[name]
        module = name.partition(":")[0]
        now = moved.get(f"{module}:{tool.symbol}", "")
        return Lost(tool, valuable[name], now, head, info.author.name, days)

    return tuple(sorted(map(lost, gone), key=lambda one: (-one.use.calls, one.tool.name)))


def branched_at(scene: Scene, base: str, head: str) -> str:
    """The newest commit of the base's first-parent history that `head` contains, `base` when there is none."""
    commit = base
    for _ in range(_COMMITS_BACK):
        if commit == head or scene.repository.is_ancestor(commit, head):
            return commit
        parents = scene.repository.commit(commit).parents
        if not parents or scene.repository.resolve(parents[0]) is None:
            break
        commit = parents[0]
    return base


def _still_bound(code: CodeModel, name: str) -> bool:
    """Whether the module binds the name to something else, such as `old = new`: callers go on as before."""
    module, _, symbol = name.partition(":")
    path = code.path_of(module)
    return path is not None and "." not in symbol and symbol in code.facts(path).names
