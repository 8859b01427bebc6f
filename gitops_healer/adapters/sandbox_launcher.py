"""Runs one candidate program inside the walls that `sandbox.py` ordered, watches over it, and reports how it ended.

Standard library only, started anew for every run as `python -I -S -c …` with the number of a socket. Over that socket
it gets the order, and answers with lines: `ended WAITSTATUS`, `stopped WHY` or `failed WHY`. When the other side closes
the socket, or dies, everything ends.
"""

# Pathlib would cost a third of the start, and the package `collections` around its abc a tenth.
# ruff: noqa: PTH116, PTH208
import marshal
import os
import resource
import select
import sys
import time
from _collections_abc import Iterable, Iterator

# The launcher is run as a script beside its walls, and imported as part of the package for `Order`.
if __package__:
    from gitops_healer.adapters import sandbox_walls as walls
else:
    import sandbox_walls as walls  # type: ignore[import-not-found, no-redef]

NOT_FOUND, NOT_EXECUTABLE = 127, 126
POLL_SECONDS = 0.05
KILL_SECONDS = 3.0
NO_MEMORY = "the machine had nearly no memory left while it ran"
NO_DISK = "the disk of its directory was nearly full"
NO_FILES = "the disk of its directory could hold nearly no more files"
_RESERVE = 256 * 1024**2
_RESERVE_FILES = 10_000
_MAX_DESCRIPTORS = 4096
_DEVICES = (b"/dev/null", b"/dev/zero", b"/dev/full", b"/dev/random", b"/dev/urandom", b"/dev/tty", b"/dev/ptmx")


class Order:
    """What to run, and within which walls. Paths and texts are bytes; a plain class, for dataclasses load slowly.

    walls: `process`, `namespace` or `bubblewrap` (which has built its walls already). parent: pid of who orders.
    binds, links, masks: see `walls.build_root`. cpu: seconds of processor time of one process. Sizes in bytes.
    """

    def __init__(
        self,
        *,
        walls: str,
        parent: int,
        argv: list[bytes],
        env: dict[bytes, bytes],
        cwd: bytes,
        scratch: bytes,
        temporary: bytes,
        binds: list[bytes],
        links: list[tuple[bytes, bytes]],
        masks: list[bytes],
        memory: int,
        processes: int,
        file_size: int,
        cpu: int,
    ) -> None:
        self.walls = walls
        self.parent = parent
        self.argv = argv
        self.env = env
        self.cwd = cwd
        self.scratch = scratch
        self.temporary = temporary
        self.binds = binds
        self.links = links
        self.masks = masks
        self.memory = memory
        self.processes = processes
        self.file_size = file_size
        self.cpu = cpu

    @property
    def own_pids(self) -> bool:
        """Whether we are pid 1 of a pid namespace: all that we see is the candidate's."""
        return self.walls != "process"

    def packed(self) -> bytes:
        data = marshal.dumps(vars(self))
        return len(data).to_bytes(8, sys.byteorder) + data


def receive(channel: int) -> Order:
    size = int.from_bytes(_read(channel, 8), sys.byteorder)
    return Order(**marshal.loads(_read(channel, size)))


