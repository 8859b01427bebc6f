"""Import cycles against the truth, which is made by importing: ours, and those of other tools.

    python benchmarks/import_truth.py --work DIRECTORY [--ready DIRECTORY] [celery sqlalchemy django ...] [--no-peers]

The truth is what `import_tracer.py` sees while every module of a package is imported in an environment with its
dependencies; it shares no code with what it judges. A module is *in a cycle* when it belongs to a strongly connected
component of more than one module. Precision and recall count modules, pooled over the projects. A module that could not
be imported is no witness: what is said of it alone is counted as "unknown", and as wrong in the strict column.
"""

import argparse
import ast
import json
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from corpora import RECIPES, Recipe, add_places, clone, corpus, environment, scan

TRACER = Path(__file__).with_name("import_tracer.py")
DEFAULT = ("celery", "sqlalchemy", "django")
PEERS = ("grimp==3.20", "pyscn==1.33.0", "pylint", "ruff")
LEAST_PRECISION, LEAST_RECALL = 0.95, 0.98
PATIENCE = 900  # seconds for one program

# Django wants settings and libraries. Geometry libraries are C code that no import statement leads to: a stand-in that
# knows every function lets the modules above it load.
DJANGO = """
import ctypes
import pymysql
import django
from django.conf import settings

class Function:
    def __call__(self, *arguments):
        return b"3.8.0"

class Library:
    def __init__(self):
        self.known = {}
    def __getattr__(self, name):
        return self.known.setdefault(name, Function())
    __getitem__ = __getattr__

real = ctypes.CDLL
ctypes.CDLL = lambda path, *rest, **options: Library() if path == "absent" else real(path, *rest, **options)
pymysql.install_as_MySQLdb()
apps = "admin admindocs auth contenttypes flatpages gis humanize messages postgres redirects sessions sitemaps sites"
settings.configure(
    INSTALLED_APPS=["django.contrib." + name for name in (apps + " staticfiles syndication").split()],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    SITE_ID=1, GDAL_LIBRARY_PATH="absent", GEOS_LIBRARY_PATH="absent",
)
django.setup()
"""
PREPARATIONS = {"django": DJANGO}

GRIMP = """
import json, sys, grimp
sys.path.insert(0, sys.argv[1])
graph = grimp.build_graph(sys.argv[2], exclude_type_checking_imports=True, cache_dir=None)
print(json.dumps([[one, other] for one in graph.modules for other in graph.find_modules_directly_imported_by(one)]))
"""

Knots = frozenset[frozenset[str]]
"""The groups of modules that are in a cycle together."""


@dataclass(frozen=True)
class Truth:
    """What importing showed. edges: (importer, imported); ran: (importer, line) of statements that ran;
    errors: why a module could not be imported; files: of the dotted names."""

    edges: frozenset[tuple[str, str]]
    ran: frozenset[tuple[str, int]]
    errors: Mapping[str, str]
    files: Mapping[str, str]

    @property
    def knots(self) -> Knots:
        return knots_of(self.edges)


class Score(NamedTuple):
    """Modules: said and true, said only, true only, said of what could not be imported; groups that are the same."""

    right: int
    wrong: int
    missed: int
    unknown: int
    same: int

    def __str__(self) -> str:
        strict = share(self.right, self.right + self.wrong + self.unknown)
        return (
            f"{share(self.right, self.right + self.wrong):9.3f}  {strict:6.3f}  "
            f"{share(self.right, self.right + self.missed):6.3f}   right {self.right:3}  wrong {self.wrong:3}  "
            f"missed {self.missed:3}  unknown {self.unknown:3}  same groups {self.same:2}"
        )


def share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


def witness(name: str, repository: Path, work: Path) -> Truth:
    recipe = RECIPES[name]
    python = environment(f"truth-{name}", work, (recipe.requirement, *recipe.needs))
    command = [str(python), "-B", str(TRACER), str(repository / recipe.root), recipe.package]
    done = subprocess.run([*command, PREPARATIONS.get(name, "")], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, timeout=PATIENCE, check=True)  # fmt: skip
    found = json.loads(done.stdout)
    edges = frozenset((importer, imported) for importer, imported, _ in found["edges"])
    return Truth(edges, frozenset((one, line) for one, line in found["ran"]), found["errors"], found["modules"])


