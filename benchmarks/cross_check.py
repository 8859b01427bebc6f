"""Our import edges against grimp's and our cyclomatic numbers against radon's, on real projects.

    python benchmarks/cross_check.py --work DIRECTORY [--ready DIRECTORY] [celery django sqlalchemy pydantic flask ...]

Every difference is put into a class, and each class says who is right and why. What has no class is printed under
"not explained", and the exit code is then 1.
"""

import argparse
import ast
import json
import subprocess
import sys
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from corpora import RECIPES, Recipe, add_places, corpus, environment, scan

from gitops_healer.adapters.cache import MemoryCache
from gitops_healer.adapters.repository import open_repository
from gitops_healer.code.graph import EdgeKind
from gitops_healer.code.model import CodeModel

PEERS = ("grimp==3.20", "radon==6.0.1")
EXAMPLES = 3
UNEXPLAINED = "not explained"
BOUND = "the package binds the name itself, so its submodule of that name is not what is imported (grimp takes that)"
DEFAULT = ("celery", "django", "sqlalchemy", "pydantic", "flask", "requests", "ansible")

GRIMP = """
import json, sys, grimp
sys.path.insert(0, sys.argv[1])
found = {}
for leave_out in (False, True):
    graph = grimp.build_graph(sys.argv[2], exclude_type_checking_imports=leave_out, cache_dir=None)
    found[str(leave_out)] = sorted(
        [importer, imported] for importer in graph.modules
        for imported in graph.find_modules_directly_imported_by(importer)
    )
print(json.dumps({"modules": sorted(graph.modules), "edges": found}))
"""
RADON = """
import json, sys, warnings
from pathlib import Path
from radon.visitors import ComplexityVisitor
warnings.simplefilter("ignore")
def functions(found):
    for one in found:
        yield one
        yield from functions(one.closures)
def methods(classes):
    for one in classes:
        yield from functions(one.methods)
        yield from methods(one.inner_classes)
answer = {}
for path in sys.stdin.read().split("\\0"):
    try:
        seen = ComplexityVisitor.from_code((Path(sys.argv[1]) / path).read_bytes())
    except Exception as error:
        answer[path] = type(error).__name__
    else:
        every = [*functions(seen.functions), *methods(seen.classes)]
        answer[path] = [[one.name, one.lineno, one.complexity] for one in every]
print(json.dumps(answer))
"""


class Difference(NamedTuple):
    """reason: its class; example: the place, and what each of the two says."""

    reason: str
    example: str


# Import edges


class Imports(NamedTuple):
    """What the reasons of a difference are looked up in. own: kinds of each edge between dotted names."""

    model: CodeModel
    own: dict[tuple[str, str], set[EdgeKind]]
    their_modules: frozenset[str]
    path_of: dict[str, str]


def read_imports(repository: Path, recipe: Recipe, their_modules: Iterable[str]) -> Imports:
    git = open_repository(repository)
    head = git.resolve("HEAD") or sys.exit(f"{repository} has no commit")
    model = CodeModel(git.files(head), git.read_blob, MemoryCache())
    inside = f"{recipe.root}/{recipe.package}/".removeprefix("/")
    own: dict[tuple[str, str], set[EdgeKind]] = defaultdict(set)
    names = {module.path: module.name for module in model.modules() if module.path.startswith(inside)}
    for edge in model.edges():
        if edge.source in names and edge.target in names:
            own[names[edge.source], names[edge.target]].add(edge.kind)
    return Imports(model, own, frozenset(their_modules), {name: path for path, name in names.items()})


def edge_differences(imports: Imports, theirs: set[tuple[str, str]], kinds: set[EdgeKind]) -> Iterator[Difference]:
    ours = {edge for edge, found in imports.own.items() if found & kinds}
    for edge in sorted(ours - theirs):
        yield Difference(f"only ours: {reason_for_ours(imports, edge)}", " -> ".join(edge))
    for edge in sorted(theirs - ours):
        yield Difference(f"only grimp: {reason_for_theirs(imports, edge)}", " -> ".join(edge))


