"""`shadow`, `replay` and `strategy` as people type them, on real repositories with real recorded calls."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gitops_healer.cli import app
from gitops_healer.errors import HealerError
from gitops_healer.wiring import open_store
from tests.conftest import GitRepo
from tests.cycle.test_proving import processes_in

MakeRepo = Callable[..., GitRepo]
FEW = {".github/gitops-healer.yml": "proof: {shadow: {inputs: 8}}\n"}
KINDS = """
import os
import random
import time
import uuid
from urllib.request import urlopen

import rates
from gitops_healer.recorder import tool


class Price:
    def __init__(self, net: float) -> None:
        self.net = net


class Till:
    @staticmethod
    def tax(net: float) -> float:
        return net * 0.2


async def later(n: int) -> int:
    return n + 1


def steps(n: int):
    yield from range(abs(n) % 5)


def boxed(net: float) -> Price:
    return Price(net * 2)


def ordered(items: list[int]) -> None:
    items.sort()


def tells(n: int) -> None:
    print("told", n % 7)


def writes(n: int) -> None:
    with open("out.txt", "w") as out:
        out.write(str(n))


def noisy(n: int) -> dict:
    return {"id": str(uuid.uuid4()), "at": time.time(), "sum": n + n, "luck": random.random()}


def fetched(n: int) -> bytes:
    return urlopen("http://example.org").read()


def ends(n: int) -> int:
    os._exit(3)


@tool(requires_mocking="rates:rate")
def converted(amount):
    return amount * rates.rate("EUR")
