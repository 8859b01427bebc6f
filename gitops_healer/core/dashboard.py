"""The one issue that shows everything, and the boxes in it that are commands."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from gitops_healer.core.decision import Decision
from gitops_healer.core.finding import Finding
from gitops_healer.core.fitting import Block, fit, folded, prose, spoken
from gitops_healer.core.history import History
from gitops_healer.core.orders import asks, possible_orders, where_it_stands
from gitops_healer.core.plan import Plan
from gitops_healer.core.progress import question_of, what_it_does
from gitops_healer.core.quoting import plain, quoted
from gitops_healer.core.texts import decision_markdown
from gitops_healer.core.upgrade import Stage, Upgrade
from gitops_healer.core.words import counted

TITLE = "gitops-healer: dashboard"
MARKER = "<!-- healer:dashboard -->"
SWITCHED_OFF = "It is switched off by `limits.dashboard`."
MOST_TICKED = 20

_YOURS = "Waiting for you"
_LONGEST_BODY = 70_000
_MOST_GATES = 12
_MOST_OPTIONS = 8
_RECENT = 10
_BOX = re.compile(r"\[[xX]\] <!-- healer:do (/[a-z][a-z_]{1,40}(?: [A-Za-z0-9][A-Za-z0-9_.:-]{0,63}){0,3}) -->")
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}")
_ASKING_GATES = frozenset({"plan", "approval", "order"})
_QUIET_GATES = frozenset({"known", "ignore"})  # shown elsewhere, or not worth a line
_LIVE = frozenset({Stage.PREPARED, Stage.PROPOSED, Stage.VALIDATED, Stage.APPROVED})
_AFTER_MERGE = frozenset({Stage.MERGED, Stage.WATCHED, Stage.REGRESSED})


@dataclass(frozen=True)
class View:
    """What the dashboard shows. waiting: upgrade id to what it waits for; findings: what detectors saw, with the
    decision to begin it or not; disabled: names of detectors that are switched off; errors: what went wrong in the last
    cycle; links: number of a pull request to its page; compare: upgrade id to the page that opens its pull request, for
    those that could not be opened."""

    history: History
    mode: str
    base_branch: str
    waiting: Mapping[str, Decision] = field(default_factory=dict)
    findings: tuple[tuple[Finding, Decision], ...] = ()
    disabled: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    links: Mapping[int, str] = field(default_factory=dict)
    compare: Mapping[str, str] = field(default_factory=dict)


def dashboard_body(view: View) -> str:
    """Markdown within the forge's limit, the same as long as nothing happened."""
    return fit([Block(MARKER), *_blocks(view)])


def ticked(body: str) -> tuple[str, ...]:
    """The commands of ticked boxes, top to bottom; boxes are items of lists that begin with our marker, and nothing in
    code, quotes or HTML is one. At most 20; none of a body that is longer than a forge allows."""
    body = body.replace("\r\n", "\n").replace("\r", "\n")
    if len(body) > _LONGEST_BODY or not _BOX.search(body):
        return ()
    return tuple(islice(_ticked(body), MOST_TICKED))


def _ticked(body: str) -> Iterator[str]:
    from markdown_it import MarkdownIt  # only when there is a box to read

    quotes = 0
    tokens = MarkdownIt("commonmark").disable("inline").parse(body)
    for number, token in enumerate(tokens):
        quotes += {"blockquote_open": 1, "blockquote_close": -1}.get(token.type, 0)
        if token.type != "inline" or quotes or tokens[number - 2].type != "list_item_open":
            continue
        if found := _BOX.match(token.content):
            yield found[1]


def box(command: str, label: str) -> str:
    """An item of a list that is a command when it is ticked. command: without a box when it cannot be one safely."""
    if _BOX.fullmatch(f"[x] <!-- healer:do {command} -->"):
        return f"- [ ] <!-- healer:do {command} --> {label}"
    return f"- {quoted(command)}: {label}"


def _blocks(view: View) -> Iterator[Block]:
    groups = _grouped(view)
    yield Block(_top(view, len(groups[_YOURS]) + len(tuple(_questions(view)))))
    if view.history.paused is not None:
        paused = view.history.paused
        stopped = f"> [!WARNING]\n> **Everything is stopped** by {quoted(paused.by)}: {prose(paused.reason)}"
        yield Block(f"{stopped}\n\n{box('/unfreeze', 'go on: `/unfreeze`')}")
    asked = tuple(_questions(view))
    for title, upgrades in groups.items():
        entries = (_entry(up, view) for up in upgrades)
        yield _section(title, (*(asked if title == _YOURS else ()), *entries))
    yield _section("Seen, and not taken up", _not_begun(view))
    yield _section("Ignored", _ignored(view))
    yield _section("Problems", (f"- {prose(error, 600)}" for error in view.errors))
    yield _section("Switched off", _disabled(view))
    if recent := tuple(_recent(view)):
        yield folded("Recently done", recent)
    yield Block(_foot(view))


