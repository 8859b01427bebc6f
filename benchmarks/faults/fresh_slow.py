"""Nothing fails, but some calls take far longer than others."""

from faults.model import Truth, fault

EDITS = '''
def _distance(a, b):
    if not a or not b:
        return len(a) + len(b)
    if a[0] == b[0]:
        return _distance(a[1:], b[1:])
    return 1 + min(_distance(a[1:], b), _distance(a, b[1:]), _distance(a[1:], b[1:]))


@tool
def typo(word, meant):
    """Whether somebody may have meant the other word."""
    return _distance(word, meant) <= 2
'''
SEEN = '''
class Crate:
    def __init__(self):
        self.order = []

    def put(self, disc):
        if disc in self.order:
            return False
        self.order.append(disc)
        return True


@tool
def unique(discs):
    """How many records of a collection are different."""
    crate = Crate()
    return sum(crate.put(disc) for disc in discs)
'''
DERIVED = '''
import hashlib
from functools import lru_cache


@lru_cache(maxsize=256)
def _seal(guild, KEY):
    return hashlib.pbkdf2_hmac("sha256", guild.encode(), b"wax", 4000).hex()


@tool
def sealed(guild, letter):
    """A letter with the seal of its guild."""
    return f"{letter}/{_seal(guild, VALUE)[:8]}"
'''
DRY = """
import copy
from contextlib import contextmanager


class Board:
    def __init__(self):
        self.fields = {(x, y): {"piece": None, "seen": [x, y]} for x in range(20) for y in range(20)}


BOARD = Board()


@contextmanager
def kept(board):
    before = copy.deepcopy(board.fields)
    yield board
    board.fields = before


@tool
def move(x, y, piece, try_only=False):
    if try_only:
        with kept(BOARD) as board:
            board.fields[x, y]["piece"] = piece
        return "possible"
    BOARD.fields[x, y]["piece"] = piece
    return "done"
"""
LOG = '''
class Journal:
    def __init__(self):
        self.entries = []

    def note(self, bee, load):
        self.entries += [(bee, load, part) for part in range(300)]

    def loads_of(self, bee):
        return sum(load for name, load, part in self.entries if name == bee and part == 0)


JOURNAL = Journal()


@tool
def returned(bee, load):
    """All that a hive's scout brought so far."""
    JOURNAL.note(bee, load)
    return JOURNAL.loads_of(bee)
'''

VARIANTS = [
    fault(
        "slow", "recursion", "PKG.typos:typo", EDITS,
        """
from PKG.typos import typo

def step(chance, moment, number):
    length = chance.choice([2, 3, 3, 4, 4, 5, 6])
    typo("".join(chance.choice("abcde") for _ in range(length)), "".join(chance.choice("fghij") for _ in range(length)))
""",
        Truth(("slow",), "PKG/typos.py", "_distance(a[1:], b)", words=("word", "length")),
    ),
    fault(
        "slow", "list-as-set", "PKG.records:unique", SEEN,
        """
from PKG.records import unique

def step(chance, moment, number):
    size = chance.choice([10, 20, 40, 80, 160, 320, 640])
    unique([f"disc {chance.randrange(10**7)}" for _ in range(size)])
""",
        Truth(("slow",), "PKG/records.py", "disc in self.order", words=("quadratic", "discs")), days=8,
    ),
    fault(
        "slow", "cache-key", "PKG.seals:sealed", DERIVED.replace("KEY", "letter").replace("VALUE", "letter"),
        """
from PKG.seals import sealed

def step(chance, moment, number):
    sealed(chance.choice(["smiths", "bakers"]), f"letter {number}")
""",
        Truth(("slow", "commit"), "PKG/seals.py", "", True, ("cache", "letter")),
        before=DERIVED.replace("KEY", "round").replace("VALUE", "1"), subject="Seal what the letter says", rate=50,
    ),
    fault(
        "slow", "copy-of-all", "PKG.boards:move", DRY,
        """
from PKG.boards import move

def step(chance, moment, number):
    move(chance.randrange(20), chance.randrange(20), chance.choice(["fox", "hen"]), chance.random() < 0.12)
""",
        Truth(("slow",), "PKG/boards.py", "copy.deepcopy(", words=("try_only",)),
    ),
    fault(
        "slow", "growing-journal", "PKG.hives:returned", LOG,
        """
from PKG.hives import returned

def step(chance, moment, number):
    returned(chance.choice(["b1", "b2", "b3"]), chance.randint(1, 9))
""",
        Truth(("slow", "state"), "PKG/hives.py", "for name, load, part in self.entries", words=("entries",)),
    ),
]  # fmt: skip
