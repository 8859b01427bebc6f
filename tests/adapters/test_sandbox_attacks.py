"""Every promise of the sandbox attacked for real, at every level that this machine has.

The table says for each attack and level whether it must fail. HELD: it must; OPEN: it is known to succeed, and the test
fails when it does not (then the documentation is out of date); UNSTATED: depends on the user or the machine.
Attacks marked `control` are also run with no sandbox at all, where they must succeed: a broken attack proves nothing.
"""

import contextlib
import functools
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import pytest

from gitops_healer.adapters import sandbox_walls
from gitops_healer.adapters.sandbox import LocalSandbox, remove_tree, sandbox_at
from gitops_healer.adapters.sandbox_places import view_of
from gitops_healer.errors import SandboxError
from gitops_healer.ports import Limits, Ran, Sandbox, SandboxLevel

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the attacks are written for Linux")

SECRET = "s3cr3t-of-the-maintainer"
MIB = 1024**2
QUICK = Limits(seconds=20)
SMALL = Limits(20, memory=128 * MIB)
LEVELS = (SandboxLevel.PROCESS, SandboxLevel.NAMESPACE, SandboxLevel.BUBBLEWRAP)


class Wall(Enum):
    HELD = "held"
    OPEN = "open"
    UNSTATED = "unstated"


def landlock(version: int) -> Wall:
    """At level `process` some attacks fail where the kernel has Landlock of this version."""
    if sys.platform != "linux":
        return Wall.UNSTATED
    return Wall.HELD if sandbox_walls.landlock_abi(sandbox_walls.Kernel()) >= version else Wall.OPEN


def has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


def ptrace_is_free() -> bool:
    """Whether a process may look into any other one of the same user (Yama's ptrace_scope 0, or no Yama)."""
    scope = Path("/proc/sys/kernel/yama/ptrace_scope")
    return not scope.exists() or scope.read_text().strip() == "0"


HAS_IPV6 = has_ipv6()
PTRACE_IS_FREE = ptrace_is_free()
FILTERED = Wall.HELD if sandbox_walls.system_calls_are_filtered() else Wall.UNSTATED
OURS = str(Path(sandbox_walls.__file__).parent)


@dataclass(frozen=True)
class World:
    """What lies around the sandbox: somebody's home with secrets, servers, an innocent process; and what they saw."""

    home: Path
    packages: Path
    scratch: Path
    tcp: int
    udp: int
    unix: Path
    abstract: str
    victim: int
    seen: list[str]
    tcp6: int = 0
    terminal: str = ""
    shared: str = ""

    @property
    def facts(self) -> dict[str, str]:
        return {
            "SECRET": SECRET, "HOME_": str(self.home), "PACKAGES": str(self.packages), "TCP": str(self.tcp),
            "UDP": str(self.udp), "UNIX": str(self.unix), "ABSTRACT": self.abstract, "VICTIM": str(self.victim),
            "TCP6": str(self.tcp6), "TERMINAL": self.terminal, "SHARED": self.shared, "OURS": OURS,
            "TMP": str(self.home.parent),
        }  # fmt: skip


Succeeded = Callable[[World, Ran], bool]


def says_it(world: World, ran: Ran) -> bool:
    return b"SUCCESS" in ran.stdout


def was_seen(world: World, ran: Ran) -> bool:
    time.sleep(0.05)
    return bool(world.seen)


def wrote_outside(world: World, ran: Ran) -> bool:
    return any(world.home.rglob("planted")) or (world.packages / "planted").exists()


def left_a_mark(world: World, ran: Ran) -> bool:
    time.sleep(0.7)
    return (world.scratch / "mark").exists()


def killed_the_victim(world: World, ran: Ran) -> bool:
    state = Path(f"/proc/{world.victim}/stat").read_text().rpartition(")")[2].split()[0]
    return state == "Z"


def was_never_stopped(world: World, ran: Ran) -> bool:
    return b"SUCCESS" in ran.stdout and not ran.reason


def ended_the_watch(world: World, ran: Ran) -> bool:
    return ran.reason == "the sandbox itself was killed"


def left_in_tmp(world: World, ran: Ran) -> bool:
    return any(world.home.parent.glob("planted-*"))


def caught_a_link(world: World, ran: Ran) -> bool:
    return (world.home / "caught").exists()


def cannot_be_removed(world: World, ran: Ran) -> bool:
    remove_tree(str(world.scratch))
    return world.scratch.exists() or not (world.home / ".ssh/id_rsa").exists()


def took_too_long(world: World, ran: Ran) -> bool:
    return ran.seconds > 4


def output_was_not_cut(world: World, ran: Ran) -> bool:
    return len(ran.stdout) > 2 * MIB or len(ran.stderr) > 2 * MIB


@dataclass(frozen=True)
class Attack:
    """program: Python; `F` holds the facts of the world. succeeded: how we know. process, walled: what is promised at
    that level, and at the two others."""

    name: str
    program: str
    succeeded: Succeeded = says_it
    process: Wall = Wall.HELD
    walled: Wall = Wall.HELD
    limits: Limits = QUICK
    control: bool = False

    def promised(self, level: SandboxLevel) -> Wall:
        return self.process if level is SandboxLevel.PROCESS else self.walled


