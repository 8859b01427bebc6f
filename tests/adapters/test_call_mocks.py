"""Recorded answers stand for functions that are not called for real."""

import json
import sys
from collections.abc import Callable
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitops_healer.adapters.caller import SandboxedCaller
from gitops_healer.adapters.repository import open_repository
from gitops_healer.adapters.sandbox import detect_sandbox
from gitops_healer.core.calls import Answer, Call, Conditions, Mock, SeenEffect
from gitops_healer.ports import SandboxLevel
from gitops_healer.recorder.encoding import Walk
from gitops_healer.settings import load_settings
from tests.adapters.inside import answer_of, pythons

_API = '''
import functools

class PaymentError(Exception):
    def __init__(self, message, *, code=0):
        super().__init__(message)
        self.code = code

class StrictError(Exception):
    def __init__(self, code, reason):
        super().__init__(code, reason)

    def __str__(self):
        return "strict: " + str(self.args[0])

def fetch(number, kind="plain", *rest, **more):
    """Fetches."""
    return "real"

async def later(number):
    return "real"

def pages(number):
    yield "real"

async def stream(number):
    yield "real"

def traced(function):
    @functools.wraps(function)
    def call(*args, **kwargs):
        return function(*args, **kwargs)
    return call

@traced
def decorated(number):
    return "real"

class Client:
    def get(self, number, kind="plain"):
        return "real"

    @classmethod
    def make(cls, number):
        return "real"

    @staticmethod
    def ping(number):
        return "real"

class Child(Client):
    pass

class Proxy(Client):
    @property
    def __class__(self):
        raise RuntimeError("nothing behind it")

    def __setattr__(self, name, value):
        raise ValueError("not to be changed")

client = Client()
proxy = Proxy()
LIMIT = 5
'''
_ORDERS = """
import asyncio, functools, inspect, json
from collections import namedtuple
import shop.api as api
from shop.api import Child, Client, client, decorated, fetch, later, pages, stream
from shop.api import fetch as renamed

HANDLERS = {"fetch": fetch, "pair": (fetch, 1)}
LISTED = [fetch]
bound = functools.partial(fetch, 1)

class Order:
    load = staticmethod(fetch)

    def __init__(self):
        self.own = fetch

order = Order()

def default(get=fetch):
    return get(1)

def closure():
    inner = fetch
    return lambda: inner(1)

closed = closure()

def swallow():
    try:
        return fetch(99)
    except Exception:
        return "swallowed"

async def collected(items):
    return [item async for item in items]

def raised(call):
    try:
        return call()
    except Exception as error:
        return type(error).__module__ + "." + type(error).__name__, str(error)
"""
_PROGRAM = """
import importlib
orders = importlib.import_module("shop.orders")
from gitops_healer.adapters import call_mocks
log = []
problems = call_mocks.install(TOLD["mocks"], lambda kind, what: log.append(kind + " " + what))

def tried(text):
    call_mocks.begin({"at": TOLD["at"]})
    try:
        return repr(eval(text, vars(orders)))
    except Exception as error:
        return type(error).__module__ + "." + type(error).__name__ + ": " + str(error)

print(json.dumps([problems, [tried(text) for text in TOLD["calls"]], log]))
"""
_NOW = 1000.0


def _answer(args: str = "[1]", result: str = '"told"', kwargs: str = "{}", **more: Any) -> dict[str, Any]:
    return {"args": args, "kwargs": kwargs, "result": result, "error": "", "message": "", "at": _NOW, **more}


def _mock(target: str, *answers: dict[str, Any]) -> dict[str, Any]:
    return {"target": target, "answers": list(answers)}


@pytest.fixture
def try_calls(tmp_path: Path) -> Any:
    """try_calls(mocks, calls): problems, what each call gave, and what was recorded."""
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").touch()
    (tmp_path / "shop" / "api.py").write_text(_API)

    def run(
        mocks: list[Any], calls: list[str], python: str = pythons()[0], imported: str = ""
    ) -> tuple[list[str], list[str], list[str]]:
        (tmp_path / "shop" / "orders.py").write_text(imported + _ORDERS)
        problems, gave, log = answer_of(_PROGRAM, {"mocks": mocks, "calls": calls, "at": _NOW}, python, tmp_path)
        return problems, gave, log

    return run


_HELD = [
    "fetch(1)", "renamed(1)", "api.fetch(1)", "HANDLERS['fetch'](1)", "HANDLERS['pair'][0](1)", "LISTED[0](1)",
    "bound()", "Order.load(1)", "order.own(1)", "default()", "closed()", "__import__('shop.api').api.fetch(1)",
]  # fmt: skip