def reason_for_ours(imports: Imports, edge: tuple[str, str]) -> str:
    if not set(edge) <= imports.their_modules:
        return "one end lies in a folder without __init__.py, which grimp does not read"
    if "*" in names_taken(imports, edge[0]):
        return "`from package import *` imports the submodules that the package's __all__ lists; grimp does not look"
    source, package = edge
    if any(
        f"{package}.{name}" in imports.their_modules for name in names_taken(imports, source) & bound(imports, package)
    ):
        return BOUND
    return UNEXPLAINED


def reason_for_theirs(imports: Imports, edge: tuple[str, str]) -> str:
    source, target = edge
    if source == target:
        return "a module that imports itself is no edge for us"
    if EdgeKind.PACKAGE in imports.own.get(edge, ()):
        return "a package that is only passed through (a submodule that is not there, or a bare `import`)"
    package, _, name = target.rpartition(".")
    if name in names_taken(imports, source) & bound(imports, package):
        return BOUND
    return UNEXPLAINED


def names_taken(imports: Imports, module: str) -> set[str]:
    """What the `from` statements of a module name, read here anew."""
    nodes = ast.walk(source_of(imports, module))
    return {alias.name for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names}


def bound(imports: Imports, package: str) -> set[str]:
    """What a package binds anywhere by definitions, assignments and `from` statements, read here anew."""
    found = set()
    for node in ast.walk(source_of(imports, package)):
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.Name(id=name, ctx=ast.Store()):
                found.add(name)
            case ast.ImportFrom(names=names):
                found |= {alias.asname or alias.name for alias in names}
    return found


def source_of(imports: Imports, module: str) -> ast.Module:
    return parsed(imports.model.source(imports.path_of[module]) or b"")


# Cyclomatic numbers


def number_differences(
    functions: list[dict[str, Any]], theirs: list[tuple[str, int, int]], source: bytes, path: str
) -> Iterator[Difference]:
    """ours: rows of the scan; theirs: (name, line of `def`, number)."""
    by_name: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in functions:
        by_name[row["name"].rpartition(".")[2]].append(row)
    matched = set()
    for name, line, number in theirs:
        around = [row for row in by_name[name] if row["start"] <= line <= row["end"]]
        if not around:
            yield Difference(f"only radon: {UNEXPLAINED}", f"{path}:{line} {name}")
            continue
        row = max(around, key=lambda item: item["start"])
        matched.add(id(row))
        if row["cyclomatic"] != number:
            reason = reason_for_number(source, name, line)
            yield Difference(f"number: {reason}", f"{path}:{line} {name}: ours {row['cyclomatic']}, radon {number}")
    for row in functions:
        if id(row) not in matched:
            reason = reason_for_absence(source, row["name"].rpartition(".")[2], row["end"])
            yield Difference(f"only ours: {reason}", f"{path}:{row['start']} {row['name']}")


def reason_for_number(source: bytes, name: str, line: int) -> str:
    around = with_ancestors(parsed(source))
    node = next(node for node, _ in around if is_function(node) and (node.name, node.lineno) == (name, line))
    if any(isinstance(inner, ast.TryStar) for inner in ast.walk(node)):
        return "radon does not know `except*`; its handlers are branches like those of `except`"
    return UNEXPLAINED


def reason_for_absence(source: bytes, name: str, end: int) -> str:
    """Why radon does not report a function."""
    for node, above in with_ancestors(parsed(source)):
        if is_function(node) and (node.name, node.end_lineno) == (name, end):
            kinds = ["function" if is_function(item) else "class" for item in above]
            if "class" in kinds[kinds.index("function") :] if "function" in kinds else False:
                return "a method of a class inside a function: radon reports none of them"
            if any(isinstance(item, ast.ClassDef) for item in above):
                return "a method of a class that radon does not descend into (below a statement of another class)"
    return UNEXPLAINED


def reason_for_failure(error: str) -> str:
    if error == "RecursionError":
        return "radon walks the tree by recursion, which ends at Python's limit; we do not"
    return f"{UNEXPLAINED}: radon fails with {error}"


