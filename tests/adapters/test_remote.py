"""The git program on real remotes: leases, secrets, and what is refused before git sees it."""

import base64
import http.server
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gitops_healer.adapters.remote import Credential, Git, check_remote, redacted
from gitops_healer.adapters.repository import open_repository
from gitops_healer.errors import ForgeError, LostRaceError, UsageError
from gitops_healer.ports import RefUpdate

MakeRepo = Callable[..., Any]  # tests/conftest.py
MAIN = "refs/heads/main"


def test_a_push_moves_refs_only_from_where_they_were_said_to_be(make_repo: MakeRepo) -> None:
    hub, repo = make_repo(name="hub.git", bare=True), make_repo({"a": "1"})
    one, two = repo.git("rev-parse", "HEAD"), repo.commit({"a": "2"})
    git, url = open_repository(repo.path).git, str(hub.path)
    git.push(url, [RefUpdate(MAIN, two, "")])
    assert git.remote_refs(url) == {MAIN: two}
    for updates in ([RefUpdate(MAIN, one, "")], [RefUpdate(MAIN, one, one)], [RefUpdate("refs/heads/x", one, two)],
                    [RefUpdate("refs/heads/x", one, ""), RefUpdate(MAIN, one, one)]):  # fmt: skip
        with pytest.raises(LostRaceError):
            git.push(url, updates)
    assert git.remote_refs(url) == {MAIN: two}
    git.push(url, [RefUpdate(MAIN, one, two), RefUpdate("refs/heads/x", two, "")])
    assert git.remote_refs(url, MAIN, "refs/heads/none") == {MAIN: one}
    git.push(url, [RefUpdate("refs/heads/x", "", two)])
    assert git.remote_refs(url) == {MAIN: one}


def test_fetch_brings_a_ref_and_nothing_else(make_repo: MakeRepo) -> None:
    hub, repo = make_repo({"a": "1"}, name="hub"), make_repo(name="clone")
    head = hub.git("rev-parse", "HEAD")
    hub.git("tag", "v1")
    opened = open_repository(repo.path)
    opened.git.fetch(str(hub.path), [f"+{MAIN}:refs/healer/base"])
    assert opened.refs("refs/") == {"refs/healer/base": head}
    assert not (repo.path / ".git/FETCH_HEAD").exists()
    assert opened.read(head, "a") == b"1"
    with pytest.raises(ForgeError, match="could not fetch"):
        opened.git.fetch(str(hub.path), ["refs/heads/none"])


@pytest.mark.parametrize(("bare", "depth"), [(True, 0), (False, 0), (True, 1)])
def test_clone(make_repo: MakeRepo, tmp_path: Path, bare: bool, depth: int) -> None:
    hub = make_repo({"a": "1"}, name="hub")
    head = hub.commit({"a": "2"})
    target = tmp_path / "clone"
    Git(target if bare else target / ".git").clone(f"file://{hub.path}", bare=bare, depth=depth)
    opened = open_repository(target)
    assert opened.resolve("HEAD") == head
    assert opened.is_shallow() == bool(depth)
    assert not (target / "a").exists()
    with pytest.raises(ForgeError, match="could not clone"):
        Git(tmp_path / "other").clone(str(tmp_path / "nowhere"), bare=True)


@pytest.mark.parametrize("remote", ["", "-oops", "--upload-pack=touch x", "ext::sh -c touch% x", "a\nb", "fd::17"])
def test_remotes_that_are_commands_are_refused(make_repo: MakeRepo, remote: str) -> None:
    git = open_repository(make_repo({"a": "1"}).path).git
    with pytest.raises(UsageError, match="not a remote"):
        check_remote(remote)
    for call in (lambda: git.fetch(remote, [MAIN]), lambda: git.remote_refs(remote), lambda: git.push(remote, [])):
        with pytest.raises(UsageError):
            call()


@pytest.mark.parametrize("spec", ["--upload-pack=x", "main", "refs/heads/a b", "+", "refs/heads/x:-y"])
def test_refspecs_are_checked(make_repo: MakeRepo, spec: str) -> None:
    with pytest.raises(UsageError, match="ref name"):
        open_repository(make_repo({"a": "1"}).path).git.fetch("origin", [spec])


def test_a_remote_configured_as_a_command_does_not_run(make_repo: MakeRepo, tmp_path: Path) -> None:
    repo = make_repo({"a": "1"})
    repo.git("config", "remote.origin.url", f"ext::sh -c touch% {tmp_path}/trap")
    repo.git("config", "protocol.ext.allow", "always")
    with pytest.raises(ForgeError, match="ext"):
        open_repository(repo.path).git.remote_refs("origin")
    assert not (tmp_path / "trap").exists()


@pytest.fixture
def server() -> Iterator[tuple[str, list[str | None]]]:
    """An HTTP server that refuses everybody and notes what they showed: (URL, Authorization headers)."""
    seen: list[str | None] = []

    class Refuse(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.headers["Authorization"])
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="x"')
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refuse) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}/", seen
        running.shutdown()
        thread.join()


def test_the_token_is_shown_to_its_host_only_and_never_told(
    make_repo: MakeRepo, server: tuple[str, list[str | None]]
) -> None:
    url, seen = server
    path = make_repo({"a": "1"}).path
    with pytest.raises(ForgeError) as refused:
        open_repository(path, Credential(url, "s3cret")).git.remote_refs(f"{url}o/r.git")
    assert seen[0] is not None
    assert base64.b64decode(seen[0].removeprefix("Basic ")) == b"x-access-token:s3cret"
    assert "s3cret" not in str(refused.value)
    assert "s3cret" not in repr(Credential(url, "s3cret"))
    seen.clear()
    with pytest.raises(ForgeError):
        open_repository(path, Credential("https://elsewhere.example/", "s3cret")).git.remote_refs(f"{url}o/r.git")
    assert seen
    assert set(seen) == {None}


def test_urls_lose_their_passwords_before_they_are_told(
    make_repo: MakeRepo, server: tuple[str, list[str | None]]
) -> None:
    url = server[0].replace("//", "//user:s3cret@")
    with pytest.raises(ForgeError) as refused:
        open_repository(make_repo({"a": "1"}).path).git.remote_refs(url)
    assert "s3cret" not in str(refused.value)
    assert redacted("see https://u:p@h/x and ssh://u@h") == "see https://h/x and ssh://h"
