"""The only place that asks what time it is."""

from datetime import UTC, datetime, timedelta


class SystemClock:
    """UTC now; when the machine's clock goes backwards, it stands still until it has caught up."""

    def __init__(self) -> None:
        self._last = datetime.now(UTC)

    def now(self) -> datetime:
        self._last = max(self._last, datetime.now(UTC))
        return self._last


class TurnedClock:
    """A clock that can be set forward: for the demo and for stories that last for days."""

    def __init__(self, start: datetime | None = None) -> None:
        self._real = SystemClock()
        self._fixed = start
        self._turned = timedelta()

    def turn(self, by: timedelta) -> None:
        self._turned += by

    def now(self) -> datetime:
        return (self._fixed or self._real.now()) + self._turned
