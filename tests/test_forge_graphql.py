"""GraphQL of the forge server, asked by PyGithub over HTTP: GitHub's schema, rules and words."""

import base64
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from github import Auth, Github, GithubException, UnknownObjectException
from github.PullRequest import PullRequest
from github.Repository import Repository as Remote
from graphql import get_named_type, is_interface_type, is_leaf_type, is_union_type

from tests.forge_server import ForgeServer
from tests.forge_server.graphql import schema
from tests.forge_server.graphql_prune import pruned, wanted_fields
from tests.openapi.fixture import Validated, validated  # noqa: F401

HERE = Path(__file__).parent / "forge_server"
EVERYTHING = dict.fromkeys(
    ("contents", "issues", "pull_requests", "statuses", "checks", "actions", "workflows"), "write"
)


class Ground(SimpleNamespace):
    """octo/shop with the branch `fix`, open as pull request #1; robin maintains, kim writes."""

    server: ForgeServer

    def asks(self, kind: str = "pat", permissions: dict[str, str] | None = None, login: str = "robin") -> Github:
        token = self.server.token(
            kind, repository="octo/shop", login=login if kind == "pat" else "", permissions=permissions
        )
        return Github(base_url=self.server.api_url, auth=Auth.Token(token), seconds_between_writes=0,
                      seconds_between_requests=0, retry=None)  # fmt: skip

    def query(self, document: str, client: Github | None = None, **variables: Any) -> Any:
        return (client or self.client).requester.graphql_query(document, variables)[1]["data"]

    def errors(self, document: str, client: Github | None = None, **variables: Any) -> list[dict[str, Any]]:
        """What is wrong with a query; [] when nothing is."""
        try:
            self.query(document, client, **variables)
        except GithubException as refused:
            return list(refused.data["errors"])
        return []

    def act(self, name: str, client: Github | None = None, **given: Any) -> list[dict[str, Any]]:
        kind = name[0].upper() + name[1:] + "Input"
        return self.errors(f"mutation M($i: {kind}!) {{ {name}(input: $i) {{ clientMutationId }} }}", client, i=given)

    @property
    def remote(self) -> Remote:
        return self.client.get_repo("octo/shop")

    @property
    def pull(self) -> PullRequest:
        return self.remote.get_pull(1)


@pytest.fixture
def here(tmp_path: Path, validated: Validated) -> Iterator[Ground]:  # noqa: F811
    source = tmp_path / "source"
    source.mkdir()
    (source / "a.py").write_text("x = 1\ny = 2\n")
    with ForgeServer(tmp_path / "server") as server:
        validated(server)
        shop = server.create_repository("octo/shop", source=source, allow_auto_merge=True)
        server.permit("octo/shop", "robin", "maintain")
        server.permit("octo/shop", "kim", "write")
        robin, kim = server.person("robin", "octo/shop"), server.person("kim", "octo/shop")
        head = kim.push("fix", {"a.py": "x = 2\ny = 2\n"}, "Fix x")
        kim.open_pull("fix", "main", "Fix x", "because")
        ground = Ground(server=server, shop=shop, robin=robin, kim=kim, head=head)
        ground.client = ground.asks(permissions=EVERYTHING)
        yield ground


def in_shop(fields: str) -> str:
    return f'{{ repository(owner: "octo", name: "shop") {{ {fields} }} }}'


def in_pull(fields: str) -> str:
    return in_shop(f"pullRequest(number: 1) {{ {fields} }}")


LIST = """query Pulls($owner: String!, $name: String!, $after: String) {
  viewer { login }
  repository(owner: $owner, name: $name) {
    defaultBranchRef { name target { oid ... on Commit { messageHeadline } } }
    pullRequests(states: OPEN, first: 50, after: $after) {
      totalCount
      pageInfo { hasNextPage endCursor }
      nodes {
        id number headRefOid headRefName baseRefName isDraft mergeable
        labels(first: 10) { nodes { name } }
        reviews(last: 10) {
          nodes {
            author { login __typename } state commit { oid } submittedAt body databaseId authorCanPushToRepository
          }
        }
        commits(last: 1) { nodes { commit { oid statusCheckRollup { state contexts(first: 10) { nodes {
          __typename
          ... on CheckRun { name status conclusion title summary detailsUrl }
          ... on StatusContext { context state description targetUrl }
        } } } } } }
        timelineItems(first: 20, itemTypes: [LABELED_EVENT, CLOSED_EVENT, REVIEW_DISMISSED_EVENT]) { nodes {
          __typename
          ... on LabeledEvent { actor { login } createdAt label { name } }
          ... on ReviewDismissedEvent { actor { login } dismissalMessage review { databaseId } }
        } }
      }
    }
  }
}"""


