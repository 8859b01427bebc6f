"""The base is run again where that may show noise, and nowhere else."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field
from typing import Any

import pytest

from gitops_healer.core.calls import Call, Seen
from gitops_healer.core.noise import Noise
from gitops_healer.proof.learning import learned
from gitops_healer.proof.versions import OTHER_SEED, Runs, Versions
from gitops_healer.settings import load_settings

POLICY = load_settings().proof.shadow
NEVER = 1e12


@dataclass
class Session:
    """Gives back the input, and under another seed something else for inputs of `noisy`."""

    noisy: frozenset[int]
    made: list[int] = field(default_factory=list)
    refused: str = ""
    imported: frozenset[tuple[str, int]] = frozenset()

    def call(self, calls: Sequence[Call], seconds: float = NEVER) -> tuple[Seen, ...]:
        return tuple(self._one(int(call.given[0].strip("[]")), call.seed) for call in calls)

    def _one(self, number: int, seed: int) -> Seen:
        self.made.append(number)
        luck = seed if number in self.noisy else 0
        return Seen(True, f'{{"luck":{luck},"number":{number}}}')


@pytest.mark.parametrize(
    ("noisy", "differing", "most", "again"),
    [
        ((), (), 5, []),
        ((), (3, 7, 8), 2, [3, 7]),  # real differences: those that will be confirmed are enough
        ((3, 7, 8), (3, 7, 8), 1, [3]),  # what is noise at one input is noise at all
        ((3,), (3, 7, 8), 1, [3]),
    ],
)
def test_inputs_that_differ_are_run_again_until_noise_is_known(
    noisy: tuple[int, ...], differing: tuple[int, ...], most: int, again: list[int]
) -> None:
    base, other = Session(frozenset(noisy)), Session(frozenset(noisy))
    calls = [Call((f"[{number}]", "{}")) for number in range(10)]
    asked: list[Noise] = []

    def doubtful(runs: Sequence[Runs], noise: Noise) -> list[int]:
        asked.append(noise)
        return [] if "$.luck" in noise.noisy else list(differing)

    with ThreadPoolExecutor(2) as threads, ExitStack() as stack:
        session: Any = base
        pair = Versions(session, session, nullcontext(other), threads, stack)  # type: ignore[arg-type]
        runs = pair.run(calls, NEVER)
        base.made.clear()
        found, noise = learned(pair, calls, runs, doubtful, POLICY, most, NEVER)
    assert base.made == other.made == again
    assert [at for at, run in enumerate(found) if run.again is not None] == again
    assert noise.noisy == (frozenset({"$.luck"}) if noisy else frozenset())
    assert all(f'"luck":{OTHER_SEED},' in str(run.other) for run in found if run.other and noisy)


def test_without_time_nothing_is_run_again() -> None:
    session: Any = Session(frozenset())
    with ThreadPoolExecutor(2) as threads, ExitStack() as stack:
        pair = Versions(session, session, nullcontext(session), threads, stack)
        calls = [Call(("[0]", "{}"))]
        runs = pair.run(calls, NEVER)
        found, _ = learned(pair, calls, runs, lambda known, noise: [0], POLICY, 5, 0.0)
    assert found == runs
