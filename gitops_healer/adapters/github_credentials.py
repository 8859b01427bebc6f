"""By which token, and whose token that is. No token ever leaves in a text.

A GitHub App (id and key) is preferred to a token: its tokens live for an hour and are made anew when they are needed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from github import Auth

from gitops_healer.adapters.github_client import GitHubClient
from gitops_healer.adapters.github_errors import RefusedError
from gitops_healer.adapters.github_place import GitHubPlace as GitHubPlace
from gitops_healer.adapters.remote import Credential
from gitops_healer.core.codec import digest, dump, load
from gitops_healer.core.github_permissions import NEEDS
from gitops_healer.core.github_probed import TokenKind
from gitops_healer.errors import ForgeError, UsageError
from gitops_healer.ports import Cache
from gitops_healer.settings import ForgeVariables

ACTIONS_LOGIN = "github-actions[bot]"

ClientOf = Callable[[Auth.Auth], GitHubClient]
"""Who asks GitHub, by the token that is shown."""
_WANTED = {need.scope.replace("-", "_"): need.level for need in NEEDS} | {"workflows": "write"}
"""`workflows`: for a policy that lets workflow files be changed, and for taking such a change back."""
_SOUGHT = {(scope, level) for scope, level in _WANTED.items() if scope not in ("actions", "workflows")}
_PERSONAL = ("ghp_", "github_pat_", "gho_", "ghu_")
_WHO = "query { viewer { login databaseId } }"
_NO_TOKEN = (
    "there is no token for {host}. Set GITOPS_HEALER_TOKEN (in a workflow: env GITHUB_TOKEN: ${{{{ github.token }}}}), "
    "or for a GitHub App GITOPS_HEALER_APP_ID and GITOPS_HEALER_APP_KEY"
)


@dataclass(frozen=True)
class Account:
    """Whom GitHub sees in us. login: a person's, or `slug[bot]`; emails: those that stand in commits which GitHub makes
    in our name; signs: whether it signs them; email: the one for commits that we make."""

    kind: TokenKind
    login: str
    emails: frozenset[str]
    signs: bool
    email: str = ""


@dataclass(frozen=True)
class Access:
    """A repository that we are signed in to. auth: for PyGithub; App tokens refresh themselves; app: speaks as the App
    itself, where we have its key."""

    place: GitHubPlace
    account: Account
    auth: Auth.Auth
    app: Auth.AppAuth | None = None

    def credential(self) -> Credential:
        """For git, valid now."""
        return Credential(self.place.clone_url, self.auth.token)


# Who


def sign_in(variables: ForgeVariables, place: GitHubPlace, cache: Cache, client_of: ClientOf) -> Access:
    """Find out whose token it is, with as few calls as can be: what does not change is remembered in the cache.
    client_of: who asks GitHub with a token.

    Raises UsageError when there is no usable token, ForgeError when GitHub does not know it.
    """
    if variables.app_id or variables.app_key:
        return _as_app(variables, place, cache, client_of)
    token = variables.token
    if not token:
        raise UsageError(_NO_TOKEN.format(host=place.host))
    if not token.isascii() or not token.isprintable() or " " in token:
        raise UsageError("the token in the environment holds characters that no token has: copy it again")
    auth = Auth.Token(token)
    key = f"github-account:{digest(place.api_url, token)}"
    known = load(cache.get(key), _Known)
    if known is None:
        known = _who(client_of(auth), variables)
        cache.put(key, dump(known))
    return Access(place, _account(place, known), auth)


@dataclass(frozen=True)
class _Known:
    """What is remembered: an account's login and number, and of an App its installation with the permissions that are
    asked for."""

    login: str
    number: int
    installation: int = 0
    permissions: dict[str, str] = field(default_factory=dict)


def _account(place: GitHubPlace, known: _Known) -> Account:
    login, number = known.login, known.number
    bot = login.endswith("[bot]")
    kind = TokenKind.ACTIONS if login == ACTIONS_LOGIN else TokenKind.APP if bot else TokenKind.PAT
    hosts = {f"users.noreply.{place.host}", "users.noreply.github.com"}
    locals_ = [f"{number}+{login}", login] if number else [login]
    emails = frozenset(f"{local}@{host}" for host in hosts for local in locals_)
    return Account(kind, login, emails, kind.signs, f"{locals_[0]}@users.noreply.{place.host}")


def _who(client: GitHubClient, variables: ForgeVariables) -> _Known:
    """GraphQL tells it for every kind of token; GET /user refuses bots."""
    try:
        viewer = client.ask(_WHO, {}).get("viewer") or {}
        if viewer.get("login"):
            return _Known(str(viewer["login"]), int(viewer.get("databaseId") or 0))
    except RefusedError as error:
        if error.status == 401:
            raise
    return _who_by_rest(client, variables)


def _who_by_rest(client: GitHubClient, variables: ForgeVariables) -> _Known:
    """Where there is no GraphQL. A bot cannot be told from another here, but for the one of the job that we are in."""
    try:
        user = client.fresh("/user")
        return _Known(str(user["login"]), int(user["id"]))
    except RefusedError as error:
        own = variables.actions and variables.token == variables.job_token
        if error.status != 403 or not own or variables.token.startswith(_PERSONAL):
            raise
    bot = client.fresh(f"/users/{quote(ACTIONS_LOGIN)}")
    return _Known(str(bot["login"]), int(bot["id"]))


# A GitHub App


def _as_app(variables: ForgeVariables, place: GitHubPlace, cache: Cache, client_of: ClientOf) -> Access:
    app = _app_auth(variables)
    client = client_of(app)
    key = f"github-app:{digest(place.api_url, place.name, variables.app_id)}"
    known = load(cache.get(key), _Known)
    if known is not None and known.permissions.items() >= _SOUGHT:  # else what was missing may have been given
        auth = _installation_auth(client, app, known.installation, known.permissions)
        if auth is not None:
            return Access(place, _account(place, known), auth, app)
    try:
        found = client.fresh(f"/repos/{place.name}/installation")
    except RefusedError as error:
        if error.status != 404:
            raise
        raise ForgeError(
            f"the GitHub App {variables.app_id} is not installed on {place.name}: install it there "
            f"({place.server_url}/apps/SLUG/installations/new)"
        ) from error
    permissions = _narrowed(found.get("permissions") or {})
    auth = _installation_auth(client, app, int(found["id"]), permissions)
    if auth is None:
        raise ForgeError(f"GitHub gives no token for installation {found['id']} of the App: is it suspended?")
    login = f"{found['app_slug']}[bot]"
    if known is None or known.login != login:
        number = int(client_of(auth).fresh(f"/users/{quote(login)}")["id"])
    else:
        number = known.number
    known = _Known(login, number, int(found["id"]), permissions)
    cache.put(key, dump(known))
    return Access(place, _account(place, known), auth, app)


def _app_auth(variables: ForgeVariables) -> Auth.AppAuth:
    for value, name in ((variables.app_id, "GITOPS_HEALER_APP_ID"), (variables.app_key, "GITOPS_HEALER_APP_KEY")):
        if not value:
            raise UsageError(f"a GitHub App needs both its id and its private key: {name} is not set")
    key = variables.app_key.replace("\\n", "\n")  # as secrets often are kept, in one line
    app = Auth.AppAuth(variables.app_id, key)
    try:
        app.create_jwt()
    except Exception as error:  # PyJWT and cryptography have a dozen kinds for a bad key
        raise UsageError(
            f"GITOPS_HEALER_APP_KEY is not a private key in PEM ({type(error).__name__}): give the whole text of the "
            "file that GitHub let you download, from -----BEGIN to the last -----"
        ) from None
    return app


def _narrowed(given: Mapping[str, Any]) -> dict[str, str]:
    """What the token shall be able to do: no more than the healer needs, of what the App has."""
    return {
        scope: level if level == "read" or given[scope] != "read" else "read"
        for scope, level in _WANTED.items()
        if scope in given
    }


def _installation_auth(
    client: GitHubClient, app: Auth.AppAuth, number: int, permissions: dict[str, str]
) -> Auth.AppInstallationAuth | None:
    """Signed in, or None when there is no such installation or it has not these permissions (any more)."""
    auth = Auth.AppInstallationAuth(app, number, permissions)
    try:
        client.admit(auth)
    except RefusedError as error:
        if error.status in (403, 404, 422):
            return None
        raise
    return auth