def reading(what: str, where: str) -> Attack:
    program = f"import os; print('SUCCESS' if F['SECRET'] in open({where}).read() else '')"
    return Attack(f"read_{what}", program, process=landlock(1), control=True)


SYSTEM = """
        import ctypes, os
        libc = ctypes.CDLL(None, use_errno=True)"""


SECRETS = (
    Attack("read_environment", "import os\nif 'HEALER_SECRET' in os.environ: print('SUCCESS')", control=True),
    Attack("read_environment_of_others", """
        import glob
        for name in glob.glob("/proc/[0-9]*/environ"):
            try:
                if F["SECRET"].encode() in open(name, "rb").read(): print("SUCCESS")
            except OSError: pass
        """, process=landlock(1), control=True),
    reading("ssh_key", "F['HOME_'] + '/.ssh/id_rsa'"),
    reading("git_credentials", "F['HOME_'] + '/.git-credentials'"),
    reading("git_config_of_the_repository", "F['HOME_'] + '/project/.git/config'"),
    reading("ssh_key_by_a_link", "os.symlink(F['HOME_'], 'way') or 'way/.ssh/id_rsa'"),
    Attack("read_memory_of_init", "open('/proc/1/mem','rb').close(); print('SUCCESS')", process=Wall.UNSTATED),
    Attack("read_environment_of_init", "print('SUCCESS' if open('/proc/1/environ','rb').read() else '')",
           process=Wall.UNSTATED),
    Attack("walk_through_root_of_init", "import os; print('SUCCESS' if os.listdir('/proc/1/root/') else '')",
           process=Wall.UNSTATED),
    Attack("find_the_old_root", """
        import os
        for name in os.listdir("/"):
            if os.path.exists(f"/{name}{F['HOME_']}/.ssh/id_rsa"): print("SUCCESS", name)
        """),
    Attack("read_shadow", "print('SUCCESS' if open('/etc/shadow').read() else '')",
           process=landlock(1) if os.getuid() == 0 else Wall.HELD),
    Attack("see_other_processes", """
        if "sleep" in open("/proc/" + F["VICTIM"] + "/cmdline").read(): print("SUCCESS")
        """, process=Wall.UNSTATED, control=True),
    Attack("inherit_a_descriptor", "import os; print('SUCCESS' if len(os.listdir('/proc/self/fd')) > 4 else '')"),
    Attack("read_maps_of_others", "if open('/proc/'+F['VICTIM']+'/maps').read(): print('SUCCESS')",
           process=landlock(1), control=PTRACE_IS_FREE),
    Attack("follow_descriptors_of_others", "import os; os.readlink('/proc/'+F['VICTIM']+'/fd/0'); print('SUCCESS')",
           process=landlock(1), control=PTRACE_IS_FREE),
    Attack("read_memory_of_others", SYSTEM + """
        buffer = ctypes.create_string_buffer(8)
        local = (ctypes.c_size_t * 2)(ctypes.addressof(buffer), 8)
        remote = (ctypes.c_size_t * 2)(0x1000, 8)
        libc.process_vm_readv(int(F["VICTIM"]), local, 1, remote, 1, 0)
        if ctypes.get_errno() == 14: print("SUCCESS")
        """, process=landlock(1), control=PTRACE_IS_FREE),
    Attack("ptrace_others", SYSTEM + """
        if libc.ptrace(0x4206, int(F["VICTIM"]), None, None) == 0: print("SUCCESS")
        """, process=landlock(1), control=PTRACE_IS_FREE),
    Attack("ptrace_the_launcher", SYSTEM + """
        import os
        if libc.ptrace(0x4206, os.getppid(), None, None) == 0: print("SUCCESS")
        """, process=landlock(1)),
    Attack("read_memory_of_the_launcher", "import os; open(f'/proc/{os.getppid()}/mem','rb'); print('SUCCESS')",
           process=landlock(1)),
    Attack("steal_a_descriptor", SYSTEM + """
        import os
        handle = os.pidfd_open(int(F["VICTIM"]))
        if libc.syscall(438, handle, 0, 0) >= 0: print("SUCCESS")
        """, process=landlock(1), control=PTRACE_IS_FREE),
    Attack("steal_a_descriptor_of_the_launcher", SYSTEM + """
        import os
        handle = os.pidfd_open(os.getppid())
        for number in range(20):
            if libc.syscall(438, handle, number, 0) >= 0: print("SUCCESS")
        """, process=landlock(1)),
    Attack("read_by_a_hard_link", """
        import os
        os.link(F["HOME_"] + "/.ssh/id_rsa", "taken")
        if F["SECRET"] in open("taken").read(): print("SUCCESS")
        """, process=landlock(1), control=True),
    Attack("read_by_a_handle", SYSTEM + """
        import os
        handle = ctypes.create_string_buffer((120).to_bytes(4, "little") + bytes(124))
        mount = ctypes.c_int()
        libc.name_to_handle_at(-100, os.getcwd().encode(), handle, ctypes.byref(mount), 0)
        if libc.open_by_handle_at(os.open(".", os.O_RDONLY), handle, 0) >= 0: print("SUCCESS")
        """),
    Attack("read_the_raw_disk", """
        import os, stat
        for folder, _, names in os.walk("/dev"):
            for path in (os.path.join(folder, name) for name in names):
                try:
                    if stat.S_ISBLK(os.lstat(path).st_mode) and open(path, "rb").read(1): print("SUCCESS", path)
                except OSError: pass
        for path in ("/dev/vda", "/dev/sda", "/dev/nvme0n1", "/dev/loop0", "/dev/mem", "/dev/kmsg", "/proc/kcore"):
            try: os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK)); print("SUCCESS", path)
            except OSError: pass
        """, process=landlock(1)),
    Attack("read_shared_memory_of_others", "if F['SECRET'] in open(F['SHARED']).read(): print('SUCCESS')",
           process=Wall.OPEN, control=True),
    Attack("reach_a_terminal", "open(F['TERMINAL'], 'r+b', 0).write(b'typed by a program'); print('SUCCESS')",
           process=Wall.OPEN, control=True),
    Attack("reach_key_rings", SYSTEM + """
        keyctl, add_key = {"x86_64": (250, 248), "aarch64": (219, 217)}[os.uname().machine]
        if any(libc.syscall(keyctl, 0, ring, 1) > 0 for ring in (-3, -4, -5)): print("SUCCESS")
        if libc.syscall(add_key, b"user", b"healer", b"x", 1, -2) > 0: print("SUCCESS")
        """, process=FILTERED),
)  # fmt: skip

