"""A function that is called again and again in the sandbox: what is seen of it, and what is left behind."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_healer.adapters.call_session import (
    CRASHED,
    FORBIDDEN,
    TIMED_OUT,
    UNCALLABLE,
    seen_of,
)
from gitops_healer.adapters.call_values import MAX_NODES, UnspeakableError, canonical
from gitops_healer.adapters.caller import SandboxedCaller
from gitops_healer.adapters.repository import open_repository
from gitops_healer.adapters.sandbox import detect_sandbox
from gitops_healer.core.calls import NOT_MADE, Answer, Call, Conditions, Mock, Seen
from gitops_healer.ports import CallSession, SandboxLevel
from gitops_healer.settings import load_settings
from tests.conftest import GitRepo

SHOP = r'''
import collections, dataclasses, datetime, enum, json, os, random, resource, shutil, signal, socket, sqlite3, subprocess
import sys, tempfile, threading
from . import prices

count = 0
table = {"a": 1}

def run(name, *args):
    """One session serves all tests: the name of what is to be done is an input."""
    return globals()[name](*args)

def double(x): return 2 * x
def mean(items):
    total = sum(items)
    if not items:
        raise ValueError("nothing to take the mean of")
    return total / len(items)

def fails(how):
    if how == "raise": raise ValueError("no")
    if how == "operation": 1 / 0
    if how == "assert": assert how == "", "hm"
    if how == "in a raise": raise ValueError(1 / 0)
    if how == "library": json.loads("x")
    if how == "exit": sys.exit(3)
    if how == "helper": prices.of("missing")
    try: {}["k"]
    except KeyError as error:
        if how == "again": raise
        if how == "again by name": raise error
        if how == "from": raise RuntimeError("w") from error

@dataclasses.dataclass
class Item:
    name: str
    price: float
    next: object = None
class Slotted:
    __slots__ = ("a", "b")
    def __init__(self): self.a = 1
class Tagged(list): pass
class Hostile:
    def __init__(self): self.n = 1
    def __eq__(self, other): raise RuntimeError("eq")
    def __repr__(self): raise RuntimeError("repr")
    def __hash__(self): return 1
class Color(enum.Enum): RED = 1
Point = collections.namedtuple("Point", "x y")
class Odd(ValueError):
    def __init__(self, text, code):
        super().__init__(text)
        self.code = code

def value(name):
    ring = Item("ring", 1.0); ring.next = ring
    tagged = Tagged([1]); tagged.tag = "t"
    return {"item": Item("a", 1.5), "ring": ring, "slotted": Slotted(), "tagged": tagged, "hostile": {Hostile()},
            "color": Color.RED, "point": Point(1, 2), "odd": Odd("m", 4), "nan": float("nan"), "set": {3, 1, 2},
            "pairs": {1: 2, (1,): 3}, "function": double, "class": Item, "bytes": b"x", "tuple": (1,),
            "when": datetime.datetime(2020, 1, 1),
            "thing": threading.Lock(), "deep": deep(), "many": [0] * 300000, "long": "x" * 2000000}[name]
def deep():
    found = []
    for _ in range(5000): found = [found]
    return found

def numbers(n):
    yield from range(n)
    if n > 2: raise ValueError("too many")
async def later(x): return x + 1
async def stream(n):
    for i in range(n): yield i
def append(items): items.append(4)
def failing_append(items): items.append(4); raise ValueError("late")
def loud(x):
    print("out"); print("err", file=sys.stderr); sys.stdout.write("end")
    os.write(1, b"raw\n"); subprocess.run(["echo", "child"])
    return x
def flood(n): print("y" * n)

def files():
    config = json.load(open("config.json"))
    open("out.txt", "w").write("1")
    os.makedirs("made/deep"); open("made/deep/f", "w").write("2")
    os.rename("data.txt", "moved.txt")
    open("scratch", "w").close(); os.remove("scratch")
    shutil.rmtree("old")
    return tree()
def tree(): return sorted(os.path.join(p, f) for p, _, fs in os.walk(".") for f in fs if ".py" not in f)
def contents(): return {name: open(name).read() for name in tree()}
def spoil():
    """Break the record of what has to be put back, and change a file."""
    open("data.txt", "w").write("bad")
    for folder, _, names in os.walk(os.path.join(os.getcwd(), os.pardir)):
        if "index" in names and "healer-" in folder:
            open(os.path.join(folder, "index"), "a").write("no JSON\n")
def rearrange():
    os.chmod("old", 0o700); os.rename("old", "new")
    open("new/b", "w").write("3"); tempfile.TemporaryFile().write(b"x")
    return tree()
log = open(__file__ + ".log", "a", buffering=1)
def logged(x):
    log.write(f"{x}\n")
    return open(log.name).read()
def shell(command):
    open("data.txt", "w").write("mine")
    subprocess.run(["sh", "-c", command], check=True)
    return contents()
def database():
    with sqlite3.connect("shop.db") as db:
        db.execute("create table if not exists t(a)"); db.execute("insert into t values (1)")
    return db.execute("select count(*) from t").fetchone()[0]
def swallow():
    try: socket.create_connection(("127.0.0.1", 9), timeout=1)
    except BaseException: return "swallowed"
def state(x):
    global count
    count += x; table["b"] = x
    os.environ["SHOP"] = "1"; os.chdir("/tmp"); signal.signal(signal.SIGTERM, signal.SIG_IGN)
    return count
def imports():
    import pkg.lazy
    return pkg.lazy.x
def moment(): return [datetime.datetime.now().isoformat(), random.random(), list({"a", "b", "c", "d", "e"})]
def places(): print(__file__); return [__file__, tempfile.mkdtemp(), os.environ["HOME"], sys.path]
def supervisor():
    with open(f"/proc/{os.getppid()}/stat") as stat: return int(stat.read().rpartition(")")[2].split()[1])
def spy():
    found = []
    for name in ("mem", "environ", *(f"fd/{number}" for number in range(20))):
        try: os.close(os.open(f"/proc/{supervisor()}/{name}", os.O_RDONLY | os.O_NONBLOCK)); found.append(name)
        except OSError: pass
    return found
def priced(x): return prices.of(x)

def end(how):
    open("data.txt", "w").write("bad")
    if how == "exit": os._exit(3)
    if how == "kill": os.kill(os.getpid(), signal.SIGKILL)
    if how == "hang":
        while True: pass
    if how == "importer": os.kill(os.getppid(), signal.SIGKILL)
    if how == "supervisor": os.kill(supervisor(), signal.SIGKILL)
    if how == "descriptors": os.closerange(0, 200)
    if how == "protocol":
        for fd in range(200):
            try: os.write(fd, b'{"ok": true, "value": "13", "ended": 0, "pid": 1}\n{')
            except OSError: pass
        os._exit(0)
def slow(how):
    """Late enough that nobody waits for it any more."""
    while resource.getrusage(resource.RUSAGE_SELF).ru_utime < 0.4: pass
    end(how)
def daemon():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            while True: open("late.txt", "a").write("x")
        os._exit(0)
    return "started"
'''
PATH = "src/pkg/shop.py"
FILES = {
    "src/pkg/__init__.py": "",
    "src/pkg/prices.py": "table = {}\n\ndef of(name):\n    return table[name]\n",
    "src/pkg/lazy.py": "x = 1\n",
    "src/pkg/broken.py": "import pkg.absent\n",
    PATH: SHOP,
    "config.json": "{}",
    "data.txt": "data",
    "old/a": "1",
}
Open = Callable[..., AbstractContextManager[CallSession]]
Look = Callable[..., Seen]


@pytest.fixture(scope="module")
def begin(tmp_path_factory: pytest.TempPathFactory) -> Open:
    repo = GitRepo(tmp_path_factory.mktemp("shop"))
    for words in (["init", "-q"], ["config", "user.name", "A"], ["config", "user.email", "a@example.org"]):
        repo.git(*words)
    repo.commit(FILES, "first")
    sandbox = detect_sandbox(SandboxLevel.PROCESS, visible=[Path(sys.prefix)])
    caller = SandboxedCaller(
        open_repository(repo.path), sandbox, load_settings(None).testing, Path(sys.executable), call_seconds=2.0
    )
    commit = repo.git("rev-parse", "HEAD")

    def start(tool: str = "pkg.shop:run", path: str = PATH, **conditions: Any) -> AbstractContextManager[CallSession]:
        return caller.open(commit, tool, path, None, Conditions(**conditions))

    return start


@pytest.fixture(scope="module")
def session(begin: Open) -> Iterator[CallSession]:
    with begin(traced=(PATH, "src/pkg/prices.py")) as found:
        assert found.refused == ""
        yield found


@pytest.fixture
def look(session: CallSession) -> Look:
    return lambda *arguments: only(session, *arguments)


def asked(*arguments: Any, **how: Any) -> Call:
    return Call((json.dumps(arguments), "{}"), **how)


def only(session: CallSession, *arguments: Any) -> Seen:
    (seen,) = session.call([asked(*arguments)])
    return seen


def effects(seen: Seen) -> list[str]:
    return [f"{effect.kind}: {effect.what}" for effect in seen.effects]


# Values


def test_a_call_is_seen_whole(look: Look) -> None:
    seen = look("mean", [1, 2])
    lines = [SHOP.splitlines().index(line) + 1 for line in ("    total = sum(items)", "    return total / len(items)")]
    assert (seen.ok, seen.value, seen.detail, seen.error_type) == (True, "1.5", "1.5", "")
    assert (seen.arguments, seen.printed, seen.effects) == ("", "", ())
    assert {(PATH, line) for line in lines} <= seen.lines
    assert (PATH, lines[0] + 2) not in seen.lines


def object_(name: str, /, **fields: Any) -> dict[str, Any]:
    return {"$type": "object", "class": f"pkg.shop.{name}", "fields": fields}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("item", object_("Item", name="a", price=1.5, next=None)),
        ("ring", object_("Item", name="ring", price=1.0, next={"$type": "cycle"})),
        ("slotted", object_("Slotted", a=1)),
        ("tagged", {**object_("Tagged", tag="t"), "value": [1]}),
        ("hostile", {"$type": "set", "value": [object_("Hostile", n=1)]}),
        ("color", object_("Color", name="RED", value=1)),
        ("point", object_("Point", x=1, y=2)),
        ("odd", object_("Odd", args={"$type": "tuple", "value": ["m"]}, code=4)),
        ("nan", {"$type": "float", "value": "nan"}),
        ("set", {"$type": "set", "value": [1, 2, 3]}),
        ("pairs", {"$type": "dict", "value": [[1, 2], [{"$type": "tuple", "value": [1]}, 3]]}),
        ("function", {"$type": "function", "value": "pkg.shop.double"}),
        ("class", {"$type": "class", "value": "pkg.shop.Item"}),
        ("bytes", {"$type": "bytes", "value": "eA=="}),
        ("tuple", {"$type": "tuple", "value": [1]}),
        ("when", {"$type": "datetime", "value": "2020-01-01T00:00:00"}),
    ],
)
def test_values_are_spelled_by_their_fields(look: Look, name: str, expected: Any) -> None:
    seen = look("value", name)
    assert seen.value is not None, seen.detail
    assert json.loads(seen.value) == expected


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("deep", "nested deeper"),
        ("many", "more than 200,000"),
        ("long", "characters"),
        ("thing", "shows nothing"),
    ],
)
def test_what_cannot_be_written_down_says_why(look: Look, name: str, why: str) -> None:
    seen = look("value", name)
    assert (seen.ok, seen.value) == (True, None)
    assert why in seen.detail


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text().filter(lambda key: key != "$type"), inner),
)


@settings(max_examples=50)
@given(plain)
def test_plain_json_stays_what_it_is(value: Any) -> None:
    text = canonical(value, lambda kind: True)
    assert json.loads(text) == value
    assert text == json.dumps(value, sort_keys=True, separators=(",", ":"))


@given(st.sets(st.integers() | st.text() | st.tuples(st.integers()), min_size=2), st.randoms())
def test_the_order_of_sets_and_keys_does_not_show(values: set[Any], chance: Any) -> None:
    shuffled = list(values)
    chance.shuffle(shuffled)
    again = dict.fromkeys(shuffled, 1)
    assert canonical(dict.fromkeys(values, 1), bool) == canonical(again, bool)
    assert canonical(values, bool) == canonical(set(shuffled), bool)


def test_shared_parts_cannot_make_a_value_explode() -> None:
    shared: list[Any] = []
    for _ in range(60):
        shared = [shared, shared]
    with pytest.raises(UnspeakableError, match=f"more than {MAX_NODES:,}"):
        canonical(shared, bool)


# Failures, generators, arguments, prints


@pytest.mark.parametrize(
    ("how", "error", "deliberate"),
    [
        ("raise", "ValueError", True), ("assert", "AssertionError", True), ("from", "RuntimeError", True),
        ("exit", "SystemExit", True), ("operation", "ZeroDivisionError", False),
        ("in a raise", "ZeroDivisionError", False), ("library", "json.decoder.JSONDecodeError", False),
        ("helper", "KeyError", False), ("again", "KeyError", False), ("again by name", "KeyError", False),
    ],
)  # fmt: skip
def test_what_was_raised_on_purpose_is_told_from_what_broke(look: Look, how: str, error: str, deliberate: bool) -> None:
    seen = look("fails", how)
    assert (seen.ok, seen.error_type, seen.deliberate) == (False, error, deliberate)
    assert seen.frames[1][2] == "fails"


def test_awaitables_and_generators_are_finished(look: Look) -> None:
    assert [look(*call).value for call in (("later", 1), ("numbers", 2), ("stream", 2))] == ["2", "[0,1]", "[0,1]"]
    midway = look("numbers", 3)
    assert (midway.error_type, midway.detail) == ("ValueError", "too many (after 3 items: [0,1,2])")


@pytest.mark.parametrize(("name", "ok"), [("append", True), ("failing_append", False)])
def test_changed_arguments_are_told(look: Look, name: str, ok: bool) -> None:
    seen = look(name, [1])
    assert (seen.ok, seen.arguments) == (ok, f'[["{name}",[1,4]],{{}}]')


def test_what_is_printed_is_kept_in_order_and_bounded(look: Look) -> None:
    assert look("loud", 1).printed == "out\nerr\nraw\nchild\nend"
    flooded = look("flood", 200_000)
    assert flooded.printed.startswith("y" * 65536 + "... (134,465 bytes more)")


# Effects


def test_files_are_told_by_what_became_of_them_and_put_back(look: Look) -> None:
    before = look("contents").value
    seen = look("files")
    one, two = "356a192b7913b04c54574d18c28d46e6395428ab", "da4b9237bacccdf19c0760cab7aec4a8359010b0"
    assert [what for what in effects(seen) if "list" not in what] == [
        "files: read config.json", f"files: write out.txt sha1:{one}", "files: make made/", "files: make made/deep/",
        f"files: write made/deep/f sha1:{two}", "files: remove data.txt",
        "files: write moved.txt sha1:a17c9aaa61e80a1bf71d0d850af4e5baa9800bbd", "files: remove old/a",
        "files: remove old",
    ]  # fmt: skip
    assert look("contents").value == before
    assert look("files").effects == seen.effects


def test_directories_that_are_moved_come_back_whole(look: Look) -> None:
    before = look("contents").value
    for _ in range(2):
        seen = look("rearrange")
        assert "./new/a" in json.loads(seen.value or "")
        assert [what for what in effects(seen) if "list" not in what] == [
            "files: remove old", "files: mode old 0o700", "files: make new/",
            "files: write new/b sha1:77de68daecd823babbb58edb1c8e14d7106e83bb",
        ]  # fmt: skip
    assert look("contents").value == before


def test_a_file_that_was_open_before_is_watched_too(look: Look) -> None:
    for number in range(2):
        seen = look("logged", number)
        assert seen.value == f'"{number}\\n"'
        assert effects(seen)[1].startswith(f"files: write {PATH}.log sha1:")


def test_what_other_processes_write_is_found_and_put_back(look: Look) -> None:
    before = look("contents").value
    seen = look("shell", "echo more >> config.json; echo new > made; rm old/a")
    told = effects(seen)
    assert "processes: run sh -c echo more >> config.json; echo new > made; rm old/a" in told
    assert {what.partition(" sha1")[0] for what in told} >= {
        "files: write data.txt", "files: write config.json", "files: write made", "files: remove old/a",
    }  # fmt: skip
    assert look("contents").value == before


def test_databases_are_told_by_what_they_say(look: Look) -> None:
    first, second = look("database"), look("database")
    assert (first.value, second.value) == ("1", "1")
    assert effects(first) == effects(second)
    assert effects(first)[0].startswith("database: sqlite shop.db sha1:")


def test_global_state_is_told_and_does_not_leak(look: Look) -> None:
    expected = [
        "environ SHOP=1", "chdir /tmp", "signal SIGTERM", "pkg.shop.count: 0 -> 2",
        'pkg.shop.table: {"a":1} -> {"a":1,"b":2}',
    ]  # fmt: skip
    for _ in range(2):
        seen = look("state", 2)
        assert seen.value == "2"
        assert effects(seen) == [f"global state: {what}" for what in expected]


def test_importing_is_no_effect(look: Look) -> None:
    seen = look("imports")
    assert (seen.value, seen.effects) == ("1", ())


@pytest.mark.parametrize(
    ("kind", "arguments", "what"),
    [
        ("network", ("swallow",), "network: resolve 127.0.0.1:9"),
        ("files", ("contents",), "files: list ."),
        ("processes", ("shell", "echo x > made"), "processes: run sh -c echo x > made"),
        ("console", ("flood", 1), "console: print"),
        ("global state", ("state", 1), "global state: environ SHOP"),
        ("database", ("database",), "database: sqlite shop.db"),
    ],
)
def test_what_is_forbidden_ends_the_call_even_when_it_is_swallowed(
    begin: Open, kind: str, arguments: tuple[Any, ...], what: str
) -> None:
    with begin(forbidden=frozenset({kind})) as session:
        seen, fine = session.call([asked(*arguments), asked("double", 2)])
    assert (seen.ok, seen.error_type) == (False, FORBIDDEN)
    assert what in seen.detail
    assert fine.value == "4"


# Conditions


def test_calls_repeat_and_differ_by_what_they_are_asked_with(begin: Open) -> None:
    when = datetime(2025, 5, 5, 5, tzinfo=UTC)
    with begin() as session:
        one, same, seeded, later = session.call(
            [asked("moment"), asked("moment"), asked("moment", seed=1), asked("moment", at=when)]
        )
    with begin(hashes=7) as session:
        hashed = only(session, "moment")
    assert one.value == same.value
    values = [json.loads(seen.value or "") for seen in (one, seeded, later, hashed)]
    assert values[0][0] == values[1][0] != values[2][0] == "2025-05-05T05:00:00"
    assert values[0][1] == values[3][1] != values[1][1]
    assert values[0][2] != values[3][2]


def test_mocks_answer_and_are_told(begin: Open) -> None:
    mock = Mock("pkg.prices:of", (Answer(('["a"]', "{}"), "5"),))
    with begin(mocks=(mock,)) as session:
        known, unknown = session.call([asked("priced", "a"), asked("priced", "b")])
    assert known.value == "5"
    assert [effect.kind for effect in (*known.effects, *unknown.effects)] == ["mock", "mock"]
    assert (unknown.ok, unknown.deliberate) == (False, False)


# What goes wrong


def test_a_call_that_goes_wrong_costs_only_itself(session: CallSession) -> None:
    ways = ["exit", "kill", "importer", "descriptors", "protocol", "hang"]
    calls = [call for how in ways for call in (asked("end", how), asked("contents"))]
    found = session.call(calls)
    assert [seen.error_type for seen in found[::2]] == [CRASHED] * 5 + [TIMED_OUT]
    assert {json.loads(seen.value or "{}").get("./data.txt") for seen in found[1::2]} == {"data"}


def test_a_call_that_takes_the_sandbox_with_it_costs_only_itself(begin: Open) -> None:
    with begin() as session:
        first, ended, last = session.call([asked("double", 1), asked("end", "supervisor"), asked("double", 3)])
    assert (first.value, ended.error_type, last.value) == ("2", CRASHED, "6")


def test_files_that_cannot_be_put_back_are_laid_out_anew(begin: Open) -> None:
    with begin() as session:
        spoilt, after = session.call([asked("spoil"), asked("contents")])
    assert spoilt.ok
    assert json.loads(after.value or "")["./data.txt"] == "data"


def test_what_a_call_left_running_is_ended(session: CallSession) -> None:
    seen, after = session.call([asked("daemon"), asked("contents")])
    assert seen.value == '"started"'
    assert "./late.txt" not in json.loads(after.value or "")


def test_there_is_an_end_to_the_time(begin: Open) -> None:
    with begin() as session:
        assert {seen.error_type for seen in session.call([asked("double", 1)] * 3, seconds=0.0)} == {NOT_MADE}
        slow = session.call([asked("end", "hang"), asked("double", 2)], seconds=0.1)
        assert {seen.error_type for seen in slow} == {NOT_MADE}
        assert only(session, "double", 4).value == "8"


def test_a_session_that_hung_is_of_use_again(begin: Open) -> None:
    """Calls that were given up are not charged to those that come after, whatever becomes of them."""
    with begin() as session:
        for way in ("hang", "supervisor"):
            (given_up,) = session.call([asked("slow", way)], seconds=0.2)
            assert given_up.error_type == NOT_MADE
            assert [seen.value for seen in session.call([asked("double", n) for n in range(3)])] == ["0", "2", "4"]


@pytest.mark.parametrize(
    ("tool", "path", "kind", "why"),
    [
        ("nonsense", PATH, UNCALLABLE, "write it as package.module:function"),
        ("pkg.broken:f", "src/pkg/broken.py", "ModuleNotFoundError", "importing pkg.broken: No module named"),
        ("colorsys:rgb_to_hsv", "colorsys.py", UNCALLABLE, "not from the repository"),
    ],
)
def test_what_cannot_be_opened_says_so(begin: Open, tool: str, path: str, kind: str, why: str) -> None:
    with begin(tool, path) as session:
        assert why in session.refused
        assert [seen.error_type for seen in session.call([asked(1), asked(2)])] == [kind, kind]


def test_imported_lines_are_told_once(begin: Open) -> None:
    with begin(traced=("src/pkg/prices.py",)) as session:
        assert session.imported == {("src/pkg/prices.py", 1), ("src/pkg/prices.py", 3)}
        assert only(session, "fails", "helper").lines == {("src/pkg/prices.py", 4)}


@given(
    st.dictionaries(st.sampled_from(["ok", "value", "frames", "effects", "lines", "seconds", "printed", "type"]), plain)
)
def test_nothing_that_the_program_says_breaks_us(told: dict[str, Any]) -> None:
    seen = seen_of(told)
    assert seen.ok or seen.error_type
    assert seen.value is None or json.loads(seen.value) is not ...


def test_places_have_the_same_names_in_every_session(begin: Open) -> None:
    with begin() as left, begin() as right:
        one, other = only(left, "places"), only(right, "places")
    assert one.value is not None
    assert json.loads(one.value)[0] == f"/sandbox/tree/{PATH}"
    assert (one.value, one.printed, one.effects) == (other.value, other.printed, other.effects)


def test_a_call_cannot_look_into_the_supervisor(look: Look) -> None:
    seen = look("spy")
    assert (seen.value, seen.error_type) == ("[]", "")


def test_two_sessions_go_on_at_once(begin: Open) -> None:
    with ExitStack() as stack:
        left, right = (stack.enter_context(begin()) for _ in range(2))
        assert [only(session, "double", n).value for n in range(3) for session in (left, right)] == [
            "0", "0", "2", "2", "4", "4",
        ]  # fmt: skip
