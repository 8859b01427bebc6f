"""Scan reports: single facts for stories, and whole repositories of any size from a seed."""

from collections.abc import Iterable, Sequence
from random import Random
from typing import Any

from gitops_healer.core.finding import Finding, Risk, Severity, fingerprint
from gitops_healer.core.scanning import (
    CloneFamily,
    Dependency,
    ImportCycle,
    ModuleSummary,
    Place,
    ScanReport,
    ScanStats,
    Suggestion,
)

COMMIT = "3f" * 20
RULES = ("complexity", "god_class", "duplicate_code", "dead_code", "mixed_concerns")


def module(path: str, lines: int = 100, complexity: int = 12, **facts: Any) -> ModuleSummary:
    name = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    return ModuleSummary(path, name, "reason" not in facts, facts.pop("reason", ""), lines, complexity, **facts)


def finding(rule: str = "complexity", path: str = "shop/cart.py", start: int = 3, **facts: Any) -> Finding:
    known = {
        "symbol": "shop.cart.total",
        "end": start + 4,
        "severity": Severity.MEDIUM,
        "message": "`total` has 20 branches",
        "fingerprint": fingerprint(rule, path, str(start)),
    }
    return Finding(rule, path, start=start, **(known | facts))


def report(modules: Iterable[ModuleSummary] = (), **parts: Any) -> ScanReport:
    by_path = {item.path: item for item in modules}
    stats = ScanStats(len(by_path), sum(item.lines for item in by_path.values()), 1, len(by_path), 0.25)
    known: dict[str, Any] = {"ref": "main", "commit": COMMIT, "modules": by_path, "stats": stats}
    for part in ("dependencies", "cycles", "families", "findings", "suggestions"):
        known[part] = ()
    return ScanReport(**(known | parts))


def repository(modules: int, findings: int, seed: int = 1) -> ScanReport:
    """As many modules in packages of twenty, layered imports, a cycle in each tenth package, families of copies."""
    chance = Random(seed)
    everything = [_some_module(number, chance) for number in range(modules)]
    seen = tuple(_some_finding(number, everything, chance) for number in range(findings))
    cycles = tuple(
        _some_cycle([item.name for item in everything[start : start + size]], chance)
        for start, size in zip(range(0, modules - 30, 200), _sizes(chance), strict=False)
    )
    return report(
        everything,
        dependencies=tuple(_some_imports(everything, chance)),
        cycles=cycles,
        families=tuple(_some_family(everything, chance) for _ in range(modules // 8)),
        findings=seen,
        suggestions=tuple(
            Suggestion(
                f"s{number}", "simplify", item.message, Risk.MEDIUM, item.priority, (item.path,), (item.fingerprint,)
            )
            for number, item in enumerate(seen[:50])
        ),
    )  # fmt: skip


def source_of(path: str) -> str:
    """Some code for any path; no two paths have the same."""
    return "".join(f"def step_{line}(rows):\n    return rows + [{path!r}]\n" for line in range(200))


def _sizes(chance: Random) -> Iterable[int]:
    while True:
        yield chance.choice((2, 3, 5, 12, 30))


def _some_module(number: int, chance: Random) -> ModuleSummary:
    top, package = ("tests", "shop")[number % 3 > 0], f"part{number // 20}"
    lines = int(chance.lognormvariate(4.6, 1))
    return module(f"{top}/{package}/module{number}.py", lines, lines // chance.randint(5, 20), functions=lines // 9)


def _some_finding(number: int, modules: Sequence[ModuleSummary], chance: Random) -> Finding:
    item, start = chance.choice(modules), chance.randint(1, 400)
    return finding(
        chance.choice(RULES), item.path, start, symbol=f"{item.name}.f{number}", severity=chance.choice([*Severity]),
        priority=chance.randint(1, 10), message=f"`f{number}` does more than it should", evidence=("a fact", "another"),
    )  # fmt: skip


def _some_imports(modules: Sequence[ModuleSummary], chance: Random) -> Iterable[Dependency]:
    for number, item in enumerate(modules[1:], 1):
        for other in {chance.randrange(number) for _ in range(8)}:
            yield Dependency(
                item.path, modules[other].path, chance.randint(1, 30), chance.choice(("load", "load", "lazy"))
            )


def _some_cycle(names: Sequence[str], chance: Random) -> ImportCycle:
    ring = [(name, other, 1) for name, other in zip(names, [*names[1:], names[0]], strict=True)]
    across = [(*chance.sample(names, 2), 9) for _ in names]
    return ImportCycle(tuple(names), tuple(dict.fromkeys([*ring, *across])), (ring[-1],))


def _some_family(modules: Sequence[ModuleSummary], chance: Random) -> CloneFamily:
    chosen = chance.sample(modules, min(len(modules), chance.choice((2, 2, 3, 6))))
    places = []
    for item in sorted(chosen, key=lambda item: item.path):
        start = chance.randint(1, 300)
        places.append(Place(item.path, start, start + 14, f"{item.name}.f"))
    return CloneFamily(2, 0.9, tuple(places), ("'rows' -> 'columns'",))
