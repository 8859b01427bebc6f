"""`monitor` as people type it: a real repository, its real ledger and store, judged by the real rule."""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gitops_healer.adapters.events import encode_event
from gitops_healer.cli import app
from gitops_healer.core.attribution import Attribution, Blame
from gitops_healer.core.execution import Execution, ExecutionFailure
from gitops_healer.core.finding import Finding, Risk, Severity
from gitops_healer.core.judgement.baseline import baseline_of
from gitops_healer.core.judgement.judging import judge
from gitops_healer.core.judgement.keeping import folded, kept
from gitops_healer.core.plan import Cause, Investigation, Plan
from gitops_healer.core.upgrade import (
    Attributed,
    Event,
    HealthChecked,
    Investigated,
    Merged,
    PlanApproved,
    Planned,
    Prepared,
    Proposed,
    Queued,
    Regressed,
    Reported,
    RevertProposed,
    RolledBack,
    Stabilised,
    Watched,
    event_id,
)
from gitops_healer.core.verdict import Verdict
from gitops_healer.core.watching import Block, Health, Judgement, Reading, Tolerance, Window
from gitops_healer.errors import UsageError
from gitops_healer.places import Choices, find_place
from gitops_healer.report.monitor_text import bar, spark
from gitops_healer.wiring import open_ledger, open_store

MakeRepo = Callable[..., Any]
NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
TOOL, OTHER = "shop:total", "shop:tax[<b>]"
SHOP = "def total(prices):\n    return sum(prices)\n\n\ndef tax(net):\n    return net * 0.2\n"
GUARDED = SHOP.replace("sum(prices)", "sum(prices or ())")
TOLERANCE = Tolerance()


@dataclass
class Watch:
    """One merge, three hours ago, whose calls fail with a rate of `failing` since the second hour."""

    repo: Any
    parent: str
    merged: str
    opened: datetime
    failing: float = 0.6

    @property
    def window(self) -> Window:
        return Window(self.opened, self.opened + timedelta(days=1), self.opened - timedelta(days=7))

    def record(self) -> None:
        """40 calls an hour since a week, of two tools."""
        dice, calls = random.Random(7), []
        for number in range(40 * 24 * 7 + 40 * 3):
            at = self.opened - timedelta(days=7) + timedelta(seconds=90 * number)
            for tool in (TOOL, "shop:tax"):
                rate = self.failing if tool == TOOL and at >= self.opened + timedelta(hours=1) else 0.05
                error = ExecutionFailure("ValueError", "no") if dice.random() < rate else None
                commit = self.merged if at >= self.opened else None
                name = f"{tool}{number}"
                calls.append(Execution(name, tool, at, error is None, 5.0, f"[{number}]", "{}", None, error, commit))
        open_store(self.repo.path / ".git" / "gitops-healer").add(calls)

    def facts(self) -> Iterator[tuple[datetime, Any]]:
        finding = Finding("low_success_rate", "shop.py", TOOL, 1, 2, Severity.HIGH, "fails", "f" * 10)
        plan = Plan("k", "Guard the total", (), ("shop.py",), (TOOL,), Risk.LOW, 7, 3, "c" * 40)
        verdict = Verdict(2, self.merged, ())
        before = [
            Queued(finding, "calm-fox", "c" * 40), Investigated(Investigation(Cause("no prices"))), Planned(plan),
            PlanApproved("policy", "low risk"), Prepared(self.merged, "c" * 40, "refs/x", verdict),
            Proposed("healer/x", self.merged, 7, "", "run"), Merged(self.merged, self.parent, self.merged, self.opened),
            Watched(verdict, self.window, TOLERANCE),
        ]  # fmt: skip
        for number, fact in enumerate(before):
            yield self.opened + timedelta(minutes=number), fact
        known: Health | None = None
        for half_hours in range(1, 7):
            at = self.opened + half_hours * timedelta(minutes=30)
            event = kept(judge(self.readings(half_hours), TOLERANCE, window=self.window, now=at), known)
            known = folded(known, event)
            yield at, HealthChecked(event)

    def readings(self, half_hours: int) -> list[Reading]:
        """What the metric would give: from the numbers of the story, without the store."""
        past = baseline_of(
            [(self.opened - timedelta(hours=n), 40, 2) for n in range(1, 24 * 7 + 1)], self.opened
        )  # fmt: skip
        blocks = tuple(Block(n, 20, round(20 * self.failing) if n >= 2 else 1) for n in range(half_hours))
        bad, good = sum(block.failed for block in blocks), half_hours
        total, failed, precision = past.total, past.failed, past.precision
        return [
            Reading("executions", TOOL, total, failed, 20 * half_hours, bad, bad, precision=precision, blocks=blocks),
            Reading("executions", OTHER, total, failed, 20 * half_hours, good, good,
                    precision=precision, blocks=tuple(Block(n, 20, 1) for n in range(half_hours))),
        ]  # fmt: skip

    def events(self, *more: Any, edited: Callable[[Any], Any] = lambda fact: fact) -> list[Event]:
        facts = [*self.facts(), *((self.opened + timedelta(hours=3, minutes=n), fact) for n, fact in enumerate(more))]
        return [
            Event(event_id("up-1", position, edited(fact)), at, "up-1", "run", "healer", edited(fact))
            for position, (at, fact) in enumerate(facts)
        ]

    def write(self, *more: Any, edited: Callable[[Any], Any] = lambda fact: fact) -> list[Event]:
        events = self.events(*more, edited=edited)
        open_ledger(find_place(Choices(self.repo.path)).repository).append(events)
        return events