NETWORK = (
    Attack("connect_to_the_host", """
        import socket; socket.create_connection(("127.0.0.1", int(F["TCP"])), 1).send(b"hi")
        """, was_seen, Wall.OPEN, control=True),
    Attack("ask_a_name_server", "import socket; socket.socket(2, 2).sendto(b'query', ('127.0.0.1', int(F['UDP'])))",
           succeeded=was_seen, process=Wall.OPEN, control=True),
    Attack("connect_to_a_unix_socket", "import socket; socket.socket(1, 1).connect(F['UNIX'])",
           succeeded=was_seen, process=Wall.OPEN, control=True),
    Attack("connect_to_an_abstract_socket", "import socket; socket.socket(1, 1).connect(chr(0)+F['ABSTRACT'])",
           succeeded=was_seen, process=landlock(6), control=True),
    Attack("resolve_a_name", "import socket; socket.getaddrinfo('example.org', 80); print('SUCCESS')",
           process=Wall.UNSTATED),
    Attack("call_the_hypervisor", "import socket; socket.socket(socket.AF_VSOCK, 1); print('SUCCESS')",
           process=Wall.UNSTATED),
    Attack("see_network_cards", "import socket; print('SUCCESS' if len(socket.if_nameindex()) > 1 else '')",
           process=Wall.UNSTATED),
    Attack("connect_by_ipv6", "import socket; socket.create_connection(('::1', int(F['TCP6'])), 1).send(b'hi')",
           was_seen, Wall.OPEN if HAS_IPV6 else Wall.UNSTATED, control=HAS_IPV6),
    Attack("connect_without_waiting", """
        import select, socket
        caller = socket.socket(); caller.setblocking(False)
        caller.connect_ex(("127.0.0.1", int(F["TCP"])))
        select.select([], [caller], [], 1); caller.send(b"hi")
        """, was_seen, Wall.OPEN, control=True),
    Attack("open_raw_sockets", """
        import socket
        for kind in ((2, socket.SOCK_RAW, 1), (10, socket.SOCK_RAW, 58), (17, socket.SOCK_RAW, 0x300)):
            try: socket.socket(*kind); print("SUCCESS", kind)
            except OSError: pass
        """),
    Attack("open_rare_sockets", """
        import socket
        for family in (3, 4, 5, 9, 21, 29, 30, 31, 38, 39, 40, 41, 42, 43, 44, 45):
            for kind in (1, 2, 3, 5):
                try: socket.socket(family, kind); print("SUCCESS", family, kind)
                except OSError: pass
        """, process=FILTERED),
    Attack("set_up_io_uring", SYSTEM + """
        if libc.syscall(425, 8, ctypes.create_string_buffer(120)) >= 0: print("SUCCESS")
        """, process=FILTERED),
    Attack("call_by_other_doors", SYSTEM + """
        if os.uname().machine == "x86_64":
            if libc.syscall(0x40000000 | 39) > 0: print("SUCCESS x32")
            import mmap
            page = mmap.mmap(-1, 4096, prot=7)
            page.write(bytes.fromhex("53 b8 14 00 00 00 cd 80 5b c3"))  # getpid by int 0x80
            address = ctypes.addressof(ctypes.c_char.from_buffer(page))
            if ctypes.CFUNCTYPE(ctypes.c_int)(address)() == os.getpid(): print("SUCCESS int 0x80")
        """, process=FILTERED),
    Attack("enter_the_network_of_init", SYSTEM + """
        import os
        for name in os.listdir("/proc/1/ns"):
            try: handle = os.open("/proc/1/ns/" + name, os.O_RDONLY)
            except OSError: continue
            if libc.setns(handle, 0) == 0: print("SUCCESS", name)
        """, process=Wall.HELD if os.getuid() else landlock(1)),
)  # fmt: skip