def test_one_query_tells_all_of_the_open_pulls(here: Ground) -> None:
    here.kim.label(1, "healer")
    given = here.robin.review(1, "REQUEST_CHANGES", "why?")
    here.robin.dismiss_review(1, given.id, "seen")
    here.robin.set_status(here.head, "tests", "pending")
    here.robin.set_status(here.head, "tests", "success", "41 passed")
    here.robin.check_run(here.head, "lint", "failure", "3 errors")
    data = here.query(LIST, owner="octo", name="shop", after=None)
    assert data["viewer"] == {"login": "robin"}
    assert data["repository"]["defaultBranchRef"]["target"]["messageHeadline"] == "First commit"
    pulls = data["repository"]["pullRequests"]
    (pull,) = pulls["nodes"]
    rest = here.pull
    assert (pull["id"], pull["headRefOid"], pull["baseRefName"]) == (rest.node_id, rest.head.sha, "main")
    (review,) = pull["reviews"]["nodes"]
    assert review | {"submittedAt": ""} == {
        "author": {"login": "robin", "__typename": "User"}, "state": "DISMISSED", "commit": {"oid": here.head},
        "submittedAt": "", "body": "why?", "databaseId": given.id, "authorCanPushToRepository": True,
    }  # fmt: skip
    rollup = pull["commits"]["nodes"][0]["commit"]["statusCheckRollup"]
    assert rollup["state"] == "FAILURE"
    assert [(c["__typename"], c.get("conclusion") or c.get("state")) for c in rollup["contexts"]["nodes"]] == [
        ("CheckRun", "FAILURE"), ("StatusContext", "SUCCESS"),
    ]  # fmt: skip
    assert [item["__typename"] for item in pull["timelineItems"]["nodes"]] == ["LabeledEvent", "ReviewDismissedEvent"]
    assert pull["timelineItems"]["nodes"][1]["review"] == {"databaseId": given.id}


def test_mergeable_is_unknown_at_first_as_in_rest(here: Ground) -> None:
    asked = [here.query(in_pull("mergeable mergeStateStatus"))["repository"]["pullRequest"] for _ in range(3)]
    assert [(pull["mergeable"], pull["mergeStateStatus"]) for pull in asked] == [
        ("UNKNOWN", "UNKNOWN"), ("MERGEABLE", "CLEAN"), ("MERGEABLE", "CLEAN"),
    ]  # fmt: skip
    assert here.pull.mergeable_state == "clean"


def test_who_ticked_a_box_can_be_asked(here: Ground) -> None:
    number = here.robin.open_issue("Dashboard", "- [ ] retry").number
    here.kim.tick(number, "retry")
    fields = """body state author { login } lastEditedAt editor { login }
      userContentEdits(first: 5) { nodes { diff editor { login } editedAt } }"""
    issue = here.query(in_shop(f"issue(number: {number}) {{ {fields} }}"))["repository"]["issue"]
    edits = issue["userContentEdits"]["nodes"]
    assert [(edit["editor"]["login"], edit["diff"]) for edit in edits] == [
        ("kim", "- [x] retry"),
        ("robin", "- [ ] retry"),
    ]
    assert (issue["editor"]["login"], issue["lastEditedAt"]) == ("kim", edits[0]["editedAt"])


def test_a_bot_has_no_brackets_in_graphql_but_as_the_viewer(here: Ground) -> None:
    bot = here.asks("actions")
    bot.get_repo("octo/shop").get_issue(1).create_comment("hello")
    comments = "comments(first: 1) { nodes { author { login __typename } } }"
    data = here.query(f"{{ viewer {{ login }} {in_pull(comments)[1:-1]} }}", bot)
    assert data["viewer"]["login"] == "github-actions[bot]"
    author = data["repository"]["pullRequest"]["comments"]["nodes"][0]["author"]
    assert author == {"login": "github-actions", "__typename": "Bot"}