@pytest.fixture
def watch(make_repo: MakeRepo) -> Watch:
    repo = make_repo({"shop.py": SHOP})
    parent = repo.git("rev-parse", "HEAD")
    return Watch(repo, parent, repo.commit({"shop.py": GUARDED}, "Guard the total"), NOW - timedelta(hours=3))


def run(*words: object, code: int = 0) -> str:
    done = CliRunner().invoke(app, ["monitor", *map(str, words)])
    assert done.exit_code == code, f"{done.output}\n{done.exception!r}"
    return done.output


def ask(*words: object, code: int = 0) -> Any:
    return json.loads(run(*words, "--format", "json", code=code))


def test_nothing_to_watch_says_what_would_be(watch: Watch) -> None:
    said = run(watch.repo.path)
    assert "no merge is watched now" in said
    assert "watched for 1d, against 7d" in said
    assert "no calls are recorded yet" in said
    assert ask(watch.repo.path)["watches"] == []


def test_an_open_watch_tells_all_a_person_needs(watch: Watch) -> None:
    watch.write()
    said = run("--repo", watch.repo.path)
    shown = "calm-fox up-1  regressed", f"{TOOL} ✗", OTHER, "6 of 120 (5.0%)", " of 200", "h", "left)", "the next cycle"
    assert [words for words in shown if words not in said] == [], said
    assert f"{OTHER} ✗" not in said
    (seen,) = ask(watch.repo.path)["watches"]
    assert (seen["judgement"], seen["blamed"]) == ("regressed", [TOOL])
    first = seen["subjects"][0]
    assert first["subject"] == TOOL and first["evidence"]["conviction"] > first["evidence"]["needed"]
    assert len(first["blocks"]) == 6, "also those that only earlier checks wrote down"


def test_one_in_detail_with_what_a_search_found(watch: Watch) -> None:
    found = Attribution(
        Blame.FOUND, "it fails since the merge", (TOOL,), "c" * 40, "d" * 40, culprit=watch.merged, probability=0.999,
        runs=12, restored=True, shown=("total([]) gives ValueError on the merge",), reproduce="gitops-healer replay x",
    )  # fmt: skip
    watch.write(
        Attributed(found, "key"), Reported(0, "", "a1" * 20), Reported(14, "", "b2" * 20),
        RevertProposed("healer/revert", "9" * 40, 9, "", draft=True),
        Regressed("60 % fail", "healer"), RolledBack("8" * 40, 9),
    )  # fmt: skip
    said = run("calm-fox", "--repo", watch.repo.path)
    for words in (
        "12 runs",
        "total([]) gives ValueError",
        "gitops-healer replay x",
        "it was taken back",
        "a1a1a1a1a1 did it",
        "issue #14",
    ):
        assert words in said
    assert "#0" not in said
    document = ask("--upgrade", "calm", "--repo", watch.repo.path)
    assert document["revert_commit"] == "8" * 40
    assert document["searches"][0]["confirmed"] is True
    with pytest.raises(UsageError, match="there is no upgrade 'grey-owl'"):
        CliRunner().invoke(app, ["monitor", "grey-owl", "--repo", str(watch.repo.path)], catch_exceptions=False)