WRITING = (
    Attack("write_home", "open(F['HOME_']+'/planted', 'w')", wrote_outside, landlock(1), control=True),
    Attack("write_repository", "open(F['HOME_']+'/project/.git/hooks/planted', 'w')", wrote_outside, landlock(1),
           control=True),
    Attack("write_site_packages", "open(F['PACKAGES']+'/planted', 'w')", wrote_outside, landlock(1), control=True),
    Attack("write_through_a_link", "import os; os.symlink(F['HOME_'], 'out'); open('out/planted', 'w')", wrote_outside,
           landlock(1), control=True),
    Attack("write_beside_the_scratch", "open('../planted', 'w')", wrote_outside, landlock(1), control=True),
    Attack("write_by_proc", "open('/proc/self/cwd/../../planted', 'w')", wrote_outside, landlock(1), control=True),
    Attack("write_by_root_of_parent", "import os; open(f'/proc/{os.getppid()}/root{F[\"HOME_\"]}/planted', 'w')",
           wrote_outside, landlock(1), control=True),
    Attack("write_system", """
        import os
        for directory in ("/etc", "/usr", "/usr/lib", "/bin", "/opt", "/", "/home", "/dev", "/run", "/var"):
            try: os.mkdir(directory + "/planted-by-test"); os.rmdir(directory + "/planted-by-test")
            except OSError: continue
            print("SUCCESS", directory)
        """, process=landlock(1) if os.getuid() == 0 else Wall.HELD),
    Attack("change_the_kernel", """
        for name in ("kernel/core_pattern", "kernel/hostname", "vm/overcommit_memory", "user/max_user_namespaces"):
            try: open("/proc/sys/" + name, "r+b").close()
            except OSError: continue
            print("SUCCESS", name)
        """, process=landlock(1) if os.getuid() == 0 else Wall.HELD),
    Attack("plant_what_python_starts_with", """
        import os, site
        for folder in (F["PACKAGES"], F["HOME_"] + "/project", F["HOME_"] + "/project/.git"):
            for name in ("sitecustomize.py", "usercustomize.py", "conftest.py", "planted.pth", "pytest.ini"):
                try: open(f"{folder}/{name}", "w").close(); open(f"{folder}/planted", "w").close()
                except OSError: pass
        """, wrote_outside, landlock(1), control=True),
    Attack("plant_in_the_user_site", """
        import os
        folder = F["HOME_"] + "/.local/lib/python3.11/site-packages"
        os.makedirs(folder, exist_ok=True); open(folder + "/planted", "w").close()
        """, wrote_outside, landlock(1), control=True),
    Attack("poison_caches", """
        import os
        places = [F["HOME_"] + "/" + name for name in (".cache/pip", "project/.mypy_cache", "project/.pytest_cache",
                  "project/__pycache__", "project/.ruff_cache")]
        for folder in (*places, F["PACKAGES"] + "/__pycache__"):
            try: os.makedirs(folder, exist_ok=True); open(folder + "/planted", "w").close()
            except OSError: pass
        """, wrote_outside, landlock(1), control=True),
    Attack("poison_our_own_code", """
        import os
        for folder in (F["OURS"], F["OURS"] + "/__pycache__", os.path.dirname(os.__file__)):
            name = folder + "/planted-by-test"
            try: open(name, "w").close(); os.remove(name); print("SUCCESS", folder)
            except OSError: pass
        """, process=landlock(1)),
    Attack("write_shared_temporary_files", "open(F['TMP'] + '/planted-' + F['VICTIM'], 'w').close()",
           left_in_tmp, landlock(1), control=True),
    Attack("rename_out", """
        import os
        open("inner", "w").close(); os.rename("inner", "../planted")
        """, wrote_outside, landlock(1), control=True),
    Attack("swap_a_link_while_writing", """
        import os, time
        os.mkdir("real")
        swapper = os.fork()
        while swapper == 0:
            os.rename("real", "kept"); os.symlink(F["HOME_"], "real"); time.sleep(0.001)
            os.remove("real"); os.rename("kept", "real"); time.sleep(0.001)
        for _ in range(200):
            try: open("real/caught", "w").close()
            except OSError: pass
            time.sleep(0.0007)
        os.kill(swapper, 9)
        """, caught_a_link, landlock(1), control=True),
    Attack("leave_what_cannot_be_deleted", """
        import os, socket
        os.makedirs(b"\\xff\\xfe/\\n/ "); open(b"\\xff\\xfe/\\n/ /-rf", "w").close(); os.mkfifo("pipe")
        socket.socket(1, 1).bind("socket"); os.symlink(F["HOME_"], "link"); os.symlink("loop", "loop")
        top = os.open(".", os.O_RDONLY)
        for _ in range(300):
            os.mkdir("d" * 200); os.chdir("d" * 200)
        os.fchdir(top)
        os.mkdir("closed"); open("closed/file", "w").close(); os.chmod("closed", 0); os.chmod(".", 0o500)
        """, cannot_be_removed),
    Attack("make_a_file_immutable", """
        import fcntl
        with open("stone", "w") as file: fcntl.ioctl(file, 0x40086602, (0x10).to_bytes(8, "little"))
        print("SUCCESS")
        """),
)  # fmt: skip

