"""Rules of refs: what follows when one moves, however it was moved."""

import re
from collections.abc import Iterable

from tests.forge_server import issues, views
from tests.forge_server.access import has_role, refused, workflows_allowed
from tests.forge_server.errors import Refusal
from tests.forge_server.git_store import ZERO, Identity, StaleRefError, commit_payload
from tests.forge_server.happening import tell
from tests.forge_server.state import Activity, Protection, Repository, Token
from tests.forge_server.workflows import read_workflows

CLOSING = re.compile(r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+#(\d{1,9})\b", re.IGNORECASE)


def move(repository: Repository, caller: Token, ref: str, new: str, old: str | None = None, kind: str = "") -> None:
    """Set, make or delete (ZERO) a ref, and everything that follows. Raises 409 when it does not stand on `old`."""
    before = repository.git.ref(ref) or ZERO
    if old is not None and before != old:
        raise Refusal(409, "Reference update failed")
    try:
        repository.git.move(ref, new, before)
    except StaleRefError as stale:
        raise Refusal(409, "Reference update failed") from stale
    repository.forge.clock.tick()
    moved(repository, caller, ref, before, new, kind)


def moved(repository: Repository, caller: Token, ref: str, before: str, after: str, kind: str = "") -> None:
    """A ref was moved in git: activity, pulls, events."""
    if before == after or ref.startswith("refs/pull/"):
        return
    from tests.forge_server.pulls import branch_moved  # a pull follows its branches, and moves some itself

    forge = repository.forge
    forced = ZERO not in (before, after) and not repository.git.is_ancestor(before, after)
    if not kind:
        kind = "branch_creation" if before == ZERO else "branch_deletion" if after == ZERO else "push"
        kind = "force_push" if forced else kind
    if ref.startswith("refs/heads/"):
        line = Activity(forge.new_id(), ref, before, after, kind, caller.login, forge.clock.now())
        repository.activities.append(line)
    repository.pushed = repository.updated = forge.clock.now()
    if ref == f"refs/heads/{repository.options.default_branch}" and after != ZERO:
        read_workflows(repository, after)
    tell_push(repository, caller, ref, before, after, forced)
    if ref == f"refs/heads/{repository.options.default_branch}" and ZERO not in (before, after):
        for commit in list(repository.git.log(after, hide=[before]))[:100]:
            close_by_keyword(repository, caller, views.message_of(commit), str(commit.id))
    if ref.startswith("refs/heads/"):
        branch_moved(repository, caller, ref.removeprefix("refs/heads/"), before, after, forced)


def close_by_keyword(repository: Repository, caller: Token, text: str, commit: str = "") -> None:
    """`Fixes #3` in a commit of the default branch, or in the body of a merged pull, closes issue 3."""
    for number in CLOSING.findall(text):
        issue = repository.issues.get(int(number))
        if issue is not None and issue.number not in repository.pulls and issue.state == "open":
            issues.close(repository, caller, issue, "completed", commit, by_keyword=True)


def tell_push(repository: Repository, caller: Token, ref: str, before: str, after: str, forced: bool) -> None:
    """Pushes of branches and tags are told; other refs are nobody's business."""
    if not ref.startswith(("refs/heads/", "refs/tags/")):
        return
    forge, git = repository.forge, repository.git
    head = git.commit(after)
    made = []
    if head is not None and before != ZERO:
        made = [views.commit(repository, commit) for commit in git.log(after, hide=[before])][:20]
    person = {"name": caller.login, "email": forge.user(caller.login).email}
    tell(
        repository, caller, "push", "", ref=ref, before=before, after=after, created=before == ZERO,
        deleted=after == ZERO, forced=forced, base_ref=None, pusher=person,
        compare=f"{repository.html_url}/compare/{before[:12]}...{after[:12]}",
        commits=[_pushed_commit(repository, str(shown["sha"])) for shown in reversed(made)],
        head_commit=None if head is None else _pushed_commit(repository, after),
    )  # fmt: skip
    branch = ref.removeprefix("refs/heads/").removeprefix("refs/tags/")
    kind = "branch" if ref.startswith("refs/heads/") else "tag"
    if before == ZERO or after == ZERO:
        parts = {"ref": branch, "ref_type": kind, "pusher_type": "user"}
        if after == ZERO:
            tell(repository, caller, "delete", "", **parts)
            return
        options = repository.options
        tell(
            repository, caller, "create", "", **parts,
            master_branch=options.default_branch, description=options.description,
        )  # fmt: skip


def _pushed_commit(repository: Repository, sha: str) -> views.Json:
    commit = repository.git.commit(sha)
    assert commit is not None
    changes = repository.git.diff(str(commit.parent_ids[0]) if commit.parent_ids else None, sha)
    by_status = {
        key: [change.path for change in changes if change.status in statuses]
        for key, statuses in (
            ("added", ("added", "copied")),
            ("removed", ("removed",)),
            ("modified", ("modified", "changed", "renamed")),
        )
    }
    author, committer = views.git_person(commit.author), views.git_person(commit.committer)
    return {
        "id": sha,
        "tree_id": str(commit.tree_id),
        "distinct": True,
        "message": views.message_of(commit),
        "timestamp": author["date"],
        "url": f"{repository.html_url}/commit/{sha}",
        "author": {key: author[key] for key in ("name", "email")},
        "committer": {key: committer[key] for key in ("name", "email")},
        **by_status,
    }


# Protection


def check_direct_push(repository: Repository, caller: Token, ref: str, new: str) -> None:
    """What git refuses by its hook, for refs that are moved by REST. Raises 422 or 403."""
    branch = ref.removeprefix("refs/heads/")
    rule = repository.protections.get(branch) if ref.startswith("refs/heads/") else None
    if rule is not None and not bypasses(repository, caller, rule):
        if new == ZERO:
            raise Refusal(422, "Cannot delete a protected branch")
        if rule.needs_pull:
            raise Refusal(422, "Repository rule violations found\n\nChanges must be made through a pull request.\n\n")
    if new == ZERO or workflows_allowed(caller):
        return
    log = repository.git.git("rev-list", "--max-count=1", new, "--not", "--all", "--", ".github/workflows")
    if log.strip():
        raise refused(caller, "contents:write&workflows:write")


def bypasses(repository: Repository, caller: Token, rule: Protection) -> bool:
    """An admin, where the rule does not count for admins."""
    return not rule.enforce_admins and caller.kind == "pat" and has_role(repository, caller, "admin")


def rules_for_hook(repository: Repository, caller: Token, refs: Iterable[str]) -> dict[str, str]:
    """Which of these refs the caller may not push to as he likes, as the hook `update` reads it."""
    told: dict[str, list[str]] = {}
    for ref in refs:
        rule = repository.protections.get(ref.removeprefix("refs/heads/")) if ref.startswith("refs/heads/") else None
        if rule is None or bypasses(repository, caller, rule):
            continue
        name = "FORGE_CLASSIC" if rule.classic else "FORGE_RULES"
        told.setdefault(name, []).append(ref)
        if rule.needs_pull:
            told.setdefault(f"{name}_PULL", []).append(ref)
    return {name: " ".join(found) for name, found in told.items()}


# Commits of the forge itself


def identity(repository: Repository, caller: Token) -> Identity:
    user = repository.forge.user(caller.login)
    return Identity(user.name or user.login, user.email, repository.forge.clock.now())


def web_flow(repository: Repository) -> Identity:
    return Identity(views.GITHUB_NAME, views.GITHUB_EMAIL, repository.forge.clock.now())


def make_commit(
    repository: Repository, tree: str, parents: list[str], message: str,
    author: Identity, committer: Identity, signed: bool,
) -> str:  # fmt: skip
    """The sha of a new commit; signed by the forge when told so."""
    payload = commit_payload(tree, parents, author, committer, message)
    return repository.git.write_commit(payload, views.sign(repository.forge, payload) if signed else "")
