"""What of drafts and issues is GitHub's only: plans without drafts, issues that are off, and whose an issue is."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gitops_healer.adapters.cache import MemoryCache
from gitops_healer.core.forge import PullState
from gitops_healer.errors import ForgeError, NotMergeableError, PullRefusedError
from tests.adapters.forge_contract import BLAME, is_draft, proposed, state_of
from tests.adapters.github_ground import KINDS, GitHubGround, github_ground, token_of
from tests.openapi.fixture import validated  # noqa: F401


@pytest.fixture
def here(tmp_path: Path, validated: Any) -> Iterator[GitHubGround]:  # noqa: F811
    """Small pages, so that nothing works only because everything fits on one."""
    with github_ground(tmp_path, "app", page_size=1) as made:
        validated(made.server)
        yield made


# Drafts


def test_where_there_are_no_drafts_the_title_says_so_until_it_is_ready(here: GitHubGround) -> None:
    here.shop.options.has_drafts = False
    number, head = proposed(here, draft=True)
    here.forge.update_pull(number, "Better", "Text")
    assert (here.shop.issues[number].title, here.shop.pulls[number].draft) == ("[draft] Better", False)
    here.forge.refresh()
    assert is_draft(here, number)
    with pytest.raises(NotMergeableError, match="still a draft"):
        here.forge.merge_pull(number, head, "merge")
    for _ in range(2):
        here.forge.mark_ready(number)
    assert here.shop.issues[number].title == "Better"
    assert not is_draft(here, number)
    here.forge.merge_pull(number, head, "merge")
    assert state_of(here, number) is PullState.MERGED


def test_a_person_makes_a_draft_of_it_and_marks_it_ready_too(here: GitHubGround) -> None:
    number, head = proposed(here)
    here.person("robin").set_draft(number, draft=True)
    here.forge.refresh()
    assert is_draft(here, number)
    here.person("robin").set_draft(number, draft=False)
    mark = here.server.mark()
    here.forge.mark_ready(number)  # seen as a draft, and is none any more: nothing is written
    assert here.server.calls(mark).writes == 0
    here.forge.merge_pull(number, head, "merge")


def test_an_ordinary_one_costs_nothing_to_mark_ready(here: GitHubGround) -> None:
    number, _ = proposed(here)
    assert not is_draft(here, number)
    mark = here.server.mark()
    here.forge.mark_ready(number)
    assert (here.server.calls(mark).rest, here.server.calls(mark).graphql) == (0, 0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_token_that_may_not_mark_it_ready_says_who_can(tmp_path: Path, kind: str) -> None:
    with github_ground(tmp_path, kind) as ground:
        number, _ = proposed(ground, draft=True)
        weak = token_of(ground.server, kind, {"contents": "read", "pull_requests": "write"})
        with pytest.raises(ForgeError, match=r"Resource not accessible.*contents: write.*Ready for review.*/pull/1$"):
            ground.again(token=weak).forge.mark_ready(number)
        assert is_draft(ground, number)


def test_who_may_not_open_a_draft_gets_a_link_whose_title_says_so(here: GitHubGround) -> None:
    weak = here.again(token=token_of(here.server, "app", {"contents": "write", "pull_requests": "read"}))
    with pytest.raises(PullRefusedError) as caught:
        proposed(weak, draft=True)
    assert "title=%5Bdraft%5D%20A%20title" in caught.value.link


# Issues


def test_an_issue_is_ours_and_one_whatever_is_forgotten_or_written_into_it(here: GitHubGround) -> None:
    here.person("robin").open_issue("Not ours", BLAME)
    here.person(here.forge.login).open_issue("In a sentence", f"see {BLAME}")
    proposed(here)
    shown = here.forge.show_issue(BLAME, "Not ours", "one")
    assert shown.number == 4
    assert shown.url == f"{here.forge.url}/issues/4"
    assert here.again(cache=MemoryCache()).forge.show_issue(BLAME, "Not ours", "one") == shown
    here.person("robin").edit_issue(shown.number, "the marker is gone")
    here.forge.refresh()
    assert here.forge.show_issue(BLAME, "Not ours", "one") == shown


def test_of_issues_that_two_runs_made_at_a_time_the_first_stays(here: GitHubGround) -> None:
    for text in ("one", "two", "three"):
        here.person(here.forge.login).open_issue("Not ours", f"{text}\r\n{BLAME}\r\n")
    here.person("robin").close(1)
    shown = here.forge.show_issue(BLAME, "Not ours", f"two\n{BLAME}")
    assert (shown.number, [here.shop.issues[number].state for number in (1, 2, 3)]) == (2, ["closed", "open", "closed"])
    here.person("robin").close(2)
    closed = here.again(cache=MemoryCache()).forge.show_issue(BLAME, "Not ours", "x")
    assert (closed.number, closed.open) == (1, False)


def test_showing_what_is_shown_costs_one_look_a_cycle(here: GitHubGround) -> None:
    shown = here.forge.show_issue(BLAME, "Not ours", "one")
    later, mark = here.again(), here.server.mark()
    later.forge.refresh()
    assert here.server.calls(mark).rest == 0
    for _ in range(2):
        assert later.forge.show_issue(BLAME, "Not ours", "one") == shown
    assert (here.server.calls(mark).rest, here.server.calls(mark).writes) == (1, 0)


@pytest.mark.parametrize("known", [False, True])
def test_where_issues_are_switched_off_the_error_says_to_switch_them_on(here: GitHubGround, known: bool) -> None:
    if known:
        here.forge.show_issue(BLAME, "Not ours", "one")
        here.forge.refresh()
        here.shop.issues.clear()
    here.shop.options.has_issues = False
    with pytest.raises(ForgeError, match=r"Switch issues on in http.*octo/shop/settings"):
        here.forge.show_issue(BLAME, "Not ours", "two")


def test_an_issue_that_was_deleted_is_made_again(here: GitHubGround) -> None:
    first = here.forge.show_issue(BLAME, "Not ours", "one")
    here.forge.show_issue("<!-- healer:blame up-2 -->", "Another", "other")
    del here.shop.issues[first.number]
    here.forge.refresh()
    again = here.forge.show_issue(BLAME, "Not ours", "one")
    assert again == replace(first, number=3, url=f"{here.forge.url}/issues/3")