PRIVILEGES = (
    Attack("remount_and_unmount", """
        import ctypes, os
        libc = ctypes.CDLL(None)
        for place in (b"/", b"/etc", b"/usr", b"/proc", b"/tmp"):
            if libc.mount(None, place, None, 0x1000 | 0x20, None) == 0: print("SUCCESS remount", place)
            if libc.mount(b"/tmp", place, None, 0x1000, None) == 0: print("SUCCESS bind", place)
            if libc.umount2(place, 2) == 0: print("SUCCESS umount", place)
        """),
    Attack("nest_a_user_namespace", """
        import ctypes
        libc = ctypes.CDLL(None)
        if libc.unshare(0x10000000) == 0 or libc.unshare(0x10020000) == 0: print("SUCCESS")
        """, process=Wall.UNSTATED),
    Attack("gain_by_setuid_program", """
        import os, shutil
        for line in open("/proc/self/status"):
            if line.startswith("NoNewPrivs") and line.split()[1] != "1": print("SUCCESS")
        """, control=True),
    Attack("keep_capabilities", """
        for line in open("/proc/self/status"):
            name, _, value = line.partition(":")
            if name in ("CapEff", "CapPrm", "CapInh", "CapAmb") and int(value, 16): print("SUCCESS")
        """),
    Attack("keep_the_bounding_set", """
        for line in open("/proc/self/status"):
            if line.startswith("CapBnd") and int(line.split()[1], 16): print("SUCCESS")
        """, process=Wall.UNSTATED),
    Attack("become_nobody_or_root", """
        import os
        for uid in (0, 65534, 1):
            if uid != os.getuid():
                try: os.setuid(uid)
                except OSError: continue
                print("SUCCESS")
        """, process=Wall.UNSTATED),
    Attack("escape_by_chroot", """
        import os
        os.mkdir("cell"); os.chroot("cell")
        for _ in range(50): os.chdir("..")
        os.chroot("."); print("SUCCESS")
        """),
    Attack("make_a_device", "import os; os.mknod('disk', 0o60600, os.makedev(8, 0)); print('SUCCESS')"),
    Attack("open_devices", """
        import os
        for path in ("/dev/mem", "/dev/kmsg", "/dev/kvm", "/dev/fuse", "/dev/net/tun", "/dev/vhost-net", "/dev/vda",
                     "/dev/sda", "/dev/uinput", "/dev/userfaultfd", "/dev/mapper/control", "/dev/loop-control"):
            try: os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK)); print("SUCCESS", path)
            except OSError: pass
        """, process=landlock(1)),
    Attack("set_the_clock", "import time; time.clock_settime(0, time.time()); print('SUCCESS')"),
    Attack("set_the_hostname", "import socket; socket.sethostname(socket.gethostname()); print('SUCCESS')"),
    Attack("watch_the_kernel", SYSTEM + """
        perf, bpf, faults = {"x86_64": (298, 321, 323), "aarch64": (241, 280, 282)}[os.uname().machine]
        attributes = ctypes.create_string_buffer((1).to_bytes(4, "little") + (120).to_bytes(4, "little") + bytes(112))
        if libc.syscall(perf, attributes, 0, -1, -1, 0) >= 0: print("SUCCESS perf_event_open")
        array = ctypes.create_string_buffer(b"".join(n.to_bytes(4, "little") for n in (2, 4, 4, 1)) + bytes(112))
        if libc.syscall(bpf, 0, array, 128) >= 0: print("SUCCESS bpf")
        if libc.syscall(faults, 1) >= 0: print("SUCCESS userfaultfd")
        """, process=FILTERED),
    Attack("raise_limits", """
        import resource
        for name in ("CORE", "CPU", "FSIZE", "DATA", "AS", "NPROC", "NOFILE"):
            kind = getattr(resource, "RLIMIT_" + name)
            hard = resource.getrlimit(kind)[1]
            try: resource.setrlimit(kind, (hard + 1, hard + 1)); print("SUCCESS", name)
            except (OSError, ValueError): pass
        """),
    Attack("undo_no_new_privileges", SYSTEM + """
        if libc.prctl(38, 0, 0, 0, 0) == 0: print("SUCCESS")
        libc.prctl(22, 0, None)
        """),
)  # fmt: skip

