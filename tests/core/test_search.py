"""Search by words."""

import pytest

from gitops_healer.core.search import Ranking, fused, terms

TOOLS = {
    "shop:send_invoice": {"name": "send_invoice", "docstring": "Mail the bill to a customer.", "code": "smtp customer"},
    "shop:deleteUser": {"name": "deleteUser", "docstring": "", "code": "account database"},
    "shop:parse_dates": {"name": "parse_dates", "docstring": "Read dates from text.", "code": "strptime"},
    "shop:HTTPServer.start": {"name": "HTTPServer.start", "docstring": "Listen on a port.", "code": "socket invoice"},
}


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("invoice", "shop:send_invoice"),
        ("mailing bills to customers", "shop:send_invoice"),
        ("remove users", "shop:deleteUser"),
        ("parsing a date", "shop:parse_dates"),
        ("http server", "shop:HTTPServer.start"),
        ("begin listening", "shop:HTTPServer.start"),
    ],
)
def test_the_tool_that_is_meant_comes_first(text: str, first: str) -> None:
    found = Ranking(TOOLS).search(text)
    assert found[0][0] == first
    assert all(score > 0 for _, score in found)


@pytest.mark.parametrize("text", ["", "the of", "xyzzy", "\0\ud800"])
def test_nothing_in_common_finds_nothing(text: str) -> None:
    assert Ranking(TOOLS).search(text) == []
    assert Ranking({}).search(text) == []


@pytest.mark.parametrize(
    ("identifier", "words"),
    [
        ("getHTTPResponse2", ["get", "http", "respons", "2"]),
        ("fetch_all_rows", ["get", "all", "row"]),
        ("status class", ["status", "class"]),
    ],
)
def test_identifiers_are_divided_and_words_lose_their_endings(identifier: str, words: list[str]) -> None:
    assert terms(identifier) == words


def test_fusion_prefers_what_both_rankings_like() -> None:
    assert fused([["a", "b", "c"], ["b", "c", "d"]]) == ["b", "c", "a", "d"]
    assert fused([["a"], []]) == ["a"]
