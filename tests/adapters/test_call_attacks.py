"""Attacks from inside a call: on our protocol, on the session's other calls, on other sessions, on determinism.

A call runs in the candidate's own process, beside our code, so what it says of itself is a claim: it can lie about its
value, its lines and its effects, as the table says (OPEN). What must hold is that it speaks for nobody else: not for
a call of another session, and by Python alone not for a later call of its own; and that nothing it does ends the rest.
"""

import contextlib
import functools
import json
import re
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from gitops_healer.adapters.caller import SandboxedCaller
from gitops_healer.adapters.repository import open_repository
from gitops_healer.adapters.sandbox import sandbox_at
from gitops_healer.core.calls import Call, Conditions, Seen
from gitops_healer.errors import SandboxError
from gitops_healer.ports import CallSession, Conversation, Limits, Ran, Sandbox, SandboxLevel
from gitops_healer.settings import load_settings
from tests.adapters.test_sandbox_attacks import LEVELS, Wall, landlock
from tests.conftest import GitRepo

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the attacks are written for Linux")

FORGED = '"forged"'
PATH = "hostile.py"
HEAD = """
import ctypes, gc, json, os, random, re, signal, subprocess, sys, tempfile, threading, time, uuid

libc = ctypes.CDLL(None, use_errno=True)
FAKE = {"ok": True, "value": '"forged"', "detail": "forged", "type": "", "frames": [], "seconds": 0.0, "effects": [],
        "lines": {}, "arguments": "", "deliberate": False}

def run(name, *args): return globals()[name](*args)
def double(x): return 2 * x
def tree(): return sorted(name for name in os.listdir(".") if name != "__pycache__")
def value(text): return eval(text)

def ours(name):
    return next(module for key, module in sys.modules.items() if key.rpartition(".")[2] == name)

def parent_of(pid):
    with open(f"/proc/{pid}/stat") as stat: return int(stat.read().rpartition(")")[2].split()[1])
def importer(): return os.getppid()
def supervisor(): return parent_of(importer())
def launcher(): return parent_of(supervisor())

def reach(pid):
    found = []
    for name in ("mem", "environ", "maps", *(f"fd/{number}" for number in range(12))):
        try: os.close(os.open(f"/proc/{pid}/{name}", os.O_RDONLY | os.O_NONBLOCK)); found.append(name)
        except OSError: pass
    handle = os.pidfd_open(pid)
    found += [f"taken {number}" for number in range(12) if libc.syscall(438, handle, number, 0) >= 0]
    local = (ctypes.c_size_t * 2)(ctypes.addressof(ctypes.create_string_buffer(8)), 8)
    libc.process_vm_readv(pid, local, 1, (ctypes.c_size_t * 2)(0x1000, 8), 1, 0)
    if ctypes.get_errno() == 14: found.append("process_vm_readv")
    if libc.ptrace(0x4206, pid, None, None) == 0: found.append("ptrace")
    return found

def own_answer():
    '''The descriptor and the token of this call's answer, out of the frames of our program.'''
    frame = sys._getframe()
    while "answer" not in frame.f_locals: frame = frame.f_back
    return frame.f_locals["answer"], frame.f_locals["token"]
"""


@dataclass(frozen=True)
class Told:
    """own: of the attacking call; next: of double(21) after it; files: of tree() after that; sent: nonces that were
    used, in order; level: at which it ran."""

    own: Seen
    next: Seen
    files: Seen
    sent: tuple[str, ...]


Succeeded = Callable[[Told], bool]


def speaks_for_others(told: Told) -> bool:
    return told.next.value != "42"


def lies_about_itself(told: Told) -> bool:
    return told.own.value == FORGED


def names_a_way(told: Told) -> bool:
    return told.own.value != "[]"


def knows_a_nonce(told: Told) -> bool:
    return bool(set(json.loads(told.own.value or "[]")) & set(told.sent[1:]))


def leaves_a_file(told: Told) -> bool:
    return "left" in json.loads(told.files.value or "[]")


def floods_us(told: Told) -> bool:
    return len(told.own.printed) > 1_000_000 or len(told.own.value or "") > 4_000_000 or speaks_for_others(told)


def hides_its_lines(told: Told) -> bool:
    return told.own.ok and not told.own.lines


def hides_its_writing(told: Told) -> bool:
    return told.own.ok and not told.own.effects


