"""Discrete-event simulation of counters where people queue. Times are minutes; only `arrivals` is random."""

import heapq
import random
from dataclasses import dataclass, field


@dataclass
class Customer:
    name: str
    arrives: float
    needs: float
    patience: float = 60
    served_at: float | None = None
    left_at: float | None = None

    @property
    def waited(self):
        """Minutes in the queue, also of those who gave up."""
        end = self.served_at if self.served_at is not None else self.left_at
        return end - self.arrives


def arrivals(rate, until, seed):
    """Times at which people come, `rate` an hour on average, before `until`."""
    rng = random.Random(seed)
    times = []
    time = rng.expovariate(rate / 60)
    while time < until:
        times.append(round(time, 2))
        time += rng.expovariate(rate / 60)
    return times


class EventQueue:
    """Things to come; those at the same time come in the order in which they were put in."""

    def __init__(self):
        self.heap = []
        self.number = 0

    def put(self, time, what):
        heapq.heappush(self.heap, (time, self.number, what))
        self.number += 1

    def take(self):
        """The next event as (time, what)."""
        time, _, what = heapq.heappop(self.heap)
        return time, what

    def cancel(self, what):
        """Removes all events that are `what`; returns how many."""
        kept = [event for event in self.heap if event[2] != what]
        removed = len(self.heap) - len(kept)
        heapq.heapify(kept)
        self.heap = kept
        return removed

    def __len__(self):
        return len(self.heap)


@dataclass
class Office:
    """Some counters, one queue; who has waited longer than the own patience goes away."""

    counters: int
    opens: float = 0
    busy: int = 0
    queue: list = field(default_factory=list)
    done: list = field(default_factory=list)
    lost: list = field(default_factory=list)

    def run(self, customers):
        """Plays the day until everybody is gone."""
        events = EventQueue()
        for customer in customers:
            events.put(customer.arrives, ("arrive", customer))
        while len(events):
            time, (kind, customer) = events.take()
            if kind == "arrive":
                self.queue.append(customer)
                if time < self.opens:
                    events.put(self.opens, ("open", customer))
            elif kind == "finish":
                customer.left_at = time
                self.busy -= 1
                self.done.append(customer)
            self.serve(time, events)

    def serve(self, time, events):
        """Gives free counters to those who wait and still have patience, in order."""
        if time < self.opens:
            return
        while self.queue and self.busy < self.counters:
            customer = self.queue.pop(0)
            if time - customer.arrives > customer.patience:
                customer.left_at = customer.arrives + customer.patience
                self.lost.append(customer)
                continue
            customer.served_at = time
            self.busy += 1
            events.put(time + customer.needs, ("finish", customer))

    def summary(self):
        """Served, lost, mean and longest wait (of those served) and the share that waited at most five minutes."""
        waits = [customer.waited for customer in self.done]
        if not waits:
            return {"served": 0, "lost": len(self.lost), "mean": 0.0, "longest": 0.0, "quick": 1.0}
        quick = sum(1 for wait in waits if wait <= 5)
        return {
            "served": len(waits),
            "lost": len(self.lost),
            "mean": sum(waits) / len(waits),
            "longest": max(waits),
            "quick": quick / len(waits),
        }


def queue_lengths(customers):
    """(time, length) after each change of the queue, by arrivals and by those who are served or give up."""
    changes = {}
    for customer in customers:
        leaves = customer.served_at if customer.served_at is not None else customer.left_at
        changes[customer.arrives] = changes.get(customer.arrives, 0) + 1
        changes[leaves] = changes.get(leaves, 0) - 1
    length = 0
    lengths = []
    for time in sorted(changes):
        if changes[time] == 0:
            continue
        length += changes[time]
        lengths.append((time, length))
    return lengths


def mean_length(lengths, until):
    """The mean of a queue over time from 0 to `until`; before the first change it is empty."""
    area = 0
    before, length = 0, 0
    for time, after in lengths:
        if time > until:
            break
        area += (time - before) * length
        before, length = time, after
    area += (until - before) * length
    return area / until


def counters_needed(make_customers, longest, most=20):
    """The fewest counters with which nobody waits longer than `longest` or is lost; None if `most` are too few."""
    for counters in range(1, most + 1):
        office = Office(counters)
        office.run(make_customers())
        summary = office.summary()
        if summary["longest"] <= longest and not summary["lost"]:
            return counters
    return None
