"""The page below a job: complete, short enough, and no foreign text in it is markup."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from gitops_healer.core.decision import Decision, all_of, no, yes
from gitops_healer.core.summary import Look, Reply, Summary
from gitops_healer.core.upgrade import Held, Proposed
from gitops_healer.report.job_summary import LIMIT, failed_summary, job_summary, nothing_summary
from tests.core.upgrade_scenes import BASE, FINDING, HEAD, LIFE, TAKEN_BACK, WATCHED, after, asked

WAITS = all_of("approval", [no("approval", "mode propose merges only what a maintainer approves", "/approve")])
SUMMARY = Summary("20260101T000000Z-abc", "propose", "main", BASE)
HOSTILE = (
    "</details><script>alert(1)</script> @robin [a](javascript:x) ![i](https://e.org/x) `` ` ~~~ | *b* <!-- c\n"
    "# head\n- list\n```\n::error::no\n\x1b[31m\u202eevil"
)


def tokens(page: str) -> Iterator[Token]:
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(page):
        yield token
        yield from token.children or ()


def markup_of(page: str) -> list[str]:
    """What the page does beyond headings, lists, tables, code and our own two tags."""
    own = {"<details><summary>What was looked at</summary>", "</details>"}
    found = []
    for token in tokens(page):
        if token.type in ("html_inline", "html_block") and token.content.strip() not in own:
            found.append(token.content)
        elif token.type in ("image", "link_open") or (token.type == "text" and "@" in token.content):
            found.append(str(token.attrs or token.content))
    return found


def test_a_held_upgrade_says_what_is_asked_and_what_to_type() -> None:
    page = job_summary(replace(SUMMARY, upgrades=((asked(), None),)), "it is time")
    assert page.startswith("## Healer: 1 upgrade waiting for you\n")
    assert "### Waiting for you" in page
    assert "- `zero`: 0.0" in page
    assert "next: `/choose up-6499ba7f1a zero|none`" in page
    assert "why: `it is time`" in page


def test_what_waits_for_a_word_stands_above_what_goes_on_by_itself() -> None:
    proposed, watched = after(*LIFE[:6]), after(*WATCHED)
    watching = no("watch", "until tomorrow", "nothing to do but wait")
    page = job_summary(replace(SUMMARY, upgrades=((watched, watching), (proposed, WAITS))))
    assert page.index("### Waiting for you") < page.index("pull request #12") < page.index("### Under way")
    assert "next: `/approve`" in page
    assert f"merged as `{watched.merged.commit[:10]}`" in page  # type: ignore[union-attr]


def test_a_rollback_names_the_commit_and_links_the_pull_request() -> None:
    up = after(*WATCHED, *TAKEN_BACK[:3])
    assert up.revert is not None
    linked = replace(up, revert=replace(up.revert, url="https://forge.example/octo/shop/pull/13"))
    assert "revert [#13](https://forge.example/octo/shop/pull/13)" in job_summary(
        replace(SUMMARY, upgrades=((linked, None),))
    )
    odd = replace(up, revert=replace(up.revert, url="javascript:alert(1)"))
    assert "revert #13\n" in job_summary(replace(SUMMARY, upgrades=((odd, None),)))
    assert "taken back by" in job_summary(replace(SUMMARY, upgrades=((after(*WATCHED, *TAKEN_BACK), None),)))


@pytest.mark.parametrize(
    ("page", "words"),
    [
        (job_summary(SUMMARY), ["nothing to do", "0 findings"]),
        (job_summary(replace(SUMMARY, mode="observe")), ["observe, nothing was written"]),
        (job_summary(replace(SUMMARY, moved=("up-1",))), ["## Healer: 1 upgrade moved"]),
        (job_summary(replace(SUMMARY, errors=("no network",))), ["## Healer: 1 problem", "### Problems", "no network"]),
        (job_summary(replace(SUMMARY, notices=("12 lines were taken in",))), ["### Notes", "12 lines"]),
        (
            job_summary(replace(SUMMARY, findings=((FINDING, yes("begin", "go")), (FINDING, no("pace", "1 begun"))))),
            ["2 findings", "| yes |", "| no: `1 begun` |"],
        ),
        (
            job_summary(replace(SUMMARY, replies=(Reply("c1", "eve", "approve", False, "You may not."),))),
            ["`eve` (refused) `approve`", "You may not."],
        ),
        (nothing_summary("the comment has no command"), ["nothing to do", "`the comment has no command`"]),
        (failed_summary("no such key", "Nothing was written."), ["stopped", "no such key", "Nothing was written."]),
    ],
)
def test_what_is_told(page: str, words: list[str]) -> None:
    assert [word for word in words if word not in page] == []


def hostile_summary(text: str) -> Summary:
    finding = replace(FINDING, rule=text, path=text, message=text)
    held = replace(after(*LIFE[:2], Held(text, text, text)), finding=finding)
    proposed = after(*LIFE[:5], Proposed(text, HEAD, 12, text, text))
    decision = Decision(text, False, text, (no(text, text, text),), text)
    return Summary(
        run="r", mode="propose", base_branch=text, base=BASE, looks=(Look(text, 1, text),),
        findings=((finding, decision),), upgrades=((held, decision), (proposed, decision)), moved=(),
        replies=(Reply(text, text, text, True, text),), notices=(text,), errors=(text,),
    )  # fmt: skip


def test_foreign_text_is_never_markup() -> None:
    assert markup_of(job_summary(hostile_summary(HOSTILE), HOSTILE)) == []
    assert markup_of(failed_summary(HOSTILE)) == []
    assert markup_of(nothing_summary(HOSTILE)) == []


@settings(max_examples=60)
@given(st.text(alphabet=st.sampled_from("`~|<>!-[](){}#*_@ab\n \r\t\\'\"&;:/"), max_size=60))
def test_no_text_is_markup(text: str) -> None:
    assert markup_of(job_summary(hostile_summary(text), text)) == []


def test_the_page_is_never_over_the_limit() -> None:
    many = tuple((replace(FINDING, message="é" * 5000), no("x", "y" * 5000)) for _ in range(3000))
    long = "𝄞" * 200_000
    replies = tuple(Reply("c", "robin", "explain", True, long) for _ in range(3000))
    page = job_summary(
        replace(SUMMARY, findings=many, replies=replies, errors=(long,) * 300, upgrades=((asked(), None),) * 3000)
    )
    assert len(page.encode()) < 1024 * 1024
    assert len(page.encode()) <= LIMIT + 200
    assert "… " in page