def test_lists_are_ordered_as_asked(here: Ground) -> None:
    numbers = [here.robin.open_issue(f"issue {n}").number for n in range(3)]
    here.robin.comment(numbers[0], "again")
    for field, direction, first in (("CREATED_AT", "DESC", numbers[2]), ("UPDATED_AT", "DESC", numbers[0]),
                                    ("UPDATED_AT", "ASC", numbers[1])):  # fmt: skip
        order = f"orderBy: {{ field: {field}, direction: {direction} }}"
        issues = here.query(in_shop(f"issues(first: 1, {order}) {{ nodes {{ number }} }}"))["repository"]["issues"]
        assert issues["nodes"] == [{"number": first}]


def test_every_page_is_read_once_and_in_order(here: Ground) -> None:
    titles = [here.robin.open_issue(f"issue {n}").title for n in range(5)]
    read, after = [], None
    document = "query Q($after: String) " + in_shop(
        "issues(first: 2, after: $after) { totalCount nodes { title } pageInfo { hasNextPage endCursor } }"
    )
    while True:
        page = here.query(document, after=after)["repository"]["issues"]
        read += [node["title"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert (read, page["totalCount"]) == (titles, 5)
    last = here.query(in_shop("issues(last: 2) { nodes { title } pageInfo { hasPreviousPage } }"))["repository"][
        "issues"
    ]
    assert ([node["title"] for node in last["nodes"]], last["pageInfo"]["hasPreviousPage"]) == (titles[-2:], True)


WRONG = [
    (in_shop("issues { nodes { title } }"), "MISSING_PAGINATION_BOUNDARIES", "You must provide a `first` or `last`"),
    (in_shop("issues { ...F }") + " fragment F on IssueConnection { edges { cursor } }",
     "MISSING_PAGINATION_BOUNDARIES",
     "You must provide a `first` or `last` value to properly paginate the `issues` connection."),
    (in_shop("labels(first: 101) { totalCount }"), "EXCESSIVE_PAGINATION",
     "Requesting 101 records on the `labels` connection exceeds the `first` limit of 100 records."),
    (in_shop('labels(first: 1, after: "x") { totalCount }'), "INVALID_CURSOR_ARGUMENTS", "`x` does not appear to be"),
    (in_shop("pullRequest(number: 99) { id }"), "NOT_FOUND",
     "Could not resolve to a PullRequest with the number of 99."),
    (in_shop("issue(number: 1) { id }"), "NOT_FOUND", "Could not resolve to an Issue with the number of 1."),
    ('{ repository(owner: "octo", name: "none") { id } }', "NOT_FOUND",
     "Could not resolve to a Repository with the name 'octo/none'."),
    ('{ node(id: "PR_nonsense") { id } }', "NOT_FOUND",
     "Could not resolve to a node with the global id of 'PR_nonsense'"),
]  # fmt: skip


@pytest.mark.parametrize(("document", "kind", "words"), WRONG, ids=[kind for _, kind, _ in WRONG])
def test_what_cannot_be_answered_is_said_as_github_says_it(here: Ground, document: str, kind: str, words: str) -> None:
    (error,) = here.errors(document)
    assert error["type"] == kind
    assert error["message"].startswith(words)
    assert error["locations"][0]["line"] == 1
    assert error["path"][0] in ("repository", "node")


def test_a_count_needs_no_page(here: Ground) -> None:
    assert here.query(in_shop("pullRequests { totalCount }"))["repository"]["pullRequests"] == {"totalCount": 1}


def test_the_rest_of_a_query_is_answered_beside_an_error(here: Ground) -> None:
    with pytest.raises(UnknownObjectException) as refused:
        here.query(in_shop("name issue(number: 9) { id }"))
    assert refused.value.data["data"] == {"repository": {"name": "shop", "issue": None}}


MERGE = "mutation M($i: MergePullRequestInput!) { mergePullRequest(input: $i) { actor { login } } }"
COMMIT = "mutation M($i: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $i) { ref { name } } }"


@pytest.mark.parametrize(
    ("document", "variables", "words"),
    [
        ("{ viewer { logn } }", {}, "Field 'logn' doesn't exist on type 'User'"),
        (in_shop("issue(num: 1) { id }"), {}, "Field 'issue' doesn't accept argument 'num'"),
        ('{ repository(owner: "octo") { id } }', {}, "Field 'repository' is missing required arguments: name"),
        ("{ viewer }", {}, "Field must have selections (field 'viewer' returns User but has no selections. Did"),
        ("{ viewer { ...F } }", {}, "Fragment F was used, but not defined"),
        ("query Q($a: Int) { viewer { id } }", {}, "Variable $a is declared by Q but not used"),
        ("query Q($id: ID!) { node(id: $id) { id } }", {}, "Variable $id of type ID! was provided invalid value"),
        (MERGE, {"i": {"clientMutationId": "x"}}, "Variable $i of type MergePullRequestInput! was provided invalid "
         "value for pullRequestId (Expected value to not be null)"),
        (MERGE, {"i": {"pullRequestId": "x", "sha": ""}}, "Variable $i of type MergePullRequestInput! was provided "
         "invalid value for sha (Field is not defined on MergePullRequestInput)"),
        (COMMIT, {"i": {"branch": {}, "expectedHeadOid": "0", "message": {"headline": "x"}, "fileChanges": {
            "additions": [{"path": "a", "contents": ""}, {"path": "b"}]}}},
         "invalid value for fileChanges.additions.1.contents (Expected value to not be null)"),
        ("{ viewer { login ", {}, "Syntax Error"),
        ("", {}, "Syntax Error"),
    ],
)  # fmt: skip
def test_a_document_that_does_not_fit_the_schema_has_no_effect_and_no_data(
    here: Ground, document: str, variables: dict[str, Any], words: str
) -> None:
    with pytest.raises(GithubException) as refused:
        here.query(document, **variables)
    assert any(words in error["message"] for error in refused.value.data["errors"])
    assert "data" not in refused.value.data


def test_nobody_asks_without_a_token(here: Ground) -> None:
    with pytest.raises(GithubException) as refused:
        here.query("{ viewer { login } }", Github(base_url=here.server.api_url, retry=None))
    assert refused.value.status == 401


def everything(kind: Any, depth: int) -> str:
    """A selection of every field of a type, down to a depth; connections by pages of 5."""
    kind = get_named_type(kind)
    if is_leaf_type(kind):
        return ""
    if is_union_type(kind) or is_interface_type(kind):
        members = schema().get_possible_types(kind)
        return (
            "{ __typename " + " ".join(f"... on {member.name} {everything(member, depth)}" for member in members) + " }"
        )
    chosen = ["__typename"]
    for name, field in kind.fields.items():
        inner = get_named_type(field.type)
        if is_leaf_type(inner) or (depth > 0 and name != "repository"):
            chosen.append(f"{kind.name}_{name}: {name}{arguments(field)} {everything(inner, depth - 1)}")
    return "{ " + " ".join(chosen) + " }"


GIVEN = {"number": "1", "qualifiedName": '"main"', "refPrefix": '"refs/heads/"', "name": '"healer"', "first": "5",
         "pullRequestNumber": "1", "oid": None, "expression": '"main:a.py"'}  # fmt: skip


def arguments(field: Any) -> str:
    given = [f"{name}: {GIVEN[name]}" for name in field.args if GIVEN.get(name)]
    return f"({', '.join(given)})" if given else ""


@pytest.mark.parametrize("field", ["pullRequest(number: 1)", "issue(number: 2)", 'ref(qualifiedName: "main")', ""])
def test_every_field_of_the_schema_is_answered(here: Ground, field: str) -> None:
    """What the schema promises and no node has would crash the server, which fails the test."""
    here.kim.label(1, "healer")
    given = here.robin.review(1, "REQUEST_CHANGES", "why?")
    here.robin.dismiss_review(1, given.id, "seen")
    here.robin.set_status(here.head, "tests", "success")
    here.robin.check_run(here.head, "lint", "success")
    here.server.protect("octo/shop", "main", reviews=1, checks=("tests",))
    here.pull.enable_automerge()
    number = here.robin.open_issue("Dashboard", "- [ ] retry").number
    here.kim.tick(number, "retry")
    here.kim.comment(number, "done")
    here.robin.close(number)
    root = schema().type_map["Repository"]
    kind = root.fields[field.partition("(")[0]].type if field else root  # type: ignore[attr-defined]
    selection = everything(kind, 3 if field else 1)
    errors = here.errors(in_shop(f"{field} {selection}" if field else selection[1:-1]))
    # Number 1 is a pull and no issue: of all that was asked for, only this is not there.
    assert {error["path"][-1] for error in errors} <= {"Repository_issue"}


# Mutations


def test_pygithub_waits_for_checks_by_auto_merge(here: Ground) -> None:
    (error,) = here.act("enablePullRequestAutoMerge", pullRequestId=here.pull.node_id)
    assert (error["type"], error["message"]) == ("UNPROCESSABLE", "Pull request Pull request is in clean status")
    here.server.protect("octo/shop", "main", checks=("tests",))
    here.pull.enable_automerge(merge_method="SQUASH", commit_headline="Fix x (#1)")
    asked = here.query(in_pull("autoMergeRequest { mergeMethod enabledBy { login } }"))
    assert asked["repository"]["pullRequest"]["autoMergeRequest"] == {
        "mergeMethod": "SQUASH", "enabledBy": {"login": "robin"},
    }  # fmt: skip
    here.pull.disable_automerge()
    assert here.pull.raw_data["auto_merge"] is None
    here.pull.enable_automerge(merge_method="SQUASH", commit_headline="Fix x (#1)")
    here.robin.set_status(here.head, "tests", "success")
    assert here.pull.merged
    assert here.remote.get_branch("main").commit.commit.message == "Fix x (#1)"


def test_pygithub_makes_a_draft_and_takes_it_back(here: Ground) -> None:
    here.pull.convert_to_draft()
    assert here.pull.draft
    here.pull.mark_ready_for_review()
    assert not here.pull.draft


def test_pygithub_hides_a_comment(here: Ground) -> None:
    comment = here.pull.create_issue_comment("old news")
    assert comment.minimize("OUTDATED")
    asked = in_pull("comments(first: 1) { nodes { isMinimized minimizedReason body } }")
    shown = here.query(asked)["repository"]["pullRequest"]["comments"]["nodes"][0]
    assert shown == {"isMinimized": True, "minimizedReason": "outdated", "body": "old news"}
    assert comment.unminimize()
    assert not here.query(asked)["repository"]["pullRequest"]["comments"]["nodes"][0]["isMinimized"]


def test_a_merge_is_refused_for_the_reasons_of_rest(here: Ground) -> None:
    node = here.pull.node_id
    (stale,) = here.act("mergePullRequest", pullRequestId=node, expectedHeadOid="0" * 40)
    assert stale["message"] == "Head branch was modified. Review and try the merge again."
    here.server.protect("octo/shop", "main", reviews=1, classic=True)
    (blocked,) = here.act("mergePullRequest", pullRequestId=node)
    assert blocked["type"] == "UNPROCESSABLE"
    assert blocked["message"] == "At least 1 approving review is required by reviewers with write access."
    here.robin.review(1, "APPROVE")
    assert here.act("mergePullRequest", pullRequestId=node, mergeMethod="SQUASH", expectedHeadOid=here.head) == []
    assert here.pull.merged_by.login == "robin"


def test_a_merge_is_taken_back_by_a_pull_request(here: Ground) -> None:
    (early,) = here.act("revertPullRequest", pullRequestId=here.pull.node_id)
    assert early["message"] == "Pull request could not be reverted"
    here.robin.merge(1, "squash")
    here.kim.push("main", {"b.py": "z = 3\n"}, "Go on")
    document = """mutation M($i: RevertPullRequestInput!) { revertPullRequest(input: $i) {
      revertPullRequest { number title body headRefName } } }"""
    made = here.query(document, i={"pullRequestId": here.pull.node_id})["revertPullRequest"]["revertPullRequest"]
    assert made == {
        "number": 2, "title": 'Revert "Fix x"', "body": "Reverts octo/shop#1", "headRefName": "revert-1-fix",
    }  # fmt: skip
    files = {file.filename: file.patch for file in here.remote.get_pull(2).get_files()}
    assert files == {"a.py": "@@ -1,2 +1,2 @@\n-x = 2\n+x = 1\n y = 2"}


def test_a_revert_that_conflicts_is_refused_and_leaves_nothing(here: Ground) -> None:
    here.robin.merge(1, "squash")
    here.kim.push("main", {"a.py": "x = 3\ny = 2\n"}, "Again")
    (error,) = here.act("revertPullRequest", pullRequestId=here.pull.node_id)
    assert error["type"] == "UNPROCESSABLE"
    assert [branch.name for branch in here.remote.get_branches()] == ["fix", "main"]


def commit_input(here: Ground, **changes: Any) -> dict[str, Any]:
    """A good input for createCommitOnBranch, but for the changes."""
    good = {
        "branch": {"repositoryNameWithOwner": "octo/shop", "branchName": "fix"},
        "expectedHeadOid": here.head,
        "message": {"headline": "Say more", "body": "In a file."},
        "fileChanges": {
            "additions": [{"path": "docs/b.md", "contents": base64.b64encode("ü\n".encode()).decode()}],
            "deletions": [{"path": "a.py"}],
        },
    }
    return good | changes


def test_a_commit_is_made_on_a_branch_signed_and_in_one_step(here: Ground) -> None:
    bot = here.asks("app", EVERYTHING)
    document = """mutation M($i: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $i) {
      commit { oid signature { isValid wasSignedByGitHub } } ref { name } } }"""
    made = here.query(document, bot, i=commit_input(here))["createCommitOnBranch"]
    assert made["commit"]["signature"] == {"isValid": True, "wasSignedByGitHub": True}
    assert made["ref"] == {"name": "fix"}
    pull = here.pull
    assert pull.head.sha == made["commit"]["oid"]
    assert [(file.filename, file.status) for file in pull.get_files()] == [("a.py", "removed"), ("docs/b.md", "added")]
    assert here.remote.get_commit(pull.head.sha).commit.message == "Say more\n\nIn a file."


@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        ({"expectedHeadOid": "1" * 40}, "STALE_DATA", f'Expected branch to point to "{"1" * 40}" but'),
        ({"branch": {"repositoryNameWithOwner": "octo/shop", "branchName": "none"}}, "NOT_FOUND", "No such branch"),
        ({"branch": {"repositoryNameWithOwner": "octo/none", "branchName": "fix"}}, "NOT_FOUND", "Could not resolve"),
        ({"fileChanges": {"deletions": [{"path": "none.py"}]}}, "UNPROCESSABLE", "A file with path 'none.py' does not"),
        ({"fileChanges": {"additions": [{"path": "a", "contents": "%"}]}}, "UNPROCESSABLE", "The contents of 'a' are"),
        ({"fileChanges": {"additions": [{"path": "../a", "contents": ""}]}}, "UNPROCESSABLE", "A path is malformed"),
        ({"fileChanges": {"additions": [{"path": ".git/config", "contents": ""}]}}, "UNPROCESSABLE", "A path is"),
    ],
)  # fmt: skip
def test_a_commit_that_cannot_be_made_moves_nothing(here: Ground, changes: Any, kind: str, words: str) -> None:
    (error,) = here.act("createCommitOnBranch", **commit_input(here, **changes))
    assert (error["type"], error["message"].startswith(words)) == (kind, True), error
    assert here.pull.head.sha == here.head


