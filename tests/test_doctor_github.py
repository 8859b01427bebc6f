"""What doctor says about a token and a repository at GitHub: probed by reading, each no with what to do."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gitops_healer.core.decision import Decision
from gitops_healer.core.github_access import access_tree
from gitops_healer.core.github_permissions import NEEDS
from gitops_healer.core.github_probed import Grant, Probed, Rate, RepositorySeen, TokenKind, WorkflowSeen
from gitops_healer.core.github_rules import Rule, RulesSeen, rules_tree
from gitops_healer.doctor import examine
from gitops_healer.entry import main
from gitops_healer.hosted import probed
from gitops_healer.wiring import place_of
from tests.cycle.stage import FILES
from tests.forge_server import Fault
from tests.github_stage import SHOP, GitHubStage, github_stage
from tests.openapi.fixture import Validated, validated  # noqa: F401

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ALL = tuple((need.scope, Grant.WRITE) for need in NEEDS)
GOOD = Probed(
    TokenKind.APP, "octo-healer[bot]", SHOP, "https://github.com", "main",
    RepositorySeen(private=True, archived=False, default_branch="main", issues=True, squash=True),
    grants=ALL, source="as the App is installed", rules=RulesSeen(),
    workflows=(WorkflowSeen(".github/workflows/gitops-healer.yml", "active"),),
    rate=Rate(4000, 5000, NOW), skew=timedelta(seconds=1), now=NOW,
)  # fmt: skip
WORKFLOW = """\
name: gitops-healer
on: {schedule: [{cron: '17 * * * *'}]}
permissions: {}
jobs:
  heal:
    runs-on: ubuntu-24.04
    permissions: {contents: write, pull-requests: write, issues: write, statuses: read}
    steps:
      - uses: actions/checkout@v5
      - uses: octo/gitops_healer@v1
  other:
    runs-on: ubuntu-24.04
    steps: [{run: echo}]
