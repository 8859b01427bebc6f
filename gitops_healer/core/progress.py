"""The one comment that tells how far an upgrade is, edited as it goes; and the plan, for its review."""

from gitops_healer.core.decision import Decision
from gitops_healer.core.messages import Messages
from gitops_healer.core.upgrade import Upgrade


def progress_marker(up: Upgrade) -> str:
    """By which the comment is found again."""
    return f"<!-- healer:progress {up.id} -->"


def plan_marker(up: Upgrade) -> str:
    return f"<!-- healer:plan {up.id} -->"


def progress(up: Upgrade, waits: Decision | None, messages: Messages) -> str:
    """Markdown, the same as long as nothing happened. waits: what it waits for, None when it does not wait."""
    return f"{progress_marker(up)}\n{up.stage.value}"


def plan_ready(up: Upgrade, messages: Messages) -> str:
    """The plan in full, for whoever has to approve it."""
    return f"{plan_marker(up)}\n{up.stage.value}"
