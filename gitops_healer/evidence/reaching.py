"""What runs when something fails: the functions themselves, those that they may call, and all files that they load."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from gitops_healer.code.model import CodeModel
from gitops_healer.core.judgement.suspects import Place, Reach

MOST: Final = 2000
"""Functions that are read at most: it is only about where to look first."""
_NAME: Final = re.compile(r"[^\W\d]\w*")


def reach_of(code: CodeModel, functions: Iterable[Place]) -> Reach:
    """functions: those that fail, and those in the frames of their failures. A function of a loaded file may be called
    when its name stands in a function that is reached: too many rather than too few."""
    begun = frozenset(functions)
    files = _loaded(code, {path for path, _ in begun})
    named: dict[str, list[tuple[Place, str]]] = {}
    for place, text in _functions(code, sorted(files)):
        named.setdefault(place[1], []).append((place, text))
    found, waiting = set(begun), [text for place in begun for own, text in named.get(place[1], ()) if own == place]
    while waiting:
        for name in set(_NAME.findall(waiting.pop())):
            for place, text in named.pop(name, ()):
                if place not in found:
                    found.add(place)
                    waiting.append(text)
    return Reach(frozenset(found), frozenset(files))


def _loaded(code: CodeModel, paths: set[str]) -> set[str]:
    """These files and all that they import, directly or not."""
    found, waiting = set(paths), [path for path in paths if code.has(path)]
    while waiting:
        for edge in code.imported(waiting.pop()):
            if edge.target not in found:
                found.add(edge.target)
                waiting.append(edge.target)
    return found


def _functions(code: CodeModel, paths: Iterable[str]) -> Iterator[tuple[Place, str]]:
    read = 0
    for path in paths:
        if not code.has(path) or read >= MOST:
            continue
        lines = code.text(path).splitlines()
        for item in code.facts(path).definitions:
            if not item.is_class:
                read += 1
                yield (path, item.qualname.rpartition(".")[2]), "\n".join(lines[item.start - 1 : item.end])
