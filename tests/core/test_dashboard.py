"""The issue that shows everything: agreed text, boxes that are commands, and what must hold whatever is put in."""

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from gitops_healer.core.comments import Order, parse_commands
from gitops_healer.core.dashboard import MARKER, MOST_TICKED, View, box, dashboard_body, ticked
from gitops_healer.core.decision import all_of, no, yes
from gitops_healer.core.finding import Severity
from gitops_healer.core.fitting import size
from gitops_healer.core.forge import Comment
from gitops_healer.core.history import History
from gitops_healer.core.upgrade import Dropped, Event, Held, Ignored, Investigated, Ordered, Paused, Planned, Queued
from gitops_healer.registry import Command, discover
from tests.core.golden_files import golden
from tests.core.upgrade_scenes import (
    ASKS,
    FINDING,
    HEAD,
    LIFE,
    PLAN,
    START,
    SURE,
    TAKEN_BACK,
    WATCHED,
    events,
    history,
)

APPROVAL = all_of(
    "approve",
    [yes("write", "mode is propose"), no("approval", "mode propose merges only what is approved", "/approve")],
)
NO_TREATMENT = all_of(
    "begin",
    [
        no("treatment", "nothing that is installed treats slow_tool", "see why: gitops-healer investigate shop:cost"),
        yes("queue", "there is room"),
    ],
)
SLOW = replace(FINDING, rule="slow_tool", message="shop:cost takes 4 s", fingerprint="b" * 40, priority=3)
LINKS = {12: "https://forge.example/octo/shop/pull/12", 13: "https://forge.example/octo/shop/pull/13"}


def queued(number: int, priority: int = 5, message: str = "") -> Queued:
    finding = replace(
        FINDING, fingerprint=f"{number:040x}", priority=priority, message=message or f"function {number} fails"
    )
    return Queued(finding, f"calm-fox-{number}", PLAN.rollback_point)


def board(*lives: list[Event], **more: object) -> View:
    return replace(View(history(*lives), "propose", "main", links=LINKS), **more)


def life(number: int, *facts: object, priority: int = 5) -> list[Event]:
    return events(queued(number, priority), *facts, upgrade=f"up-{number:010x}", hours=number)  # type: ignore[arg-type]


FULL = board(
    life(1, *LIFE[1:7], priority=9),
    life(2, Investigated(ASKS), Held("not ours to invent", ASKS.question, "/choose")),
    life(3, Investigated(SURE), Planned(PLAN)),
    life(4, *LIFE[1:6]),
    life(5),
    life(6, *WATCHED[1:]),
    life(7, *WATCHED[1:], *TAKEN_BACK[:3]),
    life(8, *LIFE[1:6], Held("robin committed to healer/x", next_action="/rebuild up-0000000008", hands_off=True)),
    life(9, *LIFE[1:]),
    life(10, *WATCHED[1:], *TAKEN_BACK),
    life(11, Investigated(SURE), Dropped("no proven change: 12 were tried", failed=True)),
    life(12, *LIFE[1:5]),
    events(Ignored("c" * 40, "robin", "robin closed pull request #7"), Ignored(f"{4:040x}", "sam", "on purpose")),
    events(Ordered("77", "robin", 21, (), "make it fast", "Which part of the code do you mean?")),
    waiting={
        "up-0000000001": APPROVAL,
        "up-0000000003": all_of("plan", [no("plan", "high risk needs a maintainer's approval", "/approve_plan")]),
        "up-0000000004": all_of("validate", [no("ci", "no check has reported yet, which is pending", "wait")]),
        "up-0000000005": no("slots", "1 upgrade is being changed, 1 is allowed", "it is taken up in a later cycle"),
        "up-0000000006": no("watch", "until 2026-03-02 12:00 UTC: 3 of 30 calls", "nothing to do but wait"),
        "up-0000000007": all_of("take back", [no("order", "policy wants a maintainer's word", "/approve")]),
        "up-000000000c": no("propose", "the forge does not let us open pull requests", "open it by hand"),
    },
    findings=((SLOW, NO_TREATMENT), (FINDING, all_of("begin", [no("known", "up-1 is on it")]))),
    disabled=("unused_tool", "duplicate_tool"),
    errors=("the forge answered 502 to POST /pulls: run again",),
    compare={"up-000000000c": "https://forge.example/octo/shop/compare/main...healer/x?expand=1"},
)  # fmt: skip


def test_a_board_with_everything_as_it_was_agreed() -> None:
    golden("dashboard.md", dashboard_body(FULL))


def test_a_board_with_nothing_is_short_and_says_so() -> None:
    body = dashboard_body(View(History(), "observe", "main"))
    assert body.startswith(f"{MARKER}\n") and "Nothing waits for you." in body
    assert "###" not in body and "<details>" not in body


def test_everything_stopped_stands_on_top_with_the_way_to_go_on() -> None:
    body = dashboard_body(board(life(5), events(Paused("robin", "release day"))))
    assert body.index("**Everything is stopped** by `robin`: release day") < body.index("###")
    assert ticked(body.replace("[ ]", "[x]", 1)) == ("/unfreeze",) and "/freeze " not in body


