"""The sandbox as its users see it: what a run gives back, what it can see, and that it cleans up after everything."""

import contextlib
import itertools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_healer.adapters import sandbox, sandbox_places
from gitops_healer.adapters.sandbox import LocalSandbox, detect_sandbox, remove_tree, sandbox_at
from gitops_healer.adapters.sandbox_places import trail
from gitops_healer.adapters.sandbox_run import Kept, Run
from gitops_healer.errors import SandboxError
from gitops_healer.ports import Limits, Ran, Sandbox, SandboxLevel

LEVELS = (SandboxLevel.PROCESS, SandboxLevel.NAMESPACE, SandboxLevel.BUBBLEWRAP)
ROOT = Path(__file__).resolve().parents[2]


def python(program: str, *arguments: str) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", textwrap.dedent(program), *arguments]


def at(level: SandboxLevel, *visible: Path, parent: Path | None = None) -> Sandbox:
    try:
        return sandbox_at(level, visible, parent)
    except SandboxError as error:
        pytest.skip(f"no {level.value} here: {error}")


@pytest.fixture(params=LEVELS, ids=lambda level: level.value)
def box(request: pytest.FixtureRequest) -> Sandbox:
    return at(request.param)


@pytest.fixture
def scratch(box: Sandbox) -> Iterator[Path]:
    with box.scratch() as path:
        yield path


# What a run gives back


