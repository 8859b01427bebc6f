"""The cache: what is put is got, and nothing that happens to its file is worse than forgetting."""

import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_healer.adapters.cache import SqliteCache


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "state" / "cache.sqlite"


def test_what_is_put_is_got_by_another_process_later(place: Path) -> None:
    with SqliteCache(place) as cache:
        cache.put_many({"a": b"one", "b": b"", "c": bytes(range(256))})
    with SqliteCache(place) as cache:
        assert cache.get("a") == b"one"
        assert cache.get_many(["b", "missing", "c"]) == {"b": b"", "c": bytes(range(256))}
        assert cache.get("missing") is None


def test_a_second_put_replaces_the_first(place: Path) -> None:
    cache = SqliteCache(place)
    cache.put("a", b"old")
    cache.put("a", b"new")
    assert cache.get("a") == b"new"
    cache.close()


@settings(max_examples=25)
@given(st.dictionaries(st.text(st.characters(codec=None)), st.binary(max_size=200), max_size=20))
def test_any_key_and_value_survives(tmp_path_factory: pytest.TempPathFactory, values: dict[str, bytes]) -> None:
    with SqliteCache(tmp_path_factory.mktemp("any") / "cache.sqlite") as cache:
        cache.put_many(values)
        assert cache.get_many(list(values)) == values


def test_thousands_of_keys_in_one_question(place: Path) -> None:
    with SqliteCache(place) as cache:
        values = {f"key {number}": str(number).encode() for number in range(5000)}
        cache.put_many(values)
        assert cache.get_many([*values, "other"]) == values


def test_the_least_recently_used_leave(place: Path) -> None:
    with SqliteCache(place, limit=100_000) as cache:
        for number in range(9):
            cache.put(str(number), bytes(10_000))
        assert cache.get("0") is not None
        for number in range(9, 14):
            cache.put(str(number), bytes(10_000))
        kept = cache.get_many([str(number) for number in range(14)])
    assert "0" in kept
    assert "1" not in kept
    assert "13" in kept
    assert sum(map(len, kept.values())) <= 100_000


def test_use_is_remembered_over_processes(place: Path) -> None:
    with SqliteCache(place, limit=100_000) as cache:
        cache.put_many({"early": bytes(20_000)})
        cache.put_many({"late": bytes(20_000)})
    with SqliteCache(place, limit=100_000) as cache:
        assert cache.get("early") is not None
    with SqliteCache(place, limit=100_000) as cache:
        cache.put_many({str(number): bytes(20_000) for number in range(3)})
        assert cache.get("early") is not None
        assert cache.get("late") is None


def test_a_value_that_would_push_all_others_out_is_not_kept(place: Path) -> None:
    with SqliteCache(place, limit=1000) as cache:
        cache.put("small", b"x")
        cache.put("huge", bytes(900))
        assert cache.get_many(["small", "huge"]) == {"small": b"x"}


def test_the_file_does_not_grow_for_ever(place: Path) -> None:
    with SqliteCache(place, limit=1_000_000) as cache:
        for number in range(400):
            cache.put(str(number), os.urandom(20_000))
    assert place.stat().st_size < 3_000_000


@pytest.mark.parametrize("damage", ["text", "header", "middle", "truncated", "format", "table", "directory"])
def test_damage_is_thrown_away_and_said(place: Path, damage: str) -> None:
    with SqliteCache(place) as cache:
        cache.put_many({str(number): os.urandom(3000) for number in range(200)})
    spoil(place, damage)
    said: list[str] = []
    with SqliteCache(place, tell=said.append) as cache:
        cache.get_many([str(number) for number in range(200)])
        cache.put("new", b"value")
        found = cache.get("new")
    assert len(said) == 1
    assert str(place) in said[0]
    if damage == "directory":
        assert "without it" in said[0]
    else:
        assert found == b"value"
        assert SqliteCache(place).get("new") == b"value"


