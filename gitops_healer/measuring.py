"""What became of a merge: every metric is asked, and what they say is judged."""

from dataclasses import dataclass

from gitops_healer.core.history import History
from gitops_healer.core.judgement.blame import cleared, own_readings, rivals_of
from gitops_healer.core.judgement.judging import judge
from gitops_healer.core.upgrade import Upgrade
from gitops_healer.core.watching import Health, Reading
from gitops_healer.errors import HealerError
from gitops_healer.world import World


@dataclass(frozen=True)
class Measured:
    """errors: of metrics that could not say anything this time; the others were judged."""

    health: Health
    errors: tuple[HealerError | OSError, ...] = ()


def measure(world: World, history: History, up: Upgrade) -> Measured:
    """The present judgement of a merge that is watched. Writes nothing."""
    assert up.watched is not None
    readings, errors = _readings(world, up)
    window = up.watched.window
    rivals = rivals_of(up, history.upgrades.values(), window.baseline_from)
    own = own_readings(readings, rivals)
    now = world.clock.now()
    return Measured(judge(own, up.watched.tolerance, window=window, now=now, cleared=cleared(up)), tuple(errors))


def _readings(world: World, up: Upgrade) -> tuple[list[Reading], list[HealerError | OSError]]:
    """One source that is broken does not silence the others."""
    readings: list[Reading] = []
    errors: list[HealerError | OSError] = []
    scene = world.scene(world.base)
    for metric in world.metrics:
        try:
            readings += metric(scene, up)
        except (HealerError, OSError) as error:
            errors.append(error)
    return readings, errors
