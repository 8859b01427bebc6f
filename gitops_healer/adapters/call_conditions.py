"""Conditions under which a call repeats: what the clocks show, and every source of randomness.

Runs inside the sandbox: standard library only, on any Python from 3.8. `settle` changes the interpreter once, before
the candidate is imported; `begin` sets the moment and the seed of one call, in the process that makes it.

The wall clock stands still at the moment of the call. It goes on by what was slept and, after the first 1,000 readings,
by a millisecond a reading, so that a loop that waits for it ends. Nothing really sleeps longer than a few milliseconds.
The monotonic clocks run for real, plus what was slept: event loops, locks and time-outs need a clock that runs. Waiting
for a lock, a socket or `asyncio.sleep` takes as long as it takes.

Not covered: interpreters that the candidate starts, times of files, `/dev/urandom` read as a file, addresses of
objects, process ids, generators of C libraries other than numpy, and the order in which threads run.
"""

from __future__ import annotations

import datetime
import gc
import locale
import os
import random
import sys
import tempfile
import time
import types
import uuid
import warnings
import weakref
from collections.abc import Callable, Iterator
from typing import Any

FIXED_MOMENT = 1767268800.0
"""2026-01-01 12:00 UTC, as `core.calls.FIXED_MOMENT`: what the clock shows where nobody says."""
FREE_READINGS = 1000
STEP = 1_000_000
"""Nanoseconds by which the clock goes on with each further reading."""
TURN_SECONDS = 0.003
"""How long a sleep lasts for real, so that other threads and processes get their turn."""
_SECOND = 1_000_000_000
_OURS = __name__.rpartition(".")[0]

_clock_gettime: Any = getattr(time, "clock_gettime", None)
_clock_gettime_ns: Any = getattr(time, "clock_gettime_ns", None)
_ctime = time.ctime
_gmtime = time.gmtime
_localtime = time.localtime
_sleep = time.sleep
_strftime = time.strftime
_asctime = time.asctime
_urandom = os.urandom
_seed = random.Random.seed
_global_random: Any = vars(random)["_inst"]


def settle(job: dict[str, Any]) -> None:
    """Fix time zone, locale, clock and randomness of this interpreter. job: may hold "at" and "seed" for the import."""
    os.environ["TZ"] = "UTC"
    time.tzset()
    os.umask(0o022)
    _set_locale()
    stands = {**_clock_stands(), **_datetime_stands(), **_random_stands()}
    _bind_everywhere(stands)
    _MOMENT.set(job.get("at", FIXED_MOMENT))
    _SOURCE.settle(int(job.get("seed", 0)))


def begin(call: dict[str, Any]) -> None:
    """Set the moment and the seed of one call. call: "at", seconds since 1970; "seed", a whole number."""
    _MOMENT.set(call.get("at", FIXED_MOMENT))
    _SOURCE.begin(int(call.get("seed", 0)))


def _set_locale() -> None:
    for name in ("C.UTF-8", "C.utf8", "C"):
        try:
            locale.setlocale(locale.LC_ALL, name)
        except locale.Error:
            continue
        os.environ["LC_ALL"] = os.environ["LANG"] = name
        return


# Standing for functions


class _Stand:
    """Stands for a C function in its module: as one, it does not bind to instances whose class holds it, and is copied
    and pickled by its name."""

    def __init__(self, module: str, name: str, original: Any, call: Callable[..., Any]) -> None:
        self.__module__ = module
        self.__name__ = self.__qualname__ = name
        self.__doc__ = getattr(original, "__doc__", None)
        self._original = original
        self._call = call

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._call(*args, **kwargs)

    def __reduce__(self) -> str:
        return self.__name__

    def __repr__(self) -> str:
        return repr(self._original)


def _stands(module: Any, calls: dict[str, Callable[..., Any]]) -> dict[int, Any]:
    """{id of what is replaced: what stands for it}"""
    found = {}
    for name, call in calls.items():
        original = getattr(module, name, None)
        if original is not None:
            found[id(original)] = _Stand(module.__name__, name, original, call)
    return found


def _bind_everywhere(stands: dict[int, Any]) -> None:
    """In every module that is loaded, also under another name. Our own programs keep the real ones."""
    for name, module in list(sys.modules.items()):
        ours = name == _OURS or name.startswith(f"{_OURS}.")
        if ours or type(module) is not types.ModuleType:  # modules of another class may import when they are looked at
            continue
        for bound, value in list(vars(module).items()):
            if id(value) in stands:
                setattr(module, bound, stands[id(value)])


# The clock


class _Moment:
    """What the clocks show, in nanoseconds. slept: what was slept since the call began."""

    def __init__(self) -> None:
        self.set(FIXED_MOMENT)

    def set(self, at: float) -> None:
        """To whole microseconds, so that seconds as a float and the fields of a datetime mean the same."""
        self.at = round(at * 1_000_000) * 1000
        self.slept = 0
        self.readings = 0

    def now(self) -> int:
        self.readings += 1
        return self.at + self.slept + max(0, self.readings - FREE_READINGS) * STEP

    def seconds(self) -> float:
        return self.now() / _SECOND


