"""What functions do through the calls of a whole project."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_healer.code.effects import Effect
from gitops_healer.code.reach_effects import Effects, ReachedEffects, effects_through
from tests.code.models import model_of

N, F, G, U, C, K = (
    Effect.NETWORK, Effect.FILES, Effect.GLOBAL_STATE, Effect.UNKNOWN, Effect.CONSOLE, Effect.CLOCK,
)  # fmt: skip
SHOP = {
    "shop/__init__.py": "from .rates import rate as current_rate\n",
    "shop/rates.py": "import requests\n\nURL = 'x'\n\n\ndef rate(code):\n    return requests.get(URL + code)\n",
    "shop/orders.py": "from . import current_rate, rates\nimport shop.rates as r\n\n\n"
    "def total(order):\n    return order * current_rate('EUR')\n\n\n"
    "def by_module(order):\n    return rates.rate('EUR')\n\n\n"
    "def by_alias(order):\n    return r.rate('EUR')\n",
}


def effects(files: Mapping[str, str] | str, qualname: str = "f", path: str = "p/a.py") -> Effects:
    if isinstance(files, str):
        files = {"p/__init__.py": "", path: files}
    return effects_through(model_of(files), path, qualname)


@pytest.mark.parametrize("name", ["total", "by_module", "by_alias"])
def test_an_effect_in_another_file_comes_with_the_way_that_leads_there(name: str) -> None:
    (reason,) = effects(SHOP, name, "shop/orders.py").reasons
    assert str(reason) == f"shop.orders:{name} -> shop.rates:rate -> requests.get (network), at shop/rates.py:7"


CLASSES = """
import requests, time
from dataclasses import dataclass, field

class Base:
    def fetch(self): return requests.get('x')
    def run(self): return self.fetch()
    def template(self): return self.step()
    def step(self): raise NotImplementedError

class Quiet(Base):
    def fetch(self): return 1
    def step(self): return 2

class Loud(Base):
    def __init__(self, base: Base = None):
        super().__init__()
        self.inner = Base()
        self.given = base
    def step(self): print('x')
    @property
    def now(self): return time.time()
    def __add__(self, other): return open('x')
    def __enter__(self): print('in'); return Quiet()
    def __exit__(self, *e): pass
    def __iter__(self): yield requests.get('x')
    def __call__(self): return time.time()
    @classmethod
    def made(cls): return cls()
    def me(self) -> 'Loud': return self

@dataclass
class Stamp:
    at: float = field(default_factory=time.time)

