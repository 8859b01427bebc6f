"""A bus that brings signals to those who listen."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

Listener = Callable[["Signal"], object]


class Signal:
    """Something that happened: a dotted topic, named values, and the listeners that were told."""

    def __init__(self, topic: str, values: dict | None = None) -> None:
        self.topic = topic
        self.values = values if values is not None else {}
        self.stopped = False
        self.told: list[str] = []

    def stop(self) -> None:
        """No further listener is told."""
        self.stopped = True

    def tag(self, name: str, value: object) -> None:
        """Add a value for the listeners that follow, unless it is there."""
        self.values.setdefault(name, value)


@dataclass
class Subscription:
    name: str
    pattern: str
    listener: Listener
    rank: int = 0
    once: bool = False


def matches(pattern: str, topic: str) -> bool:
    """Whether a topic fits: `*` stands for one part, `#` at the end for any number of parts, also none.

    >>> matches("door.*.open", "door.front.open")
    True
    >>> matches("door.#", "door")
    True
    """
    wanted, parts = pattern.split("."), topic.split(".")
    if wanted[-1] == "#":
        wanted = wanted[:-1]
        if len(parts) < len(wanted):
            return False
        parts = parts[: len(wanted)]
    if len(wanted) != len(parts):
        return False
    return all(one in ("*", part) for one, part in zip(wanted, parts, strict=True))


class Bus:
    """Listeners with a high rank are told first, those of one rank in the order of subscribing."""

    def __init__(self, keep: int = 5) -> None:
        self.keep = keep
        self.errors: list[str] = []
        self._subscriptions: list[Subscription] = []
        self._history: list[Signal] = []

    def subscribe(self, name: str, pattern: str, listener: Listener, rank: int = 0, once: bool = False) -> None:
        """Listen to a pattern. A subscription of the same name is replaced."""
        self.unsubscribe(name)
        subscription = Subscription(name, pattern, listener, rank, once)
        for position, other in enumerate(self._subscriptions):
            if other.rank < rank:
                self._subscriptions.insert(position, subscription)
                break
        else:
            self._subscriptions.append(subscription)

    def unsubscribe(self, *names: str) -> int:
        """End subscriptions; returns how many there were."""
        before = len(self._subscriptions)
        self._subscriptions = [one for one in self._subscriptions if one.name not in names]
        return before - len(self._subscriptions)

    def emit(self, topic: str, **values: object) -> Signal:
        """Tell all that listen to a topic. A listener that fails is noted and does not keep the others from it."""
        signal = Signal(topic, values)
        self._remember(signal)
        for subscription in self.listeners(topic):
            if signal.stopped:
                break
            self._tell(subscription, signal)
        return signal

    def emit_all(self, topics: Iterable[str]) -> int:
        """Emit one signal a topic; returns how many were heard by anybody."""
        heard = 0
        for topic in topics:
            if self.emit(topic).told:
                heard += 1
        return heard

    def listeners(self, topic: str) -> list[Subscription]:
        return [one for one in self._subscriptions if matches(one.pattern, topic)]

    def history(self, pattern: str = "#") -> list[str]:
        """Topics of the last signals that fit, the latest last."""
        return [signal.topic for signal in self._history if matches(pattern, signal.topic)]

    def replay(self, name: str) -> int:
        """Tell one subscriber what is in the history; returns the number of signals."""
        count = 0
        for subscription in self._subscriptions:
            if subscription.name != name:
                continue
            for signal in self._history:
                if matches(subscription.pattern, signal.topic):
                    subscription.listener(signal)
                    count += 1
        return count

    def _tell(self, subscription: Subscription, signal: Signal) -> None:
        if subscription.once:
            self.unsubscribe(subscription.name)
        try:
            subscription.listener(signal)
        except Exception as error:
            self.errors.append(f"{subscription.name}: {error}")
        else:
            signal.told.append(subscription.name)

    def _remember(self, signal: Signal) -> None:
        self._history.append(signal)
        del self._history[: -self.keep]
