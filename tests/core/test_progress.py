"""The comment that is edited as an upgrade goes, and the plan for its review."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from gitops_healer.core.decision import Decision, all_of, no, yes
from gitops_healer.core.fitting import size
from gitops_healer.core.messages import Messages
from gitops_healer.core.progress import plan_marker, plan_ready, progress, progress_marker, stages_of
from gitops_healer.core.upgrade import (
    Dropped,
    Fact,
    HealthChecked,
    Held,
    Invalidated,
    LeftUnproven,
    Merged,
    Planned,
    Revised,
    Upgrade,
)
from gitops_healer.settings import load_settings
from tests.core.golden_files import golden
from tests.core.upgrade_scenes import BASE, HEAD, LIFE, MERGE, PLAN, START, TAKEN_BACK, WATCHED, after, asked, risky

MESSAGES = load_settings().messages.view()
WAITS = all_of(
    "approve",
    [
        yes("write", "mode is propose"),
        no(
            "approval",
            "mode propose merges only what is approved",
            'gitops-healer command "/approve" --pull 12',
        ),
    ],
)
SAID_NOTHING: tuple[Fact, ...] = (Merged(MERGE, BASE, HEAD, START),)


def test_the_whole_life_as_it_was_agreed() -> None:
    lives = [after(*LIFE[:length]) for length in range(1, len(LIFE))] + [
        asked(),
        after(*WATCHED, LeftUnproven("4 calls were recorded, 30 are needed")),
        *(after(*WATCHED, *TAKEN_BACK[:length]) for length in (2, 4)),
        after(*LIFE[:6], *SAID_NOTHING),
        after(LIFE[0], Dropped("the queue was cleared, because calm-fox (up-1a2b3c4d5e) failed before it")),
        after(*LIFE[:3], Dropped("nobody approved the plan within 14d")),
        after(*LIFE[:4], Dropped("phase 1: tests: 1 of 3 tests fails", failed=True)),
        after(*LIFE[:6], Held("robin asked to wait", next_action="/resume up-6499ba7f1a", by="robin")),
        after(*LIFE[:6], Held("robin changed healer/x", next_action="merge or close #12 yourself", hands_off=True)),
    ]
    said = [progress(up, WAITS if up.stage.value == "validated" else None, MESSAGES) for up in lives]
    golden("progress.md", "\n\n---\n\n".join(said))


def test_a_plan_for_its_review_as_it_was_agreed() -> None:
    other = replace(PLAN, version=2, notes=("only ratings.py",), lines=4)
    revised = after(*LIFE[:3], Revised("use less", "robin"), Planned(other))
    goes_back = replace(revised, approved_plan=PLAN)
    plans = [risky(), goes_back, after(*LIFE[:3], Revised("use less", "robin")), after(*LIFE[:4])]
    golden("plan.md", "\n\n---\n\n".join(plan_ready(up, MESSAGES, "2026-03-15") for up in plans))


@pytest.mark.parametrize(
    ("facts", "marks"),
    [
        (LIFE[:1], "✅🔵⚪⚪⚪⚪⚪⚪"),
        (LIFE[:7], "✅✅✅✅✅✅🔵⚪"),
        (LIFE[:12], "✅✅✅✅✅✅✅✅"),
        ((*LIFE[:7], Invalidated("main moved on", HEAD)), "✅✅✅✅✅🔵⚪⚪"),
        ((*LIFE[:6], *SAID_NOTHING), "✅✅✅✅✅➖✅🔵"),
        ((*LIFE[:6], Held("x")), "✅✅✅✅✅⏸️⚪⚪"),
        ((*LIFE[:4], Dropped("x", failed=True)), "✅✅✅❌⚪⚪⚪⚪"),
        ((*WATCHED, LeftUnproven("x")), "✅✅✅✅✅✅✅❔"),
        ((*WATCHED, *TAKEN_BACK[:2]), "✅✅✅✅✅✅✅❌🔵"),
        ((*WATCHED, *TAKEN_BACK), "✅✅✅✅✅✅✅❌✅"),
    ],
)
def test_each_stage_has_its_mark(facts: tuple[Fact, ...], marks: str) -> None:
    assert "".join(mark for _, mark in stages_of(after(*facts))) == marks


def test_what_it_waits_for_stands_with_what_to_type_and_every_gate() -> None:
    said = progress(after(*LIFE[:7]), WAITS, MESSAGES)
    assert "**Waits** at `approval`: mode propose merges only what is approved → `/approve`" in said
    assert "- yes write: mode is propose" in said and "--pull" not in said


def test_while_it_is_watched_only_what_was_measured_changes_the_text() -> None:
    up = after(*WATCHED)
    first = progress(up, no("watch", "until 2026-03-02: 3 of 30 calls"), MESSAGES)
    assert first == progress(up, no("watch", "until 2026-03-02: 4 of 30 calls"), MESSAGES)
    assert first != progress(after(*WATCHED, *TAKEN_BACK[:1]), None, MESSAGES)


def test_a_repository_words_it_otherwise() -> None:
    own = load_settings(b"messages: {success: '## Healed by {codename}'}").messages.view()
    assert "## Healed by `teal-inlet`" in progress(after(*LIFE[:12]), None, own)


NASTY = st.sampled_from(
    ["```", "</details>", "<!--", "-->", "`x", "| a \\|", "@robin /approve", "x" * 3_000, "🦄" * 400, ""]
)


@settings(max_examples=25, deadline=None)
@given(st.data(), NASTY, NASTY, st.sampled_from([0, 1, 20, 300]))
def test_whatever_is_put_in_it_fits_and_is_whole(data: st.DataObject, text: str, other: str, many: int) -> None:
    up: Upgrade = data.draw(st.sampled_from([risky(), asked(), after(*LIFE[:7]), after(*WATCHED), after(*LIFE[:12])]))
    assert up.investigation
    option = replace(up.investigation.options[0], key=text or "x", title=other, behaviour=text)
    up = replace(
        up, codename=text, reason=other, investigation=replace(up.investigation, options=(option,) * (many + 1))
    )
    if up.plan:
        lists = {"paths": (other,) * many, "symbols": (text,) * many, "risks": (other,) * many}
        plan = replace(up.plan, title=text, **lists)
        up = replace(up, plan=plan, earlier_plans=(plan,) * 20)
    if up.health:
        up = replace(up, health=replace(up.health, reason=text))
    waits = Decision(text, False, other, tuple(no(text, other, text) for _ in range(many)), text)
    for said, marker in (
        (progress(up, waits, MESSAGES), progress_marker(up)),
        (plan_ready(up, MESSAGES, text), plan_marker(up)),
    ):
        assert size(said) <= 65_536 and said.startswith(f"{marker}\n")
        tokens = MarkdownIt("commonmark").enable("table").disable("inline").parse(said)
        html = "".join(token.content for token in tokens if token.type == "html_block")
        assert html.count("<details>") == html.count("</details>")
        assert html.count("<!--") == html.count("-->") == 1
        assert not any(token.type in ("fence", "code_block") for token in tokens)


def test_a_message_may_use_none_of_its_values() -> None:
    bare = Messages(dict.fromkeys(MESSAGES.templates, "x"))
    assert "\n\nx\n\n" in progress(after(*LIFE[:9]), None, bare) + "\n\n"


def test_health_is_in_the_report() -> None:
    last = LIFE[10]
    assert isinstance(last, HealthChecked)
    assert f"| watch | healthy: {last.health.reason} |" in progress(after(*LIFE[:12]), None, MESSAGES)