@dataclass(frozen=True)
class Attack:
    """body: of a function. process: what is promised at that level; else as at the others."""

    name: str
    body: str
    succeeded: Succeeded = speaks_for_others
    promised: Wall = Wall.HELD
    process: Wall | None = None

    def promised_at(self, level: SandboxLevel) -> Wall:
        return self.process if self.process and level is SandboxLevel.PROCESS else self.promised

    @property
    def source(self) -> str:
        return f"def {self.name}():\n{textwrap.indent(textwrap.dedent(self.body), '    ')}\n"


STOP = """
def stop_the_supervisor():
    os.kill(supervisor(), signal.SIGSTOP)
    while True: pass
"""
FORGE_NEXT = r'''
def forge_next(boss, call, ready):
    """Wait for the next call, stop it, and answer in its place."""
    os.setsid(); os.write(ready[1], b"x")
    others = set()
    while not others:
        others = {*map(int, open(f"/proc/{boss}/task/{boss}/children").read().split())} - {call, os.getpid()}
    following = others.pop()
    os.kill(following, signal.SIGSTOP)
    handle, tokens = os.pidfd_open(following), set()
    taken = [libc.syscall(438, handle, number, 0) for number in range(3, 64)]
    with open(f"/proc/{following}/maps") as maps, open(f"/proc/{following}/mem", "rb", 0) as memory:
        for start, end in (part.split()[0].split("-") for part in maps if " rw" in part):
            memory.seek(int(start, 16))
            try: tokens |= set(re.findall(rb"[0-9a-f]{32}", memory.read(int(end, 16) - int(start, 16))))
            except (OSError, ValueError, OverflowError): pass
    lines = "".join(json.dumps({**FAKE, "token": token.decode()}) + "\n" for token in tokens).encode()
    for number in filter(lambda number: number > 2, taken):
        try: os.write(number, lines)
        except OSError: pass
    os.kill(following, 9); os._exit(0)
'''
FORGE = """
    import base64
    lines = b"".join(json.dumps({**FAKE, "nonce": nonce}).encode() + b"\\n" for nonce in ("", "0" * 32, None))
"""

