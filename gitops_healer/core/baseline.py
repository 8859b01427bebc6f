"""Findings that are known already: an old code base starts clean, and a pull request is asked about what is new."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeAlias

from gitops_healer.core.finding import Finding
from gitops_healer.errors import UsageError

SCHEMA = 1
_Place: TypeAlias = tuple[str, str, str]


class Known(NamedTuple):
    """What is remembered of a finding: enough to know it again after it moved, or after its code was edited."""

    fingerprint: str
    rule: str
    path: str
    symbol: str

    @property
    def place(self) -> _Place:
        return self.rule, self.path, self.symbol


def known_of(findings: Iterable[Finding]) -> tuple[Known, ...]:
    return tuple(Known(item.fingerprint, item.rule, item.path, item.symbol) for item in findings)


def new_among(findings: Sequence[Finding], known: Iterable[Known]) -> tuple[Finding, ...]:
    """The findings that are not known: by fingerprint, else by rule, path and symbol, each known one used once.

    Once, because a further copy of a known flaw is a new flaw.
    """
    known = tuple(known)
    left = Counter(item.fingerprint for item in known)
    unmatched = [item for item in findings if not _take(left, item.fingerprint)]
    places = Counter(item.place for item in known if _take(left, item.fingerprint))
    return tuple(item for item in unmatched if not _take(places, (item.rule, item.path, item.symbol)))


def renewed(findings: Sequence[Finding], known: Iterable[Known], unread: Callable[[str], bool]) -> tuple[Known, ...]:
    """The baseline after a scan: what was found, and what stood in files that were not read this time, sorted."""
    found = known_of(findings)
    fingerprints = {item.fingerprint for item in found}
    kept = tuple(item for item in known if unread(item.path) and item.fingerprint not in fingerprints)
    return tuple(sorted({*found, *kept}, key=lambda item: (item.path, item.rule, item.symbol, item.fingerprint)))


def baseline_text(known: Iterable[Known]) -> str:
    """One finding a line, so that a diff shows which came and which went."""
    rows = ",\n".join(f"  {json.dumps(item._asdict())}" for item in known)
    return f'{{"schema": {SCHEMA}, "findings": [\n{rows}\n]}}\n'


def read_baseline(text: bytes, name: str) -> tuple[Known, ...]:
    """Raises UsageError that says what to do."""
    try:
        data = json.loads(text)
        if data["schema"] != SCHEMA:
            raise UsageError(f"{name} has schema {data['schema']!r}, this version reads {SCHEMA}: write it anew")
        return tuple(Known(*(str(row[key]) for key in Known._fields)) for row in data["findings"])
    except (ValueError, TypeError, KeyError, IndexError) as error:
        again = "write it anew with `gitops-healer scan --update-baseline`"
        raise UsageError(f"{name} is no baseline ({type(error).__name__}: {error}): {again}") from None


def _take(left: Counter[str] | Counter[_Place], key: object) -> bool:
    if left[key] > 0:  # type: ignore[index]
        left[key] -= 1  # type: ignore[index]
        return True
    return False