def made(): return Loud()
"""

ON_OBJECTS = [
    ("Base().run()", {N}),
    ("Quiet().run()", set()),
    ("Quiet().template()", set()),
    ("Loud().template()", {C}),
    ("Loud().inner.run()", {N}),
    ("Loud().given.run()", {N}),
    ("Loud().now", {K}),
    ("Loud() + 1", {F}),
    ("[x for x in Loud()]", {N}),
    ("list(Loud())", {N}),
    ("Loud()()", {K}),
    ("Loud.made().now", {K}),
    ("Loud().me().now", {K}),
    ("made().now", {K}),
    ("Stamp()", {K}),
    ("Stamp(at=1.0)", set()),
    ("sorted([Quiet()], key=lambda q: q.step())", set()),
    ("max([Loud()], key=lambda q: q.step())", {C}),
    ("list(map(Base.run, [1]))", {N}),
    ("[q.step() for q in (Quiet(), Loud())]", {C}),
    ("{'a': Loud()}['a'].now", {K}),
    ("x.now", set()),
    ("x.step()", {U}),
    ("getattr(Loud(), x)()", {U}),
]


@pytest.mark.parametrize(("expression", "wanted"), ON_OBJECTS, ids=[one for one, _ in ON_OBJECTS])
def test_methods_are_found_by_the_class_of_the_object(expression: str, wanted: set[Effect]) -> None:
    assert effects(f"{CLASSES}\ndef f(x): return {expression}\n").kinds == wanted


def test_a_context_is_entered_and_left() -> None:
    source = f"{CLASSES}\ndef f():\n    with Loud() as quiet:\n        return quiet.fetch()\n"
    assert effects(source).kinds == {C}


BODIES = [
    ("CACHE = {}\ndef f(x): CACHE[x] = 1", {G}),
    ("CACHE = {}\ndef g(x): CACHE[x] = 1\ndef f(x): return CACHE.get(x)", {G}),
    ("TABLE = {}\ndef f(x): return TABLE.get(x)", set()),
    ("N = 0\ndef f(x):\n    global N\n    N = x", {G}),
    ("LOG = []\ndef f(x):\n    log = LOG\n    log.append(x)", {G}),
    ("LOG = []\ndef g(log, x): log.append(x)\ndef f(x): g(LOG, x)", {G}),
    ("class A:\n    n = 0\ndef f(x): A.n = x", {G}),
    ("class A:\n    every = []\n    def add(self): self.every.append(1)\ndef f(x): A().add()", {G}),
    ("import sys\ndef f(x): sys.stdout = x", {G}),
    ("def f(x, seen=[]): seen.append(x)", {G}),
    ("def f(x, seen=()): return [*seen, x]", set()),
    ("def f(x):\n    n = 0\n    def g():\n        nonlocal n\n        n += 1\n    g()\n    return n", set()),
    ("def f(x):\n    def g(): print(x)\n    return g", set()),
    ("def f(x):\n    def g(): print(x)\n    return g()", {C}),
    ("def g(h): return h(1)\ndef f(x): return g(print)", {C}),
    ("def g(h): return h(1)\ndef f(x): return g(lambda y: open(y))", {F}),
    ("def g(h=print): return h(1)\ndef f(x): return g()", {C}),
    ("def g(h): return [h(1)]\ndef k(h): return g(h)\ndef f(x): return k(len)", set()),
    ("def f(x): return x()", {U}),
    ("def f(x): return eval(x)", {U}),
    ("import functools\ndef d(g):\n    @functools.wraps(g)\n    def w(*a):\n        print(a)\n"
     "        return g(*a)\n    return w\n@d\ndef f(x): return x", {C}),
    ("def d(n):\n    def e(g):\n        def w(*a):\n            print(n)\n            return g(*a)\n        return w\n"
     "    return e\n@d(3)\ndef f(x): return x", {C}),
    ("R = []\ndef d(g):\n    R.append(g)\n    return g\n@d\ndef f(x): return x", set()),
    ("import odd\n@odd.thing\ndef f(x): return x", {U}),
    ("def f(x): return f(x - 1) if x else g(x)\ndef g(x): return f(x)", set()),
    ("from pathlib import Path\ndef f(x): return (Path(x) / 'a').parent.exists()", {F}),
    ("from pathlib import Path\ndef f(x): return (Path(x) / 'a').stem.strip()", set()),
    ("def f(x):\n    push = []\n    add = push.append\n    add(x)\n    return push", set()),
    ("str = str\ndef f(x): return str(x)", set()),
    ("def f(x: 'Nobody') -> None: return x.what()", {U}),
]  # fmt: skip


@pytest.mark.parametrize(("source", "wanted"), BODIES, ids=[source for source, _ in BODIES])
def test_what_bodies_do(source: str, wanted: set[Effect]) -> None:
    assert effects(source).kinds == wanted


CHANGES = [
    ("def f(items): items.append(1)", ("items",)),
    ("def f(items): items[0].name = 1", ("items",)),
    ("def f(items):\n    for one in items: one['a'] = 1", ("items",)),
    ("def f(items): list(items).sort()", ()),
    ("def g(them): them.sort()\ndef f(a, items): g(items)", ("items",)),
    ("def g(them): them.sort()\ndef f(a, items): g(list(items))", ()),
    ("def g(them): return them\ndef f(a): g(a).clear()", ("a",)),
]


@pytest.mark.parametrize(("source", "wanted"), CHANGES, ids=[source for source, _ in CHANGES])
def test_changed_parameters_are_told_and_are_no_effect(source: str, wanted: tuple[str, ...]) -> None:
    found = effects(source)
    assert found.mutates == wanted
    assert found.is_pure


def test_methods_of_nobody_knows_whom_are_assumed_by_name_alone_where_no_class_has_them() -> None:
    plain = effects("def f(rows): return [row.strip() for row in rows]")
    assert plain.is_pure
    assert plain.assumed == ("row.strip as a method of str, at p/a.py:1",)
    other = effects("class A:\n    def strip(self): print(1)\ndef f(rows): return [row.strip() for row in rows]")
    assert other.kinds == {U}
    assert effects("def f(session): return session.get('x')").kinds == {U}


def test_decorators_that_are_said_to_change_nothing_change_nothing() -> None:
    model = model_of({"p/a.py": "from odd import thing\n\n\n@thing(1)\ndef f(x): return x\n"})
    assert effects_through(model, "p/a.py", "f").kinds == {U}
    assert effects_through(model, "p/a.py", "f", ["odd.thing"]).is_pure


def test_remembering_results_is_harmless() -> None:
    found = effects("import functools\n@functools.lru_cache\ndef f(x): return x")
    assert found.is_pure
    assert found.cache


def test_only_files_that_are_reached_are_parsed() -> None:
    files = {f"p/m{n}.py": f"def f(x): return {n}\n" for n in range(50)} | SHOP
    reached = ReachedEffects(model_of(files))
    reached.of("shop/orders.py", "total")
    assert set(reached.project._modules) <= {"shop/__init__.py", "shop/rates.py", "shop/orders.py"}


@given(st.integers(1, 6), st.sampled_from(["print(x)", "open(x)", "x + 1", "helper(x)"]))
def test_a_longer_way_changes_the_path_and_nothing_else(length: int, last: str) -> None:
    chain = "".join(f"def f{n}(x): return f{n + 1}(x)\n" for n in range(length))
    source = f"def helper(x): return x.odd()\n{chain}def f{length}(x): return {last}\n"
    far, near = effects(source, "f0"), effects(source, f"f{length}")
    assert far.kinds == near.kinds
    assert [len(one.path_of_functions) for one in far.reasons] == [
        len(one.path_of_functions) + length for one in near.reasons
    ]


@pytest.mark.parametrize(
    "source",
    ["def f(:", "", "class f: pass", "def f(*, a): return [*a]", "def f(x): x.y.z[0]().w = yield", "f = 1",
     "class A(A):\n    def f(self): return super().f()", "from .a import *\ndef f(): return g()",
     "def f(x):\n    match x:\n        case [a, *b] | {'k': a, **b}: return a()"],
)  # fmt: skip
def test_nothing_breaks_it(source: str) -> None:
    for name in ("f", "A.f", "A", "nothing"):
        assert isinstance(effects(source, name), Effects)
