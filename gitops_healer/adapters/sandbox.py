"""Runs candidate code between walls, as thick as the machine allows.

`namespace` and `bubblewrap`: a file system of its own with nothing in it but system, interpreters, what is declared
visible, and the scratch directory, the only place of the machine that can be written; own processes, network,
users and IPC; no capabilities. `process`: own process group, limits and environment, and Landlock where the kernel
has it; the network, shared memory and terminals of the user, and without Landlock all files, stay in reach.

At every level the wall clock, memory, processes and output are bounded, and nothing is left running. How far that goes:
- One process is held by rlimits. All together are looked at 20 times a second (proportional set size, threads), and
  ended when they took too much; what a bomb gets in between is some hundred megabytes, and the kernel's out-of-memory
  killer prefers it to us. /tmp and /dev/shm of a namespace hold `Limits.file_size` of memory beside that. Pages that
  were dropped from a shared mapping, and buffers of the kernel, are in the size of no process: they end it when the
  machine has no more than 256 MiB left.
- What all files in the scratch directory take together is not limited; it is ended before the disk is full.
- At `process` without Landlock version 6 (Linux 6.12) it can kill the launcher, and its children then live on.
"""

# Works relative to descriptors, and on paths as written, which pathlib cannot.
# ruff: noqa: PTH100, PTH101, PTH102, PTH106, PTH112, PTH118, PTH120, PTH108, PTH114
import contextlib
import math
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from gitops_healer.adapters import sandbox_launcher
from gitops_healer.adapters.sandbox_conversation import SandboxConversation
from gitops_healer.adapters.sandbox_launcher import Order
from gitops_healer.adapters.sandbox_places import View, trail, view_of
from gitops_healer.adapters.sandbox_run import Run
from gitops_healer.errors import SandboxError
from gitops_healer.ports import Conversation, Limits, Ran, Sandbox, SandboxLevel

_BOOT = "import sys; sys.path.append(sys.argv[1]); import sandbox_launcher; sandbox_launcher.main(int(sys.argv[2]))"
_PROBE_LIMITS = Limits(seconds=20)
_PROBE = """
import os
assert os.getpid() < 20, "processes of the machine are visible"
assert sorted(os.environ) == ["HOME", "LANG", "PATH", "TMPDIR"], "the environment is not clean"
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 0, "capabilities are left"
assert int(status["NoNewPrivs"]) == 1, "privileges can be gained"
assert len(open("/proc/net/dev").readlines()) <= 3, "the network is visible"
open("written", "w").close()
try:
    open("/probe", "w")
except OSError:
    pass
else:
    raise AssertionError("the root can be written")
"""


def detect_sandbox(minimum: SandboxLevel, visible: Sequence[Path] = (), parent: Path | None = None) -> Sandbox:
    """The strongest sandbox that works here.

    visible: what candidates may read beside the system and our interpreter, e.g. the project's virtual environment;
    parent: where scratch directories are made (default: the system's directory for temporary files).
    Raises SandboxError when that is weaker than `minimum`.
    """
    refused = []
    for level in (SandboxLevel.BUBBLEWRAP, SandboxLevel.NAMESPACE, SandboxLevel.PROCESS):
        if level.strength < minimum.strength:
            break
        try:
            return sandbox_at(level, visible, parent)
        except SandboxError as error:
            refused.append(f"  {level.value}: {error}")
    raise SandboxError("\n".join([_ADVICE.format(minimum=minimum.value), *refused]))


_ADVICE = (
    "testing.sandbox demands {minimum}, and this machine cannot give it. Install bubblewrap, or allow user namespaces "
    "(sysctl kernel.apparmor_restrict_unprivileged_userns=0, or a container with seccomp=unconfined), or set "
    "`testing: {{sandbox: process}}` if the code under test is trusted. What was tried:"
)


def sandbox_at(level: SandboxLevel, visible: Sequence[Path] = (), parent: Path | None = None) -> Sandbox:
    """The sandbox of exactly this level, tried out. Raises SandboxError with the reason when it does not work."""
    return _proved(LocalSandbox(level, view_of(visible), parent))


@cache
def _proved(sandbox: "LocalSandbox") -> "LocalSandbox":
    """Tried once in the life of a process; each run says by itself when its walls cannot be built any more."""
    sandbox.prove()
    return sandbox


