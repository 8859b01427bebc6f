"""Every command: a story of success, one of refusal; and that whatever it answers can be recorded."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from gitops_healer.adapters.repository import open_repository
from gitops_healer.core.change import Change, Edit
from gitops_healer.core.finding import Finding, Risk, Severity
from gitops_healer.core.forge import Permission
from gitops_healer.core.history import History, replay
from gitops_healer.core.naming import upgrade_id
from gitops_healer.core.orders import CLEARED
from gitops_healer.core.plan import Cause, Investigation, Option, Plan, Task
from gitops_healer.core.upgrade import (
    ApprovalGiven,
    Approved,
    Closed,
    Dropped,
    Event,
    Fact,
    Heeded,
    Held,
    Ignored,
    Investigated,
    LeftUnproven,
    Merged,
    Ordered,
    Outdated,
    Paused,
    PlanApproved,
    Planned,
    Prepared,
    Proposed,
    Queued,
    Regressed,
    RepositoryFact,
    Resumed,
    RevertProposed,
    Revised,
    RolledBack,
    Stabilised,
    Stage,
    Unpaused,
    Upgrade,
    Validated,
    Watched,
    event_id,
)
from gitops_healer.core.verdict import CheckResult, Outcome, Verdict
from gitops_healer.core.watching import Window
from gitops_healer.errors import RepositoryError
from gitops_healer.registry import Answer, Command, Request, Scene, discover
from gitops_healer.settings import load_settings
from tests.code.models import model_of

NOW = datetime(2026, 3, 1, tzinfo=UTC)
COMMANDS = {known.name: known for known in discover("gitops_healer.commands", Command)}
HOSTILE = "@everyone <!-- x --> <b>boo</b> `tick` [l](javascript:x)\n/approve\n# big"
FINGERPRINT = "ab" * 20
ID = upgrade_id(FINGERPRINT, 1)
NAME = "calm-fox"
HEAD, BASE, MERGE, REVERT = "1" * 40, "2" * 40, "3" * 40, "4" * 40
PULL, REVERT_PULL = 7, 8

FINDING = Finding("failing_test", "src/a.py", "a.f", 3, 4, Severity.HIGH, HOSTILE, FINGERPRINT)
OPTIONS = tuple(
    Option(key, HOSTILE, "template", Change((Edit("src/a.py", 0, "", "x"),)), behaviour=HOSTILE)
    for key in ("return_none", "raise_error")
)
ASKING = Investigation(Cause(HOSTILE), options=OPTIONS, question=HOSTILE)
SURE = Investigation(Cause("it divides by zero"), options=OPTIONS)
PLAN = Plan("return_none", HOSTILE, (), ("src/a.py",), (), FINDING.risk, 5, 3, BASE)
REVISED = replace(PLAN, option="raise_error", version=2, notes=("use raise_error",))
VERDICT = Verdict(1, HEAD, (CheckResult("tests", Outcome.PASSED, HOSTILE),))

QUEUED: tuple[Fact, ...] = (Queued(FINDING, NAME, BASE),)
INVESTIGATED = (*QUEUED, Investigated(SURE))
PLANNED = (*INVESTIGATED, Planned(PLAN))
PLAN_APPROVED = (*PLANNED, PlanApproved("somebody", "fine"))
PREPARED = (*PLAN_APPROVED, Prepared(HEAD, BASE, "refs/healer/restore/x", VERDICT))
PROPOSED = (*PREPARED, Proposed("healer/x/1", HEAD, PULL, "", "run"))
VALIDATED = (*PROPOSED, Validated(VERDICT, HEAD, BASE))
APPROVED = (*VALIDATED, Approved("somebody", HEAD, "fine"))
MERGED = (*APPROVED, Merged(MERGE, BASE, HEAD, NOW))
WATCHED = (*MERGED, Watched(VERDICT, Window(NOW, NOW, NOW)))
STABLE = (*WATCHED, Stabilised("it held"))
REGRESSED = (*WATCHED, Regressed("it got worse", "gitops-healer"))
REVERTING = (*REGRESSED, RevertProposed("healer/revert/1", REVERT, REVERT_PULL, ""))
ROLLED_BACK = (*REVERTING, RolledBack("5" * 40, REVERT_PULL))
DROPPED = (*PREPARED, Dropped("no proof"))
ASKED = (*QUEUED, Investigated(ASKING), Held("not ours to invent", HOSTILE))
OURS_HELD = (*PLANNED, Held("needs a plan approval"))
THEIRS_HELD = (*PLANNED, Held("wait", by=HOSTILE))
LIVES: dict[str, tuple[Fact, ...]] = {
    "queued": QUEUED,
    "investigated": INVESTIGATED,
    "planned": PLANNED,
    "plan_approved": PLAN_APPROVED,
    "prepared": PREPARED,
    "proposed": PROPOSED,
    "validated": VALIDATED,
    "approved": APPROVED,
    "merged": MERGED,
    "watched": WATCHED,
    "stable": STABLE,
    "unproven": (*WATCHED, LeftUnproven("no data")),
    "regressed": REGRESSED,
    "reverting": REVERTING,
    "rolled_back": ROLLED_BACK,
    "dropped": DROPPED,
    "asked": ASKED,
    "held_queued": (*QUEUED, Held(HOSTILE)),
    "held_by_us": OURS_HELD,
    "held_by_them": THEIRS_HELD,
    "held_plan_approved": (*PLAN_APPROVED, Held("no sandbox")),
    "held_proposed": (*PROPOSED, Held("theirs now")),
    "held_reverting": (*REVERTING, Held("conflict")),
    "revised": (*PLANNED, Revised("use raise_error", "sam")),
    "held_revised": (*PLANNED, Revised("use raise_error", "sam"), Held("no change fits")),
    "planned_again": (*PLANNED, Revised("use raise_error", "sam"), Planned(REVISED)),
    "hands_off": (*PROPOSED, Held("theirs now", hands_off=True)),
    "cleared": (*QUEUED, Dropped(f"{CLEARED}, because brave-owl failed")),
    "closed_stable": (*STABLE, Closed("stable", "x")),
    "closed_dropped": (*DROPPED, Closed("dropped", "x")),
    "closed_rolled_back": (*ROLLED_BACK, Closed("rolled_back", "x")),
}


def record(history: History, facts: tuple[tuple[str, Fact | RepositoryFact], ...], actor: str = "x") -> History:
    """As the journal does it: raises IllegalEventError when a fact cannot follow."""
    for upgrade, fact in facts:
        moment = NOW + timedelta(minutes=len(history.seen))
        event = Event(event_id(upgrade, history.position(upgrade), fact), moment, upgrade, "run", actor, fact)
        assert event.id not in history.seen
        history = history.after([event])
    return history


def lived(*facts: Fact, upgrade: str = ID) -> History:
    return record(replay([]), tuple((upgrade, fact) for fact in facts))


@pytest.fixture
def scene(make_repo: Callable[..., Any]) -> Scene:
    repo = make_repo({"a.py": "x = 1\n"})
    return scene_of(commit=repo.git("rev-parse", "HEAD"), repository=open_repository(repo.path))


def scene_of(**known: object) -> Scene:
    """A scene of which commands need the commit, the repository and the settings."""
    blank: dict[str, Any] = dict.fromkeys(Scene.__dataclass_fields__)
    return Scene(
        **{
            **blank, "now": NOW, "commit": BASE, "repository": NoCommits(), "settings": load_settings(),
            "code": model_of({}), "progress": lambda _: None, **known,
        }
    )  # fmt: skip


def ask(command: str, history: History, *arguments: str, **more: Any) -> Answer:
    """Order something of the one upgrade there is, unless told otherwise."""
    upgrade = more.pop("upgrade", ID)
    defaults: dict[str, Any] = {"pull": 0, "head": "", "scene": scene_of(), "comment": "1/0"}
    request = Request(
        actor="alex",
        permission=more.pop("permission", Permission.ADMIN),
        arguments=arguments,
        upgrade=history.upgrades.get(upgrade),
        history=history,
        **{**defaults, **more},
    )
    return COMMANDS[command](request)


def facts(answer: Answer) -> list[Fact | RepositoryFact]:
    return [fact for _, fact in answer.facts]


def obeyed(history: History, answer: Answer) -> Upgrade:
    assert answer.allowed, answer.reply
    return record(history, answer.facts).upgrades[ID]


# All commands alike


def test_there_is_a_file_for_every_command_and_each_says_what_it_needs() -> None:
    assert set(COMMANDS) == {
        "answer", "approve", "approve_plan", "choose", "explain", "freeze", "healer_help", "hold", "ignore", "permit",
        "plan", "rebuild", "reland", "restore", "resume", "retry", "revise_plan", "rollback_upgrade", "self_upgrade",
        "show_upgrade_diff", "tool_history", "unfreeze", "unignore", "upgrade_ledger", "upgrade_status",
    }  # fmt: skip
    for known in COMMANDS.values():
        assert known.usage.startswith(f"/{known.name}")
        assert known.help
        assert len(known.help) < 160
        assert known.examples
        assert all(example.startswith(f"/{known.name}") for example in known.examples)
    readers = {known.name for known in COMMANDS.values() if known.needs is Permission.READ}
    assert readers == {
        "upgrade_status", "show_upgrade_diff", "upgrade_ledger", "explain", "healer_help", "tool_history", "plan",
    }  # fmt: skip
    assert [known.name for known in COMMANDS.values() if known.needs is Permission.ADMIN] == ["permit"]


words = st.one_of(
    st.sampled_from(
        [
            "return_none",
            "RAISE_ERROR",
            "1" * 40,
            "1111111",
            "4" * 9,
            ID,
            "alex",
            "write",
            "30",
            "0",
            "x",
            "all",
            "discard",
            "use return_none",
            "not src/a.py",
            "at most 3 lines",
            "src/a.py",
            "yes",
            "remove dead code",
        ]
    ),
    st.text(max_size=20),
)


@given(
    command=st.sampled_from(sorted(COMMANDS)),
    life=st.sampled_from(sorted(LIVES)),
    arguments=st.lists(words, max_size=3),
    pull=st.sampled_from([0, PULL, REVERT_PULL, 99]),
    head=st.sampled_from(["", HEAD, REVERT, BASE]),
    head_now=st.sampled_from(["", HEAD, REVERT, BASE]),
    named=st.booleans(),
    before=st.lists(st.sampled_from(["paused", "ignored"]), max_size=2, unique=True),
)
def test_whatever_is_ordered_and_whenever_the_answer_can_be_recorded(
    command: str, life: str, arguments: list[str], pull: int, head: str, head_now: str, named: bool, before: list[str]
) -> None:
    history = lived(*LIVES[life])
    orders = {"paused": Paused(HOSTILE, HOSTILE), "ignored": Ignored(FINGERPRINT, "x", HOSTILE)}
    history = record(history, tuple(("", orders[one]) for one in before))
    upgrade = ID if named else "-"
    answer = ask(command, history, *arguments, pull=pull, head=head, head_now=head_now, upgrade=upgrade)
    record(history, answer.facts)
    assert answer.allowed or not (answer.facts or answer.grants)
    assert answer.reply
    assert len(answer.reply) < 65_000
    harmless(answer.reply)


TYPICAL: dict[str, tuple[str, ...]] = {
    "answer": ("src",), "approve": (HEAD[:10],), "choose": ("return_none",), "permit": ("robin", "write"),
    "revise_plan": ("use", "raise_error"), "rebuild": (), "restore": ("a:f", "1"), "tool_history": ("a:f",),
    "healer_help": (), "self_upgrade": (), "upgrade_ledger": (), "retry": (), "plan": (),
}  # fmt: skip


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_at_every_stage_gives_an_answer_that_can_be_recorded(command: str) -> None:
    for life in LIVES.values():
        history = lived(*life)
        typical = TYPICAL.get(command, ("because",))
        for more in ({}, {"pull": PULL, "head": HEAD, "head_now": HEAD}, {"upgrade": "-"}):
            answer = ask(command, history, *typical, **more)
            record(history, answer.facts)
            assert answer.allowed or not answer.facts
            harmless(answer.reply)


class NoCommits:
    """A repository whose objects are gone."""

    def read(self, commit: str, path: str) -> bytes:
        raise RepositoryError(f"{commit} is not here")

    def diff(self, base: str, head: str) -> str:
        raise RepositoryError(f"{base} is not here")

    def read_blob(self, blob: str) -> bytes:
        raise RepositoryError(f"{blob} is not here")

    def log(self, head: str, *, exclude: str = "", limit: int = 0) -> Any:
        raise RepositoryError(f"{head} is not here")


def harmless(markdown: str) -> None:
    """Nothing that came from outside acts: no mention, no HTML, no link, no heading."""
    for token in MarkdownIt("commonmark").enable("table").parse(markdown):
        assert token.type not in ("html_block", "heading_open"), markdown
        for child in token.children or []:
            assert child.type not in ("html_inline", "link_open", "image"), markdown
            assert child.type != "text" or "@" not in child.content, markdown


@pytest.mark.parametrize("command", sorted(known.name for known in COMMANDS.values() if known.target))
def test_an_order_about_nothing_says_what_can_be_meant(command: str) -> None:
    answer = ask(command, replay([]), upgrade="-", pull=99, head=HEAD)
    assert "upgrade" in answer.reply.lower()
    assert not answer.facts


@pytest.mark.parametrize("life", sorted(LIVES))
def test_what_a_refusal_calls_possible_is_possible(life: str) -> None:
    history = lived(*LIVES[life])
    refused = [answer for name in COMMANDS if not (answer := ask(name, history)).allowed]
    offers = {line for answer in refused for line in answer.reply.split("Possible now: ")[1:]}
    for offer in offers:
        for name in {word.strip("`/") for word in offer.split() if word.startswith("`/")}:
            words = {
                "choose": ["raise_error" if history.upgrades[ID].revisions else "return_none"],
                "revise_plan": ["use", "return_none"],
                "rebuild": [],
                "approve": ["444444444" if life == "reverting" else "111111111"],
            }
            here: dict[str, Any] = {"pull": PULL, "head": HEAD, "head_now": HEAD} if name == "rebuild" else {}
            answer = ask(name, history, *words.get(name, ["because"]), **here)
            assert answer.allowed, (name, answer.reply)


# Approve


@pytest.mark.parametrize("life", ["proposed", "validated", "approved"])
def test_an_approval_is_kept_until_it_is_needed(life: str) -> None:
    history = lived(*LIVES[life])
    answer = ask("approve", history, pull=PULL, head=HEAD, head_now=HEAD)
    assert obeyed(history, answer).approvals == (ApprovalGiven("alex", HEAD),)
    again = ask("approve", record(history, answer.facts), pull=PULL, head=HEAD, head_now=HEAD)
    assert again.allowed
    assert not again.facts


def test_what_is_closed_is_not_approved() -> None:
    answer = ask("approve", lived(*VALIDATED), pull=PULL, head=HEAD, head_now=HEAD, closed=True)
    assert not answer.allowed
    assert "#7 is closed" in answer.reply


def test_an_approval_survives_proof_and_its_loss_but_no_new_head() -> None:
    history = lived(*PROPOSED, ApprovalGiven("alex", HEAD), Validated(VERDICT, HEAD, BASE))
    assert history.upgrades[ID].approvals
    assert not record(history, ((ID, Outdated("main moved", BASE)),)).upgrades[ID].approvals


def test_an_approval_of_what_has_moved_is_refused_with_both_commits() -> None:
    answer = ask("approve", lived(*VALIDATED), pull=PULL, head=HEAD, head_now=BASE)
    assert not answer.allowed
    assert HEAD[:10] in answer.reply
    assert BASE[:10] in answer.reply


def test_an_approval_from_elsewhere_names_the_commit() -> None:
    history = lived(*VALIDATED)
    refused = ask("approve", history)
    assert f"`/approve {ID} {HEAD[:10]}`" in refused.reply
    assert obeyed(history, ask("approve", history, HEAD[:10])).approvals
    assert "stands on" in ask("approve", history, "deadbee").reply


def test_a_revert_can_be_approved() -> None:
    history = lived(*REVERTING)
    assert obeyed(history, ask("approve", history, pull=REVERT_PULL, head=REVERT)).approvals[0].head == REVERT
    assert not ask("approve", history, pull=PULL, head=HEAD).allowed
    assert not ask("approve", lived(*REGRESSED), pull=PULL, head=HEAD).allowed


@pytest.mark.parametrize("words", [("not", "yet"), (HEAD[:10], "never"), ("lgtm",)])
def test_an_approval_with_words_that_could_mean_no_is_none(words: tuple[str, ...]) -> None:
    answer = ask("approve", lived(*VALIDATED), *words, pull=PULL, head=HEAD, head_now=HEAD)
    assert not answer.allowed
    assert "Write `/approve` alone" in answer.reply


def test_what_is_not_proposed_cannot_be_approved() -> None:
    answer = ask("approve", lived(*PLANNED), pull=PULL, head=HEAD)
    assert not answer.allowed
    assert f"`/approve_plan {ID}`" in answer.reply


# Plans and questions


def test_a_plan_is_approved_with_the_reason_given() -> None:
    history = lived(*PLANNED)
    assert facts(ask("approve_plan", history, "looks", "good")) == [PlanApproved("alex", "looks good")]
    assert obeyed(history, ask("approve_plan", history)).plan_approved_by == "alex"


def test_a_plan_that_the_healer_holds_is_approved_but_not_what_a_person_holds() -> None:
    ours, theirs = lived(*OURS_HELD), lived(*THEIRS_HELD)
    assert obeyed(ours, ask("approve_plan", ours)).stage is Stage.PLAN_APPROVED
    assert not ask("approve_plan", theirs).allowed
    assert not ask("approve_plan", lived(*QUEUED)).allowed


def test_a_plan_that_was_made_after_the_approval_was_written_is_not_approved() -> None:
    history = lived(*PLANNED)
    planned = history.upgrades[ID].planned_at
    assert planned is not None
    early = ask("approve_plan", history, written=planned - timedelta(seconds=1))
    assert not early.allowed
    assert f"/plan {ID}" in early.reply
    assert ask("approve_plan", history, written=planned).allowed


def test_a_plan_is_shown_with_all_that_a_reader_needs() -> None:
    tasks = (Task(1, "edit", "it compiles"), Task(2, "run", "tests pass", (1,)))
    plan = replace(PLAN, risk=Risk.HIGH, tasks=tasks, risks=("it may fail",), criteria=("f passes",), symbols=("a.f",))
    up = lived(*INVESTIGATED, Planned(PLAN), Revised("use return_none", "sam"), Planned(replace(plan, version=2)))
    reply = ask("plan", up).reply
    for said in (
        "version 2", "1. edit", "it compiles", "after 1", "risk: it may fail", "success: f passes", BASE, "`a.f`",
        f"`/approve_plan {ID}`", f"`/revise_plan {ID} use raise_error`", "version 1", "until 2026-03-1",
    ):  # fmt: skip
        assert said in reply, (said, reply)
    assert "approved by `sam`" in ask("plan", lived(*PLANNED, PlanApproved("sam", "fine"))).reply
    assert "no plan of it" in ask("plan", lived(*QUEUED)).reply
    assert "needs no approval" in ask("plan", lived(*PLANNED)).reply


# Revise and rebuild


@pytest.mark.parametrize("life", ["planned", "held_by_us", "asked", "planned_again", "held_revised"])
def test_a_plan_is_revised(life: str) -> None:
    history = lived(*LIVES[life])
    answer = ask("revise_plan", history, "use", "return_none")
    assert facts(answer) == [Revised("use return_none", "alex")]
    up = obeyed(history, answer)
    assert up.stage is Stage.INVESTIGATED
    assert up.plan is None
    assert up.earlier_plans or life == "asked"
    assert "return_none" in answer.reply


@pytest.mark.parametrize(
    ("words", "because"),
    [
        ("", "Say what you want"),
        ("make it nicer", "do not understand `make it nicer`"),
        ("use neither_nor", "`neither_nor` is no option"),
        ("leave src/zzz.py alone", "`src/zzz.py` is no option"),
        ("not return_none; not raise_error", "No option of"),
        ("at most 3 lines", "No option of"),
        (HOSTILE, "do not understand"),
    ],
)
def test_a_revision_that_is_not_clear_or_leaves_nothing_is_told_with_what_is_possible(words: str, because: str) -> None:
    answer = ask("revise_plan", lived(*PLANNED), *words.split())
    assert not answer.allowed
    assert because in answer.reply
    harmless(answer.reply)


@pytest.mark.parametrize(("words", "fits"), [("at most 2 lines", True), ("at most 1 lines", False), ("low risk", True)])
def test_the_size_of_an_option_is_that_on_its_base(words: str, fits: bool, make_repo: Callable[..., Any]) -> None:
    repo = make_repo({"src/a.py": "a = 1\n"})
    scene = scene_of(repository=open_repository(repo.path))
    life = (Queued(FINDING, NAME, repo.git("rev-parse", "HEAD")), *PLANNED[1:])
    assert ask("revise_plan", lived(*life), *words.split(), scene=scene).allowed is fits


def test_what_was_asked_for_before_still_counts_and_choosing_against_it_is_refused() -> None:
    history = lived(*LIVES["planned_again"])
    assert ask("revise_plan", history, "not", "raise_error").allowed  # the last word about the same option
    refused = ask("revise_plan", history, "not", "src/a.py")
    assert "Asked before: `use raise_error`" in refused.reply
    refused = ask("choose", history, "return_none")
    assert not refused.allowed
    assert f"`/revise_plan {ID} use return_none`" in refused.reply
    assert ask("choose", history, "raise_error").allowed


@pytest.mark.parametrize("life", ["queued", "plan_approved", "proposed", "merged", "held_proposed", "dropped"])
def test_a_plan_that_is_carried_out_is_not_revised_and_what_can_be_done_is_told(life: str) -> None:
    answer = ask("revise_plan", lived(*LIVES[life]), "use", "return_none")
    assert not answer.allowed
    assert "carried out already" in answer.reply


@pytest.mark.parametrize(
    "life", ["planned", "prepared", "proposed", "approved", "held_proposed", "held_by_them", "asked"]
)
def test_a_change_is_built_again_on_the_present_base(life: str) -> None:
    history = lived(*LIVES[life])
    up = obeyed(history, ask("rebuild", history, scene=scene_of(commit="9" * 40), pull=PULL, head=HEAD, head_now=HEAD))
    assert (up.stage, up.base, up.reclaims, up.plan) == (Stage.QUEUED, "9" * 40, "", None)


@pytest.mark.parametrize("life", ["queued", "merged", "regressed", "held_reverting", "held_queued", "dropped"])
def test_what_is_not_built_or_is_merged_is_not_built_again(life: str) -> None:
    assert not ask("rebuild", lived(*LIVES[life])).allowed


def test_commits_of_others_are_given_up_only_when_somebody_says_so(make_repo: Callable[..., Any]) -> None:
    repo = make_repo({"a.py": "x = 1\n"})
    ours = repo.git("rev-parse", "HEAD")
    theirs = repo.commit({"a.py": "x = 2\n"}, "Fix <b>it</b> @everyone")
    more = repo.commit({"a.py": "x = 3\n"}, "More")
    scene = scene_of(repository=open_repository(repo.path), commit=BASE)
    life = (*PREPARED, Proposed("healer/x/1", ours, PULL, "", "run"), Held("theirs now", hands_off=True))
    history = lived(*life)
    here: dict[str, Any] = {"pull": PULL, "head": more, "head_now": more, "scene": scene}
    refused = ask("rebuild", history, **here)
    assert not refused.allowed
    assert f"`{theirs[:10]}`" in refused.reply
    assert f"`{more[:10]}`" in refused.reply
    assert ours[:10] not in refused.reply
    assert "`/rebuild discard`" in refused.reply
    harmless(refused.reply)
    assert obeyed(history, ask("rebuild", history, "discard", **here)).reclaims == more
    moved = ask("rebuild", history, "discard", **{**here, "head": theirs})
    assert not moved.allowed
    assert theirs[:10] in moved.reply
    assert "Write it on #7" in ask("rebuild", history, "discard").reply
    assert "Write it on #7" in ask("rebuild", history).reply
    assert "`/rebuild discard`" in ask("rebuild", history, "now", **here).reply


# Requests


CODE = {"src/shop/__init__.py": "", "src/shop/prices.py": "def price(x):\n    return x\n"}


def request_work(history: History, *words: str, **more: Any) -> Answer:
    return ask("self_upgrade", history, *words, scene=scene_of(code=model_of(CODE)), upgrade="-", **more)


def reply_to(history: History, *words: str, **more: Any) -> Answer:
    return ask("answer", history, *words, scene=scene_of(code=model_of(CODE)), upgrade="-", **more)


@pytest.mark.parametrize(
    ("words", "components", "text", "said"),
    [
        ("", (), "", "whole repository"),
        ("src/shop", ("src/shop",), "", "`src/shop`"),
        ("shop.prices:price fails for nothing", ("shop.prices:price",), "fails for nothing", "`fails for nothing`"),
    ],
)
def test_work_is_asked_for(words: str, components: tuple[str, ...], text: str, said: str) -> None:
    answer = request_work(replay([]), *words.split(), pull=12, comment="5/0")
    assert facts(answer) == [Ordered("5/0", "alex", 12, components, text)]
    assert said in answer.reply
    frozen = record(replay([]), (("", Paused("sam", "x")),))
    assert "`/unfreeze`" in request_work(frozen, *words.split()).reply


def test_a_request_that_is_not_clear_starts_again_when_it_is_answered() -> None:
    asked = request_work(replay([]), "src/shoop", "make", "it", "nicer", pull=12, comment="5/0")
    [order] = facts(asked)
    assert isinstance(order, Ordered)
    assert "`src/shop`" in order.question
    assert "`/answer`" in asked.reply
    history = record(replay([]), asked.facts)
    assert "waits for an `/answer`" in ask("upgrade_status", history, upgrade="-").reply
    assert not reply_to(history, "src/shop", pull=13).allowed
    assert not reply_to(history, pull=12).allowed
    again = reply_to(history, "hmm", pull=12, comment="6/0")
    assert isinstance(facts(again)[0], Ordered) and facts(again)[0].question
    for said in ("yes", "src/shop"):
        answered = reply_to(history, said, pull=12, comment="6/0")
        assert facts(answered) == [Ordered("5/0", "alex", 12, ("src/shop",), "make it nicer")]
    history = record(history, answered.facts)
    assert list(history.work) == ["5/0"]
    assert not reply_to(history, "src/shop", pull=12).allowed


def test_everybody_answers_the_own_request_first() -> None:
    history = record(
        replay([]),
        (
            ("", Ordered("1/0", "alex", 0, (), "nonsense", "What?")),
            ("", Ordered("2/0", "sam", 0, (), "rubbish", "How?")),
        ),
    )
    for fact, order in ((reply_to(history, "src/shop"), "1/0"), (ask_as("sam", history), "2/0")):
        [found] = facts(fact)
        assert isinstance(found, Ordered)
        assert (found.id, found.question) == (order, "")
    assert [found.by for found in facts(ask_as("robin", history)) if isinstance(found, Ordered)] == ["sam"]


def ask_as(actor: str, history: History) -> Answer:
    scene = scene_of(code=model_of(CODE))
    return COMMANDS["answer"](Request(actor, Permission.WRITE, ("src/shop",), 0, "", None, history, scene))


def test_an_answer_to_the_question_of_an_upgrade_is_shown_the_way() -> None:
    assert f"`/choose {ID} OPTION`" in reply_to(lived(*ASKED), "return_none").reply
    assert "`/self_upgrade`" in reply_to(replay([]), "x").reply


@pytest.mark.parametrize("spelled", ["raise_error", "RAISE_ERROR"])
def test_a_question_is_answered(spelled: str) -> None:
    history = lived(*ASKED)
    chosen = obeyed(history, ask("choose", history, spelled))
    assert (chosen.stage, chosen.option_key, chosen.chosen_by) == (Stage.INVESTIGATED, "raise_error", "alex")


@pytest.mark.parametrize("arguments", [[], ["nothing_like_it"], ["return_none", "raise_error"]])
def test_an_answer_that_is_none_lists_the_options(arguments: list[str]) -> None:
    answer = ask("choose", lived(*ASKED), *arguments)
    assert not answer.allowed
    assert all(f"`/choose {ID} {option.key}`" in answer.reply for option in OPTIONS)


def test_choosing_is_refused_when_it_is_too_late_or_about_nothing() -> None:
    assert not ask("choose", lived(*PREPARED), "return_none").allowed
    assert ID in ask("choose", lived(*ASKED), "return_none", upgrade="-").reply


# Hold and resume


def test_an_upgrade_is_held_and_resumed() -> None:
    history = lived(*VALIDATED)
    held = ask("hold", history, "wait", "for", "2.0")
    assert facts(held) == [Held("wait for 2.0", next_action=f"/resume {ID}", by="alex")]
    history = record(history, held.facts)
    assert facts(ask("resume", history)) == [Resumed("alex")]
    assert obeyed(history, ask("resume", history)).stage is Stage.VALIDATED


def test_what_has_ended_cannot_be_held_and_what_asks_cannot_be_resumed() -> None:
    assert not ask("hold", lived(*STABLE)).allowed
    assert not ask("resume", lived(*STABLE)).allowed
    assert "waits for an answer" in ask("resume", lived(*ASKED)).reply


def test_everything_is_stopped_and_started_as_often_as_one_likes() -> None:
    history = replay([])
    for _ in range(3):
        stop = ask("freeze", history, "release", upgrade="-")
        assert facts(stop) == [Paused("alex", "release")]
        history = record(history, stop.facts)
        assert history.paused is not None
        assert not ask("freeze", history, upgrade="-").facts
        go = ask("unfreeze", history, upgrade="-")
        assert facts(go) == [Unpaused("alex")]
        history = record(history, go.facts)
        assert history.paused is None
    assert not ask("unfreeze", history, upgrade="-").facts


@pytest.mark.parametrize("pull", [0, 99])
def test_a_hold_is_about_one_upgrade_and_names_what_stops_everything(pull: int) -> None:
    for command in ("hold", "resume"):
        answer = ask(command, record(lived(*VALIDATED), (("", Paused("sam", "x")),)), upgrade="-", pull=pull)
        assert not answer.allowed
        assert ID in answer.reply
        assert "freeze`" in answer.reply


# Ignore and unignore


def test_ignoring_drops_what_is_not_merged_and_can_be_undone() -> None:
    history = lived(*PROPOSED)
    answer = ask("ignore", history, "on", "purpose")
    assert facts(answer) == [Ignored(FINGERPRINT, "alex", "on purpose"), Dropped("ignored by alex: on purpose")]
    history = record(history, answer.facts)
    assert not ask("ignore", history).facts
    heeded = ask("unignore", history)
    assert facts(heeded) == [Heeded(FINGERPRINT, "alex")]
    assert f"/retry {ID}" in heeded.reply
    assert not record(history, heeded.facts).ignored


def test_ignoring_what_is_merged_leaves_it_merged_and_says_so() -> None:
    for life in (WATCHED, (*REVERTING, Held("conflict"))):
        assert [type(fact) for fact in facts(ask("ignore", lived(*life)))] == [Ignored]
    assert f"/rollback_upgrade {ID}" in ask("ignore", lived(*WATCHED)).reply


def test_heeding_by_the_digits_of_a_finding() -> None:
    history = record(replay([]), (("", Ignored(FINGERPRINT, "x", "y")),))
    assert facts(ask("unignore", history, FINGERPRINT[:10], upgrade="-")) == [Heeded(FINGERPRINT, "alex")]
    for wrong in ("", "ab", "zzzz", "ffff"):
        refused = ask("unignore", history, wrong, upgrade="-")
        assert not refused.allowed
        assert FINGERPRINT[:10] in refused.reply
    both = record(history, (("", Ignored("abab" + "0" * 36, "x", "y")),))
    assert "2 ignored findings" in ask("unignore", both, "abab", upgrade="-").reply


# Retry, rollback, reland


@pytest.mark.parametrize("life", [DROPPED, ROLLED_BACK, LIVES["closed_dropped"], LIVES["closed_rolled_back"]])
def test_what_ended_badly_is_tried_anew(life: tuple[Fact, ...], scene: Scene) -> None:
    history = lived(*life)
    answer = ask("retry", history, scene=scene)
    [(new, queued)] = answer.facts
    assert isinstance(queued, Queued)
    assert (new, queued.attempt, queued.base, queued.option) == (upgrade_id(FINGERPRINT, 2), 2, scene.commit, "")
    assert queued.codename != NAME
    history = record(history, answer.facts)
    assert history.upgrades[new].stage is Stage.QUEUED
    assert "waits for its turn" in ask("retry", history).reply


def test_a_cleared_queue_is_filled_again_at_once(scene: Scene) -> None:
    other = replace(FINDING, fingerprint="cd" * 20)
    second = upgrade_id(other.fingerprint, 1)
    life: tuple[Fact, ...] = (
        Queued(FINDING, NAME, BASE, order="5/0", thread=12), Dropped(f"{CLEARED}, because x failed"),
    )  # fmt: skip
    history = record(lived(*life), tuple((second, fact) for fact in (Queued(other, "brave-owl", BASE), life[1])))
    for more, thread, count in (({"pull": 12}, 12, 1), ({}, 0, 0)):
        answer = ask("retry", history, scene=scene, upgrade="-", **more)
        assert len(answer.facts) == count
        for _, fact in answer.facts:
            assert isinstance(fact, Queued)
            assert (fact.attempt, fact.order, fact.thread, fact.base) == (2, "5/0", thread, scene.commit)
    everything = ask("retry", history, "all", scene=scene, upgrade="-")
    assert len(everything.facts) == 2
    history = record(history, everything.facts)
    assert not ask("retry", history, "all", scene=scene, upgrade="-").allowed


def test_retrying_what_is_ignored_heeds_it() -> None:
    history = record(lived(*DROPPED), (("", Ignored(FINGERPRINT, "x", "y")),))
    answer = ask("retry", history)
    assert [type(fact) for fact in facts(answer)] == [Heeded, Queued]
    record(history, answer.facts)


def test_what_is_held_goes_on_or_is_built_again() -> None:
    for life, stage in (("held_plan_approved", Stage.PLAN_APPROVED), ("held_reverting", Stage.REGRESSED)):
        history = lived(*LIVES[life])
        assert obeyed(history, ask("retry", history)).stage is stage
    for life in ("asked", "held_proposed"):
        history = lived(*LIVES[life])
        again = obeyed(history, ask("retry", history, scene=scene_of(commit="9" * 40)))
        assert (again.stage, again.base) == (Stage.QUEUED, "9" * 40)


@pytest.mark.parametrize("life", [QUEUED, VALIDATED, WATCHED, STABLE, LIVES["closed_stable"]])
def test_what_is_well_or_under_way_is_not_tried_again(life: tuple[Fact, ...]) -> None:
    assert not ask("retry", lived(*life)).allowed


@pytest.mark.parametrize("life", ["merged", "watched", "stable", "unproven", "closed_stable"])
def test_a_merge_is_taken_back_whenever(life: str) -> None:
    history = lived(*LIVES[life])
    answer = ask("rollback_upgrade", history, "orders", "fail")
    assert facts(answer) == [Regressed("ordered by alex: orders fail", "alex")]
    assert obeyed(history, answer).stage is Stage.REGRESSED


@pytest.mark.parametrize("life", ["approved", "reverting", "rolled_back", "closed_rolled_back", "dropped"])
def test_what_is_not_merged_or_not_any_more_is_not_taken_back(life: str) -> None:
    assert not ask("rollback_upgrade", lived(*LIVES[life])).allowed


def test_what_was_taken_back_lands_again_with_the_same_option() -> None:
    history = lived(*LIVES["closed_rolled_back"])
    answer = ask("reland", history)
    [(new, queued)] = answer.facts
    assert isinstance(queued, Queued)
    assert (queued.attempt, queued.option) == (2, "return_none")
    history = record(history, answer.facts)
    assert history.upgrades[new].option_key == "return_none"
    assert "a later attempt" in ask("reland", history).reply


def test_only_what_was_taken_back_lands_again() -> None:
    for life in ("stable", "dropped", "reverting"):
        assert not ask("reland", lived(*LIVES[life])).allowed


def test_nothing_lands_again_over_a_later_attempt_that_is_merged() -> None:
    history, second = lived(*ROLLED_BACK), upgrade_id(FINGERPRINT, 2)
    later: tuple[Fact, ...] = (replace(cast(Queued, QUEUED[0]), codename="other-owl", attempt=2), *STABLE[1:])
    history = record(history, tuple((second, fact) for fact in later))
    assert "Nothing is left to land" in ask("reland", history).reply
    assert not ask("retry", history).allowed


# Questions that change nothing


@pytest.mark.parametrize("command", ["upgrade_status", "upgrade_ledger", "explain", "plan", "healer_help"])
@pytest.mark.parametrize("life", sorted(LIVES))
def test_questions_record_nothing(command: str, life: str) -> None:
    answer = ask(command, lived(*LIVES[life]))
    assert answer.allowed
    assert not answer.facts
    harmless(answer.reply)


def test_status_lists_what_is_under_way_and_that_everything_is_stopped() -> None:
    history = record(lived(*VALIDATED), (("", Paused("sam", "release")),))
    reply = ask("upgrade_status", history, upgrade="-").reply
    assert ID in reply
    assert "proved and waits for approval in #7" in reply
    assert "release" in reply
    assert "No upgrade is under way" in ask("upgrade_status", lived(*STABLE), upgrade="-").reply


def test_the_ledger_counts_and_lists() -> None:
    reply = ask("upgrade_ledger", lived(*STABLE), upgrade="-").reply
    assert "1 upgrade: 1 stable" in reply
    assert "it held" in reply
    assert "merged" in ask("upgrade_ledger", lived(*STABLE)).reply
    revised = record(
        lived(Queued(FINDING, NAME, BASE, order="5/0"), *LIVES["planned_again"][1:], PlanApproved("sam", "x")),
        (("", Ordered("5/0", "robin", 12, (), "less noise")),),
    )
    life = ask("upgrade_ledger", revised).reply
    for said in (
        "ordered by `robin`: `less noise`",
        "`sam` wanted another plan: `use raise_error`",
        "version 2 approved",
    ):
        assert said in life
    for wrong in ("0", "101", "-1", "x", "²", "9" * 5000):
        assert not ask("upgrade_ledger", lived(*STABLE), wrong, upgrade="-").allowed


def test_the_explanation_names_the_gate_that_is_shut() -> None:
    reply = ask("explain", lived(*VALIDATED)).reply
    assert "**no** approval" in reply
    assert "yes tests" in reply
    assert "**no** plan" not in reply
    paused = record(lived(*QUEUED), (("", Paused("sam", "release")),))
    assert "**no** pause" in ask("explain", paused).reply
    assert all(f"/choose {ID} {option.key}" in ask("explain", lived(*ASKED)).reply for option in OPTIONS)


def test_the_explanation_says_where_it_stands_in_the_queue() -> None:
    other = Queued(replace(FINDING, fingerprint="cd" * 20, priority=9), "brave-owl", BASE, order="5/0")
    queued = lived(Queued(FINDING, NAME, BASE, order="5/0"))
    history = record(queued, ((upgrade_id("cd" * 20, 1), other),))
    reply = ask("explain", history, scene=scene_of(now=NOW + timedelta(hours=3))).reply
    assert "Place 2 of 2, queued 3.0 hours ago; 1 at a time" in reply
    assert "yes queue" in reply
    assert "Place" not in ask("explain", lived(*PLANNED)).reply


def test_the_diff_of_what_is_built_and_none_before(make_repo: Callable[..., Any]) -> None:
    repo = make_repo({"a.py": "x = 1\n"})
    base = repo.git("rev-parse", "HEAD")
    head = repo.commit({"a.py": "x = 2\n````\n"})
    scene = scene_of(repository=open_repository(repo.path), commit=base)
    built = (*PLAN_APPROVED, Prepared(head, base, "refs/healer/restore/x", VERDICT))
    reply = ask("show_upgrade_diff", lived(*built), scene=scene).reply
    assert "-x = 1\n+x = 2\n" in reply
    assert "`````diff" in reply  # a fence longer than the one in the diff
    assert "no diff" in ask("show_upgrade_diff", lived(*PLANNED), scene=scene).reply
    assert "not here any more" in ask("show_upgrade_diff", lived(*PREPARED), scene=scene).reply


def test_a_huge_diff_is_cut_at_a_line(make_repo: Callable[..., Any]) -> None:
    repo = make_repo({"a.py": ""})
    base = repo.git("rev-parse", "HEAD")
    head = repo.commit({"a.py": "x = 1\n" * 100_000})
    built = (*PLAN_APPROVED, Prepared(head, base, "refs/healer/restore/x", VERDICT))
    scene = scene_of(repository=open_repository(repo.path))
    reply = ask("show_upgrade_diff", lived(*built), scene=scene).reply
    assert 40_000 < len(reply) < 60_000
    assert "more characters" in reply
    assert len(ask("show_upgrade_diff", lived(*built), scene=scene, permission=Permission.READ).reply) < 9_000


def test_help_knows_all_commands() -> None:
    overview = ask("healer_help", replay([]), upgrade="-").reply
    assert all(f"| `/{name}" in overview for name in COMMANDS)
    table = [token.type for token in MarkdownIt("commonmark").enable("table").parse(overview)]
    assert table.count("tr_open") == len(COMMANDS) + 1
    assert table.count("td_open") == 3 * len(COMMANDS)
    assert "For example" in ask("healer_help", replay([]), "/Approve-Plan", upgrade="-").reply
    assert not ask("healer_help", replay([]), "nonsense", upgrade="-").allowed


# Permissions


def test_a_permission_is_granted_and_taken_away() -> None:
    assert ask("permit", replay([]), "@robin", "WRITE").grants == (("robin", Permission.WRITE),)
    assert ask("permit", replay([]), "robin", "none").grants == (("robin", Permission.NONE),)


@pytest.mark.parametrize(
    "arguments", [[], ["robin"], ["robin", "owner"], ["<b>", "read"], ["", "read"], ["Alex", "read"], ["a", "b", "c"]]
)
def test_a_permission_that_makes_no_sense_is_refused(arguments: list[str]) -> None:
    answer = ask("permit", replay([]), *arguments)
    assert not answer.allowed
    assert not answer.grants
