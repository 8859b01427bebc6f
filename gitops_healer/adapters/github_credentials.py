"""Which repository at which GitHub, by which token, and whose token that is. No token ever leaves in a text.

A GitHub App (id and key) is preferred to a token: its tokens live for an hour and are made anew when they are needed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pygit2
import requests
from github import Auth, Github, GithubException
from urllib3.util import Retry

from gitops_healer.adapters.remote import Credential
from gitops_healer.core.codec import digest, dump, load
from gitops_healer.core.github_seen import TokenKind
from gitops_healer.errors import ForgeError, UsageError
from gitops_healer.ports import Cache
from gitops_healer.settings import ForgeVariables

ACTIONS_LOGIN = "github-actions[bot]"
TIMEOUT = 15  # seconds for one answer

_NAME = re.compile(r"[A-Za-z0-9_-]{1,100}/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}")
_SHORT = re.compile(r"(?:[^@/\s]+@)?([A-Za-z0-9.-]+):(?!/)(.+)")  # git@host:owner/name
_PERSONAL = ("ghp_", "github_pat_", "gho_", "ghu_")
_WHO = "query { viewer { login databaseId } }"
_NO_TOKEN = (
    "there is no token for {host}. Set GITOPS_HEALER_TOKEN (in a workflow: env GITHUB_TOKEN: ${{{{ github.token }}}}), "
    "or for a GitHub App GITOPS_HEALER_APP_ID and GITOPS_HEALER_APP_KEY"
)


@dataclass(frozen=True)
class GitHubPlace:
    """A repository at one GitHub. name: `owner/repo`; URLs without a slash at the end."""

    name: str
    server_url: str = "https://github.com"
    api_url: str = "https://api.github.com"

    @property
    def clone_url(self) -> str:
        return f"{self.server_url}/{self.name}.git"

    @property
    def host(self) -> str:
        return urlsplit(self.server_url).hostname or ""


@dataclass(frozen=True)
class Account:
    """Whom GitHub sees in us. login: a person's, or `slug[bot]`; emails: those that stand in commits which GitHub makes
    in our name; signs: whether it signs them."""

    kind: TokenKind
    login: str
    emails: frozenset[str]
    signs: bool


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


# Where


def origin_url(git_dir: Path) -> str:
    """The URL of the remote `origin`, "" when there is none."""
    try:
        return str(pygit2.Repository(str(git_dir)).config["remote.origin.url"])
    except (KeyError, ValueError, pygit2.GitError):
        return ""


def find_github(variables: ForgeVariables, origin: str) -> GitHubPlace:
    """The environment says where (as in a job of GitHub Actions), else the URL of the clone's origin.

    Raises UsageError. User names and passwords in the URL are never used.
    """
    host, path = _parts(origin)
    name = variables.repository or path
    if not name:
        raise UsageError(
            "which repository at GitHub? The clone has no remote `origin` that says it. Add one: git remote add origin "
            "https://github.com/OWNER/NAME.git, or set GITHUB_REPOSITORY=OWNER/NAME"
        )
    if not _NAME.fullmatch(name):
        source = "GITHUB_REPOSITORY" if variables.repository else "the URL of the remote `origin`"
        raise UsageError(f"{source} must name a repository of GitHub as OWNER/NAME, not {name[:200]!r}")
    given = _checked_url(variables.api_url, "GITHUB_API_URL") if variables.api_url else ""
    known = variables.server_url or _server_of_api(given) or host or "https://github.com"
    server = _checked_url(known, "GITHUB_SERVER_URL")
    return GitHubPlace(name, server, given or _api_of_server(server))


def _parts(url: str) -> tuple[str, str]:
    """(URL of the server, path without `.git`) of a remote; empty for what is no remote at a server."""
    if short := _SHORT.fullmatch(url):
        host, path = short[1], short[2]
        return f"https://{_web_host(host)}", _trimmed(path)
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "", ""
    if parts.scheme in ("http", "https") and parts.hostname:
        return f"{parts.scheme}://{_web_host(parts.hostname)}{port}", _trimmed(parts.path)
    if parts.scheme in ("ssh", "git+ssh", "git") and parts.hostname:
        return f"https://{_web_host(parts.hostname)}", _trimmed(parts.path)
    return "", ""


def _trimmed(path: str) -> str:
    return path.strip("/").removesuffix(".git")


def _web_host(host: str) -> str:
    host = f"[{host}]" if ":" in host else host.lower()
    return {"ssh.github.com": "github.com", "www.github.com": "github.com"}.get(host, host)


def _api_of_server(server: str) -> str:
    parts = urlsplit(server)
    host = parts.hostname or ""
    if host == "github.com" or host.endswith(".ghe.com"):
        return f"{parts.scheme}://api.{parts.netloc}"
    return f"{server}/api/v3"


def _server_of_api(api: str) -> str:
    if api.endswith("/api/v3"):
        return api.removesuffix("/api/v3")
    return api.replace("://api.", "://", 1) if "://api." in api else ""


def _checked_url(url: str, variable: str) -> str:
    """Raises UsageError for what is no URL, or would carry a token in the clear over a network."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        parts, host = urlsplit(""), ""
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment:
        raise UsageError(f"{variable} must be a URL such as https://github.com, not {_bare(url)!r}")
    if "@" in parts.netloc:
        raise UsageError(f"{variable} must hold no user name and no password: put a token into GITOPS_HEALER_TOKEN")
    if parts.scheme == "http" and host not in ("localhost", "::1") and not host.startswith("127."):
        raise UsageError(f"{variable}={_bare(url)} would send the token unencrypted: use https")
    return url.rstrip("/")


