"""The forge server as REST clients see it; every exchange is judged by GitHub's own description."""

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from github import Auth, Github, GithubException, GithubIntegration, InputGitAuthor, InputGitTreeElement
from github.GithubRetry import GithubRetry
from github.Repository import Repository
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.forge_server import Fault, ForgeServer, Person, Refusal, rest
from tests.forge_server.clock import ServerClock
from tests.openapi.fixture import Validated, validated  # noqa: F401

SHOP = "octo/shop"


@pytest.fixture
def server(tmp_path: Path, validated: Validated) -> Iterator[ForgeServer]:  # noqa: F811
    source = tmp_path / "source"
    source.mkdir()
    (source / "a.txt").write_text("1\n2\n3\n")
    with ForgeServer(tmp_path / "forge") as server:
        validated(server)
        server.create_repository(SHOP, source)
        for login, role in (("robin", "write"), ("alex", "maintain"), ("kim", "read"), ("lee", "triage")):
            server.permit(SHOP, login, role)
        yield server


@pytest.fixture
def robin(server: ForgeServer) -> Person:
    return server.person("robin", SHOP)


def client(server: ForgeServer, token: str, per_page: int = 30) -> Github:
    quick = {"seconds_between_requests": 0, "seconds_between_writes": 0, "retry": None, "per_page": per_page}
    return Github(base_url=server.api_url, auth=Auth.Token(token), **quick)  # type: ignore[arg-type]


@pytest.fixture
def shop(server: ForgeServer) -> Repository:
    """octo/shop as PyGithub sees it, with a token of robin."""
    return client(server, server.token("pat", SHOP, "robin")).get_repo(SHOP)


Call = Callable[..., requests.Response]


@pytest.fixture
def call(server: ForgeServer) -> Iterator[Call]:
    """call(method, path under the repository, token, json=..., headers=...)"""
    with requests.Session() as session:

        def ask(method: str, path: str, token: str = "", headers: dict[str, str] | None = None, **rest: Any) -> Any:
            sent = ({"Authorization": f"Bearer {token}"} if token else {}) | (headers or {})
            url = path if path.startswith("http") else f"{server.api_url}/repos/{SHOP}{path}"
            return session.request(method, url, headers=sent, **rest)

        yield ask


def refused(error: pytest.ExceptionInfo[GithubException]) -> str:
    """The words of a refusal."""
    data = error.value.data
    assert isinstance(data, dict)
    listed = data.get("errors") or [data["message"]]
    return " ".join(str(item.get("message", item)) if isinstance(item, dict) else str(item) for item in listed)


# A pull from its opening to its merge


def test_a_pull_lives_as_on_github(server: ForgeServer, shop: Repository, robin: Person) -> None:
    head = robin.push("healer/x/1", {"a.txt": "1\n2\n3\n4\n"}, "Add a line")
    made = shop.create_pull(base="main", head="healer/x/1", title="A line", body="Why")
    assert (made.mergeable, made.mergeable_state) == (None, "unknown")
    read = [shop.get_pull(made.number) for _ in range(2)]
    assert [(pull.mergeable, pull.mergeable_state) for pull in read] == [(None, "unknown"), (True, "clean")]
    assert [(file.filename, file.status, file.patch) for file in made.get_files()] == [
        ("a.txt", "modified", "@@ -1,3 +1,4 @@\n 1\n 2\n 3\n+4")
    ]
    assert [commit.sha for commit in made.get_commits()] == [head]

    said = made.create_issue_comment("hello")
    said.edit("hello again")
    assert [item.body for item in shop.get_issues_comments(sort="updated", direction="desc")] == ["hello again"]
    once, twice = said.create_reaction("eyes"), said.create_reaction("eyes")
    assert once.id == twice.id and said.delete_reaction(once.id)
    made.add_to_labels("healer:stop")
    server.person("alex", SHOP).review(made.number, "APPROVE")
    assert [(review.state, review.commit_id) for review in made.get_reviews()] == [("APPROVED", head)]

    with pytest.raises(GithubException, match=r"409.*Head branch was modified\. Review and try the merge again\."):
        made.merge(sha="0" * 40)
    done = made.merge("Body\n\nHealer-Upgrade: up-1", commit_title="A line (#1)", merge_method="squash", sha=head)
    merged = shop.get_pull(made.number)
    assert (merged.merged, merged.merge_commit_sha, merged.merged_by.login) == (True, done.sha, "robin")
    assert [file.filename for file in merged.get_files()] == ["a.txt"]
    commit = shop.get_commit(done.sha)
    assert commit.commit.message == "A line (#1)\n\nBody\n\nHealer-Upgrade: up-1"
    assert commit.commit.verification.verified and commit.commit.committer.name == "GitHub"
    timeline = [line.event for line in made.as_issue().get_timeline()]
    assert timeline == ["committed", "commented", "labeled", "reviewed", "merged", "closed"]


