"""Every sentence that goes to a forge or into a commit. What comes from the repository is quoted, never spliced in."""

from collections.abc import Sequence

from gitops_healer.core.codec import canonical
from gitops_healer.core.decision import Decision
from gitops_healer.core.diagnosis_markdown import diagnosis_section
from gitops_healer.core.fitting import spoken
from gitops_healer.core.plan import Investigation, Option, Plan
from gitops_healer.core.quoting import fenced as fenced
from gitops_healer.core.quoting import plain
from gitops_healer.core.quoting import quoted as quoted
from gitops_healer.core.trailers import Trailers
from gitops_healer.core.upgrade import Stage, Upgrade
from gitops_healer.core.verdict import CheckResult, Verdict
from gitops_healer.core.watching import Health

BODY_LIMIT = 65_000  # GitHub takes 65,536 characters
_MOST_DETAILS = 12


def commit_message(upgrade: Upgrade) -> str:
    """Subject, the why, and the trailers from which the ledger can be rebuilt."""
    assert upgrade.plan is not None
    assert upgrade.investigation is not None
    body = [plain(upgrade.investigation.cause.sentence, 500)]
    body += [f"- {plain(line, 200)}" for line in (upgrade.option.proof if upgrade.option else ())]
    trailers = Trailers(upgrade.id, upgrade.codename, upgrade.finding.fingerprint, upgrade.plan.risk.value, upgrade.run)
    return f"{pull_title(upgrade)}\n\n" + "\n".join(line for line in body if line) + f"\n\n{trailers.render()}"


def revert_message(upgrade: Upgrade) -> str:
    assert upgrade.plan is not None
    assert upgrade.merged is not None
    trailers = Trailers(
        upgrade.id,
        upgrade.codename,
        upgrade.finding.fingerprint,
        upgrade.plan.risk.value,
        upgrade.run,
        upgrade.merged.commit,
    )
    reason = plain(upgrade.regressed.reason, 500) if upgrade.regressed else ""
    return f"{revert_title(upgrade)}\n\nThis takes back {upgrade.merged.commit}.\n{reason}\n\n{trailers.render()}"


def pull_title(upgrade: Upgrade) -> str:
    title = upgrade.plan.title if upgrade.plan else upgrade.finding.message
    return plain(title, 100)


def revert_title(upgrade: Upgrade) -> str:
    return plain(f"Take back: {pull_title(upgrade)}", 100)


def pull_body(upgrade: Upgrade) -> str:
    """What is wrong, why, what this changes, what was proved, what happens next."""
    assert upgrade.investigation is not None
    assert upgrade.plan is not None
    option, finding = upgrade.option, upgrade.finding
    parts = [
        f"**What is wrong.** {quoted(finding.message)}",
        _bullets(finding.evidence),
        f"**Why.** {quoted(upgrade.investigation.cause.sentence)}",
        diagnosis_section(upgrade.investigation.diagnosis) if upgrade.investigation.diagnosis else "",
        _option_text(option) if option else "",
        _verdict_text(upgrade.prepared.verdict) if upgrade.prepared else "",
        f"**Risk {upgrade.plan.risk.value}, priority {upgrade.plan.priority}, {upgrade.plan.lines} lines.** "
        f"It may touch {', '.join(quoted(path) for path in upgrade.plan.paths)} and nothing else.",
        _bullets(upgrade.plan.risks),
        _next_steps(upgrade),
        marker(upgrade),
    ]
    return _fit("\n\n".join(part for part in parts if part))


def _option_text(option: Option) -> str:
    lines = [f"**What this changes.** {quoted(option.title)}: {quoted(option.behaviour or 'see the diff')}"]
    lines += [f"- it is the wanted behaviour because {quoted(reason)}" for reason in option.determined_by]
    lines += [f"- {quoted(sentence)}" for sentence in option.proof]
    return "\n".join(lines)


def _verdict_text(verdict: Verdict) -> str:
    rows = [f"| {r.check} | {r.outcome.value} | {_cell(r.reason)} |" for r in verdict.results]
    table = "\n".join(["**What was proved.**", "", "| check | outcome | |", "|---|---|---|", *rows])
    asked = "\n".join(f"- {quoted(line, 300)}" for line in verdict.approvals)
    accept = f"**A maintainer has to accept**, before this is merged:\n{asked}" if asked else ""
    figures = (_figures(result) for result in verdict.results if result.details)
    return "\n\n".join(part for part in (table, accept, *figures) if part)


def _cell(text: str) -> str:
    """Foreign text in a table, where even inside of code a bar ends the cell."""
    return quoted(text, 300).replace("|", "\\|")


def _figures(result: CheckResult) -> str:
    """What a check has to say beyond its sentence, folded."""
    lines = [f"- {quoted(line, 300)}" for line in result.details[:_MOST_DETAILS]]
    more = [f"- and {len(result.details) - _MOST_DETAILS} more"] if len(result.details) > _MOST_DETAILS else []
    head = f"<details><summary>{result.check}: figures and examples</summary>"
    return "\n".join([head, "", *lines, *more, "", "</details>"])