def _bare(url: str) -> str:
    return re.sub(r"(?<=//)[^/\s]*@", "", url)[:200]


# Who


def sign_in(variables: ForgeVariables, place: GitHubPlace, cache: Cache) -> Access:
    """Find out whose token it is, with as few calls as can be: what does not change is remembered in the cache.

    Raises UsageError when there is no usable token, ForgeError when GitHub does not know it.
    """
    if variables.app_id or variables.app_key:
        return _as_app(variables, place, cache)
    token = variables.token
    if not token:
        raise UsageError(_NO_TOKEN.format(host=place.host))
    if not token.isascii() or not token.isprintable() or " " in token:
        raise UsageError("the token in the environment holds characters that no token has: copy it again")
    auth = Auth.Token(token)
    key = f"github-account:{digest(place.api_url, token)}"
    known = load(cache.get(key), _Known)
    if known is None:
        known = _who(place, auth, variables)
        cache.put(key, dump(known))
    return Access(place, _account(place, known), auth)


@dataclass(frozen=True)
class _Known:
    """What is remembered: an account's login and number, and of an App its installation."""

    login: str
    number: int
    installation: int = 0


def _account(place: GitHubPlace, known: _Known) -> Account:
    login, number = known.login, known.number
    bot = login.endswith("[bot]")
    kind = TokenKind.ACTIONS if login == ACTIONS_LOGIN else TokenKind.APP if bot else TokenKind.PAT
    hosts = {f"users.noreply.{place.host}", "users.noreply.github.com"}
    locals_ = [f"{number}+{login}", login] if number else [login]
    return Account(kind, login, frozenset(f"{local}@{host}" for host in hosts for local in locals_), kind.signs)


def _who(place: GitHubPlace, auth: Auth.Auth, variables: ForgeVariables) -> _Known:
    """GraphQL tells it for every kind of token; GET /user refuses bots."""
    try:
        answer = _asked(place, auth, "/graphql", {"query": _WHO})
        viewer = (answer.get("data") or {}).get("viewer") or {}
        if viewer.get("login"):
            return _Known(str(viewer["login"]), int(viewer.get("databaseId") or 0))
    except _RefusedError as error:
        if error.status in (0, 401):
            raise
    return _who_by_rest(place, auth, variables)


