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

CANVAS = """
CANVAS = 40_000_000


@tool
def poster(title):
    canvas = bytearray(CANVAS)
    canvas[: len(title)] = title.encode()
    return len(title)
"""
HANDLES = """
import os


@tool
def checksum(name):
    with open(os.devnull, "rb") as file:
        return len(name) + len(file.read())
"""

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
    fault(
        "environment", "memory", "PKG.posters:poster", CANVAS,
        """
import resource
from pathlib import Path
from PKG.posters import poster

SOFT, HARD = resource.getrlimit(resource.RLIMIT_AS)
USED = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()

def step(chance, moment, number):
    low = moment.day in (10, 11, 16)
    resource.setrlimit(resource.RLIMIT_AS, (USED + 20_000_000 if low else SOFT, HARD))
    try:
        poster(chance.choice(["one", "two"]))
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (SOFT, HARD))
""",
        Truth(("environment",), "PKG/posters.py", "bytearray(CANVAS)", words=("memory",)), rate=12, held=True,
    ),
    fault(
        "environment", "too-many-files", "PKG.sums_of_files:checksum", HANDLES,
        """
import os, resource
from PKG.sums_of_files import checksum

SOFT, HARD = resource.getrlimit(resource.RLIMIT_NOFILE)

def step(chance, moment, number):
    full = moment.day in (9, 14) and moment.hour >= 12
    checksum("warm")
    resource.setrlimit(resource.RLIMIT_NOFILE, (3 if full else SOFT, HARD))
    try:
        checksum(chance.choice(["a", "b", "c"]))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (SOFT, HARD))
""",
        Truth(("environment",), "PKG/sums_of_files.py", "open(os.devnull", words=("files", "limit")), held=True,
    ),
]  # fmt: skip