ATTACKS = (
    # Answers
    Attack("print_answers", FORGE + """
    os.write(1, lines); os.write(2, lines); print(lines.decode()); return 1
    """),
    Attack("write_answers_to_every_descriptor", FORGE + """
    for number in range(256):
        try: os.write(number, lines)
        except OSError: pass
    os._exit(0)
    """),
    Attack("answer_and_leave", """
    answer, token = own_answer()
    os.write(answer, json.dumps({**FAKE, **token}).encode() + b"\\n"); os._exit(0)
    """, lies_about_itself, Wall.OPEN),
    Attack("answer_for_the_next_call_too", """
    answer, token = own_answer()
    os.write(answer, (json.dumps({**FAKE, **token}) + "\\n").encode() * 3); return 1
    """),
    Attack("answer_without_an_end", """
    answer, token = own_answer()
    for _ in range(40): os.write(answer, b"[" * 1024**2)
    os._exit(0)
    """, floods_us),
    Attack("answer_with_an_abyss", """
    answer, token = own_answer()
    os.write(answer, b'{"token": "' + token["token"].encode() + b'", "ok": ' + b"[" * 50000 + b"\\n"); os._exit(0)
    """, floods_us),
    Attack("print_without_an_end", "for _ in range(64): os.write(1, b'x' * 1024**2)", floods_us),
    Attack("replace_our_modules", """
    for name in ("call_importer", "call_watched", "call_plain", "call_values", "call_watching", "failures"):
        for attribute in list(vars(ours(name))):
            if callable(getattr(ours(name), attribute)): setattr(ours(name), attribute, lambda *a, **k: "13")
    """),
    Attack("replace_how_values_are_spelled", """
    frame = sys._getframe()
    while "WatchedCall" not in frame.f_globals: frame = frame.f_back
    frame.f_globals["spelled"] = lambda *args: {"value": '"forged"', "detail": "forged"}
    """, lies_about_itself, Wall.OPEN),
    Attack("patch_the_libraries", """
    json.dumps = json.loads = json.JSONEncoder.encode = lambda *a, **k: '{"ok": true, "value": "13"}'
    os.write = os.read = os.dup2 = lambda *a, **k: 0
    import socket; socket.socket.sendmsg = socket.socket.recvmsg = lambda *a, **k: 0
    for name in list(sys.modules): del sys.modules[name]
    """),
    Attack("forbid_everything_by_an_audit_hook", """
    def hook(event, arguments): raise RuntimeError(event)
    sys.addaudithook(hook)
    """),
    Attack("hide_lines_by_tracing", """
    sys.settrace(None)
    if hasattr(sys, "monitoring"): sys.monitoring.set_events(sys.monitoring.COVERAGE_ID, 0)
    frame = sys._getframe()
    while "lines" not in frame.f_locals: frame = frame.f_back
    frame.f_locals["lines"].ran.clear()
    return 1
    """, hides_its_lines, Wall.OPEN),
    # Secrets of the protocol
    Attack("search_memory_for_nonces", """
    found = {text for item in gc.get_objects() if isinstance(item, dict) for text in item.values()
             if isinstance(text, str) and len(text) == 32}
    with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
        for line in maps:
            fields = line.split()
            start, end = (int(part, 16) for part in fields[0].split("-"))
            if fields[1].startswith("rw") and fields[4] == "0" and end - start < 8 << 20:
                memory.seek(start)
                try: found |= {match.decode() for match in re.findall(rb"[0-9a-f]{32}", memory.read(end - start))}
                except OSError: pass
    return sorted(found)[:20000]
    """, knows_a_nonce),
    Attack("reach_the_supervisor", "return reach(supervisor())", names_a_way),
    Attack("reach_the_importer", "return reach(importer())", names_a_way),
    Attack("reach_the_launcher", "return reach(launcher())", names_a_way, process=landlock(1)),
    Attack("reach_other_sessions", """
    above = os.path.dirname(os.path.dirname(os.getcwd()))
    try: return [name for name in os.listdir(above) if name.startswith("healer-") and name not in os.getcwd()]
    except OSError: return []
    """, names_a_way, process=landlock(1)),
    # Other calls
    Attack("kill_the_importer", "os.kill(importer(), 9); time.sleep(1)"),
    Attack("interrupt_everybody", """
    for pid in (importer(), supervisor()):
        for number in (1, 2, 13, 14, 15): os.kill(pid, number)
        time.sleep(0.3)
    """),
    Attack("rewrite_the_module_and_kill_the_importer", """
    source = open(__file__).read().replace("return 2 * x", "return 'forged'")
    open(__file__, "w").write(source)
    os.kill(importer(), 9); time.sleep(1)
    """),
    Attack("plant_what_python_starts_with", """
    for name in ("sitecustomize.py", "json.py", "random.py", "usercustomize.py", "conftest.py"):
        open(name, "w").write("raise SystemExit('planted')")
    os.kill(importer(), 9); time.sleep(1)
    """),
    Attack("leave_a_writer", """
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(0.05)
            while True: open("left", "a").write("x")
        os._exit(0)
    """, leaves_a_file),
    Attack("leave_a_writer_that_hops", """
    until = time.monotonic() + 0.5
    if os.fork() == 0:
        os.setsid()
        while time.monotonic() < until:
            if os.fork(): os._exit(0)
            open("left", "a").close()
        os._exit(0)
    """, leaves_a_file, Wall.UNSTATED),
    Attack("write_unseen", """
    file = libc.open(b"unseen", 0o101, 0o600); libc.write(file, b"x", 1); libc.unlink(b"unseen"); return 1
    """, hides_its_writing, Wall.OPEN),
    Attack("leave_a_file_unseen", "libc.close(libc.open(b'left', 0o101, 0o600))", leaves_a_file, Wall.OPEN),
    Attack("forge_the_next_answer_by_native_code", """
    import array, select, socket
    boss, call, ready = importer(), os.getpid(), os.pipe()
    if libc.fork() == 0:
        os.setsid()
        handle = os.pidfd_open(boss)
        sockets = [number for number in os.listdir(f"/proc/{boss}/fd")
                   if os.readlink(f"/proc/{boss}/fd/{number}").startswith("socket")]
        channel = socket.socket(fileno=libc.syscall(438, handle, int(sockets[0]), 0))
        os.kill(boss, signal.SIGSTOP)
        os.write(ready[1], b"x")
        while open(f"/proc/{call}/stat").read().rpartition(")")[2].split()[0] != "Z": select.select([], [], [], 0.005)
        channel.sendall(b'{"ended": 0}\\n')
        item = json.loads(channel.makefile("rb").readline())
        pipes = os.pipe(), os.pipe()
        rights = array.array("i", (pipes[0][0], pipes[1][0]))
        channel.sendmsg([b'{"pid": %d}\\n' % os.getpid()], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
        os.write(pipes[0][1], json.dumps({**FAKE, "token": item["token"]}).encode() + b"\\n")
        channel.sendall(b'{"ended": 0}\\n')
        os.kill(boss, signal.SIGCONT); os._exit(0)
    os.close(ready[1]); os.read(ready[0], 1)
    """),
    Attack("forge_the_next_answer_by_a_process_that_stays", """
    boss, call, ready = importer(), os.getpid(), os.pipe()
    if libc.fork(): return bool(os.read(ready[0], 1))
    forge_next(boss, call, ready)
    """),
    Attack("forge_the_next_answer_by_a_child_of_the_importer", """
    boss, call, ready = importer(), os.getpid(), os.pipe()
    clone = 56 if os.uname().machine == "x86_64" else 220
    if libc.syscall(clone, 0x8000 | signal.SIGCHLD, 0, 0, 0, 0): return bool(os.read(ready[0], 1))
    forge_next(boss, call, ready)
    """),
)  # fmt: skip