def test_a_protected_branch_takes_no_commit(here: Ground) -> None:
    here.server.protect("octo/shop", "main", reviews=1)
    tip = here.remote.get_branch("main").commit.sha
    branch = {"repositoryNameWithOwner": "octo/shop", "branchName": "main"}
    (error,) = here.act("createCommitOnBranch", **commit_input(here, branch=branch, expectedHeadOid=tip))
    assert "Changes must be made through a pull request." in error["message"]


def test_refs_move_together_or_not_at_all(here: Ground) -> None:
    main, repository = here.remote.get_branch("main").commit.sha, here.remote.node_id
    new = {"name": "refs/heads/new", "afterOid": main, "beforeOid": "0" * 40}
    back = {"name": "refs/heads/fix", "afterOid": main}
    stale = {"name": "refs/heads/fix", "afterOid": main, "beforeOid": main, "force": True}
    for second, kind in ((back, "UNPROCESSABLE"), (stale, "STALE_DATA")):
        (error,) = here.act("updateRefs", repositoryId=repository, refUpdates=[new, second])
        assert error["type"] == kind
        assert {branch.name for branch in here.remote.get_branches()} == {"main", "fix"}
    forced = {**back, "force": True, "beforeOid": here.head}
    assert here.act("updateRefs", repositoryId=repository, refUpdates=[new, forced]) == []
    assert {branch.name: branch.commit.sha for branch in here.remote.get_branches()} == dict.fromkeys(
        ("main", "fix", "new"), main
    )


