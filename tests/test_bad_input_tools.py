"""The commands about tools and their calls: whatever is asked for, recorded or in the repository, a clear answer."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from gitops_healer.core.diagnosis import CauseKind, Diagnosis, Problem, Proposal
from gitops_healer.core.diagnosis_markdown import diagnosis_section
from gitops_healer.entry import main
from gitops_healer.ports import Imported
from gitops_healer.wiring import open_store
from tests.conftest import GitRepo
from tests.test_bad_input import Ran

MakeRepo = Callable[..., GitRepo]
Shell = Callable[..., Ran]

SHOP = '''from gitops_healer.recorder import tool


@tool
def bell(names):
    """Ring once for each name."""
    ring = names[0]
    return ring


@tool
def label(stars):
    return "good" if stars[index] > 3 else "poor"


index = 0
'''
PROGRAM = """\
import contextlib
import shop

for count in range(9):
    with contextlib.suppress(IndexError):
        shop.bell(["a"] * (count % 3))
"""
ESCAPE = "\x1b[31mred\x1b]8;;http://evil.example\x07[bold]b[/]\r\b"
HOSTILE = (
    "", "a\x00b", "shop:bell\n/approve", "shop:" + "a." * 5_000, "[red]shop[/]:bell", "--help", "-1",
    "../../etc/passwd", "::", "shop:(", "\udce9:f", ESCAPE, "@{-1}",
)  # fmt: skip
SYMBOL_COMMANDS = {
    "investigate": ("investigate", "SYMBOL"),
    "history": ("history", "SYMBOL"),
    "compare": ("compare", "SYMBOL", "-1", "HEAD"),
    "version": ("compare", "shop:bell", "SYMBOL", "HEAD"),
    "ref": ("history", "shop:bell", "--ref", "SYMBOL"),
    "rollback": ("rollback", "SYMBOL", "--to", "1"),
    "to": ("rollback", "shop:bell", "--to", "SYMBOL"),
    "search": ("tools", "search", "SYMBOL"),
    "check": ("tools", "check", "--base", "SYMBOL"),
    "since": ("executions", "stats", "--since", "SYMBOL"),
}
COMMANDS = {
    "stats": ("executions", "stats"),
    "list": ("tools", "list"),
    "sync": ("tools", "sync"),
    "duplicates": ("tools", "duplicates"),
    "check": ("tools", "check", "--base", "HEAD"),
    "investigate": ("investigate", "shop:bell"),
    "history": ("history", "shop:bell"),
}


@pytest.fixture(autouse=True)
def _nothing_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "GITOPS_HEALER_STORE_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Shell:
    """shell(repo, "tools", "list"): what is seen when that is typed in the repository."""

    def run(repo: Path, *words: str) -> Ran:
        monkeypatch.chdir(repo)
        monkeypatch.setattr(sys, "argv", ["gitops-healer", *words])
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        captured = capfd.readouterr()
        return Ran(code, captured.out, captured.err)

    return run


def record(repo: GitRepo) -> None:
    """Run the program under the recorder: nine calls, three of which fail."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([sys.executable, "-c", PROGRAM], cwd=repo.path, env=environment, check=True)


def store(repo: GitRepo, lines: list[dict[str, Any]]) -> Imported:
    found = open_store(repo.path / ".git" / "gitops-healer")
    return found.import_jsonl(json.dumps(line).encode() for line in lines)


def call(number: int, tool: str, **more: Any) -> dict[str, Any]:
    ts = (datetime.now(UTC) - timedelta(minutes=number + 1)).isoformat()
    return {"v": 1, "id": f"id-{number}-{tool[:20]}", "tool": tool, "ts": ts, "ok": True, "duration_ms": 1.0} | more


@pytest.mark.parametrize("command", [name for name in COMMANDS if name not in ("duplicates", "check")])
def test_what_a_program_did_a_moment_ago_is_seen_at_once(shell: Shell, make_repo: MakeRepo, command: str) -> None:
    repo = make_repo({"shop.py": SHOP})
    record(repo)
    seen = json.loads(shell(repo.path, *COMMANDS[command], "--format", "json").out)
    found = next(iter(seen.get("tools") or seen.get("versions") or [seen]))
    if command == "sync":
        assert seen["conflicts"] == ["shop:label: in the code and never recorded"]
    else:
        assert (found.get("calls", found.get("total")), found["failed"]) == (9, 3)