@pytest.mark.parametrize("python", pythons())
def test_it_is_replaced_wherever_it_is_held(python: str, try_calls: Any) -> None:
    problems, gave, log = try_calls([_mock("shop.api:fetch", _answer())], _HELD, python)
    assert problems == []
    assert dict(zip(_HELD, gave, strict=True)) == dict.fromkeys(_HELD, "'told'")
    assert log == ["mock shop.api:fetch([1],{}) -> answered"] * len(_HELD)


@pytest.mark.parametrize("python", pythons())
def test_every_kind_of_function_answers_in_its_own_way(python: str, try_calls: Any) -> None:
    items = _answer(result='["a","b"]')
    mocks = [
        _mock("shop.api:later", _answer()), _mock("shop.api:pages", items), _mock("shop.api:stream", items),
        _mock("shop.api:decorated", _answer()), _mock("shop.api:Client.get", _answer()),
        _mock("shop.api:Client.make", _answer()), _mock("shop.api.Client.ping", _answer()),
    ]  # fmt: skip
    shown = {
        "asyncio.run(later(1))": "'told'",
        "inspect.iscoroutinefunction(later)": "True",
        "list(pages(1))": "['a', 'b']",
        "inspect.isgeneratorfunction(pages)": "True",
        "asyncio.run(collected(stream(1)))": "['a', 'b']",
        "decorated(1)": "'told'",
        "Client().get(1)": "'told'",
        "client.get(number=1)": "'told'",
        "Child().get(1, kind='plain')": "'told'",
        "Child.make(1), Client().make(1)": "('told', 'told')",
        "Child.ping(1), client.ping(1)": "('told', 'told')",
        "decorated.__name__, hasattr(decorated, '__wrapped__'), str(inspect.signature(decorated))": "('decorated', "
        "False, '(number)')",
    }
    problems, gave, _ = try_calls(mocks, list(shown), python)
    assert (problems, dict(zip(shown, gave, strict=True))) == ([], shown)


@pytest.mark.parametrize(
    ("answer", "call", "found"),
    [
        (_answer("[1]"), "fetch(number=1)", True),
        (_answer("[]", kwargs='{"number": 1, "kind": "plain"}'), "fetch(1)", True),
        (_answer("[1,\"plain\",2]", kwargs='{"x": 3}'), "fetch(1, 'plain', 2, x=3)", True),
        (_answer("[1]"), "fetch(1, 'other')", False),
        (_answer("[1]"), "fetch(1.0)", False),
        (_answer("[1]"), "fetch(True)", False),
        (_answer('[{"b": 1, "a": [2]}]'), "fetch({'a': [2], 'b': 1})", True),
        (_answer('[{"$type":"set","value":["b","a"]}]'), "fetch({'a', 'b'})", True),
        (_answer('[{"$type":"tuple","value":[1,2]}]'), "fetch((1, 2))", True),
        (_answer('[{"$type":"tuple","value":[1,2]}]'), "fetch([1, 2])", False),
        (_answer('[{"$type":"dict","value":[[2,"b"],[1,"a"]]}]'), "fetch({1: 'a', 2: 'b'})", True),
        (_answer('[{"$type":"float","value":"nan"}]'), "fetch(float('nan'))", True),
        (_answer('[{"$type":"datetime","value":"2026-01-01T00:00:00+00:00"}]'),
         "fetch(__import__('datetime').datetime(2026, 1, 1, tzinfo=__import__('datetime').timezone.utc))", True),
        (_answer('[{"$type":"object","class":"shop.orders:Order"}]'), "fetch(order)", False),
        (_answer("[1]", "1,"), "fetch(1)", False),
    ],
)  # fmt: skip
def test_the_same_inputs_are_told_by_the_signature(answer: Any, call: str, found: bool, try_calls: Any) -> None:
    _, (gave,), (line,) = try_calls([_mock("shop.api:fetch", answer)], [call])
    assert (gave == "'told'", line.endswith("-> answered")) == (found, found)
    assert found or gave.startswith("gitops_healer.UnrecordedCallError: shop.api:fetch(")


def _given(*pairs: tuple[float, str]) -> list[Any]:
    return [_answer(result=result, at=_NOW + after) for after, result in pairs]


