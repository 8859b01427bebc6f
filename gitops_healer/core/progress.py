"""The one comment that tells how far an upgrade is, edited as it goes; and the plan, for its review."""

from collections.abc import Iterator
from typing import assert_never

from gitops_healer.core.decision import Decision
from gitops_healer.core.fitting import Block, cell, code_cell, fit, folded, prose, spoken
from gitops_healer.core.following import hands_off_values
from gitops_healer.core.messages import Messages
from gitops_healer.core.orders import asks
from gitops_healer.core.plan import Option, Plan
from gitops_healer.core.plan_text import plan_items
from gitops_healer.core.quoting import plain, quoted
from gitops_healer.core.texts import decision_markdown
from gitops_healer.core.upgrade import Stage, Upgrade
from gitops_healer.core.verdict import Outcome, Verdict

_MOST_OPTIONS = 20
_MOST_PATHS = 10
_DONE, _NOW, _NEXT, _SKIPPED, _BAD = "✅", "🔵", "⚪", "➖", "❌"


def progress_marker(up: Upgrade) -> str:
    """By which the comment is found again."""
    return f"<!-- healer:progress {plain(up.id, 60)} -->"


def plan_marker(up: Upgrade) -> str:
    return f"<!-- healer:plan {plain(up.id, 60)} -->"


def progress(up: Upgrade, waits: Decision | None, messages: Messages) -> str:
    """Markdown, the same as long as nothing happened. waits: what it waits for, None when it does not wait."""
    return fit([Block(progress_marker(up)), *_progress(up, waits, messages)])


def plan_ready(up: Upgrade, messages: Messages, expires: str = "") -> str:
    """The plan in full, for whoever has to approve it; what was planned before is folded. expires: when nobody needs to
    answer any more, in words, "" for never."""
    return fit([Block(plan_marker(up)), *_plan(up, messages, expires)])


def was_planned_for(up: Upgrade, healer: str) -> bool:
    """Whether people had to look at its plan, so that they want to know what became of it. healer: its login."""
    by_people = up.plan_approved_by not in ("", healer)
    return by_people or bool(up.earlier_plans) or (up.plan is not None and not up.plan_approved_by)


def present_message(up: Upgrade, messages: Messages) -> str:
    """What is to be said about the stage that it is in."""
    name, values = _kind(up)
    return messages.render(name, **values if name == "question" else _common(up) | values)


def _common(up: Upgrade) -> dict[str, str]:
    return {"id": plain(up.id, 60), "codename": quoted(up.codename, 60), "title": prose(_title(up))}


def _progress(up: Upgrade, waits: Decision | None, messages: Messages) -> Iterator[Block]:
    pull = f" · #{up.proposed.pull}" if up.proposed and up.proposed.pull else ""
    yield Block(f"{quoted(up.codename, 60)} · **{prose(_title(up))}** · {quoted(up.id, 60)}{pull}")
    yield Block(" → ".join(f"{mark} {name}" for name, mark in stages_of(up)))
    yield Block(present_message(up, messages))
    if waits is not None and (blocking := waits.blocking) and up.stage not in (Stage.WATCHED, Stage.HELD):
        then = f" → {spoken(blocking.next_action)}" if blocking.next_action else ""
        yield Block(f"**Waits** at {quoted(blocking.gate, 80)}: {prose(blocking.reason, 600)}{then}")
        if waits.children:
            yield folded("Every gate", decision_markdown(waits).splitlines())
    if up.merged is not None:
        rows = tuple(f"| {name} | {said} |" for name, said in _report(up))
        yield Block("**Change report**\n\n| | |\n|---|---|", rows, more="| and {count} more | |")


def stages_of(up: Upgrade) -> Iterator[tuple[str, str]]:
    """(name, mark) of each stage, in order. What people left out by merging themselves is marked as left out."""
    marks = {
        "seen": True,
        "planned": up.plan is not None,
        "approved": bool(up.plan_approved_by),
        "built": up.prepared is not None,
        "proposed": up.proposed is not None,
        "proved": up.validated is not None,
        "merged": up.merged is not None,
        "watched": up.settled_as is Stage.STABLE,
    }
    ended, after = up.settled_as is not None, up.merged is not None
    present = next((name for name, done in marks.items() if not done), "")
    for name, done in marks.items():
        if done:
            yield name, _DONE
        elif after and name != "watched":
            yield name, _SKIPPED
        elif name == "watched" and (up.regressed is not None or up.settled_as is Stage.UNPROVEN):
            yield name, _BAD if up.regressed is not None else "❔"
        elif (name == present and not ended) or (after and not ended):
            yield name, "⏸️" if up.stage is Stage.HELD else _NOW
        else:
            yield name, _BAD if name == present else _NEXT
    if up.regressed is not None:
        yield "taken back", _DONE if up.rolled_back else _NOW


