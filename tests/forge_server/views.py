"""State as GitHub's JSON: people, repositories, labels, refs, commits. Every url is GitHub's template on our port."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import quote

import pygit2

from tests.forge_server.clock import stamp
from tests.forge_server.git_store import FileChange
from tests.forge_server.state import Forge, Issue, Label, Reaction, Repository, User

Json = dict[str, object]
SIGNATURE = "-----BEGIN PGP SIGNATURE-----\n\n{}\n-----END PGP SIGNATURE-----"
GITHUB_NAME, GITHUB_EMAIL = "GitHub", "noreply@github.com"
REPOSITORY_URLS = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}
USER_URLS = {
    "followers_url": "/followers",
    "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}",
    "starred_url": "/starred{/owner}{/repo}",
    "subscriptions_url": "/subscriptions",
    "organizations_url": "/orgs",
    "repos_url": "/repos",
    "events_url": "/events{/privacy}",
    "received_events_url": "/received_events",
}
REACTIONS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes")


def node_id(kind: str, *parts: object) -> str:
    text = ":".join(str(part) for part in (kind, *parts))
    return f"{kind}_{base64.urlsafe_b64encode(text.encode()).decode().rstrip('=')}"


def maybe(moment: datetime | None) -> str | None:
    return None if moment is None else stamp(moment)


def user(forge: Forge, login: str) -> Json:
    """A simple user; somebody whose account is gone is `ghost`, as on GitHub."""
    found = forge.users.get(login.lower()) or User(10137, login or "ghost", forge.clock.now())
    url = f"{forge.api_url}/users/{found.login.replace('[', '%5B').replace(']', '%5D')}"
    slug = found.login.removesuffix("[bot]")
    return {
        "login": found.login,
        "id": found.id,
        "node_id": node_id("U", found.id),
        "avatar_url": f"{forge.url}/avatars/u/{found.id}?v=4",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{forge.url}/apps/{slug}" if found.kind == "Bot" else f"{forge.url}/{found.login}",
        **{key: url + ending for key, ending in USER_URLS.items()},
        "type": found.kind,
        "user_view_type": "public",
        "site_admin": False,
    }


def organization(forge: Forge, login: str) -> Json:
    """As events carry it."""
    found = forge.user(login)
    url = f"{forge.api_url}/orgs/{found.login}"
    return {
        "login": found.login,
        "id": found.id,
        "node_id": node_id("O", found.id),
        "url": url,
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events",
        "hooks_url": f"{url}/hooks",
        "issues_url": f"{url}/issues",
        "members_url": f"{url}/members{{/member}}",
        "public_members_url": f"{url}/public_members{{/member}}",
        "avatar_url": f"{forge.url}/avatars/u/{found.id}?v=4",
        "description": None,
    }


def full_user(forge: Forge, login: str, private: bool = False) -> Json:
    found = forge.user(login)
    shown = user(forge, login) | {
        "name": found.name or None, "company": None, "blog": "", "location": None, "email": None,
        "hireable": None, "bio": None, "twitter_username": None, "public_repos": 0, "public_gists": 0,
        "followers": 0, "following": 0, "created_at": stamp(found.created), "updated_at": stamp(found.created),
    }  # fmt: skip
    if private:
        shown |= {
            "private_gists": 0, "total_private_repos": 0, "owned_private_repos": 0, "disk_usage": 0,
            "collaborators": 0, "two_factor_authentication": True, "user_view_type": "private",
        }  # fmt: skip
    return shown


def minimal_repository(repository: Repository) -> Json:
    forge, url = repository.forge, repository.api_url
    options = repository.options
    return {
        "id": repository.id,
        "node_id": node_id("R", repository.id),
        "name": repository.name,
        "full_name": repository.full_name,
        "private": options.private,
        "owner": user(forge, repository.owner),
        "html_url": repository.html_url,
        "description": options.description,
        "fork": bool(repository.fork_of),
        "url": url,
        **{key: url + ending for key, ending in REPOSITORY_URLS.items()},
    }


def repository(repository: Repository, role: str = "") -> Json:
    """The repository as lists and pulls show it."""
    options, moved = repository.options, repository.pushed or repository.created
    bare = repository.clone_url.split("://", 1)[1]
    open_issues = sum(issue.state == "open" for issue in repository.issues.values())
    shown = minimal_repository(repository) | {
        "created_at": stamp(repository.created),
        "updated_at": stamp(repository.updated or repository.created),
        "pushed_at": stamp(moved),
        "git_url": f"git://{bare}",
        "ssh_url": f"git@{bare.replace('/', ':', 1)}",
        "clone_url": repository.clone_url,
        "svn_url": repository.html_url,
        "mirror_url": None, "homepage": None, "language": "Python", "license": None,
        "size": 1, "stargazers_count": 0, "watchers_count": 0, "forks_count": 0, "forks": 0, "watchers": 0,
        "open_issues_count": open_issues, "open_issues": open_issues,
        "has_issues": options.has_issues, "has_projects": True, "has_downloads": True, "has_wiki": False,
        "has_pages": False, "has_discussions": False, "is_template": False, "archived": options.archived,
        "disabled": False, "allow_forking": True, "web_commit_signoff_required": False, "topics": [],
        "visibility": "private" if options.private else "public",
        "default_branch": options.default_branch,
    }  # fmt: skip
    if role:
        rank = ("none", "read", "triage", "write", "maintain", "admin").index(role)
        names = ("pull", "triage", "push", "maintain", "admin")
        shown["permissions"] = {name: rank > place for place, name in enumerate(names)}
    return shown


def full_repository(found: Repository, role: str, may_write: bool) -> Json:
    options = found.options
    shown = repository(found, role) | {"network_count": 0, "subscribers_count": 0, "temp_clone_token": None}
    if may_write:
        shown |= {
            "allow_squash_merge": options.allow_squash_merge,
            "allow_merge_commit": options.allow_merge_commit,
            "allow_rebase_merge": options.allow_rebase_merge,
            "allow_auto_merge": options.allow_auto_merge,
            "allow_update_branch": options.allow_update_branch,
            "delete_branch_on_merge": options.delete_branch_on_merge,
            "use_squash_pr_title_as_default": False,
            "squash_merge_commit_title": "COMMIT_OR_PR_TITLE",
            "squash_merge_commit_message": "COMMIT_MESSAGES",
            "merge_commit_title": "MERGE_MESSAGE",
            "merge_commit_message": "PR_TITLE",
        }
    owner = found.forge.users.get(found.owner.lower())
    if owner is not None and owner.kind == "Organization":
        shown["organization"] = user(found.forge, found.owner)
    return shown


def label(repository: Repository, found: Label) -> Json:
    name = found.name.replace("%", "%25").replace(" ", "%20").replace("/", "%2F").replace("?", "%3F")
    return {
        "id": found.id,
        "node_id": node_id("LA", found.id),
        "url": f"{repository.api_url}/labels/{name}",
        "name": found.name,
        "color": found.color,
        "default": False,
        "description": found.description,
    }


def labels_of(repository: Repository, issue: Issue) -> list[Json]:
    return [label(repository, repository.labels[name.lower()]) for name in issue.labels]


def reaction(forge: Forge, found: Reaction) -> Json:
    return {
        "id": found.id,
        "node_id": node_id("REA", found.id),
        "user": user(forge, found.login),
        "content": found.content,
        "created_at": stamp(found.created),
    }


def reaction_rollup(url: str, reactions: Sequence[Reaction]) -> Json:
    counts = {content: sum(found.content == content for found in reactions) for content in REACTIONS}
    return {"url": f"{url}/reactions", "total_count": len(reactions), **counts}


def association(repository: Repository, login: str) -> str:
    """GitHub's author_association, which tells little: authorise by the permission instead."""
    owner = repository.forge.users.get(repository.owner.lower())
    if login == repository.owner:
        return "OWNER"
    if login.lower() in {name.lower() for name in repository.roles}:
        return "MEMBER" if owner is not None and owner.kind == "Organization" else "COLLABORATOR"
    if any(pull.merged and repository.issues[pull.number].login == login for pull in repository.pulls.values()):
        return "CONTRIBUTOR"
    return "NONE"