@pytest.mark.parametrize(("method", "parents", "title"), [
    ("merge", 2, "Merge pull request #1 from octo/work"),
    ("squash", 1, "Two steps (#1)"),
    ("rebase", 1, "Second"),
])  # fmt: skip
def test_each_way_to_merge(shop: Repository, robin: Person, method: str, parents: int, title: str) -> None:
    robin.push("work", {"b.txt": "1\n"}, "First")
    robin.push("work", {"c.txt": "2\n"}, "Second")
    robin.push("main", {"z.txt": "meanwhile\n"})
    done = shop.get_pull(robin.open_pull("work", "main", "Two steps").number).merge(merge_method=method)
    commit = shop.get_commit(done.sha)
    assert (len(commit.parents), commit.commit.message.split("\n")[0]) == (parents, title)
    names = {entry.path for entry in shop.get_git_tree("main").tree}
    assert names == {"a.txt", "b.txt", "c.txt", "z.txt"}


# What is refused, in GitHub's words


def _conflict(server: ForgeServer, robin: Person) -> None:
    robin.push("main", {"a.txt": "other\n"})


def _changes_requested(server: ForgeServer, robin: Person) -> None:
    server.protect(SHOP, "main", reviews=1)
    server.person("alex", SHOP).review(1, "REQUEST_CHANGES")


def _stranger_approves(server: ForgeServer, robin: Person) -> None:
    server.protect(SHOP, "main", reviews=1)
    server.person("kim", SHOP).review(1, "APPROVE")


def _failing(server: ForgeServer, robin: Person) -> None:
    server.protect(SHOP, "main", checks=("ci",), classic=True)
    robin.set_status(server.repository(SHOP).pull(1).head, "ci", "failure")


MERGES: dict[str, tuple[Callable[[ForgeServer, Person], object], int, str]] = {
    "conflict": (_conflict, 405, "Pull Request is not mergeable"),
    "closed": (lambda server, robin: robin.close(1), 405, "Pull Request is not mergeable"),
    "draft": (lambda server, robin: robin.set_draft(1, True), 405, "Pull Request is still a draft"),
    "no approval": (lambda server, robin: server.protect(SHOP, "main", reviews=2), 405,
                    "At least 2 approving reviews are required by reviewers with write access."),
    "approved by a reader": (_stranger_approves, 405, "At least 1 approving review is required"),
    "changes requested": (_changes_requested, 405, "Changes have been requested"),
    "check missing": (lambda server, robin: server.protect(SHOP, "main", checks=("ci",)), 405,
                      'Repository rule violations found\n\nRequired status check "ci" is expected.'),
    "check failing": (_failing, 405, 'Required status check "ci" is failing.'),
    "workflow file": (lambda server, robin: robin.push("work", {".github/workflows/ci.yml": "on: push"}), 403,
                      "refusing to allow a Personal Access Token to create or update workflow"),
    "method": (lambda server, robin: setattr(server.repository(SHOP).options, "allow_squash_merge", False), 405,
               "Squash merges are not allowed on this repository."),
}  # fmt: skip


@pytest.mark.parametrize("case", MERGES.values(), ids=MERGES.keys())
def test_a_merge_that_is_refused_changes_nothing(
    server: ForgeServer, shop: Repository, robin: Person, case: tuple[Callable[..., object], int, str]
) -> None:
    spoil, status, said = case
    robin.push("work", {"a.txt": "1\n2\n3\nmine\n"})
    robin.open_pull("work", "main", "Title")
    spoil(server, robin)
    before = shop.get_branch("main").commit.sha
    with pytest.raises(GithubException) as error:
        shop.get_pull(1).merge(merge_method="squash")
    assert isinstance(error.value.data, dict)
    assert error.value.status == status and said in error.value.data["message"]
    assert shop.get_branch("main").commit.sha == before and not shop.get_pull(1).merged


PULLS = {
    "twice": ({"head": "work"}, "A pull request already exists for octo:work."),
    "nothing new": ({"head": "same"}, "No commits between main and same"),
    "no head": ({"head": "nowhere"}, "'field': 'head'"),
    "no base": ({"head": "work", "base": "nowhere"}, "'field': 'base'"),
    "long": ({"head": "other", "body": "x" * 65_537}, "body is too long (maximum is 65536 characters)"),
    "no title": ({"head": "other", "title": " "}, "missing_field"),
}


