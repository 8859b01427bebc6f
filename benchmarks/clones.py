"""How well copies of real functions are found: mutated copies are hidden in other files of the same project.

    python benchmarks/clones.py PROJECT... [--copies 300] [--hosts 160] [--seed 7] [--pyscn PATH] [--unrelated]

PROJECT: directories with Python files; tune on some, report others. For each kind of mutation a corpus is made of
real files: half of them give functions (6 to 80 lines, one mutated copy each), the others hide the copies. A copy is
found when one family has a place over at least 60 % of the original's lines and another over 60 % of the copy's.
--unrelated: which share of the pairs reported in the untouched projects has a raw token ratio below 0.4.
--pyscn: a `pyscn` program to be measured on the same corpora.
"""

import argparse
import ast
import contextlib
import difflib
import io
import json
import os
import subprocess
import sys
import tempfile
import tokenize
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from hashlib import sha1
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from gitops_healer.code.clones.index import CloneIndex, CloneOptions, features
from gitops_healer.code.extract import read_source
from gitops_healer.code.fact_store import tokens_of

Function = ast.FunctionDef | ast.AsyncFunctionDef
LEAST_LINES, MOST_LINES = 6, 80
OVERLAP = 0.6
UNRELATED = 0.4
PAIRS_LOOKED_AT = 600


class Span(NamedTuple):
    path: str
    start: int
    end: int

    def covered_by(self, other: "Span") -> bool:
        shared = min(self.end, other.end) - max(self.start, other.start) + 1
        return self.path == other.path and shared >= OVERLAP * (self.end - self.start + 1)


class Corpus(NamedTuple):
    """files: {path: text}; hidden: where each original and its copy stand."""

    files: Mapping[str, str]
    hidden: Sequence[tuple[Span, Span]]


# Mutations. Each takes a function's tree of its own and gives its text.


