import collections
import hashlib
import itertools
import re
import string
import textwrap
from typing import Iterable, Optional

WORD = re.compile(r"\w+")
STOP = frozenset({"the", "a"})
_cleaners = [str.strip, str.lower]


def words(text):  # effects: pure
    return [word for word in WORD.findall(text.lower()) if word not in STOP]


def counts(text):  # effects: pure
    return collections.Counter(words(text)).most_common(3)


def slug(title: str) -> str:  # effects: pure
    kept = "".join(char for char in title if char in string.ascii_letters + string.digits + " -")
    return re.sub(r"[\s-]+", "-", kept).strip("-").lower()


def digest(text):  # effects: pure
    found = hashlib.sha256()
    found.update(text.encode())
    return found.hexdigest()


def wrapped(text, width=70):  # effects: pure
    return textwrap.fill(text, width).split("\n")


def pairs(items):  # effects: pure
    first, second = itertools.tee(items)
    next(second, None)
    return list(zip(first, second))


def fib(n):  # effects: pure
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def even(n):  # effects: pure
    return True if n == 0 else odd(n - 1)


def odd(n):  # effects: pure
    return False if n == 0 else even(n - 1)


def grouped(items, key):  # effects: unknown
    found = collections.defaultdict(list)
    for item in items:
        found[key(item)].append(item)
    return dict(found)


def by_length(items):  # effects: pure
    return grouped(items, len)


def by_initial(items: Iterable[str]):  # effects: pure
    def initial(word):
        return word[:1].upper()

    return grouped(items, initial)


def first_match(patterns, text) -> Optional[str]:  # effects: pure
    for pattern in patterns:
        found = re.search(pattern, text)
        if found:
            return found.group(0)
    return None


def shout(text):  # effects: console
    print(text.upper())


def checked(text):  # effects: pure
    if not text:
        raise ValueError("nothing to do")
    return text


def swapped(mapping):  # effects: pure
    return {value: key for key, value in mapping.items()}


def update_all(rows, **changes):  # effects: pure; mutates rows
    for row in rows:
        row.update(changes)


def matrix(n):  # effects: pure
    grid = [[0] * n for _ in range(n)]
    for i in range(n):
        grid[i][i] = 1
    return grid
