"""Prints what the program does on many inputs as one JSON list of strings."""

import copy
import json
import random
import signal

import treekit as tk


class TooLong(BaseException):
    """A call went on for longer than a second."""


def ring(signum, frame):
    raise TooLong


signal.signal(signal.SIGALRM, ring)
seen, slow = [], {}


def shown(value):
    if isinstance(value, float):
        return f"{value:.9g}"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{shown(key)}: {shown(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return f"{type(value).__name__}({', '.join(map(shown, value))})"
    if isinstance(value, set | frozenset):
        return "{" + ", ".join(sorted(map(shown, value))) + "}"
    return repr(value)


def look(name, call, *args):
    """Notes what one call gives; a function that was too slow three times is not called again."""
    if slow.get(name, 0) >= 3:
        seen.append(f"{name} ! timeout")
        return
    signal.setitimer(signal.ITIMER_REAL, 1)
    try:
        outcome = shown(call(*args))
    except TooLong:
        slow[name] = slow.get(name, 0) + 1
        outcome = "! timeout"
    except (Exception, SystemExit) as error:
        outcome = f"! {type(error).__name__}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    seen.append(f"{name} {outcome}")


rng = random.Random(321)


def tree(roots=1):
    names = rng.sample("abcdefghijkl", rng.randrange(roots, 11))
    parents = {}
    for place, name in enumerate(names):
        parents[name] = None if place < roots else rng.choice(names[:place])
    return dict(rng.sample(sorted(parents.items()), len(parents)))


def graph(circles):
    names = "abcdefgh"
    needs = {}
    for place, name in enumerate(names[: rng.randrange(1, 9)]):
        others = names if circles else names[place + 1 :]
        needs[name] = {other for other in others if rng.random() < (0.2 if circles else 0.4)}
    return dict(rng.sample(sorted(needs.items()), len(needs)))


def kept(call, given, *args):
    before = copy.deepcopy(given)
    return call(given, *args), before == given


def circle_of(needs):
    try:
        return tk.levels(needs)
    except tk.CycleError as error:
        return error.circle, str(error)


for _ in range(60):
    given = tree()
    first, second = rng.choice(list(given)), rng.choice(list(given))
    sizes = {name: rng.randrange(1, 30) for name in given if rng.random() < 0.7}
    wanted = set(rng.sample("abcdefghijkl", 4))
    look("children_of", tk.children_of, given)
    look("path_to_root", tk.path_to_root, given, first)
    look("common_ancestor", tk.common_ancestor, given, first, second)
    forest = tree(2) if len(given) > 2 else {"a": None, "b": None}
    look("common_ancestor", tk.common_ancestor, forest, *rng.sample(list(forest), 2))
    look("distance", tk.distance, given, first, second)
    look("subtree_totals", tk.subtree_totals, given, sizes)
    look("walk", lambda: list(tk.walk(given, first)))
    look("walk", lambda: list(tk.walk(given, first, "after")))
    look("prune", kept, tk.prune, given, lambda node, wanted=wanted: node in wanted)
    look("drop_leaves", kept, tk.drop_leaves, given, rng.randrange(0, 4))
    needs = graph(rng.random() < 0.3)
    look("levels", kept, circle_of, needs)
    look("find_circle", tk.find_circle, graph(True))
    look("find_circle", tk.find_circle, needs)
    look("needed_by", tk.needed_by, needs, rng.choice("abcdefgh"))
    look("reduce_needs", kept, tk.reduce_needs, graph(False))
    look("components", tk.components, [(rng.randrange(12), rng.randrange(12)) for _ in range(rng.randrange(0, 10))])
    look("text_tree", tk.text_tree, given, first)
    look("text_tree", tk.text_tree, given, first, lambda node: node * 2)
print(json.dumps(seen))
