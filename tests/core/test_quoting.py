"""Foreign text in Markdown does nothing, and ordinary sentences are left as they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from gitops_healer.core.quoting import plain, quoted, sentence

MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])


@pytest.mark.parametrize(
    "text",
    [
        "3 of 3 tests pass",
        "both versions agree on 6 of 6 inputs of 1 function (5 recorded, 1 from tests), so less than 39.3% break",
        "policy lets low risk go on without approval",
        'the docstring says: "0.0 when there are no stars"',
        "pkg.mod:name succeeds in 60% of its calls",
        "ZeroDivisionError at shop/ratings.py:6",
        "a+b=c?",
        "pkg.lists:natural_list failed 5 of 25 calls",
    ],
)
def test_ordinary_sentences_stay(text: str) -> None:
    assert sentence(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "@everyone look", "see #12", "GH-12", "*bold*", "_it_", "a__b", "in _one_ word", "<b>x</b>", "`tick`", "[l](u)",
        "a | b", "~~no~~", "http://example.org", "www.example.org", "- item", "+ item", "1. first", "1) first", "# big",
        "> quote", "&amp;", "===", ":tada:", "back\\slash", "$x$", "https://x", "mailto:robin@example.org",
        "//example.org", "",
    ],
)  # fmt: skip
def test_what_could_mean_something_is_code(text: str) -> None:
    assert sentence(text) == quoted(text)
    assert sentence(text).startswith("`")


@given(st.text(st.characters(codec="utf-8"), max_size=80))
def test_it_is_shown_as_one_line_of_text_or_code_and_nothing_else(text: str) -> None:
    (paragraph, inline, end) = MARKDOWN.parse(sentence(text))
    assert (paragraph.type, end.type) == ("paragraph_open", "paragraph_close")
    assert {token.type for token in inline.children or []} <= {"text", "code_inline"}
    shown = "".join(token.content for token in inline.children or [])
    assert shown.strip() in (plain(text, 300).strip(), "(empty)")
