"""Sentences that go into commits and replies. What comes from the repository is quoted, or made harmless."""

import re

from gitops_healer.core.attribution import Attribution
from gitops_healer.core.codec import canonical
from gitops_healer.core.decision import Decision
from gitops_healer.core.fitting import prose, spoken
from gitops_healer.core.plan import Investigation
from gitops_healer.core.plan_text import plan_text as plan_text
from gitops_healer.core.quoting import fenced as fenced
from gitops_healer.core.quoting import plain
from gitops_healer.core.quoting import quoted as quoted
from gitops_healer.core.trailers import Trailers
from gitops_healer.core.upgrade import Stage, Upgrade

_MENTION = re.compile(r"(?<![A-Za-z0-9_])@(?=[A-Za-z0-9][A-Za-z0-9-]*(?!\w))")
_REFERENCE = re.compile(r"(?<=#)(?=\d)|(?<=\bgh-)(?=\d)|(?<=/issues/)(?=\d)|(?<=/pull/)(?=\d)", re.IGNORECASE)
_SKIP = re.compile(r"\[(?=\s*(?:skip|no|ci|actions)\b[^\]]*\])", re.IGNORECASE)


def unheard(text: str, limit: int) -> str:
    """Foreign text for a commit message, on one line: it mentions nobody, closes no issue and skips no CI."""
    return plain(_SKIP.sub("(", _REFERENCE.sub(" ", _MENTION.sub("@ ", plain(text, limit)))), limit)


def commit_message(upgrade: Upgrade) -> str:
    """Subject, the why, and the trailers from which the ledger can be rebuilt."""
    assert upgrade.plan is not None
    assert upgrade.investigation is not None
    body = [f"The cause: {unheard(upgrade.investigation.cause.sentence, 500)}"]
    body += [f"- {unheard(line, 200)}" for line in (upgrade.option.proof if upgrade.option else ())]
    trailers = Trailers(upgrade.id, upgrade.codename, upgrade.finding.fingerprint, upgrade.plan.risk.value, upgrade.run)
    return f"{pull_title(upgrade)}\n\n" + "\n".join(body) + f"\n\n{trailers.render()}"


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
    reason = unheard(upgrade.regressed.reason, 500) if upgrade.regressed else ""
    return f"{revert_title(upgrade)}\n\nThis takes back {upgrade.merged.commit}.\n{reason}\n\n{trailers.render()}"


def pull_title(upgrade: Upgrade) -> str:
    title = upgrade.plan.title if upgrade.plan else upgrade.finding.message
    return unheard(title, 100) or upgrade.id


def revert_title(upgrade: Upgrade) -> str:
    return unheard(f"Take back: {pull_title(upgrade)}", 100)


def marker(upgrade: Upgrade) -> str:
    """Hidden, so that the ledger can be rebuilt from the forge."""
    data = {"upgrade": upgrade.id, "codename": upgrade.codename, "finding": upgrade.finding.fingerprint}
    return f"<!-- healer:v1 {canonical(data).replace('>', chr(92) + 'u003e')} -->"


def revert_of_others(upgrade: Upgrade, found: Attribution) -> str:
    """The message of a commit that takes people's work back."""
    title = next((one.title for one in found.candidates if one.commit == found.culprit), found.culprit[:10])
    trailers = Trailers(
        upgrade.id, upgrade.codename, upgrade.finding.fingerprint, "high", upgrade.run, found.culprit
    )  # fmt: skip
    subject = unheard(f"Take back: {title}", 100)
    return f"{subject}\n\nThis takes back {found.culprit}.\n{unheard(found.reason, 500)}\n\n{trailers.render()}"


def choice_command(upgrade: Upgrade, investigation: Investigation) -> str:
    keys = "|".join(option.key for option in investigation.options)
    return f'gitops-healer command "/choose {upgrade.id} {keys}" --actor LOGIN'


LOST_REPLY = "That was done, and the reply was lost: please write it again."
"""In the place of a reply that was too long to be kept."""


def not_done(command: str, error: str) -> str:
    """The reply to an order that could not be followed."""
    return f"`/{command}` could not be done:\n\n{fenced(error)}"


def broken(command: str, error: str) -> str:
    """The reply to an order whose command has a bug."""
    return f"`/{command}` broke. This is a bug of the healer or a plug-in:\n\n{fenced(error)}"


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
        f"{'  ' * depth}- {'yes' if d.allowed else '**no**'} {prose(d.gate, 80)}: {prose(d.reason)}"
        + (f" → {spoken(d.next_action)}" if d.next_action and not d.allowed else "")
        for depth, d in decision.walk()
    )