def _kind(up: Upgrade) -> tuple[str, dict[str, str]]:
    """The message of the present stage, with the values that belong to it alone."""
    stage = (up.settled_as or up.stage) if up.stage is Stage.CLOSED else up.stage
    match stage:
        case Stage.QUEUED:
            return "queued", {"reason": prose(up.reason, 600) if up.reason else ""}
        case Stage.HELD:
            return _held(up)
        case Stage.INVESTIGATED if asks(up):
            return _question(up)
        case Stage.INVESTIGATED:
            return "planning", {"cause": prose(up.investigation.cause.sentence, 500) if up.investigation else ""}
        case Stage.PLANNED:
            return "plan_ready", _plan_values(up)
        case Stage.PLAN_APPROVED:
            return "starting", {"by": quoted(up.plan_approved_by), "version": _version(up)}
        case Stage.PREPARED | Stage.PROPOSED | Stage.VALIDATED | Stage.APPROVED:
            return "working", {"phase": _phase(up)}
        case Stage.MERGED:
            return "restarting", {"commit": _merge(up)}
        case Stage.WATCHED:
            until = f"{up.watched.window.until:%Y-%m-%d %H:%M} UTC" if up.watched else "the watch ends"
            said = up.health.reason if up.health else "nothing was measured yet"
            return "watching", {"commit": _merge(up), "until": until, "reason": prose(said, 600)}
        case Stage.REGRESSED:
            return "taking_back", {"reason": prose(up.reason, 600)}
        case Stage.STABLE | Stage.UNPROVEN | Stage.ROLLED_BACK | Stage.DROPPED | Stage.CLOSED:
            return _ended(up, stage)
        case _:
            assert_never(stage)


def _held(up: Upgrade) -> tuple[str, dict[str, str]]:
    assert up.held is not None
    if up.held.question:
        return _question(up)
    if up.held.hands_off or up.held.label:
        return "hands_off", hands_off_values(up)
    then = spoken(up.held.next_action or f"/resume {up.id}")
    by = quoted(up.held.by) if up.held.by else "the healer"
    return "held", {"by": by, "reason": prose(up.held.reason, 600), "next": then}


def _question(up: Upgrade) -> tuple[str, dict[str, str]]:
    options = up.investigation.options[:_MOST_OPTIONS] if up.investigation else ()
    answers = [f"- {quoted(f'/choose {up.id} {option.key}')}: {what_it_does(option)}" for option in options]
    if not answers and up.held and up.held.next_action:
        answers = [f"- {spoken(up.held.next_action)}"]
    return "question", {"question": prose(question_of(up), 1_000), "answers": "\n".join(answers)}


def what_it_does(option: Option) -> str:
    """An option in a line: the change, and what it makes of the failing case."""
    then = f"; {prose(option.behaviour, 200)}" if option.behaviour and option.behaviour != option.title else ""
    return f"{prose(option.title, 160)}{then}"


def question_of(up: Upgrade) -> str:
    """What is asked, without the list of options that the question ends with: those are shown as answers."""
    asked = up.held.question if up.held and up.held.question else up.investigation.question if up.investigation else ""
    options = up.investigation.options if up.investigation else ()
    return "\n".join(line for line in asked.splitlines() if not (options and line.lstrip().startswith("- `")))


def _ended(up: Upgrade, stage: Stage) -> tuple[str, dict[str, str]]:
    because = prose(up.reason, 600)
    match stage:
        case Stage.STABLE:
            return "success", {"commit": _merge(up), "reason": because}
        case Stage.UNPROVEN:
            then = f"`/rollback_upgrade {up.id}` takes it back."
            return "unproven", {"commit": _merge(up), "reason": because, "next": then}
        case Stage.ROLLED_BACK:
            revert = up.rolled_back.commit[:10] if up.rolled_back else "?"
            then = f"`/reland {up.id}` lands it again."
            return "taken_back", {"commit": _merge(up), "revert": revert, "reason": because, "next": then}
        case _:
            return _without_merge(up, because)


def _without_merge(up: Upgrade, because: str) -> tuple[str, dict[str, str]]:
    """By how far it came: it never began, its plan was never approved, or the work did not succeed."""
    values = {"reason": because, "retry": f"/retry {up.id}"}
    if up.investigation is None and up.proposed is None:
        return "cleared", values
    if up.plan is not None and not up.plan_approved_by and up.proposed is None:
        return "plan_expired", values | {"version": _version(up)}
    return "failure", values


def _phase(up: Upgrade) -> str:
    match up.stage:
        case Stage.PREPARED:
            return "The change is built and passed the first gates; the pull request comes next."
        case Stage.PROPOSED:
            again = f" Once more, because {prose(up.reason)}." if up.reason else ""
            return f"CI runs, and the gates are asked about what a merge gives.{again}"
        case Stage.VALIDATED:
            return "It is proved; the approval comes next."
        case _:
            by = quoted(up.approved.by) if up.approved else "a maintainer"
            return f"It is proved and approved by {by}; the merge comes next."


