"""A tool fails because another tool of the program does."""

from faults.model import Truth, fault

QUOTE = '''
from PKG.weights import weight_of


@tool
def quote(article, number):
    """Cents for sending it."""
    grams = weight_of(article) * number
    return 300 + grams // 10
'''
WEIGHTS = '''"""What articles weigh."""

from gitops_healer.recorder import tool

GRAMS = {"cup": 300, "plate": 450, "fork": 40}


@tool
def weight_of(article):
    return GRAMS[article]
'''
REPORT = """
from PKG.lines import amount_of


@tool
def report(lines):
    rows = []
    for line in lines:
        rows.append(amount_of(line))
    return sum(rows)
"""
LINES = '''"""Lines of an invoice."""

from gitops_healer.recorder import tool


@tool
def amount_of(line):
    text = line.split()[-1]
    return int(text.replace(".", ""))
'''

VARIANTS = [
    fault(
        "callee", "unknown-article", "PKG.quotes:quote", QUOTE,
        """
from PKG.quotes import quote

def step(chance, moment, number):
    quote(chance.choice(["cup", "plate", "fork", "cup", "cup", "plate", "spoon"]), chance.randint(1, 9))
""",
        Truth(("dependency", "input"), "PKG/weights.py", "GRAMS[article]", words=("spoon", "weight_of")),
        files={"PKG/weights.py": WEIGHTS},
    ),
    fault(
        "callee", "empty-line", "PKG.invoices:report", REPORT,
        """
from PKG.invoices import report

def step(chance, moment, number):
    lines = [f"{chance.choice(['tea', 'cake'])} {chance.randint(1, 9)}.50" for _ in range(chance.randint(1, 5))]
    report(lines + ([""] if chance.random() < 0.07 else []))
""",
        Truth(("dependency", "input"), "PKG/lines.py", "line.split()[-1]", words=("empty", "amount_of")),
        files={"PKG/lines.py": LINES}, held=True,
    ),
]  # fmt: skip