class Rename(ast.NodeTransformer):
    """Gives other names to what a function binds, and on request to attributes, called names and literals."""

    def __init__(self, chance: Random, node: Function, literals: bool, attributes: float) -> None:
        self._chance = chance
        self._attributes = attributes
        self._literals = literals
        self._names = {name: f"{chance.choice(WORDS)}_{number}" for number, name in enumerate(sorted(bound(node)))}
        self._others: dict[str, str] = {}

    def _other(self, name: str) -> str:
        if name not in self._others:
            changed = self._chance.random() < self._attributes
            self._others[name] = f"{self._chance.choice(WORDS)}{len(self._others)}" if changed else name
        return self._others[name]

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self._names.get(node.id, node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.arg = self._names.get(node.arg, node.arg)
        node.annotation = None
        return node

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        node.name = self._names.get(node.name or "", node.name)
        self.generic_visit(node)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        node.attr = self._other(node.attr)
        self.generic_visit(node)
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if self._literals and isinstance(node.value, str):
            node.value = f"{self._chance.choice(WORDS)} {node.value[::-1]}"
        elif self._literals and type(node.value) in (int, float):
            node.value = node.value + self._chance.randrange(1, 90)
        return node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                part.value = self.visit(part.value)
        return node


WORDS = "alpha bravo cargo delta ember fjord grain haven inlet joker knoll lemur mango noble".split()


def bound(node: Function) -> set[str]:
    """Names that only the function knows; what an object calls itself stays."""
    free = {name for item in ast.walk(node) if isinstance(item, ast.Global | ast.Nonlocal) for name in item.names}
    names = {item.arg for item in ast.walk(node) if isinstance(item, ast.arg)}
    names |= {item.id for item in ast.walk(node) if isinstance(item, ast.Name) and isinstance(item.ctx, ast.Store)}
    names |= {item.name for item in ast.walk(node) if isinstance(item, ast.ExceptHandler) and item.name}
    return names - free - {"self", "cls"}


def renamed(literals: bool, attributes: float) -> Callable[[Function, Random], None]:
    def mutate(node: Function, chance: Random) -> None:
        change = Rename(chance, node, literals, attributes)
        change.visit(node.args)
        node.body = [change.visit(item) for item in node.body]
        node.returns = None
        node.name = f"{chance.choice(WORDS)}_{chance.randrange(10**6)}"

    return mutate


def bodies(node: ast.AST) -> list[list[ast.stmt]]:
    return [
        body
        for item in ast.walk(node)
        for body in (getattr(item, "body", None), getattr(item, "orelse", None), getattr(item, "finalbody", None))
        if isinstance(body, list) and body
    ]


def edit(node: Function, chance: Random) -> None:
    """One change of a kind chosen by chance; kinds that do not fit are passed over."""
    kinds = [insert, delete, replace, swap, operator, wrap]
    chance.shuffle(kinds)
    for kind in kinds:
        if kind(node, chance):
            ast.fix_missing_locations(node)
            return


NEW = (
    "logger.debug('at %s', {0})",
    "count = 0",
    "result = compute({0}, 3)",
    "if not {0}:\n    return None",
    "assert {0} is not None",
    "for item in {0}:\n    handle(item, strict=True)",
)


def new_statement(node: Function, chance: Random) -> ast.stmt:
    names = sorted(bound(node)) or ["self"]
    return ast.parse(chance.choice(NEW).format(chance.choice(names))).body[0]


def insert(node: Function, chance: Random) -> bool:
    body = chance.choice(bodies(node))
    body.insert(chance.randrange(len(body) + 1), new_statement(node, chance))
    return True


def delete(node: Function, chance: Random) -> bool:
    fitting = [body for body in bodies(node) if len(body) > 1]
    if not fitting:
        return False
    body = chance.choice(fitting)
    small = [item for item in body if (item.end_lineno or 0) - item.lineno <= 3]
    if not small:
        return False
    body.remove(chance.choice(small))
    return True


def replace(node: Function, chance: Random) -> bool:
    simple = [
        (body, number)
        for body in bodies(node)
        for number, item in enumerate(body)
        if isinstance(item, ast.Assign | ast.Expr | ast.AugAssign)
    ]
    if not simple:
        return False
    body, number = chance.choice(simple)
    body[number] = new_statement(node, chance)
    return True


def swap(node: Function, chance: Random) -> bool:
    fitting = [body for body in bodies(node) if len(body) > 1]
    if not fitting:
        return False
    body = chance.choice(fitting)
    place = chance.randrange(len(body) - 1)
    body[place], body[place + 1] = body[place + 1], body[place]
    return True


def operator(node: Function, chance: Random) -> bool:
    tests = [item for item in ast.walk(node) if isinstance(item, ast.If | ast.While)]
    compared = [item for item in ast.walk(node) if isinstance(item, ast.Compare)]
    sums = [item for item in ast.walk(node) if isinstance(item, ast.BinOp)]
    if not tests and not compared and not sums:
        return False
    chosen = chance.choice([*tests, *compared, *sums])
    if isinstance(chosen, ast.Compare):
        chosen.ops[0] = chance.choice([ast.Lt(), ast.GtE(), ast.NotEq(), ast.Is(), ast.In()])
    elif isinstance(chosen, ast.BinOp):
        chosen.op = chance.choice([ast.Sub(), ast.Mult(), ast.FloorDiv(), ast.BitOr()])
    elif isinstance(chosen, ast.If | ast.While):
        extra = ast.Name(chance.choice(WORDS), ast.Load())
        chosen.test = ast.BoolOp(chance.choice([ast.And(), ast.Or()]), [chosen.test, extra])
    return True


FRAMES = ("if ready:\n    pass", "try:\n    pass\nexcept ValueError:\n    raise", "with lock:\n    pass")


def wrap(node: Function, chance: Random) -> bool:
    body = chance.choice(bodies(node))
    first = chance.randrange(len(body))
    last = min(len(body), first + chance.randrange(1, 4))
    frame: Any = ast.parse(chance.choice(FRAMES)).body[0]
    frame.body = body[first:last]
    body[first:last] = [frame]
    return True


def edited(times: int, rename: Callable[[Function, Random], None] | None = None) -> Callable[[Function, Random], None]:
    def mutate(node: Function, chance: Random) -> None:
        if rename is not None:
            rename(node, chance)
        for _ in range(times):
            edit(node, chance)

    return mutate


def layout(node: Function, chance: Random) -> None:
    """Nothing but a new docstring; `ast.unparse` does the rest."""
    text = ast.Expr(ast.Constant(f"{chance.choice(WORDS)} and {chance.choice(WORDS)}."))
    if chance.random() < 0.5:
        node.body.insert(0, text)


ALL = renamed(literals=True, attributes=0.0)
MUTATIONS: dict[str, Callable[[Function, Random], None]] = {
    "1 layout, comments, docstring": layout,
    "2 locals, parameters, name": renamed(literals=False, attributes=0.0),
    "2 and literals": ALL,
    "2 and half of the attributes": renamed(literals=True, attributes=0.5),
    "3 one edit": edited(1),
    "3 renamed, one edit": edited(1, ALL),
    "3 renamed, three edits": edited(3, ALL),
    "3 half of the attributes, one edit": edited(1, renamed(literals=True, attributes=0.5)),
}


def mutated(node: Function, mutate: Callable[[Function, Random], None], chance: Random) -> str:
    copy: Any = ast.parse(ast.unparse(node)).body[0]
    if ast.get_docstring(copy) is not None and len(copy.body) > 1:
        del copy.body[0]
    mutate(copy, chance)
    lines = ast.unparse(ast.fix_missing_locations(copy)).split("\n")
    if mutate is layout:
        lines = [text for line in lines for text in commented(line, chance)]
    return "\n".join(lines)


def commented(line: str, chance: Random) -> Iterator[str]:
    if "'''" not in line and '"""' not in line and chance.random() < 0.2:
        yield f"# {chance.choice(WORDS)}"
        yield ""
    yield line


# Corpora


def read_project(root: Path) -> dict[str, str]:
    found = {}
    for path in sorted(root.rglob("*.py")):
        try:
            text = path.read_text("utf-8")
            ast.parse(text)
        except (SyntaxError, ValueError, OSError, RecursionError):
            continue
        if "\f" not in text and len(text) < 200_000:
            found[path.relative_to(root).as_posix()] = text
    return found


@cache
def functions_of(path: str, text: str) -> list[tuple[Span, Function]]:
    """Functions of the wanted size, none inside of another."""
    return list(_functions_of(path, text))


def _functions_of(path: str, text: str) -> Iterator[tuple[Span, Function]]:
    for node in ast.walk(ast.parse(text)):
        for item in getattr(node, "body", ()) if isinstance(node, ast.Module | ast.ClassDef) else ():
            if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef):
                bare = ast.unparse(item).count("\n") + 1
                documented = (ast.get_docstring(item, clean=False) or "").count("\n") + 1
                if bare - documented >= LEAST_LINES and bare <= MOST_LINES:
                    yield Span(path, item.lineno, item.end_lineno or item.lineno), item