# Git objects


def sign(forge: Forge, payload: bytes) -> str:
    """The forge's own signature of a commit's text: only this server can make it, and it says so on reading."""
    return SIGNATURE.format(base64.b64encode(hmac.new(forge.signing_key, payload, hashlib.sha256).digest()).decode())


def verification(forge: Forge, commit: pygit2.Commit) -> Json:
    signature, payload = commit.gpg_signature
    if signature is None or payload is None:
        return {
            "verified": False, "reason": "unsigned", "signature": None, "payload": None, "verified_at": None,
        }  # fmt: skip
    text = signature.decode("utf-8", "replace").strip("\n")
    known = hmac.compare_digest(text.encode(), sign(forge, payload).encode())
    moment = datetime.fromtimestamp(commit.commit_time, UTC)
    return {
        "verified": known,
        "reason": "valid" if known else "unknown_key",
        "signature": text,
        "payload": payload.decode("utf-8", "replace"),
        "verified_at": stamp(moment) if known else None,
    }


def when(signature: pygit2.Signature) -> str:
    zone = timezone(timedelta(minutes=signature.offset))
    return stamp(datetime.fromtimestamp(signature.time, zone).astimezone(UTC))


def git_person(signature: pygit2.Signature) -> Json:
    return {
        "name": signature.raw_name.decode("utf-8", "replace"),
        "email": signature.raw_email.decode("utf-8", "replace"),
        "date": when(signature),
    }


