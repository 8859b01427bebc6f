"""Whatever lies in a repository or happens to a scan: no crash, no hang, a word for it, and the right exit code."""

import contextlib
import json
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import GitRepo
from tests.test_scan_properties import BIG, a_store

MakeRepo = Callable[..., GitRepo]
PATIENCE = 240  # seconds, after which a scan counts as hanging
GOOD = {"p/__init__.py": "", "p/a.py": "from . import b\n", "p/b.py": "import p.a\n", "big.py": BIG}
GOOD_RULES = ["circular_import", "god_class"]


def command(repo: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "gitops_healer", "scan", str(repo), "--format", "json", *arguments]


def ran(repo: Path, *arguments: str, code: int = 0, **options: Any) -> subprocess.CompletedProcess[bytes]:
    """A scan through the command line. A traceback is never the word that one expects."""
    done = subprocess.run(
        command(repo, *arguments),
        capture_output=True,
        timeout=PATIENCE,
        stdin=subprocess.DEVNULL,
        check=False,
        **options,
    )
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    assert done.returncode == code, done.stderr.decode()
    return done


def scanned(repo: Path, *arguments: str, **options: Any) -> dict[str, Any]:
    document = json.loads(ran(repo, *arguments, **options).stdout)
    assert isinstance(document, dict)
    return document


def refused(repo: Path, *arguments: str, code: int) -> str:
    """What is said on stderr."""
    return " ".join(ran(repo, *arguments, code=code).stderr.decode("utf-8", "replace").split())


def rules(document: dict[str, Any]) -> list[str]:
    return sorted({item["rule"] for item in document["findings"]} & set(GOOD_RULES))


def unlike_stats(document: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key != "stats"}


# Files

MANY = 100_000
STRANGE: dict[str, tuple[bytes, bool]] = {
    "brackets": (b"x = " + b"(" * MANY + b")" * MANY + b"\n", False),
    "lists": (b"x = " + b"[" * 150 + b"]" * 150 + b"\n", True),
    "subscripts": (b"x = a" + b"[0]" * MANY + b"\n", False),
    "negations": (b"x = " + b"not " * MANY + b"y\n", False),
    "minuses": (b"x = " + b"-" * MANY + b"1\n", False),
    "attributes": (b"x = a" + b".b" * MANY + b"\n", False),
    "calls": (b"x = f" + b"()" * MANY + b"\n", False),
    "sums": (b"x = 1" + b" + 1" * MANY + b"\n", False),
    "lambdas": (b"x = " + b"lambda: " * MANY + b"1\n", False),
    "conditions": (b"x = " + b"1 if y else " * MANY + b"2\n", False),
    "one_long_line": (b"x = '" + b"a" * 10_000_000 + b"'\n", False),
    "long_chain": (b"if a:\n    pass\n" + b"elif b:\n    pass\n" * 20_000, False),
    "long_list": (b"x = [" + b"1, " * 300_000 + b"]\n", True),
    "deep_blocks": (b"".join(b" " * n + b"if x:\n" for n in range(90)) + b" " * 90 + b"y\n", True),
    "too_deep_blocks": (b"".join(b" " * n + b"if x:\n" for n in range(200)) + b" " * 200 + b"y\n", False),
    "functions_in_functions": (b"".join(b" " * n + b"def f():\n" for n in range(90)) + b" " * 90 + b"y\n", True),
    "nested_formats": (b"x = f'{f\"{f'''{1}'''}\"}'\n", sys.version_info >= (3, 12)),
    "null_byte": (b"x = 1\n\0\ny = 2\n", False),
    "only_null_bytes": (b"\0" * 1000, False),
    "binary": (bytes(range(256)) * 40, False),
    "latin1_undeclared": ("x = 'é'\n".encode("latin-1"), False),
    "latin1_declared": ("# -*- coding: latin-1 -*-\ndef é(): pass\n".encode("latin-1"), True),
    "utf16": ("x = 1\n".encode("utf-16"), False),
    "utf16_declared": ("# coding: utf-16\nx = 1\n".encode("utf-16-le"), False),
    "unknown_codec": (b"# coding: klingon\nx = 1\n", False),
    "codec_of_bytes": (b"# coding: hex\nx = 1\n", False),
    "codec_that_fails": (b"# coding: undefined\nx = 1\n", False),
    "byte_order_mark": (b"\xef\xbb\xbfx = 1\n", True),
    "byte_order_mark_and_other_codec": (b"\xef\xbb\xbf# coding: latin-1\nx = 1\n", False),
    "carriage_returns": (b"def f():\r    return 1\rx = 2\r", True),
    "form_feeds": (b"\f\ndef f():\n\f    return 1\n", True),
    "tabs_and_spaces": (b"if x:\n\ty\n        z\n", False),
    "python_2": (b"print 'hello'\nexec 'x'\n", False),
    "lone_surrogate": (b"x = '\\ud800'\n\xed\xa0\x80\n", False),
    "empty": (b"", True),
    "no_last_newline": (b"x = 1", True),
    "only_a_backslash": (b"\\", False),
    "large_file_pointer": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"4d" * 32 + b"\nsize 12345\n", False),
}  # fmt: skip


