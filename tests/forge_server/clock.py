"""The server's own time: whole seconds, as GitHub's timestamps are."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def machine_time() -> datetime:
    return datetime.now(UTC)


class ServerClock:
    """Never goes back. It moves by a second at every write, and a test turns it forward.

    live: it goes on with the machine's time as well, never behind it; for programs that compare the forge's times with
    their own."""

    def __init__(self, start: datetime | None = None, live: bool = False) -> None:
        """start: the machine's time when not given; live starts there too."""
        began = start or machine_time()
        self._base: Callable[[], datetime] = machine_time if live else lambda: began
        self._ahead = timedelta()
        self._now = datetime.min.replace(tzinfo=UTC)

    def now(self) -> datetime:
        self._now = max(self._now, _whole(self._base() + self._ahead))
        return self._now

    def tick(self) -> datetime:
        """One second on: two writes never have the same time."""
        self._now = self.now() + timedelta(seconds=1)
        return self._now

    def turn(self, seconds: float) -> datetime:
        """Raises ValueError when it would go back."""
        if seconds < 0:
            raise ValueError("time does not go back: turn by 0 or more seconds")
        step = timedelta(seconds=int(seconds))
        self._now = self.now() + step
        self._ahead += step
        return self._now


def _whole(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)


def stamp(moment: datetime) -> str:
    """2026-01-01T00:00:00Z"""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_stamp(text: str) -> datetime:
    """Raises ValueError for what is no RFC 3339 time."""
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
