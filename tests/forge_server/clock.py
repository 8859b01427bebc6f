"""The server's own time: whole seconds, as GitHub's timestamps are."""

from datetime import UTC, datetime, timedelta


class ServerClock:
    """Never goes back; a test turns it forward."""

    def __init__(self, start: datetime | None = None) -> None:
        self._now = (start or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)

    def now(self) -> datetime:
        return self._now

    def tick(self) -> datetime:
        """One second on: two writes never have the same time."""
        return self.turn(1)

    def turn(self, seconds: float) -> datetime:
        if seconds < 0:
            raise ValueError("time does not go back: turn by 0 or more seconds")
        self._now += timedelta(seconds=int(seconds))
        return self._now


def stamp(moment: datetime) -> str:
    """2026-01-01T00:00:00Z"""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_stamp(text: str) -> datetime:
    """Raises ValueError for what is no RFC 3339 time."""
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
