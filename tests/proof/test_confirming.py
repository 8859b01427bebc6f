"""Differences that are run again."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, cast

import pytest

from gitops_healer.core.calls import Call, Seen
from gitops_healer.core.noise import learn, rules_of
from gitops_healer.core.pairing import compare
from gitops_healer.core.shadowing import Kind, Origin, Sample
from gitops_healer.proof.confirming import confirmed


@dataclass(frozen=True)
class Numbers:
    """Both versions of a function that gives a number by chance, as a text. rare: seeds for which the base's has a
    digit more; short: whether the candidate's numbers have a digit less."""

    rare: frozenset[int] = frozenset()
    short: bool = False

    def base(self, seed: int) -> Seen:
        digits = 5 if seed in self.rare else 4
        return Seen(True, json.dumps(f"N-{Random(seed).randrange(10**digits):0{digits}}"))

    def head(self, seed: int) -> Seen:
        return Seen(True, json.dumps(f"N-{Random(seed + 1).randrange(1000):0{3 if self.short else 4}}"))

    def pairs(self, calls: Sequence[Call], _: float) -> Sequence[tuple[Seen, Seen]]:
        return [(self.base(call.seed), self.head(call.seed)) for call in calls]


@pytest.mark.parametrize(
    ("numbers", "kind", "certain"),
    [(Numbers(short=True), Kind.CHANGES, True), (Numbers(rare=frozenset({0})), Kind.SILENT, False)],
)
def test_another_form_of_noise_counts_when_it_is_there_with_other_seeds(
    numbers: Numbers, kind: Kind, certain: bool
) -> None:
    usual = Numbers()
    runs = [[json.loads(usual.base(seed).value or "") for seed in range(start, start + 20)] for start in (0, 50)]
    rules = rules_of(learn(runs))
    call = Call(("[]", "{}"), seed=0)
    judged = compare(Sample(call.given, Origin.RECORDED), numbers.base(0), numbers.head(0), rules)
    assert judged.kind is Kind.CHANGES
    (settled,) = confirmed(cast(Any, numbers), [judged], [call], rules, None, 0.0)
    assert (settled.kind, settled.confirmed) == (kind, certain)
