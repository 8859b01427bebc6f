"""What a scan says on a terminal: the most urgent first, short, and nothing that a terminal would obey."""

import re
from io import StringIO

import pytest
from rich.console import Console

from gitops_healer.core.finding import Severity
from gitops_healer.core.scanning import CloneFamily, ImportCycle, Place, ScanReport
from gitops_healer.report.scan_text import print_scan
from tests.report.reports import finding, module, report, repository


def printed(given: ScanReport, most: int = 40, colour: bool = False) -> str:
    console = Console(file=StringIO(), width=200, force_terminal=colour, highlight=False, soft_wrap=True)
    print_scan(console, given, most)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_an_empty_repository_is_said_in_two_lines() -> None:
    assert printed(report()).splitlines() == [
        "main at 3f3f3f3f3f: 0 Python files, 0 lines",
        "0 findings",
    ]


def test_who_waits_is_told_how_long_it_took() -> None:
    assert "0.2 s (0 parsed, 1 known)" in printed(report(), colour=True)


def test_the_summary_counts_by_severity_and_says_what_is_not_shown() -> None:
    seen = (finding(severity=Severity.HIGH), finding(start=9), finding(start=20))
    text = printed(report(findings=seen, known=7, ignored=((finding(), "because"),)))
    assert "3 findings: 1 high, 2 medium" in text
    assert "7 findings known already" in text
    assert "1 finding ignored by comments" in text


@pytest.mark.parametrize("findings", [50, 5_000])
def test_the_length_does_not_grow_with_the_findings(findings: int) -> None:
    lines = printed(repository(800, findings)).splitlines()
    assert 40 < len(lines) < 100
    left = [
        int(found[1].replace(",", "")) for line in lines if (found := re.match(r"and ([\d,]+) more findings", line))
    ]
    assert (findings > 1_000) == any(number > 4_000 for number in left)


def test_what_is_left_out_is_counted_and_said_how_to_see() -> None:
    seen = tuple(finding(path=f"shop/m{number:02}.py") for number in range(30))
    text = printed(report(findings=seen), most=10)
    assert "and 20 more findings; all of them: --format json, or --format html --output page.html" in text
    assert "shop/m09.py" in text and "shop/m10.py" not in text


def test_the_most_urgent_come_first_and_one_file_takes_one_line() -> None:
    seen = (
        finding(path="b.py", priority=2),
        finding(path="a.py", priority=9, start=1, severity=Severity.HIGH),
        finding(path="a.py", priority=3, start=50),
    )
    rows = [line for line in printed(report(findings=seen)).splitlines() if ".py:" in line]
    assert [row.split()[0] for row in rows] == ["9", "2"]
    assert "a.py:1" in rows[0] and "(and 1 more of it in this file)" in rows[0]


def test_cycles_copies_and_broken_files_are_named() -> None:
    cycle = ImportCycle(
        ("shop.a", "shop.b"), (("shop.a", "shop.b", 4), ("shop.b", "shop.a", 1)), (("shop.b", "shop.a", 1),)
    )
    places = (Place("shop/a.py", 1, 10, "shop.a.f"), Place("shop/b.py", 5, 14, "shop.b.f"))
    text = printed(
        report(
            [module("shop/old.py", reason="print without brackets")],
            cycles=(cycle,),
            families=(CloneFamily(2, 0.953, places),),
            notices=("executions are not known",),
        )
    )
    assert "shop.a <-> shop.b; cut shop.b -> shop.a (line 1)" in text
    assert "2 copies, 95% alike, 10 lines to save: shop/a.py:1, shop/b.py:5" in text
    assert "shop/old.py: print without brackets" in text
    assert "note: executions are not known" in text


@pytest.mark.parametrize("hostile", ["\x1b[2J", "\x07", "\u202e", "\udcff", "\r", "a\nb", "[red]x[/]"])
def test_foreign_text_neither_controls_the_terminal_nor_looks_like_ours(hostile: str) -> None:
    given = report(
        [module(f"{hostile}.py", reason=hostile)],
        findings=(finding(path=f"{hostile}.py", message=f"<{hostile}>", rule="r"),),
        cycles=(ImportCycle((hostile, "b"), ((hostile, "b", 1),), ((hostile, "b", 1),)),),
        notices=(f"<{hostile}>",),
    )
    text = printed(given)
    assert not set(text) & set("\x1b\x07\u202e\udcff\r")
    if hostile == "[red]x[/]":
        assert f"<{hostile}>" in text
        assert "\x1b[31mx" not in printed(given, colour=True)
    if hostile == "a\nb":
        assert "<a�b>" in text