_MOMENT = _Moment()


def _clock_stands() -> dict[int, Any]:
    running = {name: _running(name) for name in ("monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns")}
    calls: dict[str, Callable[..., Any]] = {
        "time": _MOMENT.seconds,
        "time_ns": _MOMENT.now,
        "clock_gettime": lambda clock: _MOMENT.seconds() if _is_wall(clock) else _clock_gettime(clock),
        "clock_gettime_ns": lambda clock: _MOMENT.now() if _is_wall(clock) else _clock_gettime_ns(clock),
        "localtime": lambda seconds=None: _localtime(_given(seconds)),
        "gmtime": lambda seconds=None: _gmtime(_given(seconds)),
        "ctime": lambda seconds=None: _ctime(_given(seconds)),
        "asctime": lambda *fields: _asctime(*(fields or (_localtime(_MOMENT.seconds()),))),
        "strftime": lambda *args: _strftime(*args, *([_localtime(_MOMENT.seconds())] if len(args) == 1 else ())),
        "sleep": _slept,
        **running,
    }
    return _stands(time, calls)


def _given(seconds: float | None) -> float:
    return _MOMENT.seconds() if seconds is None else seconds


def _is_wall(clock: int) -> bool:
    return clock in (getattr(time, "CLOCK_REALTIME", None), getattr(time, "CLOCK_TAI", None))


def _running(name: str) -> Callable[[], Any]:
    original = getattr(time, name)
    if name.endswith("_ns"):
        return lambda: original() + _MOMENT.slept
    return lambda: original() + _MOMENT.slept / _SECOND


def _slept(seconds: Any) -> None:
    _sleep(seconds if not seconds > TURN_SECONDS else TURN_SECONDS)
    _MOMENT.slept += int(seconds * _SECOND)


# datetime is written in C: its methods are exchanged in the type's own dictionary, so that the class stays the same
# object for whoever imported it, for isinstance, for pickle and for subclasses.


