"""Which task needs which others: order, stages, cycles and the longest chain."""

from collections.abc import Iterable


class CycleError(Exception):
    """Tasks need each other in a circle."""


class Dependencies:
    """A directed graph of task names; an edge leads from a task to one that it needs."""

    def __init__(self, needs: dict[str, list[str]] | None = None) -> None:
        self.needs: dict[str, set[str]] = {}
        for task, others in (needs or {}).items():
            self.add(task, others)

    def add(self, task: str, needs: Iterable[str] = ()) -> None:
        """Adds a task, or further needs of a task; what it needs becomes a task as well."""
        self.needs.setdefault(task, set()).update(needs)
        for other in self.needs[task]:
            self.needs.setdefault(other, set())

    def needed_by(self, task: str) -> list[str]:
        """Names of the tasks that need the task directly, sorted."""
        return sorted(other for other, needs in self.needs.items() if task in needs)

    def all_needs(self, task: str) -> set[str]:
        """Everything that must be done before the task, at any distance; the task itself only when it is in a cycle."""
        found: set[str] = set()
        waiting = list(self.needs[task])
        while waiting:
            other = waiting.pop()
            if other in found:
                continue
            found.add(other)
            waiting.extend(self.needs[other])
        return found

    def stages(self) -> list[list[str]]:
        """Tasks in stages: each needs only tasks of earlier stages and comes as early as possible; names are sorted."""
        done: set[str] = set()
        stages = []
        while len(done) < len(self.needs):
            ready = sorted(task for task, needs in self.needs.items() if task not in done and needs <= done)
            if not ready:
                raise CycleError
            stages.append(ready)
            done.update(ready)
        return stages

    def find_cycle(self) -> list[str] | None:
        """One cycle as a path whose last task needs the first one, or None. Looks at tasks in the order of names."""
        finished: set[str] = set()
        for start in sorted(self.needs):
            cycle = self._cycle_from(start, [], finished)
            if cycle is not None:
                return cycle
        return None

    def _cycle_from(self, task: str, path: list[str], finished: set[str]) -> list[str] | None:
        if task in path:
            return path[path.index(task) :]
        if task in finished:
            return None
        path.append(task)
        for other in sorted(self.needs[task]):
            cycle = self._cycle_from(other, path, finished)
            if cycle is not None:
                return cycle
        path.pop()
        finished.add(task)
        return None

    def remove(self, task: str) -> None:
        """Removes a task; who needed it needs from now on what it needed."""
        inherited = self.needs.pop(task) - {task}
        for needs in self.needs.values():
            if task in needs:
                needs.remove(task)
                needs.update(inherited)

    def prune(self, goals: Iterable[str]) -> None:
        """Keeps only the goals and what they need."""
        kept = set(goals)
        for goal in list(kept):
            kept |= self.all_needs(goal)
        for task in list(self.needs):
            if task not in kept:
                del self.needs[task]

    def finish_times(self, durations: dict[str, int]) -> dict[str, int]:
        """The earliest moment at which each task can be finished; tasks without a duration take none."""
        times: dict[str, int] = {}
        for stage in self.stages():
            for task in stage:
                begin = max((times[other] for other in self.needs[task]), default=0)
                times[task] = begin + durations.get(task, 0)
        return times

    def longest_chain(self, durations: dict[str, int]) -> list[str]:
        """The tasks that decide when everything is finished, first to last; the smaller name decides between equals."""
        times = self.finish_times(durations)
        chain: list[str] = []
        candidates = set(times)
        while candidates:
            last = min(candidates, key=lambda task: (-times[task], task))
            chain.append(last)
            candidates = self.needs[last]
        return chain[::-1]

    def copy(self) -> "Dependencies":
        """An independent copy."""
        twin = Dependencies()
        twin.needs = {task: set(needs) for task, needs in self.needs.items()}
        return twin