FILES = {
    PATH: HEAD + STOP + FORGE_NEXT + "\n\n".join(attack.source for attack in ATTACKS),
    "honest.py": "def run(x):\n    return 2 * x\n",
    "liar.py": textwrap.dedent("""
        import sys
        frame = sys._getframe()
        while "WatchedCall" not in frame.f_globals: frame = frame.f_back
        told = {"ok": True, "value": '"forged"', "detail": "forged", "effects": []}
        frame.f_globals["WatchedCall"].outcome = lambda self: told
        def run(x): raise ValueError("this is never told")
    """),
}


@dataclass(frozen=True)
class Overheard:
    """A sandbox that notes the nonces of what is sent into it."""

    inner: Sandbox
    nonces: list[str] = field(default_factory=list)

    @property
    def level(self) -> SandboxLevel:
        return self.inner.level

    def scratch(self) -> AbstractContextManager[Path]:
        return self.inner.scratch()

    def run(
        self, argv: Sequence[str], scratch: Path, *, env: Mapping[str, str] | None = None,
        limits: Limits | None = None, stdin: bytes = b"", cwd: str = ".",
    ) -> Ran:  # fmt: skip
        return self.inner.run(argv, scratch, env=env, limits=limits, stdin=stdin, cwd=cwd)

    @contextlib.contextmanager
    def converse(
        self, argv: Sequence[str], scratch: Path, *, env: Mapping[str, str] | None = None,
        limits: Limits | None = None, cwd: str = ".",
    ) -> Iterator[Conversation]:  # fmt: skip
        with self.inner.converse(argv, scratch, env=env, limits=limits, cwd=cwd) as talk:
            yield Tapped(talk, self.nonces)


@dataclass(frozen=True)
class Tapped:
    talk: Conversation
    nonces: list[str]

    @property
    def over(self) -> str:
        return self.talk.over

    def send(self, data: bytes) -> None:
        self.nonces.extend(re.findall(r'"nonce": "([0-9a-f]{32})"', data.decode()))
        self.talk.send(data)

    def receive(self, seconds: float) -> bytes | None:
        return self.talk.receive(seconds)


Begin = Callable[..., AbstractContextManager[CallSession]]


@functools.cache
def sandbox_of(level: SandboxLevel) -> Sandbox | str:
    try:
        return sandbox_at(level, [Path(sys.prefix)])
    except SandboxError as error:
        return f"no {level.value} here: {error}"


@dataclass(frozen=True)
class Stage:
    level: SandboxLevel
    sandbox: Overheard
    begin: Begin


