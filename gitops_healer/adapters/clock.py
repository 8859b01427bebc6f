"""The only place that asks what time it is."""

from datetime import UTC, datetime


class SystemClock:
    """UTC now; when the machine's clock goes backwards, it stands still until it has caught up."""

    def __init__(self) -> None:
        self._last = datetime.now(UTC)

    def now(self) -> datetime:
        self._last = max(self._last, datetime.now(UTC))
        return self._last
