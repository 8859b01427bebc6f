"""How well and how fast functions are followed through history, beside `git log -L` and `git log --follow`.

    python benchmarks/history.py synthetic [--seed N] [--steps N] [--functions N]
    python benchmarks/history.py size [--commits N]
    python benchmarks/history.py truth REPOSITORY FILE

synthetic: takes functions of the standard library, and does to them in random order what people do (edit, rewrite half
of it, rename, move to another file, into a class and out of it, rename the file, reword, delete and bring back, break
the syntax elsewhere), one to three at once, so that the truth is known. A version is found when its commit is named.
size: a history of N commits in a tree of 400 files, of which every 500th touches the function.
truth: FILE holds JSON, {"pkg.mod:name": ["commit subject kind", ...]}, oldest first, written by hand.
"""

import argparse
import ast
import difflib
import inspect
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

from gitops_healer.adapters.repository import open_repository
from gitops_healer.code.history import Trace

SOURCES = ("textwrap", "shlex", "fnmatch", "bisect", "heapq", "statistics", "csv", "calendar", "string", "gettext",
           "ast", "inspect", "tokenize", "shutil", "zipfile", "tarfile", "argparse", "pickle", "optparse")  # fmt: skip
WORDS = "amount batch cursor detail entry factor gauge handle index joint keeper ledger margin number offset".split()


@dataclass
class Tracked:
    """One function as it is now. truth: commits that made its versions, oldest first."""

    path: str
    owner: str
    name: str
    text: str
    truth: list[str] = field(default_factory=list)

    @property
    def symbol(self) -> str:
        return f"{self.owner}.{self.name}" if self.owner else self.name


