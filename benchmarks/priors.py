"""Where the edit that was planted backwards stands among all proposals, and priors of templates that put it first.

    python benchmarks/priors.py [--set shown] [--json FILE] [--fit] [--missing]

For every bug of a set the suite is traced once and all proposals are drawn; nothing is tried. Right are proposals after
which the file has the AST of the correct program (others may be right as well, so this is a lower bound). Printed per
class and per template: whether it is proposed at all, and at which place. --fit finds the priors under which the right
ones come first: multinomial logit over the proposals of each case, by gradient ascent with a pull towards today's.
"""

import argparse
import ast
import json
import math
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bugs import SETS, Case, lay_out, read_cases

from gitops_healer.places import Choices
from gitops_healer.registry import discover
from gitops_healer.repair.search import engine
from gitops_healer.repair.search.goals import goal_of
from gitops_healer.repair.search.proposals import Proposals
from gitops_healer.repair.search.template import RepairTemplate
from gitops_healer.wiring import build_world


@dataclass(frozen=True)
class Drawn:
    """rows: (template, score without its prior, right) of each proposal, in the order in which they would be tried."""

    name: str
    kind: str
    rows: tuple[tuple[str, float, bool], ...]

    @property
    def place(self) -> int:
        """Of the first right one, from 1; 0 when there is none."""
        return next((number for number, row in enumerate(self.rows, 1) if row[2]), 0)


def drawn(case: Case, templates: tuple[RepairTemplate, ...]) -> Drawn:
    priors = {template.name: template.prior for template in templates}
    with tempfile.TemporaryDirectory(prefix="priors-") as folder:
        tree = lay_out(case, Path(folder))
        right = (case.program / case.file).read_bytes()
        world = build_world(Choices(tree, options={"testing.command": "pytest"}))
        scene = world.scene(world.repository.snapshot())
        rows = []
        with scene.trials.open(scene.commit) as session:
            work = engine.Work(scene, engine.Order(), session, engine.Stopwatch(60))
            failing = work.oracle.failing
            ground = engine.located(work, goal_of(failing), failing)
            proposals = Proposals(ground.suspects, ground.program.target, templates)
            before = (tree / case.file).read_bytes()
            for proposal in proposals:
                here = proposal.change.paths == (case.file,)
                good = here and same(proposal.change.apply({case.file: before})[case.file], right)
                rows.append((proposal.template, proposal.score / priors[proposal.template], good))
    return Drawn(case.title, case.kind, tuple(rows))


def same(after: bytes, right: bytes) -> bool:
    """Whether both are the same program; texts that differ in more than spaces and parentheses are not parsed."""
    if _bare(after) != _bare(right):
        return False
    try:
        return ast.dump(ast.parse(after)) == ast.dump(ast.parse(right))
    except (SyntaxError, ValueError):
        return False


def _bare(data: bytes) -> bytes:
    return data.translate(None, b" \t\r\n()")


def fitted(cases: list[Drawn], priors: dict[str, float], pull: float = 0.3, steps: int = 400) -> dict[str, float]:
    """Logarithms are fitted; a template of which nothing was right keeps close to what it had."""
    logs = {name: math.log(prior) for name, prior in priors.items()}
    first = dict(logs)
    masses = [mass(case) for case in cases if case.place]
    for step in range(steps):
        gradient = {name: pull * (first[name] - logs[name]) for name in logs}
        for everything, right in masses:
            total = sum(base * math.exp(logs[name]) for name, base in everything.items())
            good = sum(base * math.exp(logs[name]) for name, base in right.items())
            for name, base in everything.items():
                gradient[name] += (right.get(name, 0.0) / good - base / total) * math.exp(logs[name])
        for name in logs:
            logs[name] += 0.2 / (1 + step / 50) * max(-1.0, min(1.0, gradient[name]))
    return {name: math.exp(value) for name, value in logs.items()}