def hide(files: Mapping[str, str], copies: int, hosts: int, mutate: Any, chance: Random) -> Corpus:
    """Copies of functions of one half of the files in the other half."""
    paths = sorted(files)
    chance.shuffle(paths)
    half = len(paths) // 2
    functions = [item for path in paths[:half] for item in functions_of(path, files[path])]
    chosen = chance.sample(functions, min(copies, len(functions)))
    targets = [path for path in paths[half:] if files[path].strip()][:hosts]
    inserts: dict[str, list[tuple[int, str, Span]]] = {}
    for span, node in chosen:
        host = chance.choice(targets)
        gaps = [item.end_lineno or 0 for item in ast.parse(files[host]).body] or [0]
        inserts.setdefault(host, []).append((chance.choice(gaps), mutated(node, mutate, chance), span))
    result, hidden = {path: files[path] for path in paths[: half + hosts]}, []
    for host, items in inserts.items():
        result[host], placed = inserted(host, files[host], items)
        hidden += placed
    return Corpus(result, hidden)


def inserted(host: str, text: str, items: list[tuple[int, str, Span]]) -> tuple[str, list[tuple[Span, Span]]]:
    lines, placed = text.split("\n"), []
    for number, (line, copy, span) in enumerate(sorted(items)):
        added = copy.split("\n")
        start = line + sum(len(other.split("\n")) for _, other, _ in sorted(items)[:number])
        lines[start:start] = added
        placed.append((span, Span(host, start + 1, start + len(added))))
    return "\n".join(lines), placed


# Detectors


class Group(NamedTuple):
    kind: int
    similarity: float
    places: Sequence[Span]


def own(files: Mapping[str, str]) -> list[Group]:
    blobs = {path: sha1(text.encode()).hexdigest() for path, text in files.items()}
    made = {blobs[path]: features(tokens_of(read_source(text.encode()))) for path, text in files.items()}
    index = CloneIndex(CloneOptions())
    index.update((), made)
    paths: dict[str, list[str]] = {}
    for path, blob in blobs.items():
        paths.setdefault(blob, []).append(path)
    return [
        Group(2 if family.exact else 3, family.similarity, [Span(p.path, p.start, p.end) for p in family.places])
        for family in index.families(paths)
    ]


def pyscn(program: str) -> Callable[[Mapping[str, str]], list[Group]]:
    def run(files: Mapping[str, str]) -> list[Group]:
        with tempfile.TemporaryDirectory() as name:
            for number, (_, text) in enumerate(sorted(files.items())):
                (Path(name) / f"module{number}.py").write_text(text)
            names = {f"module{number}.py": path for number, path in enumerate(sorted(files))}
            subprocess.run(
                [program, "analyze", "--select", "clones", "--json", "--no-open", "."],
                cwd=name, check=False, capture_output=True,
            )  # fmt: skip
            (report,) = (Path(name) / ".pyscn" / "reports").glob("*.json")
            return pyscn_groups(json.loads(report.read_text()), names)

    return run