class World:
    """A work tree of functions and what happens to them."""

    def __init__(self, root: Path, seed: int) -> None:
        self.root, self.random = root, random.Random(seed)
        self.broken: set[str] = set()
        self.count = 0
        git(root, "init", "-q", "-b", "main")
        git(root, "config", "user.name", "B")
        git(root, "config", "user.email", "b@example.org")
        git(root, "config", "gc.auto", "0")
        (root / ".git/info").mkdir(exist_ok=True)
        (root / ".git/info/attributes").write_text("*.py diff=python\n")
        texts = self.random.sample(functions(), 80)
        self.functions = [Tracked(f"pkg/m{n % 8}.py", "", name, text) for n, (name, text) in enumerate(texts)]
        self.deleted: list[Tracked] = []
        self.done: Counter[str] = Counter()

    def write(self) -> None:
        for old in (self.root / "pkg").glob("*.py"):
            old.unlink()
        (self.root / "pkg").mkdir(exist_ok=True)
        for path in {one.path for one in self.functions}:
            here = [one for one in self.functions if one.path == path]
            parts = ["import os", *(one.text for one in here if not one.owner)]
            for owner in sorted({one.owner for one in here if one.owner}):
                inner = ("\n".join(f"    {line}" if line else "" for line in one.text.splitlines())
                         for one in here if one.owner == owner)  # fmt: skip
                parts.append(f"class {owner}:\n" + "\n\n".join(inner))
            if path in self.broken:
                parts.append("def unfinished(:\n    pass")
            (self.root / path).write_text("\n\n\n".join(parts) + "\n")

    def commit(self, message: str) -> str:
        self.write()
        self.count += 1
        date = f"{1_600_000_000 + self.count * 60} +0000"
        git(self.root, "add", "-A")
        git(self.root, "commit", "-q", "--allow-empty", "-m", message, GIT_COMMITTER_DATE=date, GIT_AUTHOR_DATE=date)
        return git(self.root, "rev-parse", "HEAD")

    # What people do; each says which functions have a new version

    def edit(self, one: Tracked) -> list[Tracked]:
        lines = one.text.splitlines()
        body = [n for n, line in enumerate(lines) if line.startswith("    ") and line.strip() and n > 0]
        place = self.random.choice(body)
        space = lines[place][: len(lines[place]) - len(lines[place].lstrip())]
        word = self.random.choice(WORDS)
        tried = [*lines[:place], f"{space}{word} = os.getenv({word!r})", *lines[place:]]
        if not parses("\n".join(tried)):
            return []
        one.text = "\n".join(tried)
        return [one]

    def rewrite(self, one: Tracked) -> list[Tracked]:
        """Up to as many edits as it has lines, so that half of it may be new."""
        return [done for _ in range(self.random.randint(2, len(one.text.splitlines()))) for done in self.edit(one)][:1]

    def rename(self, one: Tracked) -> list[Tracked]:
        new = f"{self.random.choice(WORDS)}_{self.count}_{self.random.randrange(999)}"
        one.text = one.text.replace(f"def {one.name}(", f"def {new}(", 1)
        one.name = new
        return [one]

    def move(self, one: Tracked) -> list[Tracked]:
        target = f"pkg/m{self.random.randrange(12)}.py"
        if target == one.path or any(o.path == target and o.symbol == one.name for o in self.functions):
            return []
        one.path, one.owner = target, ""
        return [one]

    def rewrap(self, one: Tracked) -> list[Tracked]:
        one.owner = "" if one.owner else self.random.choice(["Left", "Right"])
        return [one]

    def rename_file(self, one: Tracked) -> list[Tracked]:
        new, old = f"pkg/n{self.count}.py", one.path
        moved = [other for other in self.functions if other.path == old]
        for other in moved:
            other.path = new
        self.broken.discard(old)
        return moved

    def reword(self, one: Tracked) -> list[Tracked]:
        one.text = one.text.replace("\n", f"\n    # {self.random.choice(WORDS)} {self.count}\n", 1) \
            if parses(one.text.replace("\n", "\n    # x\n", 1)) else one.text  # fmt: skip
        return []

    def break_syntax(self, one: Tracked) -> list[Tracked]:
        self.broken ^= {one.path}
        return []

    def delete(self, one: Tracked) -> list[Tracked]:
        if len(self.functions) > 40 and sum(o.path == one.path for o in self.functions) > 1:
            self.functions.remove(one)
            self.deleted.append(one)
        return []

    def restore(self, one: Tracked) -> list[Tracked]:
        back = [d for d in self.deleted if any(o.path == d.path for o in self.functions)]
        if not back:
            return []
        again = self.random.choice(back)
        self.deleted.remove(again)
        self.functions.append(again)
        return [again]

    def step(self) -> None:
        acts = {
            self.edit: 10, self.rewrite: 2, self.rename: 4, self.move: 4, self.rewrap: 2, self.rename_file: 1,
            self.reword: 4, self.break_syntax: 1, self.delete: 1, self.restore: 2,
        }  # fmt: skip
        touched: list[Tracked] = []
        for _ in range(self.random.choice([1, 1, 2, 3])):
            act = self.random.choices(list(acts), list(acts.values()))[0]
            one = self.random.choice(self.functions)
            changed = act(one)
            if changed and act in (self.rename, self.move, self.rewrap) and self.random.random() < 0.4:
                changed += self.random.choice([self.edit, self.edit, self.rewrite])(one)
            self.done[act.__name__] += bool(changed) or act.__name__ in ("reword", "break_syntax", "delete")
            touched += changed
        commit = self.commit("work")
        for one in {id(one): one for one in touched}.values():
            one.truth.append(commit)


def synthetic(seed: int, steps: int, sample: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder), seed)
        first = world.commit("first")
        for one in world.functions:
            one.truth.append(first)
        for _ in range(steps):
            world.step()
        repository, head = open_repository(Path(folder)), git(world.root, "rev-parse", "HEAD")
        scores = {name: [0, 0, 0, 0.0] for name in ("ours", "git log -L", "git log --follow")}
        for one in world.random.sample(world.functions, min(sample, len(world.functions))):
            truth = set(one.truth)
            for name, find in (
                ("ours", lambda o=one: {s.commit for s in Trace(repository, head).steps(o.path, o.symbol)
                                        if s.kind.is_version}),
                ("git log -L", lambda o=one: listed(world.root, "-s", f"-L:def {o.name}(:{o.path}")),
                ("git log --follow", lambda o=one: listed(world.root, "--follow", "--", o.path)),
            ):  # fmt: skip
                began = time.perf_counter()
                found = find()
                add(scores[name], truth, found, time.perf_counter() - began)
        print(f"seed {seed}: {world.count} commits, did {dict(world.done)}")
        for name, (hit, want, said, seconds) in scores.items():
            print(f"  {name:18} recall {hit / want:6.1%}  precision {hit / max(said, 1):6.1%}  of {want} versions  "
                  f"{seconds * 1000 / min(sample, len(world.functions)):7.1f} ms a function")  # fmt: skip


