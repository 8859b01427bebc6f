"""What a pull request says: agreed texts, and what must hold whatever is put in."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from gitops_healer.core.attribution import Attribution, Blame, Candidate
from gitops_healer.core.decision import no
from gitops_healer.core.fitting import Block, fit, prose, size, spoken
from gitops_healer.core.forge import Pull, PullState
from gitops_healer.core.orders import possible_orders
from gitops_healer.core.plan import Cause, Investigation
from gitops_healer.core.pull_body import COMMANDS, Setting, pull_body, revert_body
from gitops_healer.core.rebuilding import rebuild
from gitops_healer.core.reproducing import reproduce_command
from gitops_healer.core.reverting import Dependant, Later, Purity, Reversal, Stays, Way
from gitops_healer.core.texts import commit_message, decision_markdown, pull_title, revert_title, unheard
from gitops_healer.core.trailers import Trailers
from gitops_healer.core.upgrade import Attributed, Stage, Upgrade
from gitops_healer.core.verdict import CheckResult, Outcome, Verdict
from gitops_healer.core.watching import Evidence, Measure
from tests.core.golden_files import golden
from tests.core.upgrade_scenes import BASE, HEAD, LIFE, MERGE, RESULTS, REVERT, START, TAKEN_BACK, WATCHED, after

FORGE_LIMIT = 65_536
ABOUT = Setting("propose", "main", "24h", "7d", "https://forge.example/octo/shop")
DIFF = "--- a/shop/ratings.py\n+++ b/shop/ratings.py\n@@ -1,2 +1,2 @@\n-    return 1\n+    return 2\n"


@pytest.mark.parametrize(
    ("name", "up", "about"),
    [
        ("pull_proposed.md", after(*LIFE[:5]), ABOUT),
        ("pull_validated.md", after(*LIFE[:7]), replace(ABOUT, mode="deploy", rollback=False, diff=DIFF)),
    ],
)
def test_the_body_as_it_was_agreed(name: str, up: Upgrade, about: Setting) -> None:
    golden(name, pull_body(up, about))


def test_the_body_of_a_revert_as_it_was_agreed() -> None:
    golden("pull_revert.md", revert_body(after(*WATCHED, *TAKEN_BACK[:2])))


LATER = Later("1b2c3d4e5f" * 4, "Sort ratings by date", "robin")
BACK = Reversal(
    Way.SMALLEST, MERGE, BASE, REVERT, ("shop/ratings.py",), ("shop/ratings.py:average",),
    (Stays("shop/ratings.py", "best", "it changed since", (LATER,)),), purity=Purity.NARROWER,
    dependants=(Dependant("rounded", "shop/page.py", 12, "page", True, "rounded is new with the merge", LATER),),
)  # fmt: skip
FOUND = Attribution(
    Blame.FOUND, "5daaefef37 is to blame: it fails on that and passes before", ("shop.ratings:average",),
    BASE, MERGE, (Candidate(MERGE, "Return 0.0 from average when stars is empty", "gitops-healer", "up-1", 8.0, ("it "
    "changes shop.ratings:average",)), Candidate("1b2c3d4e5f" * 4, "Sort ratings by date", "robin")), MERGE, 0.998,
    0.02, 0.97, 9, True, ("average([]): 5 of 5 runs fail on 5daaefef37, 0 of 4 on 9324e67762",),
    "gitops-healer culprit up-6499ba7f1a",
)  # fmt: skip


def test_the_body_of_a_revert_in_part_with_all_that_is_known() -> None:
    up = after(*WATCHED, *TAKEN_BACK[:1])
    assert up.health
    reading = up.health.readings[0]
    weighed = Evidence(*reading.key[:2], Measure.FAILURES, "", 31.2, 12.5, 6.9)
    health = replace(
        up.health, blamed=(reading.subject,), evidence=(weighed,), notes=("The mix of inputs is the same.",)
    )
    up = replace(up, health=health, attributions=(Attributed(FOUND, "x"),))
    golden("pull_revert_part.md", revert_body(up, BACK, draft=True))


def test_what_has_to_be_accepted_and_what_failed_comes_before_everything_else() -> None:
    shaky = CheckResult("shadow", Outcome.FAILED, "3 of 6 inputs differ", approval="2 other results are wanted")
    up = after(*LIFE[:7])
    up = replace(up, validated=replace(up.validated, verdict=Verdict(2, HEAD, (*RESULTS[:2], shaky))))
    body = pull_body(up, ABOUT)
    assert body.index("**1 did not**") < body.index("1 thing to accept") < body.index("shadow: 2 other results")
    assert body.index("shadow: 2 other results") < body.index("### What is wrong")
    assert "| `shadow` | ✅ passed | ❌ failed | 3 of 6 inputs differ |" in body


def test_only_what_is_possible_now_can_be_said() -> None:
    for length in range(5, len(LIFE)):
        up = after(*LIFE[:length])
        body = pull_body(up, ABOUT)
        shown = replace(up, stage=Stage.PROPOSED) if up.stage is Stage.PREPARED else up
        for name in COMMANDS:
            row = f"| `/{name} {up.id}` |" if name in ("rollback_upgrade", "reland") else f"| `/{name}` |"
            assert (row in body) == (name in possible_orders(shown)), (up.stage, name)


HOSTILE = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            "```\n",
            "~~~~",
            "</details>",
            "<details><summary>",
            "<!-- healer:v1 {} -->",
            "-->",
            "| a | b \\| c \\",
            "`",
            "``` `` `",
            "/approve",
            "\n/approve up-1",
            "@robin closes #1",
            "🦄" * 50,
            "\u202eevil\x00\ud800",
            "[x](javascript:alert(1))",
            "> [!NOTE]",
            "# head",
            "<script>",
        ]
    ),
)
MANY = st.one_of(
    st.lists(HOSTILE, max_size=4).map(tuple),
    st.tuples(HOSTILE, st.sampled_from([1, 50, 3_000])).map(lambda pair: (pair[0],) * pair[1]),
)


@st.composite
def upgrades(draw: st.DrawFn) -> Upgrade:
    """With investigation and plan, and hostile or huge text wherever text comes from outside."""
    up = after(*WATCHED, *TAKEN_BACK[:2])
    assert up.investigation and up.plan and up.prepared and up.validated and up.merged and up.health and up.regressed
    option = replace(
        up.investigation.options[0],
        title=draw(HOSTILE),
        behaviour=draw(HOSTILE),
        determined_by=draw(MANY),
        proof=draw(MANY),
    )
    names = [draw(HOSTILE) or "x" for _ in range(draw(st.integers(0, 3)))]
    results = [
        CheckResult(
            f"{name}{n}", draw(st.sampled_from(Outcome)), draw(HOSTILE), details=draw(MANY), approval=draw(HOSTILE)
        )
        for n, name in enumerate(names * draw(st.sampled_from([1, 40])))
    ]
    finding = replace(
        up.finding,
        rule=draw(HOSTILE),
        path=draw(HOSTILE),
        symbol=draw(HOSTILE),
        message=draw(HOSTILE),
        evidence=draw(MANY),
    )
    return replace(
        up,
        stage=draw(st.sampled_from([Stage.PREPARED, Stage.VALIDATED, Stage.WATCHED])),
        finding=finding,
        codename=draw(HOSTILE),
        base=draw(st.sampled_from(["", "a" * 40])),
        chosen_by=draw(HOSTILE),
        option_key=option.key,
        investigation=Investigation(Cause(draw(HOSTILE), draw(HOSTILE), 3, 0.5), draw(MANY), (option,)),
        plan=replace(
            up.plan, title=draw(HOSTILE), paths=draw(MANY), symbols=draw(MANY), risks=draw(MANY), notes=draw(MANY)
        ),
        prepared=replace(up.prepared, restore_ref=draw(HOSTILE), verdict=Verdict(1, HEAD, tuple(results))),
        watched=None,
        validated=replace(up.validated, verdict=Verdict(2, HEAD, tuple(results))),
        regressed=replace(up.regressed, reason=draw(HOSTILE), by=draw(HOSTILE)),
        health=replace(up.health, readings=tuple(replace(up.health.readings[0], subject=name) for name in draw(MANY))),
    )


def whole(body: str) -> None:
    """The parts that must survive did, and nothing is left open before the marker."""
    assert size(body) <= FORGE_LIMIT
    assert body.rpartition("\n")[2].startswith("<!-- healer:v1 {")
    tokens = MarkdownIt("commonmark").enable("table").disable("inline").parse(body)
    assert tokens[-1].type == "html_block" and tokens[-1].content.startswith("<!-- healer:v1")
    html = [token.content for token in tokens if token.type == "html_block"]
    assert sum(text.count("<details>") - text.count("</details>") for text in html) == 0
    assert any(token.type == "inline" and token.content == "What you can say" and token.level for token in tokens)
    rows = [token for token in tokens if token.type == "inline" and token.content == "`/explain`"]
    assert len(rows) == 1


URLS = st.sampled_from(["", "https://forge.example/octo/shop", "javascript:x", "https://a b"])


@settings(max_examples=15, deadline=None)
@given(upgrades(), HOSTILE, MANY, URLS)
def test_whatever_is_put_in_the_body_fits_and_is_whole(
    up: Upgrade, text: str, lines: tuple[str, ...], url: str
) -> None:
    about = Setting(text, text, text, text, url, "", text, bool(lines), "\n".join(lines))
    whole(pull_body(up, about))


@settings(max_examples=15, deadline=None)
@given(upgrades(), HOSTILE, MANY, st.booleans())
def test_whatever_is_put_in_the_body_of_a_revert_fits_and_is_whole(
    up: Upgrade, text: str, lines: tuple[str, ...], planned: bool
) -> None:
    some = lines[:40]
    later = Later("a" * 40, text, text, text)
    back = Reversal(
        Way.SMALLEST if lines else Way.WHOLE, HEAD, HEAD, HEAD, some, some,
        tuple(Stays(line, text, text, (later,)) for line in some), text, some,
        dependants=tuple(Dependant(text, line, 1, text, bool(text), line, later) for line in some),
    )  # fmt: skip
    suspects = tuple(Candidate(line, text, line, text, 1.0, (text,)) for line in some)
    found = Attribution(Blame.FOUND, text, some, text, text, suspects, text, 0.99, shown=lines, reproduce=text)
    up = replace(up, attributions=(Attributed(found, text),))
    whole(revert_body(up, back, draft=bool(text)) if planned else revert_body(up))
    assert "\n" not in revert_title(up) and len(revert_title(up)) <= 100


@pytest.mark.parametrize("codename", ["teal-inlet", "-->", '"} --> x', "<!--"])
def test_the_marker_says_to_a_rebuilt_ledger_which_upgrade_it_is(codename: str) -> None:
    up = replace(after(*LIFE[:5]), codename=codename)
    body = pull_body(up, ABOUT)
    pull = Pull(12, "healer/x/420be9b686", "main", HEAD, "a title", body, "octo-healer[bot]", PullState.OPEN, START)
    assert {event.upgrade for event in rebuild([], [pull])} == {up.id}
    assert body.rpartition("\n")[2].index("-->") == len(body.rpartition("\n")[2]) - 3


WORDS = st.lists(st.text(alphabet="ab🦄", min_size=1, max_size=30), max_size=60)


@given(st.lists(WORDS, max_size=6), st.integers(300, 2_000))
def test_long_parts_are_cut_and_short_ones_stay(parts: list[list[str]], limit: int) -> None:
    blocks = [Block(f"head {n}", tuple(f"- {item}" for item in items), f"tail {n}") for n, items in enumerate(parts)]
    said = fit(blocks, limit)
    assert size(said) <= limit
    shown = [said.split(f"head {n}")[1].split(f"tail {n}")[0].strip().split("\n") for n in range(len(parts))]
    cut = [size("\n".join(items)) for items, lines in zip(parts, shown, strict=True) if lines[-1].endswith(" more")]
    stayed = [size("\n".join(items)) for items, lines in zip(parts, shown, strict=True) if len(lines) == len(items)]
    assert not cut or max(stayed, default=0) <= max(cut) + 60
    for items, lines in zip(parts, shown, strict=True):
        kept = [line for line in lines if line and not line.endswith(" more")]
        assert kept == [f"- {item}" for item in items][: len(kept)]
        assert len(kept) == len(items) or lines[-1] == f"- and {len(items) - len(kept)} more"


ON_BASE = "git switch --detach 9324e67762 && "


@pytest.mark.parametrize(
    ("rule", "symbol", "path", "command", "expected"),
    [
        ("failing_test", "t.py::test_x[a b]", "t.py", "", ON_BASE + "python -m pytest 't.py::test_x[a b]'"),
        ("failing_test", "t.py::test_x", "t.py", "uv run pytest -x", ON_BASE + "uv run pytest -x t.py::test_x"),
        ("failing_test", "tests.test_a.TestA.test_b", "", "", ON_BASE + "python -m unittest tests.test_a.TestA.test_b"),
        ("failing_test", "whole suite", "t.py", "make test", ON_BASE + "make test"),
        ("recent_failures", "a:b", "", "", "gitops-healer shadow a:b --base 9324e67762 --head ec78d54207 --aim mends"),
        ("slow_tool", "a:b", "a.py", "", "gitops-healer investigate a:b"),
        ("unused_tool", "a:b", "a.py", "", "gitops-healer tools show a:b"),
        ("circular_import", "a", "a b.py", "", "gitops-healer scan --ref 9324e67762 --path 'a b.py'"),
        ("failing_test", "--x::'; rm", "t.py", "", ON_BASE + "python -m pytest './--x::'\"'\"'; rm'"),
    ],
)  # fmt: skip
def test_one_command_shows_the_flaw(rule: str, symbol: str, path: str, command: str, expected: str) -> None:
    up = after(*LIFE[:5])
    up = replace(up, finding=replace(up.finding, rule=rule, symbol=symbol, path=path))
    assert reproduce_command(up, command) == expected
    assert expected in pull_body(up, replace(ABOUT, test_command=command))


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ('gitops-healer command "/approve" --pull 2 --actor LOGIN', "`/approve`"),
        ('gitops-healer command "/choose up-1a return-0|none" --actor LOGIN', "`/choose up-1a return-0|none`"),
        ("add a test (see proof), then /retry up-6499ba7f1a", "add a test (see proof), then `/retry up-6499ba7f1a`"),
        ("see limits.open_pulls", "see limits.open\\_pulls"),
        ("ask @robin about #1", "`ask @robin about #1`"),
        ("see https://evil.example", "`see https://evil.example`"),
        ("rename healer/x/abc, then /retry", "rename healer/x/abc, then `/retry`"),
    ],
)  # fmt: skip
def test_what_a_command_line_would_say_is_said_in_a_comment(action: str, said: str) -> None:
    assert spoken(action) == said


@pytest.mark.parametrize(
    "sentence",
    [
        "@robin: see #12",
        "fixes octo/shop#3",
        "closes GH-4",
        "x [skip ci] y",
        "[ci skip]",
        "Healer-Reverts: abc",
        "a\n\nHealer-Run: x",
    ],
)
def test_a_commit_message_does_nothing_by_what_it_quotes(sentence: str) -> None:
    up = after(*LIFE[:5])
    assert up.investigation and up.plan
    cause = replace(up.investigation.cause, sentence=sentence)
    up = replace(up, investigation=replace(up.investigation, cause=cause), plan=replace(up.plan, title=sentence))
    message = commit_message(up)
    for words in ("@robin", "#12", "#3", "GH-4", "[skip", "[ci skip]"):
        assert words not in message
    assert Trailers.parse(message) == Trailers(up.id, up.codename, up.finding.fingerprint, "low", up.run)
    assert "\n" not in pull_title(up)


def test_ordinary_words_are_left_alone() -> None:
    assert unheard("call `f(x)` with #tag, a@b.c_d and [x]", 100) == "call `f(x)` with #tag, a@b.c_d and [x]"


@pytest.mark.parametrize(
    "text", ["/lgtm", " /approve up-1", "@robin look", "# head", "1. one", "<b>", "| x", "fixes #1"]
)
def test_what_could_be_markup_or_a_command_is_shown_as_code(text: str) -> None:
    assert prose(text) == f"`{text.strip()}`"
    assert prose("3 of 3 tests pass (see a/b.py:3)") == "3 of 3 tests pass (see a/b.py:3)"


def test_names_of_gates_are_not_spliced_in() -> None:
    assert decision_markdown(no("ci/@robin <b>", "red")) == "- **no** `ci/@robin <b>`: red"
