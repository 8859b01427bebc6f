"""SARIF: valid, as code scanning wants it, and safe with any file name."""

import gzip
import json
from base64 import b85encode
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest
from jsonschema import Draft4Validator, FormatChecker

from gitops_healer.core.finding import Severity
from gitops_healer.core.scanning import CloneFamily, ImportCycle, Place, ScanReport
from gitops_healer.report import sarif
from gitops_healer.report.sarif import FINGERPRINT, RuleHelp, sarif_document
from tests.report.reports import COMMIT, finding, module, report, repository

SCHEMA = json.loads(Path(__file__).with_name("data").joinpath("sarif-2.1.0.schema.json").read_text())
VALIDATOR = Draft4Validator(SCHEMA, format_checker=FormatChecker())
RULE = RuleHelp("complexity", "Functions with too many branches.", "Counts branches as McCabe did.")
HOSTILE = "odd dir/a:b#c?d%20[é]\udcff\n.py"


def run_of(given: ScanReport, **more: Any) -> dict[str, Any]:
    """The run of a document that was checked against the schema."""
    document = json.loads(json.dumps(sarif_document(given, [RULE], **more)))
    assert [error.message for error in VALIDATOR.iter_errors(document)] == []
    (run,) = document["runs"]
    return run


def everything() -> ScanReport:
    """A report with something in each of its parts."""
    broken = module("shop/old.py", reason="print without brackets")
    there, back = ("shop.cart", "shop.order", 2), ("shop.order", "shop.cart", 7)
    return report(
        [module("shop/cart.py"), module("shop/order.py"), broken, module(HOSTILE)],
        findings=(finding(), finding("circular_import", "shop/order.py"), finding(path=HOSTILE)),
        cycles=(ImportCycle(("shop.cart", "shop.order"), (there, back), (back,)),),
        ignored=((finding(start=90), "kept for old clients"),),
        notices=("executions are not known",),
        known=4,
    )


def test_the_schema_would_notice_a_mistake() -> None:
    document = sarif_document(everything(), [RULE])
    document["runs"][0]["results"][0]["level"] = "fatal"
    assert [*VALIDATOR.iter_errors(document)]


@pytest.mark.parametrize("given", [report(), everything(), repository(200, 300)], ids=["empty", "small", "large"])
@pytest.mark.parametrize("uri", ["", "https://example.org/shop.git"])
def test_a_document_is_valid_and_holds_each_finding(given: ScanReport, uri: str) -> None:
    run = run_of(given, repository=uri)
    assert len(run["results"]) == len(given.findings) + len(given.ignored)
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    assert run["automationDetails"]["id"].split("/") == ["gitops-healer", COMMIT]
    assert [origin["revisionId"] for origin in run.get("versionControlProvenance", [])] == ([COMMIT] if uri else [])


@pytest.mark.parametrize(
    ("severity", "level", "problem"),
    [
        (Severity.HIGH, "error", "error"),
        (Severity.MEDIUM, "warning", "warning"),
        (Severity.LOW, "note", "recommendation"),
    ],
)
def test_how_bad_a_finding_is(severity: Severity, level: str, problem: str) -> None:
    run = run_of(report(findings=(finding(severity=severity),)))
    (result,), (rule,) = run["results"], run["tool"]["driver"]["rules"]
    assert result["level"] == rule["defaultConfiguration"]["level"] == level
    assert result["properties"]["problem.severity"] == rule["properties"]["problem.severity"] == problem
    assert "security-severity" not in json.dumps(run)


def test_a_finding_is_found_again_by_its_fingerprint() -> None:
    seen = finding()
    (result,) = run_of(report(findings=(seen,)))["results"]
    assert result["partialFingerprints"] == {FINGERPRINT: seen.fingerprint} == {"gitopsHealer/v1": seen.fingerprint}


def test_any_file_name_becomes_a_relative_uri_and_back() -> None:
    run = run_of(report(findings=(finding(path=HOSTILE),)))
    artifact = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert artifact["uriBaseId"] == "SRCROOT" in run["originalUriBaseIds"]
    assert artifact["uri"].isascii() and not set(artifact["uri"]) & set(":#?[ \n\\")
    assert unquote_to_bytes(artifact["uri"]) == HOSTILE.encode("utf-8", "surrogateescape")


