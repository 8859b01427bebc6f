"""Packages nobody wrote: functions that use each other across modules, imported in every way there is."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest
from knots import heal

STYLES = (
    "from .{m} import {f}", "from .{m} import {f} as {m}_{f}", "from . import {m}", "from . import {m} as the_{m}",
    "import pkg.{m}", "import pkg.{m} as the_{m}", "from pkg.{m} import {f}", "from pkg import {m}",
)  # fmt: skip
CALLS = ("{f}", "{m}_{f}", "{m}.{f}", "the_{m}.{f}", "pkg.{m}.{f}", "the_{m}.{f}", "{f}", "{m}.{f}")
SHAPES = (
    "def {f}(x):\n{i}    return {e}\n",
    "def {f}(x): return {e}\n",
    'def {f}(x):\n    """About {f}.\n\n    At length.\n    """\n{i}    return {e}\n',
    "def {f}(x):\n    def inner():\n{i}        return {e}\n\n    return inner()\n",
    "def {f}(x):\n    # why\n{i}    return (lambda y: {e})(0)\n",
    "class _{f}:\n    def go(self, x):\n{i}        return {e}\n\n\ndef {f}(x):\n    return _{f}().go(x)\n",
    "def {f}(x):\n{i}    return [{e} for _ in range(1)][0]\n",
    "def {f}(x: {t}) -> 'int':\n{i}    return {e}\n",
    "def _{f}(x, *, n: {t} = None):\n{i}    return {e}\n\n\n{f} = _{f}\n",
)


@dataclass(frozen=True)
class Package:
    """files; names: functions of each module; answers: what each gives for 3."""

    files: dict[str, str | bytes]
    names: dict[str, tuple[str, ...]]
    answers: dict[str, int]


def package_of(seed: int) -> Package:
    """The package of a seed."""
    chance = Random(seed)
    count = chance.randint(2, 4)
    functions = [(f"m{chance.randrange(count)}", f"f{n}") for n in range(chance.randint(4, 9))]
    bodies: dict[str, list[str]] = {f"m{n}": [] for n in range(count)}
    imports: dict[str, list[str]] = {name: [] for name in bodies}
    formulas: dict[str, Callable[[int], int]] = {}
    for number, (module, name) in enumerate(functions):
        called = chance.sample(functions[:number], min(number, chance.randint(0, 3)))
        terms = [f"x * {number + 2}"]
        for other_module, other in called:
            term = f"{other}(x + 1)"
            if other_module != module:
                style = chance.randrange(len(STYLES))
                imports[module].append(STYLES[style].format(m=other_module, f=other))
                term = CALLS[style].format(m=other_module, f=other) + "(x + 1)"
            terms.append(term)
        marker = chance.choice(("int", "object", "'int'", "list['int']"))
        shape = chance.choice(SHAPES)
        bodies[module].append(shape.format(f=name, e=" + ".join(terms), i="", t=marker))
        if called and chance.random() < 0.1:
            bodies[module].append(f"READY_{name} = {name}(1)\n")
        formulas[name] = _formula(number + 2, [other for _, other in called], formulas)
    files: dict[str, str | bytes] = {"pkg/__init__.py": ""}
    for module, texts in bodies.items():
        header = "".join(f"{line}\n" for line in dict.fromkeys(imports[module]))
        files[f"pkg/{module}.py"] = header + ("\n\n" if header else "") + "\n\n".join(texts)
    names = {module: tuple(name for at, name in functions if at == module) for module in bodies}
    return Package(files, names, {name: formula(3) for name, formula in formulas.items()})


def _formula(factor: int, others: list[str], known: dict[str, Callable[[int], int]]) -> Callable[[int], int]:
    return lambda x: x * factor + sum(known[other](x + 1) for other in others)


_RUN = """
import importlib, json, subprocess, sys
if len(sys.argv) == 3:
    module = importlib.import_module("pkg." + sys.argv[1])
    print(json.dumps([getattr(module, name)(3) for name in json.loads(sys.argv[2])]))
else:
    for module, names in json.loads(sys.argv[1]).items():
        done = subprocess.run([sys.executable, "-c", open("../run.py").read(), module, json.dumps(names)],
                              capture_output=True, text=True)
        error = (done.stderr.strip().splitlines() or [""])[-1].partition(":")[0]
        print(done.stdout.strip() if done.returncode == 0 else json.dumps(error))
"""


def answers(package: Package, files: dict[str, bytes]) -> list[Any]:
    """For each module, imported first in a fresh interpreter: what its functions give, or the error."""
    with tempfile.TemporaryDirectory() as directory:
        top = Path(directory) / "top"
        (top / "pkg").mkdir(parents=True)
        (Path(directory) / "run.py").write_text(_RUN)
        for path, data in files.items():
            (top / path).write_bytes(data)
        done = subprocess.run(
            [sys.executable, "-c", _RUN, json.dumps(package.names)], cwd=top, capture_output=True, check=True, text=True
        )
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("seed", range(10))
def test_all_functions_give_what_they_gave(seed: int, make_repo: Callable[..., Any]) -> None:
    package = package_of(seed)
    healed = heal(make_repo, package.files)
    wanted = [[package.answers[name] for name in names] for names in package.names.values()]
    before = answers(package, {path: str(text).encode() for path, text in package.files.items()})
    after = answers(package, healed.after)
    for was, now, want in zip(before, after, wanted, strict=True):
        assert was == want or isinstance(was, str)
        assert now == want or (now == was and not all(found.options for found in healed.investigations))
    repaired = [finding for finding, found in zip(healed.findings, healed.investigations, strict=True) if found.options]
    again = healed.scene.code.with_sources(healed.after)
    assert len(again.cycles()) == len(healed.findings) - len(repaired)