@pytest.mark.parametrize("case", PULLS.values(), ids=PULLS.keys())
def test_a_pull_that_cannot_be_opened(shop: Repository, robin: Person, case: tuple[dict[str, str], str]) -> None:
    robin.move_branch("same", shop.get_branch("main").commit.sha)
    robin.push("work", {"b.txt": "1"})
    robin.push("other", {"c.txt": "1"})
    robin.open_pull("work", "main", "Title")
    fields, said = case
    with pytest.raises(GithubException) as error:
        shop.create_pull(**({"base": "main", "title": "Title", "body": ""} | fields))
    assert error.value.status == 422 and said in refused(error)


def test_a_text_of_the_greatest_length_is_taken(shop: Repository) -> None:
    issue = shop.create_issue("Title", "x" * 65_536)
    with pytest.raises(GithubException, match="maximum is 65536"):
        issue.create_comment("x" * 65_537)
    with pytest.raises(GithubException, match="Body cannot be blank"):
        issue.create_comment(" \n")


def test_protection_is_seen_and_satisfied(server: ForgeServer, shop: Repository, robin: Person) -> None:
    server.protect(SHOP, "main", reviews=1, checks=("ci",), dismiss_stale=True)
    server.repository(SHOP).options.allow_auto_merge = True
    head, number = robin.push("work", {"b.txt": "1"}), robin.open_pull("work", "main", "Title").number
    states = [shop.get_pull(number).mergeable_state for _ in range(2)]
    assert states == ["unknown", "blocked"]
    server.person("alex", SHOP).review(number, "APPROVE")
    head = robin.push("work", {"b.txt": "2"})
    assert [review.state for review in shop.get_pull(number).get_reviews()] == ["DISMISSED"]
    shop.get_commit(head).create_status("success", context="ci")
    shop.get_pull(number).enable_automerge("SQUASH")
    assert not shop.get_pull(number).merged
    server.person("alex", SHOP).review(number, "APPROVE")
    assert shop.get_pull(number).merged


# Who may do what

COMMENT = ("POST", "/issues/1/comments", {"body": "hi"})
LABEL = ("POST", "/issues/1/labels", {"labels": ["x"]})
REACT = ("POST", "/issues/1/reactions", {"content": "eyes"})
PULL = ("POST", "/pulls", {"head": "work", "base": "main", "title": "T"})
MERGE = ("PUT", "/pulls/2/merge", {})
CHECK = ("POST", "/check-runs", {"name": "x", "head_sha": "HEAD"})
STATUS = ("POST", "/statuses/HEAD", {"state": "success"})
PROTECTION = ("GET", "/branches/main/protection", None)
INTEGRATION, PERSON = "Resource not accessible by integration", "Resource not accessible by personal access token"

MAY = [
    # token kind, role of the person, permissions, call, status, words, X-Accepted-GitHub-Permissions
    ("pat", "read", {"issues": "write"}, COMMENT, 201, "", "issues=write; pull_requests=write"),
    ("pat", "read", {"issues": "write"}, LABEL, 403, PERSON, None),
    ("pat", "triage", {"issues": "write"}, LABEL, 200, "", "issues=write; pull_requests=write"),
    ("pat", "write", {"issues": "read"}, COMMENT, 403, PERSON, "issues=write; pull_requests=write"),
    ("pat", "write", {"pull_requests": "write"}, REACT, 403, PERSON, "issues=write"),
    ("pat", "write", None, CHECK, 403, PERSON, "checks=write"),
    ("pat", "read", {"contents": "write"}, MERGE, 403, PERSON, "contents=write"),
    ("pat", "write", None, MERGE, 200, "", "contents=write"),
    ("pat", "write", {"administration": "read"}, PROTECTION, 403, PERSON, "administration=read"),
    ("pat", "admin", {"administration": "read"}, PROTECTION, 404, "Branch not protected", None),
    ("actions", "", {"pull_requests": "write"}, COMMENT, 201, "", "issues=write; pull_requests=write"),
    ("actions", "", {"pull_requests": "write"}, MERGE, 403, INTEGRATION, "contents=write"),
    ("actions", "", {"contents": "write"}, STATUS, 403, INTEGRATION, "statuses=write"),
    ("actions", "", {"administration": "read"}, PROTECTION, 403, INTEGRATION, "administration=read"),
    ("actions", "", None, PULL, 403, "GitHub Actions is not permitted to create or approve pull requests.", None),
    ("app", "", None, PULL, 201, "", "pull_requests=write"),
    ("app", "", {"checks": "write"}, CHECK, 201, "", "checks=write"),
    ("anonymous", "", None, COMMENT, 401, "Requires authentication", None),
    ("wrong", "", None, COMMENT, 401, "Bad credentials", None),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "role", "permissions", "what", "status", "said", "accepted"), MAY)
