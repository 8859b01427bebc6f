"""Prints what the program does with held-out inputs: a JSON list of strings, one a call."""

import json
import random
import signal
from collections.abc import Callable

from dependencies import CycleError, Dependencies

ANSWERS: list[str] = []
TIMEOUTS_BEFORE_GIVING_UP = 5


class Late(BaseException):
    """The call took longer than a second."""


def ring(signum: int, frame: object) -> None:
    raise Late


def ask(call: Callable[..., object], *arguments: object) -> None:
    """Notes what the call returns, or the type of its exception."""
    if ANSWERS.count("! timeout") >= TIMEOUTS_BEFORE_GIVING_UP:
        ANSWERS.append("! timeout")
        return
    try:
        signal.setitimer(signal.ITIMER_REAL, 1)
        answer = repr(call(*arguments))
    except Late:
        answer = "! timeout"
    except Exception as error:
        answer = f"! {type(error).__name__}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    ANSWERS.append(answer)


signal.signal(signal.SIGALRM, ring)
dice = random.Random(13)


NAMES = "abcdefgh"


def random_needs(with_cycles: bool) -> dict[str, list[str]]:
    """Needs of a few tasks; without cycles a task needs only tasks with a smaller letter."""
    tasks = dice.sample(NAMES, dice.randrange(1, 8))
    return {task: [other for other in NAMES if dice.random() < 0.3 and (with_cycles or other < task)] for task in tasks}


def content(graph: Dependencies) -> list[tuple[str, list[str]]]:
    return sorted((task, sorted(needs)) for task, needs in graph.needs.items())


def after(needs: dict[str, list[str]], change: str, *arguments: object) -> object:
    """The graph after one change, and its stages when it has any."""
    graph = Dependencies(needs)
    getattr(graph, change)(*arguments)
    try:
        return content(graph), graph.stages()
    except CycleError:
        return content(graph), "cycle"


def copied(needs: dict[str, list[str]], task: str) -> object:
    graph = Dependencies(needs)
    twin = graph.copy()
    twin.add(task, ["x", "y"])
    graph.add("z", [task])
    return content(graph), content(twin)


def durations() -> dict[str, int]:
    return {task: dice.randrange(0, 9) for task in NAMES if dice.random() < 0.9}


for number in range(50):
    needs = random_needs(with_cycles=number % 2 == 0)
    graph = Dependencies(needs)
    task, other = dice.choice(sorted(graph.needs)), dice.choice(NAMES)
    ask(content, graph)
    ask(graph.needed_by, task)
    ask(lambda graph, task: sorted(graph.all_needs(task)), graph, task)
    ask(graph.stages)
    ask(graph.find_cycle)
    ask(lambda graph: sorted(graph.finish_times(durations()).items()), graph)
    ask(graph.longest_chain, durations())
    ask(after, needs, "remove", task)
    ask(after, needs, "prune", [task])
    ask(after, needs, "prune", sorted(graph.needs)[:2])
    ask(after, needs, "add", other, [task])
    ask(after, needs, "add", other)
    ask(copied, needs, task)
for needs in [
    {},
    {"a": ["a"]},
    {"a": ["b"], "b": ["a"]},
    {"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": ["e"], "e": ["b"]},
]:
    ask(lambda needs: Dependencies(needs).find_cycle(), needs)
    ask(lambda needs: Dependencies(needs).stages(), needs)
    ask(lambda needs: Dependencies(needs).longest_chain({"a": 3}), needs)

print(json.dumps(ANSWERS))