"""


def leaf(tree: Decision, gate: str) -> Decision:
    """The node of that name."""
    return next(decision for _, decision in tree.walk() if decision.gate == gate)


# From what was probed to what follows


def test_when_all_is_there_nothing_is_missed() -> None:
    tree = access_tree(GOOD)
    assert tree.allowed
    assert all(decision.allowed for _, decision in tree.walk())


@pytest.mark.parametrize(
    ("change", "gate", "blocks", "says"),
    [
        ({"repository": None, "refused": "GitHub answers 404"}, "repository", True, "give the token access"),
        ({"repository": replace(GOOD.repository, archived=True)}, "repository", True, "Unarchive"),  # type: ignore[type-var]
        ({"repository": replace(GOOD.repository, squash=False)}, "squash merging", False, "Allow squash"),  # type: ignore[type-var]
        ({"repository": replace(GOOD.repository, pushes=False)}, "permissions", True, "settings/access"),  # type: ignore[type-var]
        ({"grants": (*ALL, ("contents", Grant.READ))}, "contents", True, "Contents: Read and write"),
        ({"grants": (*ALL, ("pull-requests", Grant.NONE))}, "pull-requests", True, "Pull requests: Read and write"),
        ({"grants": (*ALL, ("issues", Grant.NONE))}, "issues", False, "Issues: Read and write"),
        ({"grants": (*ALL, ("checks", Grant.NONE))}, "checks", False, "Checks: Read-only"),
        ({"kind": TokenKind.ACTIONS, "opens_pulls": False}, "opening pull requests", False, "settings/actions"),
        ({"workflows": (WorkflowSeen("w.yml", "disabled_inactivity"),)}, "schedule", False, "Enable workflow"),
        ({"rate": Rate(7, 5000, NOW)}, "rate limit", True, "run again after"),
        ({"skew": timedelta(minutes=9)}, "clock", True, "NTP"),
        ({"skew": timedelta(minutes=-9)}, "clock", True, "NTP"),
        ({"expires": NOW - timedelta(days=1)}, "end", True, "GITOPS_HEALER_TOKEN"),
    ],
)
def test_each_no_says_what_to_do(change: Mapping[str, Any], gate: str, blocks: bool, says: str) -> None:
    tree = access_tree(replace(GOOD, **change))
    assert tree.allowed is not blocks
    assert not leaf(tree, gate).allowed
    assert says in leaf(tree, gate).next_action
    if blocks:
        assert tree.next_action == leaf(tree, gate).next_action


@pytest.mark.parametrize(
    ("kind", "ci", "signed", "reviews"),
    [
        (TokenKind.APP, "starts by itself", "signed by GitHub", "every maintainer"),
        (TokenKind.PAT, "starts by itself", "are not signed", "cannot approve them"),
        (TokenKind.ACTIONS, "waits until a maintainer presses", "signed by GitHub", "every maintainer"),
    ],
)
def test_the_kind_of_token_tells_what_follows(kind: TokenKind, ci: str, signed: str, reviews: str) -> None:
    tree = access_tree(replace(GOOD, kind=kind))
    assert ci in leaf(tree, "CI on our pull requests").reason
    assert signed in leaf(tree, "signatures").reason
    assert reviews in leaf(tree, "reviews").reason
    assert ("the watch runs the tests on the merge commit itself" in str(tree)) is (kind is TokenKind.ACTIONS)


def test_what_cannot_be_told_is_said_to_be_unknown_and_never_to_be_given() -> None:
    tree = access_tree(replace(GOOD, grants=(("contents", Grant.WRITE), ("issues", Grant.READABLE))))
    assert tree.allowed
    assert "5 of 6 cannot be told" in leaf(tree, "permissions").reason
    for scope in ("pull-requests", "statuses", "checks", "issues", "actions"):
        assert leaf(tree, scope).reason.startswith("cannot be told")


@pytest.mark.parametrize(
    ("rules", "gate", "allowed", "says"),
    [
        (RulesSeen(), "branch rules", True, "none that matter"),
        (RulesSeen(base=(Rule("required_status_checks", ("test",)),)), "required check test", True, "as on anybody's"),
        (RulesSeen(base=(Rule("required_status_checks", ("gitops-healer/validation",)),)),
         "required check gitops-healer/validation", True, "sets it itself"),
        (RulesSeen(base=(Rule("pull_request", approvals=2),)), "reviews", True, "2 approving reviews"),
        (RulesSeen(base=(Rule("pull_request", methods=("merge", "rebase")),)), "merge method", False, "only merge or"),
        (RulesSeen(base=(Rule("merge_queue"),)), "merge queue", False, "you add"),
        (RulesSeen(base=(Rule("required_signatures"),)), "signatures", True, "GitHub signs"),
        (RulesSeen(base=(Rule("update"),)), "restricted", False, "main is restricted"),
        (RulesSeen(ours=(Rule("required_signatures"),)), "branch rules", True, "none that matter"),
        (RulesSeen(ledger=(Rule("required_signatures"),)), "healer-ledger", False, "not signed"),
        (RulesSeen(ours=(Rule("creation"),)), "healer/*", False, "creating branches is restricted"),
        (RulesSeen(ours=(Rule("pull_request"), Rule("update"))), "healer/*", False, "need a pull request; updating"),
        (RulesSeen(ours=(Rule("non_fast_forward"),)), "healer/*", True, "cannot be rebuilt"),
        (RulesSeen(ledger=(Rule("commit_message_pattern"),)), "healer-ledger", False, "pattern"),
        (RulesSeen(protected=True), "protection", True, "classic"),
    ],
)  # fmt: skip
def test_branch_rules(rules: RulesSeen, gate: str, allowed: bool, says: str) -> None:
    tree = rules_tree(rules, "main", "app", f"https://github.com/{SHOP}/settings")
    found = leaf(tree, gate)
    assert found.allowed is allowed
    assert says in found.reason
    assert allowed or found.next_action.startswith(f"https://github.com/{SHOP}/settings/rules")
    assert tree.allowed is (allowed or gate not in ("healer/*", "healer-ledger"))


def test_rules_that_a_bot_meets_and_a_person_does_not() -> None:
    signed = RulesSeen(ours=(Rule("required_signatures"),))
    assert not rules_tree(signed, "main", "pat", "s").allowed
    waits = RulesSeen(base=(Rule("required_status_checks", ("test",)),))
    assert "Approve workflows" in str(rules_tree(waits, "main", "actions", "s"))


# Probed at the server


def staged(folder: Path, validated: Validated, kind: str, private: bool, **fields: Any) -> Any:  # noqa: F811
    files = fields.pop("files", FILES)
    context = github_stage(folder, kind, files, **fields)

    class Stage:
        def __enter__(self) -> GitHubStage:
            stage = context.__enter__()
            stage.server.repository(SHOP).options.private = private
            validated(stage.server)
            return stage

        def __exit__(self, *error: Any) -> None:
            context.__exit__(*error)

    return Stage()


def probed_by(stage: GitHubStage) -> Probed:
    choices = stage.choices()
    return probed(choices, place_of(choices))


FEW = {"contents": "read", "issues": "read"}


@pytest.mark.parametrize(
    ("kind", "private", "permissions", "grants"),
    [
        ("app-key", False, None, {"contents": Grant.WRITE, "issues": Grant.WRITE, "actions": Grant.READ}),
        ("app-key", False, FEW, {"contents": Grant.READ, "issues": Grant.READ, "checks": Grant.NONE}),
        ("app", False, None, {"contents": Grant.WRITE, "issues": Grant.UNKNOWN, "checks": Grant.UNKNOWN}),
        ("app", False, FEW, {"contents": Grant.READ}),
        ("pat", True, None, {"contents": Grant.WRITE, "issues": Grant.READABLE, "checks": Grant.NONE}),
        ("pat", True, FEW, {"contents": Grant.READ, "issues": Grant.READABLE, "statuses": Grant.NONE}),
        ("actions", True, None, {"contents": Grant.WRITE, "checks": Grant.READABLE}),
        ("actions", True, FEW, {"contents": Grant.READ, "pull-requests": Grant.NONE}),
    ],
)
def test_permissions_are_found_without_writing(
    tmp_path: Path,
    validated: Validated,  # noqa: F811
    kind: str,
    private: bool,
    permissions: Mapping[str, str] | None,
    grants: Mapping[str, Grant],
) -> None:
    with staged(tmp_path, validated, kind, private, permissions=permissions) as stage:
        choices = stage.choices()
        before, mark = stage.server.clock.now(), stage.server.mark()
        seen = probed(choices, place_of(choices))
        assert {scope: seen.grant(scope) for scope in grants} == grants
        asked = [exchange for exchange in stage.server.exchanges[mark:] if exchange.kind == "rest"]
        assert {exchange.method for exchange in asked if "access_tokens" not in exchange.path} == {"GET"}
        assert kind == "app-key" or stage.server.clock.now() == before, "a write would have moved the clock"
        assert access_tree(seen).allowed is (permissions is None)


@pytest.mark.parametrize(
    ("scopes", "private", "given"),
    [
        ("repo, workflow", True, True),
        ("public_repo", False, True),
        ("public_repo", True, False),
        ("gist", False, False),
    ],
)
def test_a_classic_token_says_its_scopes_and_its_end(
    tmp_path: Path,
    validated: Validated,  # noqa: F811
    scopes: str,
    private: bool,
    given: bool,
) -> None:
    with staged(tmp_path, validated, "pat", private) as stage:
        choices = stage.choices()
        place = place_of(choices)
        headers = {
            "X-OAuth-Scopes": scopes,
            "github-authentication-token-expiration": f"{stage.clock.now() + timedelta(days=3):%Y-%m-%d %H:%M:%S} UTC",
        }
        body = next(exchange.response_json for exchange in stage.server.exchanges if exchange.path.endswith(SHOP))
        stage.server.faults.append(Fault(f"/repos/{SHOP}$", method="GET", status=200, headers=headers, body=body))
        seen = probed(choices, place)
        assert {seen.grant(need.scope) for need in NEEDS} == {Grant.WRITE if given else Grant.NONE}
        tree = access_tree(seen)
        assert tree.allowed is given
        assert given or tree.next_action.endswith("settings/tokens → the token → scope repo")
        assert "in 3 days; renew it soon" in leaf(tree, "end").reason


def test_in_a_job_the_workflow_says_what_its_token_gets(tmp_path: Path, validated: Validated) -> None:  # noqa: F811
    path = ".github/workflows/gitops-healer.yml"
    with staged(tmp_path, validated, "actions", True, files={**FILES, path: WORKFLOW}) as stage:
        seen = probed_by(stage)
        assert seen.source == f"as {path} gives them to its job"
        assert [seen.grant(need.scope) for need in NEEDS] == [
            Grant.WRITE, Grant.WRITE, Grant.READ, Grant.NONE, Grant.WRITE, Grant.NONE,
        ]  # fmt: skip
        assert leaf(access_tree(seen), "statuses").next_action.endswith("permissions: {statuses: write}")
        assert seen.workflows == (WorkflowSeen(path, "active"),)


def test_the_repository_is_looked_at(tmp_path: Path, validated: Validated) -> None:  # noqa: F811
    with staged(tmp_path, validated, "pat", False) as stage:
        options = stage.server.repository(SHOP).options
        options.has_issues = options.allow_squash_merge = False
        stage.server.protect(SHOP, "main", classic=False, checks=("test",), reviews=1)
        stage.server.protect(SHOP, "healer-ledger", classic=False, reviews=1)
        tree = access_tree(probed_by(stage))
        assert not tree.allowed
        assert "a rule keeps the healer from pushing" in leaf(tree, "healer-ledger").reason
        assert leaf(tree, "required check test").allowed
        assert "1 approving review" in leaf(leaf(tree, "branch rules"), "reviews").reason
        assert not leaf(tree, "squash merging").allowed
        assert "switched off" in leaf(tree, "dashboard").reason
        stage.server.protect(SHOP, "main", classic=True, checks=("other",))
        tree = access_tree(probed_by(stage))
        assert leaf(tree, "required check other").allowed
        assert leaf(tree, "protection").allowed


def test_doctor_tells_it_all_in_one_tree(tmp_path: Path, validated: Validated) -> None:  # noqa: F811
    with staged(tmp_path, validated, "app", False) as stage:
        stage.heal()
        choices, mark = stage.choices(), stage.server.mark()
        tree = examine(choices)
        assert tree.allowed
        assert stage.server.calls(mark).fetches == 1
        gates = [decision.gate for decision in tree.children]
        assert gates == ["preflight", SHOP, "git", "ledger", "executions", "sandbox", "tests", "mode"]
        assert "8 events" in leaf(tree, "ledger").reason


@pytest.mark.parametrize("gone", ["repository", "token", "server"])
def test_doctor_says_why_it_could_not_come_in(tmp_path: Path, validated: Validated, gone: str) -> None:  # noqa: F811
    with staged(tmp_path, validated, "pat", False) as stage:
        choices = stage.choices()
        variables = stage.variables
        if gone == "repository":
            stage.server.repository(SHOP).options.private = True
            stage.server.permit(SHOP, "healer-account", "none")
        elif gone == "token":
            variables = replace(variables, token="ghp_s3cret")
        else:
            variables = replace(variables, api_url="http://127.0.0.1:9/api/v3")
        tree = examine(replace(choices, variables=variables))
        assert not tree.allowed
        says = {"repository": "give the token access", "token": "does not know the token", "server": "be reached"}
        assert says[gone] in str(tree)
        assert "s3cret" not in str(tree)


def test_the_command_prints_it_and_its_exit_code_says_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with github_stage(tmp_path, "pat", permissions=FEW) as stage:
        clone, said = stage.choices().path, stage.variables
        monkeypatch.setenv("GITOPS_HEALER_TOKEN", said.token)
        monkeypatch.setattr(
            "sys.argv", ["gitops-healer", "doctor", str(clone), "--forge", "github", "--format", "json"]
        )
        for name in ("GITHUB_REPOSITORY", "GITHUB_API_URL", "GITHUB_SERVER_URL", "GITHUB_ACTIONS", "GITHUB_TOKEN"):
            monkeypatch.delenv(name, raising=False)
        with pytest.raises(SystemExit) as stopped:
            main()
        assert stopped.value.code == 5
        printed = capsys.readouterr().out
        assert '"gate": "octo/shop"' in printed
        assert "Contents: Read and write" in printed
        assert said.token not in printed