def test_who_may_do_what(
    server: ForgeServer, robin: Person, call: Call, kind: str, role: str, permissions: dict[str, str] | None,
    what: tuple[str, str, Any], status: int, said: str, accepted: str | None,
) -> None:  # fmt: skip
    robin.open_issue("An issue")
    robin.push("open", {"b.txt": "1"})
    robin.open_pull("open", "main", "Open")
    head = robin.push("work", {"c.txt": "1"})
    server.repository(SHOP).options.actions_may_open_pulls = False
    if role:
        server.permit(SHOP, "max", role)
    known = kind in ("pat", "app", "actions")
    token = server.token(kind, SHOP, "max" if role else "", permissions) if known else kind.replace("anonymous", "")
    method, path, fields = what
    body = {key: head if value == "HEAD" else value for key, value in (fields or {}).items()}
    answered = call(method, path.replace("HEAD", head), token, json=body if fields is not None else None)
    assert (answered.status_code, answered.json().get("message", "") if said else "") == (status, said)
    if accepted is not None:
        assert answered.headers["X-Accepted-GitHub-Permissions"] == accepted


@pytest.mark.parametrize(("kind", "status", "login"), [
    ("pat", 200, "robin"), ("actions", 403, None), ("app", 403, None),
])  # fmt: skip
def test_only_a_person_is_a_user(server: ForgeServer, call: Call, kind: str, status: int, login: str | None) -> None:
    answered = call("GET", f"{server.api_url}/user", server.token(kind, SHOP, "robin"))
    assert (answered.status_code, answered.json().get("login")) == (status, login)


@pytest.mark.parametrize(("login", "permission", "role"), [
    ("kim", "read", "read"), ("lee", "read", "triage"), ("robin", "write", "write"), ("alex", "write", "maintain"),
    ("octo", "admin", "admin"), ("stranger", "read", "read"),
])  # fmt: skip
def test_the_permission_of_a_person(
    server: ForgeServer, shop: Repository, login: str, permission: str, role: str
) -> None:
    server.add_user("stranger")
    assert (shop.get_collaborator_permission(login), shop.get_collaborator_role_name(login)) == (permission, role)


@pytest.mark.parametrize("act", [
    lambda kim: kim.set_status(kim.repository.git.branch("main"), "ci", "success"),
    lambda kim: kim.push("work", {"b.txt": "2"}),
    lambda kim: kim.move_branch("work", ""),
    lambda kim: kim.merge(1),
    lambda kim: kim.label(1, "healer:stop"),
    lambda kim: kim.edit_issue(1, "other"),
    lambda kim: kim.close(1),
])  # fmt: skip
def test_a_reader_changes_nothing_of_others(
    server: ForgeServer, robin: Person, act: Callable[[Person], object]
) -> None:
    robin.push("work", {"b.txt": "1"})
    robin.open_pull("work", "main", "Title")
    before = (server.repository(SHOP).git.refs(), len(server.events))
    with pytest.raises(Refusal, match="403"):
        act(server.person("kim", SHOP))
    assert (server.repository(SHOP).git.refs(), len(server.events)) == before


def test_own_pulls_are_not_approved(server: ForgeServer, robin: Person) -> None:
    robin.push("work", {"b.txt": "1"})
    robin.open_pull("work", "main", "Title")
    with pytest.raises(Refusal, match="Can not approve your own pull request"):
        robin.review(1, "APPROVE")


def test_an_app_gets_tokens_by_its_key(server: ForgeServer, call: Call) -> None:
    app = server.create_app("octo-healer", {"contents": "write", "issues": "write"})
    auth = Auth.AppAuth(app.id, app.private_key)
    integration = GithubIntegration(auth=auth, base_url=server.api_url, seconds_between_requests=0)
    installed = integration.get_repo_installation("octo", "shop")
    assert (installed.id, integration.get_app().slug) == (app.installation_id, "octo-healer")
    token = integration.get_access_token(installed.id, {"issues": "write"}).token
    made = client(server, token).get_repo(SHOP).create_issue("By the App")
    assert (made.user.login, made.user.type) == ("octo-healer[bot]", "Bot")
    narrow = call("POST", "/git/refs", token, json={"ref": "refs/heads/x", "sha": "0" * 40})
    assert narrow.json()["message"] == INTEGRATION
    with pytest.raises(GithubException, match="The permissions requested are not granted"):
        integration.get_access_token(installed.id, {"administration": "write"})
    server.clock.turn(3600)
    assert call("GET", "", token).json()["message"] == "Bad credentials"

    other = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
    )
    forged = GithubIntegration(auth=Auth.AppAuth(app.id, other.decode()), base_url=server.api_url, retry=None)
    with pytest.raises(GithubException, match="A JSON web token could not be decoded"):
        forged.get_repo_installation("octo", "shop")