ACTS = [
    ("mergePullRequest", "contents", {}),
    ("enablePullRequestAutoMerge", "contents", {}),
    ("convertPullRequestToDraft", "pull_requests", {}),
    ("markPullRequestReadyForReview", "contents", {}),
    ("revertPullRequest", "contents", {}),
]


@pytest.mark.parametrize(("name", "scope", "more"), ACTS, ids=[name for name, _, _ in ACTS])
@pytest.mark.parametrize(
    ("kind", "words"), [("app", "integration"), ("actions", "integration"), ("pat", "personal access token")]
)
def test_a_token_without_the_permission_is_refused_in_githubs_words(
    here: Ground, name: str, scope: str, more: dict[str, Any], kind: str, words: str
) -> None:
    limited = here.asks(kind, {key: value for key, value in EVERYTHING.items() if key != scope})
    (error,) = here.act(name, limited, pullRequestId=here.pull.node_id, **more)
    assert (error["type"], error["message"]) == ("FORBIDDEN", f"Resource not accessible by {words}")
    assert error["path"] == [name]


def test_a_private_repository_is_not_there_for_strangers(here: Ground) -> None:
    here.shop.options.private = True
    here.server.add_user("stranger")
    stranger, node = here.asks(login="stranger"), here.pull.node_id
    (named,) = here.errors(in_shop("id"), stranger)
    (by_id,) = here.errors(f'{{ node(id: "{node}") {{ id }} }}', stranger)
    assert named["type"] == by_id["type"] == "NOT_FOUND"