@pytest.fixture(scope="module")
def strange(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """One scan of all of them, beside good files."""
    repo = GitRepo(tmp_path_factory.mktemp("strange"))
    repo.git("init", "--quiet", "--initial-branch=main")
    repo.git("config", "user.name", "Maintainer")
    repo.git("config", "user.email", "maintainer@example.org")
    repo.commit({**GOOD, **{f"odd/{name}.py": source for name, (source, _) in STRANGE.items()}})
    return scanned(repo.path)


@pytest.mark.parametrize("name", STRANGE)
def test_a_strange_file_is_read_or_gets_a_reason(strange: dict[str, Any], name: str) -> None:
    module = strange["modules"][f"odd/{name}.py"]
    assert module["analyzable"] is STRANGE[name][1], module.get("reason")
    assert module["analyzable"] or len(module["reason"]) > 5


def test_strange_files_change_nothing_for_the_others(strange: dict[str, Any], make_repo: MakeRepo) -> None:
    alone = scanned(make_repo(GOOD).path)
    assert rules(strange) == rules(alone) == GOOD_RULES
    assert {path: module for path, module in strange["modules"].items() if path in GOOD} == alone["modules"]
    assert strange["global_issues"]["circular_imports"] == alone["global_issues"]["circular_imports"]


SOURCES = sorted(Path(__file__).parents[1].glob("gitops_healer/c*/*.py"))


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A real file with bytes changed, taken out or put in."""
    source = bytearray(draw(st.sampled_from(SOURCES)).read_bytes())
    for _ in range(draw(st.integers(1, 6))):
        place = draw(st.integers(0, max(0, len(source) - 1)))
        length = draw(st.integers(0, 40))
        source[place : place + length] = draw(
            st.binary(max_size=8) | st.sampled_from([b"(", b'"""', b"\n", b"    ", b":"])
        )
    return bytes(source)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(damaged())
def test_a_damaged_file_is_no_matter_for_others(source: bytes) -> None:
    with a_store() as store:
        store.commit(GOOD)
        before = store.scan(cached=True)
        store.commit({**GOOD, "hurt.py": source})
        after = store.scan(cached=True)
        assert after == store.scan()
    hurt = after["modules"].pop("hurt.py")
    assert hurt["analyzable"] or hurt["reason"]
    assert after["modules"] == before["modules"]
    assert after["global_issues"]["circular_imports"] == before["global_issues"]["circular_imports"]
    own = [item for item in after["findings"] if item["path"] in GOOD and item["rule"] in GOOD_RULES]
    assert own == [item for item in before["findings"] if item["rule"] in GOOD_RULES]


# Repositories


def test_links_are_not_followed(make_repo: MakeRepo, tmp_path: Path) -> None:
    repo = make_repo(GOOD)
    (tmp_path / "secret.py").write_text("class Secret: pass\n")
    (repo.path / "loop.py").symlink_to("loop.py")
    (repo.path / "folder").symlink_to(".")
    (repo.path / "out.py").symlink_to(tmp_path / "secret.py")
    repo.commit()
    document = scanned(repo.path)
    assert set(document["modules"]) == set(GOOD)
    assert "Secret" not in json.dumps(document)


def test_submodules_are_not_entered(make_repo: MakeRepo) -> None:
    repo = make_repo(GOOD)
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{repo.git('rev-parse', 'HEAD')},vendor.py")
    repo.git("commit", "--quiet", "--message", "a submodule")
    assert set(scanned(repo.path)["modules"]) == set(GOOD)


def test_names_that_are_no_text(make_repo: MakeRepo) -> None:
    repo = make_repo(GOOD)
    odd = {b"\xff\xfe.py", b"new\nline.py", b" .py", b"-rf.py", b"quote'\".py", "caf\u00e9.py".encode()}
    for name in odd:
        Path(os.fsdecode(os.fsencode(repo.path) + b"/" + name)).write_bytes(BIG.encode())
    repo.commit()
    document = scanned(repo.path)
    assert {os.fsencode(path) for path in document["modules"]} - {name.encode() for name in GOOD} == odd
    for form in ("sarif", "text", "html"):
        ran(repo.path, "--format", form)


def test_nothing_to_scan_is_no_failure(make_repo: MakeRepo) -> None:
    repo = make_repo({"README": "no code here"})
    document = scanned(repo.path)
    assert (document["modules"], document["findings"]) == ({}, [])