def pyscn_groups(report: dict[str, Any], names: Mapping[str, str]) -> list[Group]:
    def span(item: dict[str, Any]) -> Span:
        place = item["location"]
        return Span(names[Path(place["file_path"]).name], place["start_line"], place["end_line"])

    pairs = (report.get("clone") or {}).get("clone_pairs") or []
    return [Group(pair["type"], pair["similarity"], [span(pair["clone1"]), span(pair["clone2"])]) for pair in pairs]


# Measures


def found(groups: Iterable[Group], original: Span, copy: Span) -> bool:
    return any(
        any(original.covered_by(place) for place in group.places)
        and any(copy.covered_by(place) for place in group.places)
        for group in groups
    )


def recall(corpus: Corpus, groups: Sequence[Group]) -> list[bool]:
    by_path: dict[str, list[Group]] = {}
    for group in groups:
        for path in {place.path for place in group.places}:
            by_path.setdefault(path, []).append(group)
    return [found(by_path.get(copy.path, ()), original, copy) for original, copy in corpus.hidden]


def raw_tokens(text: str) -> list[str]:
    skipped = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    found: list[str] = []
    with contextlib.suppress(tokenize.TokenError, SyntaxError, IndentationError):
        found += [
            item.string for item in tokenize.generate_tokens(io.StringIO(text).readline) if item.type not in skipped
        ]
    return found


def raw_ratio(files: Mapping[str, str], one: Span, two: Span) -> float:
    sides = []
    for span in (one, two):
        lines = files[span.path].split("\n")[span.start - 1 : span.end]
        indent = len(lines[0]) - len(lines[0].lstrip())
        sides.append(raw_tokens("\n".join(line[indent:] for line in lines)))
    return difflib.SequenceMatcher(None, *sides, autojunk=False).ratio()


def pairs_of(groups: Iterable[Group], chance: Random) -> list[tuple[Group, Span, Span]]:
    """Pairs of each family, two places drawn at a time so that large families do not outvote the others."""
    pairs = []
    for group in groups:
        places = list(group.places)
        for _ in range(min(3, len(places) - 1)):
            one, two = chance.sample(places, 2)
            pairs.append((group, one, two))
    return pairs


def unrelated(files: Mapping[str, str], groups: Sequence[Group], show: int = 0) -> tuple[int, int]:
    """(pairs with a raw token ratio below the limit, pairs looked at)."""
    chance = Random(5)
    pairs = pairs_of(groups, chance)
    chosen = chance.sample(pairs, min(PAIRS_LOOKED_AT, len(pairs)))
    bad = [(group, one, two) for group, one, two in chosen if raw_ratio(files, one, two) < UNRELATED]
    for group, one, two in bad[:show]:
        print(f"    {group.similarity:.2f} {one.path}:{one.start}-{one.end}  {two.path}:{two.start}-{two.end}")
    return len(bad), len(chosen)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("projects", nargs="+", type=Path)
    parser.add_argument("--copies", type=int, default=300)
    parser.add_argument("--hosts", type=int, default=160)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--pyscn", default="")
    parser.add_argument("--unrelated", action="store_true")
    parser.add_argument("--show", type=int, default=0)
    options = parser.parse_args()
    tools: dict[str, Any] = {"healer": own}
    if options.pyscn:
        tools["pyscn"] = pyscn(options.pyscn)
    for root in options.projects:
        files = read_project(root)
        print(f"{root.name}: {len(files)} files")
        for name, mutate in MUTATIONS.items():
            measure(name, hide(files, options.copies, options.hosts, mutate, Random(options.seed)), tools)
        if options.unrelated:
            for tool, families in tools.items():
                groups = families(files)
                bad, all_ = unrelated(files, groups, options.show)
                print(f"  {tool}: {len(groups)} families, clearly unrelated {bad} of {all_} pairs")


def cpu_seconds() -> float:
    """Of this process and of those it ran."""
    return sum(os.times()[:4])


def measure(name: str, corpus: Corpus, tools: Mapping[str, Any]) -> None:
    row = []
    for tool, families in tools.items():
        began = cpu_seconds()
        hits = recall(corpus, families(corpus.files))
        row.append(f"{tool} {sum(hits) / len(hits):.3f} ({cpu_seconds() - began:.1f} s)")
    print(f"  {name:36} {len(corpus.hidden)} copies in {len(corpus.files)} files: {'   '.join(row)}")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