def test_recompute_gives_every_recorded_verdict_from_the_ledger_alone(watch: Watch, tmp_path: Path) -> None:
    events = watch.write()
    exported = tmp_path / "ledger.jsonl"
    exported.write_bytes(b"".join(map(encode_event, events)))
    document = ask("--recompute", "calm-fox", "--ledger", exported, "--repo", tmp_path / "nowhere")
    assert document["equal"] and all(check["exact"] for check in document["checks"])
    verdicts = [check["recomputed"]["judgement"] for check in document["checks"]]
    assert len(verdicts) == 6
    assert verdicts[-1] == "regressed" and "regressed" not in verdicts[:2]
    assert "all 6 checks are as recorded" in run("--recompute", "up-1", "--repo", watch.repo.path)


@pytest.mark.parametrize(
    "words",
    [
        ("{repo}", "--recompute", "calm-fox"),
        ("--recompute", "calm-fox", "{repo}"),
        ("--repo", "{repo}", "--recompute", "calm-fox"),
        ("show", "{repo}", "--recompute", "calm-fox"),
    ],
)
def test_a_repository_stands_before_or_behind_options(watch: Watch, words: tuple[str, ...]) -> None:
    watch.write()
    assert "all 6 checks are as recorded" in run(*(word.format(repo=watch.repo.path) for word in words))
    shown = tuple("--upgrade" if word == "--recompute" else word for word in words)
    assert ask(*(word.format(repo=watch.repo.path) for word in shown))["codename"] == "calm-fox"


def test_a_shell_completes_options_and_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    def completed(typed: str) -> str:
        monkeypatch.setenv("_GITOPS_HEALER_COMPLETE", "complete_zsh")
        monkeypatch.setenv("_TYPER_COMPLETE_ARGS", typed)
        return CliRunner().invoke(app, [], prog_name="gitops-healer").output

    assert "--recompute" in completed("gitops-healer monitor --rec")
    assert '"stability"' in completed("gitops-healer monitor st")
    assert "--html" in completed("gitops-healer monitor calm-fox --ht")


def test_recompute_fails_on_a_verdict_that_does_not_follow(watch: Watch) -> None:
    def whitewash(fact: Any) -> Any:
        bad = isinstance(fact, HealthChecked) and fact.health.judgement is Judgement.REGRESSED
        return HealthChecked(replace(fact.health, judgement=Judgement.HEALTHY, blamed=())) if bad else fact

    watch.write(edited=whitewash)
    document = ask("--recompute", "calm-fox", "--repo", watch.repo.path, code=1)
    assert not document["equal"]
    assert {c["recorded"]["judgement"] for c in document["checks"] if not c["equal"]} == {"healthy"}


def test_as_of_shows_the_past_without_what_came_later(watch: Watch) -> None:
    watch.record()
    watch.write()
    early = ask("--as-of", (watch.opened + timedelta(minutes=59)).isoformat(), "--repo", watch.repo.path)
    late = ask("--as-of", (watch.opened + timedelta(hours=2, minutes=50)).isoformat(), "--repo", watch.repo.path)
    (before,), (after,) = early["watches"], late["watches"]
    assert before["problems"] == after["problems"] == []
    assert before["judgement"] not in ("suspect", "regressed"), before["reason"]
    assert after["judgement"] in ("suspect", "regressed"), after["reason"]
    calls = {s["subject"]: s["after"]["total"] for s in before["subjects"] if s["measure"] == "failures"}
    assert calls[TOOL] == 40
    nobody = run("--as-of", (watch.opened - timedelta(days=1)).isoformat(), "--repo", watch.repo.path)
    assert "no merge was watched then" in nobody
    with pytest.raises(UsageError, match="in the future"):
        at = (NOW + timedelta(days=2)).isoformat()
        CliRunner().invoke(app, ["monitor", "--as-of", at, "--repo", str(watch.repo.path)], catch_exceptions=False)


