"""What every forge promises. A test module gives a fixture `ground` (a `Ground`) and inherits from `ForgeContract`."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

import pytest

from gitops_healer.core.dashboard import MARKER as DASHBOARD
from gitops_healer.core.forge import Permission, PullState, Status, StatusState
from gitops_healer.errors import ForgeError, LostRaceError, NotMergeableError
from gitops_healer.ports import Forge, Repository

MARKER = "<!-- healer:contract -->"
BLAME, OTHER = "<!-- healer:blame up-1a2b -->", "<!-- healer:blame up-3c4d -->"


class Ground(Protocol):
    """A forge with a repository that has one commit on `base`, and hands to do there what other people do."""

    forge: Forge
    base: str
    writer: str
    stranger: str

    def commit(self, parent: str, files: Mapping[str, str]) -> str:
        """A commit on `parent` that the forge can be asked to push; no branch moves."""
        ...

    def read(self, commit: str, path: str) -> str | None: ...

    def parents(self, commit: str) -> tuple[str, ...]: ...

    def message(self, commit: str) -> str: ...

    def say(self, pull: int, login: str, body: str) -> None:
        """Somebody writes a comment."""
        ...

    def move(self, branch: str, commit: str) -> None:
        """Somebody sets or makes a branch; "" deletes it."""
        ...

    def close_issue(self, number: int) -> None:
        """Somebody closes an issue."""
        ...


class Hands:
    """What a ground looks up in its repository."""

    repository: Repository

    def read(self, commit: str, path: str) -> str | None:
        data = self.repository.read(commit, path)
        return None if data is None else data.decode()

    def parents(self, commit: str) -> tuple[str, ...]:
        return self.repository.commit(commit).parents

    def message(self, commit: str) -> str:
        return self.repository.commit(commit).message


def proposed(
    ground: Ground, branch: str = "healer/rule/1", files: Mapping[str, str] | None = None, draft: bool = False
) -> tuple[int, str]:
    """(number, head) of a new pull request."""
    base = ground.forge.branch_head(ground.base)
    assert base is not None
    made = ground.commit(base, files or {"new.txt": f"{branch}\n"})
    head = ground.forge.push(branch, made, "")
    return ground.forge.open_pull(branch, ground.base, "A title", "A body", draft=draft).number, head


def is_draft(ground: Ground, number: int) -> bool:
    pull = ground.forge.pull(number)
    assert pull is not None
    assert {pull.draft} == {one.draft for one in ground.forge.pulls() if one.number == number}
    return pull.draft


def state_of(ground: Ground, number: int) -> PullState:
    pull = ground.forge.pull(number)
    assert pull is not None
    return pull.state


class ForgeContract:
    # Branches

    def test_a_branch_is_pushed_moved_and_deleted_each_twice(self, ground: Ground) -> None:
        base = ground.forge.branch_head(ground.base)
        assert base is not None
        one = ground.commit(base, {"a.txt": "1\n"})
        first = ground.forge.push("healer/x", one, "")
        two = ground.commit(first, {"a.txt": "2\n"})
        assert ground.forge.push("healer/x", one, "") == first
        assert ground.forge.branch_head("healer/x") == first
        assert (ground.parents(first), ground.read(first, "a.txt")) == ((base,), "1\n")
        assert ground.message(first).strip() == ground.message(one).strip()
        second = ground.forge.push("healer/x", two, first)
        assert ground.forge.push("healer/x", two, first) == second
        assert ground.forge.branch_head("healer/x") == second
        assert ground.parents(second) == (first,)
        for _ in range(2):
            ground.forge.delete_branch("healer/x", second)
            assert ground.forge.branch_head("healer/x") is None

    def test_a_branch_that_stands_elsewhere_is_left_alone(self, ground: Ground) -> None:
        base = ground.forge.branch_head(ground.base)
        assert base is not None
        one, two = ground.commit(base, {"a.txt": "1\n"}), ground.commit(base, {"a.txt": "2\n"})
        ground.move("healer/x", one)
        for expected in ("", base):
            with pytest.raises(LostRaceError):
                ground.forge.push("healer/x", two, expected)
        with pytest.raises(LostRaceError):
            ground.forge.push("healer/y", two, one)
        with pytest.raises(LostRaceError):
            ground.forge.delete_branch("healer/x", two)
        assert ground.forge.branch_head("healer/x") == one
        assert ground.forge.branch_head("healer/y") is None

    # Pull requests

    def test_a_pull_request_is_opened_once(self, ground: Ground) -> None:
        number, head = proposed(ground)
        again = ground.forge.open_pull("healer/rule/1", ground.base, "Another title", "Another body")
        assert (again.number, again.title) == (number, "A title")
        assert (again.head, again.base, again.branch) == (head, ground.base, "healer/rule/1")
        assert again.author == ground.forge.login
        assert again.state is PullState.OPEN
        assert [pull.number for pull in ground.forge.pulls()] == [number]

    def test_there_is_no_pull_request_where_there_is_none(self, ground: Ground) -> None:
        assert ground.forge.pull(99) is None
        assert ground.forge.pull_of_branch("healer/x") is None
        assert ground.forge.pulls() == ()
        assert ground.forge.pulls(PullState.OPEN) == ()
        with pytest.raises(ForgeError):
            ground.forge.open_pull("healer/x", ground.base, "A title", "")

    def test_title_and_body_change(self, ground: Ground) -> None:
        number, _ = proposed(ground)
        for _ in range(2):
            ground.forge.update_pull(number, "Better", "Text")
        pull = ground.forge.pull(number)
        assert pull is not None
        assert (pull.title, pull.body) == ("Better", "Text")

    def test_the_head_follows_the_branch_while_it_is_open(self, ground: Ground) -> None:
        number, head = proposed(ground)
        later = ground.commit(head, {"later.txt": "x\n"})
        ground.move("healer/rule/1", later)
        pull = ground.forge.pull(number)
        assert pull is not None
        assert pull.head == later

    def test_a_closed_pull_request_stays_closed_and_its_number_is_not_used_again(self, ground: Ground) -> None:
        number, head = proposed(ground)
        for _ in range(2):
            ground.forge.close_pull(number, ground.forge.login)
        assert state_of(ground, number) is PullState.CLOSED
        assert ground.forge.pulls(PullState.OPEN) == ()
        with pytest.raises(ForgeError):
            ground.forge.merge_pull(number, head, "no")
        again = ground.forge.open_pull("healer/rule/1", ground.base, "Once more", "")
        assert again.number > number
        newest = ground.forge.pull_of_branch("healer/rule/1")
        assert newest is not None
        assert newest.number == again.number
        assert [pull.number for pull in ground.forge.pulls(PullState.CLOSED)] == [number]

    # Drafts

    def test_a_draft_is_not_merged_before_it_is_ready(self, ground: Ground) -> None:
        base = ground.forge.branch_head(ground.base)
        number, head = proposed(ground, draft=True)
        assert is_draft(ground, number)
        ground.forge.update_pull(number, "Better", "Text")
        assert ground.forge.open_pull("healer/rule/1", ground.base, "Once more", "").number == number
        assert is_draft(ground, number)
        with pytest.raises(NotMergeableError, match="is still a draft: mark it ready"):
            ground.forge.merge_pull(number, head, "merge")
        assert ground.forge.branch_head(ground.base) == base
        for _ in range(2):
            ground.forge.mark_ready(number)
            assert not is_draft(ground, number)
        merge = ground.forge.merge_pull(number, head, "merge")
        assert ground.forge.branch_head(ground.base) == merge
        ground.forge.mark_ready(number)

    def test_an_ordinary_pull_request_is_no_draft(self, ground: Ground) -> None:
        number, _ = proposed(ground)
        ground.forge.mark_ready(number)
        assert not is_draft(ground, number)
        assert not ground.forge.open_pull("healer/rule/1", ground.base, "A title", "", draft=True).draft

    def test_only_an_open_draft_is_marked_ready(self, ground: Ground) -> None:
        number, _ = proposed(ground, draft=True)
        ground.forge.close_pull(number, ground.forge.login)
        for wrong in (number, 99):
            with pytest.raises(ForgeError, match=f"#{wrong}"):
                ground.forge.mark_ready(wrong)
        assert is_draft(ground, number)

    # Merging

    def test_a_merge_is_one_commit_with_our_message_and_safe_to_repeat(self, ground: Ground) -> None:
        before = ground.forge.branch_head(ground.base)
        number, head = proposed(ground)
        merge = ground.forge.merge_pull(number, head, "A title\n\nHealer-Upgrade: up-1\n")
        assert ground.forge.branch_head(ground.base) == merge
        assert ground.parents(merge) == (before,)
        assert ground.read(merge, "new.txt") == "healer/rule/1\n"
        assert ground.message(merge).strip() == "A title\n\nHealer-Upgrade: up-1"
        assert ground.forge.merge_pull(number, head, "another message") == merge
        assert ground.forge.branch_head(ground.base) == merge
        pull = ground.forge.pull(number)
        assert pull is not None
        assert (pull.state, pull.merge_commit, pull.head) == (PullState.MERGED, merge, head)

    def test_a_merge_keeps_what_the_base_has_won_meanwhile(self, ground: Ground) -> None:
        number, head = proposed(ground)
        base = ground.forge.branch_head(ground.base)
        assert base is not None
        ground.move(ground.base, ground.commit(base, {"other.txt": "x\n"}))
        merge = ground.forge.merge_pull(number, head, "merge")
        assert ground.read(merge, "other.txt") == "x\n"
        assert ground.read(merge, "new.txt") == "healer/rule/1\n"

    def test_only_the_named_head_is_merged(self, ground: Ground) -> None:
        number, head = proposed(ground)
        base = ground.forge.branch_head(ground.base)
        ground.move("healer/rule/1", ground.commit(head, {"evil.txt": "x\n"}))
        with pytest.raises(LostRaceError):
            ground.forge.merge_pull(number, head, "merge")
        assert ground.forge.branch_head(ground.base) == base
        assert state_of(ground, number) is PullState.OPEN

    def test_a_conflict_merges_nothing(self, ground: Ground) -> None:
        number, head = proposed(ground, files={"same.txt": "ours\n"})
        base = ground.forge.branch_head(ground.base)
        assert base is not None
        theirs = ground.commit(base, {"same.txt": "theirs\n"})
        ground.move(ground.base, theirs)
        with pytest.raises(ForgeError):
            ground.forge.merge_pull(number, head, "merge")
        assert ground.forge.branch_head(ground.base) == theirs
        assert state_of(ground, number) is PullState.OPEN

    def test_nothing_of_a_pull_request_that_is_not_there(self, ground: Ground) -> None:
        base = ground.forge.branch_head(ground.base)
        assert base is not None
        with pytest.raises(ForgeError):
            ground.forge.merge_pull(99, base, "merge")
        with pytest.raises(ForgeError):
            ground.forge.update_pull(99, "x", "y")

    # Comments

    def test_comments_come_oldest_first_with_their_author_and_the_head_that_stood(self, ground: Ground) -> None:
        number, head = proposed(ground)
        ground.say(number, ground.writer, "/hold")
        later = ground.commit(head, {"later.txt": "x\n"})
        ground.move("healer/rule/1", later)
        ground.say(number, ground.stranger, "why?")
        comments = ground.forge.comments(number)
        assert [(one.author, one.body, one.head) for one in comments] == [
            (ground.writer, "/hold", head),
            (ground.stranger, "why?", later),
        ]
        assert not any(one.edited or one.bot for one in comments)
        assert len({one.id for one in comments}) == 2

    def test_comments_of_all_pull_requests_together(self, ground: Ground) -> None:
        first, _ = proposed(ground)
        second, _ = proposed(ground, "healer/rule/2")
        for number in (second, first, second):
            ground.say(number, ground.writer, f"on {number}")
        assert [one.pull for one in ground.forge.comments()] == [second, first, second]
        assert [one.pull for one in ground.forge.comments(second)] == [second, second]

    def test_what_the_healer_says_is_known_as_its_own(self, ground: Ground) -> None:
        number, _ = proposed(ground)
        said = ground.forge.add_comment(number, ground.forge.login, "/approve")
        assert said.bot
        assert ground.forge.comments(number) == (said,)

    def test_the_sticky_comment_is_one_and_only_ours(self, ground: Ground) -> None:
        number, _ = proposed(ground)
        ground.say(number, ground.stranger, f"{MARKER}\nmine now")
        for text in ("one", "two", "two"):
            ground.forge.set_sticky(number, MARKER, f"{text}\n{MARKER}")
        ground.forge.set_sticky(number, "<!-- healer:other -->", "other\n<!-- healer:other -->")
        bodies = [(one.author, one.body.partition("\n")[0]) for one in ground.forge.comments(number)]
        ours = ground.forge.login
        assert bodies == [(ground.stranger, MARKER), (ours, "two"), (ours, "other")]

    def test_what_was_seen_is_shown_where_it_can_be(self, ground: Ground) -> None:
        number, _ = proposed(ground)
        ground.say(number, ground.writer, "/hold")
        (said,) = ground.forge.comments(number)
        for _ in range(2):
            ground.forge.acknowledge(said)
        ground.forge.acknowledge(replace(said, id="999999"))
        assert ground.forge.comments(number) == (said,)

    # The dashboard

    def test_there_is_one_dashboard_and_who_closes_it_is_heard(self, ground: Ground) -> None:
        assert ground.forge.dashboard() is None
        ground.forge.close_dashboard("nothing to close")
        for text in ("one", "two", "two"):
            ground.forge.show_dashboard("Dashboard", text)
        shown = ground.forge.dashboard()
        assert shown is not None
        assert shown.body.startswith("two")
        assert shown.open
        for _ in range(2):
            ground.forge.close_dashboard("switched off")
        ground.forge.show_dashboard("Dashboard", "three")
        closed = ground.forge.dashboard()
        assert closed is not None
        assert not closed.open
        assert closed.number == shown.number
        assert closed.body.startswith("two")

    # Issues about one thing

    def test_there_is_one_issue_a_marker_written_when_its_text_changes(self, ground: Ground) -> None:
        pull, _ = proposed(ground)
        first = ground.forge.show_issue(BLAME, "Not ours", "one")
        other = ground.forge.show_issue(OTHER, "Another", "other")
        assert len({pull, first.number, other.number}) == 3
        assert BLAME in first.body.splitlines()
        ground.forge.refresh()
        assert ground.forge.show_issue(BLAME, "Not ours", "one") == first
        changed = ground.forge.show_issue(BLAME, "Not ours", f"{BLAME}\ntwo")
        ground.forge.refresh()
        assert ground.forge.show_issue(BLAME, "Not ours", f"{BLAME}\ntwo") == changed
        assert (changed.number, changed.body, changed.open) == (first.number, f"{BLAME}\ntwo", True)
        assert ground.forge.show_issue(OTHER, "Another", "other") == other
        assert proposed(ground, "healer/rule/2")[0] not in (pull, first.number, other.number)

    def test_an_issue_that_somebody_closed_stays_closed_and_as_it_is(self, ground: Ground) -> None:
        shown = ground.forge.show_issue(BLAME, "Not ours", "one")
        ground.close_issue(shown.number)
        for text in ("one", "two"):
            ground.forge.refresh()
            assert ground.forge.show_issue(BLAME, "Not ours", text) == replace(shown, open=False)

    def test_what_is_said_on_an_issue_is_heard_and_it_is_no_pull_request(self, ground: Ground) -> None:
        number = ground.forge.show_issue(BLAME, "Not ours", "one").number
        ground.say(number, ground.writer, "/resume up-1")
        (said,) = ground.forge.comments()
        assert (said.pull, said.author, said.body, said.head) == (number, ground.writer, "/resume up-1", "")
        assert ground.forge.comments(number) == (said,)
        ground.forge.set_sticky(number, MARKER, f"reply {MARKER}")
        assert [one.author for one in ground.forge.comments(number)] == [ground.writer, ground.forge.login]
        assert ground.forge.pull(number) is None
        assert ground.forge.pulls() == ()

    def test_an_issue_and_the_dashboard_are_never_mixed_up(self, ground: Ground) -> None:
        hostile = f"evidence: {DASHBOARD} <!-- healer:{DASHBOARD}dashboard -->"
        issue = ground.forge.show_issue(BLAME, "Not ours", hostile)
        ground.forge.refresh()
        assert ground.forge.dashboard() is None
        dashboard = ground.forge.show_dashboard("Dashboard", f"text\n{OTHER}")
        assert dashboard is not None
        other = ground.forge.show_issue(OTHER, "Another", "other")
        assert len({issue.number, dashboard.number, other.number}) == 3
        with pytest.raises(ForgeError, match="no marker"):
            ground.forge.show_issue(DASHBOARD, "Mine now", "text")
        for marker in ("", "text", "<!-- healer:a\nb -->", "<!-- healer:a --> <!-- healer:b -->"):
            with pytest.raises(ForgeError, match="no marker"):
                ground.forge.show_issue(marker, "Title", "text")

    # Statuses

    def test_statuses_are_kept_by_context(self, ground: Ground) -> None:
        _, head = proposed(ground)
        assert ground.forge.statuses(head) == ()
        for state in (StatusState.PENDING, StatusState.SUCCESS, StatusState.SUCCESS):
            ground.forge.set_status(head, Status("healer/one", state, "words"))
        ground.forge.set_status(head, Status("healer/two", StatusState.FAILURE))
        assert {status.context: status.state for status in ground.forge.statuses(head)} == {
            "healer/one": StatusState.SUCCESS,
            "healer/two": StatusState.FAILURE,
        }
        base = ground.forge.branch_head(ground.base)
        assert base is not None
        assert ground.forge.statuses(base) == ()

    # Permissions

    def test_who_may_write_and_who_may_not(self, ground: Ground) -> None:
        assert ground.forge.permission(ground.writer).may_write
        assert not ground.forge.permission(ground.stranger).may_write
        assert ground.forge.permission("") is Permission.NONE