def test_output_exit_code_and_time(box: Sandbox, scratch: Path) -> None:
    ran = box.run(python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"), scratch)
    assert (ran.exit_code, ran.stdout, ran.stderr, ran.timed_out, ran.reason) == (3, b"out\n", b"err\n", False, "")
    assert ran.seconds > 0


def test_a_missing_program_is_127(box: Sandbox, scratch: Path) -> None:
    for argv in (["no-such-program"], ["/no/such/program"], ["./missing"]):
        ran = box.run(argv, scratch)
        assert ran.exit_code == 127, argv
        assert b"No such file" in ran.stderr


def test_a_program_that_cannot_be_run_is_126(box: Sandbox, scratch: Path) -> None:
    (scratch / "text").write_text("not a program")
    (scratch / "broken").write_bytes(b"\x7fELF nonsense")
    (scratch / "broken").chmod(0o755)
    (scratch / "directory").mkdir()
    for argv in ([""], ["./text"], ["./broken"], ["./directory"], [sys.executable, "-c", "pass", "x\0y"]):
        assert box.run(argv, scratch).exit_code == 126, argv


def test_death_by_a_signal_is_told(box: Sandbox, scratch: Path) -> None:
    ran = box.run(python("import os; os.kill(os.getpid(), 11)"), scratch)
    assert (ran.exit_code, ran.reason, ran.timed_out) == (None, "it was killed by SIGSEGV", False)


def test_too_long_is_told_and_what_was_said_is_kept(box: Sandbox, scratch: Path) -> None:
    ran = box.run(
        python("import time; print('so far', flush=True); time.sleep(60)"), scratch, limits=Limits(seconds=0.5)
    )
    assert (ran.exit_code, ran.stdout, ran.timed_out) == (None, b"so far\n", True)
    assert ran.reason == "it ran longer than 0.5 s"


def test_time_is_over_although_it_closed_its_streams(box: Sandbox, scratch: Path) -> None:
    ran = box.run(
        python("import os, time; os.close(0); os.close(1); os.close(2); time.sleep(60)"),
        scratch,
        limits=Limits(seconds=0.4),
    )
    assert ran.timed_out


def test_closed_streams_do_not_end_the_run(box: Sandbox, scratch: Path) -> None:
    program = "import os, time; os.closerange(0, 3); time.sleep(0.3); open('done', 'w').close(); os._exit(7)"
    assert box.run(python(program), scratch).exit_code == 7
    assert (scratch / "done").exists()


def test_much_input_and_output_at_once(box: Sandbox, scratch: Path) -> None:
    data = bytes(range(256)) * 12_000
    ran = box.run(python("import sys; sys.stdout.buffer.write(sys.stdin.buffer.read()[::-1])"), scratch, stdin=data)
    assert ran.stdout == data[::-1]


def test_input_that_nobody_reads(box: Sandbox, scratch: Path) -> None:
    assert box.run(python("pass"), scratch, stdin=bytes(3_000_000)).exit_code == 0


def test_a_gigabyte_of_output_is_cut_in_the_middle(box: Sandbox, scratch: Path) -> None:
    program = """
        import os
        os.write(1, b"first")
        block = b"x" * 1024**2
        for _ in range(1024): os.write(1, block)
        os.write(1, b"last")
    """
    ran = box.run(python(program), scratch, limits=Limits(output=100_000))
    assert ran.exit_code == 0
    assert ran.stdout.startswith(b"firstx") and ran.stdout.endswith(b"xlast")
    assert b"bytes left out" in ran.stdout
    assert len(ran.stdout) < 101_000


@given(st.lists(st.binary(max_size=50)), st.integers(0, 60))
def test_kept_is_all_or_head_and_tail(parts: list[bytes], limit: int) -> None:
    kept, whole = Kept(limit), b"".join(parts)
    for part in parts:
        kept.add(part)
    if len(whole) <= limit:
        assert kept.value() == whole
    else:
        head, _, rest = kept.value().partition(b"\n[... %d bytes left out ...]\n" % (len(whole) - limit))
        assert head == whole[: limit // 2]
        assert rest == whole[len(whole) - (limit - limit // 2) :]


def test_the_environment_is_clean_but_for_what_is_given(box: Sandbox, scratch: Path) -> None:
    ran = box.run(["env", "-0"], scratch, env={"GIVEN": "yes ü", "LANG": "C"})
    found = dict(item.split("=", 1) for item in ran.stdout.decode().split("\0") if item)
    assert sorted(found) == ["GIVEN", "HOME", "LANG", "PATH", "TMPDIR"]
    assert (found["GIVEN"], found["LANG"]) == ("yes ü", "C")
    assert Path(found["HOME"]).is_relative_to(scratch)


def test_home_and_temporary_directory_can_be_written(box: Sandbox, scratch: Path) -> None:
    program = """
        import os, tempfile
        open(os.path.expanduser("~/kept"), "w").close()
        print(tempfile.NamedTemporaryFile(delete=False).name)
    """
    ran = box.run(python(program), scratch)
    assert ran.exit_code == 0, ran
    assert not Path(ran.stdout.decode().strip()).exists(), "the temporary directory outlived the run"


def test_runs_in_a_directory_below(box: Sandbox, scratch: Path) -> None:
    (scratch / "a b" / "c").mkdir(parents=True)
    ran = box.run(python("import os; print(os.getcwd())"), scratch, cwd="a b/c")
    assert ran.stdout.decode() == f"{scratch}/a b/c\n"
    for wrong in ("..", "../other", "/etc", "a b/../../x"):
        with pytest.raises(SandboxError, match="inside the scratch directory"):
            box.run(["true"], scratch, cwd=wrong)
    assert box.run(["true"], scratch, cwd="missing").exit_code == 127


def test_bytes_stay_bytes(box: Sandbox, scratch: Path) -> None:
    ran = box.run(["printf", "%s", os.fsdecode(b"\xff\xfe z")], scratch, env={"X": os.fsdecode(b"\x80")})
    assert ran.stdout == b"\xff\xfe z"


def test_runs_side_by_side(box: Sandbox, scratch: Path) -> None:
    def one(number: int) -> Ran:
        return box.run(python("import sys; print(sys.argv[1] * 10000)", str(number)), scratch)

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(one, range(24)))
    assert [ran.stdout for ran in answers] == [f"{str(number) * 10000}\n".encode() for number in range(24)]


def test_nothing_is_left_open(box: Sandbox, scratch: Path) -> None:
    def descriptors() -> int:
        return len(list(Path("/dev/fd").iterdir()))

    before = descriptors()
    for argv in (["true"], ["no-such-program"], ["sleep", "5"]):
        box.run(argv, scratch, limits=Limits(seconds=0.3))
    assert descriptors() == before


def test_what_tests_commonly_need_works(box: Sandbox, scratch: Path) -> None:
    """Local servers, shared memory, pipes between processes, terminals, time zones, threads."""
    program = """
        import multiprocessing, os, pty, socket, subprocess, sys, threading
        from multiprocessing import shared_memory
        def double(number): return number * 2
        if __name__ == "__main__":
            server = socket.create_server(("127.0.0.1", 0))
            socket.create_connection(server.getsockname()).close()
            block = shared_memory.SharedMemory(create=True, size=100); block.close(); block.unlink()
            with multiprocessing.get_context("fork").Pool(2) as pool: assert pool.map(double, [1, 2]) == [2, 4]
            os.close(pty.openpty()[0])
            assert subprocess.run(["sh", "-c", "echo hi > /dev/null; cat < /dev/null"]).returncode == 0
            threads = [threading.Thread(target=len, args=("",)) for _ in range(30)]
            [thread.start() for thread in threads]
            open("/dev/urandom", "rb").read(1)
            subprocess.run([sys.executable, "-c", "import ssl, sqlite3, ctypes, lzma"], check=True)
            print("fine")
    """
    (scratch / "common.py").write_text(textwrap.dedent(program))
    ran = box.run([sys.executable, "common.py"], scratch)
    assert ran.stdout == b"fine\n", ran


# Limits


def test_why_it_was_stopped_is_told(box: Sandbox, scratch: Path) -> None:
    program = "import mmap, time; m = mmap.mmap(-1, 300 << 20); m.write(bytes(300 << 20)); time.sleep(9)"
    ran = box.run(python(program), scratch, limits=Limits(seconds=20, memory=200 << 20))
    assert ran.exit_code is None or ran.exit_code == 1
    assert "200 MiB are allowed" in ran.reason or b"MemoryError" in ran.stderr


def test_shared_pages_are_counted_once(box: Sandbox, scratch: Path) -> None:
    program = """
        import os, time
        data = b"x" * (90 << 20)
        for _ in range(6):
            if os.fork() == 0: time.sleep(0.6); os._exit(0)
        for _ in range(6): os.wait()
    """
    ran = box.run(python(program), scratch, limits=Limits(seconds=20, memory=300 << 20))
    assert (ran.exit_code, ran.reason) == (0, "")


def test_processes_of_the_user_elsewhere_do_not_count(box: Sandbox, scratch: Path) -> None:
    with contextlib.ExitStack() as stack:
        crowd = [stack.enter_context(subprocess.Popen(["sleep", "60"])) for _ in range(30)]
        program = "import os\nfor _ in range(5):\n    if os.fork() == 0: os._exit(0)\n    os.wait()"
        ran = box.run(python(program), scratch, limits=Limits(processes=20))
        for process in crowd:
            process.kill()
    assert (ran.exit_code, ran.reason) == (0, ""), ran


def test_a_full_disk_is_the_candidates_problem(box: Sandbox, scratch: Path) -> None:
    program = """
        import errno
        try:
            with open("/dev/full", "w") as file: file.write("x")
        except OSError as error: print(errno.errorcode[error.errno])
    """
    assert box.run(python(program), scratch).stdout == b"ENOSPC\n"


DISK = """
import sys
from pathlib import Path
from gitops_healer.adapters.sandbox import sandbox_at
from gitops_healer.ports import SandboxLevel
box = sandbox_at(SandboxLevel(sys.argv[1]), parent=Path(sys.argv[2]))
with box.scratch() as scratch:
    ran = box.run([sys.executable, "-c", '''
import time
for number in range(64):
    open(f"file{number}", "wb").write(bytes(1 << 20)); time.sleep(0.05)
'''], scratch)
    assert ran.exit_code is None and "disk" in ran.reason, ran
with box.scratch() as scratch:
    assert box.run(["true"], scratch).exit_code == 0
"""


@pytest.mark.parametrize("level", LEVELS, ids=lambda level: level.value)
def test_a_disk_that_fills_up(level: SandboxLevel, tmp_path: Path) -> None:
    at(level)
    mount = f'mount -t tmpfs -o size=16m none "{tmp_path}" && exec "$@"'
    program = ["unshare", "-rm", "sh", "-c", mount, "sh", sys.executable, "-c", DISK, level.value, str(tmp_path)]
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-rm", "true"], capture_output=True).returncode:
        pytest.skip("needs a small disk, which takes unshare")
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


HEALER = """
import sys
from pathlib import Path
from gitops_healer.adapters.sandbox import sandbox_at
from gitops_healer.ports import SandboxLevel
box = sandbox_at(SandboxLevel(sys.argv[1]))
program = '''
import os, time
if os.fork() == 0: os.setsid(); os.fork()
for number in range(600):
    open(f"beat-{os.getpid()}", "a").write("x"); time.sleep(0.05)
'''
box.run([sys.executable, "-c", program], Path(sys.argv[2]))
"""


@pytest.mark.parametrize("level", LEVELS, ids=lambda level: level.value)
def test_when_the_healer_is_killed_the_candidate_dies(level: SandboxLevel, tmp_path: Path) -> None:
    at(level)

    def beats() -> int:
        return sum(path.stat().st_size for path in tmp_path.glob("beat-*"))

    env = {**os.environ, "TMPDIR": str(tmp_path)}  # what the killed one cannot remove, pytest does
    with subprocess.Popen([sys.executable, "-c", HEALER, level.value, str(tmp_path)], cwd=ROOT, env=env) as healer:
        while beats() < 6 and healer.poll() is None:
            time.sleep(0.02)
        healer.send_signal(signal.SIGKILL)
    time.sleep(0.4)
    heard = beats()
    time.sleep(0.3)
    assert beats() == heard >= 6


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc and the signal of a dying parent")
def test_when_the_launcher_is_killed_the_candidate_dies(box: Sandbox, scratch: Path) -> None:
    program = python("import time\nfor _ in range(600): open('beat', 'a').write('x'); time.sleep(0.02)")
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(box.run, program, scratch)
        while not (scratch / "beat").exists():
            time.sleep(0.02)
        for pid in children_of(os.getpid()):
            os.kill(pid, signal.SIGKILL)
        ran = running.result()
    assert (ran.exit_code, ran.reason) == (None, "the sandbox itself was killed")
    heard = (scratch / "beat").stat().st_size
    time.sleep(0.1)
    assert (scratch / "beat").stat().st_size == heard


def children_of(parent: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if path.read_text().rpartition(")")[2].split()[1] == str(parent):
                found.append(int(path.parent.name))
    return found


def test_an_interrupted_run_leaves_nothing_behind(box: Sandbox, scratch: Path) -> None:
    program = python("import time\nfor _ in range(600): open('beat', 'a').write('x'); time.sleep(0.02)")
    previous = signal.signal(signal.SIGALRM, _interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.5)
        with pytest.raises(KeyboardInterrupt):
            box.run(program, scratch)
    finally:
        signal.signal(signal.SIGALRM, previous)
    heard = (scratch / "beat").stat().st_size
    time.sleep(0.1)
    assert (scratch / "beat").stat().st_size == heard


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


# Places


@pytest.mark.parametrize("name", ["plain", "with space", "nested/deep/er", os.fsdecode(b"by\xfftes\n")])
def test_scratch_anywhere(name: str, box: Sandbox, tmp_path: Path) -> None:
    parent = tmp_path / "home" / name
    parent.mkdir(parents=True)
    other = at(box.level, parent=parent)
    with other.scratch() as scratch:
        assert scratch.is_relative_to(parent)
        program = "import os, sys; sys.stdout.buffer.write(os.getcwdb()); open('written', 'w').close()"
        assert box.run(python(program), scratch).stdout == os.fsencode(scratch)
        assert (scratch / "written").exists()


def test_scratch_by_a_link(box: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "real" / "scratch").mkdir(parents=True)
    (tmp_path / "link").symlink_to("real")
    scratch = tmp_path / "link" / "scratch"
    (scratch / "file").write_text("here")
    ran = box.run(["cat", str(scratch / "file")], scratch)
    assert ran.stdout == b"here", ran


def test_what_is_visible_can_be_read_and_not_written(box: Sandbox, tmp_path: Path) -> None:
    shown = tmp_path / "home" / "shown"
    shown.mkdir(parents=True)
    (shown / "file").write_text("seen")
    (tmp_path / "link").symlink_to("home/shown")
    other = at(box.level, tmp_path / "link", shown / "file", tmp_path / "missing")
    with other.scratch() as scratch:
        for path in (shown / "file", tmp_path / "link" / "file"):
            assert other.run(["cat", str(path)], scratch).stdout == b"seen"


@pytest.fixture(scope="module")
def hidden_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which an interpreter was installed: a copy of ours, as pyenv and uv make them."""
    prefix = tmp_path_factory.mktemp("home") / ".pythons" / "mine"
    library = Path(os.__file__).parent
    ignored = shutil.ignore_patterns("site-packages", "test", "__pycache__", "config-*", "idlelib", "tkinter", "*.a")
    shutil.copytree(library, prefix / "lib" / library.name, ignore=ignored, symlinks=True)
    (prefix / "bin").mkdir()
    shutil.copy(Path(sys.executable).resolve(), prefix / "bin" / "python3")
    (prefix / "lib" / library.name / "lib-dynload").mkdir(exist_ok=True)
    return prefix.parent.parent


def test_an_interpreter_under_a_home(hidden_home: Path, box: Sandbox) -> None:
    interpreter = hidden_home / ".pythons" / "mine" / "bin" / "python3"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", hidden_home / "venv"], check=True)
    venv = hidden_home / "other-venv"
    subprocess.run([interpreter, "-m", "venv", "--without-pip", venv], check=True)
    (hidden_home / "secret").write_text("secret")
    packages = next(venv.glob("lib/python*/site-packages"))
    (packages / "installed.py").write_text("value = 42")
    other = at(box.level, venv, hidden_home / "venv")
    with other.scratch() as scratch:
        ran = other.run([str(venv / "bin" / "python"), "-c", "import installed; print(installed.value)"], scratch)
        assert ran.stdout == b"42\n", ran
        ran = other.run([str(hidden_home / "venv" / "bin" / "python"), "-c", "import json; print(1)"], scratch)
        assert ran.stdout == b"1\n", ran
        if box.level is not SandboxLevel.PROCESS:
            assert other.run(["cat", str(hidden_home / "secret")], scratch).exit_code == 1


def test_trail_agrees_with_the_system(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "x").symlink_to("a/../a/./b")
    (tmp_path / "a" / "y").symlink_to(tmp_path / "x")
    (tmp_path / "a" / "b" / "z").symlink_to("../y/..")
    for name in ("x", "a/y", "x/z", "x/z/b", "a/b/../y", "missing/further", "x/missing"):
        assert trail(f"{tmp_path}/{name}").real == os.path.realpath(tmp_path / name)


def test_a_circle_of_links_ends(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    assert len(trail(f"{tmp_path}/loop/x").links) < 100


def test_no_place_within_another(tmp_path: Path) -> None:
    (tmp_path / "in" / "ner").mkdir(parents=True)
    binds = sandbox_places.view_of([tmp_path / "in" / "ner", tmp_path / "in", tmp_path / "in"]).binds
    for one, other in itertools.permutations(binds, 2):
        assert not Path(one).is_relative_to(other)


# Detection


def test_the_strongest_that_works_is_taken() -> None:
    found = detect_sandbox(SandboxLevel.NONE)
    for level in LEVELS:
        if level.strength > found.level.strength:
            with pytest.raises(SandboxError):
                sandbox_at(level)


def test_namespaces_are_used_where_they_can_be_had() -> None:
    """Without this test a level that broke would only be skipped in all others."""
    names = ["unshare", "--user", "--mount", "--pid", "--net", "--ipc", "--uts", "--fork", "--mount-proc", "true"]
    if shutil.which("unshare") is None or subprocess.run(names, capture_output=True).returncode:
        pytest.skip("this machine forbids namespaces")
    assert sandbox_at(SandboxLevel.NAMESPACE).level is SandboxLevel.NAMESPACE


def test_a_sandbox_that_cannot_start_is_an_error(tmp_path: Path) -> None:
    box = at(SandboxLevel.PROCESS)
    assert isinstance(box, LocalSandbox)
    order = box.order(["true"], tmp_path, {}, Limits(), ".", str(tmp_path))
    with pytest.raises(SandboxError, match="NameError"):
        Run([os.fsencode(sys.executable), b"-c", b"missing"], order, Limits(), b"").to_the_end()
    with pytest.raises(SandboxError, match="cannot start /no/such/python"):
        Run([b"/no/such/python"], order, Limits(), b"").to_the_end()


def test_what_cannot_be_had_is_an_instruction() -> None:
    if shutil.which("bwrap"):
        pytest.skip("bubblewrap is here")
    with pytest.raises(SandboxError) as raised:
        detect_sandbox(SandboxLevel.BUBBLEWRAP)
    for words in ("testing.sandbox demands bubblewrap", "Install bubblewrap", "there is no program bwrap"):
        assert words in str(raised.value)


def test_walls_that_cannot_be_built_are_not_pretended() -> None:
    """In a user namespace that may have no other inside, level `namespace` must refuse and `process` must work."""
    program = """
        from gitops_healer.adapters.sandbox import detect_sandbox
        from gitops_healer.errors import SandboxError
        from gitops_healer.ports import SandboxLevel
        print(detect_sandbox(SandboxLevel.PROCESS).level.value)
        try: detect_sandbox(SandboxLevel.NAMESPACE)
        except SandboxError as error: print(error)
    """
    shell = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"'
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-r", "true"], capture_output=True).returncode:
        pytest.skip("takes unshare")
    done = subprocess.run(
        ["unshare", "-r", "sh", "-c", shell, "sh", sys.executable, "-c", textwrap.dedent(program)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.startswith("process\n"), done
    assert "unshare: No space left on device" in done.stdout


NOBODY = """
import os, subprocess, sys
from pathlib import Path
from gitops_healer.adapters.sandbox import sandbox_at
from gitops_healer.ports import Limits, SandboxLevel
box = sandbox_at(SandboxLevel(sys.argv[1]))
program = '''
import os
made = 0
try:
    for _ in range(200):
        if os.fork() == 0: import time; time.sleep(5); os._exit(0)
        made += 1
except OSError: pass
print(5 <= made <= 30, os.getuid())
os.mkdir("locked"); open("locked/file", "w").close(); os.chmod("locked", 0)
'''
crowd = [subprocess.Popen(["sleep", "60"]) for _ in range(40)]
with box.scratch() as scratch:
    ran = box.run([sys.executable, "-c", program], scratch, limits=Limits(processes=30))
    assert ran.stdout == b"True 65534\\n", ran
assert not scratch.exists()
for process in crowd:
    process.kill()
    process.wait()
print("fine")
"""


USABLE = """
import subprocess, sys
import gitops_healer.adapters.sandbox
subprocess.run([sys.executable, "-c", "pass"], check=True)
"""


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become nobody")
@pytest.mark.parametrize("level", LEVELS, ids=lambda level: level.value)
def test_as_an_unprivileged_user(level: SandboxLevel) -> None:
    at(level)
    with tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o755)
        shutil.copytree(
            ROOT / "gitops_healer", f"{directory}/gitops_healer", ignore=shutil.ignore_patterns("__pycache__")
        )
        packages = [path for path in sys.path if path.endswith("site-packages")]
        env = {"PYTHONPATH": ":".join([directory, *packages])}

        def as_nobody(interpreter: str, program: str) -> subprocess.CompletedProcess[str]:
            argv = [
                "setpriv",
                "--reuid=65534",
                "--regid=65534",
                "--clear-groups",
                interpreter,
                "-c",
                program,
                level.value,
            ]
            return subprocess.run(argv, env=env, cwd="/", capture_output=True, text=True, check=False)

        usable = (
            interpreter
            for interpreter in (sys.executable, "/usr/bin/python3")
            if shutil.which("setpriv") and not as_nobody(interpreter, USABLE).returncode
        )
        interpreter = next(usable, None) or pytest.skip("there is no interpreter that nobody may use")
        done = as_nobody(interpreter, NOBODY)
    assert done.stdout == "fine\n", done.stderr


# Removal


def test_scratch_is_removed_whatever_was_left_in_it(box: Sandbox, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("keep")
    program = """
        import os, sys
        os.symlink(sys.argv[1], "link"); os.mkfifo("pipe")
        os.makedirs("locked/inner"); open("locked/inner/file", "w").close()
        os.symlink(sys.argv[1], "locked/inner/link")
        os.chmod("locked/inner", 0); os.chmod("locked", 0)
        os.mkdir("read-only"); open("read-only/file", "w").close(); os.chmod("read-only", 0o500)
        top = os.getcwd()
        for _ in range(1200):
            os.mkdir("d" * 100); os.chdir("d" * 100)
        os.chmod(top, 0)
    """
    with box.scratch() as scratch:
        ran = box.run(python(program, str(outside)), scratch)
        assert ran.exit_code == 0, ran
    assert not scratch.exists()
    assert (outside / "precious").read_text() == "keep"


def test_scratch_is_removed_after_an_error(box: Sandbox) -> None:
    with pytest.raises(ZeroDivisionError), box.scratch() as scratch:
        (scratch / "file").write_text("x")
        raise ZeroDivisionError
    assert not scratch.exists()


def test_a_scratch_that_became_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "precious").write_text("keep")
    (tmp_path / "scratch").symlink_to("outside")
    remove_tree(str(tmp_path / "scratch"))
    assert not os.path.lexists(tmp_path / "scratch")
    assert (tmp_path / "outside" / "precious").exists()


def test_import_does_nothing() -> None:
    assert not [name for name, value in vars(sandbox).items() if isinstance(value, (list, dict)) and name[:2] != "__"]
