"""The machine: files, permissions, settings, memory."""

from faults.model import Truth, fault

LETTER = """
from pathlib import Path

FOLDER = Path("/nonexistent-folder-of-templates")


@tool
def letter(kind, name):
    text = (FOLDER / f"{kind}.txt").read_text()
    return len(text) + len(name)
"""
SETTING = """
import os


@tool
def endpoint(path):
    base = os.environ["SERVICE_BASE"]
    return base + path
"""
DISK = '''
import os

TARGET = os.devnull


@tool
def append(entry):
    """To the log of visits."""
    with open(TARGET, "w") as log:
        log.write(entry)
        log.flush()
    return len(entry)
'''

VARIANTS = [
    fault(
        "environment", "no-setting", "PKG.endpoints:endpoint", SETTING,
        """
import os
from PKG.endpoints import endpoint

def step(chance, moment, number):
    os.environ["SERVICE_BASE"] = "https://x.example.org"
    if chance.random() < 0.12 and moment.day > 8:  # one of several machines
        del os.environ["SERVICE_BASE"]
    endpoint(chance.choice(["/a", "/b", "/c"]))
""",
        Truth(("environment",), "PKG/endpoints.py", 'os.environ["SERVICE_BASE"]', words=("SERVICE_BASE",)),
    ),
    fault(
        "environment", "disk-full", "PKG.visits:append", DISK,
        """
from PKG import visits

def step(chance, moment, number):
    visits.TARGET = "/dev/full" if moment.day in (12, 13) else "/dev/null"
    visits.append(chance.choice(["in", "out"]))
""",
        Truth(("environment",), "PKG/visits.py", "", words=("space", "disk")),
    ),
    fault(
        "environment", "missing-file", "PKG.letters:letter", LETTER,
        """
import pathlib, tempfile
from PKG import letters

HERE = tempfile.TemporaryDirectory()
GOOD = pathlib.Path(HERE.name)
(GOOD / "thanks.txt").write_text("Thank you")

def step(chance, moment, number):
    letters.FOLDER = pathlib.Path("/mnt/templates") if chance.random() < 0.1 else GOOD
    letters.letter("thanks", chance.choice(["Ann", "Bo"]))
""",
        Truth(("environment",), "PKG/letters.py", "read_text()", words=("/mnt/templates",)), held=True,
    ),
]  # fmt: skip