@pytest.mark.parametrize(
    ("answers", "calls", "shown"),
    [
        (_given((-9999, "1"), (9999, "1")), "fetch(1)", "1"),
        (_given((-90, "1"), (5, "2"), (90, "3")), "fetch(1)", "2"),
        (_given((90, "3"), (5, "2"), (-90, "1")), "fetch(1), fetch(1), fetch(1)", "(2, 3, 3)"),
        (_given((-0.5, "1"), (-90, "2")), "fetch(1)", "1"),
        (_given((-0.5, "1"), (0.1, "2")), "fetch(1)", "2"),
        (_given((0, "1")), "fetch(1), fetch(number=1)", "(1, 1)"),
    ],
)
def test_of_several_answers_those_of_the_time_of_the_call_count(
    answers: list[Any], calls: str, shown: str, try_calls: Any
) -> None:
    assert try_calls([_mock("shop.api:fetch", *answers)], [calls])[1] == [shown]


def test_answers_that_differ_at_other_times_are_ambiguous(try_calls: Any) -> None:
    mock = _mock("shop.api:fetch", *_given((-90, "1"), (3700, "2")))
    _, (gave,), log = try_calls([mock], ["fetch(1)"])
    assert gave.endswith("([1],{}): its 2 known answers differ, and none is of the time of this call")
    assert log == ["mock shop.api:fetch([1],{}) -> unrecorded"]


def test_an_unrecorded_call_says_what_was_asked_even_when_its_error_is_swallowed(try_calls: Any) -> None:
    _, gave, log = try_calls([_mock("shop.api:fetch", _answer())], ["fetch([2], kind='x')", "swallow()"])
    assert gave[0] == (
        "gitops_healer.UnrecordedCallError: "
        'shop.api:fetch([[2]],{"kind":"x"}): no such call was recorded; 1 with other inputs are known'
    )
    assert gave[1] == "'swallowed'"
    assert log[1] == "mock shop.api:fetch([99],{}) -> unrecorded"


@pytest.mark.parametrize(
    ("error", "message", "shown"),
    [
        ("ValueError", "bad", "ValueError: bad"),
        ("KeyError", "'x'", "KeyError: 'x'"),
        ("shop.api.PaymentError", "no money", "shop.api.PaymentError: no money"),
        ("shop.old.PaymentError", "no money", "shop.api.PaymentError: no money"),
        ("shop.api.StrictError", "strict: 5", "shop.api.StrictError: strict: strict: 5"),
        ("json.decoder.JSONDecodeError", "Expecting value", "json.decoder.JSONDecodeError: Expecting value"),
        ("gone.GoneError", "away", "RuntimeError: away"),
        ("shop.api.Client", "no error", "RuntimeError: no error"),
    ],
)
def test_recorded_errors_are_raised_as_their_class(error: str, message: str, shown: str, try_calls: Any) -> None:
    answer = _answer(error=error, message=message)
    _, (gave,), log = try_calls([_mock("shop.api:fetch", answer)], ["fetch(1)"])
    assert gave.replace("builtins.", "") == shown
    assert log[0].endswith("answered")


@pytest.mark.parametrize(
    ("result", "shown"),
    [
        ('{"$type":"tuple","value":[1,{"$type":"bytes","value":"YQ=="}]}', "(1, b'a')"),
        ('{"$type":"object","class":"shop.api:Client"}', "a value of type object was not recorded whole"),
        ('{"$type":"datetime","value":"soon"}', "cannot be made again"),
    ],
)
def test_results_are_made_again_or_are_unrecorded(result: str, shown: str, try_calls: Any) -> None:
    _, (gave,), (line,) = try_calls([_mock("shop.api:fetch", _answer(result=result))], ["fetch(1)"])
    assert shown in gave
    assert line.endswith("answered" if gave == shown else "unrecorded")


def test_what_a_generator_yielded_is_not_known_from_null(try_calls: Any) -> None:
    _, (gave,), log = try_calls([_mock("shop.api:pages", _answer(result="null"))], ["list(pages(1))"])
    assert gave.endswith("what it yielded was not recorded")
    assert log == ["mock shop.api:pages([1],{}) -> unrecorded"]


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("shop.nowhere:fetch", "there is no module shop.nowhere"),
        ("gone", "there is no module gone"),
        ("shop.api:fetsh", "shop.api has no fetsh"),
        ("shop.api:Client.got", "Client has no got"),
        ("shop.api:LIMIT", "it is a int, not a function"),
        ("shop.api:proxy.get", "not to be changed"),
        ("builtins:str.upper", "cannot set"),
    ],
)
def test_targets_that_are_not_there_are_problems(target: str, why: str, try_calls: Any) -> None:
    problems, gave, _ = try_calls([_mock(target), _mock("shop.api:fetch", _answer())], ["fetch(1)"])
    assert len(problems) == 1
    assert problems[0].startswith(f"{target} cannot be mocked: ")
    assert why in problems[0]
    assert gave == ["'told'"]


