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

SHARE = '''
@tool
def share(total, parts):
    """Equal parts of an amount."""
    each, rest = divmod(total, parts)
    return [each + (i < rest) for i in range(parts)]
'''
SHARERS = '''"""Who shares amounts."""

from gitops_healer.recorder import tool

from PKG.shares import share


@tool
def by_people(total, people):
    return share(total, len(people))


@tool
def by_month(total):
    return share(total, 12)


@tool
def by_text(total, text):
    return share(total, text.strip())
'''
TITLE = '''
@tool
def heading(title, level):
    """A line of Markdown."""
    mark = "#" * level
    return f"{mark} {title.strip()}"
'''
WRITERS = '''"""Who writes headings."""

from gitops_healer.recorder import tool

from PKG.headings import heading

TITLES = {"start": "Start", "news": "News"}


@tool
def chapter(name):
    return heading(name, 1)


@tool
def section(name):
    return heading(f"About {name}", 2)


@tool
def index(name):
    return heading(TITLES.get(name), 1)
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
    fault(
        "caller", "text-for-number", "PKG.shares:share", SHARE,
        """
from PKG import sharers

def step(chance, moment, number):
    total = chance.randint(10, 99)
    luck = chance.random()
    if luck < 0.1:
        sharers.by_text(total, f"{chance.randint(2, 5)} ")
    elif luck < 0.6:
        sharers.by_people(total, ["a", "b"])
    else:
        sharers.by_month(total)
""",
        Truth(("caller",), "PKG/sharers.py", "share(total, text.strip())", words=("by_text",)),
        files={"PKG/sharers.py": SHARERS},
    ),
    fault(
        "caller", "none-from-lookup", "PKG.headings:heading", TITLE,
        """
from PKG import chapters

def step(chance, moment, number):
    name = chance.choice(["start", "news", "start", "news", "shop"])
    chance.choice([chapters.chapter, chapters.section, chapters.index])(name)
""",
        Truth(("caller",), "PKG/chapters.py", "TITLES.get(name)", words=("index",)),
        files={"PKG/chapters.py": WRITERS}, held=True,
    ),
    fault(
        "caller", "empty-people", "PKG.shares:share", SHARE,
        """
from PKG import sharers

def step(chance, moment, number):
    if chance.random() < 0.4:
        sharers.by_people(chance.randint(10, 99), chance.choice([["a"], ["a", "b"], ["c"], []]))
    else:
        sharers.by_month(chance.randint(10, 99))
""",
        Truth(("caller",), "PKG/sharers.py", "share(total, len(people))", words=("by_people",)),
        files={"PKG/sharers.py": SHARERS}, held=True,
    ),
]  # fmt: skip
