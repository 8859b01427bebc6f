"""What a pull request says: the flaw, the change, the proof, what happens next."""

from dataclasses import dataclass

from gitops_healer.core import texts
from gitops_healer.core.upgrade import Upgrade


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
    return texts.pull_body(up)


def revert_body(up: Upgrade, about: Setting) -> str:
    return texts.revert_body(up)


def revert_title(up: Upgrade) -> str:
    return texts.revert_title(up)
