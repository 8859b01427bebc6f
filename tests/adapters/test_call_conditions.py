"""Calls repeat: each expression in two fresh interpreters under one condition, and under another."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.adapters.inside import answer_of, pythons

_TIMES = """
time.time()
time.time_ns()
time.clock_gettime(time.CLOCK_REALTIME)
time.clock_gettime_ns(time.CLOCK_REALTIME)
time.localtime()
time.gmtime()
time.localtime(None)
time.ctime()
time.asctime()
time.strftime('%Y-%m-%d %H:%M:%S %Z')
early_time()
Holder().clock()
datetime.datetime.now()
early_datetime.now()
datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=5, minutes=30)))
datetime.datetime.now(tz=datetime.timezone.utc)
datetime.datetime.today()
Moment.now()
Moment.today()
email.utils.formatdate()
logging.makeLogRecord({}).created
[time.sleep(3600), time.time()][1]
""".strip().splitlines()
_DRAWS = """
random.random()
random.sample(range(10**6), 5)
random.gauss(0, 1)
early_random()
random.Random().random()
random.Random(None).random()
MADE_AT_IMPORT.random()
random.SystemRandom().random()
secrets.token_hex(8)
secrets.randbelow(10**12)
os.urandom(16)
early_urandom(16)
uuid.uuid4()
uuid.uuid1().node
uuid.uuid1().clock_seq
uuid.getnode()
next(tempfile._get_candidate_names())
tempfile.mktemp()
Choosy().random()
in_child(lambda: random.random())
in_child(lambda: uuid.uuid4())
""".strip().splitlines()
_BEHAVIOUR = [
    ("datetime.datetime is early_datetime", "True"),
    ("early_datetime.now()", "datetime.datetime(2023, 11, 14, 22, 13, 20, 250000)"),
    ("datetime.date.today()", "datetime.date(2023, 11, 14)"),
    ("early_datetime.now() == early_datetime.today() == early_datetime.fromtimestamp(time.time())", "True"),
    ("type(Moment.now()), type(Moment.today())", "(<class '__main__.Moment'>, <class '__main__.Moment'>)"),
    ("Made.now().year", "2023"),
    ("early_datetime.now(datetime.timezone.utc).utcoffset()", "datetime.timedelta(0)"),
    ("early_datetime.now(5)", "TypeError: tzinfo argument must be None or of a tzinfo subclass, not type 'int'"),
    ("early_datetime(2024, 7, 1).astimezone().utcoffset()", "datetime.timedelta(0)"),
    ("isinstance(early_datetime.now(), datetime.date)", "True"),
    ("pickle.loads(pickle.dumps(early_datetime.now())) == early_datetime.now()", "True"),
    ("pickle.loads(pickle.dumps(time.time)) is time.time", "True"),
    ("pickle.loads(pickle.dumps(os.urandom)) is os.urandom", "True"),
    ("time.strftime('%d', time.gmtime(0)), time.ctime(0)", "('01', 'Thu Jan  1 00:00:00 1970')"),
    ("time.sleep(-1)", "ValueError: sleep length must be non-negative"),
    ("time.sleep('x')", "TypeError"),
    ("[time.time() for _ in range(1000)][-1]", "1700000000.25"),
    ("[time.time() for _ in range(1500)][-1]", "1700000000.75"),
    ("[time.sleep(90), early_datetime.now().minute][1]", "14"),
    ("(lambda began: [time.sleep(90), 90 <= time.monotonic() - began < 100][1])(time.monotonic())", "True"),
    ("[random.seed(3), random.random()][1] == random.Random(3).random()", "True"),
    ("SEEDED_AT_IMPORT.random() == random.Random(5).random()", "True"),
    ("len({uuid.uuid1() for _ in range(50)}), len({uuid.uuid4() for _ in range(50)})", "(50, 50)"),
    ("len({random.Random().random() for _ in range(50)})", "50"),
    ("os.urandom(0), len(os.urandom(33))", "(b'', 33)"),
    ("os.urandom(-1)", "ValueError: negative argument not allowed"),
    ("in_child(random.random) == in_child(random.random)", "False"),
]
_PROGRAM = """
import datetime, email.utils, logging, os, pickle, random, secrets, tempfile, time, uuid
from datetime import datetime as early_datetime
from os import urandom as early_urandom
from random import random as early_random
from time import time as early_time
from gitops_healer.adapters.call_conditions import begin, settle

