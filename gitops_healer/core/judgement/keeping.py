"""What the ledger keeps of a judgement: enough to judge again, and of each check only what changed."""

from collections.abc import Collection
from dataclasses import replace

from gitops_healer.core.watching import Block, Health, Measure, Reading

Key = tuple[str, str, str, str]


def kept(health: Health, before: Health | None) -> Health:
    """The event of one check. Readings are those that the judgement needs: of what the merge touched, of what stands
    out, and of what it rests on; the others are in `Health.pool`, as numbers.

    before: what was known until now (`folded`), None at the first check. Then only readings that changed are in the
    event, with those of their blocks that changed, and it is `partial`; when something of before is gone (a call that
    turned out to be of another commit), the event is whole again.
    """
    whole = replace(health, readings=_needed(health), partial=False)
    if before is None or not _covers(whole.readings, before.readings):
        return whole
    known = {reading.key: reading for reading in before.readings}
    changed = tuple(_news(reading, known.get(reading.key)) for reading in whole.readings)
    return replace(whole, readings=tuple(reading for reading in changed if reading is not None), partial=True)


def folded(before: Health | None, event: Health) -> Health:
    """What is known after an event: the inverse of `kept`, so that folded(before, kept(health, before)) holds all that
    kept(health, None) does."""
    if not event.partial:
        return event
    known: dict[Key, Reading] = {reading.key: reading for reading in (before.readings if before else ())}
    for reading in event.readings:
        older = known.get(reading.key)
        known[reading.key] = replace(reading, blocks=_laid_over(older.blocks, reading.blocks)) if older else reading
    return replace(event, readings=tuple(known[key] for key in sorted(known)), partial=False)


def says_more(event: Health, before: Health | None) -> bool:
    """Whether an event tells something that was not known."""
    if before is None or not event.partial or event.readings:
        return True
    return (event.judgement, event.reason, event.notes, event.cleared) != (
        before.judgement, before.reason, before.notes, before.cleared
    )  # fmt: skip


def _needed(health: Health) -> tuple[Reading, ...]:
    standing = {(e.metric, e.subject, e.measure.value, e.detail) for e in health.evidence}
    needed = [
        reading
        for reading in health.readings
        if reading.measure is Measure.CODE
        or reading.key in standing
        or (reading.touched and not reading.apart)
        or _rests(reading, health.rests)
    ]
    return tuple(sorted(needed, key=lambda reading: reading.key))


def _rests(reading: Reading, subjects: Collection[str]) -> bool:
    return reading.subject in subjects and reading.measure in (Measure.FAILURES, Measure.RUNS)


def _covers(readings: Collection[Reading], older: Collection[Reading]) -> bool:
    """Whether each reading of before, and each of its blocks, is still there."""
    now = {reading.key: {block.number for block in reading.blocks} for reading in readings}
    return len(now) == len(readings) and all(
        reading.key in now and now[reading.key].issuperset(block.number for block in reading.blocks)
        for reading in older
    )


def _news(reading: Reading, older: Reading | None) -> Reading | None:
    if older is None:
        return reading
    if reading == older:
        return None
    known = set(older.blocks)
    return replace(reading, blocks=tuple(block for block in reading.blocks if block not in known))


def _laid_over(older: tuple[Block, ...], newer: tuple[Block, ...]) -> tuple[Block, ...]:
    blocks = {block.number: block for block in older} | {block.number: block for block in newer}
    return tuple(blocks[number] for number in sorted(blocks))
