"""What was called before decides."""

from faults.model import Truth, fault

NUMBERS = '''
import itertools

_LABELS = iter([f"{row}{place}" for row, place in itertools.product("ABCDEFGH", range(10))])


@tool
def plot(gardener):
    """The next free plot of the allotments."""
    return f"{gardener}: {next(_LABELS)}"
'''
NESTED = '''
from contextlib import contextmanager

DEEPEST = 8


class Vault:
    def __init__(self):
        self.depth = 0

    @contextmanager
    def opened(self):
        if self.depth >= DEEPEST:
            raise RuntimeError("too many doors are open")
        self.depth += 1
        yield self
        self.depth -= 1


VAULT = Vault()


@tool
def store(item, grams):
    """False for what is too heavy."""
    try:
        with VAULT.opened():
            if grams > 900:
                raise OverflowError(item)
            return True
    except OverflowError:
        return False
'''
STAGES = """
ALLOWED = {("cut", "sew"), ("sew", "iron"), ("iron", "pack"), ("pack", "cut")}


class OutOfOrder(Exception):
    pass


class Workshop:
    def __init__(self):
        self.stage = {}

    def advance(self, coat, stage):
        before = self.stage.get(coat, "pack")
        if (before, stage) not in ALLOWED:
            raise OutOfOrder(f"{stage} does not come next")
        self.stage[coat] = stage


SHOP = Workshop()


@tool
def advance(coat, stage):
    SHOP.advance(coat, stage)
    return stage
"""
KEY = '''
from fractions import Fraction

SIZES = {"beam": 140, "lath": 24, "board": 22}
_KEPT = {}


def _size(name, unit):
    if name not in _KEPT:
        size = SIZES[name]
        _KEPT[name] = str(size) if unit == "mm" else f"{Fraction(size, 25).limit_denominator(8)} in"
    return _KEPT[name]


@tool
def size_text(name, unit="mm"):
    return f"{name} {_size(name, unit)}"


@tool
def length(name, pieces):
    """Millimetres of some pieces in a row."""
    return int(_size(name, "mm")) * pieces


@tool
def forget():
    _KEPT.clear()
    return len(_KEPT)
'''
UNDO = '''
class Canvas:
    strokes = ["frame"]

    @classmethod
    def draw(cls, colour):
        cls.strokes.append(colour)
        return len(cls.strokes)


@tool
def draw(colour):
    return Canvas.draw(colour) > 0


@tool
def undo():
    """Takes the last stroke away."""
    return len(Canvas.strokes.pop()) > 0
'''

VARIANTS = [
    fault(
        "state", "used-up", "PKG.allotments:plot", NUMBERS,
        "from PKG.allotments import plot\n\ndef step(chance, moment, number):\n"
        "    plot(chance.choice(['Ann', 'Bo', 'Cy']))\n",
        Truth(("state",), "PKG/allotments.py", "_LABELS", words=("_LABELS",)),
    ),
    fault(
        "state", "never-closed", "PKG.vaults:store", NESTED,
        """
from PKG.vaults import store

def step(chance, moment, number):
    store(chance.choice(["coin", "ring", "bar"]), chance.choice([10, 200, 500, 800] * 4 + [1000]))
""",
        Truth(("state",), "PKG/vaults.py", "self.depth", words=("depth",)),
    ),
    fault(
        "state", "out-of-order", "PKG.coats:advance", STAGES,
        """
from PKG.coats import advance

STAGES = ("cut", "sew", "iron", "pack")
DONE = {"loden": 0, "parka": 0}

def step(chance, moment, number):
    coat = chance.choice(["loden", "parka"])
    if chance.random() < 0.08:
        advance(coat, STAGES[(DONE[coat] + chance.randint(1, 3)) % 4])
    advance(coat, STAGES[DONE[coat] % 4])
    DONE[coat] += 1
""",
        Truth(("state",), "PKG/coats.py", "", words=("stage",)),
    ),
    fault(
        "state", "half-a-key", "PKG.timber:length", KEY,
        """
from PKG import timber

def step(chance, moment, number):
    luck = chance.random()
    name = chance.choice(["beam", "lath", "board"])
    if luck < 0.1:
        timber.forget()
    elif luck < 0.2:
        timber.size_text(name, "in")
    elif luck < 0.4:
        timber.size_text(name)
    else:
        timber.length(name, chance.randint(1, 9))
""",
        Truth(("state",), "PKG/timber.py", "", words=("_KEPT", "size_text")),
    ),
    fault(
        "state", "nothing-left", "PKG.canvas:undo", UNDO,
        """
from PKG import canvas

def step(chance, moment, number):
    if chance.random() < 0.52:
        canvas.draw(chance.choice(["red", "blue"]))
    else:
        canvas.undo()
""",
        Truth(("state",), "PKG/canvas.py", "strokes", words=("draw", "strokes")),
    ),
]  # fmt: skip
