"""The git program by GitPython: refs moved in one transaction, fetch, push with a lease, clone. Called nowhere else.

Every call runs without hooks, prompts, pagers, background work or `ext::` transports; the token travels in the
environment only. What the user configured to reach a remote (proxies, credential helpers, ssh) stays in force.
"""

import base64
import contextlib
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

from gitops_healer.errors import ForgeError, HealerError, LostRaceError, UsageError
from gitops_healer.ports import RefUpdate

ZERO = "0" * 40
LOCK_PATIENCE = 3.0
NETWORK_TIMEOUT = 900.0

_ID = re.compile(r"[0-9a-f]{40}")
_BAD_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(/|$)|[./]$|^/")
_LOCKED = re.compile(r"Unable to create '(.+?\.lock)': File exists")
_BUSY = re.compile(r"cannot lock ref|failed to update ref|failed to lock|incorrect old value|\.lock': File exists")
_SECRET = re.compile(r"(?<=//)[^/@\s]+@")

_CONFIGURATION = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "protocol.ext.allow": "never",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "fetch.recurseSubmodules": "false",
    "submodule.recurse": "false",
    "push.followTags": "false",
    "push.gpgSign": "false",
    "push.recurseSubmodules": "no",
}
_ENVIRONMENT = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "",
    "SSH_ASKPASS": "",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_NAMESPACE": "",
    "GIT_COMMITTER_NAME": "gitops-healer",
    "GIT_COMMITTER_EMAIL": "gitops-healer@localhost",
}


@dataclass(frozen=True)
class Credential:
    """A token for all URLs that begin with `url`, such as `https://github.com/`; other hosts never see it."""

    url: str
    token: str = field(repr=False)


@dataclass(frozen=True)
class Done:
    """How a git command ended."""

    status: int
    stdout: str
    stderr: str


Credentials = Callable[[], Credential]
"""Gives a token that is valid now: some live for an hour only."""


class _LockedError(HealerError):
    """Another process holds a lock file; most are gone in a moment."""


def check_ref(name: str) -> str:
    """`name`, when it is a full ref name that git would take. Raises UsageError."""
    if not name.startswith("refs/") or _BAD_REF.search(name) or len(name) > 1000:
        raise UsageError(f"{name!r} is not a ref name: give a full one, such as refs/heads/main")
    return name


def check_id(object_id: str) -> str:
    """`object_id`, when it is a full object id. Raises UsageError."""
    if not _ID.fullmatch(object_id):
        raise UsageError(f"{object_id!r} is not a git object id: 40 hexadecimal digits are needed")
    return object_id


def check_remote(remote: str) -> str:
    """`remote`, when it is the name, path or URL of one. Raises UsageError."""
    if not remote or remote.startswith("-") or "::" in remote or re.search(r"[\x00-\x1f]", remote):
        raise UsageError(f"{redacted(remote)!r} is not a remote: give a name such as origin, a path or a URL")
    return remote


def redacted(text: str) -> str:
    """`text` without user names and passwords in URLs."""
    return _SECRET.sub("", text)