def test_without_a_commit_it_says_what_to_do(make_repo: MakeRepo) -> None:
    assert "make one" in refused(make_repo().path, code=2)
    assert "make one" in refused(make_repo(name="bare", bare=True).path, code=2)


def test_a_branch_that_is_not_born_hides_no_other(make_repo: MakeRepo) -> None:
    repo = make_repo(GOOD)
    repo.git("symbolic-ref", "HEAD", "refs/heads/unborn")
    assert "no commit" in refused(repo.path, code=2)
    assert rules(scanned(repo.path, "--ref", "main")) == GOOD_RULES


@pytest.mark.parametrize("kind", ["bare", "detached", "shallow", "worktree"])
def test_every_kind_of_clone_is_scanned(make_repo: MakeRepo, tmp_path: Path, kind: str) -> None:
    repo = make_repo({"x.py": ""})
    repo.commit(GOOD)
    place = tmp_path / "place"
    match kind:
        case "bare":
            repo.git("clone", "--quiet", "--bare", ".", str(place))
        case "detached":
            repo.git("clone", "--quiet", ".", str(place))
            GitRepo(place).git("checkout", "--quiet", "--detach")
        case "shallow":
            repo.git("clone", "--quiet", "--depth=1", f"file://{repo.path}", str(place))
        case "worktree":
            repo.git("worktree", "add", "--quiet", "--detach", str(place))
    assert rules(scanned(place)) == GOOD_RULES


def test_what_is_no_repository_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder").mkdir()
    for name in ("missing", "file", "folder"):
        assert name in refused(tmp_path / name, code=2)


def test_a_partial_clone_says_what_is_missing(make_repo: MakeRepo, tmp_path: Path) -> None:
    repo = make_repo(GOOD)
    repo.git("config", "uploadpack.allowFilter", "true")
    place = tmp_path / "partial"
    repo.git("clone", "--quiet", "--no-checkout", "--filter=blob:none", f"file://{repo.path}", str(place))
    said = refused(place, code=2)
    assert "git fetch" in said or "partial" in said


def test_a_missing_object_is_named(make_repo: MakeRepo) -> None:
    repo = make_repo(GOOD)
    blob = repo.git("rev-parse", "HEAD:big.py")
    (repo.path / ".git/objects" / blob[:2] / blob[2:]).unlink()
    assert blob[:7] in refused(repo.path, code=2)


@pytest.mark.parametrize(
    "text", ["detection: [", "detection:\n  god_clas: {}\n", "\x00", "- a list\n", "detection: 7\n"]
)
def test_a_broken_policy_is_named(make_repo: MakeRepo, text: str) -> None:
    repo = make_repo({**GOOD, ".github/gitops-healer.yml": text})
    assert ".github/gitops-healer.yml" in refused(repo.path, code=2)


@pytest.mark.slow
def test_a_hundred_thousand_empty_files(make_repo: MakeRepo) -> None:
    repo = make_repo()
    files = "".join(f"M 100644 :1 d{n // 500}/f{n}.py\n" for n in range(MANY))
    stream = (
        "blob\nmark :1\ndata 0\n\n"
        "commit refs/heads/main\ncommitter A <a@example.org> 1767225600 +0000\ndata 0\n\n" + files
    )  # fmt: skip
    subprocess.run(["git", "fast-import", "--quiet"], cwd=repo.path, input=stream.encode(), check=True)
    document = scanned(repo.path)
    assert (len(document["modules"]), document["stats"]["parsed"], document["findings"]) == (MANY, 1, [])


# The cache


def cache_of(repo: GitRepo) -> Path:
    return repo.path / ".git/gitops-healer/cache.sqlite"