@dataclass(frozen=True)
class LocalSandbox:
    """Sandbox on this machine. Holds no state: runs may go on side by side in threads."""

    level: SandboxLevel
    view: View
    parent: Path | None = None

    @contextlib.contextmanager
    def scratch(self) -> Iterator[Path]:
        path = tempfile.mkdtemp(prefix="healer-", dir=self.parent)
        try:
            yield Path(path)
        finally:
            remove_tree(path)

    def run(
        self,
        argv: Sequence[str],
        scratch: Path,
        *,
        env: Mapping[str, str] | None = None,
        limits: Limits | None = None,
        stdin: bytes = b"",
        cwd: str = ".",
    ) -> Ran:
        limits = limits or Limits()
        with self._ordered(argv, scratch, env, limits, cwd) as order:
            return Run(self._command(order), order, limits, stdin).to_the_end()

    @contextlib.contextmanager
    def converse(
        self,
        argv: Sequence[str],
        scratch: Path,
        *,
        env: Mapping[str, str] | None = None,
        limits: Limits | None = None,
        cwd: str = ".",
    ) -> Iterator[Conversation]:
        limits = limits or Limits()
        with (
            self._ordered(argv, scratch, env, limits, cwd) as order,
            contextlib.closing(SandboxConversation(self._command(order), order, limits)) as talk,
        ):
            talk.start()
            yield talk

    @contextlib.contextmanager
    def _ordered(
        self, argv: Sequence[str], scratch: Path, env: Mapping[str, str] | None, limits: Limits, cwd: str
    ) -> Iterator[Order]:
        """The order for the launcher, with a directory for temporary files that lives as long. Raises SandboxError."""
        if not argv:
            raise SandboxError("argv is empty: name a program. Example: argv=['python', '-m', 'pytest']")
        if self.level is not SandboxLevel.PROCESS:
            yield self.order(argv, scratch, env or {}, limits, cwd, "/tmp")
            return
        with self.scratch() as temporary:
            yield self.order(argv, scratch, env or {}, limits, cwd, str(temporary))

    def prove(self) -> None:
        """Run a program that tries the walls. Raises SandboxError."""
        if self.level is SandboxLevel.BUBBLEWRAP and shutil.which("bwrap") is None:
            raise SandboxError("there is no program bwrap (package bubblewrap)")
        if self.level is not SandboxLevel.PROCESS and sys.platform != "linux":
            raise SandboxError("only Linux has it")
        program = "pass" if self.level is SandboxLevel.PROCESS else _PROBE
        with self.scratch() as scratch:
            ran = self.run([sys.executable, "-I", "-S", "-c", program], scratch, limits=_PROBE_LIMITS)
        if ran.exit_code != 0:
            said = ran.stderr.decode(errors="replace").strip().splitlines()
            raise SandboxError(ran.reason or (said[-1] if said else f"it ended with {ran.exit_code}"))

    def order(
        self, argv: Sequence[str], scratch: Path, env: Mapping[str, str], limits: Limits, cwd: str, temporary: str
    ) -> Order:
        """What the launcher is told. temporary: the directory that programs take for temporary files."""
        found = trail(os.path.abspath(scratch))
        home = os.path.join(found.real, ".home")
        with contextlib.suppress(FileExistsError):
            os.mkdir(home, 0o700)
        clean = {"PATH": ":".join(self.view.search), "HOME": home, "LANG": "C.UTF-8", "TMPDIR": temporary}
        return Order(
            walls=self.level.value,
            parent=os.getpid(),
            argv=[os.fsencode(word) for word in argv],
            env={os.fsencode(name): os.fsencode(value) for name, value in {**clean, **env}.items()},
            cwd=os.fsencode(_below(os.path.abspath(scratch), cwd)),
            scratch=os.fsencode(found.real),
            temporary=os.fsencode(temporary),
            binds=[os.fsencode(place) for place in self.view.binds],
            links=[(os.fsencode(a), os.fsencode(b)) for a, b in (*self.view.links, *found.links)],
            masks=[os.fsencode(place) for place in self.view.masks],
            memory=limits.memory,
            processes=limits.processes,
            file_size=limits.file_size,
            cpu=math.ceil(limits.seconds) * (os.cpu_count() or 1) + 1,
        )

    def _command(self, order: Order) -> list[bytes]:
        directory = os.path.dirname(os.path.abspath(sandbox_launcher.__file__))
        words = [sys.executable, "-I", "-S", "-c", _BOOT, directory]
        launcher = [os.fsencode(word) for word in words]
        return [*_bubblewrap(order), *launcher] if self.level is SandboxLevel.BUBBLEWRAP else launcher