def _section(title: str, entries: Iterable[str]) -> Block:
    items = tuple(entries)
    return Block(f"### {title} ({len(items):,})\n", items, more=_MORE) if items else Block()


_MORE = "- and {count} more: `gitops-healer status` lists all"


def _grouped(view: View) -> dict[str, list[Upgrade]]:
    """Upgrades under way, by section; the most urgent first in each."""
    groups: dict[str, list[Upgrade]] = {title: [] for title in (_YOURS, "Open", "In the queue", "Watching")}
    for up in sorted(view.history.open(), key=lambda up: (-up.finding.priority, up.queued_at, up.id)):
        if up.settled_as is None:
            groups[_title_of(up, view)].append(up)
    return groups


def _title_of(up: Upgrade, view: View) -> str:
    waits = view.waiting.get(up.id)
    blocking = waits.blocking if waits else None
    if up.stage is Stage.HELD or asks(up) or up.id in view.compare:
        return _YOURS
    if blocking is not None and blocking.gate in _ASKING_GATES:
        return _YOURS
    return "Watching" if up.stage in _AFTER_MERGE else "Open" if up.stage in _LIVE else "In the queue"


def _top(view: View, waiting: int) -> str:
    said = "Nothing waits for you."
    if waiting:
        said = f"**{waiting:,} {'thing waits' if waiting == 1 else 'things wait'} for you.**"
    return f"{said} Mode {quoted(view.mode, 40)} on {quoted(view.base_branch, 200)}."


def _questions(view: View) -> Iterator[str]:
    """Requests for work that cannot begin before something is answered."""
    for order in view.history.work.values():
        if order.question and order.id not in view.history.served:
            where = f" in {_link(order.thread, view.links)}" if order.thread else ""
            asked = quoted(order.text or ", ".join(order.components) or "work", 160)
            yield f"- {quoted(order.by)} asked for {asked}: {prose(order.question, 400)} → `/answer TEXT`{where}"


def _entry(up: Upgrade, view: View) -> str:
    """One line, the boxes of what is likely, and the rest folded."""
    waits = view.waiting.get(up.id)
    likely, possible = _boxes(up, view)
    lines = list(likely)
    gates = decision_markdown(waits).splitlines()[:_MOST_GATES] if waits and waits.children else []
    if rest := [*possible, *gates]:
        summary = f"{plain(up.codename, 60)}, {plain(up.id, 60)}: more"
        lines += folded(summary, rest).text(len(rest)).splitlines()
    said = f"- {_pull_of(up, view)}**{prose(_name(up), 160)}** {_why(up, waits)}"
    return "\n".join([said, *(f"  {line}" if line else "" for line in lines)])


def _pull_of(up: Upgrade, view: View) -> str:
    revert = up.revert if up.stage is Stage.REGRESSED or up.held_from is Stage.REGRESSED else None
    number = revert.pull if revert else up.proposed.pull if up.proposed else 0
    return f"{_link(number, view.links)} " if number else ""


def _link(number: int, links: Mapping[int, str]) -> str:
    address = links.get(number, "")
    return f"[#{number}]({address})" if re.fullmatch(r"https?://[^\s()<>]{1,500}", address) else f"#{number}"


def _name(up: Upgrade) -> str:
    return up.plan.title if up.plan else up.finding.message


def _why(up: Upgrade, waits: Decision | None) -> str:
    """Where it stands, and the gate that it waits at, in a few words."""
    if up.stage is Stage.HELD and up.held is not None:
        if up.held.question:
            return f"asks: {prose(question_of(up), 400)}"
        then = f" → {spoken(up.held.next_action)}" if up.held.next_action else ""
        return f"{where_it_stands(up)}: {prose(up.held.reason, 400)}{then}"
    blocking = waits.blocking if waits else None
    if blocking is None:
        return where_it_stands(up)
    then = f" → {spoken(blocking.next_action)}" if blocking.next_action and up.stage is not Stage.WATCHED else ""
    return f"{where_it_stands(up)}; {quoted(blocking.gate, 60)}: {prose(blocking.reason, 400)}{then}"


