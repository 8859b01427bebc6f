"""Micro packages: what stands below `-- afterwards` is what the file above it must become."""

FIXED = {
    "only annotations": (
        "pkg.a", "m.f(3)", "3",
"""\
== pkg/a.py
from .b import B


def f(x: B) -> 'B':
    return x
-- afterwards
from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .b import B


def f(x: B) -> 'B':
    return x
== pkg/b.py
from .a import f


class B:
    f = staticmethod(f)
""",
    ),
    "only a function": (
        "pkg.a", "m.f(3)", "7",
"""\
== pkg/a.py
import os

from .b import g


def f(x):
    '''Says.'''
    return g(x) + len(os.sep)
-- afterwards
import os


def f(x):
    '''Says.'''
    from .b import g

    return g(x) + len(os.sep)
== pkg/b.py
from .a import f

TABLE = {'f': f}


def g(x):
    return x * 2
""",
    ),
    "annotation and function": (
        "pkg.a", "m.f(3).x", "3",
"""\
== pkg/a.py
from typing import Any

from .b import B


def f(x: Any) -> B:
    return B(x)
-- afterwards
from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .b import B


def f(x: Any) -> B:
    from .b import B

    return B(x)
== pkg/b.py
from .a import f


class B:
    make = f

    def __init__(self, x):
        self.x = x
""",
    ),
    "two levels up": (
        "pkg.x.a", "m.f()", "7",
"""\
== pkg/x/a.py
from ..y.b import g as go


def f():
    return go()
-- afterwards
def f():
    from ..y.b import g as go

    return go()
== pkg/y/b.py
from ..x.a import f

F = f


def g():
    return 7
""",
    ),
    "import a.b as c": (
        "pkg.a", "m.f()", "7",
"""\
== pkg/a.py
import pkg.b as bee


def f():
    return bee.g()
-- afterwards
def f():
    import pkg.b as bee

    return bee.g()
== pkg/b.py
from pkg.a import f

F = f


def g():
    return 7
""",
    ),
    "import a.b": (
        "pkg.a", "m.f(), m.N", "(7, 1)",
"""\
== pkg/a.py
import pkg.b
import pkg.c

N = pkg.c.N


def f():
    return pkg.b.g()
-- afterwards
import pkg.c

N = pkg.c.N


def f():
    import pkg.b

    return pkg.b.g()
== pkg/b.py
from pkg.a import f

F = f


def g():
    return 7
== pkg/c.py
N = 1
""",
    ),
    "one of several names": (
        "pkg.a", "m.f(), m.N", "(7, 1)",
"""\
== pkg/a.py
from . import b, c  # both

N = c.N


def f():
    return b.g()
-- afterwards
from . import c  # both

N = c.N


def f():
    from . import b

    return b.g()
== pkg/b.py
from .a import f

F = f


def g():
    return 7
== pkg/c.py
N = 1
""",
    ),
    "one of several lines": (
        "pkg.a", "m.f(), m.N", "(7, 1)",
"""\
== pkg/a.py
from . import (
    b,  # bee
    c,  # sea
)

N = c.N


def f():
    return b.g()
-- afterwards
from . import (
    c,  # sea
)

N = c.N


def f():
    from . import b

    return b.g()
== pkg/b.py
from .a import f

F = f


def g():
    return 7
== pkg/c.py
N = 1
""",
    ),
    "semicolons": (
        "pkg.a", "m.f()", "8",
"""\
== pkg/a.py
import os; from .b import g; N = 1


def f(): return g() + N
-- afterwards
import os; N = 1


def f(): from .b import g; return g() + N
== pkg/b.py
from .a import f

F = f


def g():
    return 7
""",
    ),
    "three modules": (
        "pkg.c", "m.C().go()", "4",
"""\
== pkg/a.py
from . import b


class A:
    def go(self):
        return b.B().n
-- afterwards
class A:
    def go(self):
        from . import b

        return b.B().n
== pkg/b.py
from .c import C


class B(C):
    n = 4
== pkg/c.py
from .a import A


class C(A):
    pass
""",
    ),
    "five modules": (
        "pkg.m4", "m.f4(1)", "1",
"""\
== pkg/m0.py
from .m1 import f1

T = [f1]


def f0(x):
    return x + 0
== pkg/m1.py
from .m2 import f2

T = [f2]


def f1(x):
    return x + 1
== pkg/m2.py
from .m3 import f3

T = [f3]


def f2(x):
    return x + 2
== pkg/m3.py
from .m4 import f4

T = [f4]


def f3(x):
    return x + 3
== pkg/m4.py
from .m0 import f0


def f4(x):
    return f0(x)
-- afterwards
def f4(x):
    from .m0 import f0

    return f0(x)
""",
    ),
    "an existing block": (
        "pkg.a", "m.f(1, 2)", "1",
"""\
== pkg/a.py
from __future__ import annotations

import typing as t

from .b import B  # noqa: TC001

if t.TYPE_CHECKING:
    from .c import C


def f(x: B, y: C) -> t.Any:
    return x
-- afterwards
from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from .c import C
    from .b import B  # noqa: TC001


def f(x: B, y: C) -> t.Any:
    return x
== pkg/b.py
from .a import f


class B:
    f = f
== pkg/c.py
class C: ...
""",
    ),
    "fields of a dataclass": (
        "pkg.a", "m.A(n=2).n", "2",
"""\
== pkg/a.py
from dataclasses import dataclass

from .b import B


@dataclass
class A:
    b: B | None = None
    n: int = 1
-- afterwards
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .b import B


@dataclass
class A:
    b: B | None = None
    n: int = 1
== pkg/b.py
from .a import A


class B(A):
    pass
""",
    ),
    "a namespace package": (
        "ns.pkg.a", "m.f()", "7",
"""\
== src/ns/pkg/a.py
from ns.pkg.b import g


def f():
    return g()
-- afterwards
def f():
    from ns.pkg.b import g

    return g()
== src/ns/pkg/b.py
from ns.pkg.a import f

F = f


def g():
    return 7
== pyproject.toml
[project]
""",
    ),
    "the facade of a package": (
        "pkg", "m.A().go()", "'1'",
"""\
== pkg/__init__.py
from .a import A


def version():
    return '1'
== pkg/a.py
from . import version


class A:
    def go(self):
        return version()
-- afterwards
class A:
    def go(self):
        from . import version

        return version()
""",
    ),
    "quotes, where not all annotations may be deferred": (
        "pkg.a", "m.f(3, [])", "3",
"""\
== pkg/a.py
from .b import B
from .deco import traced


@traced
def g(x: int):
    return x


def f(x: B, y: list[B]):
    return x
-- afterwards
from typing import TYPE_CHECKING

from .deco import traced

if TYPE_CHECKING:
    from .b import B


@traced
def g(x: int):
    return x


def f(x: "B", y: "list[B]"):
    return x
== pkg/b.py
from .a import f


class B:
    f = f
== pkg/deco.py
def traced(f):
    return f
""",
    ),
    "the innermost functions": (
        "pkg.a", "m.outer(), m.twice(), m.shadow(1)", "(7, 7, 1)",
"""\
== pkg/a.py
from .b import g


def outer():
    # begins
    @staticmethod
    def inner():
        return g()

    return inner.__func__()


def twice():
    g()

    def again():
        return g()

    return again()


def shadow(g):
    return g
-- afterwards
def outer():
    # begins
    @staticmethod
    def inner():
        from .b import g

        return g()

    return inner.__func__()


def twice():
    from .b import g

    g()

    def again():
        return g()

    return again()


def shadow(g):
    return g
== pkg/b.py
from .a import outer

F = outer


def g():
    return 7
""",
    ),
    "a cycle that fails": (
        "pkg.b", "m.B().go()", "'B'",
"""\
== pkg/a.py
from .b import g


class Base:
    def go(self):
        return g()
-- afterwards
class Base:
    def go(self):
        from .b import g

        return g()
== pkg/b.py
from .a import Base


class B(Base):
    pass


def g():
    return B.__name__
""",
    ),
    "async + await": (
        "pkg.a", "m.run()", "8",
"""\
== pkg/a.py
import asyncio
from .b import g


async def f():
    '''doc''' ; x = 1
    return g() + x


def run():
    return asyncio.run(f())
-- afterwards
import asyncio


async def f():
    '''doc''' ; from .b import g; x = 1
    return g() + x


def run():
    return asyncio.run(f())
== pkg/b.py
from .a import f

F = f


def g():
    return 7


class B:
    pass
""",
    ),
    "match capture shadows": (
        "pkg.a", "m.f(2), m.h()", "(2, 7)",
"""\
== pkg/a.py
from .b import g


def f(x=1):
    match x:
        case 2 as g:
            return g
    return 0


def h():
    return g()
-- afterwards
def f(x=1):
    match x:
        case 2 as g:
            return g
    return 0


def h():
    from .b import g

    return g()
== pkg/b.py
from .a import f

F = f


def g():
    return 7


class B:
    pass
""",
    ),
    "cast string": (
        "pkg.a", "m.f(1)", "1",
"""\
== pkg/a.py
from typing import cast

from .b import B


def f(x):
    return cast('B', x)
-- afterwards
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from .b import B


def f(x):
    return cast('B', x)
== pkg/b.py
from .a import f

F = f


def g():
    return 7


class B:
    pass
""",
    ),
    "type comment": (
        "pkg.a", "m.f(1)", "1",
"""\
== pkg/a.py
from .b import B


def f(x):
    # type: (B) -> B
    return x
-- afterwards
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .b import B


def f(x):
    # type: (B) -> B
    return x
== pkg/b.py
from .a import f

F = f


def g():
    return 7


class B:
    pass
""",
    ),
    "existing typing wrapped": (
        "pkg.a", "m.f(1)", "1",
"""\
== pkg/a.py
from typing import (
    Any,
    Dict,
)

from .b import B


def f(x: 'B') -> Dict[str, Any]:
    return x
-- afterwards
from typing import (
    TYPE_CHECKING,
    Any,
    Dict,
)

if TYPE_CHECKING:
    from .b import B


def f(x: 'B') -> Dict[str, Any]:
    return x
== pkg/b.py
from .a import f

F = f


def g():
    return 7


class B:
    pass
""",
    ),
    "license comment + docstring + no imports else": (
        "pkg.a", "m.f(1)", "1",
"""\
== pkg/a.py
#!/usr/bin/env python
# Copyright someone
'''Doc.'''
from .b import B

def f(x: B):
    return x
-- afterwards
#!/usr/bin/env python
# Copyright someone
'''Doc.'''

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .b import B

def f(x: B):
    return x
== pkg/b.py
from .a import f

F = f


def g():
    return 7


class B:
    pass
""",
    ),
    "backslash continuation": (
        "pkg.a", "m.f()", "(7, 'B')",
"""\
== pkg/a.py
from .b import g, \\
    B


def f():
    return g(), B.__name__
-- afterwards
def f():
    from .b import g, B

    return g(), B.__name__
== pkg/b.py
from .a import f

F = f


def g():
    return 7


class B:
    pass
""",
    ),
    "overloads and protocol": (
        "pkg.a", "m.f(1)", "1",
"""\
== pkg/a.py
from typing import Protocol, overload

from .b import B


class P(Protocol):
    def m(self) -> B: ...


@overload
def f(x: int) -> B: ...
@overload
def f(x: str) -> str: ...
def f(x):
    return x
-- afterwards
from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, overload

if TYPE_CHECKING:
    from .b import B


class P(Protocol):
    def m(self) -> B: ...


@overload
def f(x: int) -> B: ...
@overload
def f(x: str) -> str: ...
def f(x):
    return x
== pkg/b.py
from .a import f

F = f


def g():
    return 7


class B:
    pass
""",
    ),
    "the name of the package stays": (
        "pkg", "m.go()", "1",
"""\
== pkg/__init__.py
import pkg.a
import pkg.b

LIMIT = pkg.b.N


def go():
    return pkg.a.f()
-- afterwards
import pkg.b

LIMIT = pkg.b.N


def go():
    import pkg.a

    return pkg.a.f()
== pkg/a.py
import pkg

HOME = pkg


def f():
    return 1
== pkg/b.py
N = 1
""",
    ),
    "texts that warn": (
        "pkg.a", "m.f()", "(7, 'w')",
"""\
== pkg/a.py
from .b import g


def f():
    return g(), '\\w'[-1]
-- afterwards
def f():
    from .b import g

    return g(), '\\w'[-1]
== pkg/b.py
from .a import f

F = f


def g():
    return 7
""",
    ),
}  # fmt: skip