class Git:
    """Runs git on one git directory."""

    def __init__(self, git_dir: Path, credential: Credential | Credentials | None = None) -> None:
        self._git_dir = git_dir
        self._credential = credential

    def update_refs(self, updates: Sequence[RefUpdate], reason: str) -> None:
        """All or none. Raises LostRaceError, or HealerError when git refuses or a lock file stays."""
        if not updates:
            return
        script = "".join(["start\n", *map(_instruction, updates), "prepare\n", "commit\n"])
        retrying = Retrying(
            retry=retry_if_exception_type(_LockedError),
            stop=stop_after_delay(LOCK_PATIENCE),
            wait=wait_random_exponential(multiplier=0.02, max=0.3),
            reraise=True,
        )
        retrying(self._transact, script, updates, re.sub(r"[\x00-\x1f]+", " ", reason))

    def fetch(self, remote: str, refspecs: Sequence[str], *, prune: bool = False, unshallow: bool = False) -> None:
        """Fetch refs of a remote, by refspecs of full names. A ref that the remote does not have is a ForgeError,
        unless a pattern names it. prune: refs on our side of the refspecs go when the remote has them no more;
        unshallow: bring the history that a shallow clone lacks."""
        for side in (side for spec in refspecs for side in spec.removeprefix("+").split(":", 1)):
            check_ref(side.replace("*", "star"))
        arguments = [
            "--quiet",
            "--no-tags",
            "--no-write-fetch-head",
            "--no-auto-maintenance",
            "--no-recurse-submodules",
            *(["--prune"] if prune else []),
            *(["--unshallow"] if unshallow else []),
        ]
        done = self._run("fetch", *arguments, "--end-of-options", check_remote(remote), *refspecs, network=True)
        if done.status:
            raise ForgeError(f"git could not fetch from {redacted(remote)}: {_tail(done)}")

    def remote_refs(self, remote: str, *names: str) -> dict[str, str]:
        """{full name: id} of these refs (all of them, when none is named) as they stand at the remote."""
        wanted = [check_ref(name) for name in names]
        done = self._run(
            "ls-remote", "--refs", "--quiet", "--end-of-options", check_remote(remote), *wanted, network=True
        )
        if done.status:
            raise ForgeError(f"git could not read the refs of {redacted(remote)}: {_tail(done)}")
        pairs = (line.split("\t", 1) for line in done.stdout.splitlines() if "\t" in line)
        found = {name: object_id for object_id, name in pairs}
        return {name: found[name] for name in wanted if name in found} if wanted else found

    def push(self, remote: str, updates: Sequence[RefUpdate]) -> None:
        """Move refs of a remote, all or none, each only when it stands where `old` says.

        Raises LostRaceError when one does not, ForgeError when the remote refuses or cannot be reached.
        """
        leases = [f"--force-with-lease={check_ref(u.ref)}:{u.old and check_id(u.old)}" for u in updates]
        specs = [f"{u.new and check_id(u.new)}:{u.ref}" for u in updates]
        options = ["--quiet", "--porcelain", "--no-verify", *(["--atomic"] if len(updates) > 1 else []), *leases]
        done = self._run("push", *options, "--end-of-options", check_remote(remote), *specs, network=True)
        if done.status:
            self._explain_push(remote, updates, done)

    def clone(self, source: str, *, bare: bool = False, depth: int = 0) -> None:
        """Clone `source` into the git directory (bare) or the directory above it, which must not exist or be empty."""
        target = self._git_dir if bare else self._git_dir.parent
        options = ["--quiet", "--no-tags", "--no-recurse-submodules", "--template="]
        options += ["--bare"] if bare else ["--no-checkout"]
        options += [f"--depth={depth}"] if depth > 0 else []
        done = self._execute(["git", "clone", *options, "--", check_remote(source), str(target)], Path.cwd(), b"", True)
        if done.status:
            raise ForgeError(f"git could not clone {redacted(source)}: {_tail(done)}")

    def bring_along(self, work_tree: Path, old: str, new: str) -> None:
        """Move index and files of a work tree from commit `old` to `new`, as `git switch` would: the user's own edits
        are kept. Raises HealerError, with nothing changed, when they are in the way."""
        argv = ["git", "-C", str(work_tree), "read-tree", "-m", "-u", check_id(old), check_id(new)]
        done = self._execute(argv, work_tree, b"", False)
        if done.status:
            raise HealerError(f"{work_tree} cannot follow to {new[:10]}: {_tail(done)}")

    def _transact(self, script: str, updates: Sequence[RefUpdate], reason: str) -> None:
        done = self._run("update-ref", "-m", reason, "--stdin", stdin=script.encode("utf-8", "surrogateescape"))
        if not done.status:
            return
        moved = [update for update in updates if self._standing(update.ref) != update.old]
        if moved:
            names = ", ".join(update.ref for update in moved)
            raise LostRaceError(f"{names} moved while we worked; nothing was written, run again")
        if locked := _LOCKED.search(done.stderr):
            raise _LockedError(
                f"git cannot write: the lock file {locked[1]} exists. Another git process may be at work: wait for it. "
                f"If none is running, delete the file: rm '{locked[1]}'"
            )
        raise HealerError(f"git refused to move {', '.join(u.ref for u in updates)}: {_tail(done)}")

    def _standing(self, ref: str) -> str:
        done = self._run("rev-parse", "--verify", "--quiet", "--end-of-options", ref)
        return next((line for line in done.stdout.split() if _ID.fullmatch(line)), "")

    def _explain_push(self, remote: str, updates: Sequence[RefUpdate], done: Done) -> None:
        lost = LostRaceError(f"{', '.join(u.ref for u in updates)} of {redacted(remote)} moved; nothing was pushed")
        if "stale info" in done.stdout + done.stderr or _BUSY.search(done.stdout + done.stderr):
            raise lost
        with contextlib.suppress(ForgeError):
            now = self.remote_refs(remote, *(update.ref for update in updates))
            standing = [(now.get(update.ref, ""), update) for update in updates]
            if all(at == update.new for at, update in standing):
                return  # it arrived, only the answer was lost
            if any(at != update.old for at, update in standing):
                raise lost
        raise ForgeError(f"git could not push to {redacted(remote)}: {_tail(done)}")

    def _run(self, command: str, *arguments: str, stdin: bytes = b"", network: bool = False) -> Done:
        argv = ["git", f"--git-dir={self._git_dir}", command, *arguments]
        return self._execute(argv, self._git_dir, stdin, network)

    def version(self) -> str:
        """Such as `git version 2.39.5`. Raises HealerError when there is no git program."""
        return self._run("--version").stdout.strip()

    def _environment(self, credential: Credential | None) -> Mapping[str, str]:
        """What git finds in its environment besides our own."""
        pairs = list(_CONFIGURATION.items())
        if credential is not None:
            basic = base64.b64encode(f"x-access-token:{credential.token}".encode()).decode()
            header = f"http.{credential.url}.extraHeader"
            pairs.append((header, ""))  # forgets those of the clone: a second Authorization header would be refused
            pairs.append((header, f"Authorization: Basic {basic}"))
        return {**_ENVIRONMENT, **configured(pairs)}

    def _execute(self, argv: Sequence[str], cwd: Path, stdin: bytes, network: bool) -> Done:
        try:
            import git  # refuses to be imported where there is no git program
        except ImportError as error:
            raise HealerError("the git program was not found: install git 2.30 or newer and put it on PATH") from error
        credential = self._credential() if network and callable(self._credential) else self._credential
        with tempfile.TemporaryFile() as source:
            source.write(stdin)
            source.seek(0)
            try:
                status, stdout, stderr = git.Git(str(cwd)).execute(
                    list(argv),
                    istream=source,
                    with_extended_output=True,
                    with_exceptions=False,
                    stdout_as_string=False,
                    kill_after_timeout=NETWORK_TIMEOUT if network else None,
                    env=self._environment(credential if isinstance(credential, Credential) else None),
                )
            except git.GitCommandNotFound as error:
                raise HealerError("the git program was not found: install git and put it on PATH") from error
        return Done(status, bytes(stdout).decode("utf-8", "surrogateescape"), redacted(str(stderr)))


def _instruction(update: RefUpdate) -> str:
    ref, old = check_ref(update.ref), check_id(update.old) if update.old else ZERO
    if update.new == update.old:
        return f"verify {ref} {old}\n"
    return f"update {ref} {check_id(update.new)} {old}\n" if update.new else f"delete {ref} {old}\n"


def configured(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Configuration that git reads from its environment."""
    numbered = {f"GIT_CONFIG_KEY_{number}": key for number, (key, _) in enumerate(pairs)}
    numbered |= {f"GIT_CONFIG_VALUE_{number}": value for number, (_, value) in enumerate(pairs)}
    return {**numbered, "GIT_CONFIG_COUNT": str(len(pairs))}


def _tail(done: Done) -> str:
    text = redacted(f"{done.stderr}\n{done.stdout}").strip()
    return text[-600:] or f"git ended with {done.status}"