def message_of(commit: pygit2.Commit) -> str:
    """As GitHub shows it: without newlines at the end."""
    return commit.raw_message.decode("utf-8", "replace").rstrip("\n")


def git_commit(repository: Repository, commit: pygit2.Commit) -> Json:
    sha, api = str(commit.id), repository.api_url
    return {
        "sha": sha,
        "node_id": node_id("C", repository.id, sha),
        "url": f"{api}/git/commits/{sha}",
        "html_url": f"{repository.html_url}/commit/{sha}",
        "author": git_person(commit.author),
        "committer": git_person(commit.committer),
        "tree": {"sha": str(commit.tree_id), "url": f"{api}/git/trees/{commit.tree_id}"},
        "message": message_of(commit),
        "parents": [_parent(repository, str(parent), "git/commits") for parent in commit.parent_ids],
        "verification": verification(repository.forge, commit),
    }


def _parent(repository: Repository, sha: str, kind: str) -> Json:
    return {
        "sha": sha,
        "url": f"{repository.api_url}/{kind}/{sha}",
        "html_url": f"{repository.html_url}/commit/{sha}",
    }


def account_of(forge: Forge, email: str) -> str:
    """The login that an e-mail belongs to; "" when nobody's."""
    if email == GITHUB_EMAIL:
        return "web-flow"
    return next((found.login for found in forge.users.values() if found.email == email), "")


def commit(repository: Repository, found: pygit2.Commit, full: bool = False) -> Json:
    """full: with the files and the figures of the diff to the first parent."""
    sha, api, forge = str(found.id), repository.api_url, repository.forge
    author, committer = account_of(forge, found.author.email), account_of(forge, found.committer.email)
    shown: Json = {
        "sha": sha,
        "node_id": node_id("C", repository.id, sha),
        "commit": {
            "author": git_person(found.author),
            "committer": git_person(found.committer),
            "message": message_of(found),
            "tree": {"sha": str(found.tree_id), "url": f"{api}/git/trees/{found.tree_id}"},
            "url": f"{api}/git/commits/{sha}",
            "comment_count": 0,
            "verification": verification(forge, found),
        },
        "url": f"{api}/commits/{sha}",
        "html_url": f"{repository.html_url}/commit/{sha}",
        "comments_url": f"{api}/commits/{sha}/comments",
        "author": user(forge, author) if author else None,
        "committer": user(forge, committer) if committer else None,
        "parents": [_parent(repository, str(parent), "commits") for parent in found.parent_ids],
    }
    if full:
        changes = repository.git.diff(str(found.parent_ids[0]) if found.parent_ids else None, sha)
        additions, deletions = sum(c.additions for c in changes), sum(c.deletions for c in changes)
        shown["stats"] = {"total": additions + deletions, "additions": additions, "deletions": deletions}
        shown["files"] = [file_change(repository, sha, change) for change in changes]
    return shown


def file_change(repository: Repository, sha: str, change: FileChange) -> Json:
    shown: Json = {
        "sha": change.sha,
        "filename": change.path,
        "status": change.status,
        "additions": change.additions,
        "deletions": change.deletions,
        "changes": change.additions + change.deletions,
        "blob_url": f"{repository.html_url}/blob/{sha}/{quote_path(change.path)}",
        "raw_url": f"{repository.html_url}/raw/{sha}/{quote_path(change.path)}",
        "contents_url": f"{repository.api_url}/contents/{quote_path(change.path)}?ref={sha}",
    }
    if change.patch is not None:
        shown["patch"] = change.patch
    if change.status in ("renamed", "copied"):
        shown["previous_filename"] = change.old_path
    return shown


def quote_path(path: str) -> str:
    return quote(path, safe="/")


def git_ref(repository: Repository, name: str, sha: str) -> Json:
    """name: refs/heads/main. Its url always says git/refs, however it was asked for."""
    kind = repository.git.objects[sha].type_str
    return {
        "ref": name,
        "node_id": node_id("REF", repository.id, name),
        "url": f"{repository.api_url}/git/{quote_path(name)}",
        "object": {"sha": sha, "type": kind, "url": f"{repository.api_url}/git/{kind}s/{sha}"},
    }
