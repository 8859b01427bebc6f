"""What a pull request says: the flaw, the change, the proof, what happens next. The most important comes first."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import quote

from gitops_healer.core.aim import Aim
from gitops_healer.core.diagnosis_markdown import diagnosis_section
from gitops_healer.core.fitting import Block, bullets, fenced_block, fit, folded, prose
from gitops_healer.core.orders import possible_orders
from gitops_healer.core.plan_text import plan_items
from gitops_healer.core.quoting import plain, quoted
from gitops_healer.core.reproducing import reproduce_command
from gitops_healer.core.revert_blocks import revert_blocks
from gitops_healer.core.reverting import Reversal
from gitops_healer.core.texts import marker
from gitops_healer.core.upgrade import RevertProposed, Stage, Upgrade
from gitops_healer.core.verdict import Outcome, Verdict
from gitops_healer.core.verdict_markdown import why_safe
from gitops_healer.core.words import counted

_OPEN_DIFF = 40  # lines; longer ones are folded
COMMANDS = {
    "approve": "merge exactly the commit that you see, once it is proved",
    "approve_plan": "carry the plan out",
    "revise_plan": "ask for another plan, in your words",
    "choose": "answer the question",
    "hold": "keep it waiting",
    "resume": "let it go on",
    "retry": "try it again",
    "rebuild": "build the change anew on the present base",
    "ignore": "close it, and never propose this finding again",
    "unignore": "let this finding be proposed again",
    "rollback_upgrade": "take the merge back",
    "reland": "land it again",
    "explain": "why it is where it is: every gate, with its figures",
}
"""What a command does, as the end of a sentence; in the order in which they are offered."""


@dataclass(frozen=True)
class Setting:
    """What the text needs to know besides the upgrade. mode: observe, propose or deploy; base_branch: where it is
    merged to; window, baseline: how long the watch lasts and how far it looks back, e.g. `24h`; repository_url: page of
    the repository on the forge, "" for none; reproduce: one shell command that shows the flaw, "" for the one that
    follows from the rule; test_command: the project's own, "" when it is discovered; rollback: whether a judged
    regression is taken back; diff: the change as people read it, "" to leave it out."""

    mode: str
    base_branch: str
    window: str = ""
    baseline: str = ""
    repository_url: str = ""
    reproduce: str = ""
    test_command: str = ""
    rollback: bool = True
    diff: str = ""


def pull_body(up: Upgrade, about: Setting) -> str:
    """Markdown within the forge's limit, whatever is in the upgrade; the hidden marker is its last line.

    up: with investigation and plan; what it does not have yet is left out.
    """
    return fit([*_blocks(up, about), Block(marker(up))])


def revert_body(up: Upgrade, reversal: Reversal | None = None, *, draft: bool = False) -> str:
    """The same for the pull request that takes a merge back.

    up: regressed, or only suspected (draft); reversal: the way back that it holds (`reverting.plan_back`).
    """
    shown = up if up.revert else replace(up, revert=RevertProposed("", "", 0, "", draft))
    return fit([*revert_blocks(up, reversal, draft), commands_table(shown), Block(marker(up))])


def commands_table(up: Upgrade) -> Block:
    """What can be said now, the most likely first."""
    possible = possible_orders(up)
    known = [name for name in COMMANDS if name in possible]
    others = [name for name in possible if name not in COMMANDS]
    rows = [f"| `{_usage(name, up)}` | {COMMANDS.get(name, 'see `/healer_help`')} |" for name in [*known, *others]]
    head = "### What you can say\n\nIn a comment, at the start of a line:\n\n| command | what it does |\n|---|---|"
    return Block("\n".join([head, *rows]))


def _blocks(up: Upgrade, about: Setting) -> Iterator[Block]:
    yield Block(_headline(up))
    yield from _to_accept(up)
    yield from _what_is_wrong(up, about)
    yield from _what_changes(up, about)
    yield from why_safe(_verdicts(up), up.option.proof if up.option else ())
    yield Block(_after_the_merge(up, about))
    yield commands_table(replace(up, stage=Stage.PROPOSED) if up.stage is Stage.PREPARED else up)
    yield Block("### See it yourself\n\nIn a clone of this repository:")
    yield fenced_block(plain(about.reproduce or reproduce_command(up, about.test_command), 1_000), "console")
    yield from _background(up)


def _headline(up: Upgrade) -> str:
    """What a reader in a hurry has to know, in a line."""
    said = [f"**Risk {up.plan.risk.value}**", f"priority {up.plan.priority} of 10"] if up.plan else []
    if up.plan and up.plan.lines:
        said.append(f"{counted(up.plan.lines, 'line')} in {counted(len(up.plan.paths), 'file')}")
    said += _proof_in_brief(_verdicts(up))
    return " · ".join([*said, quoted(up.codename, 60)])


def _proof_in_brief(verdicts: tuple[Verdict, ...]) -> list[str]:
    if not verdicts:
        return []
    results = verdicts[-1].results
    passed = sum(result.outcome is Outcome.PASSED for result in results)
    bad = [result for result in results if result.outcome not in (Outcome.PASSED, Outcome.SKIPPED)]
    asked = len(_approvals(verdicts))
    said = [f"{counted(passed, 'check')} passed" + (f", **{len(bad)} did not**" if bad else "")]
    return [*said, *([f"**{counted(asked, 'thing')} to accept**"] if asked else [])]


def _to_accept(up: Upgrade) -> Iterator[Block]:
    asked = _approvals(_verdicts(up))
    if asked:
        head = "> [!IMPORTANT]\n> A maintainer has to accept this before it is merged:\n>"
        yield Block(head, _cited(bullets(asked)), more="> - and {count} more")


def _cited(lines: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"> {line}" for line in lines)


def _what_is_wrong(up: Upgrade, about: Setting) -> Iterator[Block]:
    finding, cause = up.finding, up.investigation.cause if up.investigation else None
    where = f" ({_place(finding.path, finding.start, up.base, about)})" if finding.path else ""
    yield Block(f"### What is wrong\n\n{prose(finding.message.rstrip('. '))}{where}")
    yield Block("", bullets(finding.evidence))
    if cause is not None:
        known = [_place(cause.path, cause.line, up.base, about)] if cause.path else []
        known += [f"confidence {cause.confidence:.0%}"] if 0 < cause.confidence <= 1 else []
        sure = f" ({', '.join(known)})" if known else ""
        yield Block(f"**Cause.** {prose(cause.sentence.rstrip('. '), 500)}{sure}")
    if up.investigation and up.investigation.diagnosis:
        lines = diagnosis_section(up.investigation.diagnosis).splitlines()[2:]
        yield folded("How the cause was found, and what was ruled out", lines)


def _place(path: str, line: int, commit: str, about: Setting) -> str:
    """A place of the code, as a link where there is a page of it."""
    shown = quoted(f"{path}:{line}" if line else path)
    if not re.fullmatch(r"https?://[^\s()<>]{1,300}", about.repository_url) or not re.fullmatch("[0-9a-f]+", commit):
        return shown
    address = f"{about.repository_url.rstrip('/')}/blob/{commit}/{quote(path.encode('utf-8', 'replace'))}"
    return f"[{shown}]({address}{f'#L{line}' if line else ''})" if len(address) < 1_000 else shown


def _what_changes(up: Upgrade, about: Setting) -> Iterator[Block]:
    option = up.option
    title = option.title if option else up.plan.title if up.plan else ""
    yield Block(f"### What this changes\n\n**{prose(title)}**" if title else "### What this changes")
    if option and option.behaviour and option.behaviour != title:
        mends = up.plan is None or up.plan.aim is Aim.MENDS
        yield Block(f"**{'In the failing case' if mends else 'What it does'}:** {prose(option.behaviour, 500)}")
    if option and option.determined_by:
        keeps = up.plan is not None and up.plan.aim is Aim.KEEPS
        why = "What the code does stays the same, because:" if keeps else "This is the wanted behaviour, because:"
        yield Block(f"{why}\n", bullets(option.determined_by))
    elif up.chosen_by:
        yield Block(f"Chosen by {quoted(up.chosen_by)}.")
    if about.diff.strip():
        block = fenced_block(about.diff, "diff")
        if len(block.items) <= _OPEN_DIFF:
            yield block
        else:
            head, tail = folded(f"The change, {len(block.items):,} lines", ()).head, "\n\n</details>"
            yield Block(f"{head}\n{block.head}", block.items, f"{block.tail}{tail}", block.more)


def _after_the_merge(up: Upgrade, about: Setting) -> str:
    measured = ", ".join(quoted(symbol, 80) for symbol in _symbols(up)[:3]) or "what it touches"
    window = f" for {about.window}" if about.window else ""
    before = f" with those of the {about.baseline} before" if about.baseline else " with those before"
    back = (
        "When it fails more often than chance explains, it is taken back by a revert"
        if about.rollback
        else "When it fails more often than chance explains, you are told; policy leaves taking it back to you"
    )
    who = "waits for `/approve`, or a merge by hand" if about.mode != "deploy" else "is merged as far as policy allows"
    return (
        f"### What happens next\n\n"
        f"1. CI and the gates above are asked again about what a merge into {quoted(about.base_branch, 100)} gives, "
        f"then it {who}.\n"
        f"2. After the merge the gates run once more on the merge commit, and the calls of {measured} are compared"
        f"{window}{before}. {back}; `/rollback_upgrade {up.id}` does it at any time. Too few calls end as *not "
        "proven*, never as stable.\n"
        "3. Closing this pull request means ignore; commits of yours on its branch mean that it is yours."
    )


def _symbols(up: Upgrade) -> tuple[str, ...]:
    named = up.plan.symbols if up.plan else ()
    return named or ((up.finding.symbol,) if up.finding.symbol else ())


def _background(up: Upgrade) -> Iterator[Block]:
    if up.plan is not None:
        yield folded(f"The plan, version {up.plan.version}", plan_items(up.plan))
    if up.investigation and up.investigation.evidence:
        yield folded("What else was looked at", bullets(up.investigation.evidence))
    kept = f"Restore point: {quoted(up.prepared.restore_ref, 200)} keeps " if up.prepared else "Base: "
    yield Block(
        f"<sub>{kept}{quoted(up.base[:10])} · upgrade {quoted(up.id, 60)} · rule {quoted(up.finding.rule)}</sub>"
    )


def _verdicts(up: Upgrade) -> tuple[Verdict, ...]:
    """Phase 1, then the last of phase 2."""
    first = (up.prepared.verdict,) if up.prepared else ()
    second = up.watched.verdict if up.watched else up.validated.verdict if up.validated else None
    return (*first, *((second,) if second else ()))


def _approvals(verdicts: tuple[Verdict, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(line for verdict in verdicts for line in verdict.approvals))


def _usage(name: str, up: Upgrade) -> str:
    """The command as it is written on the pull request."""
    match name:
        case "choose":
            return f"/choose {up.id} OPTION"
        case "revise_plan":
            return f"/revise_plan {up.id} what you want instead"
        case "rollback_upgrade" | "reland":
            return f"/{name} {up.id}"
        case _:
            return f"/{name}"