def test_a_whole_module_a_class_an_object_and_a_library_can_be_mocked(try_calls: Any) -> None:
    calls = ["fetch(1)", "Client()", "client.get(1)", "raised(lambda: api.PaymentError('x'))[0]"]
    _, gave, log = try_calls([_mock("shop.api")], calls)
    assert gave[0].startswith("gitops_healer.UnrecordedCallError: shop.api.fetch([1],{}): ")
    assert gave[2].startswith("gitops_healer.UnrecordedCallError: shop.api.Client.get([1],{}): ")
    assert "PaymentError" not in "".join(log)
    _, gave, _ = try_calls([_mock("shop.api:client.get", _answer())], ["client.get(1)", "Client().get(1)"])
    assert gave == ["'told'", "'real'"]
    _, gave, _ = try_calls([_mock("shutil.which", _answer())], ["__import__('shutil').which(1)"])
    assert gave == ["'told'"]


_LIVE = """
import datetime, random, time, uuid
from shop.rates import rate

def price(amount):
    time.sleep(60)
    stamp = datetime.datetime.now().isoformat()
    return {"at": stamp, "price": amount * rate("EUR"), "id": str(uuid.uuid4()), "draw": random.random()}

def careless(amount):
    try:
        return amount * rate("USD")
    except Exception:
        return 0
"""


def test_a_session_in_the_sandbox_repeats_and_answers(make_repo: Callable[..., Any]) -> None:
    rates = "def rate(currency):\n    raise OSError('no network here')\n"
    repo = make_repo({"shop/__init__.py": "", "shop/rates.py": rates, "shop/live.py": _LIVE})
    sandbox = detect_sandbox(SandboxLevel.PROCESS, visible=[Path(sys.prefix)])
    caller = SandboxedCaller(open_repository(repo.path), sandbox, load_settings(None, {}).testing, Path(sys.executable))
    mocks = (Mock("shop.rates:rate", (Answer(('["EUR"]', "{}"), "3"),)),)
    head, found = repo.git("rev-parse", "HEAD"), {}
    for tool in ("price", "careless"):
        with caller.open(head, f"shop.live:{tool}", "shop/live.py", conditions=Conditions(mocks=mocks)) as session:
            found[tool] = session.call([Call(("[2]", "{}"), seed=seed) for seed in (1, 1, 2)])
    one, same, other = (json.loads(seen.value or "null") for seen in found["price"])
    assert one == same
    assert (one["at"], one["price"]) == ("2026-01-01T12:01:00", 6)
    assert one["id"] != other["id"]
    assert one["draw"] != other["draw"]
    assert SeenEffect("mock", 'shop.rates:rate(["EUR"],{}) -> answered') in found["price"][0].effects
    careless = found["careless"][0]
    assert (careless.ok, careless.value) == (True, "0")
    assert careless.effects == (SeenEffect("mock", 'shop.rates:rate(["USD"],{}) -> unrecorded'),)


_ATOMS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.binary(max_size=8)
    | st.complex_numbers() | st.uuids() | st.decimals() | st.fractions() | st.dates() | st.times() | st.timedeltas()
    | st.datetimes(timezones=st.just(UTC) | st.none())
)  # fmt: skip
_KEYS = st.integers() | st.text(max_size=4) | st.binary(max_size=4) | st.tuples(st.integers(), st.text(max_size=3))
_VALUES = st.recursive(
    _ATOMS | st.frozensets(_KEYS, max_size=4) | st.sets(_KEYS, max_size=4),
    lambda inner: (
        st.lists(inner, max_size=4) | st.lists(inner, max_size=3).map(tuple) | st.dictionaries(_KEYS, inner, max_size=4)
    ),
    max_leaves=10,
)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_VALUES, min_size=20, max_size=20))
def test_whatever_the_recorder_writes_down_is_found_again(try_calls: Any, values: list[Any]) -> None:
    spelled = [json.dumps(Walk(lambda _: False, str).encode(value)) for value in values]
    answers = [_answer(f"[{text}]") for text in spelled]
    calls = [f"api.fetch(call_making.made(json.loads({text!r})))" for text in spelled]
    imported = "from gitops_healer.adapters import call_making\n"
    problems, _, log = try_calls([_mock("shop.api:fetch", *answers)], calls, imported=imported)
    assert problems == []
    unknown = [line for line in log if "unrecorded" in line]
    assert len(log) == len(calls)
    assert unknown == []
