"""The page that GitHub Actions shows below a job: what was seen, what moved, what waits for whom."""

import re
from collections.abc import Iterable, Sequence

from gitops_healer.core.decision import Decision
from gitops_healer.core.finding import Finding
from gitops_healer.core.fitting import spoken
from gitops_healer.core.quoting import fenced, plain, quoted
from gitops_healer.core.summary import Reply, Summary
from gitops_healer.core.upgrade import Stage, Upgrade
from gitops_healer.core.words import counted
from gitops_healer.report.documents import next_action

LIMIT = 900_000
"""Bytes. GitHub shows no summary of a step that is over 1 MiB."""
_COMMAND = re.compile(r"(?:^|[\s\"'`])/[a-z_]+")
_ROWS = 50
_LINE = 300
_REPLY = 4_000


def job_summary(summary: Summary, reason: str = "") -> str:
    """Markdown. reason: why this run was started. Foreign text is quoted, so that none of it is markup."""
    parts = [
        f"## Healer: {_headline(summary)}",
        _facts(summary, reason),
        _errors(summary.errors),
        _upgrades("Waiting for you", [pair for pair in summary.upgrades if _for_people(*pair)]),
        _upgrades("Under way", [pair for pair in summary.upgrades if not _for_people(*pair)]),
        _replies(summary.replies),
        _findings(summary.findings),
        _looks(summary),
        _list("Notes", summary.notices),
    ]
    return _fit([part for part in parts if part])


def nothing_summary(reason: str) -> str:
    """The page of a run that had nothing to do."""
    return f"## Healer: nothing to do\n\n{quoted(reason)}\n"


def failed_summary(error: str, next_action: str = "") -> str:
    """The page of a run that ended badly."""
    return f"## Healer: stopped\n\n{fenced(error[:_REPLY])}\n" + (f"\n{next_action}\n" if next_action else "")


def _headline(summary: Summary) -> str:
    if summary.errors:
        return counted(len(summary.errors), "problem")
    waiting = sum(_for_people(*pair) for pair in summary.upgrades)
    if waiting:
        return f"{counted(waiting, 'upgrade')} waiting for you"
    return f"{counted(len(summary.moved), 'upgrade')} moved" if summary.moved else "nothing to do"


def _facts(summary: Summary, reason: str) -> str:
    rows = [
        ("why", quoted(reason) if reason else ""),
        ("branch", f"{quoted(summary.base_branch)} at `{summary.base[:10]}`"),
        ("mode", f"{summary.mode}{', nothing was written' if summary.mode == 'observe' else ''}"),
        ("seen", counted(len(summary.findings), "finding")),
        ("moved", counted(len(summary.moved), "upgrade")),
        ("recorded", f"{counted(summary.events, 'event')} by run `{summary.run}`"),
    ]
    return "\n".join(f"- {name}: {said}" for name, said in rows if said)


def _for_people(upgrade: Upgrade, waiting: Decision | None) -> bool:
    """Whether it goes on only when somebody says something."""
    return upgrade.stage is Stage.HELD or _COMMAND.search(next_action(upgrade, waiting)) is not None


def _upgrades(title: str, pairs: Sequence[tuple[Upgrade, Decision | None]]) -> str:
    if not pairs:
        return ""
    more = f"\n\n… and {len(pairs) - _ROWS} more: `gitops-healer status`" if len(pairs) > _ROWS else ""
    return f"### {title}\n\n" + "\n".join(_upgrade(*pair) for pair in pairs[:_ROWS]) + more


def _upgrade(upgrade: Upgrade, waiting: Decision | None) -> str:
    stage = upgrade.settled_as if upgrade.stage is Stage.CLOSED and upgrade.settled_as else upgrade.stage
    title = upgrade.plan.title if upgrade.plan else upgrade.finding.message
    lines = [f"- **{upgrade.codename}** `{upgrade.id}`, {stage.value.replace('_', ' ')}: {quoted(title, _LINE)}"]
    lines += [f"  - {said}" for said in _where(upgrade)]
    if upgrade.reason:
        lines.append(f"  - why: {quoted(upgrade.reason, _LINE)}")
    if upgrade.held and upgrade.held.question:
        lines.append(f"  - question:\n\n{_indented(fenced(upgrade.held.question[:_REPLY]), 4)}\n")
    if waiting and (blocking := waiting.blocking) and blocking.reason != upgrade.reason:
        lines.append(f"  - waits at {quoted(blocking.gate)}: {quoted(blocking.reason, _LINE)}")
    if action := next_action(upgrade, waiting):
        lines.append(f"  - next: {spoken(plain(action, _LINE))}")
    return "\n".join(lines)