def _who_by_rest(place: GitHubPlace, auth: Auth.Auth, variables: ForgeVariables) -> _Known:
    """Where there is no GraphQL. A bot cannot be told from another here, but for the one of the job that we are in."""
    try:
        user = _asked(place, auth, "/user")
        return _Known(str(user["login"]), int(user["id"]))
    except _RefusedError as error:
        own = variables.actions and variables.token == variables.job_token
        if error.status != 403 or not own or variables.token.startswith(_PERSONAL):
            raise
    bot = _asked(place, auth, f"/users/{quote(ACTIONS_LOGIN)}")
    return _Known(str(bot["login"]), int(bot["id"]))


# A GitHub App


def _as_app(variables: ForgeVariables, place: GitHubPlace, cache: Cache) -> Access:
    app = _app_auth(variables)
    key = f"github-app:{digest(place.api_url, place.name, variables.app_id)}"
    known = load(cache.get(key), _Known)
    if known is not None and (auth := _installation_auth(place, app, known.installation)) is not None:
        return Access(place, _account(place, known), auth, app)
    try:
        found = _asked(place, app, f"/repos/{place.name}/installation")
    except _RefusedError as error:
        if error.status != 404:
            raise
        raise ForgeError(
            f"the GitHub App {variables.app_id} is not installed on {place.name}: install it there "
            f"({place.server_url}/apps/SLUG/installations/new)"
        ) from error
    auth = _installation_auth(place, app, int(found["id"]))
    if auth is None:
        raise ForgeError(f"GitHub gives no token for installation {found['id']} of the App: is it suspended?")
    login = f"{found['app_slug']}[bot]"
    known = _Known(login, int(_asked(place, auth, f"/users/{quote(login)}")["id"]), int(found["id"]))
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


def _installation_auth(place: GitHubPlace, app: Auth.AppAuth, number: int) -> Auth.AppInstallationAuth | None:
    """Signed in, or None when there is no such installation (any more)."""
    auth = Auth.AppInstallationAuth(app, number)
    try:
        auth.withRequester(open_github(place, app).requester)
        _ = auth.token
    except (GithubException, requests.RequestException) as error:
        if isinstance(error, GithubException) and error.status in (403, 404):
            return None
        raise _explained(place, error) from error
    return auth


# Asking


class _RefusedError(ForgeError):
    """status: of the answer, 0 when there was none."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


def open_github(place: GitHubPlace, auth: Auth.Auth) -> Github:
    """For questions that change nothing: every one may be asked again."""
    retry = Retry(
        total=3, connect=1, backoff_factor=0.5, status_forcelist=[500, 502, 503, 504], allowed_methods={"GET", "POST"},
        raise_on_status=False,
    )  # fmt: skip
    return Github(
        base_url=place.api_url, auth=auth, retry=retry, timeout=TIMEOUT, lazy=True, per_page=100,
        seconds_between_requests=0, seconds_between_writes=0, user_agent="gitops-healer",
    )  # fmt: skip


def _asked(place: GitHubPlace, auth: Auth.Auth, path: str, body: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
    """The JSON of GET `path`, or of POST with a body (GraphQL). Raises _RefusedError."""
    requester = open_github(place, auth).requester
    try:
        if body is not None:
            answer: Any = requester.requestJsonAndCheck("POST", requester.graphql_url, input=dict(body))[1]
        else:
            answer = requester.requestJsonAndCheck("GET", path)[1]
    except (GithubException, requests.RequestException) as error:
        raise _explained(place, error) from error
    if not isinstance(answer, dict):
        raise _RefusedError(f"{place.api_url}{path} did not answer as GitHub does: is GITHUB_API_URL right?", 0)
    return answer


def _explained(place: GitHubPlace, error: GithubException | requests.RequestException) -> _RefusedError:
    if not isinstance(error, GithubException):
        return _RefusedError(f"{place.host} cannot be reached ({type(error).__name__}): try again later", 0)
    said = error.data.get("message") if isinstance(error.data, dict) else None
    if error.status == 401:
        text = f"{place.host} does not know the token ({said or 'unauthorised'}): it is wrong, revoked or expired"
    else:
        text = f"{place.host} answered {error.status}: {said or 'no reason given'}"
    return _RefusedError(text, error.status)