def spoil(place: Path, damage: str) -> None:
    data = place.read_bytes()
    match damage:
        case "text":
            place.write_text("this is no database at all, but a long enough text\n" * 100)
        case "header":
            place.write_bytes(b"SQLite format 3\0" + os.urandom(len(data) - 16))
        case "middle":
            place.write_bytes(data[:4096] + os.urandom(len(data) - 4096))
        case "truncated":
            place.write_bytes(data[: len(data) // 2])
        case "format":
            with sqlite3.connect(place) as connection:
                connection.execute("PRAGMA user_version = 99")
            connection.close()
        case "table":
            with sqlite3.connect(place) as connection:
                connection.execute("DROP TABLE entries")
            connection.close()
        case "directory":
            place.unlink()
            place.mkdir()


def test_a_flipped_bit_in_a_value_is_a_miss(place: Path) -> None:
    with SqliteCache(place) as cache:
        cache.put_many({"a": b"A" * 100, "b": b"B" * 100})
    data = place.read_bytes()
    place.write_bytes(data.replace(b"A" * 100, b"A" * 99 + b"X"))
    with SqliteCache(place) as cache:
        assert cache.get_many(["a", "b"]) == {"b": b"B" * 100}


def test_damage_while_it_is_open(place: Path) -> None:
    said: list[str] = []
    cache = SqliteCache(place, tell=said.append)
    cache.put_many({str(number): os.urandom(3000) for number in range(200)})
    for file in place.parent.iterdir():
        if file.suffix != ".lock":
            file.write_bytes(os.urandom(5000))
    cache.put("after", b"value")
    assert cache.get("after") in (b"value", None)
    cache.close()
    with SqliteCache(place) as again:
        again.put("later", b"value")
        assert again.get("later") == b"value"


@pytest.mark.parametrize("spoiled", ["/proc/nowhere/cache.sqlite", "file/cache.sqlite"])
def test_a_place_where_nothing_can_be_written_is_no_cache(tmp_path: Path, spoiled: str) -> None:
    (tmp_path / "file").write_text("")
    said: list[str] = []
    cache = SqliteCache(tmp_path / spoiled, tell=said.append)
    cache.put("a", b"1")
    assert cache.get("a") is None
    assert len(said) == 1
    assert "without it" in said[0]
    cache.close()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_directory_is_no_cache(place: Path) -> None:
    place.parent.mkdir()
    place.parent.chmod(0o500)
    cache = SqliteCache(place)
    cache.put("a", b"1")
    assert cache.get("a") is None
    place.parent.chmod(0o700)


def run(program: str, *arguments: object) -> "subprocess.Popen[str]":
    """A Python process of its own that knows SqliteCache, Path, sys and os."""
    known = "import os, resource, sys\nfrom pathlib import Path\nfrom gitops_healer.adapters.cache import SqliteCache\n"
    argv = [sys.executable, "-W", "error", "-c", known + program, *map(str, arguments)]
    return subprocess.Popen(argv, cwd=Path(__file__).parents[2], stderr=subprocess.PIPE, text=True)


def ended(process: "subprocess.Popen[str]") -> str:
    """What it complained about, "" when it ended well."""
    _, stderr = process.communicate()
    return stderr if process.returncode else ""


FULL = """
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
said = []
cache = SqliteCache(Path(sys.argv[1]), tell=said.append)
for number in range(100):
    cache.put(str(number), os.urandom(50_000))
cache.get_many([str(number) for number in range(100)])
cache.close()
assert len(said) == 1 and "without it" in said[0], said
"""


def test_a_full_disk_is_no_crash(place: Path) -> None:
    assert ended(run(FULL, place)) == ""
    with SqliteCache(place) as cache:
        cache.put("room again", b"1")
        assert cache.get("room again") == b"1"


HAMMER = """
number = int(sys.argv[2])
with SqliteCache(Path(sys.argv[1])) as cache:
    for step in range(50):
        cache.put(f"{number}-{step}", f"{number}-{step}".encode() * 100)
        found = cache.get(f"{(number + 1) % 8}-{step}")
        assert found in (None, f"{(number + 1) % 8}-{step}".encode() * 100)
"""


def test_eight_processes_at_once(place: Path) -> None:
    processes = [run(HAMMER, place, number) for number in range(8)]
    assert [ended(process) for process in processes] == [""] * 8
    with SqliteCache(place) as cache:
        assert len(cache.get_many([f"{n}-{step}" for n in range(8) for step in range(50)])) == 400


def test_threads_share_one(place: Path) -> None:
    with SqliteCache(place) as cache:

        def work(number: int) -> None:
            for step in range(50):
                cache.put(f"{number}-{step}", b"x")

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(cache.get_many([f"{n}-{step}" for n in range(8) for step in range(50)])) == 400


FORK = """
cache = SqliteCache(Path(sys.argv[1]))
cache.put("before", b"1")
child = os.fork()
if child == 0:
    cache.put("from the child", b"2")
    os._exit(0 if cache.get("before") == b"1" else 1)
assert os.waitpid(child, 0)[1] == 0
cache.put("after", b"3")
assert len(cache.get_many(["before", "from the child", "after"])) == 3
cache.close()
"""


def test_a_fork_opens_its_own(place: Path) -> None:
    assert ended(run(FORK, place)) == ""


KILLED = """
cache = SqliteCache(Path(sys.argv[1]))
cache.put("ready", b"1")
while True:
    cache.put_many({os.urandom(2).hex(): os.urandom(20_000) for _ in range(20)})
"""


def test_a_killed_writer_leaves_a_usable_file(place: Path) -> None:
    for _ in range(3):
        process = run(KILLED, place)
        with SqliteCache(place) as cache:
            while cache.get("ready") is None:
                assert process.poll() is None
        process.kill()
        process.communicate()
        said: list[str] = []
        with SqliteCache(place, tell=said.append) as cache:
            assert cache.get("ready") == b"1"
        assert said == []


def test_a_closed_cache_finds_nothing(place: Path) -> None:
    cache = SqliteCache(place)
    cache.put("a", b"1")
    cache.close()
    cache.put("b", b"2")
    assert cache.get_many(["a", "b"]) == {}