def _read(channel: int, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        part = os.read(channel, size - len(parts))
        if not part:
            os._exit(1)
        parts += part
    return bytes(parts)


def main(channel: int) -> None:
    """Carry out the order that waits in the channel. Never returns."""
    os.set_inheritable(channel, False)
    try:
        order = receive(channel)
        kernel = walls.Kernel()
        kernel.default_signals()
        _prefer_for_oom()
        _enclose(kernel, order)
        report = supervise(kernel, order, channel)
    except BaseException as error:  # the one place where everything must become an answer
        report = f"failed {error.strerror or error if isinstance(error, OSError) else repr(error)}"
    os.write(channel, report.encode("utf-8", "backslashreplace") + b"\n")
    os._exit(0)


def _prefer_for_oom() -> None:
    """When the machine runs out of memory, the kernel shall take the candidate, not the healer."""
    try:
        walls.write("/proc/self/oom_score_adj", b"1000")
    except OSError:
        return


def _enclose(kernel: walls.Kernel, order: Order) -> None:
    if order.walls == "namespace":
        walls.enter_namespaces(kernel, order.parent)
        walls.build_root(
            kernel,
            binds=order.binds,
            links=order.links,
            masks=order.masks,
            scratch=order.scratch,
            size=order.file_size,
            processes=order.processes,
        )
    elif order.walls == "bubblewrap":
        kernel.hide_from_ptrace()
    elif sys.platform == "linux":
        kernel.adopt_orphans()


# The candidate


def become(kernel: walls.Kernel, order: Order, processes: int) -> None:
    """Turn this process into the candidate. Never returns; what fails before the walls stand is raised."""
    os.setsid()
    _limit(order, processes)
    if sys.platform == "linux":
        _renounce(kernel, order)
    os.umask(0o022)
    try:
        os.chdir(order.cwd)
        os.execvpe(order.argv[0], order.argv, order.env)
    except (FileNotFoundError, NotADirectoryError) as error:
        _complain(order, error, NOT_FOUND)
    except (OSError, ValueError) as error:
        _complain(order, error, NOT_EXECUTABLE)


def _complain(order: Order, error: Exception, code: int) -> None:
    said = error.strerror if isinstance(error, OSError) else str(error)
    os.write(2, b"sandbox: cannot run %s in %s: %s\n" % (order.argv[0], order.cwd, str(said).encode()))
    os._exit(code)


def _renounce(kernel: walls.Kernel, order: Order) -> None:
    """Give up every privilege that could undo the walls."""
    kernel.die_with_parent()
    kernel.drop_capabilities()
    kernel.no_new_privileges()
    if not order.own_pids:
        # Of /dev nothing else: who owns a disk's device reads every file on it.
        readable = [*order.binds, b"/proc", b"/sys/devices/system/cpu"]
        writable = [order.scratch, order.temporary, b"/dev/shm", b"/dev/pts", *_DEVICES]
        walls.landlock(kernel, readable, writable, order.masks)
    try:
        walls.filter_system_calls(kernel)
    except OSError:
        if order.own_pids:  # where namespaces are, the filter is promised
            raise


def _limit(order: Order, processes: int) -> None:
    """The kernel's limits of one process. Data is what malloc and private mappings take; address space is let to be
    four times as much, since threads, allocators and runtimes reserve what they never touch."""
    wanted = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_CPU: order.cpu,
        resource.RLIMIT_FSIZE: order.file_size,
        resource.RLIMIT_DATA: order.memory,
        resource.RLIMIT_AS: order.memory * 4,
        resource.RLIMIT_NPROC: processes,
        resource.RLIMIT_NOFILE: _MAX_DESCRIPTORS,
    }
    for kind, value in wanted.items():
        hard = resource.getrlimit(kind)[1]
        limit = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (limit, limit))


def process_limit(order: Order) -> int:
    """RLIMIT_NPROC counts threads of the user: inside a user namespace (Linux 5.14 and later) those of the sandbox,
    else all of the machine, which are added. Ours of the sandbox are two: this one, and the one that waits outside."""
    release = os.uname().release.split(".")
    counts_inside = order.own_pids and (int(release[0]), int("".join(filter(str.isdigit, release[1])))) >= (5, 14)
    if counts_inside or sys.platform != "linux":
        return order.processes + 2
    uid = os.getuid()
    return order.processes + sum(task.threads for task in tasks() if task.uid == uid)


# The watch


class Task:
    """One process as /proc shows it. resident: bytes, shared pages counted in full."""

    def __init__(self, pid: int, uid: int, parent: int, threads: int, resident: int) -> None:
        self.pid = pid
        self.uid = uid
        self.parent = parent
        self.threads = threads
        self.resident = resident