def _below(scratch: str, cwd: str) -> str:
    path = os.path.normpath(os.path.join(scratch, cwd))
    if path != scratch and not path.startswith(f"{scratch}/"):
        raise SandboxError(f"cwd must be a path inside the scratch directory, not {cwd!r}. Example: cwd='src'")
    return path


def _bubblewrap(order: Order) -> list[bytes]:
    """The same walls as `sandbox_walls.build_root`, by bwrap; the launcher is pid 1 inside."""
    size = b"%d" % order.file_size
    words = [shutil.which("bwrap") or "bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--as-pid-1"]
    words += ["--unshare-user", "--disable-userns", "--cap-drop", "ALL", "--hostname", "sandbox"]
    words += ["--proc", "/proc", "--dev", "/dev", "--dir", "/run", "--dir", "/var", "--dir", "/home", "--dir", "/root"]
    command = [*map(os.fsencode, words), b"--size", size, b"--tmpfs", b"/tmp", b"--size", size, b"--tmpfs", b"/dev/shm"]
    command += [b"--symlink", b"/tmp", b"/var/tmp", b"--symlink", b"/run", b"/var/run"]
    for path, target in dict(order.links).items():
        command += [b"--symlink", target, path]
    for place in order.binds:
        command += [b"--ro-bind-try", place, place]
    for place in order.masks:
        if os.path.isdir(place):
            command += [b"--tmpfs", place, b"--remount-ro", place]
        else:
            command += [b"--ro-bind", b"/dev/null", place]
    command += [b"--bind", order.scratch, order.scratch]
    for place in (b"/proc", b"/dev", b"/"):  # as root, bwrap would leave the kernel's settings in /proc/sys writable
        command += [b"--remount-ro", place]
    return [*command, b"--chdir", b"/", b"--"]


# Removal


def remove_tree(path: str) -> None:
    """Delete a directory that may hold anything: unreadable or endlessly deep directories, links that lead out.

    Never follows a link and never recurses: directories are moved up to the first level, one after the other. What a
    process that is still writing puts back is tried three times, then left.
    """
    for _ in range(3):
        with contextlib.suppress(OSError):
            _empty(path)
        with contextlib.suppress(OSError):
            os.unlink(path) if os.path.islink(path) else os.rmdir(path)
        if not os.path.lexists(path):
            return


def _empty(path: str) -> None:
    top = _open_directory(path, None)
    try:
        while directories := _unlink_files(top):
            for name in directories:
                _move_up(top, name)
                os.rmdir(name, dir_fd=top)
    finally:
        os.close(top)


def _move_up(top: int, name: str) -> None:
    """Empty a directory of the first level; the directories in it become directories of the first level."""
    directory = _open_directory(name, top)
    try:
        for inner in _unlink_files(directory):
            os.close(_open_directory(inner, directory))
            os.rename(inner, secrets.token_hex(16), src_dir_fd=directory, dst_dir_fd=top)
    finally:
        os.close(directory)


def _unlink_files(directory: int) -> list[str]:
    """Delete all but directories, whose names are returned."""
    with os.scandir(directory) as entries:
        found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
    for name, is_directory in found:
        if not is_directory:
            os.unlink(name, dir_fd=directory)
    return [name for name, is_directory in found if is_directory]


def _open_directory(name: str, parent: int | None) -> int:
    """A descriptor of a directory, which its owner may now do everything with. A link is an error."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
    try:
        descriptor = os.open(name, flags, dir_fd=parent)
    except PermissionError:
        _unlock(name, parent)
        descriptor = os.open(name, flags, dir_fd=parent)
    os.fchmod(descriptor, 0o700)
    return descriptor


def _unlock(name: str, parent: int | None) -> None:
    if sys.platform != "linux":
        os.chmod(name, 0o700, dir_fd=parent, follow_symlinks=False)
        return
    handle = os.open(name, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)
    try:
        os.chmod(f"/proc/self/fd/{handle}", 0o700)
    finally:
        os.close(handle)
