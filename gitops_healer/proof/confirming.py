"""A difference counts when it is still there each time both versions are run again."""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from gitops_healer.core.calls import Call, Seen
from gitops_healer.core.pairing import Fix, compare
from gitops_healer.core.shadowing import Compared, Kind, Origin, Rules, Sample
from gitops_healer.proof.versions import OTHER_SEED, Versions

AGAIN: Final = 3
MOST: Final = 24
_LEAST_SECONDS: Final = 2.0
MISMATCHES: Final = (Kind.REGRESSES, Kind.CHANGES)
_QUIET: Final = (Kind.AGREES, Kind.SILENT)


def confirmed(
    pair: Versions, judged: Sequence[Compared], calls: Sequence[Call], rules: Rules, fix: Fix | None, until: float
) -> tuple[Compared, ...]:
    """Mismatches run again three times: 24 of them, those first that weigh most. One that is gone now and then is
    noise, and so is one of which the base does not agree with itself: nothing can be said. Those for which there is no
    time stay unconfirmed.

    What speaks of the form of noise alone is run with another seed each time: the noise is another then, and what is
    rare there is not there again.

    calls: of the pairs, in their order.
    """
    doubtful = sorted((at for at, one in enumerate(judged) if one.kind in MISMATCHES), key=lambda at: _rank(judged[at]))
    doubtful = doubtful[:MOST]
    kinds: dict[int, list[Kind]] = {at: [] for at in doubtful}
    fickle = set[int]()
    seeds = {at: OTHER_SEED * _by_form(judged[at], rules, fix) for at in doubtful}
    for number in range(1, AGAIN + 1 if doubtful else 1):
        left = max(until - time.monotonic(), _LEAST_SECONDS)
        again = [replace(calls[at], seed=calls[at].seed + number * seeds[at]) for at in doubtful]
        for at, (base, head) in zip(doubtful, pair.pairs(again, left), strict=True):
            sample = judged[at].sample
            kinds[at].append(compare(sample, base, head, rules, fix=fix).kind)
            if not _repeats(sample, judged[at].base, base, rules):
                fickle.add(at)
    return tuple(_settled(one, kinds.get(at, ()), at in fickle) for at, one in enumerate(judged))


def _by_form(one: Compared, rules: Rules, fix: Fix | None) -> bool:
    if not rules.formed:
        return False
    return compare(one.sample, one.base, one.head, replace(rules, formed=frozenset()), fix=fix).kind in _QUIET


def _repeats(sample: Sample, first: Seen, again: Seen, rules: Rules) -> bool:
    """Whether the base does the same once more. Of results that are noise all over only the form can tell."""
    return first.ok == again.ok and not again.lost and compare(sample, first, again, rules).kind in _QUIET


def _rank(one: Compared) -> tuple[bool, bool, bool]:
    """What worked and was not made up comes first, and failing before something else."""
    return bool(one.sample.failed), one.sample.origin is Origin.GENERATED, one.kind is not Kind.REGRESSES


def _settled(one: Compared, again: Sequence[Kind], fickle: bool) -> Compared:
    if fickle:
        return replace(one, kind=Kind.SILENT, told=("the base itself ends differently now and then", *one.told))
    if again and all(kind is one.kind for kind in again):
        return replace(one, confirmed=True)
    if Kind.AGREES in again:
        return replace(one, kind=Kind.SILENT, told=("it differs only now and then", *one.told))
    return one
