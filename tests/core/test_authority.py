"""Who may order what, and how a stranger is told."""

import pytest

from gitops_healer.core.authority import MAX_LOGIN, may_command, refusal_values, valid_login
from gitops_healer.core.forge import Permission
from gitops_healer.core.messages import Messages
from gitops_healer.settings import load_settings


@pytest.mark.parametrize("has", list(Permission))
@pytest.mark.parametrize("needs", list(Permission))
def test_who_has_more_may_do_what_needs_less(has: Permission, needs: Permission) -> None:
    ranks = list(Permission)
    decision = may_command("alex", has, needs)
    assert decision.allowed == (ranks.index(has) >= ranks.index(needs))
    assert decision.allowed or f"/permit alex {needs.value}" in decision.next_action


@pytest.mark.parametrize("login", ["", " alex", "a\nb", "<script>", "x" * 101, "-x", "\u202ealex", "a`b"])
def test_what_is_no_login_may_nothing(login: str) -> None:
    assert not may_command(login, Permission.ADMIN, Permission.READ).allowed


@pytest.mark.parametrize("login", ["@everyone", "*x*", "x" * MAX_LOGIN, "[x](y)"])
def test_the_no_mentions_nobody_and_says_who_may(login: str) -> None:
    assert valid_login(login)
    decision = may_command(login, Permission.READ, Permission.WRITE)
    assert f"`{login}` has read permission, write is needed" in decision.reason
    assert "people who may write to this repository" in decision.reason
    assert len(decision.reason) < 300


def test_the_no_can_be_worded_by_the_repository() -> None:
    messages = Messages(load_settings().messages.model_dump())
    said = messages.render("refusal", **refusal_values("@everyone", Permission.NONE, Permission.WRITE))
    for part in ("`@everyone`", "no permission here", "write permission", "`/permit @everyone write`"):
        assert part in said


def test_a_login_with_a_blank_can_be_typed() -> None:
    assert (
        '/permit "New Maintainer" admin' in may_command("New Maintainer", Permission.NONE, Permission.ADMIN).next_action
    )