# The schema


def test_the_stored_schema_is_what_the_list_asks_for() -> None:
    stored = (HERE / "graphql_schema.graphql").read_text("utf-8")
    wanted = wanted_fields((HERE / "graphql_fields.txt").read_text("utf-8"))
    assert pruned(stored, wanted) == stored
    assert set(wanted) <= set(schema().type_map)


SOURCE = '''
"""Root"""
type Query { "one" a(filter: Filter, old: Int @deprecated): A b: B secret: Int }
type A implements Thing & Other { id: ID! bs(first: Int): BConnection c: Int }
type B { id: ID! a: A }
type BConnection { nodes: [B] edges: [BEdge] pageInfo: PageInfo! totalCount: Int! hidden: Int }
type BEdge { cursor: String! node: B more: Int }
type PageInfo { hasNextPage: Boolean! }
interface Thing { id: ID! }
interface Other { c: Int }
input Filter { kind: Kind sub: Sub }
input Sub { x: Int }
enum Kind { ONE TWO }
enum Unused { ONE }
union Either = A | B | Query
'''


def test_pruning_keeps_what_is_wanted_and_what_that_needs() -> None:
    text = pruned(SOURCE, wanted_fields("Query: a b\nA: id bs\nB:\n  id # key\nThing: id\nEither: A B"))
    assert "secret" not in text and "Unused" not in text and "Root" not in text and "deprecated" not in text
    assert "type A implements Thing {" in text and "union Either = A | B\n" in text
    assert all(name in text for name in ("input Filter", "input Sub", "enum Kind", "type PageInfo"))
    assert "hidden" not in text and "more" not in text
    for wrong, told in (("None: x", "no type None"), ("B: nope", "B of the schema has no nope")):
        with pytest.raises(SystemExit, match=told):
            pruned(SOURCE, wanted_fields(wrong))