OTHERS = (
    Attack("kill_the_parent", "import os; os.kill(os.getppid(), 9)", ended_the_watch, landlock(6)),
    Attack("kill_a_bystander", "import os; os.kill(int(F['VICTIM']), 9)", killed_the_victim, landlock(6), control=True),
    Attack("interrupt_init", """
        import os, signal, time
        for number in (2, 15, 1, 9, 19):
            try: os.kill(os.getppid(), number)
            except OSError: pass
        time.sleep(0.1)
        """, ended_the_watch, landlock(6)),
    Attack("stay_behind", """
        import os, time
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                for fd in (0, 1, 2): os.close(fd)
                time.sleep(0.5); open("mark", "w").close()
            os._exit(0)
        time.sleep(0.1)
        """, left_a_mark, control=True),
    Attack("stay_behind_holding_the_pipes", """
        import os, time
        for _ in range(5):
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0: time.sleep(0.5); open("mark", "w").close()
                os._exit(0)
        """, left_a_mark),
    Attack("outlive_the_time", """
        import os, signal, time
        for number in range(1, 65):
            try: signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError): pass
        if os.fork() == 0: os.setsid()
        time.sleep(0.9); open("mark", "w").close()
        """, left_a_mark, limits=Limits(seconds=0.4)),
    Attack("limit_a_bystander", """
        import resource
        resource.prlimit(int(F["VICTIM"]), resource.RLIMIT_NOFILE, (9, 9)); print("SUCCESS")
        """, process=FILTERED, control=True),
    Attack("blind_the_watch", """
        import os, resource
        resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE, (0, 0)); print("SUCCESS")
        """, process=FILTERED),
    Attack("starve_a_bystander", "import os; os.setpriority(0, int(F['VICTIM']), 19); print('SUCCESS')",
           process=FILTERED, control=True),
    Attack("starve_the_watch", """
        import os
        for act in (lambda: os.setpriority(0, os.getppid(), 19), lambda: os.setpriority(2, 0, 19),
                    lambda: os.sched_setscheduler(os.getppid(), 5, os.sched_param(0)),
                    lambda: os.sched_setparam(os.getppid(), os.sched_param(0))):
            try: act(); print("SUCCESS")
            except OSError: pass
        """, process=FILTERED),
    Attack("stay_behind_as_a_reaper", SYSTEM + """
        import os, time
        if os.fork() == 0:
            libc.prctl(1, 0, 0, 0, 0); libc.prctl(36, 1, 0, 0, 0); os.setsid()
            if os.fork() == 0: time.sleep(0.5); open("mark", "w").close()
            time.sleep(1); os._exit(0)
        time.sleep(0.1)
        """, left_a_mark),
    Attack("outrun_the_killer", """
        import os, time
        until = time.time() + 0.7
        for _ in range(3):
            if os.fork() == 0:
                os.setsid()
                while time.time() < until:
                    if os.fork(): os._exit(0)
                open("mark", "w").close(); os._exit(0)
        time.sleep(0.1)
        """, left_a_mark),
    Attack("stop_everybody_it_sees", """
        import os, time
        for number in (19, 20, 21, 22):
            for pid in (os.getppid(), os.getsid(0)):
                if pid != os.getpid():
                    try: os.kill(pid, number)
                    except OSError: pass
        time.sleep(9)
        """, took_too_long, landlock(6), limits=Limits(seconds=0.4)),
)  # fmt: skip

AMOUNTS = (
    Attack("take_all_memory", "data = bytearray(700 << 20); print('SUCCESS')", limits=Limits(20, memory=256 * MIB)),
    Attack("reserve_all_memory", "import mmap; mmap.mmap(-1, 700 << 20, mmap.MAP_PRIVATE); print('SUCCESS')",
           limits=Limits(20, memory=256 * MIB), control=True),
    Attack("take_all_memory_by_family", """
        import os, time
        for _ in range(8):
            if os.fork() == 0:
                data = bytearray(os.urandom(1)) * (60 * 1024**2); time.sleep(8); os._exit(0)
        time.sleep(5); print("SUCCESS")
        """, was_never_stopped, limits=Limits(20, memory=256 * MIB)),
    Attack("take_all_memory_by_sharing", """
        import mmap, os, time
        kept = []
        for _ in range(8):
            kept.append(mmap.mmap(-1, 100 * 1024**2)); kept[-1].write(bytes(100 * 1024**2))
        time.sleep(1); print("SUCCESS")
        """, was_never_stopped, limits=Limits(20, memory=256 * MIB)),
    Attack("fork_without_end", """
        import os, time
        made = 0
        try:
            for _ in range(1000):
                if os.fork() == 0: time.sleep(8); os._exit(0)
                made += 1
        except OSError: pass
        time.sleep(0.3)
        if made > 50: print("SUCCESS", made)
        """, was_never_stopped, limits=Limits(20, processes=50)),
    Attack("write_a_huge_file", """
        import os
        with open("huge", "wb") as file:
            try:
                for _ in range(40): file.write(bytes(1024**2)); file.flush()
            except OSError: pass
        if os.path.getsize("huge") > 8 * 1024**2: print("SUCCESS")
        """, limits=Limits(20, file_size=8 * MIB), control=True),
    Attack("fill_memory_by_files", """
        import os, tempfile
        written = 0
        try:
            for number in range(40):
                with open(f"/tmp/{number}", "wb") as file: written += file.write(bytes(4 * 1024**2))
        except OSError: pass
        if written > 64 * 1024**2: print("SUCCESS")
        """, limits=Limits(20, file_size=32 * MIB), process=Wall.UNSTATED),
    Attack("dump_core", """
        import os, resource
        if resource.getrlimit(resource.RLIMIT_CORE) != (0, 0): print("SUCCESS")
        """),
    Attack("start_threads_without_end", """
        import threading, time
        made = 0
        try:
            for _ in range(300): threading.Thread(target=time.sleep, args=(3,), daemon=True).start(); made += 1
        except RuntimeError: pass
        time.sleep(0.2)
        if made > 50: print("SUCCESS", made, flush=True)
        import os; os._exit(0)
        """, was_never_stopped, limits=Limits(20, processes=50), control=True),
    Attack("open_descriptors_without_end", """
        import os
        try:
            for number in range(20000): os.dup(0)
        except OSError: pass
        if number > 10000: print("SUCCESS", number)
        """),
    Attack("keep_processors_busy_after_the_end", """
        import os, signal, time
        for _ in range(6):
            if os.fork() == 0:
                signal.signal(signal.SIGXCPU, signal.SIG_IGN)
                until = time.time() + 0.6
                while time.time() < until: pass
                open("mark", "w").close(); os._exit(0)
        time.sleep(9)
        """, left_a_mark, limits=Limits(seconds=0.3)),
    Attack("make_a_sparse_giant", """
        import os
        os.truncate(os.open("giant", os.O_CREAT | os.O_RDWR), 1 << 40); print("SUCCESS")
        """, limits=Limits(20, file_size=8 * MIB), process=Wall.HELD),
    Attack("flood_both_streams_without_a_line_end", """
        import os
        for _ in range(64):
            for stream in (1, 2): os.write(stream, b"x" * 1024**2)
        """, output_was_not_cut, limits=Limits(20, output=MIB), control=True),
    Attack("hide_memory_in_nameless_files", """
        import os, time
        for _ in range(10):
            file = os.memfd_create("hidden")
            for _ in range(30): os.write(file, bytes(1024**2))
        time.sleep(0.3); print("SUCCESS")
        """, was_never_stopped, limits=SMALL, process=FILTERED, control=True),
    Attack("hide_memory_in_detached_segments", SYSTEM + """
        import time
        libc.shmat.restype = ctypes.c_void_p
        kept = []
        try:
            for _ in range(10):
                kept.append(libc.shmget(0, 30 << 20, 0o1600)); place = libc.shmat(kept[-1], None, 0)
                ctypes.memset(place, 1, 30 << 20); libc.shmdt(ctypes.c_void_p(place))
            time.sleep(0.4); print("SUCCESS")
        finally:
            for segment in kept: libc.shmctl(segment, 0, None)
        """, was_never_stopped, limits=SMALL, process=Wall.OPEN, control=True),
    Attack("hide_memory_behind_dropped_pages", """
        import mmap, time
        kept = []
        for _ in range(10):
            kept.append(mmap.mmap(-1, 30 << 20)); kept[-1].write(bytes(30 << 20)); kept[-1].madvise(mmap.MADV_DONTNEED)
        time.sleep(0.3); print("SUCCESS")
        """, was_never_stopped, limits=SMALL, process=Wall.OPEN, walled=Wall.OPEN, control=True),
)  # fmt: skip

