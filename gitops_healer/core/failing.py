"""What failures of a tool are, how many of which kind, and how urgent they are."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import log10
from typing import Final

from gitops_healer.core.finding import Severity

# The last part of an exception's name: what went wrong lies outside of the program.
_OUTSIDE: Final = re.compile(
    r"MemoryError|BrokenPipeError|gaierror|herror|timeout|URLError|SSLError|RemoteDisconnected|IncompleteRead"
    r"|OperationalError|MaxRetryError|ServiceUnavailable|TooManyRequests|EndpointConnectionError"
    r"|\w*(Timeout|TimeoutError|ConnectError|ConnectionError|DisconnectedError|ProtocolError)"
    r"|Connection(Refused|Reset|Aborted|Closed)\w*|\w*Client(Connector|OS)\w*Error"
)
# I/O error, out of memory, too many open files, no space, read-only, quota, and the network's own.
_ERRNO: Final = re.compile(r"\[(?:Errno|WinError) (?:-[235]|5|12|23|24|28|30|10[0-4]|11[0-3]|122|100\d\d)\]")
_OS_ERRORS: Final = frozenset({"OSError", "IOError", "EnvironmentError", "error", "PermissionError"})


@dataclass(frozen=True)
class Kind:
    """Failures that look alike. place: `path:line` of the innermost frame in the repository, "" when there is none."""

    error: str
    place: str
    outside: bool

    def __str__(self) -> str:
        return f"{self.error or 'an unknown error'}{' at ' if self.place else ''}{self.place}"


def outside(error_type: str, message: str) -> bool:
    """Whether a failure comes from where the program ran (network, memory, disk) rather than from the program."""
    name = error_type.rpartition(".")[2]
    if name in _OS_ERRORS:
        return _ERRNO.search(message) is not None or "No space left" in message
    return _OUTSIDE.fullmatch(name) is not None


def ranked(kinds: Iterable[Kind]) -> list[tuple[Kind, int]]:
    """Most frequent first; the same order for the same counts."""
    return sorted(Counter(kinds).items(), key=lambda item: (-item[1], item[0].error, item[0].place))


def priority(failed: int, total: int, age: timedelta, window: timedelta, share_outside: float) -> int:
    """1 to 10: 1 + 9 x (half the share of calls that fail, 0.3 x the volume, 0.2 x the recency), rounded; halved when
    most failures come from outside.

    volume: log10 of the failures over 3, at most 1 (a thousand failures); recency: 1 when the last failure is now,
    0 when it is a window ago; age: of the last failure.
    """
    rate, volume = failed / max(total, 1), min(1.0, log10(max(failed, 1)) / 3)
    recency = min(1.0, max(0.0, 1 - age / window))
    weight = 0.5 * rate + 0.3 * volume + 0.2 * recency
    return max(1, min(10, round((1 + 9 * weight) * (0.5 if share_outside > 0.5 else 1))))


def severity(failed: int, total: int, share_outside: float) -> Severity:
    """HIGH when half of the calls fail or more, else MEDIUM; a step lower when most failures come from outside."""
    high = 2 * failed >= total
    if share_outside > 0.5:
        return Severity.MEDIUM if high and share_outside < 1 else Severity.LOW
    return Severity.HIGH if high else Severity.MEDIUM


def moment(when: datetime) -> str:
    return f"{when:%Y-%m-%d %H:%M} UTC"
