"""Which repository at which GitHub: by the environment, else by the clone's origin."""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pygit2

from gitops_healer.errors import UsageError
from gitops_healer.settings import ForgeVariables

_NAME = re.compile(r"[A-Za-z0-9_-]{1,100}/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}")
_SHORT = re.compile(r"(?:[^@/\s]+@)?([A-Za-z0-9.-]+):(?!/)(.+)")  # git@host:owner/name


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