TOPICS = {
    "secrets": SECRETS, "network": NETWORK, "writing": WRITING, "privileges": PRIVILEGES, "other processes": OTHERS,
    "amounts": AMOUNTS,
}  # fmt: skip
ATTACKS = tuple(attack for attacks in TOPICS.values() for attack in attacks)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("HEALER_SECRET", SECRET)
    with world_in(tmp_path) as found:
        yield found


@contextlib.contextmanager
def world_in(directory: Path) -> Iterator[World]:
    """Everything that lies around a sandbox but the secret in our own environment."""
    home = directory / "home" / "maintainer"
    for name in (".ssh/id_rsa", ".git-credentials", "project/.git/config", "project/.git/hooks/pre-commit"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(SECRET)
    packages = directory / "venv" / "lib" / "site-packages"
    packages.mkdir(parents=True)
    scratch = home / "project" / ".git" / "scratch"
    scratch.mkdir()
    seen: list[str] = []
    terminal = os.openpty()
    shared = Path(f"/dev/shm/healer-test-{os.getpid()}")
    shared.write_text(SECRET)
    with Servers(directory, seen) as servers, subprocess.Popen(["sleep", "60"], env={"TOKEN": SECRET}) as victim:
        yield World(
            home, packages, scratch, servers.tcp, servers.udp, servers.path, servers.abstract, victim.pid, seen,
            servers.tcp6, os.ttyname(terminal[1]), str(shared),
        )  # fmt: skip
        victim.kill()
    shared.unlink()
    for descriptor in terminal:
        os.close(descriptor)


class Servers:
    """Real servers of every kind that note who comes."""

    def __init__(self, directory: Path, seen: list[str]) -> None:
        self.path = Path(os.path.relpath(directory / "s")) if len(str(directory)) > 90 else directory / "s"
        self.abstract = f"healer-test-{os.getpid()}"
        self._seen = seen
        self._sockets = [socket.socket(*kind) for kind in ((2, 1), (2, 2), (1, 1), (1, 1))]
        tcp, udp, unix, abstract = self._sockets
        tcp.bind(("127.0.0.1", 0))
        udp.bind(("127.0.0.1", 0))
        unix.bind(str(self.path))
        abstract.bind(f"\0{self.abstract}")
        self.tcp, self.udp, self.tcp6 = tcp.getsockname()[1], udp.getsockname()[1], 0
        for server in (tcp, unix, abstract):
            server.listen()
        if HAS_IPV6:
            self._sockets.append(socket.create_server(("::1", 0), family=socket.AF_INET6))
            self.tcp6 = self._sockets[-1].getsockname()[1]
        self._threads = [threading.Thread(target=self._wait_at, args=(server,)) for server in self._sockets]

    def _wait_at(self, server: socket.socket) -> None:
        try:
            if server.type == socket.SOCK_DGRAM:
                server.recv(10)
            else:
                server.accept()[0].close()
        except OSError:
            return
        if not self._closing:
            self._seen.append(str(server.family))

    def __enter__(self) -> "Servers":
        self._closing = False
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing = True
        for server in self._sockets:
            if server.type == socket.SOCK_DGRAM:
                with socket.socket(2, 2) as waker:
                    waker.sendto(b"", ("127.0.0.1", self.udp))
            else:
                server.shutdown(socket.SHUT_RDWR)
        for thread, server in zip(self._threads, self._sockets, strict=True):
            thread.join()
            server.close()


def code_of(attack: Attack, world: World) -> list[str]:
    lines = attack.program.splitlines()
    indent = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    body = "\n".join(line[indent:] for line in lines)
    return [sys.executable, "-I", "-S", "-c", f"F = {world.facts!r}\n{body}"]


@pytest.mark.parametrize("level", LEVELS, ids=lambda level: level.value)
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_attack(attack: Attack, level: SandboxLevel, world: World) -> None:
    wall = attack.promised(level)
    ran = sandbox_or_skip(level, world.packages).run(code_of(attack, world), world.scratch, limits=attack.limits)
    succeeded = attack.succeeded(world, ran)
    match wall:
        case Wall.HELD:
            assert not succeeded, ran
        case Wall.OPEN:
            assert succeeded, f"{attack.name} is no longer possible: say so in the table and in sandbox.py. {ran}"
        case Wall.UNSTATED:
            assert ran.stdout is not None


@pytest.mark.parametrize("attack", [attack for attack in ATTACKS if attack.control], ids=lambda attack: attack.name)
def test_the_attack_succeeds_where_there_is_no_sandbox(attack: Attack, world: World) -> None:
    done = subprocess.run(code_of(attack, world), cwd=world.scratch, capture_output=True, check=False)
    assert attack.succeeded(world, Ran(done.returncode, done.stdout, done.stderr, 0.0)), done


@pytest.mark.parametrize("level", LEVELS[1:], ids=lambda level: level.value)
def test_killing_everybody_kills_only_oneself(level: SandboxLevel, world: World) -> None:
    """Never tried at level `process`: without Landlock it would end all processes of whoever runs the tests."""
    program = """
import os, time
assert len([name for name in os.listdir("/proc") if name.isdigit()]) < 9, "the processes of the machine are in reach"
if os.fork() == 0: time.sleep(9)
os.kill(-1, 9)
print("alive")
"""
    ran = sandbox_or_skip(level).run([sys.executable, "-I", "-S", "-c", program], world.scratch)
    assert (ran.exit_code, ran.stdout, ran.reason) == (0, b"alive\n", "")
    assert not killed_the_victim(world, ran)


@pytest.mark.parametrize("level", LEVELS, ids=lambda level: level.value)
def test_links_that_one_run_leaves_do_not_lead_the_next_one_out(level: SandboxLevel, world: World) -> None:
    """Its home, its working directory and a file that it writes are links into the home of the maintainer by then."""
    box = sandbox_or_skip(level, world.packages)
    first = f"""
import os, shutil
home = os.environ["HOME"]
os.rmdir(home); os.symlink({str(world.home)!r}, home)
os.symlink({str(world.home)!r}, "src"); os.symlink({str(world.home / "planted")!r}, "file")
"""
    second = """
import os
for path in (os.path.expanduser("~/planted"), "planted", "../file", "src/planted"):
    try: open(path, "w").close()
    except OSError: pass
try: print("SUCCESS" if ".ssh" in os.listdir(".") + os.listdir(os.environ["HOME"]) else "")
except OSError: pass
"""
    assert box.run([sys.executable, "-I", "-S", "-c", first], world.scratch).exit_code == 0
    for cwd in (".", "src"):
        ran = box.run([sys.executable, "-I", "-S", "-c", second], world.scratch, cwd=cwd)
        succeeded = (world.home / "planted").exists() or says_it(world, ran)
        assert not succeeded or (level is SandboxLevel.PROCESS and landlock(1) is Wall.OPEN), ran


NO_FILES_LEFT = """
import sys
from pathlib import Path
from gitops_healer.adapters.sandbox import sandbox_at
from gitops_healer.ports import Limits, SandboxLevel
box = sandbox_at(SandboxLevel(sys.argv[1]), parent=Path(sys.argv[2]))
program = '''
import time
try:
    for number in range(9000): open(str(number), "w").close()
except OSError: pass
time.sleep(9)
'''
with box.scratch() as scratch:
    ran = box.run([sys.executable, "-I", "-S", "-c", program], scratch, limits=Limits(5))
    assert ran.exit_code is None and "no more files" in ran.reason, ran
with box.scratch() as scratch:
    assert box.run(["true"], scratch).exit_code == 0
"""


@pytest.mark.parametrize("level", LEVELS, ids=lambda level: level.value)
def test_a_disk_that_can_hold_no_more_files(level: SandboxLevel, tmp_path: Path) -> None:
    sandbox_or_skip(level)
    mount = f'mount -t tmpfs -o size=64m,nr_inodes=3000 none "{tmp_path}" && exec "$@"'
    program = [sys.executable, "-c", NO_FILES_LEFT, level.value, str(tmp_path)]
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-rm", "true"], capture_output=True).returncode:
        pytest.skip("needs a small disk, which takes unshare")
    root = Path(__file__).parents[2]
    command = ["unshare", "-rm", "sh", "-c", mount, "sh", *program]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@functools.cache
def missing(level: SandboxLevel) -> str:
    """Why this machine does not have a level, "" when it has."""
    try:
        sandbox_at(level)
    except SandboxError as error:
        return f"no {level.value} here: {error}"
    return ""


def sandbox_or_skip(level: SandboxLevel, *visible: Path) -> Sandbox:
    if missing(level):
        pytest.skip(missing(level))
    return LocalSandbox(level, view_of(visible))