# Git objects by REST


@pytest.mark.parametrize(("kind", "named", "verified"), [
    ("app", False, True), ("actions", False, True), ("app", True, False), ("pat", False, False),
])  # fmt: skip
def test_the_forge_signs_commits_of_bots(
    server: ForgeServer, robin: Person, kind: str, named: bool, verified: bool
) -> None:
    repository = client(server, server.token(kind, SHOP, "robin")).get_repo(SHOP)
    base = repository.get_git_commit(repository.get_branch("main").commit.sha)
    entry = InputGitTreeElement("deep/b.txt", "100644", "blob", content="new\n")
    tree = repository.create_git_tree([entry], base.tree)
    who = {"author": InputGitAuthor("Healer", "healer@example.org", "2026-01-02T03:04:05Z")} if named else {}
    made = repository.create_git_commit("Words", tree, [base], **who)
    assert made.verification.verified == verified
    assert made.committer.name == ("GitHub" if verified else "Healer" if named else made.author.name)
    repository.create_git_ref("refs/heads/work", made.sha)
    assert repository.get_contents("deep/b.txt", "work").decoded_content == b"new\n"  # type: ignore[union-attr]

    text = server.repository(SHOP).git.git("cat-file", "commit", made.sha)
    assert ("\ngpgsig -----BEGIN PGP SIGNATURE-----\n" in text) == verified
    if verified:  # a signature that was taken from another commit
        git = server.repository(SHOP).git
        forged = git.git("hash-object", "-t", "commit", "-w", "--stdin", given=text.replace("Words", "Other").encode())
        found = repository.get_git_commit(forged.strip()).verification
        assert (found.verified, found.reason) == (False, "unknown_key")


def test_refs_are_made_moved_and_deleted(shop: Repository, robin: Person) -> None:
    base, work = shop.get_branch("main").commit.sha, robin.push("work", {"b.txt": "1"})
    ref = shop.create_git_ref("refs/healer/restore/x", base)
    assert shop.get_git_ref("healer/restore/x").object.sha == base
    ref.edit(work)
    with pytest.raises(GithubException, match="Update is not a fast forward"):
        ref.edit(base)
    ref.edit(base, force=True)
    with pytest.raises(GithubException, match="Reference already exists"):
        shop.create_git_ref("refs/healer/restore/x", base)
    assert [found.ref for found in shop.get_git_matching_refs("healer")] == ["refs/healer/restore/x"]
    ref.delete()
    assert [found.ref for found in shop.get_git_matching_refs("healer")] == []


def test_files_are_written_one_commit_each(shop: Repository) -> None:
    made = shop.create_file("n/c.txt", "Create", "one", branch="main")
    shop.update_file("n/c.txt", "Change", "two", made["content"].sha)  # type: ignore[union-attr]
    found = shop.get_contents("n/c.txt")
    assert found.decoded_content == b"two"  # type: ignore[union-attr]
    shop.delete_file("n/c.txt", "Delete", found.sha)  # type: ignore[union-attr]
    assert [commit.commit.message for commit in shop.get_commits()][:3] == ["Delete", "Change", "Create"]
    assert shop.compare("main~0"[:4], "main").status == "identical"


# The wire


