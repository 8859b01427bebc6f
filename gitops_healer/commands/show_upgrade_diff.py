"""`/show_upgrade_diff`: what an upgrade changes."""

from gitops_healer.core.forge import Permission
from gitops_healer.core.orders import name_of, where_it_stands, which_upgrade
from gitops_healer.core.texts import fenced
from gitops_healer.core.upgrade import Upgrade
from gitops_healer.errors import HealerError
from gitops_healer.registry import Answer, Request, command

MAX_CHARACTERS = 50_000
READERS = 8_000
"""As many characters for people who may only read, who are everybody on a public repository."""


@command(
    usage="/show_upgrade_diff [UPGRADE]",
    needs=Permission.READ,
    examples=("/show_upgrade_diff", "/show_upgrade_diff calm-fox"),
)
def show_upgrade_diff(request: Request) -> Answer:
    """The diff of an upgrade: as merged, as proposed, or as built so far."""
    up = request.upgrade
    if up is None:
        return Answer(False, which_upgrade("show_upgrade_diff", request.history))
    span = _span(up)
    if span is None:
        return Answer(False, f"{name_of(up)} {where_it_stands(up)}: no change of it is built, so there is no diff.")
    base, head = span
    try:
        diff = request.scene.repository.diff(base, head)
    except HealerError:
        return Answer(
            False,
            f"The change of {name_of(up)} went from `{base[:10]}` to `{head[:10]}`, but those commits are not here any "
            "more. If this is a shallow clone, `git fetch --unshallow` brings them back.",
        )
    shown = _cut(diff, MAX_CHARACTERS if request.permission.may_write else READERS)
    return Answer(True, f"{name_of(up)}, `{base[:10]}` to `{head[:10]}`:\n\n{fenced(shown, 'diff')}")


def _span(up: Upgrade) -> tuple[str, str] | None:
    """From and to which commit."""
    if up.merged is not None:
        return up.merged.parent, up.merged.commit
    if up.prepared is not None:
        return up.prepared.base, up.prepared.commit
    return None


def _cut(diff: str, limit: int) -> str:
    """Whole lines, as many as fit."""
    if len(diff) <= limit:
        return diff
    end = diff.rfind("\n", 0, limit)
    shown = diff[: end if end > 0 else limit]
    return f"{shown}\n[{len(diff) - len(shown):,} more characters: run `gitops-healer diff` to see them all]"