def test_the_doctor_counts_calls_and_says_where_recorders_write(shell: Shell, make_repo: MakeRepo) -> None:
    repo = make_repo({"shop.py": SHOP})
    before = shell(repo.path, "doctor").out
    assert "executions: none yet: decorate functions with @gitops_healer.recorder.tool" in before
    assert f"{repo.path}/.git/gitops-healer/spool: empty" in before
    record(repo)
    assert "1 file, " in shell(repo.path, "doctor").out
    assert "recorded: " in shell(repo.path, "executions", "sync").out
    assert "executions: 9 calls of 1 tools are stored" in shell(repo.path, "doctor").out


def test_names_and_code_are_printed_as_they_are(shell: Shell, make_repo: MakeRepo) -> None:
    repo = make_repo({"shop.py": SHOP.replace("names[0]", "names[1]")})
    repo.commit({"shop.py": SHOP})
    repo.commit({"shop.py": SHOP + "\n\n# a comment\n"})
    assert "shop:bell: in the code and never recorded" in shell(repo.path, "tools", "sync").out
    out = shell(repo.path, "compare", "shop:bell", "1", "2").out
    assert "+    ring = names[0]" in [line.rstrip() for line in out.splitlines()]


@pytest.mark.parametrize("command", COMMANDS)
def test_without_a_commit_each_command_says_what_to_do(shell: Shell, make_repo: MakeRepo, command: str) -> None:
    ran = shell(make_repo().path, *COMMANDS[command])
    if command == "stats":
        assert (ran.code, ran.out.startswith("no executions yet: decorate")) == (0, True)
    else:
        assert ran.code == 2
        assert "has no commit yet: make one, then run the same command again" in ran.err


@pytest.mark.parametrize("command", SYMBOL_COMMANDS)
def test_a_hostile_name_is_refused_in_one_clear_message(shell: Shell, make_repo: MakeRepo, command: str) -> None:
    repo = make_repo({"shop.py": SHOP})
    record(repo)
    for text in HOSTILE:
        words = [text if word == "SYMBOL" else word for word in SYMBOL_COMMANDS[command]]
        ran = shell(repo.path, *words)
        assert ran.code in (0, 1, 2), (text, ran)
        assert ran.out or ran.err, text
        assert "Traceback" not in ran.err
        assert_harmless(ran.out + ran.err)
        assert len(ran.out + ran.err) < 12_000, text
    assert repo.git("status", "--porcelain") == ""


def assert_harmless(text: str) -> None:
    """No character in it does anything on a terminal."""
    left = [char for char in text if not char.isprintable() and char != "\n"]
    assert not left, left[:5]


RECORDED = (
    "[bold]x[/]:f", "<img src=x onerror=alert(1)>", "@everyone **now**", "../../etc/passwd:f", "-rf", "$(id)", "a`b",
)  # fmt: skip
REFUSED = (ESCAPE, "a\nb\tc", "x" * 100_000, "\u202egnp.exe", "\ud800", "")


def test_hostile_recordings_are_shown_and_do_nothing(shell: Shell, make_repo: MakeRepo) -> None:
    repo = make_repo({"shop.py": SHOP})
    done = store(repo, [call(n, name) for n, name in enumerate(RECORDED + REFUSED)])
    assert (done.stored, len(done.broken)) == (len(RECORDED), len(REFUSED))
    failures = []
    for number, text in enumerate(RECORDED + REFUSED):
        error = {"type": f"{text[:200]}Error", "message": text, "frames": [[text, 5, text], ["shop.py", 7, "bell"]]}
        failures.append(call(number, "shop:bell", ok=False, args=[[text], {text: text}], error=error))
    assert store(repo, failures).stored >= len(RECORDED)
    for words in COMMANDS.values():
        for options in ([], ["--format", "json"]):
            ran = shell(repo.path, *words, *options)
            assert ran.code in (0, 1), ran
            assert_harmless(ran.out + ran.err)
            if options:
                json.loads(ran.out)
    seen = json.loads(shell(repo.path, "executions", "stats", "--format", "json").out)["tools"]
    assert {stat["tool"] for stat in seen} == {*RECORDED, "shop:bell"}


