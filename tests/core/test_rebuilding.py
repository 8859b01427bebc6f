"""A lost ledger is rebuilt from trailers, markers and pull requests: legal, repeatable, nothing invented."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gitops_healer.core.forge import Pull, PullState
from gitops_healer.core.history import replay
from gitops_healer.core.naming import upgrade_id
from gitops_healer.core.rebuilding import Landed, rebuild
from gitops_healer.core.trailers import Trailers
from gitops_healer.core.upgrade import Stage, event_id

START = datetime(2026, 1, 1, tzinfo=UTC)


def at(hours: int) -> datetime:
    return START + timedelta(hours=hours)


def trailers(number: int, attempt: int = 1, reverts: str = "") -> Trailers:
    finding = f"{number:040x}"
    return Trailers(upgrade_id(finding, attempt), f"name-{number}-{attempt}", finding, "medium", "run-1", reverts)


def landed(commit: str, hours: int, ours: Trailers | None = None) -> Landed:
    message = f"Subject {commit}\n\nbody\n\n{ours.render()}" if ours else f"Somebody's work {commit}"
    return Landed(commit * 40, "0" * 40, message, at(hours))


def pull(number: int, ours: Trailers, state: PullState, hours: int = 0, **more: str) -> Pull:
    marker = (
        f'<!-- healer:v1 {{"upgrade":"{ours.upgrade}","codename":"{ours.codename}","finding":"{ours.finding}"}} -->'
    )
    branch = more.pop("branch", f"healer/failing_test/{ours.finding[:10]}")
    return Pull(
        number, branch, "main", "e" * 40, f"Title {number}", f"text\n\n{marker}", "healer", state, at(hours), **more
    )


def test_nothing_known_gives_nothing() -> None:
    assert rebuild([], []) == ()
    assert rebuild([landed("a", 1)], []) == ()


def test_a_merge_by_its_trailers_alone() -> None:
    events = rebuild([landed("a", 1), landed("b", 2, trailers(1))], [])
    (upgrade,) = replay(events).upgrades.values()
    assert (upgrade.id, upgrade.codename, upgrade.stage) == (trailers(1).upgrade, "name-1-1", Stage.MERGED)
    assert upgrade.finding.fingerprint == trailers(1).finding
    assert upgrade.merged is not None
    assert (upgrade.merged.commit, upgrade.merged.parent, upgrade.merged.at) == ("b" * 40, "0" * 40, at(2))
    assert {event.run for event in events} == {"run-1"}


def test_a_rollback() -> None:
    commits = [landed("b", 2, trailers(1)), landed("c", 5, trailers(1, reverts="b" * 40))]
    history = replay(rebuild(commits, [pull(3, trailers(1), PullState.MERGED, 1, merge_commit="b" * 40)]))
    (upgrade,) = history.at(Stage.ROLLED_BACK)
    assert upgrade.rolled_back is not None
    assert upgrade.rolled_back.commit == "c" * 40
    assert upgrade.finding.rule == "failing_test"
    assert upgrade.proposed is not None
    assert upgrade.proposed.pull == 3


def test_pull_requests_open_and_closed() -> None:
    pulls = [
        pull(1, trailers(1), PullState.OPEN, 1),
        pull(2, trailers(2), PullState.CLOSED, 2, closed_by="ada"),
        pull(3, trailers(3), PullState.CLOSED, 3, closed_by="healer"),
    ]
    history = replay(rebuild([], pulls))
    assert [upgrade.stage for upgrade in history.upgrades.values()] == [Stage.PROPOSED, Stage.DROPPED, Stage.DROPPED]
    assert list(history.ignored) == [trailers(2).finding]
    assert history.ignored[trailers(2).finding].by == "ada"


def test_a_merge_that_lost_its_trailers_is_known_from_the_forge() -> None:
    pulls = [
        pull(1, trailers(1), PullState.MERGED, 1, merge_commit="b" * 40),
        pull(2, trailers(1), PullState.MERGED, 6, merge_commit="c" * 40, branch="healer/revert/abc"),
    ]
    (upgrade,) = replay(rebuild([landed("b", 2)], pulls)).upgrades.values()
    assert upgrade.stage is Stage.ROLLED_BACK
    assert upgrade.merged is not None
    assert upgrade.merged.at == at(2)


def test_a_second_attempt_is_a_second_upgrade() -> None:
    commits = [
        landed("b", 1, trailers(1)), landed("c", 2, trailers(1, reverts="b" * 40)), landed("d", 3, trailers(1, 2)),
    ]  # fmt: skip
    history = replay(rebuild(commits, []))
    assert [(up.attempt, up.stage) for up in history.of_finding(trailers(1).finding)] == [
        (1, Stage.ROLLED_BACK), (2, Stage.MERGED),
    ]  # fmt: skip


def test_codenames_stay_unique() -> None:
    copied = Trailers(trailers(2).upgrade, "name-1-1", trailers(2).finding)
    history = replay(rebuild([landed("b", 1, trailers(1)), landed("c", 2, copied)], []))
    assert len({upgrade.codename for upgrade in history.upgrades.values()}) == 2


def test_a_revert_without_its_merge_is_left_out() -> None:
    assert rebuild([landed("c", 1, trailers(1, reverts="b" * 40))], []) == ()


HOURS = st.integers(0, 50)
COMMITS = st.lists(
    st.builds(
        lambda name, hours, number, attempt, back: landed(name, hours, trailers(number, attempt, back * 40)),
        st.sampled_from("abcdef"), HOURS, st.integers(1, 3), st.integers(1, 2), st.sampled_from(["", "a", "b"]),
    )
)  # fmt: skip
PULLS = st.lists(
    st.builds(
        lambda number, of, state, hours, merge, branch, by: pull(
            number, trailers(of), state, hours, merge_commit=merge * 40, branch=branch, closed_by=by
        ),
        st.integers(1, 9), st.integers(1, 3), st.sampled_from(PullState), HOURS, st.sampled_from(["", "a", "f"]),
        st.sampled_from(["healer/rule/0123456789", "healer/revert/0123456789", "odd"]), st.sampled_from(["", "ada"]),
    )
)  # fmt: skip


@given(COMMITS, PULLS)
def test_whatever_is_left_gives_legal_events_in_order_of_time(commits: list[Landed], pulls: list[Pull]) -> None:
    events = rebuild(commits, pulls)
    if len({commit.commit for commit in commits}) == len(commits) and len({pull.number for pull in pulls}) == len(
        pulls
    ):
        assert rebuild(commits[::-1], pulls[::-1]) == events
    assert [event.ts for event in events] == sorted(event.ts for event in events)
    assert len({event.id for event in events}) == len(events)
    replay(events)
    counts: dict[str, int] = {}
    for event in events:
        assert event.id == event_id(event.upgrade, counts.get(event.upgrade, 0), event.fact)
        counts[event.upgrade] = counts.get(event.upgrade, 0) + 1


@given(st.text())
def test_no_body_is_too_strange(body: str) -> None:
    strange = Pull(1, "b", "main", "h", "t", f"<!-- healer:v1 {{{body}}} -->", "a", PullState.OPEN, START)
    replay(rebuild([], [strange]))
