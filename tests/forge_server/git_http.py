"""git over HTTP: `git http-backend` behind our own authorisation, and what follows from a push."""

import gzip
import os
import re
import subprocess
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile
from tempfile import NamedTemporaryFile

from tests.forge_server.access import has_role, may_see, who, workflows_allowed
from tests.forge_server.errors import Refusal, not_found
from tests.forge_server.git_store import ZERO
from tests.forge_server.refs import moved, rules_for_hook
from tests.forge_server.state import Forge, Repository, Token

SERVICES = {"git-upload-pack": "fetch", "git-receive-pack": "push"}
CHALLENGE = {"WWW-Authenticate": 'Basic realm="GitHub"'}


@dataclass(frozen=True)
class GitRequest:
    """rest: the path after the repository, such as /info/refs."""

    method: str
    repository: str
    rest: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def service(self) -> str:
        """fetch or push; "" for anything else."""
        name = self.query.removeprefix("service=") if self.rest == "/info/refs" else self.rest.lstrip("/")
        return SERVICES.get(name, "")


def parse(method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> GitRequest | None:
    """None when it is no request of git. Raises 400 for a body that cannot be read."""
    parts = path.strip("/").split("/", 2)
    if len(parts) != 3 or parts[2] not in ("info/refs", *SERVICES):
        return None
    if headers.get("Content-Encoding") == "gzip":
        try:
            body = gzip.decompress(body)
        except (OSError, EOFError, zlib.error) as wrong:
            raise Refusal(400, "the body is not gzip") from wrong
    name = f"{parts[0]}/{parts[1].removesuffix('.git')}"
    request = GitRequest(method, name, f"/{parts[2]}", query, headers, body)
    return request if request.service else None


def answer(forge: Forge, caller: Token, request: GitRequest) -> tuple[int, dict[str, str], bytes]:
    """(status, headers, body). Raises Refusal."""
    repository = forge.repository(request.repository)
    _authorise(repository, caller, request)
    if request.rest != "/git-receive-pack":
        return _run(repository, caller, request)
    before = repository.git.refs()
    reply = _run(repository, caller, request)
    after = repository.git.refs()
    changed = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    if changed:
        forge.clock.tick()
    for name in sorted(changed):
        moved(repository, caller, name, before.get(name, ZERO), after.get(name, ZERO))
    return reply


def _authorise(repository: Repository, caller: Token, request: GitRequest) -> None:
    try:
        may_see(repository, caller)
    except Refusal as unseen:
        if caller.kind == "anonymous":
            raise Refusal(401, "Repository not found.", headers=CHALLENGE) from unseen
        raise
    if request.service == "fetch":
        if repository.options.private and caller.permissions.get("contents", "none") == "none":
            raise not_found()
        return
    if caller.kind == "anonymous":
        raise Refusal(401, "Invalid username or token.", headers=CHALLENGE)
    in_scope = caller.repositories is None or repository.full_name in caller.repositories
    if not (in_scope and caller.permissions.get("contents") == "write" and has_role(repository, caller, "write")):
        raise Refusal(403, f"Permission to {repository.full_name}.git denied to {caller.login}.")
    if repository.options.archived:
        raise Refusal(403, "This repository was archived so it is read-only.")


def _run(repository: Repository, caller: Token, request: GitRequest) -> tuple[int, dict[str, str], bytes]:
    with NamedTemporaryFile("r", prefix="reasons-", encoding="utf-8", errors="replace") as reasons:
        done = subprocess.run(
            ["git", "http-backend"],
            input=request.body,
            env=_environment(repository, caller, request, reasons.name),
            capture_output=True,
            check=False,
        )
        refused = dict(line.rstrip("\n").split("\t", 1) for line in reasons)
    header, _, body = done.stdout.partition(b"\r\n\r\n")
    if done.returncode or not header:
        return 500, {"Content-Type": "text/plain"}, done.stderr
    headers = dict(line.split(": ", 1) for line in header.decode("latin-1").split("\r\n") if ": " in line)
    status = int(headers.pop("Status", "200").split()[0])
    headers.pop("Content-Length", None)
    return status, headers, with_reasons(body, refused) if refused else body


def with_reasons(body: bytes, refused: Mapping[str, str]) -> bytes:
    """The answer to a push, where "hook declined" gives way to the forge's own words for each ref."""
    lines = []
    for line in packets(body):
        if line[:1] == b"\x01":
            told = [_reason(inner, refused) for inner in packets(line[1:])]
            line = b"\x01" + b"".join(packet(inner) for inner in told)
        else:
            line = _reason(line, refused)
        lines.append(packet(line))
    return b"".join(lines)


def _reason(line: bytes, refused: Mapping[str, str]) -> bytes:
    words = line.decode("utf-8", "replace").split(" ", 2)
    if words[0] == "ng" and len(words) == 3 and words[1] in refused and words[2].strip() == "hook declined":
        return f"ng {words[1]} {refused[words[1]]}\n".encode()
    return line


def pushed_refs(body: bytes) -> list[str]:
    """The refs that the commands at the start of a push name. Source: gitprotocol-pack(5)."""
    commands = [line.split(b"\0")[0].rstrip(b"\n").split(b" ", 2) for line in takewhile(bool, packets(body))]
    return [words[2].decode("utf-8", "replace") for words in commands if len(words) == 3]


def packets(data: bytes) -> Iterator[bytes]:
    """The pkt-lines at the start of a stream; a flush is an empty one. Source: gitprotocol-common(5)."""
    place = 0
    while re.fullmatch(rb"[0-9a-fA-F]{4}", data[place : place + 4]):
        size = int(data[place : place + 4], 16)
        yield data[place + 4 : place + size] if size else b""
        place += max(size, 4)


def packet(line: bytes) -> bytes:
    return b"%04x%s" % (len(line) + 4, line) if line else b"0000"


def _environment(repository: Repository, caller: Token, request: GitRequest, reasons: str) -> dict[str, str]:
    pushed = pushed_refs(request.body) if request.rest == "/git-receive-pack" else []
    return rules_for_hook(repository, caller, pushed) | {
        "PATH": os.environ.get("PATH", ""),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_PROJECT_ROOT": str(repository.path.parent.parent),
        "GIT_HTTP_EXPORT_ALL": "1",
        "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
        "PATH_INFO": f"/{repository.path.parent.name}/{repository.path.name}{request.rest}",
        "QUERY_STRING": request.query,
        "REQUEST_METHOD": request.method,
        "CONTENT_TYPE": request.headers.get("Content-Type", ""),
        "CONTENT_LENGTH": str(len(request.body)),
        "REMOTE_ADDR": "127.0.0.1",
        "REMOTE_USER": caller.login,
        "FORGE_REASONS": reasons,
        "FORGE_WORKFLOWS": "yes" if workflows_allowed(caller) else "no",
        "FORGE_WHO": who(caller),
    }
