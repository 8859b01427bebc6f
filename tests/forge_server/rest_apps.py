"""GitHub Apps: an App proves who it is by a JWT and gets tokens for its installations."""

from datetime import timedelta

import jwt

from tests.forge_server import access, views, views_checks
from tests.forge_server.clock import stamp
from tests.forge_server.errors import Refusal, not_found
from tests.forge_server.rest import REPO, Reply, Request, paged, route
from tests.forge_server.state import App, Forge, Repository
from tests.forge_server.tokens import new_token
from tests.forge_server.views import Json

LONGEST = 600
"""Seconds between now and `exp` of a JWT."""


def app_of(request: Request) -> App:
    """The App whose JWT the request carries. Raises 401, in GitHub's words."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or token.count(".") != 2:
        raise Refusal(401, "A JSON web token could not be decoded")
    try:
        claimed = jwt.decode(token, options={"verify_signature": False})
        app = next((known for known in request.forge.apps.values() if str(known.id) == str(claimed.get("iss"))), None)
        if app is None:
            raise Refusal(404, "Integration not found")
        claims = jwt.decode(
            token, app.public_key, algorithms=["RS256"], leeway=60, options={"require": ["exp", "iat", "iss"]}
        )
    except jwt.ExpiredSignatureError as late:
        raise Refusal(401, "'Expiration time' claim ('exp') must be a numeric value representing the future time at "
                      "which the assertion expires") from late  # fmt: skip
    except jwt.PyJWTError as wrong:
        raise Refusal(401, "A JSON web token could not be decoded") from wrong
    if int(claims["exp"]) - int(claims["iat"]) > LONGEST + 60:
        raise Refusal(401, "'Expiration time' claim ('exp') is too far in the future")
    return app


def installation(forge: Forge, app: App) -> Json:
    url = f"{forge.api_url}/app/installations/{app.installation_id}"
    owner = forge.user(app.owner)
    return {
        "id": app.installation_id,
        "account": views.user(forge, app.owner),
        "repository_selection": "all" if app.installation_repositories is None else "selected",
        "access_tokens_url": f"{url}/access_tokens",
        "repositories_url": f"{forge.api_url}/installation/repositories",
        "html_url": f"{forge.url}/settings/installations/{app.installation_id}",
        "app_id": app.id,
        "client_id": f"Iv1.{app.id:016x}",
        "app_slug": app.slug,
        "target_id": owner.id,
        "target_type": owner.kind,
        "permissions": {"metadata": "read"} | dict(app.permissions),
        "events": list(app.events),
        "created_at": stamp(app.created),
        "updated_at": stamp(app.created),
        "single_file_name": None,
        "has_multiple_single_files": False,
        "single_file_paths": [],
        "suspended_by": None,
        "suspended_at": None,
    }


def _installed(app: App, repository: Repository) -> bool:
    chosen = app.installation_repositories
    return chosen is None or repository.full_name in chosen


@route("GET", "/app")
def get_app(request: Request) -> Reply:
    app = app_of(request)
    return Reply(200, views_checks.integration(request.forge, app.slug) | {"installations_count": 1})


@route("GET", "/app/installations")
def list_installations(request: Request) -> Reply:
    return paged(request, [app_of(request)], lambda app: installation(request.forge, app))


@route("GET", "/app/installations/{number#}")
def get_installation(request: Request) -> Reply:
    app = app_of(request)
    if app.installation_id != request.number():
        raise not_found()
    return Reply(200, installation(request.forge, app))


@route("GET", f"{REPO}/installation")
def installation_of_repository(request: Request) -> Reply:
    app = app_of(request)
    if not _installed(app, request.repository):
        raise not_found()
    return Reply(200, installation(request.forge, app))


@route("POST", "/app/installations/{number#}/access_tokens")
def create_token(request: Request) -> Reply:
    """A token for an hour, with no more than the App has. Raises 422 when more is asked for."""
    app = app_of(request)
    if app.installation_id != request.number():
        raise not_found()
    request.body = {} if request.body is None else request.fields()
    wanted = request.fields().get("permissions")
    wanted = dict(app.permissions) if wanted is None else wanted
    if not isinstance(wanted, dict):
        raise Refusal(422, "Invalid request.\n\nFor 'properties/permissions', it is not an object.")
    for scope, level in wanted.items():
        if scope != "metadata" and access.LEVELS.index(str(level)) > access.LEVELS.index(
            app.permissions.get(scope, "none")
        ):
            raise Refusal(422, "The permissions requested are not granted to this installation.")
    repositories = _repositories(request, app)
    request.forge.clock.tick()
    expires = request.forge.clock.now() + timedelta(hours=1)
    token = new_token(request.forge, "app", f"{app.slug}[bot]", repositories, wanted, app.slug, expires)
    shown: Json = {
        "token": token.value,
        "expires_at": stamp(expires),
        "permissions": {"metadata": "read"} | wanted,
        "repository_selection": "all" if repositories is None else "selected",
    }
    return Reply(201, shown)


def _repositories(request: Request, app: App) -> frozenset[str] | None:
    names, ids = request.texts("repositories"), request.fields().get("repository_ids")
    if names is None and ids is None:
        return app.installation_repositories
    found = {
        repository.full_name
        for repository in request.forge.repositories.values()
        if (repository.name in (names or []) or repository.id in (ids if isinstance(ids, list) else []))
        and repository.owner == app.owner
        and _installed(app, repository)
    }
    if not found:
        text = "There is at least one repository that does not exist or is not accessible to the parent installation."
        raise Refusal(422, text)
    return frozenset(found)


@route("GET", "/installation/repositories")
def installation_repositories(request: Request) -> Reply:
    caller = request.caller
    if not caller.is_bot:
        raise Refusal(403, "You must authenticate with an installation access token in order to list repositories for "
                      "an installation.")  # fmt: skip
    found = [
        repository
        for repository in request.forge.repositories.values()
        if (caller.repositories is None or repository.full_name in caller.repositories)
    ]
    reply = paged(request, found, lambda repository: views.repository(repository, "write"), "repositories")
    assert isinstance(reply.body, dict)
    chosen = "all" if caller.repositories is None else "selected"
    return Reply(200, reply.body | {"repository_selection": chosen}, reply.headers)


@route("GET", "/apps/{slug}")
def get_public_app(request: Request) -> Reply:
    if request.names["slug"] not in request.forge.apps:
        raise not_found()
    return Reply(200, views_checks.integration(request.forge, request.names["slug"]))
