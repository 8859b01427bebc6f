"""Markdown in, orders out: what counts, what is only mentioned, and that nothing ever raises."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_healer.core.comments import (
    MAX_LENGTH,
    MAX_ORDERS,
    Misunderstood,
    Order,
    aim,
    parse_commands,
    split_arguments,
)
from gitops_healer.core.finding import Finding, Severity
from gitops_healer.core.forge import Comment
from gitops_healer.core.history import History, replay
from gitops_healer.core.upgrade import Event, Queued

NOW = datetime(2026, 3, 1, tzinfo=UTC)
KNOWN = (
    "answer", "approve", "approve_plan", "choose", "explain", "freeze", "healer_help", "hold", "ignore", "permit",
    "plan", "rebuild", "reland", "restore", "resume", "retry", "revise_plan", "rollback_upgrade", "self_upgrade",
    "show_upgrade_diff", "tool_history", "unfreeze", "unignore", "upgrade_ledger", "upgrade_status",
)  # fmt: skip


def read(body: str, login: str = "octo-healer[bot]") -> list[tuple[str, ...] | str]:
    """Orders as (name, argument, ...), misunderstandings as their reason."""
    comment = Comment("1", 7, "alex", body, NOW)
    return [
        (found.name, *found.arguments) if isinstance(found, Order) else found.reason
        for found in parse_commands(comment, KNOWN, login)
    ]


@pytest.mark.parametrize(
    ("body", "orders"),
    [
        ("/approve", [("approve",)]),
        ("/APPROVE", [("approve",)]),
        ("/approve-plan calm-fox", [("approve_plan", "calm-fox")]),
        ("/Show_Upgrade-Diff", [("show_upgrade_diff",)]),
        ("Looks good.\n/approve", [("approve",)]),
        ("Looks good.\n\n   /approve\nthank you", [("approve",)]),
        ("/hold\n/retry", [("hold",), ("retry",)]),
        ("/hold\r\n/retry\r/approve", [("hold",), ("retry",), ("approve",)]),
        ("/hold \\\n/retry", [("hold", ), ("retry",)]),
        ("/hold\twait  for\u00a0it", [("hold", "wait", "for", "it")]),
        ('/hold "until Monday" \'or so\' “I think”', [("hold", "until Monday", "or so", "I think")]),
        ("/hold don't \"do it", [("hold", "don't", '"do', "it")]),
        ("/choose up-1 `return_none`", [("choose", "up-1", "return_none")]),
        ("/hold *really* [see](https://example.org) <b>x</b> ~~y~~", [("hold", "really", "see", "x", "y")]),
        ("> quoted\n\n/approve", [("approve",)]),
        ("- listed\n\n/approve", [("approve",)]),
        ("<!-- hidden -->\n/approve", [("approve",)]),
        ("<details>\nlog\n</details>\n\n/approve", [("approve",)]),
        ("<img src=x>\n\n/approve", [("approve",)]),
        ("```\n/approve\n```\n/hold", [("hold",)]),
        ("[x]: y\n/approve", [("approve",)]),
        ("@octo-healer /approve", [("approve",)]),
        ("@octo-healer approve", [("approve",)]),
        ("@Octo-Healer[bot]  /approve-plan x", [("approve_plan", "x")]),
        ("@octo-healer, hold on", [("hold", "on")]),
        ("Fine.\n\n  @octo-healer: retry\n/hold", [("retry",), ("hold",)]),
    ],
)  # fmt: skip
def test_orders(body: str, orders: list[tuple[str, ...]]) -> None:
    assert read(body) == orders


@pytest.mark.parametrize(
    "body",
    [
        "",
        "please /approve",
        "//approve",
        "/ approve",
        "> /approve",
        "> quoted\n/approve",  # a lazy line still belongs to the quote
        ">> deep\n> /approve",
        "    /approve",
        "\t/approve",
        "text\n    /approve",
        "```\n/approve\n```",
        "```\n/approve",
        "~~~~\n/approve\n~~~~",
        "`/approve`",
        "`a\n/approve`",
        "``a ` \n/approve``",
        "<!-- /approve -->",
        "<!--\n/approve\n-->",
        "<!--\n\n/approve\n",
        "text <!--\n/approve\n--> text",
        "<div>\n/approve\n</div>",
        "<details>\n\n/approve\n\n</details>",
        "<div hidden>\n\ntext\n\n/approve",
        "text <span hidden>\n/approve</span>",
        "<pre>\n\n/approve\n\n</pre>",
        "<script>\n\n/approve\n\n</script>",
        "- /approve",
        "- text\n\n  /approve",
        "1. text\n/approve",
        "/approve\n===",
        "/approve\n---",
        "# /approve",
        "| a |\n|---|\n/approve | b |",
        "**/approve**",
        "*text\n/approve*",
        "~~text\n/approve~~",
        "[text\n/approve](https://example.org)",
        "![text\n/approve](https://example.org)",
        '[text](https://example.org "title\n/approve")',
        "\\/approve",
        "&#47;approve",
        "&sol;approve",
        "\ue000approve",
        "text\x0b/approve",
        "text\u2028/approve",
        "/аpprove",  # the first letter is Cyrillic
        "/usr/bin/python",
        "/approve/it",
        "/cc @robin",
        "/lgtm",
        "/retest",
        "/assign @robin",
        "/usr",
        "\u00a0/approve",
        "\u200b/approve",
        "\u200d/approve",
        "\ufeff/approve",
        "\u00ad/approve",
        "\u2060/approve",
        "\u2215approve",  # the division slash
        "\uff0fusr/bin",
        "@octo-healer",
        "@octo-healer thanks, that looks good",
        "@octo-healer\u200b approve",
        "@octo-healers approve",
        "@octo-healer/approvers approve",
        "@robin /approve",
        "@robin approve",
        "thanks @octo-healer approve",
        "> @octo-healer approve",
        "`@octo-healer approve`",
        "```\n@octo-healer approve\n```",
        "    @octo-healer approve",
        "- @octo-healer approve",
        "| a |\n|---|\n| /approve |",
        "/tmp is full",
        "/home/alex/hold",
        "/etc",
    ],
)  # fmt: skip
def test_what_is_only_mentioned(body: str) -> None:
    assert read(body) == []


@pytest.mark.parametrize(
    ("body", "meant"),
    [
        ("/aprove", "approve"),
        ("/rollback-upgrad x", "rollback_upgrade"),
        ("/Retri", "retry"),
        ("/rollback x", "rollback_upgrade"),
        ("/selfupgrade", "self_upgrade"),
        ("/aprove_plan", "approve_plan"),
        ("/revise-plans", "revise_plan"),
        ("/un-freeze", "unfreeze"),
        ("\uff0fapprove", "approve"),
        ("@octo-healer aprove", "approve"),
        ("@octo-healer approve?", "approve"),
    ],
)
def test_a_slip_is_told_and_not_obeyed(body: str, meant: str) -> None:
    [reason] = read(body)
    assert isinstance(reason, str)
    assert f"Did you mean `/{meant}`?" in reason


@pytest.mark.parametrize("body", ["/approve?", "/approve!", "/approve, please", "/approve..."])
def test_a_command_with_a_mark_is_perhaps_a_question(body: str) -> None:
    assert read(body) == ["Did you mean `/approve`? A command ends with a space or the end of the line."]


@pytest.mark.parametrize(("old", "new"), [("heed", "unignore"), ("History", "tool_history"), ("help", "healer_help")])
def test_a_command_that_was_renamed_says_how_it_is_called_now(old: str, new: str) -> None:
    assert read(f"/{old} x") == [f"`/{old.lower()}` was renamed: write `/{new}`."]


def test_without_a_login_nobody_is_called() -> None:
    assert read("@octo-healer approve", login="") == []
    assert read("@.* approve", login=".*") == [("approve",)]
    assert read("@robin approve", login=".*") == []


def test_bots_order_nothing_and_an_edited_comment_gets_one_answer_that_says_so() -> None:
    comment = Comment("1", 7, "alex", "/hold\n/approve", NOW)
    assert len(parse_commands(comment, KNOWN)) == 2
    assert parse_commands(replace(comment, bot=True, edited=True), KNOWN) == ()
    [told] = parse_commands(replace(comment, edited=True), KNOWN)
    assert isinstance(told, Misunderstood)
    assert "new comment" in told.reason
    for calm in ("Looks good.", "/aprove", "> /approve", "/approve?"):
        assert parse_commands(replace(comment, body=calm, edited=True), KNOWN) == ()


def test_a_comment_holds_only_so_many_orders() -> None:
    found = read("/hold\n" * 500)
    assert found[:MAX_ORDERS] == [("hold",)] * MAX_ORDERS
    assert len(found) == MAX_ORDERS + 1
    assert "another comment" in found[-1]


def test_what_is_too_long_is_cut_at_a_line_and_never_in_a_word() -> None:
    filler = "x" * (MAX_LENGTH - len("/approve") - 2) + "\n\n"
    assert read(filler + "/approve") == [("approve",)]
    assert read(filler + "/approve_plan") == []
    assert read("/approve" + " " * MAX_LENGTH) == []


def test_a_paragraph_that_is_made_to_be_expensive_is_not_read() -> None:
    assert read("/approve\n" + "![" * 4_000) == []
    assert read("/approve\n\n" + "![" * 4_000) == [("approve",)]


# Whatever is written


alphabet = st.sampled_from(
    ["/approve", "/", "\n", "\n\n", " ", "    ", "> ", "- ", "`", "```", "~~~", "<!--", "-->", "<div>", "</div>", "<b>",
     "*", "[", "](", ")", "|", "---", "===", "\\", "&#47;", "#", "x", "\t", "\r",
     "\x00", "\ue000", "\ue001", "\uff0f", "@octo-healer ", "é", "\ud800", '"', "'"]
)  # fmt: skip
markdown = st.lists(alphabet, max_size=40).map("".join)


@given(st.one_of(markdown, st.text()))
def test_nothing_raises_and_every_order_stands_at_the_start_of_a_line(body: str) -> None:
    for found in parse_commands(Comment("1", 7, "alex", body, NOW), KNOWN, "octo-healer"):
        assert isinstance(found, Order | Misunderstood)
        assert re.search("(?:^|[\r\n]) {0,3}(?:@octo-healer +)?[/\uff0f]?[A-Za-z]", body)
        assert found.text.startswith(("/", "\uff0f"))
        assert isinstance(found, Misunderstood) or found.name in KNOWN


lines = st.lists(
    st.text(st.characters(exclude_characters="\r\n`~<>", exclude_categories=["Cs"]), max_size=20), max_size=4
)
wraps = st.sampled_from(
    [
        lambda line: f"> {line}",
        lambda line: f"> text\n> {line}",
        lambda line: f"> - {line}",
        lambda line: f"- {line}",
        lambda line: f"```\n{line}\n```",
        lambda line: f"~~~ text\n{line}\n\n{line}\n~~~",
        lambda line: f"    {line}",
        lambda line: f"<!--\n{line}\n-->",
        lambda line: f"<!-- text\n\n{line}\n\n-->",
        lambda line: f"text <!-- x\n{line}\n-->",
        lambda line: f"`{line}`",
        lambda line: f"`` x\n{line} ``",
        lambda line: f"<pre>\n{line}\n</pre>",
        lambda line: f"<details>\n\n{line}\n\n</details>",
        lambda line: f"## {line}",
    ]
)


@given(before=lines, after=lines, wrap=wraps, arguments=st.sampled_from(["", " x", " up-1 y", ' "z"']))
def test_what_is_quoted_commented_out_or_code_never_fires(
    before: list[str], after: list[str], wrap: object, arguments: str
) -> None:
    assert callable(wrap)
    calm = ["x" + line for line in before]  # no line above opens a block of its own
    body = "\n".join([*calm, "", wrap(f"/approve{arguments}"), "", *("x" + line for line in after)])
    assert read(body) == []


@given(before=lines, after=lines)
def test_a_plain_line_between_paragraphs_always_fires(before: list[str], after: list[str]) -> None:
    body = "\n".join([*("x" + line for line in before), "", "/approve now", "", *("x" + line for line in after)])
    assert read(body) == [("approve", "now")]


@given(st.text())
def test_splitting_loses_nothing_but_quotes_and_blanks(text: str) -> None:
    def bare(value: str) -> str:
        return re.sub(r"[\s\"'“”]", "", value)

    assert bare("".join(split_arguments(text))) == bare(text)


# Aiming


def history(*upgrades: tuple[str, str]) -> History:
    finding = Finding("rule", "a.py", "f", 1, 1, Severity.LOW, "x", "0" * 40)
    return replay(Event(f"e-{up}", NOW, up, "run", "x", Queued(finding, name, "base")) for up, name in upgrades)


TWO = history(("up-dead00beef", "calm-fox"), ("up-dead11beef", "brave-owl"))


@pytest.mark.parametrize(
    ("words", "upgrade", "rest"),
    [
        ((), None, ()),
        (("up-dead00beef", "x"), "up-dead00beef", ("x",)),
        (("UP-DEAD00BEEF",), "up-dead00beef", ()),
        (("up-dead0",), "up-dead00beef", ()),
        (("dead11",), "up-dead11beef", ()),
        (("Calm-Fox", "y"), "up-dead00beef", ("y",)),
        (("because", "x"), None, ("because", "x")),
        (("de",), None, ("de",)),
        (("",), None, ("",)),
    ],
)
def test_an_order_names_its_upgrade(words: tuple[str, ...], upgrade: str | None, rest: tuple[str, ...]) -> None:
    aimed = aim(Order("hold", words, "/hold"), TWO, 0)
    assert (aimed.upgrade.id if aimed.upgrade else None, aimed.arguments, aimed.problem) == (upgrade, rest, "")


def test_in_the_thread_of_a_request_its_only_upgrade_is_meant() -> None:
    finding = Finding("rule", "a.py", "f", 1, 1, Severity.LOW, "x", "0" * 40)
    one = [("up-1", Queued(finding, "calm-fox", "base", thread=12)), ("up-2", Queued(finding, "brave-owl", "base"))]
    two = [*one, ("up-3", Queued(finding, "grey-elk", "base", thread=12))]
    for facts, meant in ((one, "up-1"), (two, None)):
        known = replay(Event(f"e-{up}", NOW, up, "run", "x", fact) for up, fact in facts)
        aimed = aim(Order("approve_plan", ("fine",), ""), known, 12)
        assert (aimed.upgrade.id if aimed.upgrade else None, aimed.arguments) == (meant, ("fine",))
        assert aim(Order("approve_plan", (), ""), known, 13).upgrade is None


def test_what_is_ambiguous_or_unknown_is_told() -> None:
    assert "2 upgrades" in aim(Order("hold", ("dead",), ""), TWO, 0).problem
    assert "no upgrade" in aim(Order("hold", ("up-ffff",), ""), TWO, 0).problem
