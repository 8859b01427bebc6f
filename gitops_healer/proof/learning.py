"""Which differences are noise: the base is run thrice where it matters, not on every input.

A place of a result that is noisy for one input is noisy for all, so that few inputs of every kind tell nearly all of
it; and an input on which the versions seem to differ is run thrice before anything is said of it.
"""

import time
from collections.abc import Callable, Sequence
from typing import Final

from gitops_healer.core.calls import Call
from gitops_healer.core.noise import Noise, rules_of
from gitops_healer.core.pairing import learn_seen
from gitops_healer.core.shadowing import Rules
from gitops_healer.proof.versions import Runs, Versions
from gitops_healer.settings import ShadowPolicy

FIRST: Final = 24
"""Inputs from the first on, in fair order, that are run thrice in any case."""
_LEAST_SECONDS: Final = 2.0

Doubtful = Callable[[Sequence[Runs], Noise], Sequence[int]]
"""Numbers of the inputs of which something would be said that may be noise, by what is known of noise by now."""


def rules_by(policy: ShadowPolicy, noise: Noise) -> Rules:
    """How results are compared, by the policy and by what differs by itself."""
    return rules_of(noise, tolerance=policy.float_tolerance, ignored=policy.ignore, unordered=policy.unordered)


def noise_of(runs: Sequence[Runs], policy: ShadowPolicy) -> Noise:
    """What the base does otherwise from run to run. Inputs that it ran once teach nothing."""
    several = [run.of_base for run in runs if run.again is not None]
    return learn_seen(list(zip(*several, strict=True)), tolerance=policy.float_tolerance)


def learned(
    pair: Versions,
    calls: Sequence[Call],
    runs: Sequence[Runs],
    doubtful: Doubtful,
    policy: ShadowPolicy,
    most: int,
    until: float,
) -> tuple[tuple[Runs, ...], Noise]:
    """The runs, with more of the base where these were wanting, and the noise that they show. The first `most` doubtful
    inputs are run thrice, and again those that are the first ones by what was learned then, as long as there is time.
    """
    known = list(runs)
    noise = noise_of(known, policy)
    while True:
        fresh = [at for at in doubtful(known, noise)[:most] if known[at].again is None]
        left = until - time.monotonic()
        if not fresh or left <= 0:
            return tuple(known), noise
        again = pair.run_again([known[at] for at in fresh], [calls[at] for at in fresh], max(left, _LEAST_SECONDS))
        for at, run in zip(fresh, again, strict=True):
            known[at] = run
        noise = noise_of(known, policy)