def _boxes(up: Upgrade, view: View) -> tuple[list[str], list[str]]:
    """(what is likely to be wanted, what else is possible), each a box."""
    possible = possible_orders(up)
    first: list[str] = []
    if up.id in view.compare and re.fullmatch(r"https?://[^\s<>]{1,8000}", view.compare[up.id]):
        first.append(f"- [open the pull request by hand](<{view.compare[up.id]}>): the healer may not")
    if "choose" in possible and asks(up):
        first += _options(up)
    if "approve" in possible and (head := _head(up)):
        what = "approve taking it back" if up.stage is Stage.REGRESSED else "approve"
        first.append(box(f"/approve {up.id} {head[:10]}", f"{what} at {quoted(head[:10])}"))
    if "approve_plan" in possible and up.plan is not None:
        what = f"approve the plan, version {up.plan.version}: {_size(up.plan)}"
        first.append(box(f"/approve_plan {up.id}", what))
    waiting = up.stage is Stage.HELD and not asks(up)
    likely = [name for name in ("resume", "retry") if name in possible and waiting]
    first += [box(f"/{name} {up.id}", _LABELS[name]) for name in likely]
    others = [name for name in _LABELS if name in possible and name not in likely]
    return first, [box(f"/{name} {up.id}", _LABELS[name]) for name in others]


_LABELS = {
    "retry": "try it again",
    "resume": "let it go on",
    "hold": "hold it",
    "rebuild": "build it anew",
    "ignore": "ignore it, and never propose it again",
    "rollback_upgrade": "take it back",
    "reland": "land it again",
}


def _size(plan: Plan) -> str:
    return f"{counted(plan.lines, 'line')} in {counted(len(plan.paths), 'file')}"


def _options(up: Upgrade) -> list[str]:
    options = up.investigation.options if up.investigation else ()
    shown = [box(f"/choose {up.id} {option.key}", what_it_does(option)) for option in options[:_MOST_OPTIONS]]
    more = len(options) - len(shown)
    return [*shown, *([f"- and {more} more: `/explain {up.id}` shows them"] if more > 0 else [])]


def _head(up: Upgrade) -> str:
    """The commit that an approval would count for."""
    if up.stage is Stage.REGRESSED:
        return up.revert.head if up.revert else ""
    return up.proposed.head if up.proposed else ""


def _not_begun(view: View) -> Iterator[str]:
    """Findings that did not become an upgrade, most urgent first; what is known or ignored is shown elsewhere."""
    urgent = sorted(
        view.findings, key=lambda pair: (-pair[0].priority, pair[0].path, pair[0].start, pair[0].fingerprint)
    )
    for finding, decision in urgent:
        blocking = decision.blocking
        if blocking is None or blocking.gate in _QUIET_GATES:
            continue
        then = f" → {spoken(blocking.next_action)}" if blocking.next_action else ""
        yield f"- {prose(finding.message, 160)}; {quoted(blocking.gate, 60)}: {prose(blocking.reason)}{then}"


def _ignored(view: View) -> Iterator[str]:
    """The last one first."""
    for fingerprint, ignored in tuple(view.history.ignored.items())[::-1]:
        attempts = view.history.of_finding(fingerprint)
        what = prose(attempts[-1].finding.message, 160) if attempts else quoted(fingerprint[:10])
        yield box(
            f"/unignore {fingerprint[:10]}", f"propose it again: {what}, ignored by {_by(ignored.by, ignored.reason)}"
        )


def _by(who: str, reason: str) -> str:
    return f"{quoted(who)}: {prose(reason, 200)}"


def _disabled(view: View) -> Iterator[str]:
    for name in sorted(view.disabled):
        yield f"- {quoted(name)}: take it out of `detection.disabled` in `.github/gitops-healer.yml` to switch it on"


def _recent(view: View) -> Iterator[str]:
    ended = [up for up in view.history.upgrades.values() if up.settled_as is not None]
    for up in sorted(ended, key=lambda up: (up.changed_at, up.id), reverse=True)[:_RECENT]:
        settled = up.settled_as.value.replace("_", " ") if up.settled_as else ""
        said = f"- {_pull_of(up, view)}{prose(_name(up), 160)} {settled}: {prose(up.reason, 300)}"
        possible = possible_orders(up)
        wanted = [name for name in ("rollback_upgrade", "reland", "retry") if name in possible][:1]
        yield "\n".join([said, *(f"  {box(f'/{name} {up.id}', _LABELS[name])}" for name in wanted)])


def _foot(view: View) -> str:
    freeze = "" if view.history.paused else box("/freeze", "stop everything: nothing is proposed or merged") + "\n\n"
    return (
        f"---\n\n{freeze}<sub>Ticking a box gives its command in your name, and needs the same permission. "
        "`/healer_help` lists all commands. Closing this issue turns the dashboard off, and so does "
        "`limits.dashboard: false`; kinds of findings are switched off by `detection.disabled`, both in "
        "`.github/gitops-healer.yml`.</sub>"
    )