"""
RATES = "def rate(code):\n    raise OSError('no line to the bank')\n"


def run(repo: GitRepo, *words: str) -> tuple[int, str]:
    """(exit code, what is printed, errors too)"""
    done = CliRunner().invoke(app, [*words, "--repo", str(repo.path)])
    if isinstance(done.exception, HealerError):
        return done.exception.exit_code, str(done.exception)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def told(repo: GitRepo, *words: str) -> dict[str, Any]:
    """The one document, which is strict JSON."""

    def no(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    code, output = run(repo, *words, "--format", "json")
    assert code in (0, 1), output
    document: dict[str, Any] = json.loads(output, parse_constant=no)
    return document


def record(repo: GitRepo, tool: str, calls: Sequence[tuple[list[Any], Any]], **more: Any) -> None:
    """Calls of the last hours, each with its result, or the exception that it raised."""
    now, lines = datetime.now(UTC), []
    for number, (args, result) in enumerate(calls):
        line = {"v": 1, "tool": tool, "ts": (now - timedelta(minutes=number + 5)).isoformat(), "args": args, **more}
        if isinstance(result, Exception):
            line |= {"ok": False, "error": {"type": type(result).__name__, "message": str(result)}}
        else:
            line |= {"ok": True, "result": result}
        lines.append(json.dumps(line).encode())
    assert open_store(repo.path / ".git" / "gitops-healer").import_jsonl(lines).stored == len(calls)


def changed(make_repo: MakeRepo, before: Mapping[str, str], after: Mapping[str, str]) -> GitRepo:
    repo = make_repo({**FEW, **before})
    repo.commit(after)
    return repo


@pytest.mark.parametrize(
    ("tool", "old", "new", "outcome", "says"),
    [
        ("Till.tax", "0.2", "0.25", "failed", r"\$: -?[\d.]+ → "),
        ("Till.tax", "net * 0.2", "0.2 * net", "passed", "agree on 8 of 8 inputs of 1 function"),
        ("later", "n + 1", "n + 2", "failed", r"\$: -?\d+ → "),
        ("steps", "% 5", "% 4", "failed", "items"),
        ("boxed", "net * 2", "net * 3", "failed", r"\$\.net: "),
        ("ordered", "items.sort()", "items.sort(reverse=True)", "failed", r"\$arguments"),
        ("tells", '"told"', '"said"', "failed", r'\$printed\[0\]: "told \d" → "said \d"'),
        ("writes", "out.txt", "other.txt", "failed", "no longer does: files: write out.txt"),
        ("noisy", "n + n", "2 * n", "passed", "agree on 8 of 8"),
        ("noisy", "n + n", "3 * n", "failed", r"\$\.sum: "),
        ("noisy", "import rates", "import not_there", "failed", "fails on 8 inputs that .*No module named 'not_there'"),
        ("fetched", ".read()", ".read(9)", "skipped", "network: resolve example.org"),
        ("ends", "_exit(3)", "_exit(4)", "skipped", "nothing could be compared on 8 inputs: .*ended its process"),
    ],
)  # fmt: skip
def test_shadow_tells_what_differs(make_repo: MakeRepo, tool: str, old: str, new: str, outcome: str, says: str) -> None:
    repo = changed(make_repo, {"kinds.py": KINDS, "rates.py": RATES}, {"kinds.py": KINDS.replace(old, new)})
    document = told(repo, "shadow", f"kinds:{tool}", "--budget", "20")
    assert document["outcome"] == outcome, document["reason"]
    assert re.search(says, document["reason"]), document["reason"]


MEAN = "def mean(values):\n    return sum(values) / len(values)\n"
MENDED = MEAN.replace("len(values)\n", "len(values) if values else 0.0\n")
CALLS = [([[number, 2.0]], (number + 2.0) / 2) for number in range(12)]


def test_a_fix_is_told_from_a_break_by_both_commands(make_repo: MakeRepo) -> None:
    repo = changed(make_repo, {"stats.py": MEAN}, {"stats.py": MENDED})
    record(repo, "stats:mean", [*CALLS, ([[]], ZeroDivisionError("division by zero"))])
    repo.write({"stats.py": "def mean(: this is not committed\n"})
    for words in (("shadow",), ("replay",)):
        code, text = run(repo, *words, "stats:mean", "--aim", "mends", "--fail-on", "unknown")
        assert code == 0, text
        assert text.startswith("passed: ") and "(once)" not in text
        assert re.search(r"improves +\(\[\]\) +recorded +ZeroDivisionError: .* → returned 0.0", text), text
    rounded = MEAN.replace("return ", "return float(round(").replace("(values)\n", "(values)))\n")
    repo.commit({"stats.py": rounded})
    code, text = run(repo, "replay", "stats:mean", "--base", "HEAD~2", "--fail-on", "failed")
    assert code == 1
    worse = "6 recorded calls are worse: ([1, 2.0]): $: 1.5 → 2.0; 6 of 12 recorded calls succeed, 1 fails as before"
    assert worse in text


def test_what_cannot_be_replayed_is_counted_and_named(make_repo: MakeRepo) -> None:
    repo = changed(make_repo, {"stats.py": MEAN}, {"stats.py": MENDED})
    record(repo, "stats:mean", [([[3.0]], 3.0), ([[5.0]], 99.0), ([["$redacted"]], 1.0)])
    record(repo, "stats:mean", [([[7.0]], 7.0)], unreplayable="holds an open file")
    document = told(repo, "replay", "stats:mean")
    assert document["outcome"] == "unknown"
    assert (document["recorded"], document["judged"]) == (4, 1)
    assert sum(document["unreplayable"].values()) >= 1 and "holds an open file" in document["unreplayable"]
    assert 1 in document["obsolete"].values()
    text = run(repo, "replay", "stats:mean")[1]
    assert "1 cannot be made again: holds an open file" in text
    assert "1 of 1 recorded call succeeds" in text
    assert run(repo, "replay", "stats:mean", "--fail-on", "unknown")[0] == 1


def test_what_has_to_be_mocked_answers_as_it_was_recorded(make_repo: MakeRepo) -> None:
    repo = changed(
        make_repo, {"kinds.py": KINDS, "rates.py": RATES}, {"kinds.py": KINDS.replace("amount * r", "2 * amount * r")}
    )
    record(repo, "rates:rate", [(["EUR"], 0.5)])
    record(repo, "kinds:converted", [([number], number * 0.5) for number in range(2, 14)])
    document = told(repo, "replay", "kinds:converted")
    assert document["outcome"] == "failed"
    assert "(2): $: 1.0 → 2.0" in document["reason"], document


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("shadow", "stats:meen"), 2, "Near: stats:mean"),
        (("shadow", "stats:mean", "--base", "nope"), 2, "'nope' is no commit, branch or tag here"),
        (("shadow", "stats:mean", "--budget", "0"), 2, "--budget must be at least a second"),
        (("shadow", "stats:mean", "--base", "HEAD~2"), 2, "it came later"),
        (("replay", "stats:mean", "--base", "HEAD"), 0, "no calls of what this changes were recorded"),
        (("shadow", "stats:mean"), 0, "known of stats:mean\ninputs come from annotations of"),
        (("strategy", "stats:mean"), 0, "SHADOW"),
        (("strategy", "stats:meen"), 2, "Near: stats:mean"),
        (("shadow", "box:Box"), 2, "box:Box is a class. Give one of its methods, for example Box.open"),
    ],
)  # fmt: skip
def test_words_that_lead_nowhere_say_so(make_repo: MakeRepo, words: Sequence[str], code: int, says: str) -> None:
    repo = make_repo({"box.py": "class Box:\n    def open(self):\n        return 1\n"})
    repo.commit({"stats.py": MEAN})
    repo.commit({"stats.py": MENDED})
    repo.git("checkout", "--quiet", "--detach")
    ended, text = run(repo, *words)
    assert ended == code, text
    assert says.lower() in text.lower(), text


def test_a_function_that_was_moved_is_told_by_its_former_name(make_repo: MakeRepo) -> None:
    repo = make_repo({"shop.py": MEAN})
    repo.commit({"store/__init__.py": "", "store/stats.py": MEAN, "shop.py": ""})
    for words, says in (
        (("shadow", "store.stats:mean"), "it was shop:mean there"),
        (("replay", "shop:mean"), "shop:mean is in HEAD^, and not in HEAD"),
    ):
        code, text = run(repo, *words)
        assert code == 2 and says in text, text


def test_without_any_commit(make_repo: MakeRepo) -> None:
    code, text = run(make_repo(), "shadow", "stats:mean")
    assert code == 2 and "has no commit yet" in text


def test_ctrl_c_leaves_nothing_behind(make_repo: MakeRepo, tmp_path: Path) -> None:
    waits = "import time\n\n\ndef slow(n: int) -> int:\n    time.sleep(60)\n"
    repo = changed(make_repo, {"slow.py": waits}, {"slow.py": waits + "    return n\n"})
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    running = subprocess.Popen(
        [sys.executable, "-m", "gitops_healer", "shadow", "slow:slow", "--repo", str(repo.path)],
        env={**os.environ, "TMPDIR": str(scratch)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # as in the foreground of a shell
    )  # fmt: skip
    while not processes_in(scratch) and running.poll() is None:
        threading.Event().wait(0.02)
    running.send_signal(signal.SIGINT)
    output, errors = running.communicate(timeout=60)
    assert running.returncode == 130, errors
    assert (output, b"Traceback" in errors) == (b"", False)
    assert (list(scratch.iterdir()), processes_in(scratch)) == ([], [])
