"""What taking a merge back comes to, how much of a proof it needs, and whether it may be merged."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from gitops_healer.core.decision import Decision, all_of, no, yes
from gitops_healer.core.history import History
from gitops_healer.core.policy import may_take_back
from gitops_healer.core.quoting import plain
from gitops_healer.core.trailers import Trailers
from gitops_healer.core.upgrade import Held, Upgrade
from gitops_healer.core.words import counted

DAY = timedelta(hours=24)
MOVED_ON = ("syntax", "lint", "tests")
"""Checks of a whole revert that does not give a tree which stood there before."""
_SHOWN = 5
EVERY_CHECK: tuple[str, ...] = ()
"""As `proving.prove(only=)` reads it."""


class Purity(Enum):
    """What a revert is, measured by the change that it takes back."""

    PURE = "pure"
    """The change turned around, byte for byte and line for line."""
    NARROWER = "narrower"
    """Parts of the change turned around, and nothing else."""
    OTHER = "other"
    """Something else as well, or nothing."""


class Way(Enum):
    WHOLE = "whole"
    """All that the merge brought goes."""
    SMALLEST = "smallest"
    """What later commits left alone goes, symbol by symbol, what regressed among it."""
    HELD = "held"
    """Later commits stand in the way: a person has to decide."""
    GONE = "gone"
    """Somebody took it back already."""


@dataclass(frozen=True)
class Later:
    """A commit since the merge. upgrade: ours, "" for people's; symbols: what it changed of what the merge changed."""

    commit: str
    title: str
    author: str
    upgrade: str = ""
    symbols: tuple[str, ...] = ()


@dataclass(frozen=True)
class Stays:
    """A part of the merge that is not taken back. symbol: its qualified name, "" for all of the file; why: a clause."""

    path: str
    symbol: str
    why: str
    later: tuple[Later, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.path}:{self.symbol}" if self.symbol else self.path


@dataclass(frozen=True)
class Dependant:
    """A place that later commits built on what is taken back. name: what they use; breaks: it will not work any more,
    as far as reading tells; why: a clause."""

    name: str
    path: str
    line: int
    symbol: str
    breaks: bool
    why: str
    later: Later


@dataclass(frozen=True)
class Reversal:
    """A way back on the present base.

    commit: made on `base`, "" when there is none; since: the base before the merge; paths: that it changes; symbols:
    `path:qualname` of what was put back alone; stays: what was not; conflict: what stands in the way, a sentence;
    commands: what a person can type; restores: a commit before the merge whose tree it gives byte by byte, or "".
    """

    way: Way
    base: str
    since: str
    commit: str = ""
    paths: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    stays: tuple[Stays, ...] = ()
    conflict: str = ""
    commands: tuple[str, ...] = ()
    restores: str = ""
    purity: Purity = Purity.OTHER
    dependants: tuple[Dependant, ...] = ()

    @property
    def found(self) -> bool:
        """Whether there is something to propose."""
        return self.way in (Way.WHOLE, Way.SMALLEST)


@dataclass(frozen=True)
class Proof:
    """Which gates a revert has to pass. needed: any at all; only: their names, all when empty."""

    needed: bool
    only: tuple[str, ...]
    because: str


def proof_of(reversal: Reversal) -> Proof:
    """The less a revert is a tree that worked before, the more it has to prove."""
    broken = [one for one in reversal.dependants if one.breaks]
    if reversal.way is Way.SMALLEST:
        return Proof(True, EVERY_CHECK, "a part of the merge stays, so that this code never stood anywhere before")
    if broken:
        places = counted(len(broken), "place")
        return Proof(True, EVERY_CHECK, f"{places} of later commits use what goes: {broken[0].path}:{broken[0].line}")
    if reversal.restores:
        return Proof(False, (), f"it restores the tree of {reversal.restores[:10]}, which was the base before")
    if reversal.purity is Purity.OTHER:
        return Proof(True, EVERY_CHECK, "it is more than the change turned around")
    return Proof(True, MOVED_ON, "the base moved on since the merge, and it is the change turned around")


