"""The walls of the sandbox: Linux system calls that Python 3.11 does not offer, and the root that is built with them.

Standard library only, and few modules of it: this is imported at the start of every run. Numbers are those of the
kernel's headers; man pages: unshare(2), mount_setattr(2), pivot_root(2), capabilities(7), seccomp(2), landlock(7).
"""

# Pathlib would cost a third of the start, and the package `collections` around its abc a tenth.
# ruff: noqa: PTH101, PTH102, PTH103, PTH106, PTH110, PTH112, PTH114, PTH118, PTH120, PTH123, PTH208, PTH211
import ctypes
import os
import sys
from _collections_abc import Iterable

SIGKILL = 9

_NAMESPACES = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_BIND, _MS_REC, _MS_PRIVATE = 1, 2, 4, 8, 0x1000, 0x4000, 0x40000
_ATTR_RDONLY, _ATTR_NOSUID, _ATTR_NODEV = 1, 2, 4
_MNT_DETACH, _AT_FDCWD, _AT_RECURSIVE, _O_PATH = 2, -100, 0x8000, 0x200000
_SYS_MOUNT_SETATTR, _SYS_LANDLOCK_CREATE, _SYS_LANDLOCK_RULE, _SYS_LANDLOCK_RESTRICT = 442, 444, 445, 446
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_CAPBSET_DROP = 1, 4, 22, 24
_PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT = 36, 38, 47
_SYS_PIVOT_ROOT = {
    "x86_64": 155, "aarch64": 41, "riscv64": 41, "loongarch64": 41, "s390x": 217, "ppc64le": 203, "armv7l": 218,
}  # fmt: skip
_DEVICES = (b"null", b"zero", b"full", b"random", b"urandom")
_OLD = b"/.old"
_EMPTY = b"/run/.empty"


class Kernel:
    """System calls by name; one that fails raises OSError with the name in its text."""

    def __init__(self) -> None:
        self.libc = ctypes.CDLL(None, use_errno=True)

    def call(self, name: str, *arguments: "int | bytes | ctypes.Array[ctypes.c_char] | None") -> int:
        values = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
        result = int(getattr(self.libc, name)(*values))
        if result < 0:
            number = ctypes.get_errno()
            raise OSError(number, f"{name}: {os.strerror(number)}")
        return result

    def die_with_parent(self) -> None:
        self.call("prctl", _PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)

    def adopt_orphans(self) -> None:
        self.call("prctl", _PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

    def hide_from_ptrace(self) -> None:
        self.call("prctl", _PR_SET_DUMPABLE, 0, 0, 0, 0)

    def default_signals(self) -> None:
        """Undo what Python did to SIGINT, SIGPIPE and SIGXFSZ. As pid 1 the default means deaf."""
        self.libc.signal.restype = ctypes.c_void_p
        for number in (2, 13, 25):
            self.libc.signal(number, None)

    def drop_capabilities(self) -> None:
        """No capability now; with no_new_privileges none to be had by any exec, not even as uid 0."""
        self.call("prctl", _PR_CAP_AMBIENT, 4, 0, 0, 0)
        try:
            for capability in range(_last_capability() + 1):
                self.call("prctl", _PR_CAPBSET_DROP, capability, 0, 0, 0)
        except PermissionError:
            pass  # the bounding set is for those who may; without it the two others still hold
        header = (0x20080522).to_bytes(4, sys.byteorder) + bytes(4)
        self.call("capset", header, bytes(24))

    def no_new_privileges(self) -> None:
        self.call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)

    def mount(self, source: bytes | None, target: bytes, kind: bytes | None, flags: int, data: bytes = b"") -> None:
        try:
            self.call("mount", source, target, kind, flags, data or None)
        except OSError as error:
            raise OSError(error.errno, f"{error.strerror} at {os.fsdecode(target)}") from None

    def bind(self, source: bytes, target: bytes, attributes: int) -> None:
        """Bind with all submounts, then set the attributes on each of them."""
        self.mount(source, target, None, _MS_BIND | _MS_REC)
        self.seal(target, attributes, _AT_RECURSIVE)

    def seal(self, target: bytes, attributes: int, flags: int = 0) -> None:
        packed = attributes.to_bytes(8, sys.byteorder) + bytes(24)
        self.call("syscall", _SYS_MOUNT_SETATTR, _AT_FDCWD, target, flags, packed, 32)


def _last_capability() -> int:
    with open("/proc/sys/kernel/cap_last_cap", "rb") as file:
        return int(file.read())