def _report(up: Upgrade) -> Iterator[tuple[str, str]]:
    """What was changed, by what it was let through, and what came of it."""
    if up.plan is not None:
        more = f" and {len(up.plan.paths) - _MOST_PATHS} more" if len(up.plan.paths) > _MOST_PATHS else ""
        files = ", ".join(code_cell(path) for path in up.plan.paths[:_MOST_PATHS])
        yield "changed", f"{files}{more}: {up.plan.lines:,} {'line' if up.plan.lines == 1 else 'lines'}"
    if up.watched or up.validated:
        verdict = up.watched.verdict if up.watched else up.validated.verdict if up.validated else None
        yield "gates", _counted(verdict) if verdict else ""
    if up.approved is not None:
        yield "approved", f"{code_cell(up.approved.by)}: {cell(up.approved.reason)}"
    yield "merged", f"`{_merge(up)}`"
    if up.health is not None:
        yield "watch", f"{up.health.judgement.value}: {cell(up.health.reason, 600)}"
    if up.attributions:
        yield "search for the culprit", cell(up.attributions[-1].attribution.reason, 600)
    if up.revert is not None and up.revert.pull and up.rolled_back is None:
        yield "draft of the revert" if up.revert.draft else "revert", f"#{up.revert.pull}"
    for told in up.reports:
        if told.issue:
            yield "told", f"#{told.issue}: it is not of this merge"
    if up.rolled_back is not None:
        yield "taken back", quoted(up.rolled_back.commit[:10])


def _counted(verdict: Verdict) -> str:
    """How the gates answered the last time, e.g. `11 passed, 2 nothing to ask`."""
    counts = {outcome: sum(result.outcome is outcome for result in verdict.results) for outcome in Outcome}
    words = {Outcome.SKIPPED: "had nothing to ask"}
    return ", ".join(f"{number} {words.get(kind, kind.value)}" for kind, number in counts.items() if number)


def _plan(up: Upgrade, messages: Messages, expires: str) -> Iterator[Block]:
    plan = up.plan
    if plan is None:
        asked = f" {quoted(up.revisions[-1].by)} asked: {prose(up.revisions[-1].text, 600)}" if up.revisions else ""
        yield Block(f"A new version of the plan of {quoted(up.id, 60)} is being made.{asked}")
    else:
        yield Block(messages.render("plan_ready", **_common(up), **_plan_values(up)))
        yield Block(f"### {prose(plan.title)}\n", plan_items(plan), more="- and {count} more")
        yield from _plan_words(up, expires)
    for earlier in up.earlier_plans[:-11:-1]:
        yield folded(f"Version {earlier.version}, replaced: {earlier.title}", plan_items(earlier))


def _plan_words(up: Upgrade, expires: str) -> Iterator[Block]:
    """How it was answered, or how it can be."""
    assert up.plan is not None
    if up.plan_approved_by:
        yield Block(f"✅ Approved by {quoted(up.plan_approved_by)}. What is done may not differ from it.")
        return
    if up.settled_as is not None:
        yield Block(f"❌ Not carried out: {prose(up.reason, 600)}")
        return
    if up.approved_plan is not None and (differs := _differences(up.approved_plan, up.plan)):
        yield Block("It was approved once; since then this is different, so it is asked again:\n", differs)
    until = f" The plan is dropped when nobody answers until {quoted(expires)}." if expires else ""
    yield Block(
        "| command | what it does |\n|---|---|\n"
        f"| `/approve_plan {up.id}` | carry it out, exactly like this |\n"
        f"| `/revise_plan {up.id} what you want instead` | make another version; this one is kept |\n"
        f"| `/ignore {up.id}` | drop it, and never propose this finding again |\n\n"
        f"In a comment, at the start of a line.{until}"
    )
    options = up.investigation.options if up.investigation else ()
    others = [option for option in options if option.key != up.plan.option]
    if others:
        yield folded(
            "Other ways that were found",
            [f"- {quoted(f'/choose {up.id} {option.key}')}: {what_it_does(option)}" for option in others],
        )


def _differences(approved: Plan, now: Plan) -> tuple[str, ...]:
    pairs = (
        ("option", approved.option, now.option),
        ("risk", approved.risk.value, now.risk.value),
        ("files", ", ".join(approved.paths), ", ".join(now.paths)),
        ("symbols", ", ".join(approved.symbols), ", ".join(now.symbols)),
        ("lines", str(approved.lines), str(now.lines)),
    )
    return tuple(f"- {name}: {quoted(was)} → {quoted(is_now)}" for name, was, is_now in pairs if was != is_now)


def _plan_values(up: Upgrade) -> dict[str, str]:
    assert up.plan is not None
    more = f" and {len(up.plan.paths) - _MOST_PATHS} more files" if len(up.plan.paths) > _MOST_PATHS else ""
    paths = ", ".join(quoted(path) for path in up.plan.paths[:_MOST_PATHS]) + more
    return {"version": _version(up), "lines": f"{up.plan.lines:,}", "paths": paths, "risk": up.plan.risk.value}


def _version(up: Upgrade) -> str:
    return str(up.plan.version if up.plan else 1)


def _merge(up: Upgrade) -> str:
    return plain(up.merged.commit[:10], 40) if up.merged else "?"


def _title(up: Upgrade) -> str:
    return up.plan.title if up.plan else up.finding.message