def held_by(up: Upgrade, reversal: Reversal) -> Held:
    """What a person is told and asked when there is no clean way back."""
    told = [f"{plain(one.name, 200)}: {one.why}{told_by(one.later)}" for one in reversal.stays[:_SHOWN]]
    more = [f"and {len(reversal.stays) - _SHOWN} more"] if len(reversal.stays) > _SHOWN else []
    detail = f" ({'; '.join([*told, *more])})" if told else ""
    return Held(
        f"{plain(reversal.conflict, 600)}{detail}. Nothing was changed",
        "Should the later work stay, or go as well? Only somebody who knows both can say.",
        "; ".join(reversal.commands) or f"/resume {up.id}",
    )


def told_by(later: tuple[Later, ...]) -> str:
    """The commits that did it, as the end of a sentence; "" for none."""
    said = [f"{one.commit[:10]} {plain(one.title, 60)}, by {one.upgrade or plain(one.author, 40)}" for one in later[:3]]
    return f", in {' and '.join(said)}" if said else ""


# How pure it is


def purity(change: str, back: str) -> Purity:
    """change: `Repository.diff(since, merged)`; back: `Repository.diff(revert, its parent)`, which runs the same way.

    Line numbers and context do not count, so that later commits elsewhere in a file change nothing; white space does,
    which `git patch-id` leaves out and Python does not.
    """
    wanted, made = _sides(change), _sides(back)
    if not made:
        return Purity.OTHER
    if wanted == made:
        return Purity.PURE
    within = all(path in wanted and _within(made[path], wanted[path]) for path in made)
    return Purity.NARROWER if within else Purity.OTHER


@dataclass(frozen=True)
class _Side:
    """What a diff says of one file: modes and the like, lines that went, lines that came."""

    facts: tuple[str, ...]
    removed: tuple[str, ...]
    added: tuple[str, ...]


def _sides(diff: str) -> Mapping[str, _Side]:
    return {part.partition("\n")[0]: _side(part) for part in _files(diff)}


def _files(diff: str) -> Iterator[str]:
    """The text of each file, without its first words `diff --git`: content lines never begin with those."""
    return (part for part in re.split(r"^diff --git ", diff, flags=re.M)[1:])


def _side(part: str) -> _Side:
    facts, removed, added = list[str](), list[str](), list[str]()
    header = True
    for line in part.split("\n")[1:]:
        if header and not line.startswith("@@ "):
            if not line.startswith(("index ", "--- ", "+++ ")) or "\nBinary files" in part:
                facts.append(line)
            continue
        header = False
        if line[:1] in ("-", "+"):
            (removed if line[0] == "-" else added).append(line[1:])
    return _Side(tuple(facts), tuple(removed), tuple(added))


def _within(part: _Side, whole: _Side) -> bool:
    """A file that one of them makes or removes and the other edits has other facts and the same lines."""
    modes = tuple(fact for fact in part.facts if fact.startswith(("old mode", "new mode", "Binary", "index")))
    lines = _is_part(part.removed, whole.removed) and _is_part(part.added, whole.added)
    return lines and all(fact in whole.facts for fact in modes)


def _is_part(part: Iterable[str], whole: Iterable[str]) -> bool:
    """Whether all of it is there, in this order."""
    rest = iter(whole)
    return all(line in rest for line in part)


# Whether it may be merged


def may_merge_revert(
    up: Upgrade,
    history: History,
    now: datetime,
    *,
    cap: int,
    healer: str,
    without_approval: bool,
    proof: Decision,
    culprit: Trailers | None = None,
    dependants: tuple[Dependant, ...] = (),
) -> Decision:
    """May the revert of `up` be merged now?

    cap: so many may be merged within 24 hours without a person's word; healer: our login; proof: of the revert as it
    stands (`policy.proof_holds`, or a yes where none is needed); culprit: the trailers of the commit that is taken
    back; dependants: later work that builds on it.
    """
    ordered = may_take_back(up, healer=healer, without_approval=without_approval, identical_to="")
    word = persons_word(up, healer)
    return all_of(
        "take back",
        [
            *ordered.children,
            proof,
            _ready(up),
            _once(up, history),
            _no_loop(up, culprit, word),
            _within_cap(history, now, cap, healer, word),
            _breaks_nothing(up, dependants, word),
        ],
    )


