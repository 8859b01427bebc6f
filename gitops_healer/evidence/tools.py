"""The tools of a repository: what the code declares, what was recorded, and what git says became of them."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property
from itertools import islice, takewhile
from typing import Final

from gitops_healer.code.model import CodeModel
from gitops_healer.code.tool_changes import Changes, Stood, changes_between
from gitops_healer.code.tool_index import Marks, ToolIndex
from gitops_healer.core.codec import digest
from gitops_healer.core.execution import ToolStats
from gitops_healer.core.lifecycle import Step, ToolEvent, aliases_of, ends_of
from gitops_healer.core.tools import Entry, Status, Tool, Use
from gitops_healer.core.trailers import Trailers
from gitops_healer.evidence.ancestry import first_parents
from gitops_healer.ports import CommitInfo
from gitops_healer.registry import Scene

COMMITS_BACK: Final = 2000
_SCHEMA: Final = 1
_BEFORE_CALLS: Final = timedelta(days=1)


class Tools:
    """Everything about the tools of one scene, worked out when it is first asked for."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        policy = scene.settings.tools
        self._marks = Marks.of(policy.decorators, policy.base_classes)
        tree = digest(scene.repository.commit(scene.commit).tree, list(scene.settings.detection.exclude))
        self.index = ToolIndex(scene.code, scene.cache, self._marks, tree)

    @cached_property
    def stats(self) -> Mapping[str, ToolStats]:
        return {stats.tool: stats for stats in self._scene.executions.stats()}

    @cached_property
    def tools(self) -> Mapping[str, Tool]:
        """{name: tool} of the code. A function that a package passes on is one tool, however it was recorded."""
        by_place: dict[tuple[str, str], list[Tool]] = {}
        for tool in self.index.tools(self.stats):
            by_place.setdefault((tool.path, tool.symbol), []).append(tool)
        chosen = [min(tools, key=self._rank) if tools[1:] else tools[0] for tools in by_place.values()]
        return {tool.name: tool for tool in sorted(chosen, key=lambda tool: tool.name)}

    def _rank(self, tool: Tool) -> tuple[bool, bool]:
        own = self._scene.code.module_name(tool.path) == tool.name.partition(":")[0]
        return tool.why == "recorded", not own

    @cached_property
    def missing(self) -> tuple[str, ...]:
        """Recorded names that the code does not have."""
        return tuple(name for name in self.stats if name not in self.tools and self.index.named(name) is None)

    @cached_property
    def events(self) -> tuple[ToolEvent, ...]:
        """What happened to tools since the first recorded call, oldest first, at most 2,000 commits back."""
        firsts = [stats.first for stats in self.stats.values()]
        since = min(firsts) - _BEFORE_CALLS if firsts else None
        return tuple(self.events_since(since))

    @cached_property
    def aliases(self) -> Mapping[str, tuple[str, ...]]:
        """{name today: names before}; history is only asked when something was recorded that the code has not."""
        return aliases_of(self.events) if self.missing else {}

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """All tools, by name: those of the code, and those that were called and are gone."""
        former = {old for olds in self.aliases.values() for old in olds}
        names = [*self.tools, *(name for name in self.missing if name not in former)]
        return tuple(self._entry(name) for name in sorted(names))

    def use(self, name: str, stats: Mapping[str, ToolStats] | None = None) -> Use:
        """Calls under this name, its former names, and names that packages pass it on under."""
        known = self.stats if stats is None else stats
        found = Use()
        for each in dict.fromkeys((name, *self.aliases.get(name, ()), *self._passed_on.get(name, ()))):
            if (one := known.get(each)) is not None:
                found += Use(one.total, one.failed, one.first, one.last)
        return found

    def names(self, name: str) -> tuple[str, ...]:
        """Under which calls of one function may have been recorded: this one first, those that packages pass it on
        under, and what all of these were called before."""
        place = self._scene.code.locate(name)
        same = [other for other in self.stats if place is not None and self._scene.code.locate(other) == place]
        former = [old for each in (name, *same) for old in self.aliases.get(each, ())]
        return tuple(dict.fromkeys((name, *same, *former)))

    def valuable(self) -> Mapping[str, Use]:
        """{name: its calls in settings.tools.valuable_within} of tools that are called often enough to be missed."""
        policy = self._scene.settings.tools
        stats = {one.tool: one for one in self._scene.executions.stats(self._scene.now - policy.valuable_within)}
        uses = {name: self.use(name, stats) for name in self.tools}
        return {name: use for name, use in uses.items() if use.calls >= policy.valuable_uses}

    @cached_property
    def recorded_for(self) -> timedelta | None:
        """How long anything has been recorded, None without calls."""
        firsts = [stats.first for stats in self.stats.values()]
        return self._scene.now - min(firsts) if firsts else None

    def is_unused(self, use: Use) -> bool:
        """Not called in the policy's time, seldom ever, while other calls were recorded all along."""
        policy = self._scene.settings.detection.unused_tool
        since = self._scene.now - policy.unused_for
        quiet = use.last is None or use.last < since
        long = self.recorded_for is not None and self.recorded_for >= policy.unused_for
        return quiet and use.calls <= policy.max_uses and long and self.recording_since(since)

    def recording_since(self, since: datetime) -> bool:
        """Whether other tools were called after this time, both early and late in it: recording went on."""
        half = since + (self._scene.now - since) / 2
        return bool(self._scene.executions.stats(since, half)) and bool(self._scene.executions.stats(half))

    @cached_property
    def _passed_on(self) -> Mapping[str, tuple[str, ...]]:
        places = {(tool.path, tool.symbol): name for name, tool in self.tools.items()}
        found: dict[str, tuple[str, ...]] = {}
        for name in self.stats:
            if name not in self.tools and (other := self.index.named(name)) is not None:
                owner = places.get((other.path, other.symbol))
                if owner is not None:
                    found[owner] = (*found.get(owner, ()), name)
        return found

    def _entry(self, name: str) -> Entry:
        use, tool = self.use(name), self.tools.get(name)
        former = self.aliases.get(name, ())
        if tool is None:
            return self._gone(name, use)
        if self.is_unused(use):
            return Entry(name, Status.UNUSED, use, tool, former)
        if not use.calls:
            return Entry(name, Status.UNRECORDED, use, tool, former, "never recorded")
        return Entry(name, Status.ACTIVE, use, tool, former)

    def _gone(self, name: str, use: Use) -> Entry:
        end = ends_of(self.events).get(name)
        if end is None:
            return Entry(name, Status.DELETED, use, said="recorded, but not in the code, nor in its history since then")
        status = Status.ARCHIVED if end.step is Step.ARCHIVED else Status.DELETED
        said = f"{end.step.value} on {end.when:%Y-%m-%d} by {end.author} in {end.commit[:10]}"
        late = self._scene.executions.stats(end.when)
        calls = sum(stats.total for stats in late if stats.tool == name)
        return Entry(name, status, use, said=f"{said}, {calls:,} calls since" if calls else said)

    # History

    def events_since(self, since: datetime | None, limit: int = COMMITS_BACK) -> Iterator[ToolEvent]:
        """What commits of the branch (first parents) did to tools, oldest first. since: None means all, to limit."""
        commits = list(self._commits(since, limit))
        tracked = {*self.stats, *self.tools}
        for info in reversed(commits):
            for event in self._of_commit(info, tracked):
                tracked.add(event.name)
                yield event

    def _commits(self, since: datetime | None, limit: int) -> Iterator[CommitInfo]:
        line = islice(first_parents(self._scene.repository, self._scene.commit), limit)
        return takewhile(lambda info: since is None or info.committer.when >= since, line)

    def _of_commit(self, info: CommitInfo, tracked: set[str]) -> Iterator[ToolEvent]:
        changes = self.changes(info)
        trailers = Trailers.parse(info.message)
        upgrade = trailers.upgrade if trailers and not trailers.reverts else ""
        made = ToolEvent(Step.EDITED, "", info.id, info.author.name, info.committer.when, upgrade=upgrade)
        for before, after, _ in changes.moved:
            old, new = self.name_of(before), self.name_of(after)
            if old in tracked or new in tracked or self._declared(before):
                step = Step.RENAMED if before.path == after.path and _owner(before) == _owner(after) else Step.MOVED
                yield replace(made, step=step, name=new, before=old)
        gone = Step.ARCHIVED if upgrade else Step.DELETED
        for step, places in ((Step.CREATED, changes.came), (Step.EDITED, changes.edited), (gone, changes.gone)):
            for place in places:
                if self.name_of(place) in tracked or self._declared(place):
                    yield replace(made, step=step, name=self.name_of(place))

    def changes(self, info: CommitInfo) -> Changes:
        """What a commit did to functions, against its first parent; kept by commit."""
        key = f"toolchanges:{_SCHEMA}:{info.id}"
        known = self._scene.cache.get(key)
        changes = Changes.unpack(known) if known is not None else None
        if changes is None:
            parent = next((one for one in info.parents[:1] if self._scene.repository.resolve(one)), "")
            changes = self.between(parent, info.id) if parent or not info.parents else Changes()
            self._scene.cache.put(key, changes.pack())
        return changes

    def between(self, base: str, head: str) -> Changes:
        repository = self._scene.repository
        return changes_between(repository.file_changes(base, head), repository.read_blob)

    def name_of(self, place: Stood) -> str:
        return f"{self._module(place.path)}:{place.symbol}"

    def _module(self, path: str) -> str:
        """The dotted name of a file, also of one that is gone: told by the roots of today."""
        known = self._scene.code.module_name(path) if self._scene.code.has(path) else None
        if known is not None:
            return known
        roots = sorted((root for root in self._scene.code.layout.roots if root), key=len, reverse=True)
        root = next((root for root in roots if path.startswith(f"{root}/")), "")
        inner = path[len(root) :].strip("/").removesuffix(".py").removesuffix("/__init__")
        return inner.replace("/", ".")

    def _declared(self, place: Stood) -> bool:
        return any(mark.rpartition(".")[2] in self._marks.words for mark in place.marks)


def _owner(place: Stood) -> str:
    return place.symbol.rpartition(".")[0]


def aliases(scene: Scene) -> Mapping[str, tuple[str, ...]]:
    """{name today: names before}: executions recorded under an old name belong to the new one."""
    return Tools(scene).aliases


def conflicts(code: CodeModel, entries: Collection[Entry]) -> Iterator[str]:
    """What does not fit between the code and what was recorded, as sentences."""
    for entry in entries:
        if entry.tool is None:
            yield f"{entry.name}: {entry.use.calls:,} calls; {entry.said}"
        elif entry.status is Status.UNRECORDED:
            yield f"{entry.name}: in the code and never recorded"
    places: dict[str, list[str]] = {}
    for module in code.modules():
        places.setdefault(module.name, []).append(module.path)
    for name, paths in sorted(places.items()):
        if len(paths) > 1 and any(entry.name.partition(":")[0] == name for entry in entries):
            yield f"{name}: several files have this name, and calls cannot be told apart: {', '.join(sorted(paths))}"