@pytest.mark.parametrize(("start", "end"), [(0, 0), (7, 3), (5, 5)])
def test_regions_begin_at_line_one_and_end_after_they_begin(start: int, end: int) -> None:
    (result,) = run_of(report(findings=(finding(start=start, end=end),)))["results"]
    region = result["locations"][0]["physicalLocation"]["region"]
    assert 1 <= region["startLine"] <= region["endLine"]
    assert region["startLine"] == max(1, start)


def test_copies_name_each_other() -> None:
    places = tuple(Place(f"shop/{name}.py", 10, 20, f"shop.{name}.total") for name in ("cart", "order", "stock"))
    seen = finding("duplicate_code", "shop/order.py", 10)
    (result,) = run_of(report(findings=(seen,), families=(CloneFamily(1, 1.0, places),)))["results"]
    uris = [item["physicalLocation"]["artifactLocation"]["uri"] for item in result["relatedLocations"]]
    assert uris == ["shop/cart.py", "shop/stock.py"]


def test_a_cycle_names_its_imports_and_first_what_to_cut() -> None:
    (result,) = (item for item in run_of(everything())["results"] if item["ruleId"] == "circular_import")
    said = [item["message"]["text"] for item in result["relatedLocations"]]
    assert said == ["import to cut: shop.order needs shop.cart", "import: shop.cart needs shop.order"]
    assert result["relatedLocations"][0]["physicalLocation"]["region"]["startLine"] == 7


def test_ignored_findings_are_suppressed_with_their_reason_and_others_are_not() -> None:
    suppressed = [item["suppressions"] for item in run_of(everything())["results"] if "suppressions" in item]
    assert suppressed == [[{"kind": "inSource", "justification": "kept for old clients"}]]


def test_files_that_could_not_be_analysed_are_notifications() -> None:
    (invocation,) = run_of(everything())["invocations"]
    said = {item["message"]["text"]: item["level"] for item in invocation["toolExecutionNotifications"]}
    assert said == {
        "shop/old.py could not be analysed: print without brackets": "warning",
        "executions are not known": "note",
    }


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("see [here](1)", "see \\[here](1)"),
        ("items[0] (first)", "items[0] (first)"),
        ("red \x1b[31m and \u202eback", "red �[31m and �back"),
        ("byte \udcff", "byte ?"),
    ],
)
def test_foreign_text_is_only_text(message: str, shown: str) -> None:
    (result,) = run_of(report(findings=(finding(message=message),)))["results"]
    assert result["message"]["text"] == shown


def test_rules_have_their_help_and_unknown_ones_their_name() -> None:
    rules = run_of(report(findings=(finding(), finding("new_rule"))))["tool"]["driver"]["rules"]
    assert [(rule["id"], rule["shortDescription"]["text"]) for rule in rules] == [
        ("complexity", RULE.help),
        ("new_rule", "new rule"),
    ]


def test_the_most_urgent_are_kept_where_there_are_too_many() -> None:
    seen = tuple(finding(start=number, priority=1 + number % 10) for number in range(1, sarif.MAX_RESULTS + 101))
    (run,) = sarif_document(report(findings=seen), [RULE])["runs"]
    priorities = [result["properties"]["priority"] for result in run["results"]]
    assert len(priorities) == sarif.MAX_RESULTS
    assert priorities == sorted(priorities, reverse=True)
    (notification,) = run["invocations"][0]["toolExecutionNotifications"]
    assert notification["message"]["text"].startswith("100 less urgent results are left out")


def test_a_document_fits_into_what_can_be_uploaded() -> None:
    """Texts that compress badly, so that the size and not the number is what is too large."""
    chance = Random(1)
    seen = tuple(finding(start=n, message=b85encode(chance.randbytes(780)).decode()) for n in range(1, 15_001))
    document = sarif_document(report(findings=seen), [RULE])
    size = len(gzip.compress(json.dumps(document, separators=(",", ":")).encode(), 6))
    (run,) = document["runs"]
    kept = len(run["results"])
    assert sarif.MAX_BYTES / 2 < size <= sarif.MAX_BYTES
    assert run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"].startswith(
        f"{15_000 - kept:,} less"
    )