def _next_steps(upgrade: Upgrade) -> str:
    return (
        "**What you can say**, at the start of a line in a comment: `/approve` merges it, `/hold` keeps it waiting, "
        "`/ignore` closes it for good, `/explain` says why it is where it is, "
        f"`/rollback_upgrade {upgrade.id}` takes it back later. Closing this pull request means ignore."
    )


def marker(upgrade: Upgrade) -> str:
    """Hidden, so that the ledger can be rebuilt from the forge."""
    data = {"upgrade": upgrade.id, "codename": upgrade.codename, "finding": upgrade.finding.fingerprint}
    return f"<!-- healer:v1 {canonical(data)} -->"


def revert_body(upgrade: Upgrade) -> str:
    assert upgrade.regressed is not None
    assert upgrade.merged is not None
    parts = [
        f"This takes back {upgrade.merged.commit} ({upgrade.id}, {upgrade.codename}).",
        f"**Why.** {quoted(upgrade.regressed.reason, 600)}",
        _health_text(upgrade.health) if upgrade.health else "",
        f"To land it again: `/reland {upgrade.id}`.",
        marker(upgrade),
    ]
    return _fit("\n\n".join(part for part in parts if part))


def _health_text(health: Health) -> str:
    rows = [
        f"| {_cell(r.subject)} | {r.before_failed} of {r.before_total} | {r.after_failed} of {r.after_total} |"
        for r in health.readings
    ]
    return "\n".join(["| | failed before | failed after |", "|---|---|---|", *rows]) if rows else ""


def revert_conflict(upgrade: Upgrade, paths: Sequence[str], later: Sequence[tuple[str, str]]) -> tuple[str, str, str]:
    """(reason, question, next action) of a rollback that cannot be clean. later: (commit, subject), newest first."""
    assert upgrade.merged is not None
    since = "; ".join(f"{commit[:10]} {plain(subject, 60)}" for commit, subject in later[:5]) or "later commits"
    reason = (
        f"{upgrade.merged.commit[:10]} cannot be taken back cleanly: {since} changed the same lines of "
        f"{', '.join(paths)}. Nothing was changed"
    )
    question = "Should the later work stay, or go as well? Only somebody who knows both can say."
    return reason, question, f"git revert {upgrade.merged.commit[:10]}, solve the conflict, then /retry {upgrade.id}"


def choice_command(upgrade: Upgrade, investigation: Investigation) -> str:
    keys = "|".join(option.key for option in investigation.options)
    return f'gitops-healer command "/choose {upgrade.id} {keys}" --actor LOGIN'


def plan_text(plan: Plan) -> str:
    tasks = [
        f"{task.number}. {task.title}  (then: {task.checkpoint})"
        + (f"  after {', '.join(map(str, task.needs))}" if task.needs else "")
        for task in plan.tasks
    ]
    return "\n".join(
        [
            f"{plan.title}",
            f"risk {plan.risk.value}, priority {plan.priority}, {plan.lines} lines in {', '.join(plan.paths)}",
            *tasks,
            *[f"risk: {risk}" for risk in plan.risks],
            *[f"success: {criterion}" for criterion in plan.criteria],
            f"rollback point: {plan.rollback_point}",
        ]
    )


def lesson(upgrade: Upgrade) -> str:
    """One sentence to remember an ended upgrade by."""
    source = upgrade.option.source if upgrade.option else "no option"
    match upgrade.settled_as:
        case Stage.STABLE:
            return f"{source} for {upgrade.finding.rule} held: {upgrade.reason}"
        case Stage.ROLLED_BACK:
            return f"{source} for {upgrade.finding.rule} was taken back: {upgrade.reason}"
        case Stage.UNPROVEN:
            return f"{source} for {upgrade.finding.rule} ended without enough data: {upgrade.reason}"
        case _:
            return f"{upgrade.finding.rule} was not healed: {upgrade.reason}"


def decision_markdown(decision: Decision) -> str:
    """The tree as nested bullets."""
    return "\n".join(
        f"{'  ' * depth}- {'yes' if d.allowed else '**no**'} {d.gate}: {quoted(d.reason)}"
        + (f" → {spoken(d.next_action)}" if d.next_action and not d.allowed else "")
        for depth, d in decision.walk()
    )


def _bullets(lines: tuple[str, ...]) -> str:
    return "\n".join(f"- {quoted(line)}" for line in lines[:20])


def _fit(body: str) -> str:
    """Within the forge's limit; the hidden marker at the end survives."""
    if len(body) <= BODY_LIMIT:
        return body
    tail = body[body.rindex("<!-- healer:v1") :]
    return body[: BODY_LIMIT - len(tail) - 10] + "\n\n…\n\n" + tail