def test_backtest_counts_what_calm_calls_would_have_cost(watch: Watch) -> None:
    assert "no calls since" in run("backtest", watch.repo.path)
    watch.failing = 0.05
    watch.record()
    document = ask("backtest", watch.repo.path, "--days", 5, "--every", "12h")
    assert document["tools"] == 2
    assert document["watches"] + document["near_a_change"] > 4
    assert document["false_rollbacks"]["count"] == 0
    assert 0 < document["false_rollbacks"]["high"] < 1
    said = run("backtest", watch.repo.path, "--days", 5, "--every", "12h", "--tool", TOOL, "--suggest", "0.01")
    assert "simple rule" in said and "is the smallest that keeps false rollbacks" in said
    assert "no call of 'shop:nothing'" in str(
        CliRunner().invoke(app, ["monitor", "backtest", str(watch.repo.path), "--tool", "shop:nothing"]).exception
    )


def test_backtest_of_real_changes_names_the_one_that_broke_it(watch: Watch) -> None:
    watch.record()
    when = {"GIT_AUTHOR_DATE": watch.opened.isoformat(), "GIT_COMMITTER_DATE": watch.opened.isoformat()}
    watch.repo.write({"shop.py": GUARDED + "\n"})
    watch.repo.git("commit", "--quiet", "--all", "--message", "Guard the total", env=when)
    document = ask("backtest", watch.repo.path, "--days", 3, "--merges")
    named = {tuple(trial["tools"]) for trial in document["trials"] if trial["regressed"]}
    assert named == {(TOOL,)}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--ledger", "shop.py"), "is no exported ledger"),
        (("--ledger", "nowhere.jsonl"), "is no exported ledger"),
        (("--as-of", "soon"), "--as-of soon is no time"),
        (("--html", "page.html"), "nothing is watched now"),
        (("backtest", ".", "--every", "often"), "--every must be a time"),
        (("--recompute", "calm-fox"), "there is no upgrade 'calm-fox'"),
        (("--recompute", "calm-fox", "elsewhere"), "'elsewhere' is no folder"),
        (("some/where",), "there is no folder 'some/where'"),
        (("grey-owl", "--upgrade", "calm-fox"), "name one upgrade"),
        (("--format", "json", "backtest"), "write options behind the command"),
    ],
)
def test_errors_say_what_to_do(
    watch: Watch, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(watch.repo.path)
    with pytest.raises(UsageError, match=said):
        CliRunner().invoke(app, ["monitor", *words], catch_exceptions=False)


def test_stability(watch: Watch) -> None:
    watch.write(Stabilised("fine"))
    assert "low_success_rate" in run("stability", watch.repo.path, "--by", "kind")
    (figures,) = ask("stability", watch.repo.path)["figures"]
    assert (figures["tool"], figures["deployments"], figures["stable"]) == (TOOL, 1, 1)
    assert 1 < figures["median_hours_to_detect"] < 3


def test_the_page_needs_nothing_and_lets_nothing_in(watch: Watch, tmp_path: Path) -> None:
    watch.record()
    watch.write(Regressed("<script>alert(1)</script>", "healer"), RolledBack("8" * 40, 9))
    page, picture = tmp_path / "watch.html", tmp_path / "watch.svg"
    run("calm-fox", "--repo", watch.repo.path, "--html", page, "--svg", picture)
    html, svg = page.read_text("utf-8"), picture.read_text("utf-8")
    assert "<script" not in html and "http://" not in html.replace("http://www.w3.org/2000/svg", "")
    assert "shop:tax[&lt;b&gt;]" in html
    for words in ("merged", "regressed", "taken back", "tolerated: 7.0%", "needed: 200 : 1"):
        assert words in html and words in svg
    assert svg.count('class="before"') > 15, "the hours before the merge are drawn as well"
    with pytest.raises(UsageError, match="cannot be written"):
        words = ["monitor", "calm-fox", "--repo", str(watch.repo.path), "--svg", str(tmp_path)]
        CliRunner().invoke(app, words, catch_exceptions=False)


@pytest.mark.parametrize(
    ("blocks", "of", "drawn"),
    [
        ((), 48, ""),
        ((Block(0, 10, 0), Block(2, 10, 10)), 4, "▁·█"),
        ((Block(0, 10, 1), Block(1, 10, 5), Block(2, 100, 15)), 48, "█▄"),
        ((Block(-3, 1, 1), Block(99, 1, 0)), 4, "█··▁"),
    ],
)
def test_sparks(blocks: tuple[Block, ...], of: int, drawn: str) -> None:
    assert spark(blocks, of) == drawn


def test_no_evidence_is_no_bar() -> None:
    assert bar(None) == ""
