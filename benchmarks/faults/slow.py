"""Nothing fails, but some calls take far longer than others."""

from faults.model import Truth, fault

PAIRS = '''
@tool
def duplicates(names):
    """Names that stand more than once."""
    found = []
    for i, name in enumerate(names):
        for other in names[i + 1 :]:
            if name == other and name not in found:
                found.append(name)
    return len(found)
'''
BRANCH = """
import time


def _render(title):
    time.sleep(0.004)
    return f"<b>{title}</b>"


@tool
def preview(title, style):
    if style == "rich":
        return _render(title)
    return title
"""
JOIN = '''
@tool
def merged(orders, customers):
    """Orders with the names of their customers."""
    rows = []
    for order in orders:
        name = [customer["name"] for customer in customers if customer["id"] == order]
        rows.append((order, name[0]))
    return len(rows)
'''
SUMS = '''
@tool
def running(values):
    """Sums up to every place."""
    sums = []
{body}
    return sums[-1] if sums else 0
'''

LOOKUP = '''
import re

PATTERN = re.compile(r"^(a|aa|ab)+$")


@tool
def is_code(text):
    """Whether it is made of the known syllables."""
    return bool(PATTERN.match(text))
'''

VARIANTS = [
    fault(
        "slow", "quadratic", "PKG.names:duplicates", PAIRS,
        """
from PKG.names import duplicates

def step(chance, moment, number):
    size = chance.choice([5, 10, 20, 40, 80, 160, 320])
    duplicates([f"n{chance.randint(0, 10 ** 6)}" for _ in range(size)])
""",
        Truth(("slow",), "PKG/names.py", "for other in names[i + 1 :]", words=("quadratic", "names")), days=8,
    ),
    fault(
        "slow", "branch", "PKG.previews:preview", BRANCH,
        """
from PKG.previews import preview

def step(chance, moment, number):
    preview(f"Page {number}", chance.choice(["plain"] * 9 + ["rich"]))
""",
        Truth(("slow",), "PKG/previews.py", "_render(title)", words=("rich", "style")),
    ),
    fault(
        "slow", "join", "PKG.joins:merged", JOIN,
        """
from PKG.joins import merged

def step(chance, moment, number):
    size = chance.choice([5, 10, 20, 50, 100, 200])
    merged(list(range(size)), [{"id": i, "name": f"c{i}"} for i in range(size)])
""",
        Truth(("slow",), "PKG/joins.py", "for customer in customers", words=("quadratic",)), days=8, held=True,
    ),
    fault(
        "slow", "since-commit", "PKG.sums:running",
        SUMS.format(body="    for end in range(len(values)):\n        sums.append(sum(values[: end + 1]))"),
        """
from PKG.sums import running

def step(chance, moment, number):
    running([chance.randint(0, 9) for _ in range(chance.choice([100, 200, 400]))])
""",
        Truth(("slow", "commit"), "PKG/sums.py", "sums.append(sum(", True), held=True,
        before=SUMS.format(
            body="    total = 0\n    for value in values:\n        total += value\n        sums.append(total)"
        ),
        subject="Say it in one line",
    ),
    fault(
        "slow", "backtracking", "PKG.syllables:is_code", LOOKUP,
        """
from PKG.syllables import is_code

def step(chance, moment, number):
    is_code(chance.choice(["abaab", "aba", "b", "aab", "abab"] * 4 + ["a" * 22 + "c"]))
""",
        Truth(("slow",), "PKG/syllables.py", "PATTERN.match(text)", words=("regular expression",)), held=True,
    ),
]  # fmt: skip