def test_every_box_is_a_command_that_the_healer_understands() -> None:
    names = [command.name for command in discover("gitops_healer.commands", Command)]
    shown = re.findall(r"<!-- healer:do (\S.*?) -->", dashboard_body(FULL))
    assert len(shown) > 20
    for command in shown:
        read = parse_commands(Comment("1", 1, "robin", command, START), names, "")
        assert len(read) == 1 and isinstance(read[0], Order), command
    assert f"/approve up-0000000001 {HEAD[:10]}" in shown
    wanted = "approve approve_plan choose hold ignore unignore retry rollback_upgrade rebuild reland freeze"
    assert {command.split()[0] for command in shown} >= {f"/{name}" for name in wanted.split()}


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_ticked_boxes_are_read_top_to_bottom(ending: str) -> None:
    body = dashboard_body(FULL)
    shown = re.findall(r"<!-- healer:do (\S.*?) -->", body)
    assert ticked(body) == ()
    assert ticked(body.replace("[ ]", "[x]").replace("\n", ending)) == tuple(shown[:MOST_TICKED])
    last = body.rindex("[ ]")
    assert ticked((body[:last] + "[X]" + body[last + 3 :]).replace("\n", ending)) == (shown[-1],)


DO = "- [x] <!-- healer:do /ignore up-1a2b3c4d5e --> ignore it"


@pytest.mark.parametrize(
    "body",
    [
        f"```\n{DO}\n```",
        f"~~~md\n{DO}",
        f"    {DO}",
        f"text\n\n        {DO}",
        f"> {DO}",
        f"- > {DO}",
        f"`{DO}`",
        f"<!--\n{DO}\n-->",
        f"<pre>\n{DO}\n</pre>",
        DO.replace("- [x]", "[x]"),
        DO.replace("- [x]", "- [ ]"),
        DO.replace("- [x]", "- [y]"),
        DO.replace("- [x]", "- text [x]"),
        DO.replace("healer:do", "healer:did"),
        DO.replace("/ignore", "ignore"),
        DO.replace("/ignore", "//ignore"),
        DO.replace("do /ignore", "do <!-- /ignore"),
        DO.replace("up-1a2b3c4d5e", "a b c d e"),
        DO.replace("up-1a2b3c4d5e", "$(reboot)"),
        DO.replace("up-1a2b3c4d5e", "x" * 65),
        DO.replace("up-1a2b3c4d5e", "ünïcode"),
        DO.replace(" -->", ""),
        DO + "x" * 70_000,
        "",
    ],
)
def test_nothing_but_a_box_of_ours_is_one(body: str) -> None:
    assert ticked(body) == ()
    assert ticked(f"{body}\n\n<!-- -->\n\n{DO}")[-1:] in ((), ("/ignore up-1a2b3c4d5e",))


@pytest.mark.parametrize(
    "command", ["/choose up-1 a|b", "/choose up-1 -->", "/x `", "/hold up-1 a b c", "/retry\nup-1"]
)
def test_a_command_that_no_box_can_hold_is_shown_instead(command: str) -> None:
    said = box(command, "do it")
    assert "[ ]" not in said and "<!--" not in said and said.startswith("- `") and "\n" not in said


def test_thousands_of_findings_are_cut_with_a_count_and_nothing_else_is() -> None:
    many = tuple(
        (replace(SLOW, fingerprint=f"{n:040x}", message=f"tool {n} is slow"), NO_TREATMENT) for n in range(5_000)
    )
    body = dashboard_body(replace(FULL, findings=many))
    assert size(body) <= 65_536
    assert re.search(r"### Seen, and not taken up \(5,000\)", body) and re.search(
        r"- and [\d,]+ more: `gitops-healer", body
    )
    for part in ("### Waiting for you", "### Watching", "### Ignored", "### Problems", "### Switched off", "/freeze"):
        assert part in body
    assert dashboard_body(replace(FULL, findings=many[::-1])) == body


NASTY = st.sampled_from(
    [
        DO,
        f"\n{DO}",
        f"x --> {DO}",
        "```",
        "</details>",
        "<details>",
        "<!--",
        "-->",
        "`x",
        "@robin",
        "- [ ] <!-- healer:do /freeze -->",
        "🦄" * 300,
        "\u2028- [ ] x",
        "",
    ]
)


@settings(max_examples=20, deadline=None)
@given(NASTY, NASTY, st.sampled_from([1, 60]))
def test_whatever_is_put_in_it_fits_and_orders_nothing(text: str, other: str, many: int) -> None:
    finding = replace(FINDING, message=text, path=other, symbol=text, rule=other, severity=Severity.LOW)
    asking = replace(ASKS, question=other, options=(replace(ASKS.options[0], key=text or "x", behaviour=other),) * 3)
    lives = [
        events(Queued(replace(finding, fingerprint=f"{n:040x}"), f"fox-{n}", "a" * 40), *facts, upgrade=f"up-{n:010x}")
        for n, facts in enumerate([(Investigated(asking),), (Held(text, "", other, text),), ()] * many)
    ]
    lives.append(events(Ignored("d" * 40, text, other), Ordered("1", text, 3, (other,), text, other or "x")))
    waits = all_of(text, [no(other, text, other), yes(text, other)])
    view = replace(
        board(*lives),
        waiting={f"up-{n:010x}": waits for n in range(3 * many)},
        findings=((finding, waits),) * many,
        disabled=(text,),
        errors=(text, other),
        links={12: text},
        compare={"up-0000000000": other},
        mode=text,
    )
    body = dashboard_body(view)
    assert size(body) <= 65_536 and body.startswith(f"{MARKER}\n")
    tokens = MarkdownIt("commonmark").disable("inline").parse(body)
    html = "".join(token.content for token in tokens if token.type == "html_block")
    assert html.count("<details>") == html.count("</details>")
    assert not any(token.type in ("fence", "code_block") for token in tokens)
    safe = re.compile(r"/(?:hold|ignore|retry|resume|rebuild|choose) up-[0-9a-f]{10}(?: x)?|/unignore d{10}|/freeze")
    assert all(safe.fullmatch(command) for command in ticked(body.replace("[ ]", "[x]")))