@pytest.mark.parametrize("size", [1, 2, 100])
def test_pages_of_any_size_give_the_same(server: ForgeServer, robin: Person, size: int) -> None:
    server.state.options.page_cap = size
    for number in range(5):
        robin.push(f"b{number}", {f"{number}.txt": "1"})
        robin.open_pull(f"b{number}", "main", f"Pull {number}")
    repository = client(server, server.token("pat", SHOP, "robin")).get_repo(SHOP)
    assert [pull.title for pull in repository.get_pulls()] == [f"Pull {number}" for number in (4, 3, 2, 1, 0)]
    assert repository.get_pulls(state="all").totalCount == 5
    pages = [exchange for exchange in server.exchanges if "/repositories/" in exchange.path]
    assert len(pages) == (0 if size > 5 else -(-5 // size) - 1)


def test_activity_is_paged_by_cursor(server: ForgeServer, robin: Person, call: Call) -> None:
    server.state.options.page_cap = 2
    shas = [robin.push("work", {"b.txt": str(number)}) for number in range(5)]
    robin.force_push("work", {"b.txt": "other"})
    token, url, found = server.token("pat", SHOP, "robin"), "/activity?ref=refs/heads/work&per_page=100", []
    while url:
        answered = call("GET", url, token)
        found += answered.json()
        url = answered.links.get("next", {}).get("url", "")
    assert [line["activity_type"] for line in found] == [
        "force_push",
        "push",
        "push",
        "push",
        "push",
        "branch_creation",
    ]
    assert [line["after"] for line in found][1:] == shas[::-1]
    assert len({line["timestamp"] for line in found}) == 6


def test_what_did_not_change_costs_nothing(server: ForgeServer, robin: Person, call: Call) -> None:
    token = server.token("pat", SHOP, "robin")
    first = call("GET", "/issues", token)
    again = call("GET", "/issues", token, {"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["X-RateLimit-Remaining"] == first.headers["X-RateLimit-Remaining"]
    robin.open_issue("New")
    assert call("GET", "/issues", token, {"If-None-Match": first.headers["ETag"]}).status_code == 200
    assert server.calls().unchanged == 1


def test_the_rate_limit_is_kept(server: ForgeServer, call: Call) -> None:
    server.state.options.rate_limit = 2
    token = server.token("pat", SHOP, "robin")
    answered = [call("GET", "", token) for _ in range(3)]
    assert [reply.status_code for reply in answered] == [200, 200, 403]
    assert "API rate limit exceeded" in answered[2].json()["message"]
    assert answered[2].headers["X-RateLimit-Remaining"] == "0"


@pytest.mark.parametrize(("fault", "there", "status"), [
    (Fault("comments$", "POST", 502), 0, 502),
    (Fault("comments$", "POST", 502, after=True), 1, 502),
    (Fault("comments$", "POST", 0, after=True), 1, 0),
    (Fault("comments$", "POST", 429, headers={"Retry-After": "7"}), 0, 429),
    (Fault("comments$", "GET", 502), 1, 201),
])  # fmt: skip
def test_faults_strike_before_or_after_the_effect(
    server: ForgeServer, robin: Person, call: Call, fault: Fault, there: int, status: int
) -> None:
    robin.open_issue("An issue")
    server.faults.append(fault)
    token = server.token("pat", SHOP, "robin")
    try:
        answered = call("POST", "/issues/1/comments", token, json={"body": "hi"})
        got = answered.status_code
        assert answered.headers.get("Retry-After") == fault.headers.get("Retry-After")
    except requests.ConnectionError:
        got = 0
    assert (got, len(server.repository(SHOP).comments)) == (status, there)
    assert server.exchanges[-1].status == status
    after = call("POST", "/issues/1/comments", token, json={"body": "hi"})
    assert after.status_code == 201


def test_pygithub_waits_as_it_is_told(server: ForgeServer) -> None:
    server.faults.append(Fault("/labels", status=502, times=2))
    retry = GithubRetry(total=3, backoff_factor=0)
    found = Github(
        base_url=server.api_url, auth=Auth.Token(server.token("pat", SHOP, "robin")),
        retry=retry, seconds_between_requests=0,
    )  # fmt: skip
    assert list(found.get_repo(SHOP).get_labels()) == []
    assert [exchange.status for exchange in server.exchanges] == [200, 502, 502, 200]


# What is told


def test_events_are_webhooks_and_say_who_caused_them(server: ForgeServer, robin: Person, call: Call) -> None:
    robin.push("work", {"b.txt": "1"})
    robin.open_pull("work", "main", "Title", "- [ ] do this\n- [ ] do that")
    server.take_events()
    call("POST", "/issues/1/comments", server.token("actions", SHOP), json={"body": "from a run"})
    robin.comment(1, "from a person")
    robin.tick(1, "that")
    by_run, by_person, ticked = server.take_events()
    assert [event.starts_workflows for event in (by_run, by_person)] == [False, True]
    payload: Any = by_person.payload
    assert (by_person.name, by_person.action, payload["comment"]["body"]) == (
        "issue_comment",
        "created",
        "from a person",
    )
    assert payload["issue"]["pull_request"]["url"].endswith("/pulls/1") and payload["sender"]["login"] == "robin"
    changed: Any = ticked.payload
    assert changed["pull_request"]["body"] == "- [ ] do this\n- [x] do that"
    assert changed["changes"]["body"]["from"] == "- [ ] do this\n- [ ] do that"
    assert server.take_events() == []


def test_words_in_a_commit_close_issues(server: ForgeServer, robin: Person) -> None:
    for title in ("one", "two", "three"):
        robin.open_issue(title)
    robin.push("main", {"b.txt": "1"}, "Fixes #1, and resolves: #2, says nothing of #3")
    assert [issue.state for issue in server.repository(SHOP).issues.values()] == ["closed", "closed", "open"]


def test_a_workflow_is_started_by_hand(server: ForgeServer, call: Call) -> None:
    text = "name: CI\non:\n  workflow_dispatch:\njobs: {}\n"
    server.person("octo", SHOP).push(
        "main", {".github/workflows/ci.yml": text, ".github/workflows/x.yml": "on: push\n"}
    )
    token = server.token("actions", SHOP)
    assert [known["name"] for known in call("GET", "/actions/workflows", token).json()["workflows"]] == [
        "CI",
        ".github/workflows/x.yml",
    ]
    server.take_events()
    started = call("POST", "/actions/workflows/ci.yml/dispatches", token, json={"ref": "main", "inputs": {"a": "b"}})
    assert started.status_code == 204
    (event,) = server.take_events()
    assert (event.name, event.payload["inputs"], event.starts_workflows) == ("workflow_dispatch", {"a": "b"}, True)
    other = call("POST", "/actions/workflows/x.yml/dispatches", token, json={"ref": "main"})
    assert "does not have 'workflow_dispatch' trigger" in other.json()["message"]


# What is wrong


@pytest.mark.parametrize(("path", "body", "status"), [
    ("/issues", b"{", 400),
    ("/issues", b"[1]", 400),
    ("/issues", b'{"title": "\\ud800"}', 400),
    ("/issues", b'{"title": 3}', 422),
    ("/issues", b'{"title": "a", "labels": [3]}', 422),
    ("/issues/9/comments", b'{"body": "x"}', 404),
    ("/git/refs", b'{"ref": "refs/heads/../x", "sha": "%s"}' % (b"0" * 40), 422),
    ("/git/trees", b'{"tree": [{"path": "../x", "mode": "100644", "content": ""}]}', 422),
    ("/git/trees", b'{"tree": [{"path": ".git/config", "mode": "100644", "content": ""}]}', 422),
    ("/git/blobs", b'{"content": "?", "encoding": "base64"}', 422),
    ("/nowhere", b"{}", 404),
])  # fmt: skip
def test_what_is_wrong_is_said(server: ForgeServer, call: Call, path: str, body: bytes, status: int) -> None:
    server.on_exchange = None  # these are no requests that GitHub's description knows
    answered = call("POST", path, server.token("app", SHOP), data=body)
    assert answered.status_code == status
    assert {"message", "documentation_url", "status"} <= answered.json().keys()


@pytest.mark.parametrize("sent", [
    b"GET /api/v3/repos/octo%00/shop HTTP/1.1\r\n\r\n",
    b"POST /api/v3/repos/octo/shop/issues HTTP/1.1\r\nContent-Length: many\r\n\r\n",
    b"POST /api/v3/repos/octo/shop/issues HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    b"POST /octo/shop.git/git-upload-pack HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"POST /octo/shop.git/git-upload-pack HTTP/1.1\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nno",
    b"GET /octo/../../etc/passwd HTTP/1.1\r\nAuthorization: Basic !!!\r\n\r\n",
    b"GET /octo/shop.git/objects/../../../config HTTP/1.1\r\n\r\n",
])  # fmt: skip
def test_a_broken_request_is_answered_and_harms_nothing(server: ForgeServer, sent: bytes) -> None:
    server.on_exchange = None
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        assert re.match(rb"HTTP/1\.1 (400|401|404) ", connection.recv(100))
    assert requests.get(f"{server.api_url}/repos/{SHOP}", timeout=5).status_code == 200 and not server.crashes


def test_a_file_that_changed_is_not_overwritten(server: ForgeServer, call: Call) -> None:
    server.on_exchange = None  # the description has two shapes for this 409, and each answer fits both
    body = {"message": "Change", "content": "Mg==", "sha": "0" * 40}
    answered = call("PUT", "/contents/a.txt", server.token("app", SHOP), json=body)
    assert (answered.status_code, answered.json()["message"]) == (409, f"a.txt does not match {'0' * 40}")


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from(["", "main", "work", "open", "x" * 41, "ü\0", "0" * 40])
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner))
PLACES = ["main", "1", "work", "heads/work", "%00", "..", "0" * 40]
FIELDS = st.sampled_from(
    "title body state head base sha ref message tree parents labels event content encoding path name head_sha "
    "status conclusion output context merge_method commit_title force inputs author committer branch assignees "
    "reviewers".split()
)


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ForgeServer, str]]:
    with ForgeServer(tmp_path_factory.mktemp("forge"), rate_limit=10**9) as server:
        server.create_repository(SHOP)
        server.permit(SHOP, "robin", "admin")
        robin = server.person("robin", SHOP)
        robin.push("main", {"a.txt": "1"})
        robin.push("work", {"b.txt": "1"})
        robin.open_pull("work", "main", "Title")
        robin.comment(1, "hello")
        yield server, server.token("app", SHOP)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), body=st.dictionaries(FIELDS, VALUES, max_size=5))