def _where(upgrade: Upgrade) -> Iterable[str]:
    if upgrade.proposed and upgrade.merged is None:
        yield f"pull request {_pull(upgrade.proposed.pull, upgrade.proposed.url)}"
    if upgrade.merged:
        yield f"merged as `{upgrade.merged.commit[:10]}`"
    if upgrade.revert and upgrade.rolled_back is None:
        yield f"revert {_pull(upgrade.revert.pull, upgrade.revert.url)}"
    if upgrade.rolled_back:
        yield f"taken back by `{upgrade.rolled_back.commit[:10]}`"


def _pull(number: int, url: str) -> str:
    """A link where the address can be one, and no Markdown can hide in it."""
    safe = url.startswith(("https://", "http://")) and not set(url) & set(" ()<>[]\"'`\\\n\r")
    return f"[#{number}]({url})" if safe else f"#{number}"


def _replies(replies: Sequence[Reply]) -> str:
    if not replies:
        return ""
    said = [
        f"- {quoted(reply.actor)} {'' if reply.allowed else '(refused) '}{quoted(reply.command, 100)}\n\n"
        + _indented(fenced(reply.text[:_REPLY]), 2)
        for reply in replies[:_ROWS]
    ]
    return "### Commands\n\n" + "\n\n".join(said)


def _findings(findings: Sequence[tuple[Finding, Decision]]) -> str:
    if not findings:
        return ""
    rows = [
        f"| {finding.priority} | {_cell(finding.rule)} | {_cell(f'{finding.path}:{finding.start}')} "
        f"| {_cell(finding.message)} | {'yes' if decision.allowed else _because(decision)} |"
        for finding, decision in findings[:_ROWS]
    ]
    more = f"\n\n… and {len(findings) - _ROWS} more: `gitops-healer scan`" if len(findings) > _ROWS else ""
    head = "### Findings\n\n| priority | rule | where | what | taken up? |\n|---|---|---|---|---|\n"
    return head + "\n".join(rows) + more


def _because(decision: Decision) -> str:
    return "no: " + _cell((decision.blocking or decision).reason)


def _looks(summary: Summary) -> str:
    lines = [
        f"- {quoted(look.detector)}: {counted(look.findings, 'finding')}"
        + (f", {quoted(look.said, _LINE)}" if look.said else "")
        for look in summary.looks
    ]
    return "<details><summary>What was looked at</summary>\n\n" + "\n".join(lines) + "\n\n</details>" if lines else ""


def _errors(errors: Sequence[str]) -> str:
    return "### Problems\n\n" + "\n\n".join(fenced(error[:_REPLY]) for error in errors[:_ROWS]) if errors else ""


def _list(title: str, lines: Sequence[str]) -> str:
    return f"### {title}\n\n" + "\n".join(f"- {quoted(line, _LINE)}" for line in lines[:_ROWS]) if lines else ""


def _cell(text: str) -> str:
    """Inline code in a table: there a bar ends the cell even inside of code."""
    return quoted(plain(text, _LINE).replace("|", "¦"), _LINE)


def _indented(text: str, columns: int) -> str:
    return "\n".join(f"{' ' * columns}{line}" for line in text.splitlines())


def _fit(parts: Sequence[str]) -> str:
    """As many whole parts as there is room for."""
    kept, size = list[str](), 0
    for part in parts:
        size += len(part.encode("utf-8", "replace")) + 2
        if size > LIMIT:
            kept.append("… the rest is too long for this page: `gitops-healer status` has it all")
            break
        kept.append(part)
    return "\n\n".join(kept) + "\n"
