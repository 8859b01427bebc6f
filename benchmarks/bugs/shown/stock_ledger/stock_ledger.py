"""A ledger of goods: what came in at which cost, what went out, what is left and what it is worth."""

from collections import defaultdict, deque


class StockError(Exception):
    pass


class Batch:
    """Pieces that came in together, at one cost a piece (in cents), with the day after which they are spoilt."""

    def __init__(self, pieces, cost, best_before=None):
        self.pieces = pieces
        self.cost = cost
        self.best_before = best_before

    def __repr__(self):
        return f"Batch({self.pieces}, {self.cost}, {self.best_before})"

    def is_spoilt(self, day):
        """True from the day after `best_before` on; goods without a date do not spoil."""
        return self.best_before is not None and day > self.best_before


class StockLedger:
    """Goods by name. What came first goes out first. Days are whole numbers."""

    def __init__(self):
        self._batches = defaultdict(deque)
        self._reserved = defaultdict(int)
        self._minimum = {}
        self.journal = []

    def receive(self, name, pieces, cost, best_before=None):
        """Book a batch in."""
        if pieces <= 0:
            raise ValueError("pieces must be above 0")
        if cost < 0:
            raise ValueError("cost must not be negative")
        self._batches[name].append(Batch(pieces, cost, best_before))
        self.journal.append(("in", name, pieces))

    def on_hand(self, name):
        """All pieces that are there, reserved ones as well."""
        return sum(batch.pieces for batch in self._batches.get(name, ()))

    def available(self, name):
        """Pieces that are not reserved."""
        return self.on_hand(name) - self._reserved[name]

    def reserve(self, name, pieces):
        """Set pieces aside; StockError when there are not enough."""
        if pieces > self.available(name):
            raise StockError(f"only {self.available(name)} of {name}")
        self._reserved[name] += pieces

    def release(self, name, pieces):
        """Give up a reservation, or as much of it as there is; returns the number of pieces."""
        released = min(pieces, self._reserved[name])
        self._reserved[name] -= released
        return released

    def issue(self, name, pieces, reserved=False):
        """Take pieces out, oldest batch first; returns what they cost altogether.

        With `reserved`, out of what was set aside; otherwise out of what is available.
        """
        limit = self._reserved[name] if reserved else self.available(name)
        if pieces > limit:
            raise StockError(f"only {limit} of {name}")
        if reserved:
            self._reserved[name] -= pieces
        cost = self._take(name, pieces)
        self.journal.append(("out", name, pieces))
        return cost

    def discard_spoilt(self, day):
        """Throw spoilt batches away; returns the pieces by name, in order of names. Reservations shrink to fit."""
        thrown = {}
        for name, batches in sorted(self._batches.items()):
            bad = sum(batch.pieces for batch in batches if batch.is_spoilt(day))
            if not bad:
                continue
            self._batches[name] = deque(batch for batch in batches if not batch.is_spoilt(day))
            self._reserved[name] = min(self._reserved[name], self.on_hand(name))
            self.journal.append(("spoilt", name, bad))
            thrown[name] = bad
        return thrown

    def value(self, name=None):
        """What the goods of a name (or all goods) cost, in cents."""
        if name is None:
            return sum(self.value(each) for each in self._batches)
        return sum(batch.pieces * batch.cost for batch in self._batches.get(name, ()))

    def average_cost(self, name):
        """Mean cost of a piece, rounded to whole cents; None when there is nothing."""
        pieces = self.on_hand(name)
        if pieces == 0:
            return None
        return round(self.value(name) / pieces)

    def set_minimum(self, name, pieces):
        self._minimum[name] = pieces

    def to_order(self):
        """What is available below its minimum: (name, missing pieces), the greatest need first, then by name."""
        short = []
        for name, minimum in self._minimum.items():
            missing = minimum - self.available(name)
            if missing > 0:
                short.append((name, missing))
        return sorted(short, key=lambda pair: (-pair[1], pair[0]))

    def count(self, name, counted):
        """Correct the books to what was counted; returns the difference. Extra pieces cost the average, or 0."""
        difference = counted - self.on_hand(name)
        if difference > 0:
            self._batches[name].append(Batch(difference, self.average_cost(name) or 0))
        elif difference < 0:
            self._take(name, -difference)
            self._reserved[name] = min(self._reserved[name], counted)
        if difference:
            self.journal.append(("count", name, difference))
        return difference

    def turnover(self, name):
        """Pieces that went out, by the journal."""
        return sum(pieces for kind, good, pieces in self.journal if kind == "out" and good == name)

    def _take(self, name, pieces):
        batches = self._batches[name]
        cost = 0
        while pieces > 0:
            batch = batches[0]
            taken = min(pieces, batch.pieces)
            batch.pieces -= taken
            pieces -= taken
            cost += taken * batch.cost
            if batch.pieces == 0:
                batches.popleft()
        return cost
