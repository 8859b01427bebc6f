"""One caller passes what the others do not."""

from faults.model import Truth, fault

AREA = """
@tool
def area(width, height):
    if width <= 0 or height <= 0:
        raise ValueError(f"no area: {width} x {height}")
    return width * height
"""
CALLERS = '''"""Who asks for areas."""

from gitops_healer.recorder import tool

from PKG.areas import area


@tool
def floor(room):
    return area(room["w"], room["h"])


@tool
def wall(room):
    return area(room["w"], room["high"])


@tool
def garden(room):
    return area(room["w"], room["h"] - 20)
'''

VARIANTS = [
    fault(
        "caller", "garden", "PKG.areas:area", AREA,
        """
from PKG import rooms

def step(chance, moment, number):
    room = {"w": chance.randint(2, 9), "h": chance.randint(2, 40), "high": chance.randint(2, 4)}
    chance.choice([rooms.floor, rooms.wall, rooms.garden])(room)
""",
        Truth(("caller",), "PKG/rooms.py", "- 20", words=("garden",)), files={"PKG/rooms.py": CALLERS},
    ),
    fault(
        "caller", "one-import", "PKG.areas:area", AREA,
        """
from PKG import rooms

def step(chance, moment, number):
    room = {"w": chance.randint(2, 9), "h": chance.randint(2, 9) + (20 if chance.random() < 0.5 else 0), "high": 3}
    chance.choice([rooms.floor, rooms.wall, rooms.wall, rooms.floor, rooms.garden])(room)
""",
        Truth(("caller",), "PKG/rooms.py", "- 20", words=("garden",)), files={"PKG/rooms.py": CALLERS}, held=True,
    ),
]  # fmt: skip
