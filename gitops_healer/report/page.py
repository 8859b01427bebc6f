"""A scan as one HTML page that needs nothing else: no server, no network, no fonts.

Whatever comes from the repository is hostile. It reaches the page as escaped text in the head lines and as JSON, of
which the script makes text nodes and nothing else; the page's own policy forbids every script, style and request but
the script and the style that are in it.
"""

import base64
import hashlib
from collections.abc import Callable, Iterator
from html import escape
from importlib import resources
from string import Template

from gitops_healer import __version__
from gitops_healer.core.finding import Severity
from gitops_healer.core.scanning import ScanReport
from gitops_healer.report.order import repeated_lines
from gitops_healer.report.page_data import page_json, printable

_SCRIPTS = ("base", "tree", "treemap", "layers", "imports", "cycles", "align", "copies", "findings", "page")


def html_page(report: ScanReport, source_of: Callable[[str], str]) -> str:
    """source_of: the text of a file, for copies side by side; "" where it has none."""
    style = _read("page.css")
    script = "\n".join(_read(f"{name}.js") for name in _SCRIPTS)
    return Template(_read("page.html")).substitute(
        policy=escape(_policy(script, style)),
        style=style,
        script=script,
        data=page_json(report, source_of),
        ref=_shown(report.ref),
        commit=_shown(report.commit[:12]),
        version=escape(__version__),
        seconds=f"{report.stats.seconds:,.1f}",
        numbers="\n".join(_number(*number) for number in _numbers(report)),
    )


def _policy(script: str, style: str) -> str:
    """Content Security Policy: nothing but what is in the page, and no way from text to markup."""
    return (
        f"default-src 'none'; script-src {_digest(script)}; style-src {_digest(style)}; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
    )


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _numbers(report: ScanReport) -> Iterator[tuple[str, str, str, str]]:
    """(number, what it counts, more about it, where it leads) of each headline."""
    stats, findings = report.stats, report.findings
    by_severity = ", ".join(
        f"{sum(finding.severity is severity for finding in findings):,} {severity.value}"
        for severity in sorted(Severity, key=lambda severity: -severity.weight)
    )
    left_out = [f"{report.known:,} known"] if report.known else []
    left_out += [f"{len(report.ignored):,} ignored"] if report.ignored else []
    broken = sum(not module.analyzable for module in report.modules.values())
    knotted = sum(len(cycle.modules) for cycle in report.cycles)
    repeated = sum(repeated_lines(family) for family in report.families)
    yield (
        *_counted(stats.files, "Python file"),
        f"{broken:,} could not be analysed" if broken else "all analysed",
        "map",
    )
    yield *_counted(stats.lines, "line"), _average(report), "map"
    yield *_counted(len(findings), "finding"), "; ".join([by_severity, *left_out]), "findings"
    yield *_counted(len(report.cycles), "import cycle"), f"{' '.join(_counted(knotted, 'module'))} in them", "cycles"
    yield (
        *_counted(len(report.families), "family of copies", "families of copies"),
        f"{' '.join(_counted(repeated, 'line'))} could go",
        "copies",
    )
    yield *_counted(len(report.suggestions), "suggestion"), "what could be done", "suggestions"


def _counted(number: int, word: str, words: str = "") -> tuple[str, str]:
    return f"{number:,}", word if number == 1 else words or f"{word}s"


def _average(report: ScanReport) -> str:
    functions = sum(module.functions for module in report.modules.values())
    complexity = sum(module.complexity for module in report.modules.values())
    return f"complexity {complexity / functions:.1f} per function" if functions else "no functions"


def _number(value: str, name: str, more: str, where: str) -> str:
    return f'<li><a href="#{where}"><b>{value}</b> <span>{name}</span> <small>{escape(more)}</small></a></li>'


def _shown(text: str) -> str:
    return escape(printable(text))


def _read(name: str) -> str:
    return (resources.files("gitops_healer.report") / "templates" / name).read_text("utf-8")
