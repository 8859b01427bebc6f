"""Users, permissions in a repository, and what the server says of itself."""

from tests.forge_server import views
from tests.forge_server.access import refused
from tests.forge_server.errors import Refusal, not_found
from tests.forge_server.rest import REPO, Reply, Request, paged, route
from tests.forge_server.state import ROLES

LEGACY = {"none": "none", "read": "read", "triage": "read", "write": "write", "maintain": "write", "admin": "admin"}
"""`permission` knows four words; `role_name` says the role itself."""


@route("GET", "/user")
def me(request: Request) -> Reply:
    if request.caller.kind != "pat":
        raise refused(request.caller)
    return Reply(200, views.full_user(request.forge, request.caller.login, private=True))


@route("GET", "/users/{login}")
def get_user(request: Request) -> Reply:
    return Reply(200, views.full_user(request.forge, request.names["login"]))


@route("GET", f"{REPO}/collaborators/{{login}}/permission")
def permission(request: Request) -> Reply:
    if request.caller.kind == "anonymous":
        raise refused(request.caller)
    login = request.names["login"]
    if login.lower() not in request.forge.users:
        raise Refusal(404, f"{login} is not a user")
    role = request.repository.role(login)
    return Reply(200, {"permission": LEGACY[role], "role_name": role, "user": _collaborator(request, login)})


def _collaborator(request: Request, login: str) -> views.Json:
    role = request.repository.role(login)
    rank = ROLES.index(role)
    words = ("pull", "triage", "push", "maintain", "admin")
    permissions = {word: rank > place for place, word in enumerate(words)}
    return views.user(request.forge, login) | {"permissions": permissions, "role_name": role}


@route("GET", f"{REPO}/collaborators/{{login}}")
def is_collaborator(request: Request) -> Reply:
    known = {name.lower() for name in (*request.repository.roles, request.repository.owner)}
    if request.names["login"].lower() not in known:
        raise not_found()
    return Reply(204)


@route("GET", f"{REPO}/collaborators")
def collaborators(request: Request) -> Reply:
    repository = request.repository
    names = list(dict.fromkeys((repository.owner, *repository.roles)))
    people = [name for name in names if request.forge.user(name).kind == "User"]
    return paged(request, people, lambda login: _collaborator(request, login))


@route("GET", "/rate_limit")
def rate_limit(request: Request) -> Reply:
    limit = request.forge.options.rate_limit
    used = request.forge.used(request.caller)
    one = {"limit": limit, "used": used, "remaining": max(0, limit - used), "reset": request.forge.limit_reset}
    fresh = one | {"used": 0, "remaining": limit}
    return Reply(200, {"resources": {"core": one, "search": fresh, "graphql": fresh}, "rate": one})


@route("GET", "/meta")
def meta(request: Request) -> Reply:
    return Reply(200, {"verifiable_password_authentication": False, "installed_version": "3.19.0"})