def write(path: str, data: bytes) -> None:
    file = os.open(path, os.O_WRONLY)
    try:
        os.write(file, data)
    finally:
        os.close(file)


def enter_namespaces(kernel: Kernel, parent: int) -> None:
    """Returns as pid 1 of new namespaces, the user the same as outside. The caller's process stays to wait for it.

    parent: pid of who started us; when that ends, however it ends, so do we, and with pid 1 everything inside.
    """
    uid, gid = os.getuid(), os.getgid()
    kernel.call("unshare", _NAMESPACES)
    write("/proc/self/setgroups", b"deny")
    write("/proc/self/uid_map", b"%d %d 1" % (uid, uid))
    write("/proc/self/gid_map", b"%d %d 1" % (gid, gid))
    kernel.die_with_parent()
    if os.getppid() != parent:
        os._exit(1)
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        os._exit(0)
    kernel.die_with_parent()
    kernel.call("sethostname", b"sandbox", 7)
    _raise_loopback(kernel)


def _raise_loopback(kernel: Kernel) -> None:
    """Tests of servers on 127.0.0.1 work: this is a loopback of the sandbox's own."""
    descriptor = kernel.call("socket", 2, 2, 0)
    up_and_running = (0x41).to_bytes(2, sys.byteorder)
    kernel.call("ioctl", descriptor, 0x8914, b"lo".ljust(16, b"\0") + up_and_running + bytes(22))
    os.close(descriptor)


def build_root(
    kernel: Kernel,
    *,
    binds: Iterable[bytes],
    links: Iterable[tuple[bytes, bytes]],
    masks: Iterable[bytes],
    scratch: bytes,
    size: int,
    processes: int,
) -> None:
    """Replace the root by one in which nothing is but `binds`, read-only, and `scratch`, at the paths they had.

    links: (path, target) of symbolic links on the way to them; masks: what is shown empty within them; size: bytes
    that /tmp and /dev/shm, in memory, may hold together.
    """
    os.umask(0o022)
    kernel.mount(None, b"/", None, _MS_REC | _MS_PRIVATE)
    options = b"mode=0755,nr_inodes=262144,size=%d" % size
    kernel.mount(b"tmpfs", b"/tmp", b"tmpfs", _MS_NOSUID | _MS_NODEV, options)
    os.chdir("/tmp")
    os.mkdir(_OLD.lstrip(b"/"))
    kernel.call("syscall", _SYS_PIVOT_ROOT[os.uname().machine], b".", _OLD.lstrip(b"/"))
    os.chdir("/")
    _furnish(kernel)
    for path, target in links:
        _link(path, target)
    for place in binds:
        if not _inside(place, scratch):
            _show(kernel, place, _ATTR_RDONLY | _ATTR_NOSUID | _ATTR_NODEV)
    for place in masks:
        _mask(kernel, place)
    _show(kernel, scratch, _ATTR_NOSUID | _ATTR_NODEV)
    _limit_kernel(processes)
    kernel.call("umount2", _OLD, _MNT_DETACH)
    os.rmdir(_OLD)
    kernel.seal(b"/proc", _ATTR_RDONLY)
    kernel.seal(b"/dev", _ATTR_RDONLY)
    kernel.seal(b"/", _ATTR_RDONLY)


def _furnish(kernel: Kernel) -> None:
    """What every root has: private /tmp and /dev, own /proc, empty homes."""
    for name in (b"/home", b"/root", b"/run", b"/var", b"/dev", b"/proc", b"/tmp", b"/dev/shm", b"/dev/pts"):
        os.mkdir(name)
    _link(b"/var/tmp", b"/tmp")
    _link(b"/var/run", b"/run")
    os.mkdir(_EMPTY)
    _touch(_EMPTY + b"/file")
    os.mkdir(_EMPTY + b"/directory")
    kernel.mount(b"/dev", b"/dev", None, _MS_BIND)
    for place in (b"/tmp", b"/dev/shm"):
        os.chmod(place, 0o1777)
        kernel.mount(place, place, None, _MS_BIND)
    for name in _DEVICES:
        _touch(b"/dev/" + name)
        kernel.mount(_OLD + b"/dev/" + name, b"/dev/" + name, None, _MS_BIND)
    options = b"newinstance,ptmxmode=0666,mode=0620"
    kernel.mount(b"devpts", b"/dev/pts", b"devpts", _MS_NOSUID | _MS_NOEXEC, options)
    for path, target in ((b"ptmx", b"pts/ptmx"), (b"fd", b"/proc/self/fd"), *_standard_streams()):
        _link(b"/dev/" + path, target)
    kernel.mount(b"proc", b"/proc", b"proc", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC)


