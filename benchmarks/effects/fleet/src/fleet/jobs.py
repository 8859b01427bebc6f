import functools
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter, sleep

from fleet.base import Disk, Memory

REGISTRY = {}
LOG = []
LIMITS = {"cpu": 4}
_memory = Memory()


def timed(function):  # effects: pure
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        start = perf_counter()
        try:
            return function(*args, **kwargs)
        finally:
            LOG.append(perf_counter() - start)

    return wrapper


def retry(times):  # effects: pure
    def decorate(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            for attempt in range(times):
                try:
                    return function(*args, **kwargs)
                except OSError:
                    sleep(attempt)
            raise RuntimeError("too often")

        return wrapper

    return decorate


def register(name):  # effects: pure
    def decorate(function):
        REGISTRY[name] = function
        return function

    return decorate


@timed
def add(a, b):  # effects: clock, global state
    return a + b


@retry(3)
def ping(host):  # effects: processes, clock
    return subprocess.run(["ping", "-c1", host], check=False).returncode == 0


@register("double")
def double(value):  # effects: pure
    return value * 2


def run(name, value):  # effects: unknown, global state
    return REGISTRY[name](value)


def limit(name):  # effects: global state
    return LIMITS.get(name, 1)


def remember(key, value):  # effects: global state
    _memory.put(key, value)


def recall(key):  # effects: global state
    return _memory.get(key)


def log_line(text):  # effects: global state
    log = LOG
    log.append(text)


def shell(command):  # effects: processes
    return subprocess.check_output(command, text=True).strip()


def version():  # effects: processes
    return shell(["git", "--version"]).split()[-1]


def parallel(values):  # effects: concurrency
    with ThreadPoolExecutor() as pool:
        return list(pool.map(double, values))


def parallel_pings(hosts):  # effects: concurrency, processes, clock
    with ThreadPoolExecutor() as pool:
        return list(pool.map(ping, hosts))


def stop(code):  # effects: global state
    sys.exit(code)


def evaluate(text):  # effects: unknown
    return eval(text)


def dispatch(target, name):  # effects: unknown
    return getattr(target, name)()


def batches(items, size):  # effects: pure
    for start in range(0, len(items), size):
        yield items[start : start + size]


def flat(groups):  # effects: pure
    return [item for group in groups for item in group]


def tidy(rows):  # effects: pure
    return [row.strip().lower() for row in rows if row and not row.startswith("#")]


def parse_pairs(text):  # effects: pure
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def widest(rows):  # effects: pure
    return max((len(row) for row in rows), default=0)


def sort_in_place(rows):  # effects: pure; mutates rows
    rows.sort(key=len)
    return rows


def sort_copy(rows):  # effects: pure
    copy = list(rows)
    sort_in_place(copy)
    return copy


def sort_given(rows):  # effects: pure; mutates rows
    return sort_in_place(rows)


def fill(target, source):  # effects: pure; mutates target
    for key in source:
        target[key] = source[key]
    return target


def merged(first, second):  # effects: pure
    return fill(dict(first), second)


def fill_limits(source):  # effects: global state
    fill(LIMITS, source)


def stored(root, key, value):  # effects: files
    Disk(root).put(key, value)
    return Disk(root).path(key)