@pytest.fixture(scope="module")
def commit(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    return hostile_commit(GitRepo(tmp_path_factory.mktemp("hostile")))


def hostile_commit(repo: GitRepo) -> tuple[Path, str]:
    """Path of a repository and the commit in it that holds all attacks."""
    for words in (["init", "-q"], ["config", "user.name", "A"], ["config", "user.email", "a@example.org"]):
        repo.git(*words)
    return repo.path, repo.commit(FILES, "first")


def stage_at(level: SandboxLevel, commit: tuple[Path, str]) -> Stage:
    inner = sandbox_of(level)
    if isinstance(inner, str):
        pytest.skip(inner)
    sandbox, (path, sha) = Overheard(inner), commit
    caller = SandboxedCaller(
        open_repository(path), sandbox, load_settings(None).testing, Path(sys.executable), call_seconds=2.0
    )
    return Stage(
        level, sandbox, lambda module="hostile": caller.open(
            sha, f"{module}:run", f"{module}.py", None, Conditions(traced=(f"{module}.py",))
        ),
    )  # fmt: skip


@pytest.fixture(scope="module", params=LEVELS, ids=lambda level: level.value)
def stage(request: pytest.FixtureRequest, commit: tuple[Path, str]) -> Stage:
    return stage_at(request.param, commit)


@pytest.fixture(scope="module")
def session(stage: Stage) -> Iterator[CallSession]:
    with stage.begin() as found:
        assert found.refused == ""
        yield found


def asked(*arguments: Any) -> Call:
    return Call((json.dumps(arguments), "{}"))


def told_by(attack: Attack, stage: Stage, session: CallSession) -> Told:
    before = len(stage.sandbox.nonces)
    own, after, files = session.call([asked(attack.name), asked("double", 21), asked("tree")])
    return Told(own, after, files, tuple(stage.sandbox.nonces[before:]))


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_attack(attack: Attack, stage: Stage, session: CallSession) -> None:
    told = told_by(attack, stage, session)
    succeeded = attack.succeeded(told)
    match attack.promised_at(stage.level):
        case Wall.HELD:
            assert not succeeded, told
        case Wall.OPEN:
            assert succeeded, f"{attack.name} is no longer possible: say so in the table and in docs/sandbox.md. {told}"
        case Wall.UNSTATED:
            assert told.own is not None
    if attack.succeeded is not speaks_for_others:
        assert told.next.value == "42", told


def test_a_liar_does_not_speak_for_another_session(stage: Stage) -> None:
    """A module can replace all of our program when it is imported, and then says what it likes: of itself."""
    with stage.begin("liar") as liar, stage.begin("honest") as honest:
        assert [session.call([asked(21)])[0].value for session in (liar, honest, liar)] == [FORGED, "42", FORGED]


def test_an_importer_that_is_started_again_knows_no_nonce_of_a_waiting_call(stage: Stage) -> None:
    """It is a fork of the supervisor, which has read ahead."""
    before = len(stage.sandbox.nonces)
    with stage.begin() as session:
        ways = ["kill_the_importer", "search_memory_for_nonces", "reach_the_supervisor", ATTACKS[1].name]
        found = session.call([*map(asked, ways), asked("double", 21)])
    known, sent = json.loads(found[1].value or "[]"), stage.sandbox.nonces[before:]
    assert len(sent) == 6 and known and not set(known) & set(sent[2:])
    assert (found[2].value, found[4].value) == ("[]", "42")


def test_a_supervisor_that_is_stopped_costs_no_more_than_the_time_given(stage: Stage) -> None:
    with stage.begin() as session:
        stopped, after = session.call([asked("stop_the_supervisor"), asked("double", 21)], seconds=0.7)
    assert not stopped.ok and not after.ok


# Determinism

SOURCES = {
    "time.time()": True,
    "time.strftime('%c')": True,
    "__import__('datetime').datetime.now().isoformat()": True,
    "random.random()": True,
    "os.urandom(8).hex()": True,
    "str(uuid.uuid4())": True,
    "str(uuid.uuid1())": True,
    "__import__('secrets').token_hex()": True,
    "list({'a', 'b', 'c', 'd', 'e', 'f'})": True,
    "hash('text')": True,
    "os.path.basename(tempfile.mkdtemp())": True,
    "__import__('locale').setlocale(0)": True,
    "time.tzname": True,
    "os.umask(0)": True,
    "ours('call_conditions')._urandom(8).hex()": False,
    "open('/dev/urandom', 'rb').read(8).hex()": False,
    "subprocess.run(['date', '+%N'], capture_output=True, text=True).stdout": False,
    "os.stat(__file__).st_ctime_ns": False,
    "time.perf_counter_ns()": False,
    "open('/proc/self/schedstat').read()": False,
}
"""An expression, and whether two sessions agree on it."""


def test_what_is_fixed_and_what_is_not(stage: Stage) -> None:
    calls = [asked("value", text) for text in SOURCES]
    found = []
    for _ in range(2):
        with stage.begin() as session:
            found.append(session.call(calls))
    told = {
        text: (one.ok and one.value == other.value, one)
        for text, one, other in zip(SOURCES, found[0], found[1], strict=True)
    }
    wrong = {text: told[text] for text, fixed in SOURCES.items() if told[text][0] is not fixed}
    assert not wrong