def size(commits: int) -> None:
    """By `git fast-import`: the function changes in every 500th commit."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        git(root, "init", "-q", "-b", "main")
        stream = []
        for number in range(commits):
            message = f"commit refs/heads/main\ncommitter B <b@example.org> {1_500_000_000 + number * 60} +0000\n"
            text = f"def f(x):\n    return x + {number // 500}\n" if number % 500 == 0 else f"x = {number}\n"
            path = "src/pkg/mod.py" if number % 500 == 0 else f"src/pkg/sub{number % 20}/file{number % 400}.py"
            stream.append(f"{message}data 1\nw\nM 100644 inline {path}\ndata {len(text)}\n{text}\n")
        subprocess.run(["git", "fast-import", "--quiet"], cwd=root, input="".join(stream).encode(), check=True)
        repository, head = open_repository(root), git(root, "rev-parse", "HEAD")
        began = time.perf_counter()
        found = Trace(repository, head).steps("src/pkg/mod.py", "f")
        ours = time.perf_counter() - began
        began = time.perf_counter()
        theirs = listed(root, "-s", "-L:def f:src/pkg/mod.py")
        other = time.perf_counter() - began
        print(f"{commits:,} commits: ours {len(found)} versions in {ours:.2f} s ({ours / commits * 1e6:.0f} us each)")
        print(f"  git log -L {len(theirs)} versions in {other:.2f} s")


def against_truth(path: Path, file: Path) -> None:
    repository = open_repository(path)
    head = repository.resolve("HEAD")
    assert head is not None
    hit = said = want = 0
    for tool, truth in json.loads(file.read_text()).items():
        module, _, symbol = tool.partition(":")
        steps = Trace(repository, head).steps(module.replace(".", "/") + ".py", symbol)
        found = [f"{repository.commit(s.commit).message.strip()} {s.kind.value}" for s in steps if s.kind.is_version]
        hit, said, want = hit + len(set(found) & set(truth)), said + len(found), want + len(truth)
        print(tool, "as by hand" if found[::-1] == truth else "\n".join(difflib.ndiff(truth, found[::-1])))
    print(f"recall {hit}/{want}, precision {hit}/{said}")


def functions() -> list[tuple[str, str]]:
    """(name, text) of functions at the top of modules of the standard library, with a body worth following."""
    found = {}
    for module in map(import_module, SOURCES):
        source = inspect.getsource(module)
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("__") and not node.decorator_list:
                if ast.get_docstring(node) is not None:
                    node.body = node.body[1:] or [ast.Pass()]  # an edit must not fall into it: that is no version
                bare = ast.unparse(node)
                if 4 <= bare.count("\n") <= 40:
                    found[node.name] = bare
    return sorted(found.items())


def parses(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


def add(score: list[float], truth: set[str], found: set[str], seconds: float) -> None:
    for place, value in enumerate((len(truth & found), len(truth), len(found), seconds)):
        score[place] += value


def listed(root: Path, *arguments: str) -> set[str]:
    done = subprocess.run(["git", "log", "--format=%H", *arguments], cwd=root, capture_output=True, text=True)
    return {line for line in done.stdout.splitlines() if len(line) == 40}


def git(root: Path, *arguments: str, **env: str) -> str:
    import os

    done = subprocess.run(
        ["git", *arguments], cwd=root, check=True, capture_output=True, text=True, env={**os.environ, **env}
    )
    return done.stdout.strip()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds = parser.add_subparsers(dest="kind", required=True)
    one = kinds.add_parser("synthetic")
    one.add_argument("--seed", type=int, default=1)
    one.add_argument("--steps", type=int, default=150)
    one.add_argument("--functions", type=int, default=40)
    kinds.add_parser("size").add_argument("--commits", type=int, default=20_000)
    two = kinds.add_parser("truth")
    two.add_argument("repository", type=Path)
    two.add_argument("file", type=Path)
    given = parser.parse_args()
    match given.kind:
        case "synthetic":
            synthetic(given.seed, given.steps, given.functions)
        case "size":
            size(given.commits)
        case "truth":
            against_truth(given.repository, given.file)


if __name__ == "__main__":
    sys.exit(main())