def knots_of(edges: Iterable[tuple[str, str]]) -> Knots:
    """Strongly connected components of more than one module: where two reach each other (Kosaraju's algorithm)."""
    forward, backward = defaultdict(set), defaultdict(set)
    for importer, imported in edges:
        forward[importer].add(imported)
        backward[imported].add(importer)
    finished: list[str] = []
    seen: set[str] = set()
    for start in sorted({*forward, *backward}):
        finished += finishing(start, forward, seen)
    seen.clear()
    groups = (frozenset(finishing(start, backward, seen)) for start in reversed(finished) if start not in seen)
    return frozenset(group for group in groups if len(group) > 1)


def finishing(start: str, graph: Mapping[str, set[str]], seen: set[str]) -> list[str]:
    """The nodes reached from `start` that were not seen before, each after all that it reaches."""
    if start in seen:
        return []
    seen.add(start)
    found, waiting = [], [(start, iter(sorted(graph.get(start, ()))))]
    while waiting:
        node, rest = waiting[-1]
        following = next((other for other in rest if other not in seen), None)
        if following is None:
            found.append(node)
            waiting.pop()
        else:
            seen.add(following)
            waiting.append((following, iter(sorted(graph.get(following, ())))))
    return found


# What the tools say


def ours(found: Mapping[str, Any], package: str) -> Knots:
    return frozenset(
        group
        for cycle in found["global_issues"]["circular_imports"]
        if len(group := inside(cycle["modules"], package)) > 1
    )


def inside(modules: Iterable[str], package: str) -> frozenset[str]:
    return frozenset(name for name in modules if name == package or name.startswith(f"{package}."))


def by_grimp(tools: Path, repository: Path, recipe: Recipe) -> Knots:
    return knots_of(said(tools / "python", "-c", GRIMP, repository / recipe.root, recipe.package))


def by_ruff(tools: Path, repository: Path, recipe: Recipe) -> Knots:
    found = said(tools / "ruff", "analyze", "graph", recipe.package, cwd=repository / recipe.root)
    return knots_of((dotted(one), dotted(other)) for one, others in found.items() for other in others)


def dotted(path: str) -> str:
    return re.sub(r"(/__init__)?\.pyi?$", "", path).replace("/", ".")


def by_pylint(tools: Path, repository: Path, recipe: Recipe) -> Knots:
    options = ("--disable=all", "--enable=cyclic-import", "--output-format=json", "--persistent=n")
    found = said(tools / "pylint", *options, recipe.package, cwd=repository / recipe.root)
    chains = [
        re.findall(r"[\w.]+", item["message"].partition("(")[2]) for item in found if item["symbol"] == "cyclic-import"
    ]
    return knots_of((one, other) for chain in chains for one, other in zip(chain, [*chain[1:], chain[0]], strict=True))


def by_pyscn(tools: Path, repository: Path, recipe: Recipe) -> Knots:
    options = ("analyze", "--json", "--output", "-", "--no-open", "--select", "deps")
    found = said(tools / "pyscn", *options, recipe.package, cwd=repository / recipe.root)
    cycles = found["system"]["dependency_analysis"]["circular_dependencies"]["circular_dependencies"] or ()
    return frozenset(inside(cycle["modules"], recipe.package) for cycle in cycles)


TOOLS = {
    "grimp (without TYPE_CHECKING)": by_grimp,
    "ruff analyze graph": by_ruff,
    "pylint R0401": by_pylint,
    "pyscn": by_pyscn,
}


def said(program: Path, *arguments: object, cwd: Path | None = None) -> Any:
    """The JSON that a program prints. Linters end with the number of their findings, so only silence is an error."""
    command = [str(program), *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE)
    if not done.stdout.strip():
        sys.exit(f"{program.name} says nothing: {done.stderr.decode()[-500:]}")
    return json.loads(done.stdout)


# Judgement


def judge(claimed: Knots, truth: Truth) -> Score:
    said_of = {name for group in claimed for name in group}
    real = {name for group in truth.knots for name in group}
    false = said_of - real
    unknown = {name for name in false if is_unknown(name, claimed, truth)}
    return Score(
        len(said_of & real), len(false - unknown), len(real - said_of), len(unknown), len(claimed & truth.knots)
    )


def is_unknown(name: str, claimed: Knots, truth: Truth) -> bool:
    """Whether the group that a module is said to be in has a module that could not be imported."""
    group = next(group for group in claimed if name in group)
    return any(member in truth.errors for member in group)


def pooled(scores: Iterable[Score]) -> Score:
    return Score(*(sum(column) for column in zip(*scores, strict=True)))


