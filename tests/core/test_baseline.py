"""What is known already, and what is new."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_healer.core.baseline import baseline_text, known_of, new_among, read_baseline, renewed
from gitops_healer.core.finding import Finding, Severity
from gitops_healer.errors import UsageError


def finding(mark: str, path: str = "a.py", symbol: str = "f", rule: str = "complexity") -> Finding:
    return Finding(rule, path, symbol, 1, 2, Severity.LOW, "too much", mark)


def test_a_finding_that_moved_is_known() -> None:
    known = known_of([finding("1", "old.py")])
    assert new_among([finding("1", "new.py", "g")], known) == ()


def test_a_finding_whose_code_was_edited_in_its_place_is_known() -> None:
    assert new_among([finding("2")], known_of([finding("1")])) == ()


def test_a_further_copy_of_a_known_flaw_is_new() -> None:
    known = known_of([finding("1")])
    assert new_among([finding("1"), finding("1", "copy.py")], known) == (finding("1", "copy.py"),)
    assert new_among([finding("1"), finding("2")], known) == (finding("2"),)


def test_what_is_of_another_rule_or_symbol_is_new() -> None:
    known = known_of([finding("1")])
    others = [finding("2", symbol="g"), finding("3", rule="god_class"), finding("4", path="b.py")]
    assert new_among(others, known) == tuple(others)


def test_a_renewed_baseline_keeps_what_was_not_read() -> None:
    known = known_of([finding("1", "read.py"), finding("2", "unread.py")])
    after = renewed([finding("3", "read.py")], known, lambda path: path == "unread.py")
    assert [item.fingerprint for item in after] == ["3", "2"]


texts = st.text(st.characters(blacklist_categories=["Cs"]), max_size=8)


@given(st.lists(st.builds(finding, texts, texts, texts, texts), max_size=12))
def test_whatever_is_written_is_read_and_known(findings: list[Finding]) -> None:
    known = renewed(findings, (), lambda path: False)
    read = read_baseline(baseline_text(known).encode(), "baseline")
    assert read == known
    once = list({item.fingerprint: item for item in findings}.values())
    assert new_among(once, read) == ()


@pytest.mark.parametrize(
    "text", [b"", b"[]", b"{}", b'{"schema": 2, "findings": []}', b'{"schema": 1, "findings": [{}]}', b"\xff"]
)
def test_what_is_no_baseline_says_how_to_make_one(text: bytes) -> None:
    with pytest.raises(UsageError, match="write it anew"):
        read_baseline(text, "baseline.json")


def test_only_the_mark_decides_first() -> None:
    swapped = [replace(finding("1"), symbol="g"), replace(finding("2"), symbol="f")]
    assert new_among(swapped, known_of([finding("1"), replace(finding("2"), symbol="g")])) == ()
