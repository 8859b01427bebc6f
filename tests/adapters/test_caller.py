"""Functions of a project, called for real in the sandbox."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from gitops_healer.adapters.caller import CRASHED, TIMED_OUT, UNCALLABLE, SandboxedCaller
from gitops_healer.adapters.repository import open_repository
from gitops_healer.adapters.sandbox import detect_sandbox
from gitops_healer.core.change import whole_file
from gitops_healer.ports import CallOutcome, Sandbox, SandboxLevel
from gitops_healer.settings import load_settings

TOOLS = r'''
import asyncio, dataclasses, os, signal, sys, time
from . import helper

count = 0

def divide(a, b):
    """A quotient."""
    return helper.quotient(a, b)

def remember(x):
    global count
    count += x
    return count

def echo(*args, **kwargs):
    return [args, kwargs]

def loud(x):
    print("noise" * 1000)
    os.write(1, b'{"nonce": "0", "ok": true}\n')
    sys.stdout.flush()
    return x

async def later(x):
    await asyncio.sleep(0)
    return x + 1

def numbers(n):
    yield from range(n)

def unspeakable(): return object()
def infinite(): return [float("inf")]
def mixed(): return {1: 1, "1": 2}
def huge(n): return "x" * n

def end(how, x=0):
    if how == "exit": os._exit(x)
    if how == "sys": sys.exit(x)
    if how == "kill": os.kill(os.getpid(), signal.SIGKILL)
    if how == "hang": time.sleep(600)
    if how == "deep": return end(how)
    return how

def meddle(parent):
    os.kill(os.getppid(), signal.SIGKILL) if parent else None
    return parent

class Broken(Exception):
    def __str__(self): raise ValueError("no text")

def broken(): raise Broken()

@dataclasses.dataclass
class Account:
    balance: int = 5
    def total(self, extra): return self.balance + extra
    @staticmethod
    def fixed(x): return x * 2
    @classmethod
    def named(cls): return cls.__name__
    @property
    def shown(self): return 1

class Needy:
    def __init__(self, must): self.must = must
    def use(self): return self.must
'''
FILES = {
    "src/pkg/__init__.py": "",
    "src/pkg/helper.py": "def quotient(a, b):\n    return a / b\n",
    "src/pkg/tools.py": TOOLS,
    "src/pkg/bad.py": "from pkg import helper\nhelper.quotient(1, 0)\n",
    "src/pkg/ends.py": "import os\nos._exit(3)\n",
    "top.py": "def f(): return 'top'\n",
    "json.py": "def f(): return 'ours'\n",
}


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    return detect_sandbox(SandboxLevel.PROCESS, visible=[Path(sys.prefix)])


@pytest.fixture
def call(make_repo: Callable[..., Any], sandbox: Sandbox) -> Callable[..., tuple[CallOutcome, ...]]:
    repo = make_repo(FILES)
    testing = load_settings(None, {"testing.timeout": "60s"}).testing
    caller = SandboxedCaller(open_repository(repo.path), sandbox, testing, Path(sys.executable), call_seconds=2.0)
    commit = repo.git("rev-parse", "HEAD")

    def run(
        tool: str, *inputs: str | tuple[str, str], path: str = "src/pkg/tools.py", **more: Any
    ) -> tuple[CallOutcome, ...]:
        pairs = [item if isinstance(item, tuple) else (item, "{}") for item in inputs]
        return caller.call(commit, tool, path, pairs, **more)

    return run


Call = Callable[..., tuple[CallOutcome, ...]]


def test_results_are_canonical_json_and_failures_have_frames(call: Call) -> None:
    good, bad, wrong, named = call("pkg.tools:divide", "[6,3]", "[1,0]", "[1]", ("[]", '{"b":2,"a":1}'))
    assert (good.ok, good.result, good.detail, good.error_type) == (True, "2.0", "2.0", "")
    assert (bad.ok, bad.result, bad.error_type, bad.detail) == (False, None, "ZeroDivisionError", "division by zero")
    assert bad.frames == (("src/pkg/tools.py", 9, "divide"), ("src/pkg/helper.py", 2, "quotient"))
    assert wrong.error_type == "TypeError"
    assert named.result == "0.5"


def test_a_change_is_seen_without_a_commit(call: Call) -> None:
    before = FILES["src/pkg/helper.py"].encode()
    change = whole_file("src/pkg/helper.py", before, before.replace(b"a / b", b"a / (b or 1)"))
    assert [outcome.result for outcome in call("pkg.tools:divide", "[1,0]", change=change)] == ["1.0"]


def test_state_does_not_leak_between_calls(call: Call) -> None:
    assert [outcome.result for outcome in call("pkg.tools:remember", "[1]", "[1]", "[5]")] == ["1", "1", "5"]


def test_noise_does_not_disturb_the_answers(call: Call) -> None:
    assert [outcome.result for outcome in call("pkg.tools:loud", "[1]", '["ü\\ud800"]')] == ["1", '"\\u00fc\\ud800"']


@pytest.mark.parametrize(
    ("tool", "arguments", "result"),
    [
        ("later", "[1]", "2"),
        ("numbers", "[3]", "[0,1,2]"),
        ("Account.total", "[2]", "7"),
        ("Account.fixed", "[2]", "4"),
        ("Account.named", "[]", '"Account"'),
        ("Account", "[3]", None),
        ("unspeakable", "[]", None),
        ("infinite", "[]", "[Infinity]"),
        ("mixed", "[]", None),
        ("huge", "[3]", '"xxx"'),
        ("huge", "[2000000]", None),
    ],
)
def test_every_kind_of_function_can_be_called(call: Call, tool: str, arguments: str, result: str | None) -> None:
    (outcome,) = call(f"pkg.tools:{tool}", arguments)
    assert (outcome.ok, outcome.result) == (True, result)
    assert "0x7" not in outcome.detail


@pytest.mark.parametrize(
    ("tool", "arguments", "why"),
    [
        ("pkg.tools:absent", "[]", "has no absent"),
        ("pkg.tools:divide.<locals>.inner", "[]", "has no divide.<locals>.inner"),
        ("pkg.tools:Needy.use", "[]", "Needy() cannot be made without arguments"),
        ("pkg.tools:Account.shown", "[]", "is int, not a function"),
        ("pkg.tools:divide", '{"a": 1}', "are not a JSON array"),
        ("divide", "[]", "write it as package.module:function"),
    ],
)
def test_what_cannot_be_called_says_so(call: Call, tool: str, arguments: str, why: str) -> None:
    (outcome,) = call(tool, arguments)
    assert (outcome.ok, outcome.error_type) == (False, UNCALLABLE)
    assert why in outcome.detail


def test_a_call_that_takes_its_process_with_it_costs_one_input(call: Call) -> None:
    inputs = ['["exit",3]', '["sys",4]', '["kill"]', '["hang"]', '["deep"]', '["fine"]']
    ended, left, killed, hung, deep, fine = call("pkg.tools:end", *inputs)
    assert (ended.error_type, ended.detail) == (CRASHED, "the call ended its process (exit code 3)")
    assert (left.error_type, left.detail) == ("SystemExit", "4")
    assert (killed.error_type, killed.detail) == (CRASHED, "the call ended its process (signal 9)")
    assert (hung.error_type, hung.detail) == (TIMED_OUT, "the call took more than 2 seconds")
    assert deep.error_type == "RecursionError"
    assert len(deep.frames) == 50
    assert fine.result == '"fine"'


def test_a_call_that_kills_the_importer_costs_only_itself(call: Call) -> None:
    first, second, third = call("pkg.tools:meddle", "[false]", "[true]", "[false]")
    assert (first.result, second.error_type, third.result) == ("false", CRASHED, "false")


def test_an_exception_without_a_text_is_still_told(call: Call) -> None:
    (outcome,) = call("pkg.tools:broken", "[]")
    assert (outcome.error_type, outcome.detail) == ("pkg.tools.Broken", "(its text cannot be had: ValueError)")


@pytest.mark.parametrize(
    ("tool", "path", "kind", "detail"),
    [
        ("pkg.bad:f", "src/pkg/bad.py", "ZeroDivisionError", "importing pkg.bad: division by zero"),
        ("pkg.ends:f", "src/pkg/ends.py", CRASHED, "importing pkg.ends ended the process"),
        ("pkg.gone:f", "src/pkg/gone.py", "ModuleNotFoundError", "importing pkg.gone: No module named 'pkg.gone'"),
        ("colorsys:rgb_to_hsv", "colorsys.py", UNCALLABLE, "not from the repository"),
    ],
)
def test_an_import_that_fails_is_the_outcome_of_every_input(
    call: Call, tool: str, path: str, kind: str, detail: str
) -> None:
    outcomes = call(tool, "[]", "[]", path=path)
    assert [outcome.error_type for outcome in outcomes] == [kind, kind]
    assert detail in outcomes[0].detail
    if kind == "ZeroDivisionError":
        assert outcomes[0].frames == (("src/pkg/bad.py", 2, "<module>"), ("src/pkg/helper.py", 2, "quotient"))


def test_modules_at_the_top_are_found(call: Call) -> None:
    assert [outcome.result for outcome in call("top:f", "[]", path="top.py")] == ['"top"']
    assert call("top:f", path="top.py") == ()


def test_hundreds_of_inputs_are_one_import(call: Call) -> None:
    inputs = [f"[{number},1]" for number in range(300)]
    assert [outcome.result for outcome in call("pkg.tools:divide", *inputs)] == [f"{n}.0" for n in range(300)]


FORGING = """
import gc, json, os, socket
def forge(x):
    for item in gc.get_objects():
        if isinstance(item, socket.socket):
            for nonce in ("", "0" * 32):
                item.sendall(json.dumps({"nonce": nonce, "ok": True, "result": "13", "detail": "13", "type": "",
                                         "frames": [], "seconds": 0}).encode() + b"\\n")
    for name in os.listdir("/proc/self/fd"):
        try:
            os.write(int(name), b'{"nonce": "0", "ok": true, "result": "13"}\\n')
        except OSError:
            pass
    raise ValueError(x)
"""


def test_answers_of_other_inputs_cannot_be_guessed(make_repo: Callable[..., Any], sandbox: Sandbox) -> None:
    files: Mapping[str, str] = {"forging.py": FORGING}
    repo = make_repo(files)
    testing = load_settings(None).testing
    caller = SandboxedCaller(open_repository(repo.path), sandbox, testing, Path(sys.executable), call_seconds=2.0)
    commit = repo.git("rev-parse", "HEAD")
    outcomes = caller.call(commit, "forging:forge", "forging.py", [("[1]", "{}"), ("[2]", "{}")])
    assert all(not outcome.ok for outcome in outcomes)
    assert "13" not in [outcome.result for outcome in outcomes]