def _standard_streams() -> Iterable[tuple[bytes, bytes]]:
    return ((name, b"/proc/self/fd/%d" % number) for number, name in enumerate((b"stdin", b"stdout", b"stderr")))


def _inside(path: bytes, directory: bytes) -> bool:
    return (path + b"/").startswith(directory.rstrip(b"/") + b"/")


def _touch(path: bytes) -> None:
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o644))


def _link(path: bytes, target: bytes) -> None:
    if not os.path.lexists(path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.symlink(target, path)


def _show(kernel: Kernel, place: bytes, attributes: int) -> None:
    """The same place as outside; one that is gone by now is left out."""
    source = _OLD + place
    if os.path.isdir(source):
        os.makedirs(place, exist_ok=True)
    elif os.path.exists(source):
        os.makedirs(os.path.dirname(place), exist_ok=True)
        if not os.path.lexists(place):
            _touch(place)
    else:
        return
    kernel.bind(source, place, attributes)


def _mask(kernel: Kernel, place: bytes) -> None:
    if os.path.isdir(place):
        kernel.bind(_EMPTY + b"/directory", place, _ATTR_RDONLY)
    elif os.path.lexists(place):
        kernel.bind(_EMPTY + b"/file", place, _ATTR_RDONLY)


_RESERVED_PIDS = 300


def _limit_kernel(processes: int) -> None:
    """No user namespaces below this one; and, where pid_max belongs to the pid namespace, no more pids than allowed
    (RLIMIT_NPROC does not bind the real root). Before 6.14 that file is the whole machine's: hands off. When
    all have been given once, the kernel gives those from 300 on again (RESERVED_PIDS): these must be enough."""
    write("/proc/sys/user/max_user_namespaces", b"0")
    release = os.uname().release.split(".")
    if (int(release[0]), int(release[1])) >= (6, 14):
        write("/proc/sys/kernel/pid_max", b"%d" % (_RESERVED_PIDS + processes + 2))


# Seccomp: what namespaces do not divide

# AUDIT_ARCH, socket; absent: io_uring_setup, memfd_create, memfd_secret; denied: key rings, bpf, perf_event_open,
# userfaultfd; own: prlimit64, sched_setparam, sched_setscheduler, sched_setattr, setpriority, which take the number of
# a process, 0 for oneself
_ARCHITECTURES = {
    "x86_64": (0xC000003E, 41, (425, 319, 447), (248, 249, 250, 321, 298, 323), (302, 142, 144, 314, 141)),
    "aarch64": (0xC00000B7, 198, (425, 279, 447), (217, 218, 219, 280, 241, 282), (261, 118, 119, 274, 140)),
}
_FAMILIES = (1, 2, 10, 16)  # AF_UNIX, AF_INET, AF_INET6, AF_NETLINK; AF_VSOCK would reach the hypervisor
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _ERRNO, _EPERM, _ENOSYS, _EAFNOSUPPORT = 0x7FFF0000, 0x00050000, 1, 38, 97


def filter_system_calls(kernel: Kernel) -> None:
    """Sockets only of families that a network namespace holds; no key rings, no io_uring (which opens sockets unseen),
    no bpf; no files in memory that belong to no process and so are counted nowhere; no limits and priorities of other
    processes: for these it is enough to be the same user, and a watch without descriptors or time watches nothing.
    Other architectures than x86-64 and ARM64 go without this filter."""
    known = _ARCHITECTURES.get(os.uname().machine)
    if known is None:
        return
    code = b"".join(
        operation.to_bytes(2, sys.byteorder) + bytes((if_true, if_false)) + value.to_bytes(4, sys.byteorder)
        for operation, if_true, if_false, value in _program(*known)
    )
    buffer = ctypes.create_string_buffer(code, len(code))
    program = (len(code) // 8).to_bytes(8, sys.byteorder) + ctypes.addressof(buffer).to_bytes(8, sys.byteorder)
    kernel.call("prctl", _PR_SET_SECCOMP, 2, program, 0, 0)


def system_calls_are_filtered() -> bool:
    """Whether there is a filter for this machine's architecture."""
    return sys.platform == "linux" and os.uname().machine in _ARCHITECTURES


def _program(
    architecture: int, socket: int, absent: tuple[int, ...], denied: tuple[int, ...], own: tuple[int, ...]
) -> Iterable[tuple[int, int, int, int]]:
    yield _LOAD, 0, 0, 4
    yield _EQUAL, 1, 0, architecture
    yield _RETURN, 0, 0, _ERRNO | _ENOSYS
    yield _LOAD, 0, 0, 0
    yield _AT_LEAST, 0, 1, 0x40000000  # the x32 twins of all calls
    yield _RETURN, 0, 0, _ERRNO | _ENOSYS
    for numbers, answer in ((absent, _ENOSYS), (denied, _EPERM)):
        for number in numbers:
            yield _EQUAL, 0, 1, number
            yield _RETURN, 0, 0, _ERRNO | answer
    *others, setpriority = own
    for number in others:
        yield from _with_zeros(number, 1)
    yield from _with_zeros(setpriority, 2)  # PRIO_PROCESS, which is 0, and oneself
    yield _EQUAL, 1, 0, socket
    yield _RETURN, 0, 0, _ALLOW
    yield _LOAD, 0, 0, 16
    for family in _FAMILIES:
        yield _EQUAL, 0, 1, family
        yield _RETURN, 0, 0, _ALLOW
    yield _RETURN, 0, 0, _ERRNO | _EAFNOSUPPORT


def _with_zeros(number: int, arguments: int) -> Iterable[tuple[int, int, int, int]]:
    """This call only when its first arguments are 0."""
    yield _EQUAL, 0, 2 * arguments + 2, number
    for at in range(arguments):
        yield _LOAD, 0, 0, 16 + 8 * at
        yield _EQUAL, 0, 2 * (arguments - at) - 1, 0
    yield _RETURN, 0, 0, _ALLOW
    yield _RETURN, 0, 0, _ERRNO | _EPERM


# Landlock: what can be had where namespaces are forbidden

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR, _TRUNCATE, _IOCTL = 1, 2, 4, 8, 1 << 14, 1 << 15
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL
_RIGHTS_BY_ABI = (13, 14, 15, 15, 16)  # how many bits of rights each version of the interface knows
_SCOPE_ABI, _ABSTRACT_SOCKETS_AND_SIGNALS = 6, 3


def landlock_abi(kernel: Kernel) -> int:
    """Version of the interface, 0 when there is none."""
    try:
        return kernel.call("syscall", _SYS_LANDLOCK_CREATE, None, 0, 1)
    except (OSError, AttributeError):
        return 0


def landlock(kernel: Kernel, readable: Iterable[bytes], writable: Iterable[bytes], masks: Iterable[bytes] = ()) -> None:
    """From now on only these places can be opened; no ptrace, and from version 6 on no signal and no abstract socket,
    to processes outside. masks: what cannot be read within `readable`. Does nothing where the kernel has no Landlock.
    no_new_privileges comes first."""
    abi = landlock_abi(kernel)
    if not abi:
        return
    handled = (1 << _RIGHTS_BY_ABI[min(abi, len(_RIGHTS_BY_ABI)) - 1]) - 1
    scoped = _ABSTRACT_SOCKETS_AND_SIGNALS if abi >= _SCOPE_ABI else 0
    attributes = b"".join(value.to_bytes(8, sys.byteorder) for value in (handled, 0, scoped))
    size = 24 if abi >= _SCOPE_ABI else 8
    ruleset = kernel.call("syscall", _SYS_LANDLOCK_CREATE, attributes, size, 0)
    hidden = list(masks)
    for rights, place in (*_around(readable, hidden), *((handled, place) for place in writable)):
        _permit(kernel, ruleset, place, rights & handled)
    kernel.call("syscall", _SYS_LANDLOCK_RESTRICT, ruleset, 0)
    os.close(ruleset)


def _around(places: Iterable[bytes], masks: list[bytes]) -> Iterable[tuple[int, bytes]]:
    """Rights and places: a rule cannot take away what one above it gives, so around a mask all others are named. Links
    are not: a rule would be for what they lead to."""
    for place in places:
        inner = [mask for mask in masks if _inside(mask, place)]
        if not inner:
            yield _READ, place
        elif place not in inner:
            yield _READ_DIR, place
            paths = (os.path.join(place, name) for name in os.listdir(place))
            yield from _around((path for path in paths if not os.path.islink(path)), inner)


def _permit(kernel: Kernel, ruleset: int, place: bytes, rights: int) -> None:
    try:
        descriptor = os.open(place, _O_PATH)
    except OSError:
        return
    if not os.path.isdir(place):
        rights &= _OF_FILES
    rule = rights.to_bytes(8, sys.byteorder) + descriptor.to_bytes(4, sys.byteorder)
    kernel.call("syscall", _SYS_LANDLOCK_RULE, ruleset, 1, rule, 0)
    os.close(descriptor)