def _now(cls: Any, tz: Any = None) -> Any:
    """The current moment: naive in local time, or in the time zone."""
    seconds, rest = divmod(_MOMENT.now(), _SECOND)
    fields = (_localtime if tz is None else _gmtime)(seconds)
    value = cls(*fields[:6], rest // 1000, tz)
    return value if tz is None else tz.fromutc(value)


def _utcnow(cls: Any) -> Any:
    """The current moment in UTC, naive."""
    if sys.version_info >= (3, 12):
        text = "datetime.datetime.utcnow() is deprecated and scheduled for removal in a future version. Use "
        text += "timezone-aware objects to represent datetimes in UTC: datetime.datetime.now(datetime.UTC)."
        warnings.warn(text, DeprecationWarning, stacklevel=2)
    seconds, rest = divmod(_MOMENT.now(), _SECOND)
    return cls(*_gmtime(seconds)[:6], rest // 1000, None)


def _today(cls: Any) -> Any:
    """The current local day, or moment."""
    return cls.fromtimestamp(_MOMENT.seconds())


def _datetime_stands() -> dict[int, Any]:
    """What has to be bound anew: nothing, where the types themselves could be changed."""
    methods = {"now": _now, "utcnow": _utcnow, "today": _today}
    stands: dict[int, Any] = {}
    for kind, names in ((datetime.date, ("today",)), (datetime.datetime, ("now", "utcnow", "today"))):
        own: dict[str, Any] = {name: classmethod(_named(methods[name], kind, name)) for name in names}
        if not _changed_in_place(kind, own):
            stands[id(kind)] = _subclass(kind, own)
    return stands


def _named(function: Any, kind: type, name: str) -> Any:
    function.__name__, function.__qualname__, function.__module__ = name, f"{kind.__name__}.{name}", "datetime"
    return function


def _changed_in_place(kind: Any, methods: dict[str, Any]) -> bool:
    """Whether the type has these methods now."""
    try:
        for name, method in methods.items():
            setattr(kind, name, method)
        return True
    except TypeError:  # a C type
        pass
    try:
        import ctypes

        modified = ctypes.pythonapi.PyType_Modified
        modified.argtypes, modified.restype = [ctypes.py_object], None
        (inner,) = (item for item in gc.get_referents(kind.__dict__) if type(item) is dict)
    except (ImportError, AttributeError, ValueError):
        return False
    inner.update(methods)
    modified(kind)
    return all(getattr(kind, name).__func__ is method.__func__ for name, method in methods.items())


class _Likeness(type):
    """A class that takes all of its base for its own."""

    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, cls.__mro__[1]) if cls.__dict__.get("_stands") else type.__instancecheck__(cls, value)

    def __subclasscheck__(cls, kind: Any) -> bool:
        return issubclass(kind, cls.__mro__[1]) if cls.__dict__.get("_stands") else type.__subclasscheck__(cls, kind)


def _subclass(kind: Any, methods: dict[str, Any]) -> Any:
    return _Likeness(kind.__name__, (kind,), {**methods, "__module__": kind.__module__, "_stands": True})


# Randomness


class _Source:
    """Where all randomness comes from.

    Generators that were made without a seed while the candidate was imported get a new one with every call; those that
    the program seeded, the module `random` among them, go on from where its import left them. A forked process
    gets numbers of its own, which depend on how many were forked before it.
    """

    def __init__(self) -> None:
        self._path = "0"
        self._forks = 0
        self._bytes = self._seeds = _global_random
        self._unseeded: list[weakref.ref[Any]] = []
        self._importing = True
        self._kept: Any = None
        self._fresh_names: dict[str, Any] = {}

    def settle(self, seed: int) -> None:
        last = ("_last_timestamp", "_last_counter")
        self._fresh_names = {name: value for name, value in vars(uuid).items() if name.startswith(last)}
        for name in ("_generate_time_safe", "_UuidCreate"):  # C: they ask the real clock
            setattr(uuid, name, None)
        vars(uuid)["_has_uuid_generate_time_safe"] = False  # 3.8 would load them again at the first use
        os.register_at_fork(before=self._before_fork, after_in_child=self._after_fork)
        self._restart(f"import {seed}")
        _global_random.seed()

    def begin(self, seed: int) -> None:
        self._importing = False
        self._restart(str(seed))
        if not self._is_unseeded(_global_random) and self._kept is not None:
            _global_random.setstate(self._kept)
        for generator in self._alive():
            _seed(generator, self.seed())
        self._seed_numpy()

    def bytes(self, size: Any) -> Any:
        """As os.urandom."""
        if type(size) is not int or size <= 0:
            return _urandom(size)
        return self._bytes.getrandbits(8 * size).to_bytes(size, "little")

    def seed(self) -> int:
        """Of a generator that was given none."""
        found: int = self._seeds.getrandbits(128)
        return found

    def note(self, generator: Any, seeded: bool) -> None:
        """A generator was seeded, by the program or for want of a seed."""
        if self._importing:
            self._unseeded = [ref for ref in self._unseeded if ref() is not None and ref() is not generator]
            if not seeded:
                self._unseeded.append(weakref.ref(generator))

    def _alive(self) -> Iterator[Any]:
        return (generator for ref in self._unseeded if (generator := ref()) is not None)

    def _is_unseeded(self, generator: Any) -> bool:
        return any(one is generator for one in self._alive())

    def _restart(self, path: str) -> None:
        self._path, self._forks = path, 0
        self._bytes, self._seeds = _seeded(f"bytes {path}"), _seeded(f"seeds {path}")
        vars(uuid).update(self._fresh_names, _node=_seeded(f"node {path}").getrandbits(48) | 1 << 40)
        vars(tempfile)["_name_sequence"] = None

    def _seed_numpy(self) -> None:
        """The generator behind numpy's old functions, unless the program seeded it: then it has no SeedSequence."""
        numpy = sys.modules.get("numpy.random")
        try:
            bits = sys.modules["numpy.random.mtrand"]._rand._bit_generator
            seeded = getattr(bits, "seed_seq", getattr(bits, "_seed_seq", bits)) is None
        except (KeyError, AttributeError):
            seeded = False
        if numpy is not None and not seeded:
            numpy.seed(self.seed() & 0xFFFFFFFF)

    def _before_fork(self) -> None:
        self._forks += 1
        if self._importing and not self._is_unseeded(_global_random):
            self._kept = _global_random.getstate()

    def _after_fork(self) -> None:
        """After `random` gave its generator a seed of the system's."""
        self._restart(f"{self._path}.{self._forks}")
        _seed(_global_random, self.seed())


_SOURCE = _Source()


def _seeded(text: str) -> Any:
    generator = random.Random.__new__(random.Random)
    _seed(generator, text)
    return generator


def _seed_or_draw(self: Any, a: Any = None, version: int = 2) -> None:
    """Initialize internal state from a seed."""
    _SOURCE.note(self, a is not None)
    _seed(self, _SOURCE.seed() if a is None else a, version)


def _random_stands() -> dict[int, Any]:
    before = random.seed
    _seed_or_draw.__name__, _seed_or_draw.__qualname__ = "seed", "Random.seed"
    random.Random.seed = _seed_or_draw  # type: ignore[method-assign]
    found = _stands(os, {"urandom": _SOURCE.bytes, "getrandom": lambda size, flags=0: _SOURCE.bytes(size)})
    return {**found, **_ssl_stands(), id(before): _global_random.seed}


def _ssl_stands() -> dict[int, Any]:
    ssl: Any = sys.modules.get("ssl")
    return {} if ssl is None else _stands(ssl, {"RAND_bytes": _SOURCE.bytes})