def mass(case: Drawn) -> tuple[dict[str, float], dict[str, float]]:
    """(sum of the scores of each template without its prior, the same of right proposals)"""
    everything: dict[str, float] = defaultdict(float)
    right: dict[str, float] = defaultdict(float)
    for name, base, good in case.rows:
        everything[name] += base
        if good:
            right[name] += base
    return everything, right


def ordered(case: Drawn, priors: dict[str, float]) -> Drawn:
    """As it would be tried under other priors."""
    rows = sorted(case.rows, key=lambda row: -row[1] * priors[row[0]])
    return Drawn(case.name, case.kind, tuple(rows))


def crossed(cases: list[Drawn], priors: dict[str, float], parts: int = 5) -> list[Drawn]:
    """Each part in the order of priors that were fitted to the others."""
    found = []
    for part in range(parts):
        others = [case for number, case in enumerate(cases) if number % parts != part]
        fit = fitted(others, priors)
        found += [ordered(case, fit) for number, case in enumerate(cases) if number % parts == part]
    return found


def places(cases: list[Drawn]) -> str:
    found = sorted(case.place for case in cases if case.place)
    quarter, middle, high = (found[int(len(found) * share)] for share in (0.25, 0.5, 0.9))
    within = ", ".join(f"{sum(place <= most for place in found)} within {most}" for most in (50, 200, 500, 1000))
    return f"place of the right edit: quarter {quarter}, median {middle}, nine tenths {high}; {within}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", default="shown")
    parser.add_argument("--only", default="")
    parser.add_argument("--every", type=int, default=1, help="only every n-th bug")
    parser.add_argument("--json", default="")
    parser.add_argument("--load", default="", help="read what --json wrote instead of drawing again")
    parser.add_argument("--fit", action="store_true")
    options = parser.parse_args()
    templates = discover(engine.TEMPLATES, RepairTemplate)
    if options.load:
        cases = [
            Drawn(n, k, tuple((t, b, r) for t, b, r in rows))
            for n, k, rows in json.loads(Path(options.load).read_text())
        ]
    else:
        cases = []
        for case in list(read_cases(SETS / options.set))[:: options.every]:
            if options.only in case.title:
                cases.append(drawn(case, templates))
                print(f"{cases[-1].place:6} of {len(cases[-1].rows):6}  {case.title} ({case.kind})", flush=True)
    if options.json:
        Path(options.json).write_text(json.dumps([(c.name, c.kind, c.rows) for c in cases]))
    tables(cases, templates)
    if options.fit:
        today = {template.name: template.prior for template in templates}
        cases = [Drawn(c.name, c.kind, tuple(row for row in c.rows if row[0] in today)) for c in cases]
        print("today: ", places([ordered(case, today) for case in cases]))
        print("fitted, each fifth by the others: ", places(crossed(cases, today)))
        for name, prior in sorted(
            fitted(cases, {t.name: t.prior for t in templates}).items(), key=lambda item: -item[1]
        ):
            print(f"{name:28} {prior:.4f}")


def tables(cases: list[Drawn], templates: tuple[RepairTemplate, ...]) -> None:
    kinds = defaultdict(list)
    for case in cases:
        kinds[case.kind].append(case.place)
    print(f"\n{'class':32} bugs proposed  median place  within 500")
    for kind, places in sorted(kinds.items()):
        found = [place for place in places if place]
        middle = median(found) if found else "-"
        print(f"{kind:32} {len(places):4} {len(found):8}  {middle:>12}  {sum(p <= 500 for p in found)}")
    found = [case.place for case in cases if case.place]
    print(f"all: {len(found)} of {len(cases)} proposed, median place {median(found) if found else '-'}")
    right, all_ = defaultdict(int), defaultdict(int)
    for case in cases:
        for name, _, good in case.rows:
            all_[name] += 1
            right[name] += good
    print(f"\n{'template':28} proposals  right")
    for template in sorted(templates, key=lambda t: -right[t.name]):
        print(f"{template.name:28} {all_[template.name]:9}  {right[template.name]}")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