settle({})

class Holder:
    clock = time.time

class Moment(early_datetime):
    pass

class Choosy(random.Random):
    def seed(self, a=None, version=2):
        super().seed(a, version)

class Made(early_datetime):
    def __new__(cls, *args):
        return early_datetime.__new__(cls, *args)

MADE_AT_IMPORT = random.Random()
SEEDED_AT_IMPORT = random.Random(5)
exec(TOLD.get("imported", ""))

def in_child(draw):
    ends = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(ends[1], repr(draw()).encode())
        os._exit(0)
    os.waitpid(pid, 0)
    os.close(ends[1])
    with os.fdopen(ends[0]) as reader:
        return reader.read()

def called(text):
    begin(TOLD)
    try:
        return repr(eval(text))
    except Exception as error:
        return type(error).__name__ + ": " + str(error)

print(json.dumps([eval(in_child(lambda: called(text))) for text in TOLD["expressions"]]))
"""
_AT = 1_700_000_000.25  # 2023-11-14 22:13:20.25 UTC


def _ask(expressions: list[str], python: str = "", *, at: float = _AT, seed: int = 7, imported: str = "") -> list[str]:
    told = {"at": at, "seed": seed, "expressions": expressions, "imported": imported}
    found: list[str] = answer_of(_PROGRAM, told, *([python] if python else []))
    return found


@pytest.mark.parametrize("python", pythons())
def test_every_clock_and_every_draw_repeats_and_depends_on_the_condition_alone(python: str) -> None:
    expressions = [*_TIMES, *_DRAWS]
    first, second = _ask(expressions, python), _ask(expressions, python)
    assert dict(zip(expressions, first, strict=True)) == dict(zip(expressions, second, strict=True))
    later, other = _ask(_TIMES, python, at=_AT + 86_400.5), _ask(_DRAWS, python, seed=8)
    same = [text for text, one, two in zip(expressions, first, [*later, *other], strict=True) if one == two]
    assert same == []
    assert not [text for text, shown in zip(expressions, first, strict=True) if "Error" in shown]


@pytest.mark.parametrize("python", pythons())
def test_what_is_replaced_behaves_as_before(python: str) -> None:
    shown = _ask([expression for expression, _ in _BEHAVIOUR], python)
    wrong = {each: one for (each, wanted), one in zip(_BEHAVIOUR, shown, strict=True) if not one.startswith(wanted)}
    assert wrong == {}


def test_a_loop_that_waits_for_the_clock_ends() -> None:
    imported = """
def waited():
    began, turns = time.time(), 0
    while time.time() < began + 5:
        turns += 1
    return turns
"""
    (turns,) = _ask(["waited()"], imported=imported)
    assert 1000 < int(turns) < 10_000


def test_a_program_that_seeds_at_import_keeps_its_numbers_in_every_call() -> None:
    found = [_ask(["random.random()"], seed=seed, imported="random.seed(42)") for seed in (1, 2)]
    assert found == [["0.6394267984578837"]] * 2


def test_types_that_cannot_be_changed_get_a_likeness() -> None:
    program = """
from gitops_healer.adapters import call_conditions
call_conditions._changed_in_place = lambda kind, methods: False
import datetime
real = datetime.datetime
call_conditions.settle({"at": 1700000000.25})
import pickle
now = datetime.datetime.now()
print(json.dumps([
    str(now), isinstance(real(2020, 1, 1), datetime.datetime), isinstance(now, real), isinstance(now, datetime.date),
    issubclass(real, datetime.date), pickle.loads(pickle.dumps(now)) == now, str(datetime.date.today()),
]))
"""
    assert answer_of(program, {}) == ["2023-11-14 22:13:20.250000", True, True, True, True, True, "2023-11-14"]


@settings(max_examples=15, deadline=None)
@given(st.floats(0, 4e9), st.integers(0, 2**64))
def test_any_moment_and_seed_repeats(at: float, seed: int) -> None:
    expressions = ["early_datetime.now().isoformat()", "time.time_ns()", "random.random()", "uuid.uuid1()"]
    first, second = (_ask(expressions, at=at, seed=seed) for _ in range(2))
    assert first == second
    assert abs(int(first[1]) / 1e9 - at) < 1e-5
