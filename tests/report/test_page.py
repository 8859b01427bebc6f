"""The page as text: self-contained, strict about what comes from the repository, small enough."""

import json
import re
import time
from base64 import b64encode
from hashlib import sha256
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest

from gitops_healer.core.finding import Severity
from gitops_healer.core.scanning import CloneFamily, Dependency, ImportCycle, Place, ScanReport
from gitops_healer.report import page_data
from gitops_healer.report.page import html_page
from tests.report.reports import finding, module, report, repository, source_of

HOSTILE = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<!--<script>",
    '"><img src=x onerror=alert(1)>',
    "$commit ${data} $$",
    "\u202e\u2028\x00\x1b[31m",
    "\udcff",
    "]]>&lt;&amp;",
]


class Elements(HTMLParser):
    """Every element of a page with its attributes, and the text in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self.texts.append("")

    def handle_endtag(self, tag: str) -> None:
        """What follows is not text of the element that ended."""
        self.found.append((f"/{tag}", {}))
        self.texts.append("")

    def handle_data(self, data: str) -> None:
        if self.texts:
            self.texts[-1] += data

    def names(self) -> list[str]:
        return [tag for tag, _ in self.found]

    def all(self, tag: str) -> list[tuple[dict[str, str | None], str]]:
        return [(given, text) for (name, given), text in zip(self.found, self.texts, strict=True) if name == tag]


def page_of(given: ScanReport) -> Elements:
    return Elements(html_page(given, source_of))


def data_of(given: ScanReport) -> dict[str, Any]:
    (data,) = (text for given, text in page_of(given).all("script") if given.get("type") == "application/json")
    read: dict[str, Any] = json.loads(data)
    return read


def hostile_report(text: str) -> ScanReport:
    path = f"{text}/{text}.py"
    place = Place(path, 1, 8, text)
    return report(
        [module(path, reason=text), module("b.py")],
        ref=text,
        dependencies=(Dependency(path, "b.py", 1, "load"),),
        cycles=(ImportCycle((text, "b"), ((text, "b", 1), ("b", text, 1)), ((text, "b", 1),)),),
        families=(CloneFamily(2, 0.9, (place, Place("b.py", 1, 8, "f")), (text,)),),
        findings=(finding(text, path, message=text, symbol=text, evidence=(text,)),),
        notices=(text,),
    )


def test_nothing_is_fetched_from_anywhere() -> None:
    text = html_page(repository(60, 60), source_of)
    page = Elements(text)
    assert page.all("script") and page.all("style")
    assert not {"link", "img", "iframe", "object", "base", "form"} & set(page.names())
    for _, given in page.found:
        assert not {"src", "srcset", "action", "style"} & given.keys()
        assert (given.get("href") or "#").startswith("#")
    assert set(re.findall(r"https?://[\w./]+", text)) == {"http://www.w3.org/2000/svg"}


def test_the_policy_lets_through_the_script_and_the_style_of_the_page_and_nothing_else() -> None:
    page = page_of(report())
    (policy,) = (given["content"] for given, _ in page.all("meta") if given.get("http-equiv"))
    rules = dict(rule.strip().split(" ", 1) for rule in unescape(policy or "").split(";"))
    (style,) = (text for _, text in page.all("style"))
    (script,) = (text for given, text in page.all("script") if "type" not in given)
    assert rules["default-src"] == "'none'"
    for name, text in (("style-src", style), ("script-src", script)):
        assert rules[name] == f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_the_repository_becomes_markup(text: str) -> None:
    made = html_page(hostile_report(text), source_of)
    page = Elements(made)
    assert page.names() == page_of(hostile_report("plain")).names()
    assert made.encode("utf-8")
    assert page_data.printable(text) in page.all("code")[0][1]


@pytest.mark.parametrize("text", HOSTILE)
def test_the_data_holds_the_text_as_it_can_be_shown(text: str) -> None:
    data, shown = data_of(hostile_report(text)), page_data.printable(text)
    assert data["paths"][0] == f"{shown}/{shown}.py"
    assert data["notices"] == [shown]
    assert data["broken"]["0"] == shown
    assert data["findings"][0][8] == shown
    assert data["cycles"][0]["modules"][0] == shown


def test_headline_numbers() -> None:
    given = report(
        [module("a.py", 1_200, 40, functions=10), module("b.py", 300, 0, reason="bad syntax")],
        findings=(finding(severity=Severity.HIGH), finding(start=9, severity=Severity.LOW)),
        known=3,
    )
    text = " ".join(" ".join(page_of(given).texts).split())
    for said in ("2 Python files 1 could not be analysed", "1,500 lines complexity 4.0 per function",
                 "2 findings 1 high, 0 medium, 1 low; 3 known", "0 import cycles"):  # fmt: skip
        assert said in text


def test_what_depends_on_what_is_told_by_places_of_modules() -> None:
    given = report(
        [module("a.py"), module("b.py"), module("tests/test_a.py")],
        dependencies=(Dependency("a.py", "b.py", 1, "load"), Dependency("a.py", "b.py", 9, "load"),
                      Dependency("tests/test_a.py", "a.py", 2, "lazy"), Dependency("b.py", "a.py", 1, "package")),
    )  # fmt: skip
    data = data_of(given)
    assert data["imports"] == {"load": [0, 1], "lazy": [2, 0], "typing": []}
    assert data["tests"] == [2]


def test_what_to_cut_is_never_left_out_of_a_large_cycle() -> None:
    names = tuple(f"m{number}" for number in range(60))
    edges = tuple((a, b, 1) for a in names for b in names if a != b)
    (cycle,) = data_of(report(cycles=(ImportCycle(names, edges, edges[-7:]),)))["cycles"]
    assert sum(cut for *_, cut in cycle["edges"]) == 7
    assert len(cycle["edges"]) < len(edges) == cycle["imports"]


def test_suggestions_lead_to_their_findings() -> None:
    data = data_of(repository(40, 30))
    assert len(data["suggestions"]) == 30
    for item in data["suggestions"]:
        (place,) = item["findings"]
        assert data["findings"][place][8] == item["title"]


def test_copies_come_with_their_code() -> None:
    data = data_of(report([module("a.py"), module("b.py")], families=(
        CloneFamily(1, 1.0, (Place("a.py", 3, 4, "f"), Place("b.py", 3, 4, "g"))),)))  # fmt: skip
    texts = [place[4] for place in data["families"][0]["places"]]
    assert texts == ["\n".join(source_of(path).split("\n")[2:4]) for path in ("a.py", "b.py")]
    assert texts[0] != texts[1]


def test_the_page_of_a_large_repository_is_small_and_soon_there() -> None:
    given = repository(3_000, 9_000)
    began = time.process_time()
    text = html_page(given, source_of)
    assert time.process_time() - began < 2
    assert 500_000 < len(text.encode()) < 3_000_000
    data = data_of(given)
    assert len(data["lines"]) == 3_000
    assert len(data["findings"]) == page_data.MAX_FINDINGS
    assert data["totals"]["findings"] == 9_000
    left = min(finding[5] for finding in data["findings"])
    assert sum(item.priority > left for item in given.findings) <= page_data.MAX_FINDINGS
    assert sum(len(place[4] or "") for family in data["families"] for place in family["places"]) < 800_000
