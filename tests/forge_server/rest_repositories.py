"""Repositories, branches, protection, rules, activity, comparison, commits."""

from datetime import timedelta

import pygit2

from tests.forge_server import views, views_checks, views_issues
from tests.forge_server.access import need_role
from tests.forge_server.clock import parse_stamp
from tests.forge_server.errors import Refusal, invalid, not_found
from tests.forge_server.happening import tell
from tests.forge_server.pulls import head_of
from tests.forge_server.refs import identity, make_commit, move, web_flow
from tests.forge_server.rest import REPO, Reply, Request, cursor_paged, paged, route
from tests.forge_server.state import Activity, Protection, Repository
from tests.forge_server.views import Json

SETTINGS = (
    "allow_merge_commit", "allow_squash_merge", "allow_rebase_merge", "allow_auto_merge", "allow_update_branch",
    "delete_branch_on_merge", "has_issues", "archived", "private",
)  # fmt: skip
PERIODS = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}
KINDS = ("push", "force_push", "branch_creation", "branch_deletion", "pr_merge", "merge_queue_merge")


@route("GET", REPO)
def get_repository(request: Request) -> Reply:
    return Reply(200, shown_repository(request))


def shown_repository(request: Request) -> Json:
    caller, repository = request.caller, request.repository
    role = repository.role(caller.login)
    if caller.is_bot:
        role = "write" if caller.permissions.get("contents") == "write" else "read"
    return views.full_repository(repository, role, role in ("write", "maintain", "admin"))


@route("PATCH", REPO, "administration:write")
def change_repository(request: Request) -> Reply:
    options = request.repository.options
    for name in SETTINGS:
        setattr(options, name, request.flag(name, getattr(options, name)))
    options.description = request.maybe_text("description") or options.description
    branch = request.text("default_branch", options.default_branch)
    if request.repository.git.branch(branch) is None:
        text = f"The branch {branch} was not found. Please push that ref first or create it via the Git Data API."
        raise invalid("Repository", "default_branch", "invalid", text)
    options.default_branch = branch
    request.repository.git.set_head(branch)
    request.repository.updated = request.forge.clock.tick()
    return Reply(200, shown_repository(request))


@route("POST", f"{REPO}/dispatches", "contents:write")
def repository_dispatch(request: Request) -> Reply:
    request.forge.clock.tick()
    tell(
        request.repository, request.caller, "repository_dispatch", request.needed("event_type"),
        branch=request.repository.options.default_branch, client_payload=request.fields().get("client_payload"),
    )  # fmt: skip
    return Reply(204)


# Branches


@route("GET", f"{REPO}/branches", "contents:read")
def list_branches(request: Request) -> Reply:
    repository = request.repository
    wanted = request.query.get("protected")
    found = [
        (name, sha)
        for name, sha in repository.git.branches().items()
        if wanted is None or (wanted == "true") == (name in repository.protections)
    ]
    return paged(request, found, lambda item: _short_branch(repository, *item))


def _short_branch(repository: Repository, name: str, sha: str) -> Json:
    return {
        "name": name,
        "commit": {"sha": sha, "url": f"{repository.api_url}/commits/{sha}"},
        "protected": name in repository.protections,
    }


@route("GET", f"{REPO}/branches/{{branch+}}/protection", "administration:read")
def get_protection(request: Request) -> Reply:
    repository, branch = request.repository, request.names["branch"]
    rule = repository.protections.get(branch)
    if repository.git.branch(branch) is None:
        raise Refusal(404, "Branch not found")
    if rule is None or not rule.classic:
        raise Refusal(404, "Branch not protected")
    return Reply(200, _classic(repository, branch, rule))


def _classic(repository: Repository, branch: str, rule: Protection) -> Json:
    url = f"{repository.api_url}/branches/{views.quote_path(branch)}/protection"
    off = {"enabled": False}
    shown: Json = {
        "url": url,
        "required_signatures": {"url": f"{url}/required_signatures", "enabled": False},
        "enforce_admins": {"url": f"{url}/enforce_admins", "enabled": rule.enforce_admins},
        "required_linear_history": {"enabled": rule.linear},
        "allow_force_pushes": off, "allow_deletions": off, "block_creations": off,
        "required_conversation_resolution": off, "lock_branch": off, "allow_fork_syncing": off,
    }  # fmt: skip
    if rule.checks:
        shown["required_status_checks"] = {
            "url": f"{url}/required_status_checks",
            "strict": rule.strict,
            "contexts": list(rule.checks),
            "contexts_url": f"{url}/required_status_checks/contexts",
            "checks": [{"context": context, "app_id": None} for context in rule.checks],
        }
    if rule.reviews:
        shown["required_pull_request_reviews"] = {
            "url": f"{url}/required_pull_request_reviews",
            "dismiss_stale_reviews": rule.dismiss_stale,
            "require_code_owner_reviews": False,
            "require_last_push_approval": False,
            "required_approving_review_count": rule.reviews,
        }
    return shown


