"""Names made from ids, so that every step is safe to repeat."""

import re
from collections.abc import Collection
from datetime import UTC, datetime

from gitops_healer.core.codec import digest

BRANCH_PREFIX = "healer/"
LEDGER_BRANCH = "healer-ledger"
USUAL_BRANCHES = ("main", "master", "trunk")
OVERRIDES = ".github/gitops-healer.yml"
RESTORE_PREFIX = "refs/healer/restore/"
SCRATCH_PREFIX = "refs/healer/scratch/"

_FIRST = (
    "amber ample apt arctic ashen autumn azure balmy bold brave breezy bright brisk bronze calm candid cedar chief "
    "civil clear clever cobalt coral cosmic crisp daring dawn deep deft dewy eager early earnest easy elder ember "
    "fair fern fine firm fleet fond frank fresh gentle glad golden grand granite green hale hardy hazel honest humble "
    "indigo ivory jade jolly keen kind lark level light lively lucid lunar maple mellow merry mild misty mossy neat "
    "noble north nova oaken ochre olive opal open patient pearl placid plain polar proud pure quick quiet rapid ready "
    "river robust rosy royal rustic sage sandy sharp silent silver simple sincere sleek smooth snowy sober solar solid "
    "spry stable steady still stone sturdy sunny sure swift tame tawny teal tender tidy topaz tranquil trim true urban "
    "valiant velvet vivid warm wise witty young zesty"
).split()
_SECOND = (
    "acorn anchor anvil apple arch arrow aspen badger basin bay beacon bear beaver birch bison bloom bridge brook "
    "canyon canoe cedar cliff cloud clover comet compass cove crane creek crest crow cypress dale delta dove dune "
    "eagle elk elm falcon fern field finch fjord flint forge fox garden geyser glade glen grove gull harbor hare hawk "
    "heath heron hill horizon ibis inlet iris island ivy jay kestrel lagoon lake lantern larch lark leaf ledge lily "
    "linden lynx maple marsh marten meadow mesa mill moose moss oak oasis orchard osprey otter owl panda path peak "
    "pebble pelican pine plover pond poplar prairie quail quarry raven reed reef ridge robin rowan sable salmon "
    "sparrow spring spruce stork summit swan thistle tide timber trail tulip valley vine vista walnut willow wren "
    "yarrow"
).split()


def upgrade_id(fingerprint: str, attempt: int) -> str:
    """`up-` and 10 hex digits."""
    return f"up-{digest('upgrade', fingerprint, attempt)[:10]}"


def codename(upgrade: str, taken: Collection[str]) -> str:
    """Two words, chosen by the id, that no other upgrade has."""
    step = 0
    while True:
        number = int(digest("codename", upgrade, step)[:12], 16)
        name = f"{_FIRST[number % len(_FIRST)]}-{_SECOND[number // len(_FIRST) % len(_SECOND)]}"
        if step > 500:
            name = f"{name}-{step}"
        if name not in taken:
            return name
        step += 1


def branch_of(rule: str, fingerprint: str) -> str:
    """The same finding has the same branch, and so the same pull request."""
    return f"{BRANCH_PREFIX}{_ref_safe(rule)}/{fingerprint[:10]}"


def revert_branch_of(upgrade: str) -> str:
    return f"{BRANCH_PREFIX}revert/{upgrade.removeprefix('up-')}"


def restore_ref_of(name: str, moment: datetime) -> str:
    """refs/healer/restore/<codename>-<UTC timestamp>."""
    return f"{RESTORE_PREFIX}{name}-{moment:%Y%m%dT%H%M%SZ}"


def restored_at(ref: str) -> datetime | None:
    """When a restore point was made, or None when the name is not one of ours."""
    match = re.fullmatch(rf"{RESTORE_PREFIX}[a-z0-9-]+-(\d{{8}}T\d{{6}}Z)", ref)
    if match is None:
        return None
    try:
        return datetime.strptime(match[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def scratch_ref_of(upgrade: str) -> str:
    return f"{SCRATCH_PREFIX}{upgrade}"


def _ref_safe(text: str) -> str:
    return re.sub(r"[^a-z0-9_-]+", "-", text.lower()).strip("-") or "finding"
