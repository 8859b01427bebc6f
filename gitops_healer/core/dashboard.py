"""The one issue that shows everything, and the boxes in it that are commands."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gitops_healer.core.decision import Decision
from gitops_healer.core.finding import Finding
from gitops_healer.core.history import History

TITLE = "gitops-healer: dashboard"
MARKER = "<!-- healer:dashboard -->"


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
    """Markdown, the same as long as nothing happened."""
    return MARKER


def ticked(body: str) -> tuple[str, ...]:
    """The commands of ticked boxes, top to bottom."""
    return ()
