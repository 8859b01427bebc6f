"""A tool fails because another tool of the program does: a method, a callback, a coroutine, a generator."""

from faults.model import Truth, fault

POSTER = """
from PKG.fonts import font_of


class Poster:
    def __init__(self, words, style):
        self.words = words
        self.font = font_of(style)

    @tool
    def width(self):
        return max(self.font.measure(word) for word in self.words)


@tool
def width_of(words, style="plain"):
    return Poster(words, style).width()
"""
FONTS = '''"""Fonts and how wide their letters are."""

from gitops_healer.recorder import tool


class Font:
    EM = 6

    @tool
    def measure(self, word):
        return self.EM * len(word)


class Proportional(Font):
    WIDTHS = dict.fromkeys("abcdefghijklmnopqrstuvwxyz", 5) | {"i": 2, "l": 2, "m": 8, "w": 8}

    @tool
    def measure(self, word):
        return sum(self.WIDTHS[letter] for letter in word)


def font_of(style):
    return Proportional() if style == "fine" else Font()
'''
BROADCAST = '''
import asyncio

FREQUENCIES = {"north": 98.1, "south": 101.7, "coast": 89.5}


@tool
async def tune(region):
    frequency = FREQUENCIES[region]
    return round(frequency * 10)


@tool
async def broadcast(regions, programme):
    """Tunes all stations at once."""
    tuned = await asyncio.gather(*(tune(region) for region in regions))
    return {"programme": programme, "tuned": tuned}
'''
PIPELINE = """
from PKG.filters import FILTERS


@tool
def develop(photo, names):
    for name in names:
        photo = FILTERS[name](photo)
    return photo
"""
FILTERS = '''"""What can be done to a photo, given as a dict."""

from gitops_healer.recorder import tool


def _crop(photo):
    return {**photo, "width": photo["width"] - 10}


@tool
def rotate(photo):
    return {**photo, "width": photo["height"], "height": photo["width"]}


@tool
def straighten(photo):
    tilt = photo["horizon"] / photo["width"]
    return {**photo, "tilt": round(tilt, 4)}


FILTERS = {"crop": _crop, "rotate": rotate, "straighten": straighten}
'''
KEYS = """
from PKG.keys import key_bytes


@tool
def fingerprint(text):
    total = 0
    for number in key_bytes(text):
        total = (total * 31 + number) % 65521
    return total
"""
HEX = '''"""Keys of locks, written in hexadecimal digits."""

from gitops_healer.recorder import tool


@tool
def key_bytes(text):
    for start in range(0, len(text), 2):
        (number,) = bytes.fromhex(text[start : start + 2])
        yield number
'''
TOURS = """
from PKG.ferries import crossing


@tool
def tour(islands, people):
    minutes = [crossing(island) for island in islands]
    return {"minutes": sum(minutes), "people": people}
"""
FERRIES = '''"""Ferries, which wait for high water."""

from datetime import datetime

from gitops_healer.recorder import tool


class LowWater(Exception):
    pass


@tool
def crossing(island):
    now = datetime.now()
    if island == "Holm" and now.hour in (13, 14):
        raise LowWater("no crossing at low water")
    return 20 + 5 * len(island)
'''

VARIANTS = [
    fault(
        "callee", "letter-without-width", "PKG.posters:width_of", POSTER,
        """
from PKG.posters import width_of

def step(chance, moment, number):
    words = chance.sample(["fair", "market", "tonight", "free", "wine", "gr\u00fcn"], 2)
    width_of(words, chance.choice(["plain", "fine", "plain"]))
""",
        Truth(("dependency", "input"), "PKG/fonts.py", "self.WIDTHS[letter]", words=("measure",)),
        files={"PKG/fonts.py": FONTS},
    ),
    fault(
        "callee", "one-of-many-coroutines", "PKG.radio:broadcast", BROADCAST,
        """
import asyncio
from PKG.radio import broadcast

def step(chance, moment, number):
    regions = chance.sample(["north", "south", "coast"], chance.randint(1, 3))
    asyncio.run(broadcast(regions + (["islands"] if chance.random() < 0.08 else []), chance.choice(["news", "jazz"])))
""",
        Truth(("dependency", "input"), "PKG/radio.py", "FREQUENCIES[region]", words=("islands", "tune")),
    ),
    fault(
        "callee", "filter-in-a-table", "PKG.photos:develop", PIPELINE,
        """
from PKG.photos import develop

def step(chance, moment, number):
    photo = {"width": chance.choice([600, 800]), "height": 400, "horizon": chance.randint(-9, 9)}
    if chance.random() < 0.15:
        del photo["horizon"]
    develop(photo, chance.choice([["crop"], ["rotate"], ["crop", "straighten"], ["rotate", "straighten"]]))
""",
        Truth(("dependency", "input"), "PKG/filters.py", 'photo["horizon"]', words=("horizon", "straighten")),
        files={"PKG/filters.py": FILTERS},
    ),
    fault(
        "callee", "odd-digit", "PKG.locks:fingerprint", KEYS,
        """
from PKG.locks import fingerprint

def step(chance, moment, number):
    text = "".join(chance.choice("0123456789abcdef") for _ in range(2 * chance.randint(2, 8)))
    fingerprint(text[:-1] if chance.random() < 0.06 else text)
""",
        Truth(("dependency", "input"), "PKG/keys.py", "bytes.fromhex(", words=("key_bytes",)),
        files={"PKG/keys.py": HEX},
    ),
    fault(
        "callee", "low-water", "PKG.tours:tour", TOURS,
        """
from PKG.tours import tour

def step(chance, moment, number):
    tour(chance.sample(["Holm", "Sund", "Ness"], chance.randint(1, 2)), chance.randint(1, 6))
""",
        Truth(("dependency", "time"), "PKG/ferries.py", "raise LowWater", words=("crossing",)),
        files={"PKG/ferries.py": FERRIES},
    ),
]  # fmt: skip