REFUSED = {
    "a base class": (
        "B is used while the module is imported",
"""\
== pkg/a.py
from .b import B


class A(B):
    f = 1
== pkg/b.py
from . import a


class B:
    x = a
""",
    ),
    "a decorator": (
        "g is used while the module is imported",
"""\
== pkg/a.py
from .b import g


@g
def f():
    pass
== pkg/b.py
from .a import f

F = f


def g():
    return 7


class B:
    pass
""",
    ),
    "a default argument": (
        "g is used while the module is imported",
"""\
== pkg/a.py
from .b import g


def f(x=g):
    pass
== pkg/b.py
from .a import f

F = f


def g():
    return 7


class B:
    pass
""",
    ),
    "a class body": (
        "g is used while the module is imported",
"""\
== pkg/a.py
from .b import g


class A:
    g = g


def f():
    pass
== pkg/b.py
from .a import f

F = f


def g():
    return 7


class B:
    pass
""",
    ),
    "a module-level lambda": (
        "g is used while the module is imported",
"""\
== pkg/a.py
from .b import g

f = lambda: g()
== pkg/b.py
from .a import f

F = f


def g():
    return 7


class B:
    pass
""",
    ),
    "a star": (
        "it imports *",
"""\
== pkg/a.py
from .b import *


def f():
    return g()
== pkg/b.py
from .a import f

F = f


def g():
    return 7


class B:
    pass
""",
    ),
    "no use at all": (
        "b is not used here",
"""\
== pkg/a.py
from . import b


def f():
    pass
== pkg/b.py
from .a import f

F = f


def g():
    return 7


class B:
    pass
""",
    ),
    "try": (
        "stands inside of a block",
"""\
== pkg/a.py
try:
    from .b import g
except ImportError:
    g = None


def f():
    return g()
== pkg/b.py
from .a import f

F = f


def g():
    return 7


class B:
    pass
""",
    ),
    "another binding": (
        "g is bound there as well",
"""\
== pkg/a.py
from .b import g

if len:
    g = None


def f():
    return g()
== pkg/b.py
from .a import f

F = f


def g():
    return 7


class B:
    pass
""",
    ),
    "global": (
        "g is declared global",
"""\
== pkg/a.py
from .b import g


def reset():
    global g
    g = None


def f():
    return g()
== pkg/b.py
from .a import f

F = f


def g():
    return 7


class B:
    pass
""",
    ),
    "__all__": (
        "g is in __all__",
"""\
== pkg/a.py
from .b import g

__all__ = ['f', 'g']


def f():
    return g()
== pkg/b.py
from .a import f

F = f


def g():
    return 7


class B:
    pass
""",
    ),
    "imported from here": (
        "g is imported from here by pkg/c.py:2",
"""\
== pkg/a.py
from .b import g


def f():
    return g()
== pkg/c.py
def h():
    from .a import g
    return g
== pkg/b.py
from .a import f

F = f


def g():
    return 7


class B:
    pass
""",
    ),
    "star-imported from here": (
        "imports * from here",
"""\
== pkg/a.py
from .b import g


def f():
    return g()
== pkg/c.py
from .a import *
== pkg/b.py
from .a import f

F = f


def g():
    return 7


class B:
    pass
""",
    ),
    "read through the module": (
        "reached through this module at tool.py:3",
"""\
== pkg/a.py
from .b import g


def f():
    return g()
== tool.py
import pkg.a as thing

print(thing.g)
== pkg/b.py
from .a import f

F = f


def g():
    return 7


class B:
    pass
""",
    ),
    "patched by name": (
        "tests/test_a.py:4",
"""\
== pkg/a.py
from .b import g


def f():
    return g()
== tests/test_a.py
from unittest import mock


@mock.patch('pkg.a.g')
def test(g):
    pass
== pkg/b.py
from .a import f

F = f


def g():
    return 7


class B:
    pass
""",
    ),
    "patched in two parts": (
        "tests/test_a.py:7",
"""\
== pkg/a.py
from .b import g


def f():
    return g()
== tests/test_a.py
from unittest.mock import patch

M = 'pkg.a'


def test():
    with patch(M + '.g'):
        pass
== pkg/b.py
from .a import f

F = f


def g():
    return 7


class B:
    pass
""",
    ),
    "patched by attribute": (
        "tests/test_a.py:5",
"""\
== pkg/a.py
from .b import g


def f():
    return g()
== tests/test_a.py
from pkg import a


def test(monkeypatch):
    monkeypatch.setattr(a, 'g', 1)
== pkg/b.py
from .a import f

F = f


def g():
    return 7


class B:
    pass
""",
    ),
    "patched where it comes from": (
        "g is patched in pkg.b by tests/test_b.py:5",
"""\
== pkg/a.py
from .b import g


def f():
    return g()
== tests/test_b.py
from unittest import mock


def test():
    with mock.patch('pkg.b.g'):
        pass
== pkg/b.py
from .a import f

F = f


def g():
    return 7


class B:
    pass
""",
    ),
    "an entry point": (
        "setup.cfg:3",
"""\
== pkg/a.py
from .b import g


def f():
    return g()
== setup.cfg
[options.entry_points]
console_scripts =
    go = pkg.a:g
== pkg/b.py
from .a import f

F = f


def g():
    return 7


class B:
    pass
""",
    ),
    "set by a function": (
        "g is set by functions of pkg/b.py",
"""\
== pkg/a.py
from .b import g


def f():
    return g
== pkg/b.py
from .a import f

F = f
g = 1


def switch():
    global g
    g = 2
""",
    ),
    "called while importing": (
        "may run during import",
"""\
== pkg/a.py
from .b import g


def f():
    return g()


READY = f()
== pkg/b.py
from . import a


def g():
    return a


A = a
""",
    ),
    "called while another is imported": (
        "may run during import",
"""\
== pkg/a.py
from .b import g


def f():
    return g()
== pkg/b.py
from .a import f


def g():
    return 1


ONE = f()
""",
    ),
    "globals()": (
        "globals() may look for g",
"""\
== pkg/a.py
from .b import g


def f(name):
    return globals()[name], g
== pkg/b.py
from .a import f

F = f


def g():
    return 7


class B:
    pass
""",
    ),
    "locals()": (
        "locals() may look for g",
"""\
== pkg/a.py
from .b import g


def f(name):
    return g() % locals()
== pkg/b.py
from .a import f

F = f


def g():
    return 7


class B:
    pass
""",
    ),
    "a doctest": (
        "a doctest uses g",
"""\
== pkg/a.py
from .b import g


def f():
    '''
    >>> g() == f()
    True
    '''
    return g()
== pkg/b.py
from .a import f

F = f


def g():
    return 7


class B:
    pass
""",
    ),
    "get_type_hints": (
        "annotations are read at hints.py:1",
"""\
== pkg/a.py
from .b import B


def f(x: B):
    return x
== hints.py
from typing import get_type_hints
== pkg/b.py
from .a import f

F = f


def g():
    return 7


class B:
    pass
""",
    ),
    "a decorator that may read annotations": (
        "is decorated by route",
"""\
== pkg/a.py
from .b import B
from .deco import route


@route
def f(x: B):
    return x
== pkg/deco.py
def route(f):
    return f
== pkg/b.py
from .a import f

F = f


def g():
    return 7


class B:
    pass
""",
    ),
    "a named tuple": (
        "reads the fields at run time",
"""\
== pkg/a.py
from typing import NamedTuple

from .b import B


class f(NamedTuple):
    b: B
== pkg/b.py
from .a import f

F = f


def g():
    return 7


class B:
    pass
""",
    ),
    "a model of a library": (
        "annotations may be read by pydantic",
"""\
== pkg/a.py
from pydantic import BaseModel

from .b import B


class f(BaseModel):
    b: 'B'
== pkg/b.py
from .a import f

F = f


def g():
    return 7


class B:
    pass
""",
    ),
    "a registration": (
        "would no longer load pkg.b, which is decorated by register",
"""\
== pkg/a.py
from .b import g


def f():
    return g()
== pkg/b.py
from .a import f
from .registry import register

F = f


@register
def g():
    return 1
== pkg/registry.py
KNOWN = []


def register(f):
    KNOWN.append(f)
    return f
""",
    ),
    "an attribute of the package": (
        "tool.py:3 uses pkg.b without importing it",
"""\
== pkg/a.py
from .b import g


def f():
    return g()
== tool.py
import pkg.a

print(pkg.b.g())
== pkg/b.py
from .a import f

F = f


def g():
    return 7


class B:
    pass
""",
    ),
    "what a package offers": (
        "A is part of what the package offers",
"""\
== pkg/__init__.py
from .a import A


def make():
    return A()
== pkg/a.py
import pkg


class A:
    home = pkg
== pkg/b.py
""",
    ),
    "attrs-like unknown base field": (
        "B annotates, and f (line 6) has the base Model: what it does with fields is not known",
"""\
== pkg/a.py
from elsewhere import Model

from .b import B


class f(Model):
    x: B
== pkg/b.py
from .a import f

F = f


def g():
    return 7


class B:
    pass
""",
    ),
    "singledispatch register": (
        "B annotates, and _ (line 12) is decorated by register, which may read its annotations",
"""\
== pkg/a.py
from functools import singledispatch

from .b import B


@singledispatch
def f(x):
    return 1


@f.register
def _(x: B):
    return 2
== pkg/b.py
from .a import f

F = f


def g():
    return 7


class B:
    pass
""",
    ),
    "getattr by string in module": (
        "the module looks itself up, which may be for g",
"""\
== pkg/a.py
import sys

from .b import g


def f(n):
    return getattr(sys.modules[__name__], n) or g
== pkg/b.py
from .a import f

F = f


def g():
    return 7


class B:
    pass
""",
    ),
    "patch.object on imported module alias": (
        "g is reached through this module at tests/test_x.py:6",
"""\
== pkg/a.py
from .b import g


def f():
    return g()
== pkg/b.py
from .a import f

F = f


def g():
    return 7


class B:
    pass
== tests/test_x.py
from unittest.mock import patch
import pkg.a

def test():
    with patch.object(
        pkg.a,
        'g',
    ):
        pass
""",
    ),
    "patch multiple": (
        "the text pkg.a.g stands at tests/test_x.py:3",
"""\
== pkg/a.py
from .b import g


def f():
    return g()
== pkg/b.py
from .a import f

F = f


def g():
    return 7


class B:
    pass
== tests/test_x.py
from unittest.mock import patch

@patch.multiple('pkg.a', g=1)
def test():
    pass
""",
    ),
    "monkeypatch string": (
        "the text pkg.a.g stands at tests/test_x.py:2",
"""\
== pkg/a.py
from .b import g


def f():
    return g()
== pkg/b.py
from .a import f

F = f


def g():
    return 7


class B:
    pass
== tests/test_x.py
def test(monkeypatch):
    monkeypatch.setattr('pkg.a.g', 1)
""",
    ),
    "del after": (
        "g is bound there as well",
"""\
== pkg/a.py
from .b import g


def f():
    return g()


del g
== pkg/b.py
from .a import f

F = f


def g():
    return 7


class B:
    pass
""",
    ),
    "metaclass registry in target": (
        "importing pkg.a would no longer load pkg.b, which makes B, which Base is told of at pkg/b.",
"""\
== pkg/a.py
from .b import B


def f():
    return B()
== pkg/b.py
from .a import f
from .meta import Base

F = f


class B(Base):
    pass
== pkg/meta.py
ALL = []


class Base:
    def __init_subclass__(cls):
        ALL.append(cls)
""",
    ),
    "class instance made at import uses": (
        "a is used while the module is imported",
"""\
== pkg/a.py
from .b import g


class f:
    def __init__(self):
        g()


ONE = f()
== pkg/b.py
from . import a

A = a


def g():
    return a
""",
    ),
    "if version conditional": (
        "the import stands inside of a block, which decides about it",
"""\
== pkg/a.py
import sys

if sys.version_info > (3,):
    from .b import g


def f():
    return g()
== pkg/b.py
from .a import f

F = f


def g():
    return 7


class B:
    pass
""",
    ),
}  # fmt: skip
