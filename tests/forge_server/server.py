"""A GitHub of our own: one port, the layout of GitHub Enterprise Server, real bare repositories."""

import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Self

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.forge_server import rest
from tests.forge_server.access import granted
from tests.forge_server.clock import ServerClock
from tests.forge_server.errors import Refusal
from tests.forge_server.exchanges import Calls, Exchange, Fault, count
from tests.forge_server.git_store import GitStore, Identity, commit_payload
from tests.forge_server.person import Person
from tests.forge_server.state import (
    ACTIONS_BOT,
    ROLES,
    App,
    Event,
    Forge,
    ForgeOptions,
    Protection,
    Repository,
    RepositoryOptions,
    Token,
    User,
)
from tests.forge_server.tokens import new_token
from tests.forge_server.transport import Exchanges, ForgeHTTPServer
from tests.forge_server.workflows import read_workflows

SCOPES = ("contents", "issues", "pull_requests", "statuses", "checks", "actions", "workflows", "administration")
EVERYTHING = dict.fromkeys(SCOPES, "write")


class ForgeServer:
    """Serves while it is entered (`with`) or between start() and stop()."""

    def __init__(self, folder: Path, port: int = 0, clock: ServerClock | None = None, **options: int) -> None:
        """folder: where the bare repositories are made; options: fields of ForgeOptions."""
        folder.mkdir(parents=True, exist_ok=True)
        self.clock = clock or ServerClock()
        self.state = Forge(folder.resolve(), ForgeOptions(**options), self.clock)
        self._log = Exchanges()
        self._taken = 0
        self._port = port
        self._http: ForgeHTTPServer | None = None
        self._thread: Thread | None = None
        for login, kind in ((ACTIONS_BOT, "Bot"), ("web-flow", "User"), ("ghost", "User"), ("github", "Organization")):
            self.state.add_user(login, kind)

    # Life

    def start(self) -> Self:
        rest.load()
        self._http = ForgeHTTPServer(self._port, self.state, self._log)
        self.state.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        self._thread = Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        if self._http is None or self._thread is None:
            return
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()
        self._http = self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()
        if error is None and self.crashes:
            raise AssertionError("the forge server itself failed:\n" + "\n".join(self.crashes))

    @property
    def url(self) -> str:
        return self.state.url

    @property
    def api_url(self) -> str:
        return self.state.api_url

    @property
    def graphql_url(self) -> str:
        return f"{self.url}/api/graphql"

    # What is there

    def create_repository(
        self, full_name: str, source: Path | None = None, private: bool = False, default_branch: str = "main",
        fork_of: str = "", **options: bool,
    ) -> Repository:  # fmt: skip
        """source: a git repository whose branches are taken, or a folder whose files are the first commit.

        fork_of: the repository that it is a fork of; options: fields of RepositoryOptions. An owner that nobody knows
        is made an organization."""
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+", full_name):
            raise ValueError(f"a repository is called owner/name, not {full_name!r}")
        if full_name.lower() in self.state.repositories:
            raise ValueError(f"{full_name} is there already")
        self.state.add_user(full_name.split("/")[0], "Organization")
        path = self.state.folder / f"{full_name}.git"
        if fork_of and source is None:
            source = self.repository(fork_of).path
        chosen = RepositoryOptions(private=private, default_branch=default_branch, **options)  # type: ignore[arg-type]
        is_git = source is not None and ((source / ".git").exists() or (source / "HEAD").exists())
        git = GitStore.create(path, default_branch, source if is_git else None)
        made = Repository(self.state.new_id(), full_name, git, self.clock.now(), chosen, self.state, fork_of)
        self.state.repositories[full_name.lower()] = made
        if source is not None and not is_git:
            self._first_commit(made, source)
        tip = git.branch(default_branch)
        if tip is not None:
            made.pushed = self.clock.now()
            read_workflows(made, tip)
        return made

    def _first_commit(self, repository: Repository, folder: Path) -> None:
        git = repository.git
        files = {
            str(path.relative_to(folder)): (0o100644, git.write_blob(path.read_bytes()))
            for path in sorted(folder.rglob("*"))
            if path.is_file() and not path.is_symlink()
        }
        who = Identity("Octo", "octo@example.org", self.clock.now())
        payload = commit_payload(git.write_tree(None, files), [], who, who, "First commit")
        git.move(f"refs/heads/{repository.options.default_branch}", git.write_commit(payload))

    def repository(self, full_name: str) -> Repository:
        """Raises ValueError when there is none of that name."""
        try:
            return self.state.repository(full_name)
        except Refusal:
            known = ", ".join(repository.full_name for repository in self.state.repositories.values()) or "none yet"
            raise ValueError(f"no repository {full_name!r} here ({known}); make it by create_repository()") from None

    def add_user(self, login: str, name: str = "") -> User:
        return self.state.add_user(login, "User", name)

    def permit(self, full_name: str, login: str, role: str) -> None:
        """role: one of ROLES."""
        if role not in ROLES:
            raise ValueError(f"a role is one of {', '.join(ROLES)}, not {role!r}")
        self.add_user(login)
        self.repository(full_name).roles[login] = role

    def protect(self, full_name: str, branch: str, **rules: object) -> Protection:
        """What the branch, or every branch of a pattern such as ~ALL or release/*, asks for from now on.

        rules: fields of Protection."""
        rule = Protection(id=self.state.new_id(), **rules)  # type: ignore[arg-type]
        self.repository(full_name).protections[branch] = rule
        return rule

    def unprotect(self, full_name: str, branch: str) -> None:
        self.repository(full_name).protections.pop(branch, None)

    # Who calls

    def token(
        self, kind: str, repository: str = "", login: str = "", permissions: Mapping[str, str] | None = None
    ) -> str:
        """kind: "actions", "app" or "pat". repository "": every one; permissions None: GitHub's usual ones."""
        chosen = granted(kind, None if permissions is None else dict(permissions))
        scope = frozenset({self.repository(repository).full_name}) if repository else None
        app = ""
        if kind == "actions":
            login, app = ACTIONS_BOT, "github-actions"
        elif kind == "app":
            app = (login or next(iter(self.state.apps), "octo-healer")).removesuffix("[bot]")
            login = f"{app}[bot]"
        elif not login:
            raise ValueError("a personal access token belongs to somebody: give a login")
        return new_token(self.state, kind, login, scope, chosen, app).value

    def create_app(
        self, slug: str, permissions: Mapping[str, str] | None = None, owner: str = "octo",
        repositories: frozenset[str] | None = None,
    ) -> App:  # fmt: skip
        """A GitHub App with a key pair, installed on `repositories` (None: all) of its owner."""
        private, public = _key_pair()
        self.state.add_user(owner, "Organization")
        self.state.add_user(f"{slug}[bot]", "Bot")
        chosen = granted("app", None if permissions is None else dict(permissions))
        number, installation, now = self.state.new_id(), self.state.new_id(), self.clock.now()
        app = App(number, slug, owner, chosen, public, private, installation, now, repositories)
        self.state.apps[slug] = app
        return app

    def person(self, login: str, full_name: str) -> Person:
        self.add_user(login)
        token = Token("", "pat", login, None, EVERYTHING)
        lock = self._http.lock if self._http is not None else None
        if lock is None:
            raise RuntimeError("start the server first")
        return Person(self.repository(full_name), token, lock)

    def revoke(self, token: str) -> None:
        """The job that had the token is over."""
        del self.state.tokens[token]

    def exhaust(self, token: str) -> None:
        """This token has used up its calls; it gets new ones at the next full hour of the server's clock."""
        known = self.state.tokens[token]
        self.state.spend(known, max(0, self.state.options.rate_limit - self.state.used(known)))

    # What happened

    @property
    def faults(self) -> list[Fault]:
        return self._log.faults

    @property
    def exchanges(self) -> list[Exchange]:
        return self._log.lines

    @property
    def crashes(self) -> list[str]:
        """Tracebacks of what went wrong in the server itself."""
        return self._log.crashes

    @property
    def on_exchange(self) -> Callable[[Exchange], None] | None:
        return self._log.on_exchange

    @on_exchange.setter
    def on_exchange(self, hear: Callable[[Exchange], None] | None) -> None:
        self._log.on_exchange = hear

    @property
    def events(self) -> list[Event]:
        """All events since the start."""
        return self.state.events

    def take_events(self) -> list[Event]:
        """The events that were not taken yet, oldest first."""
        taken = self.state.events[self._taken :]
        self._taken += len(taken)
        return taken

    def mark(self) -> int:
        """A place in the log, for calls(since=...)."""
        return len(self.exchanges)

    def calls(self, since: int = 0) -> Calls:
        return count(self.exchanges[since:])


@cache
def _key_pair() -> tuple[str, str]:
    """(private, public) as PEM; one pair for a process, because making one takes long."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()
