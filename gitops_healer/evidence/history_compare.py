"""Two versions of one function side by side: their code, what they rely on, and how their calls went."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gitops_healer.code.history_needs import Binding, bindings, names_of, own_attributes
from gitops_healer.code.history_reading import Snapshot
from gitops_healer.code.parsing import parsed
from gitops_healer.core.analysis.statistics import wilson
from gitops_healer.core.exact import fisher
from gitops_healer.core.latency import quantile
from gitops_healer.core.versions import SymbolVersion, VersionCalls
from gitops_healer.evidence.history import snapshot_of
from gitops_healer.evidence.history_calls import Versions
from gitops_healer.registry import Scene


@dataclass(frozen=True)
class Reliance:
    """Something that a version uses and that is not the same in both. kind: `import`, `function`, `class`, `constant`,
    `method`; what: `changed`, `only in the first`, `only in the second`."""

    name: str
    kind: str
    what: str


@dataclass(frozen=True)
class Side:
    """One version. interval: of its success rate, 95 %, by Wilson's score; None without calls; median_ms, p95_ms: None
    where no call was timed."""

    version: SymbolVersion
    calls: VersionCalls
    interval: tuple[float, float] | None = None
    median_ms: float | None = None
    p95_ms: float | None = None


@dataclass(frozen=True)
class Comparison:
    """first, second: as they were asked for; diff: unified, of the function alone; same: the code is the same but for
    layout, comments and docstring; p_value: of Fisher's exact test, two-sided by doubling the smaller tail, that both
    fail equally often, None without calls; appeared: error types of the second alone; vanished: of the first."""

    first: Side
    second: Side
    diff: str
    same: bool
    relies_on: tuple[Reliance, ...] = ()
    p_value: float | None = None
    appeared: tuple[str, ...] = ()
    vanished: tuple[str, ...] = ()


def compare(scene: Scene, versions: Sequence[SymbolVersion], first: str, second: str) -> Comparison:
    """first, second: as `Versions.named` reads them. Raises UsageError when they name no version."""
    known = Versions(scene, versions)
    one, two = known.named(first), known.named(second)
    calls, _ = known.calls()
    latency = known.latency()
    then, now = snapshot_of(scene, one), snapshot_of(scene, two)
    left, right = (_side(version, calls, latency) for version in (one, two))
    before, after = ({kind for kind, _ in side.calls.failures} for side in (left, right))
    return Comparison(
        left,
        right,
        _diff(one, then, two, now),
        then.shape == now.shape,
        tuple(_reliances(scene, then, now)),
        difference(left.calls, right.calls),
        tuple(sorted(after - before)) if left.calls.total else (),
        tuple(sorted(before - after)) if right.calls.total else (),
    )


def difference(one: VersionCalls, two: VersionCalls) -> float | None:
    """The probability of success rates that differ as much, when both versions are equally good."""
    if not one.total or not two.total:
        return None
    worse = fisher(one.total, one.failed, two.total, two.failed)
    better = fisher(two.total, two.failed, one.total, one.failed)
    return min(1.0, 2 * min(worse, better))


def _side(
    version: SymbolVersion, calls: Mapping[int, VersionCalls], latency: Mapping[int, Mapping[int, float]]
) -> Side:
    own, timed = calls.get(version.number, VersionCalls()), latency.get(version.number, {})
    found = wilson(own.total - own.failed, own.total)
    interval = (found.low, found.high) if own.total else None
    return Side(version, own, interval, quantile(timed, 0.5), quantile(timed, 0.95))


def _diff(one: SymbolVersion, then: Snapshot, two: SymbolVersion, now: Snapshot) -> str:
    """Of both texts as they would stand at the left margin, so that a move into a class is no change."""
    old, new = (f"{side.path}:{side.symbol} (version {side.number}, {side.commit[:10]})" for side in (one, two))
    lines = difflib.unified_diff(_flush(then.text), _flush(now.text), old, new, lineterm="")
    return "\n".join(lines)


def _flush(text: str) -> list[str]:
    lines = text.splitlines()
    space = lines[0][: len(lines[0]) - len(lines[0].lstrip(" \t"))] if lines else ""
    return [line.removeprefix(space).rstrip() for line in lines]


def _reliances(scene: Scene, then: Snapshot, now: Snapshot) -> Iterator[Reliance]:
    """Names of the module and methods of the class that either uses, where they are not the same."""
    sources = scene.repository.read_blob(then.blob), scene.repository.read_blob(now.blob)
    before, after = bindings(sources[0]), bindings(sources[1])
    yield from _differing(sorted(names_of(then) | names_of(now)), before, after, names_of(then), names_of(now))
    mine, theirs = _methods(sources[0], then), _methods(sources[1], now)
    used = own_attributes(then), own_attributes(now)
    yield from _differing(sorted(used[0] | used[1]), mine, theirs, *used)


def _differing(
    names: Sequence[str],
    before: Mapping[str, Binding],
    after: Mapping[str, Binding],
    used_before: frozenset[str],
    used_after: frozenset[str],
) -> Iterator[Reliance]:
    for name in names:
        old = before.get(name) if name in used_before else None
        new = after.get(name) if name in used_after else None
        kind = (new or old).kind if new or old else ""  # type: ignore[union-attr]
        if old is not None and new is not None:
            if old.shape != new.shape:
                yield Reliance(name, kind, "changed")
        elif old is not None or new is not None:
            yield Reliance(name, kind, "only in the first" if old is not None else "only in the second")


def _methods(source: bytes, snapshot: Snapshot) -> dict[str, Binding]:
    """Methods and constants of the class that the snapshot stands in; none of a class that is nested in something."""
    owner = snapshot.symbol.rpartition(".")[0]
    tree = parsed(source)
    node = next((item for item in tree.body if getattr(item, "name", "") == owner), None) if tree and owner else None
    if node is None:
        return {}
    lines = source.decode("utf-8", "replace").splitlines(keepends=True)
    inner = "".join(["if 1:\n", *lines[node.body[0].lineno - 1 : node.end_lineno]])  # type: ignore[attr-defined]
    return bindings(inner.encode())
