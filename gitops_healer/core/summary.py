"""What a cycle has to tell when it is over."""

from dataclasses import dataclass

from gitops_healer.core.decision import Decision
from gitops_healer.core.finding import Finding
from gitops_healer.core.upgrade import Upgrade


@dataclass(frozen=True)
class Reply:
    """What was said to whom about which comment. upgrade: what the order was about, "" when about none."""

    comment: str
    actor: str
    command: str
    allowed: bool
    text: str
    upgrade: str = ""


@dataclass(frozen=True)
class Look:
    """What a detector saw: how many findings, and what it had to say about how well it could look."""

    detector: str
    findings: int
    said: str = ""


@dataclass(frozen=True)
class Summary:
    """findings: with the decision to begin them or not; upgrades: those that moved or are open, with what they wait
    for; events: how many facts went into the ledger; moved: ids of upgrades that changed; notices: for the user; forge:
    kind of the forge, which decides where people answer."""

    run: str
    mode: str
    base_branch: str
    base: str
    looks: tuple[Look, ...] = ()
    findings: tuple[tuple[Finding, Decision], ...] = ()
    upgrades: tuple[tuple[Upgrade, Decision | None], ...] = ()
    moved: tuple[str, ...] = ()
    replies: tuple[Reply, ...] = ()
    notices: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    events: int = 0
    forge: str = "local"
