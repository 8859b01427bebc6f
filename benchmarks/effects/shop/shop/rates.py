import functools
import json
import time
import urllib.request
from pathlib import Path

_CACHE = {}
_URL = "https://rates.example/{}"
_stale_after = 60


def fetch(code):  # effects: network
    with urllib.request.urlopen(_URL.format(code), timeout=3) as answer:
        return json.load(answer)["rate"]


def rate(code):  # effects: network, clock, global state
    known = _CACHE.get(code)
    if known and known[1] > time.time() - _stale_after:
        return known[0]
    value = fetch(code)
    _CACHE[code] = (value, time.time())
    return value


def set_stale(seconds):  # effects: global state
    global _stale_after
    _stale_after = seconds


def forget():  # effects: global state
    _CACHE.clear()


@functools.lru_cache(maxsize=None)
def scale(code: str):  # effects: pure; cache
    return {"EUR": 1, "JPY": 100}.get(code, 1)


def load_table(path):  # effects: files
    return json.loads(Path(path).read_text())


def save_table(path, table):  # effects: files
    with open(path, "w") as out:
        json.dump(table, out)


def table_exists(path):  # effects: files
    return Path(path).exists()


def table_name(base, code):  # effects: pure
    return (Path(base) / code.lower()).with_suffix(".json").name