def tasks() -> Iterator[Task]:
    page = resource.getpagesize()
    try:
        names = [name for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return
    for name in names:
        try:
            uid = os.stat(f"/proc/{name}").st_uid
            fields = _slurp(f"/proc/{name}/stat").rpartition(b")")[2].split()
        except OSError:
            continue  # it ended meanwhile
        yield Task(int(name), uid, int(fields[1]), int(fields[17]), int(fields[21]) * page)


def _slurp(path: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return os.read(descriptor, 8192)
    finally:
        os.close(descriptor)


def candidates(order: Order) -> list[Task]:
    """All processes of the candidate."""
    everyone = list(tasks())
    if order.own_pids:
        return [task for task in everyone if task.pid != 1]
    children: dict[int, list[Task]] = {}
    for task in everyone:
        children.setdefault(task.parent, []).append(task)
    found: list[Task] = []
    frontier = children.get(os.getpid(), [])
    while frontier:
        found += frontier
        frontier = [child for task in frontier for child in children.get(task.pid, [])]
    return found


def proportional(task: Task) -> int:
    """Bytes in memory with every shared page divided among those who share it."""
    try:
        for line in _slurp(f"/proc/{task.pid}/smaps_rollup").splitlines():
            if line.startswith(b"Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return task.resident


class Watch:
    """Looks again and again whether all processes together stay within what they may take."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.least_memory = min(_RESERVE, available_memory() // 8)
        space, files = self.free_disk()
        self.least_disk, self.least_files = min(_RESERVE, space // 2), min(_RESERVE_FILES, files // 2)

    def excess(self) -> str:
        """Why it must be stopped, or ""."""
        order, found = self.order, candidates(self.order)
        threads = sum(task.threads for task in found)
        if threads > order.processes:
            return f"it ran {threads} processes and threads at once, {order.processes} are allowed"
        shared = unattached_memory() if order.own_pids else 0
        if shared + sum(task.resident for task in found) > order.memory:
            # Shares grow while a family ends: what is added up over that moment is too much, once.
            taken = shared + min(sum(map(proportional, found)), sum(map(proportional, candidates(order))))
            if taken > order.memory:
                return f"its processes took {_mebibytes(taken)} of memory, {_mebibytes(order.memory)} are allowed"
        if available_memory() < self.least_memory:
            return NO_MEMORY
        space, files = self.free_disk()
        if space < self.least_disk:
            return NO_DISK
        return NO_FILES if files < self.least_files else ""

    def free_disk(self) -> tuple[int, int]:
        """Bytes and files for which there is room; of files 0 where the file system has no such limit."""
        try:
            disk = os.statvfs(self.order.scratch)
        except OSError:
            return 0, 0
        return disk.f_bavail * disk.f_frsize, disk.f_favail


def _mebibytes(size: int) -> str:
    return f"{size / 1024**2:.0f} MiB"


def unattached_memory() -> int:
    """Bytes of System V shared memory of this IPC namespace that no process has attached: they are in nobody's size."""
    try:
        with open("/proc/sysvipc/shm", "rb") as table:  # noqa: PTH123
            fields = [line.split() for line in table.readlines()[1:]]
        return sum(int(found[14]) for found in fields if int(found[6]) == 0)
    except (OSError, IndexError, ValueError):
        return 0


def available_memory() -> int:
    try:
        for line in _slurp("/proc/meminfo").splitlines():
            if line.startswith(b"MemAvailable:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def supervise(kernel: walls.Kernel, order: Order, channel: int) -> str:
    """Run the candidate to its end, or end it; then nothing of it is left. Returns the report."""
    processes = process_limit(order)
    child = os.fork()
    if child == 0:
        become(kernel, order, processes)
    watch, poller, interval = Watch(order), select.poll(), POLL_SECONDS
    poller.register(channel, select.POLLIN)
    for descriptor in _end_of(child):
        poller.register(descriptor, select.POLLIN)
    report = ""
    while not report:
        events = poller.poll(interval * 1000)
        status = reap(child)
        began = time.monotonic()
        if status is not None:
            report = f"ended {status}"
        elif any(descriptor == channel for descriptor, _ in events):
            report = "stopped it was called off"
        elif excess := watch.excess():
            report = f"stopped {excess}"
        interval = max(POLL_SECONDS, 10 * (time.monotonic() - began))
    if not order.own_pids:
        end_all(order, child)
    return report


def _end_of(child: int) -> Iterable[int]:
    """A descriptor that wakes the poll when the child ends; without one its end is seen an interval later."""
    try:
        return (os.pidfd_open(child),)
    except (AttributeError, OSError):
        return ()


def reap(child: int) -> int | None:
    """Bury everybody who is dead; the wait status when the child is among them."""
    status = None
    while True:
        try:
            pid, ended = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return status
        if pid == 0:
            return status
        if pid == child:
            status = ended


def end_all(order: Order, child: int) -> None:
    """Kill all descendants. Stopped first, so that none can make new ones behind our back. Where there is no /proc,
    what left the candidate's process group is missed."""
    if sys.platform != "linux":
        _signal(-child, walls.SIGKILL)
    stopped: set[int] = set()
    deadline = time.monotonic() + KILL_SECONDS
    while time.monotonic() < deadline:
        reap(0)
        found = {task.pid for task in candidates(order)}
        if not found:
            return
        fresh = found - stopped
        for pid in fresh or found:
            _signal(pid, 19 if fresh else walls.SIGKILL)
        stopped = found if fresh else set()


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except OSError:
        return
