"""The ledger recreated from what git and the forge still know.

Known again: which upgrades were proposed, merged and rolled back, when, by which run, with which risk, and which
findings people closed. Lost for good: what was investigated and why an option was chosen, the results of checks, the
health after a merge, orders of maintainers, who approved, findings that were dropped before they were proposed, and the
lessons. What is lost is left out or UNKNOWN, never invented: a rebuilt upgrade is watched anew where it still matters.
Trailers can be written by whoever may commit; so a rebuilt ledger is as trustworthy as the branch it was read from.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from typing import Any

from gitops_healer.core.finding import Finding, Risk, Severity
from gitops_healer.core.forge import Pull, PullState
from gitops_healer.core.naming import codename, upgrade_id
from gitops_healer.core.plan import Cause, Investigation, Plan
from gitops_healer.core.trailers import Trailers
from gitops_healer.core.upgrade import (
    Dropped,
    Event,
    Fact,
    Ignored,
    Investigated,
    Merged,
    PlanApproved,
    Planned,
    Prepared,
    Proposed,
    Queued,
    Regressed,
    RepositoryFact,
    RolledBack,
    event_id,
)
from gitops_healer.core.verdict import Verdict

REBUILT = "rebuilt from git and the forge"
MOST_ATTEMPTS = 1000

_MARKER = re.compile(r"<!-- healer:v1 (\{.*?\}) -->")
_BRANCH = re.compile(r"healer/(?P<rule>[^/]+)/[0-9a-f]{10}")

Dated = tuple[datetime, str, str, str, Fact | RepositoryFact]  # when, upgrade, run, actor, what


@dataclass(frozen=True)
class Landed:
    """A commit of the base branch. parent: the first, "" for none; at: aware, UTC."""

    commit: str
    parent: str
    message: str
    at: datetime


@dataclass(frozen=True)
class _Traces:
    """All that is left of one upgrade."""

    trailers: Trailers
    merged: Landed | None
    reverted: Landed | None
    pull: Pull | None
    revert_pull: Pull | None


def rebuild(commits: Iterable[Landed], pulls: Iterable[Pull]) -> tuple[Event, ...]:
    """Legal events, oldest first, the same for the same input. commits: of the base branch, in any order.

    An upgrade ends as MERGED, ROLLED_BACK, PROPOSED (pull request open) or DROPPED (closed by somebody); the next cycle
    goes on from there.
    """
    traces = _collect(sorted(commits, key=lambda commit: (commit.at, commit.commit)), tuple(pulls))
    taken: set[str] = set()
    lives = []
    for upgrade, trace in traces.items():
        name = trace.trailers.codename
        if not name or name in taken:
            name = codename(upgrade, taken)
        taken.add(name)
        lives.append(_in_order(_life(upgrade, name, trace)))
    return tuple(_numbered(merge(*lives, key=lambda dated: dated[0])))


def _collect(commits: Sequence[Landed], pulls: Sequence[Pull]) -> dict[str, _Traces]:
    """By upgrade, in the order of the first trace."""
    by_id = {commit.commit: commit for commit in commits}
    landed: dict[str, list[tuple[Landed, Trailers]]] = {}
    for commit in commits:
        if trailers := Trailers.parse(commit.message):
            landed.setdefault(trailers.upgrade, []).append((commit, trailers))
    marked: dict[str, list[tuple[Pull, Trailers]]] = {}
    for pull in sorted(pulls, key=lambda pull: pull.number):
        if trailers := _marked(pull.body):
            marked.setdefault(trailers.upgrade, []).append((pull, trailers))
    return {
        upgrade: _traces(landed.get(upgrade, []), marked.get(upgrade, []), by_id) for upgrade in {**landed, **marked}
    }


def _traces(
    landed: Sequence[tuple[Landed, Trailers]], marked: Sequence[tuple[Pull, Trailers]], by_id: Mapping[str, Landed]
) -> _Traces:
    """Trailers first; where a merge lost them, what the forge says was merged."""
    forward = [(commit, trailers) for commit, trailers in landed if not trailers.reverts]
    own = _last([pull for pull, _ in marked if not pull.branch.startswith("healer/revert/")])
    back = _last([pull for pull, _ in marked if pull.branch.startswith("healer/revert/")])
    merged = forward[0][0] if forward else _merge_of(own, by_id)
    reverts = [commit for commit, trailers in landed if merged and trailers.reverts == merged.commit]
    known = [*(trailers for _, trailers in forward), *(trailers for _, trailers in (*marked, *landed))]
    return _Traces(known[0], merged, reverts[0] if reverts else _merge_of(back, by_id), own, back)


def _merge_of(pull: Pull | None, by_id: Mapping[str, Landed]) -> Landed | None:
    if pull is None or pull.state is not PullState.MERGED or not pull.merge_commit:
        return None
    return by_id.get(pull.merge_commit, Landed(pull.merge_commit, "", pull.title, pull.created))


def _life(upgrade: str, name: str, trace: _Traces) -> Iterator[Dated]:
    trailers, merged, pull = trace.trailers, trace.merged, trace.pull
    if merged is None and pull is None:
        return  # only a revert is left, and nothing says of what
    begun = min([*([pull.created] if pull else []), *([merged.at] if merged else [])])
    actor = pull.author if pull else REBUILT
    head = pull.head if pull else merged.commit if merged else ""
    base = merged.parent if merged else ""
    for fact in _until_proposed(upgrade, name, trace, head, base):
        yield begun, upgrade, trailers.run, actor, fact
    if merged is not None:
        yield merged.at, upgrade, trailers.run, actor, Merged(merged.commit, merged.parent, head, merged.at)
        if trace.reverted is not None:
            number = trace.revert_pull.number if trace.revert_pull else 0
            yield trace.reverted.at, upgrade, trailers.run, actor, Regressed(REBUILT, REBUILT)
            yield trace.reverted.at, upgrade, trailers.run, actor, RolledBack(trace.reverted.commit, number)
    elif pull is not None and pull.state is not PullState.OPEN:
        reason = f"pull request {pull.number} was closed by {pull.closed_by or 'somebody'}"
        yield begun, upgrade, trailers.run, actor, Dropped(reason)
        if pull.closed_by not in ("", pull.author) and trailers.finding:
            yield begun, "", trailers.run, pull.closed_by, Ignored(trailers.finding, pull.closed_by, reason)


def _until_proposed(upgrade: str, name: str, trace: _Traces, head: str, base: str) -> Iterator[Fact]:
    pull, trailers = trace.pull, trace.trailers
    title = pull.title if pull else trace.merged.message.partition("\n")[0] if trace.merged else ""
    branch = pull.branch if pull else ""
    rule = match["rule"] if (match := _BRANCH.fullmatch(branch)) else "unknown"
    risk = next((risk for risk in Risk if risk.value == trailers.risk), Risk.HIGH)
    finding = Finding(rule, "", "", 0, 0, Severity.LOW, title, trailers.finding, risk, evidence=(REBUILT,))
    yield Queued(finding, name, base, _attempt(upgrade, trailers.finding))
    yield Investigated(Investigation(Cause(REBUILT)))
    yield Planned(Plan("", title, (), (), (), risk, finding.priority, 0, base))
    yield PlanApproved(REBUILT, REBUILT)
    yield Prepared(head, base, "", Verdict(1, head, ()))
    yield Proposed(branch, head, pull.number if pull else 0, pull.url if pull else "", trailers.run)


def _marked(body: str) -> Trailers | None:
    """What the hidden marker of a pull request says."""
    for text in reversed(_MARKER.findall(body)):
        try:
            data: Any = json.loads(text)
            values = [data[key] for key in ("upgrade", "codename", "finding")]
        except (ValueError, KeyError, TypeError, RecursionError):
            continue
        if all(isinstance(value, str) for value in values) and values[0]:
            return Trailers(*values)
    return None


def _attempt(upgrade: str, fingerprint: str) -> int:
    """Ids are made from fingerprint and attempt, so the attempt can be found again."""
    return next((n for n in range(1, MOST_ATTEMPTS) if upgrade_id(fingerprint, n) == upgrade), 1)


def _in_order(life: Iterable[Dated]) -> list[Dated]:
    """Clocks may have gone back; an upgrade's events did not."""
    ordered: list[Dated] = []
    for at, upgrade, run, actor, fact in life:
        ordered.append((max(at, ordered[-1][0]) if ordered else at, upgrade, run, actor, fact))
    return ordered


def _numbered(dated: Iterable[Dated]) -> Iterator[Event]:
    positions: dict[str, int] = {}
    for at, upgrade, run, actor, fact in dated:
        position = positions.get(upgrade, 0)
        positions[upgrade] = position + 1
        yield Event(event_id(upgrade, position, fact), at, upgrade, run or REBUILT, actor, fact)


def _last(pulls: Sequence[Pull]) -> Pull | None:
    return pulls[-1] if pulls else None