@route("GET", f"{REPO}/branches/{{branch+}}", "contents:read")
def get_branch(request: Request) -> Reply:
    repository, name = request.repository, request.names["branch"]
    sha = repository.git.branch(name)
    commit = repository.git.commit(sha) if sha else None
    if commit is None:
        raise Refusal(404, "Branch not found")
    rule = repository.protections.get(name)
    url = f"{repository.api_url}/branches/{views.quote_path(name)}"
    checks = list(rule.checks) if rule else []
    return Reply(200, {
        "name": name,
        "commit": views.commit(repository, commit),
        "_links": {"self": url, "html": f"{repository.html_url}/tree/{views.quote_path(name)}"},
        "protected": rule is not None,
        "protection": {
            "enabled": rule is not None and rule.classic,
            "required_status_checks": {
                "enforcement_level": "non_admins" if checks else "off",
                "contexts": checks,
                "checks": [{"context": context, "app_id": None} for context in checks],
            },
        },
        "protection_url": f"{url}/protection",
    })  # fmt: skip


@route("GET", f"{REPO}/rules/branches/{{branch+}}")
def branch_rules(request: Request) -> Reply:
    repository, branch = request.repository, request.names["branch"]
    rule = repository.protections.get(branch)
    rules = [] if rule is None or rule.classic else _ruleset(repository, rule)
    return paged(request, rules, lambda shown: shown)


def _ruleset(repository: Repository, rule: Protection) -> list[Json]:
    source: Json = {
        "ruleset_source_type": "Repository", "ruleset_source": repository.full_name, "ruleset_id": rule.id,
    }  # fmt: skip
    rules: list[Json] = [{"type": "deletion"}, {"type": "non_fast_forward"}]
    if rule.linear:
        rules.append({"type": "required_linear_history"})
    if rule.reviews:
        rules.append({"type": "pull_request", "parameters": {
            "required_approving_review_count": rule.reviews,
            "dismiss_stale_reviews_on_push": rule.dismiss_stale,
            "require_code_owner_review": False,
            "require_last_push_approval": False,
            "required_review_thread_resolution": False,
            "allowed_merge_methods": ["merge", "squash", "rebase"],
        }})  # fmt: skip
    if rule.checks:
        rules.append({"type": "required_status_checks", "parameters": {
            "strict_required_status_checks_policy": rule.strict,
            "do_not_enforce_on_create": False,
            "required_status_checks": [{"context": context} for context in rule.checks],
        }})  # fmt: skip
    return [shown | source for shown in rules]


# Activity


@route("GET", f"{REPO}/activity", "contents:read")
def list_activity(request: Request) -> Reply:
    """Newest first; ref may be short or full."""
    repository, query = request.repository, request.query
    kind, period = query.get("activity_type"), query.get("time_period")
    if (kind is not None and kind not in KINDS) or (period is not None and period not in PERIODS):
        raise Refusal(422, "Validation Failed")
    ref = query.get("ref", "")
    ref = ref if not ref or ref.startswith("refs/") else f"refs/heads/{ref}"
    since = request.forge.clock.now() - timedelta(days=PERIODS.get(period or "", 10**5))
    actor = query.get("actor")

    def wanted(line: Activity) -> bool:
        return (
            (not ref or line.ref == ref)
            and (kind is None or line.kind == kind)
            and (actor is None or line.login == actor)
            and line.created >= since
        )

    found = [line for line in repository.activities if wanted(line)]
    if query.get("direction", "desc") != "asc":
        found.reverse()
    return cursor_paged(
        request, found, lambda line: line.id, lambda line: views_checks.activity(repository, line)
    )  # fmt: skip


# Commits


@route("GET", f"{REPO}/commits", "contents:read")
def list_commits(request: Request) -> Reply:
    repository, query = request.repository, request.query
    sha = repository.git.resolve(query.get("sha", repository.options.default_branch))
    if sha is None:
        if repository.git.branches():
            raise not_found()
        raise Refusal(409, "Git Repository is empty.")
    found = [commit for commit in repository.git.log(sha) if _wanted(repository, commit, query.get("path", ""))]
    for name, keep in (("since", 1), ("until", -1)):
        if name in query:
            edge = parse_stamp(query[name]).timestamp()
            found = [commit for commit in found if (commit.commit_time - edge) * keep >= 0]
    return paged(request, found, lambda commit: views.commit(repository, commit))


