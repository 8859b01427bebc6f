"""Who may do what: the permissions of a token, and for a person the role in the repository as well."""

from tests.forge_server.errors import Refusal, not_found
from tests.forge_server.state import ROLES, Forge, Repository, Token

LEVELS = ("none", "read", "write", "admin")
USUAL = {
    "actions": {
        "contents": "write", "issues": "write", "pull_requests": "write", "statuses": "write", "checks": "write",
        "actions": "write",
    },
    "app": {
        "contents": "write", "issues": "write", "pull_requests": "write", "statuses": "write", "checks": "write",
        "actions": "read", "workflows": "write",
    },
    "pat": {
        "contents": "write", "issues": "write", "pull_requests": "write", "statuses": "write", "actions": "read",
        "administration": "read",
    },
}  # fmt: skip
"""What a token of each kind usually carries. GITHUB_TOKEN can never have `workflows` or `administration`; a
fine-grained token cannot write checks."""
NEVER = {"actions": ("workflows", "administration"), "pat": ("checks",), "app": ()}
ROLE_FOR_WRITING = {"issues": "read", "pull_requests": "read", "administration": "admin"}


def allow(repository: Repository, caller: Token, needs: str) -> None:
    """needs: "contents:write", several together by `&`, one of several by `|`. Raises 401, 403 or 404."""
    may_see(repository, caller)
    if not needs:
        return
    if not any(_has_all(repository, caller, choice) for choice in needs.split("|")):
        raise refused(caller, needs)


def may_see(repository: Repository, caller: Token) -> None:
    """A private repository that the caller has nothing to do with does not exist for him."""
    in_scope = caller.repositories is None or repository.full_name in caller.repositories
    person = caller.kind == "pat" and repository.role(caller.login) == "none"
    if repository.options.private and (caller.kind == "anonymous" or not in_scope or person):
        raise not_found()


def _has_all(repository: Repository, caller: Token, needs: str) -> bool:
    return all(_has(repository, caller, *need.split(":")) for need in needs.split("&"))


def _has(repository: Repository, caller: Token, scope: str, level: str) -> bool:
    if scope == "metadata":
        return True
    if level == "read" and not repository.options.private and scope != "administration":
        return True
    in_scope = caller.repositories is None or repository.full_name in caller.repositories
    if not in_scope or LEVELS.index(caller.permissions.get(scope, "none")) < LEVELS.index(level):
        return False
    needed = ROLE_FOR_WRITING.get(scope, "write" if level != "read" else "read")
    return caller.kind != "pat" or has_role(repository, caller, needed)


def has_role(repository: Repository, caller: Token, role: str) -> bool:
    """What the caller is in the repository. An installation stands above roles: its permissions decide."""
    if caller.is_bot:
        return True
    return ROLES.index(repository.role(caller.login)) >= ROLES.index(role)


def need_role(repository: Repository, caller: Token, role: str) -> None:
    """Raises 403."""
    if not has_role(repository, caller, role):
        raise refused(caller)


def refused(caller: Token, needs: str = "") -> Refusal:
    """401 or 403, as GitHub words it for each kind of token."""
    if caller.kind == "anonymous":
        return Refusal(401, "Requires authentication")
    who = "personal access token" if caller.kind == "pat" else "integration"
    headers = {"X-Accepted-GitHub-Permissions": accepted(needs)} if needs else {}
    return Refusal(403, f"Resource not accessible by {who}", headers=headers)


def accepted(needs: str) -> str:
    """The header X-Accepted-GitHub-Permissions: `a=write,b=read; c=write`."""
    return "; ".join(choice.replace(":", "=").replace("&", ",") for choice in needs.split("|"))


def workflows_allowed(caller: Token) -> bool:
    return caller.permissions.get("workflows") == "write"


def who(caller: Token) -> str:
    """How GitHub calls the caller in messages of git."""
    return "a GitHub App" if caller.is_bot else "a Personal Access Token"


def granted(kind: str, permissions: dict[str, str] | None) -> dict[str, str]:
    """The permissions of a new token: the usual ones, or those asked for without what this kind can never have."""
    chosen = dict(USUAL[kind] if permissions is None else permissions)
    return {scope: level for scope, level in chosen.items() if scope not in NEVER[kind]}


def app_of(forge: Forge, caller: Token) -> str:
    """The slug of the App that acts; "" for people."""
    return caller.app if caller.is_bot else ""