def _breaks_nothing(up: Upgrade, dependants: tuple[Dependant, ...], word: str) -> Decision:
    """Gates that pass say little of later work that no test runs: where it breaks when read, a person decides."""
    broken = [one for one in dependants if one.breaks]
    if not broken:
        return yes("dependants", "no later work breaks, as far as reading tells")
    first = broken[0]
    said = (
        f"{counted(len(broken), 'place')} of later commits would not work any more: "
        f"{plain(first.path, 200)}:{first.line} uses {plain(first.name, 80)}{told_by((first.later,))}"
    )
    if word:
        return yes("dependants", f"{said}; {word} decided")
    pull = up.revert.pull if up.revert else 0
    return no("dependants", said, f'mend that, or say gitops-healer command "/approve" --pull {pull} --actor LOGIN')


def persons_word(up: Upgrade, healer: str) -> str:
    """The login of who ordered or approved the revert as it stands, "" when it is the healer's own."""
    head = up.revert.head if up.revert else ""
    approved = [approval.by for approval in up.approvals if head and approval.head == head]
    ordered = up.regressed.by if up.regressed and up.regressed.by != healer else ""
    return approved[-1] if approved else ordered


def own_reverts(history: History, now: datetime, healer: str) -> tuple[Upgrade, ...]:
    """Upgrades whose revert the healer merged in the last 24 hours without a person's word."""
    return tuple(
        up
        for up in history.upgrades.values()
        if up.rolled_back and up.rolled_back.pull and up.revert and up.intends("take back", up.revert.head)
        if up.rolled_back_at and now - DAY < up.rolled_back_at <= now + DAY  # a clock that was ahead counts as well
        if not persons_word(up, healer)
    )  # fmt: skip


def _ready(up: Upgrade) -> Decision:
    if up.revert is not None and up.revert.draft:
        return no("draft", f"#{up.revert.pull} is a draft, made on a suspicion", f"mark it ready, or /hold {up.id}")
    return yes("draft", "it is no draft")


def _once(up: Upgrade, history: History) -> Decision:
    assert up.merged is not None
    commit = up.merged.commit
    same = [one for one in history.upgrades.values() if one.merged and one.merged.commit == commit and one.rolled_back]
    if same:
        assert same[0].rolled_back is not None
        when = same[0].rolled_back.commit[:10]
        return no("once", f"{commit[:10]} was taken back already, by {when}", f"gitops-healer explain {same[0].id}")
    return yes("once", f"{commit[:10]} was never taken back before")


def _no_loop(up: Upgrade, culprit: Trailers | None, word: str) -> Decision:
    """What a person orders is no loop."""
    assert up.merged is not None
    if word:
        return yes("loop", f"{word} wants it")
    if culprit is not None and culprit.reverts:
        said = f"{up.merged.commit[:10]} is itself a revert, of {culprit.reverts[:10]}"
        ask = f'gitops-healer command "/approve" --pull {up.revert.pull if up.revert else 0} --actor LOGIN'
        return no("loop", f"{said}: taking it back would bring that back", ask)
    return yes("loop", f"{up.merged.commit[:10]} is no revert")


def _within_cap(history: History, now: datetime, cap: int, healer: str, word: str) -> Decision:
    if word:
        return yes("cap", f"{word} wants it, so that it does not count")
    done = own_reverts(history, now, healer)
    said = f"{counted(len(done), 'revert')} merged without a person's word in 24 hours, {cap} allowed"
    if len(done) < cap:
        return yes("cap", said)
    names = ", ".join(up.codename for up in done[:5])
    hint = "approve it with /approve, or see monitoring.reverts_per_day"
    return no("cap", f"{said}{f' ({names})' if names else ''}: so many at once look like something else", hint)