def cut(cache: Path) -> None:
    cache.write_bytes(cache.read_bytes()[: cache.stat().st_size // 2])


def flip(cache: Path) -> None:
    data = bytearray(cache.read_bytes())
    for place in range(5000, len(data), 997):
        data[place] ^= 0x55
    cache.write_bytes(data)


def lie(cache: Path) -> None:
    """Values that are whole but mean nothing."""
    with contextlib.closing(sqlite3.connect(cache)) as database, database:
        database.execute("UPDATE entries SET value = x'7b7d'")


def replace_by_folder(cache: Path) -> None:
    cache.unlink()
    cache.mkdir()


DAMAGE: dict[str, Callable[[Path], Any]] = {
    "garbage": lambda cache: cache.write_bytes(b"no database at all" * 1000),
    "empty": lambda cache: cache.write_bytes(b""),
    "cut": cut,
    "bits flipped": flip,
    "other values": lie,
    "a folder": replace_by_folder,
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_cache_costs_time_only(make_repo: MakeRepo, kind: str) -> None:
    repo = make_repo(GOOD)
    first = scanned(repo.path)
    for rest in cache_of(repo).parent.glob("cache.sqlite-*"):
        rest.unlink()
    DAMAGE[kind](cache_of(repo))
    assert unlike_stats(scanned(repo.path)) == unlike_stats(first)
    repo.commit({"more.py": "import p.a\n"})
    assert unlike_stats(scanned(repo.path)) == unlike_stats(scanned(repo.path, "--no-cache"))


def test_a_place_without_room_for_a_cache(make_repo: MakeRepo) -> None:
    repo = make_repo(GOOD)
    (repo.path / ".git/gitops-healer").write_text("in the way")
    assert ".git/gitops-healer cannot be made" in refused(repo.path, code=2)
    assert rules(scanned(repo.path, "--no-cache")) == GOOD_RULES


def test_a_cache_that_somebody_locks(make_repo: MakeRepo) -> None:
    repo = make_repo(GOOD)
    first = scanned(repo.path)
    repo.commit({"more.py": "x = 1\n"})
    with contextlib.closing(sqlite3.connect(cache_of(repo), isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        began = time.monotonic()
        document = scanned(repo.path)
        waited = time.monotonic() - began
    assert rules(document) == rules(first)
    assert waited < 15
    assert unlike_stats(document) == unlike_stats(scanned(repo.path))


def small_files() -> None:
    """What a full disk is like: nothing longer than 8 kB can be written."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))


def test_a_full_disk_costs_the_cache_only(make_repo: MakeRepo, tmp_path: Path) -> None:
    repo = make_repo({**GOOD, "huge.py": BIG.replace("Big", "Huge") * 40})
    document = scanned(repo.path, preexec_fn=small_files)
    assert unlike_stats(document) == unlike_stats(scanned(repo.path, "--no-cache"))
    assert unlike_stats(document) == unlike_stats(scanned(repo.path))
    repo.commit({"more.py": ""})
    output = tmp_path / "out.json"
    said = ran(repo.path, "--output", str(output), code=3, preexec_fn=small_files).stderr.decode()
    assert "too large" in said
    ran(repo.path, "--output", str(output))
    assert rules(json.loads(output.read_bytes())) == GOOD_RULES


# Violence


def long_work(make_repo: MakeRepo) -> GitRepo:
    """Some seconds of work for a scan."""
    body = "".join(
        f"def f{n}(a, b):\n    if a and b:\n        return [x for x in a if x > {n}]\n    return b\n"
        for n in range(120)
    )
    return make_repo({**GOOD, **{f"m{n}.py": body.replace("a and b", f"a > {n}") for n in range(300)}})


def children(pid: int) -> list[int]:
    with contextlib.suppress(OSError):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


@contextlib.contextmanager
def running(repo: GitRepo) -> Iterator[subprocess.Popen[bytes]]:
    """A scan with two workers that have begun."""
    with subprocess.Popen(
        command(repo.path, "--jobs", "2"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    ) as process:
        end = time.monotonic() + 30
        while len(children(process.pid)) < 2 and process.poll() is None and time.monotonic() < end:
            time.sleep(0.005)
        yield process


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="finds the workers in /proc")
@pytest.mark.parametrize("pause", [0.0, 0.3])
def test_a_killed_scan_leaves_nothing_wrong_behind(make_repo: MakeRepo, pause: float) -> None:
    repo = long_work(make_repo)
    with running(repo) as process:
        assert children(process.pid), "the scan was over before it could be killed"
        time.sleep(pause)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=PATIENCE)
    assert process.returncode == -signal.SIGKILL
    assert unlike_stats(scanned(repo.path)) == unlike_stats(scanned(repo.path, "--no-cache"))


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="finds the workers in /proc")
def test_a_killed_worker_costs_nothing(make_repo: MakeRepo) -> None:
    repo = long_work(make_repo)
    with running(repo) as process:
        victims = children(process.pid)
        assert victims, "the scan was over before a worker could be killed"
        os.kill(victims[0], signal.SIGKILL)
        out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, err.decode()
    assert unlike_stats(json.loads(out)) == unlike_stats(scanned(repo.path, "--no-cache"))


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="finds the workers in /proc")
def test_workers_do_not_outlive_a_killed_parent(make_repo: MakeRepo) -> None:
    repo = long_work(make_repo)
    with running(repo) as process:
        workers = children(process.pid)
        assert workers, "the scan was over before it could be killed"
        process.kill()
        process.communicate(timeout=PATIENCE)
        end = time.monotonic() + 30
        while time.monotonic() < end and any(Path(f"/proc/{pid}/fd").is_dir() and alive(pid) for pid in workers):
            time.sleep(0.05)
        assert not [pid for pid in workers if alive(pid)]
    assert rules(scanned(repo.path)) == GOOD_RULES


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:
        return False
