"""What people did to our pull requests, and how they give one back. Pure: the pull request in, facts out."""

from collections.abc import Sequence

from gitops_healer.core.forge import Pull, PullState
from gitops_healer.core.quoting import quoted
from gitops_healer.core.upgrade import Dropped, Fact, Held, Ignored, RepositoryFact, Resumed, Upgrade


def hands_off(
    up: Upgrade, pull: Pull | None, *, base_branch: str, stop_label: str, committers: Sequence[str]
) -> tuple[Fact | RepositoryFact, ...]:
    """Facts that take our hands off a pull request that is not merged; none when it is ours as before.

    committers: who else committed to its branch, when its head is not the one that we pushed.
    """
    assert up.proposed is not None
    if pull is None:
        return (_held(f"pull request #{up.proposed.pull} is gone", f"/retry {up.id} opens a new one"),)
    if pull.state is PullState.CLOSED:
        return _closed(up, pull)
    if pull.head != up.proposed.head:
        who = ", ".join(committers) or "somebody"
        return (
            _held(
                f"{who} changed {pull.branch}, which is theirs now: I leave it alone",
                f"merge or close #{pull.number} yourself, or /rebuild {up.id} discard lets me replace those commits",
            ),
        )
    if pull.base != base_branch:
        return (
            _held(
                f"#{pull.number} goes to {pull.base} now, and I prove what a merge into {base_branch} gives",
                f"set its base to {base_branch} again, then /resume {up.id}",
            ),
        )
    if stop_label and stop_label in pull.labels:
        action = f"take the label off, or /resume {up.id}"
        return (Held(f"the label {stop_label} is on #{pull.number}", next_action=action, label=stop_label),)
    return ()


def given_back(up: Upgrade, pull: Pull) -> Resumed | None:
    """A label that stopped us is gone: who may set labels may take them off."""
    label = up.held.label if up.held else ""
    if label and pull.state is PullState.OPEN and label not in pull.labels:
        return Resumed(f"who took the label {label} off")
    return None


def _closed(up: Upgrade, pull: Pull) -> tuple[Fact | RepositoryFact, ...]:
    who = pull.closed_by or "somebody"
    reason = f"{who} closed pull request #{pull.number}"
    undo = f"{reason}, so the finding is ignored: /unignore {up.id} undoes that"
    return Ignored(up.finding.fingerprint, who, reason), Dropped(undo)


def _held(reason: str, next_action: str) -> Held:
    return Held(reason, next_action=next_action, hands_off=True)


def hands_off_values(up: Upgrade) -> dict[str, str]:
    """What the message `hands_off` says besides the title, safe to be shown."""
    assert up.held is not None
    return {
        "id": up.id,
        "codename": up.codename,
        "what": quoted(up.held.reason, 300),
        "next": f"To go on: {quoted(up.held.next_action, 300)}",
    }
