"""What became of a merge: every metric is asked, and what they say is judged."""

import traceback
from collections.abc import Iterator
from dataclasses import dataclass

from gitops_healer.core.history import History
from gitops_healer.core.judgement.blame import cleared, own_readings, rivals_of
from gitops_healer.core.judgement.judging import judge
from gitops_healer.core.upgrade import Upgrade
from gitops_healer.core.watching import Health, Reading
from gitops_healer.errors import BrokenStepError, HealerError
from gitops_healer.registry import Metric, Scene
from gitops_healer.world import World


@dataclass(frozen=True)
class Measured:
    """errors: of metrics that could not say anything, or not all, this time; silent: their names, in the same order.
    The others were judged."""

    health: Health
    errors: tuple[HealerError | OSError, ...] = ()
    silent: tuple[str, ...] = ()


def measure(world: World, history: History, up: Upgrade, *, commit: str = "") -> Measured:
    """The present judgement of a merge that is watched. Writes nothing. commit: of the base branch, the newest by
    default."""
    assert up.watched is not None
    scene = world.scene(commit or world.base)
    readings: list[Reading] = []
    failed: list[tuple[str, HealerError | OSError]] = []
    for metric in world.metrics:
        try:
            readings.extend(_readings(metric, scene, up))
        except (HealerError, OSError) as error:
            failed.append((metric.name, error))
        except Exception as error:  # a bug of one, perhaps in another package: the others are judged all the same
            world.progress("".join(traceback.format_exception(error)))
            failed.append((metric.name, _broken(metric, error)))
    window = up.watched.window
    own = own_readings(readings, rivals_of(up, history.upgrades.values(), window.baseline_from))
    silent = tuple(name for name, _ in failed)
    now = world.clock.now()
    health = judge(own, up.watched.tolerance, window=window, now=now, cleared=cleared(up), silent=silent)
    return Measured(health, tuple(error for _, error in failed), silent)


def _readings(metric: Metric, scene: Scene, up: Upgrade) -> Iterator[Reading]:
    """As they come, so that what was measured before an error counts."""
    for reading in metric(scene, up):
        if not isinstance(reading, Reading):
            raise TypeError(f"it gave {type(reading).__name__}, not Reading")
        yield reading


def _broken(metric: Metric, error: Exception) -> BrokenStepError:
    """Named after the metric, since what it did is its own."""
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return BrokenStepError(f"the metric {metric.name} broke: {what}. This is a bug of it: please report it")
