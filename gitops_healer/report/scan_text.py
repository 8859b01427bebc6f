"""A scan for people at a terminal: what is most urgent, and how to see the rest. Never longer than can be read."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console
from rich.table import Table

from gitops_healer.core.finding import Finding, Severity
from gitops_healer.core.scanning import CloneFamily, ImportCycle, ModuleSummary, ScanReport, Suggestion
from gitops_healer.core.words import counted
from gitops_healer.report.order import by_repetition, by_urgency, repeated_lines
from gitops_healer.report.terminal import clean, shorten

_COLOURS = {Severity.HIGH: "red", Severity.MEDIUM: "yellow", Severity.LOW: "blue"}
_WIDTH = 120
"""Characters of a foreign text that is shown on one line."""


def print_scan(console: Console, report: ScanReport, most: int = 40) -> None:
    """most: about how many lines of findings are printed; of everything else at most an eighth of them each."""
    few = max(1, most // 8)
    console.print("\n".join(_summary(report, console.is_terminal)))
    if report.findings:
        console.print(_rules(report.findings))
        _print_findings(console, report.findings, most)
    _print_part(console, "import cycles", report.cycles, few, map(_cycle, sorted(report.cycles, key=_cycle_size)))
    _print_part(console, "families of copies", report.families, few, map(_family, by_repetition(report.families)))
    suggestions = sorted(report.suggestions, key=lambda item: (-item.priority, item.id))
    _print_part(console, "suggestions", suggestions, few, map(_suggestion, suggestions))
    broken = [module for _, module in sorted(report.modules.items()) if not module.analyzable]
    _print_part(console, "files that could not be analysed", broken, most // 2, map(_broken, broken))
    for notice in report.notices:
        console.print(f"[yellow]note:[/] {clean(' '.join(notice.split()))}")


def _summary(report: ScanReport, live: bool) -> Iterator[str]:
    """live: whether somebody waits for it; a text in a pipe is the same for the same commit, however fast it came."""
    stats = report.stats
    speed = f", {stats.seconds:.1f} s ({stats.parsed:,} parsed, {stats.cached:,} known)" if live else ""
    yield (
        f"[bold]{clean(report.ref)}[/] at {clean(report.commit[:10])}: {counted(stats.files, 'Python file')}, "
        f"{counted(stats.lines, 'line')}{speed}"
    )
    found = ", ".join(f"[{_COLOURS[s]}]{n:,} {s.value}[/]" for s, n in _by_severity(report.findings) if n)
    yield f"[bold]{counted(len(report.findings), 'finding')}[/]" + (f": {found}" if found else "")
    if report.known:
        yield f"  {counted(report.known, 'finding')} known already, not shown"
    if report.ignored:
        yield f"  {counted(len(report.ignored), 'finding')} ignored by comments in the code, not shown"


def _by_severity(findings: Sequence[Finding]) -> list[tuple[Severity, int]]:
    counts = Counter(finding.severity for finding in findings)
    return [(severity, counts[severity]) for severity in sorted(Severity, key=lambda s: -s.weight)]


def _rules(findings: Sequence[Finding]) -> Table:
    """How many findings each rule has, worst rules first."""
    by_rule: dict[str, list[Finding]] = {}
    for finding in findings:
        by_rule.setdefault(finding.rule, []).append(finding)
    table = _table("rule", *(severity.value for severity, _ in _by_severity([])), "in all", numbers=True)
    for rule, found in sorted(by_rule.items(), key=lambda item: (-max(f.priority for f in item[1]), -len(item[1]))):
        counts = [f"{number:,}" if number else "" for _, number in _by_severity(found)]
        table.add_row(clean(rule), *counts, f"{len(found):,}")
    return table


def _print_findings(console: Console, findings: Sequence[Finding], most: int) -> None:
    """The most urgent; findings of one rule in one file share a line."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in by_urgency(findings):
        groups.setdefault((finding.rule, finding.path), []).append(finding)
    table = _table("priority", "severity", "rule", "where", "what")
    shown = list(groups.values())[:most]
    for first, *others in shown:
        more = f" (and {len(others):,} more of it in this file)" if others else ""
        table.add_row(
            f"{first.priority}",
            f"[{_COLOURS[first.severity]}]{first.severity.value}[/]",
            clean(first.rule),
            _line(f"{first.path}:{first.start}"),
            _line(first.message) + more,
        )
    console.print(table)
    left = len(findings) - sum(len(group) for group in shown)
    if left:
        console.print(f"and {left:,} more findings; all of them: --format json, or --format html --output page.html")


def _print_part(console: Console, title: str, items: Sequence[object], most: int, lines: Iterable[str]) -> None:
    """A heading with the number, the first lines, and how many more there are."""
    if not items:
        return
    console.print(f"[bold]{title}: {len(items):,}[/]")
    for _, line in zip(range(most), lines, strict=False):
        console.print(f"  {line}")
    if len(items) > most:
        console.print(f"  and {len(items) - most:,} more")


def _cycle_size(cycle: ImportCycle) -> tuple[int, tuple[str, ...]]:
    return len(cycle.modules), cycle.modules


def _cycle(cycle: ImportCycle) -> str:
    """Which modules, then which imports to cut."""
    names = _line(" <-> ".join(cycle.modules)) if len(cycle.modules) == 2 else _first(cycle.modules, 3)
    cuts = [f"{source} -> {target} (line {line})" for source, target, line in cycle.cut]
    return names + (f"; cut {_first(cuts, 2)}" if cuts else "")


def _family(family: CloneFamily) -> str:
    places = [f"{place.path}:{place.start}" for place in family.places]
    lines = repeated_lines(family)
    return (
        f"{len(places):,} copies, {family.similarity:.0%} alike, {counted(lines, 'line')} to save: {_first(places, 2)}"
    )


def _suggestion(item: Suggestion) -> str:
    return f"{item.priority:>2} [dim]{clean(item.kind)}[/] {_line(item.title)} ({item.risk.value} risk)"


def _broken(module: ModuleSummary) -> str:
    return f"{_line(module.path)}: {_line(module.reason or 'no reason is known')}"


def _first(texts: Sequence[str], most: int) -> str:
    more = f" and {len(texts) - most:,} more" if len(texts) > most else ""
    return ", ".join(_line(text) for text in texts[:most]) + more


def _line(text: str) -> str:
    """Foreign text on one line: a line break would look like a line of ours."""
    return clean(shorten(text.replace("\n", "�"), _WIDTH))


def _table(*columns: str, numbers: bool = False) -> Table:
    """numbers: all columns but the first are numbers."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for place, column in enumerate(columns):
        table.add_column(column, overflow="fold", justify="right" if numbers and place else "left")
    return table