def _wanted(repository: Repository, commit: pygit2.Commit, path: str) -> bool:
    if not path:
        return True
    here = repository.git.entry(str(commit.id), path)
    before = [repository.git.entry(str(parent), path) for parent in commit.parent_ids]
    mine = None if here is None else here.id
    return all((None if old is None else old.id) != mine for old in before) and (bool(before) or here is not None)


@route("GET", f"{REPO}/commits/{{sha}}/pulls", "pull_requests:read&contents:read")
def pulls_of_commit(request: Request) -> Reply:
    repository, sha = request.repository, request.names["sha"]
    commit = repository.git.commit(sha)
    if commit is None:
        raise Refusal(422, f"No commit found for SHA: {sha}")
    found = [
        pull
        for pull in repository.pulls.values()
        if sha == pull.merge_commit
        or (repository.git.is_ancestor(sha, pull.head) and not repository.git.is_ancestor(sha, pull.base))
    ]
    return paged(request, found, lambda pull: views_issues.simple_pull(repository, pull))


@route("GET", f"{REPO}/compare/{{basehead+}}", "contents:read")
def compare(request: Request) -> Reply:
    repository, basehead = request.repository, request.names["basehead"]
    base_name, dots, head_name = basehead.partition("...")
    base, head = _end(repository, base_name), _end(repository, head_name)
    if not dots or base is None or head is None:
        raise not_found()
    start = repository.git.merge_base(base, head)
    if start is None:
        raise Refusal(404, f"No common ancestor between {base_name} and {head_name}.")
    ahead, behind = repository.git.ahead_behind(head, base)
    commits = list(repository.git.log(head, hide=[base]))[::-1]
    request_page = paged(request, commits, lambda commit: views.commit(repository, commit))
    status = {(True, True): "diverged", (True, False): "ahead", (False, True): "behind"}
    html = f"{repository.html_url}/compare/{views.quote_path(basehead)}"
    owner = repository.owner
    changes = repository.git.diff(start, head)
    return Reply(200, {
        "url": f"{repository.api_url}/compare/{views.quote_path(basehead)}",
        "html_url": html,
        "permalink_url": f"{repository.html_url}/compare/{owner}:{base[:7]}...{owner}:{head[:7]}",
        "diff_url": f"{html}.diff",
        "patch_url": f"{html}.patch",
        "base_commit": _commit(repository, base),
        "merge_base_commit": _commit(repository, start),
        "status": status.get((ahead > 0, behind > 0), "identical"),
        "ahead_by": ahead,
        "behind_by": behind,
        "total_commits": len(commits),
        "commits": request_page.body,
        "files": [views.file_change(repository, head, change) for change in changes[:300]],
    }, request_page.headers)  # fmt: skip


def _end(repository: Repository, name: str) -> str | None:
    if ":" not in name:
        return repository.git.resolve(name)
    home, branch = head_of(repository, name)
    return home.git.resolve(branch)


def _commit(repository: Repository, sha: str) -> Json:
    commit = repository.git.commit(sha)
    assert commit is not None
    return views.commit(repository, commit)


@route("POST", f"{REPO}/merges", "contents:write")
def merge_branch(request: Request) -> Reply:
    """Merge a branch or a commit into a branch. 204 when there is nothing to do, 409 for a conflict."""
    repository = request.repository
    need_role(repository, request.caller, "write")
    base_name, head_name = request.needed("base"), request.needed("head")
    base, head = repository.git.branch(base_name), repository.git.resolve(head_name)
    if base is None:
        raise Refusal(404, "Base does not exist")
    if head is None:
        raise Refusal(404, "Head does not exist")
    if repository.git.is_ancestor(head, base):
        return Reply(204)
    tree = repository.git.merge(base, head)
    if tree is None:
        raise Refusal(409, "Merge conflict")
    message = request.text("commit_message", f"Merge {head_name} into {base_name}")
    author = identity(repository, request.caller)
    made = make_commit(repository, tree, [base, head], message, author, web_flow(repository), signed=True)
    move(repository, request.caller, f"refs/heads/{base_name}", made, base)
    return Reply(201, _commit(repository, made))


@route("GET", f"{REPO}/commits/{{ref+}}", "contents:read")
def get_commit(request: Request) -> Reply:
    repository = request.repository
    sha = repository.git.resolve(request.names["ref"])
    commit = repository.git.commit(sha) if sha else None
    if commit is None:
        raise Refusal(422, f"No commit found for SHA: {request.names['ref']}")
    if "sha" in request.headers.get("Accept", "").split("/")[-1].split("+")[0].split("."):
        return Reply(200, str(commit.id), {"Content-Type": "application/vnd.github.sha; charset=utf-8"})
    return Reply(200, views.commit(repository, commit, full=True))