def with_ancestors(tree: ast.AST) -> Iterator[tuple[Any, tuple[ast.AST, ...]]]:
    """Each node with the functions and classes around it, outermost first."""
    waiting: list[tuple[ast.AST, tuple[ast.AST, ...]]] = [(tree, ())]
    while waiting:
        node, above = waiting.pop()
        yield node, above
        inner = (*above, node) if is_function(node) or isinstance(node, ast.ClassDef) else above
        waiting += ((child, inner) for child in ast.iter_child_nodes(node))


def is_function(node: Any) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


def parsed(source: bytes) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source)


# The tables


def check_edges(name: str, repository: Path, python: Path) -> list[Difference]:
    recipe = RECIPES[name]
    answer = asked(python, GRIMP, str(repository / recipe.root), recipe.package)
    imports = read_imports(repository, recipe, answer["modules"])
    found: list[Difference] = []
    for leave_out, kinds in (("False", {EdgeKind.LOAD, EdgeKind.LAZY, EdgeKind.TYPING}),
                             ("True", {EdgeKind.LOAD, EdgeKind.LAZY})):  # fmt: skip
        theirs = {(importer, imported) for importer, imported in answer["edges"][leave_out]}
        differences = list(edge_differences(imports, theirs, kinds))
        only_theirs = sum(item.reason.startswith("only grimp") for item in differences)
        which = "without TYPE_CHECKING" if leave_out == "True" else "all"
        print(f"{name:11} {which:22} equal {len(theirs) - only_theirs:6,}   differ {len(differences):4}")
        found += differences
    load = sum(EdgeKind.LOAD in kinds for kinds in imports.own.values())
    print(f"{name:11} {'at load time (ours)':22}       {load:6,}   of grimp's {len(answer['edges']['True']):,}")
    return found


def check_numbers(name: str, repository: Path, python: Path) -> list[Difference]:
    modules = scan(repository)["modules"]
    answer = asked(python, RADON, str(repository), stdin="\0".join(modules))
    found, equal = [], 0
    for path, module in modules.items():
        theirs = answer[path]
        if isinstance(theirs, str) or not module["analyzable"]:
            if isinstance(theirs, str) and module["analyzable"]:
                found.append(Difference(f"files: {reason_for_failure(theirs)}", path))
            continue
        differences = list(number_differences(module["functions"], theirs, (repository / path).read_bytes(), path))
        equal += len(theirs) - sum(item.reason.startswith(("number", "only radon")) for item in differences)
        found += differences
    wrong = sum(item.reason.startswith(("number", "only radon")) for item in found)
    ours = sum(item.reason.startswith("only ours") for item in found)
    print(f"{name:11} functions of both: equal {equal:6,}   differ {wrong:4}   only ours {ours:4}")
    return found


def asked(python: Path, program: str, *arguments: str, stdin: str = "") -> Any:
    """What a program says in the environment of the peers."""
    done = subprocess.run([str(python), "-c", program, *arguments], input=stdin.encode(), check=True,
                          stdout=subprocess.PIPE)  # fmt: skip
    return json.loads(done.stdout)


def explain(title: str, names: Iterable[str], check: Callable[[str], list[Difference]]) -> int:
    """Print one table and the classes of its differences; returns how many are not explained."""
    print(f"\n{title}")
    found = [item for name in names for item in check(name)]
    for reason, times in Counter(item.reason for item in found).most_common():
        print(f"  {times:5,}  {reason}")
        examples = dict.fromkeys(item.example for item in found if item.reason == reason)
        for example in list(examples)[:EXAMPLES]:
            print(f"         {example}")
    return sum(UNEXPLAINED in item.reason for item in found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=DEFAULT, metavar="NAME", help=f"of {', '.join(RECIPES)}")
    add_places(parser)
    options = parser.parse_args()
    python = environment("cross-check", options.work, PEERS)
    where = {name: corpus(name, options.work, options.ready) for name in options.names}
    unexplained = explain(
        "Import edges inside the package, against grimp", where, lambda name: check_edges(name, where[name], python)
    )
    unexplained += explain(
        "Cyclomatic numbers of all files, against radon", where, lambda name: check_numbers(name, where[name], python)
    )
    print(f"\n{unexplained} differences are not explained")
    sys.exit(unexplained > 0)


if __name__ == "__main__":
    main()