def test_huge_and_strange_numbers_do_no_harm(shell: Shell, make_repo: MakeRepo) -> None:
    repo = make_repo({"shop.py": SHOP})
    lines = [call(n, "shop:bell", duration_ms=value) for n, value in enumerate((0, 1e12, 2**39, 5e-324))]
    lines += [
        call(20 + n, "shop:bell", ts=ts) for n, ts in enumerate(("1970-01-01T00:00:00Z", "2026-01-01T00:00:00+14:00"))
    ]
    minute = {"ts": "2026-01-01T00:00:00Z", "latency": {"10": 2**31 - 1}, "counts": {"ok": 2**31 - 1, "failed": 1}}
    odd = [
        call(30, "shop:bell", duration_ms=-1), call(31, "shop:bell", ts="9999-12-31T23:59:59Z"),
        call(32, "shop:bell") | minute, call(33, "shop:bell", counts={"ok": 2**80}),
        call(34, "shop:bell", args=[10**4000]), call(35, "shop:bell", duration_ms=1e300),
    ]  # fmt: skip
    (repo.path / "calls.jsonl").write_text("".join(json.dumps(line) + "\n" for line in [*lines, *odd]))
    ran = shell(repo.path, "executions", "import", "calls.jsonl")
    assert ran.code in (0, 1), ran
    (repo.path / "calls.jsonl").unlink()
    for words in COMMANDS.values():
        ran = shell(repo.path, *words, "--format", "json")
        assert ran.code in (0, 1), (words, ran)
        json.loads(ran.out)
        assert shell(repo.path, *words).code == ran.code
    seen = json.loads(shell(repo.path, "executions", "stats", "--format", "json").out)["tools"]
    assert [stat["tool"] for stat in seen] == ["shop:bell"]
    assert seen[0]["total"] >= len(lines)


def test_what_cannot_be_read_in_the_spool_hides_nothing(shell: Shell, make_repo: MakeRepo) -> None:
    repo = make_repo({"shop.py": SHOP})
    spool = repo.path / ".git" / "gitops-healer" / "spool"
    record(repo)
    (spool / "0-garbage-1.jsonl").write_bytes(b"\xff\x00\n{}\n" * 500)
    (repo.path / ".git" / "gitops-healer" / "spool-read.json").write_bytes(b'{"half')
    first = json.loads(shell(repo.path, "executions", "stats", "--format", "json").out)
    assert [(stat["total"], stat["failed"]) for stat in first["tools"]] == [(9, 3)]
    (spool / "0-loop-1.jsonl").symlink_to("0-loop-1.jsonl")
    again = shell(repo.path, "executions", "stats", "--format", "json")
    assert (again.code, json.loads(again.out)) == (0, first)


@pytest.mark.parametrize("content", [b"", b"\x00" * 5_000, b"SQLite format 3\x00" + b"\xff" * 5_000])
def test_a_broken_store_is_named_and_never_deleted(shell: Shell, make_repo: MakeRepo, content: bytes) -> None:
    repo = make_repo({"shop.py": SHOP})
    file = repo.path / ".git" / "gitops-healer" / "executions.sqlite"
    file.parent.mkdir()
    file.write_bytes(content)
    for words in COMMANDS.values():
        ran = shell(repo.path, *words)
        if not content:
            assert ran.code == 0, "an empty file is an empty database"
        else:
            assert ran.code == 2
            assert f"{file} could not be opened" in ran.err
            assert "move it away" in ran.err
            assert file.read_bytes() == content


Texts = st.text(max_size=60) | st.sampled_from(
    [
        "</details><script>",
        "@team",
        "![x](http://evil.example)",
        "```\n/approve\n```",
        "`` ` ``",
        "#1",
        "\n\n# head",
        "-->",
    ]
)


@settings(max_examples=150, deadline=None)
@given(texts=st.lists(Texts, min_size=3, max_size=7))
@example(texts=["`@team`", "<b>", "\n/approve", "a`\n- b"])
def test_nothing_recorded_does_anything_in_a_pull_request(texts: list[str]) -> None:
    """Read as GitHub does: what is foreign stands in code, which makes no mention, link, HTML or order."""
    summary, sentence, *evidence = texts
    problem = Problem(CauseKind.INPUT, sentence, 0.5, evidence=tuple(evidence), proposals=(Proposal(evidence[0]),))
    section = diagnosis_section(Diagnosis("shop:bell", None, summary, (problem,)))
    tokens = [part for token in MarkdownIt("commonmark").parse(section) for part in (token, *(token.children or ()))]
    assert not [
        token.type for token in tokens if token.type.startswith(("html", "link", "image", "fence", "code_block"))
    ]
    assert "".join(token.content for token in tokens if token.type == "heading_open" or token.markup == "###") == ""
    plain = " ".join(token.content for token in tokens if token.type == "text")
    assert set(plain.split()) <= set("input , confidence 50%: to do: Root cause".split()), plain
    assert sum(token.type == "code_inline" for token in tokens) == 3 + len(evidence)