def why_wrong(found: Mapping[str, Any], claimed: Knots, truth: Truth) -> Iterator[str]:
    """A line for each import of ours that never ran and without which a false claim would not stand."""
    real = {name for group in truth.knots for name in group}
    for cycle in found["global_issues"]["circular_imports"]:
        group = frozenset(cycle["modules"])
        if group not in claimed or group <= real:
            continue
        yield f"said to be in a cycle, but is not: {', '.join(sorted(group - real))}"
        for source, target, line in cycle["edges"]:
            if (source, target) not in truth.edges:
                yield f"    {source}:{line} -> {target}: {reason(source, line, truth)}"


def why_missed(claimed: Knots, found: Mapping[str, Any], truth: Truth) -> Iterator[str]:
    """A line for each import that ran inside of a missed cycle and that is in none of our edges."""
    known = {(one, two) for cycle in found["global_issues"]["circular_imports"] for one, two, _ in cycle["edges"]}
    said_of = {name for group in claimed for name in group}
    for group in truth.knots:
        if missed := group - said_of:
            yield f"in a cycle, but not said: {', '.join(sorted(missed))}"
            within = {edge for edge in truth.edges if set(edge) <= group} - known
            yield from (f"    {source} -> {target} ran" for source, target in sorted(within))


def reason(source: str, line: int, truth: Truth) -> str:
    if source in truth.errors:
        return f"not known, since it could not be imported ({truth.errors[source]})"
    if (source, line) in truth.ran:
        return "the statement ran, but took nothing from that module"
    text = Path(truth.files[source]).read_text(encoding="utf-8")
    return f"did not run here: it stands under `{condition(ast.parse(text), line)}`"


def condition(tree: ast.AST, line: int) -> str:
    """The innermost statement with a condition around a line, as its first line of code."""
    found = "nothing"
    for node in ast.walk(tree):
        match node:
            case ast.If(test=test) | ast.While(test=test) if node.lineno <= line <= (node.end_lineno or 0):
                found = f"if {ast.unparse(test)}"
            case ast.ExceptHandler() if node.lineno <= line <= (node.end_lineno or 0):
                found = f"except {ast.unparse(node.type) if node.type else ''}"
            case ast.Try(body=body) if body[0].lineno <= line <= (body[-1].end_lineno or 0):
                found = "try"
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=DEFAULT, metavar="NAME", help=f"of {', '.join(RECIPES)}")
    parser.add_argument("--no-peers", action="store_true", help="judge nobody but ourselves")
    add_places(parser)
    options = parser.parse_args()
    tools = {} if options.no_peers else TOOLS
    peers = environment("cycles", options.work, PEERS).parent if tools else Path()
    scores: dict[str, list[Score]] = defaultdict(list)
    for name in options.names:
        recipe = RECIPES[name]
        repository = clone(corpus(name, options.work, options.ready), options.work / "clones" / name)
        truth, found = witness(name, repository, options.work), scan(repository)
        claimed = ours(found, recipe.package)
        describe(name, truth)
        print("\n".join([*why_wrong(found, claimed, truth), *why_missed(claimed, found, truth)]) or "no difference")
        scores["gitops-healer"].append(judge(claimed, truth))
        for tool, ask in tools.items():
            scores[tool].append(judge(ask(peers, repository, recipe), truth))
    print(f"\n{'pooled over ' + ', '.join(options.names):42}precision  strict  recall   modules")
    for tool, each in scores.items():
        print(f"{tool:40}{pooled(each)}")
        for name, score in zip(options.names, each, strict=True):
            print(f"    {name:36}{score}")
    total = pooled(scores["gitops-healer"])
    good = share(total.right, total.right + total.wrong) >= LEAST_PRECISION
    good = good and share(total.right, total.right + total.missed) >= LEAST_RECALL
    print(f"\ntarget: precision >= {LEAST_PRECISION}, recall >= {LEAST_RECALL}: {'met' if good else 'MISSED'}")
    sys.exit(not good)


def describe(name: str, truth: Truth) -> None:
    modules = sum(map(len, truth.knots))
    print(
        f"\n{name}: {len(truth.files):,} modules, {len(truth.errors)} could not be imported; {len(truth.edges):,} edges"
    )
    print(f"    in cycles: {modules} modules in {len(truth.knots)} groups")
    for module, error in truth.errors.items():
        print(f"    not imported: {module}: {error}")


if __name__ == "__main__":
    main()