def test_no_request_breaks_the_server(lasting: tuple[ForgeServer, str], data: st.DataObject, body: Any) -> None:
    server, token = lasting
    known = data.draw(st.sampled_from([route for route in rest.ROUTES if route.template.startswith(rest.REPO)]))
    names = {"owner": "octo", "repo": "shop", "number#": "1"}
    path = known.template
    for name in path.split("{")[1:]:
        word = name.split("}")[0]
        value = names.get(word) or data.draw(
            st.sampled_from(["main", "1", "work", "heads/work", "%00", "..", "0" * 40])
        )
        path = path.replace(f"{{{word}}}", value)
    url = f"{server.api_url}{path}"
    sent = requests.request(known.method, url, json=body, headers={"Authorization": f"Bearer {token}"}, timeout=10)
    assert sent.status_code < 500, server.crashes[-1]


def test_time_moves_with_writes_and_turns_and_never_back() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    still, live = ServerClock(start), ServerClock(live=True)
    assert [still.now(), still.tick(), still.turn(60), still.now()] == [
        start + timedelta(seconds=seconds) for seconds in (0, 1, 61, 61)
    ]
    moments = [live.tick() for _ in range(5)]
    assert all(after > before for before, after in pairwise(moments)) and live.now() >= moments[-1]
    ahead = live.turn(3600)
    assert ahead - moments[-1] >= timedelta(hours=1) and live.now() >= datetime.now(UTC) + timedelta(minutes=59)
    with pytest.raises(ValueError, match="does not go back"):
        still.turn(-1)


