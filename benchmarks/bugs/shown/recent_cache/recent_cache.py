"""A cache that keeps what was used recently, for a limited time."""

import functools
import time
from collections import OrderedDict

SECONDS_PER_MINUTE = 60


class Entry:
    def __init__(self, value, expires):
        self.value = value
        self.expires = expires
        self.uses = 0


def minutes(number):
    """So many minutes in seconds."""
    return number * SECONDS_PER_MINUTE


class RecentCache:
    """At most `capacity` values, each for `lifetime` seconds; what was not used for longest goes first.

    A value is gone from the moment on at which its lifetime is over. `clock` returns seconds.
    """

    def __init__(self, capacity=3, lifetime=600, clock=time.monotonic):
        if capacity < 1:
            raise ValueError("capacity must be at least 1")
        self.capacity = capacity
        self.lifetime = lifetime
        self.clock = clock
        self.hits = 0
        self.misses = 0
        self._entries = OrderedDict()

    def __len__(self):
        self.purge()
        return len(self._entries)

    def get(self, key, default=None):
        """The value, or the default when it is unknown or too old. Counts as a use."""
        entry = self._entries.get(key)
        if entry is None or self._is_over(entry):
            self._entries.pop(key, None)
            self.misses += 1
            return default
        entry.uses += 1
        self.hits += 1
        self._entries.move_to_end(key)
        return entry.value

    def put(self, key, value, lifetime=None):
        """Store a value, for its own lifetime if one is given; replacing counts as a use."""
        if lifetime is None:
            lifetime = self.lifetime
        self._entries[key] = Entry(value, self.clock() + lifetime)
        self._entries.move_to_end(key)
        if len(self._entries) > self.capacity:
            self.purge()
        while len(self._entries) > self.capacity:
            self._entries.popitem(last=False)

    def purge(self):
        """Drop everything that is too old; returns how many."""
        old = [key for key, entry in self._entries.items() if self._is_over(entry)]
        for key in old:
            del self._entries[key]
        return len(old)

    def keys(self):
        """Keys from the least to the most recently used."""
        self.purge()
        return list(self._entries)

    def popular(self, count=1):
        """The keys that were read most, the most popular first; equal ones in the order of keys()."""
        keys = self.keys()
        keys.sort(key=lambda key: self._entries[key].uses, reverse=True)
        return keys[:count]

    def ratio(self):
        """Share of reads that found something, from 0 to 1, rounded to two digits; 0 without reads."""
        reads = self.hits + self.misses
        if reads == 0:
            return 0.0
        return round(self.hits / reads, 2)

    def _is_over(self, entry):
        return self.clock() >= entry.expires


MISSING = object()


def call_key(args, kwargs):
    """One key for one way of calling, whatever the order of the named arguments."""
    return args, tuple(sorted(kwargs.items()))


def remember(cache):
    """Decorator: look a call up in the cache before making it."""

    def decorate(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            key = call_key(args, kwargs)
            value = cache.get(key, MISSING)
            if value is MISSING:
                value = function(*args, **kwargs)
                cache.put(key, value)
            return value

        wrapper.cache = cache
        return wrapper

    return decorate
