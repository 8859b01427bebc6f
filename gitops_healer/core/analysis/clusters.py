"""Failures that look alike: same error, same way through the repository; the message decides where there is no way.

As in Sentry's grouping the stack comes first: messages carry values, and one line of code writes one kind of message.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from gitops_healer.core.analysis.types import Cluster, CommitCount, Example
from gitops_healer.core.codec import digest
from gitops_healer.core.execution import Execution, Frame
from gitops_healer.core.failing import outside

Placed = Callable[[Execution], Sequence[Frame]]
"""The frames of a failure that lie in the repository, innermost last, with paths and lines of today."""

EXAMPLES: Final = 3
LONGEST: Final = 300
_READ: Final = 4000

# Each placeholder is written <word>, and no pattern matches inside of one: normalising twice changes nothing.
_VARIABLE: Final = re.compile(
    r"""(?P<kept><[a-z]+>)
    |(?P<quoted>'(?:[^'\\\n]|\\.){0,400}'(?!\w)|"(?:[^"\\\n]|\\.){0,400}"|`[^`\n]{0,400}`)
    |(?P<url>\b[a-z][a-z0-9+.-]{1,15}://[^\s<>"']+)
    |(?P<email>\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+)
    |(?P<uuid>\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b)
    |(?P<date>\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?(?!\w)
        |\b\d\d?:\d\d:\d\d(?:\.\d+)?\b)
    |(?P<ip>\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?\b|(?<![\w:])(?:[0-9a-f]{1,4}:){3,7}[0-9a-f]{1,4}(?![\w:]))
    |(?P<version>\bv?\d{1,6}(?:\.\d{1,6}){2,4}\b)
    |(?P<path>(?<![\w/<>])(?:[a-z]:\\|\.{0,2}/)[^\s<>:,;'"()]*[^\s<>:,;'"().])
    |(?P<hex>\b0x[0-9a-f]+\b|\b(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{8,}\b)
    |(?P<number>(?<![\w.])[-+]?(?:\d[\d_,]*\d|\d)(?:\.\d+)?(?:e[-+]?\d+)?(?![\d_])|(?<=[a-z_-])\d+)
    """,
    re.VERBOSE | re.IGNORECASE,
)


def _placeholder(match: re.Match[str]) -> str:
    return match[0] if match.lastgroup == "kept" else f"<{match.lastgroup}>"


def template_of(message: str) -> str:
    """The first line of a message with placeholders for what changes from call to call; idempotent; 300 at most."""
    line = message[:_READ].strip().partition("\n")[0]
    for _ in range(4):  # what a placeholder leaves beside it may be a value only now
        shorter = _VARIABLE.sub(_placeholder, line)
        if shorter == line:
            break
        line = shorter
    return _cut(line.strip())


def _cut(text: str) -> str:
    """Never through a placeholder, of which a second pass would see a part."""
    if len(text) <= LONGEST:
        return text
    cut = text[:LONGEST]
    opened = cut.rfind("<")
    return (cut[:opened] if opened > cut.rfind(">") else cut).rstrip()


def collapsed(frames: Iterable[Frame]) -> tuple[str, ...]:
    """`path:function`, without lines; what calls itself, in one step or in a cycle of up to three, stands once."""
    found: list[str] = []
    for frame in frames:
        found.append(f"{frame.file}:{frame.function}")
        for length in (1, 2, 3):
            if len(found) >= 2 * length and found[-length:] == found[-2 * length : -length]:
                del found[-length:]
                break
    return tuple(found)


def cluster(failures: Sequence[Execution], placed: Placed) -> tuple[Cluster, ...]:
    """Most frequent first. failures: executions that failed, in any order."""
    return tuple(one for one, _ in clustered(failures, placed))


def clustered(failures: Sequence[Execution], placed: Placed) -> list[tuple[Cluster, tuple[Execution, ...]]]:
    """The clusters, most frequent first, with their failures."""
    groups: defaultdict[tuple[str, tuple[str, ...], str], list[tuple[Execution, Frame | None]]] = defaultdict(list)
    for execution in failures:
        frames = placed(execution)
        error = execution.error.type if execution.error else ""
        way = collapsed(frames)
        # One function may raise the same error for two reasons: there the template tells them apart.
        template = template_of(execution.error.message) if execution.error else ""
        groups[error, way, template].append((execution, frames[-1] if frames else None))
    merged = _merged(groups)
    found = [
        (_cluster(key, members, len(failures)), tuple(execution for execution, _ in members))
        for key, members in merged.items()
    ]
    return sorted(found, key=lambda one: (-one[0].count, one[0].key))


_Key = tuple[str, tuple[str, ...], str]
_Groups = dict[_Key, list[tuple[Execution, Frame | None]]]


def _merged(groups: _Groups) -> _Groups:
    """Groups of one error are one when their innermost line is the same, whatever the message says and whoever called;
    and when function and message are the same, since lines move from version to version."""
    parent = {key: key for key in groups}
    first: dict[object, _Key] = {}
    for key in groups:
        for sign in _signs(key, groups[key]):
            parent[_root(parent, key)] = _root(parent, first.setdefault(sign, key))
    together: defaultdict[_Key, list[_Key]] = defaultdict(list)
    for key in groups:
        together[_root(parent, key)].append(key)
    merged: _Groups = {}
    for keys in together.values():
        main = max(keys, key=lambda key: (len(groups[key]), key))
        merged[main] = [member for key in keys for member in groups[key]]
    return merged


def _signs(key: _Key, members: list[tuple[Execution, Frame | None]]) -> Iterator[object]:
    error, way, template = key
    yield error, way[-1:], template
    for place in {(frame.file, frame.line) for _, frame in members if frame}:
        yield error, place


def _root(parent: dict[_Key, _Key], key: _Key) -> _Key:
    while parent[key] != key:
        key = parent[key]
    return key


def _cluster(key: _Key, members: list[tuple[Execution, Frame | None]], total: int) -> Cluster:
    error, way, template = key
    newest = sorted(members, key=lambda member: (member[0].ts, member[0].id), reverse=True)
    frame = newest[0][1]
    message = newest[0][0].error.message if newest[0][0].error else ""
    commits = Counter(execution.commit for execution, _ in members)
    return Cluster(
        digest("cluster", error, way[-1:], template),
        error,
        template,
        f"{frame.file}:{frame.line}" if frame else "",
        frame.function if frame else "",
        way,
        len(members),
        len(members) / total,
        newest[-1][0].ts,
        newest[0][0].ts,
        outside(error, message),
        tuple(CommitCount(commit, count, count) for commit, count in commits.most_common()),
        tuple(_examples(execution for execution, _ in newest)),
    )


def _examples(newest: Iterable[Execution]) -> Iterator[Example]:
    seen: set[tuple[str | None, str | None]] = set()
    for execution in newest:
        if (execution.args, execution.kwargs) not in seen:
            seen.add((execution.args, execution.kwargs))
            yield Example(execution.id, execution.args, execution.kwargs)
            if len(seen) == EXAMPLES:
                return