def test_a_limit_ends_with_the_hour(server: ForgeServer, call: Call) -> None:
    token = server.token("pat", SHOP, "robin")
    server.exhaust(token)
    stopped = call("GET", "", token)
    assert stopped.status_code == 403
    server.clock.turn(int(stopped.headers["X-RateLimit-Reset"]) - server.clock.now().timestamp())
    assert call("GET", "", token).status_code == 200


def test_a_pull_from_a_fork(server: ForgeServer, shop: Repository) -> None:
    server.create_repository("kim/shop", fork_of=SHOP)
    kim = server.person("kim", "kim/shop")
    head = kim.push("mine", {"b.txt": "1"})
    pull = server.person("kim", SHOP).open_pull("kim:mine", "main", "From afar")
    found = shop.get_pull(pull.number)
    assert (found.head.label, found.head.repo.full_name, found.head.sha) == ("kim:mine", "kim/shop", head)
    by_head = {head: [pull.number for pull in shop.get_pulls(head=head)] for head in ("kim:mine", "octo:mine")}
    assert by_head == {"kim:mine": [1], "octo:mine": []}
    assert found.head.sha == shop.get_git_ref("pull/1/head").object.sha
    assert kim.push("mine", {"b.txt": "2"}) == shop.get_pull(1).head.sha
    server.person("robin", SHOP).merge(1)
    assert shop.get_contents("b.txt").decoded_content == b"2"  # type: ignore[union-attr]


def test_the_timeline_says_who_moved_what(server: ForgeServer, shop: Repository, robin: Person) -> None:
    robin.move_branch("release", shop.get_branch("main").commit.sha)
    robin.push("work", {"b.txt": "1"})
    robin.open_pull("work", "main", "Title")
    alex = server.person("alex", SHOP)
    alex.change_base(1, "release")
    robin.force_push("work", {"b.txt": "2"})
    alex.close(1)
    alex.reopen(1)
    robin.delete_branch("work")
    with pytest.raises(Refusal, match="cannot be reopened"):
        robin.reopen(1)
    lines = [(line.event, line.actor.login) for line in shop.get_issue(1).get_events()]
    assert lines == [
        ("base_ref_changed", "alex"), ("head_ref_force_pushed", "robin"), ("closed", "alex"), ("reopened", "alex"),
        ("closed", "robin"), ("head_ref_deleted", "robin"),
    ]  # fmt: skip
    assert shop.get_issue(1).closed_by.login == "robin"


def test_it_is_started_by_one_command(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.forge_server", str(tmp_path / "forge"), "--demo"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1]) as running:
        assert running.stdout is not None
        last = f"Ctrl-C stops it; what was pushed stays in {tmp_path / 'forge'}.\n"
        told = "".join(iter(running.stdout.readline, last))
        said = dict(re.findall(r"export (\w+)=(\S+)", told))
        repository = Github(
            base_url=said["GITHUB_API_URL"], auth=Auth.Token(said["GITOPS_HEALER_TOKEN"]), seconds_between_requests=0
        ).get_repo(said["GITHUB_REPOSITORY"])
        assert [pull.title for pull in repository.get_pulls()] == ["Let sum() add the prices"]
        running.send_signal(signal.SIGINT)
        try:
            assert running.wait(10) == 0
        finally:
            running.kill()
