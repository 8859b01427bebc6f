"""All metrics at once in a real world: a broken source is told, and the others are judged."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from gitops_healer.core.forge import Status, StatusState
from gitops_healer.core.upgrade import Stage as At
from gitops_healer.core.upgrade import Upgrade
from gitops_healer.core.watching import Judgement, Measure, Reading, Window
from gitops_healer.measuring import Measured, measure
from gitops_healer.registry import Scene, metric
from tests.conftest import GitRepo
from tests.cycle.stage import FILES, Stage
from tests.prometheus_server import Samples, serving

WEB = {
    "name": "web",
    "total": "sum(increase(calls_total[$step]))",
    "failed": 'sum(increase(calls_total{code="500"}[$step]))',
}
LOG = {"path": "log.jsonl", "format": "jsonl", "ts": "ts", "subject": "tool", "ok": "ok", "commit": "commit"}
GONE = LOG | {"path": "gone.jsonl"}
HOURS = 6


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A merge that is watched since six hours. Nothing here writes to its ledger."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("GITOPS_HEALER_PROMETHEUS_URL", raising=False)
        patch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path_factory.mktemp("home") / "gitconfig"))
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        repo = GitRepo(tmp_path_factory.mktemp("repo"))
        repo.git("init", "--quiet", "--initial-branch=main")
        repo.git("config", "user.name", "Maintainer")
        repo.git("config", "user.email", "maintainer@example.org")
        repo.commit(FILES)
        stage = Stage(repo, options={"limits.mode": "deploy"})
        stage.heal()
        stage.heal()
        assert stage.upgrade.stage is At.WATCHED
        stage.clock.turn(timedelta(hours=HOURS))
        yield stage


def configured(stage: Stage, url: str) -> Measured:
    world = stage.world(
        monitoring__prometheus__url=url, monitoring__prometheus__metrics=[WEB], monitoring__files=[GONE, LOG]
    )
    return measure(world, stage.history, stage.upgrade)


def log(stage: Stage, failing: int) -> None:
    """One call a minute; since the merge so many of ten fail."""
    up: Upgrade = stage.upgrade
    assert up.merged is not None
    lines = []
    for minute in range(-48 * 60, HOURS * 60 - 10):
        commit = up.merged.commit if minute >= 0 else up.merged.parent
        ok = minute % 10 >= (failing if minute >= 0 else 0)
        at = up.merged.at + timedelta(minutes=minute)
        lines.append(json.dumps({"ts": at.isoformat(), "tool": "checkout", "ok": ok, "commit": commit}))
    (stage.repo.path / "log.jsonl").write_text("\n".join(lines))


def scraped(stage: Stage, failing: float) -> Samples:
    up, samples = stage.upgrade, Samples()
    assert up.merged is not None
    start = (up.merged.at - timedelta(days=2)).timestamp() + 7
    for code, before, after in (("200", 10.0, 10 - failing), ("500", 0.0, failing)):
        samples.count("calls_total", start, 60, [before] * 2880 + [after] * HOURS * 60, code=code)
    return samples


def test_a_broken_source_is_told_and_the_others_are_judged(stage: Stage) -> None:
    log(stage, failing=5)
    found = configured(stage, "http://127.0.0.1:1")
    assert found.health.judgement is Judgement.REGRESSED
    assert found.health.blamed == ("checkout",)
    told = sorted(str(error) for error in found.errors)
    assert len(told) == 2
    assert "http://127.0.0.1:1 cannot be reached" in told[0]
    assert "gone.jsonl" in told[1]


def test_a_server_that_answers_is_judged_when_files_are_broken(stage: Stage) -> None:
    (stage.repo.path / "log.jsonl").unlink(missing_ok=True)
    with serving(scraped(stage, failing=5)) as server:
        found = configured(stage, server.url)
    assert found.health.judgement is Judgement.REGRESSED
    assert found.health.blamed == ("web",)
    assert [str(error).count("there is no file") for error in found.errors] == [2]


def test_what_goes_well_goes_well(stage: Stage) -> None:
    log(stage, failing=0)
    with serving(scraped(stage, failing=0)) as server:
        found = configured(stage, server.url)
    assert found.health.judgement in (Judgement.HEALTHY, Judgement.INSUFFICIENT)
    measured = {(one.metric, one.subject): one for one in found.health.readings}
    assert measured["files", "checkout"].after_failed == measured["prometheus", "web"].after_failed == 0
    assert measured["files", "checkout"].after_total == HOURS * 60 - 10


def test_without_configuration_there_is_still_ci_and_the_code(stage: Stage) -> None:
    up = stage.upgrade
    assert up.merged is not None
    world = stage.world(monitoring__files=[], monitoring__prometheus__metrics=[])
    world.forge.set_status(up.merged.commit, Status("build", StatusState.FAILURE))
    found = measure(world, stage.history, up)
    assert found.errors == ()
    said = {(one.metric, one.subject, one.detail): one.after_failed for one in found.health.readings}
    assert said["ci", "build", ""] == 1
    assert {metric for metric, *_ in said} == {"ci", "code_health"}
    assert not any(one.measure is Measure.CODE for one in found.health.readings if one.metric != "code_health")


def test_a_bug_of_a_metric_is_its_own(stage: Stage) -> None:
    @metric
    def acme(scene: Scene, upgrade: Upgrade) -> Iterator[Reading]:
        """Counts one call, then breaks."""
        yield Reading("acme", "counter", 10, 0, 1, 0)
        raise ZeroDivisionError("division by zero")

    @metric
    def empty(scene: Scene, upgrade: Upgrade) -> Iterator[Reading]:
        """Gives something else than readings."""
        return None  # type: ignore[return-value]

    log(stage, failing=5)
    world = stage.world(monitoring__files=[LOG], monitoring__prometheus__metrics=[])
    found = measure(replace(world, metrics=[acme, *world.metrics, empty]), stage.history, stage.upgrade)
    assert found.health.blamed == ("checkout",)
    assert "counter" in {one.subject for one in found.health.readings}, "what it had measured before counts"
    assert found.silent == ("acme", "empty")
    told = [str(error) for error in found.errors]
    assert "the metric acme broke: ZeroDivisionError: division by zero" in told[0]
    assert "the metric empty broke: TypeError" in told[1]


def test_a_source_that_is_silent_to_the_end_leaves_it_unproven(stage: Stage) -> None:
    log(stage, failing=0)
    up = stage.upgrade
    assert up.watched is not None
    closed = Window(up.watched.window.opened, stage.clock.now(), up.watched.window.baseline_from)
    over = replace(up, watched=replace(up.watched, window=closed))
    whole = stage.world(monitoring__files=[LOG])
    broken = stage.world(monitoring__files=[LOG, GONE])
    whole, broken = (replace(w, metrics=[one for one in w.metrics if one.name == "files"]) for w in (whole, broken))
    assert measure(whole, stage.history, over).health.judgement is Judgement.HEALTHY
    found = measure(broken, stage.history, over).health
    assert (found.judgement, found.silent) == (Judgement.INSUFFICIENT, ("files",))
    assert "files gave no answer" in found.reason
    assert measure(broken, stage.history, up).health.judgement is Judgement.HEALTHY, "until then it can be mended"
