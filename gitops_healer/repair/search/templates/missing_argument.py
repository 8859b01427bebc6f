"""A call lacks an argument."""

import ast
from collections.abc import Iterator

from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, Span, repair_template
from gitops_healer.repair.search.templates._calls import callee_of, calls_of, is_open, readable_at, takes
from gitops_healer.repair.search.templates._places import functions_of_module, in_fstring, short, variables_at
from gitops_healer.repair.search.types import may_be, surely

# What functions and methods of the standard library are often called with in addition.
_OFTEN: dict[str, str] = {
    "sorted": "reverse=True key=len key=str.lower key=lambda~p:~p[1] key=lambda~p:~p[0] key=str key=abs",
    "sort": "reverse=True key=len key=str.lower key=lambda~p:~p[1] key=lambda~p:~p[0] key=str",
    "max": "default=0 default=None key=len key=lambda~p:~p[1] key=abs 0", "min": "default=0 default=None key=len 0",
    "round": "2 1", "split": "',' '~' '\\n' ':' '='", "rsplit": "'.' ','", "get": "0 '' [] None {} False 1",
    "pop": "0 None -1", "enumerate": "1 start=1", "int": "2 16 10", "sum": "[] ()", "next": "None", "getattr": "None",
    "zip": "strict=True", "dumps": "sort_keys=True indent=2 default=str", "splitlines": "keepends=True",
    "open": "encoding='utf-8' 'w'", "setdefault": "[] 0 {}", "strip": "'\\n' '\"' '/'", "rstrip": "'\\n' '0' '.' '/'",
    "lstrip": "'0' '/'", "defaultdict": "int list set", "mkdir": "parents=True exist_ok=True",
    "makedirs": "exist_ok=True", "range": "0", "print": "end=''", "replace": "1", "gather": "return_exceptions=True",
    "product": "repeat=2", "accumulate": "initial=0", "field": "default=None", "encode": "'utf-8'",
    "decode": "'utf-8'", "read_text": "encoding='utf-8'", "reduce": "0 1", "log": "2", "index": "1", "ljust": "'~'",
    "rjust": "'0' '~'", "center": "'~'", "isoformat": "timespec='seconds'", "most_common": "1",
    "popitem": "last=False",
}  # fmt: skip
# Splitting with a limit, on top of a separator.
_SECOND = {"split": "1 maxsplit=1", "rsplit": "1 maxsplit=1", "replace": "1"}


@repair_template(
    prior=0.073,
    examples=(
        Example(
            "def f(xs):\n    return sorted(xs)  # kept\n", "def f(xs):\n    return sorted(xs, reverse=True)  # kept\n"
        ),
        Example("def f(d, k):\n    return d.get(k)\n", "def f(d, k):\n    return d.get(k, 0)\n"),
        Example("def f(x):\n    return x.split()\n", "def f(x):\n    return x.split(',')\n"),
        Example(
            "def g(a, b=1):\n    return a\n\ndef f(x, b):\n    return g(x)\n",
            "def g(a, b=1):\n    return a\n\ndef f(x, b):\n    return g(x, b)\n",
        ),
        Example(
            "def g(a, *, deep=False):\n    return a\n\ndef f(x, deep):\n    return g(x)\n",
            "def g(a, *, deep=False):\n    return a\n\ndef f(x, deep):\n    return g(x, deep=deep)\n",
        ),
        Example(
            "def g(a, b):\n    return a\n\ndef f(x, a):\n    return g(x)\n",
            "def g(a, b):\n    return a\n\ndef f(x, a):\n    return g(a, x)\n",
        ),
        Example(
            "def f(x):\n    h(x[1:], sep='-')\n    return h(x)\n",
            "def f(x):\n    h(x[1:], sep='-')\n    return h(x, sep='-')\n",
        ),
    ),
)
def missing_argument(target: Target) -> Iterator[Rewrite]:
    """Pass one more argument: `sorted(xs)` -> `sorted(xs, reverse=True)`, `d.get(k)` -> `d.get(k, 0)`."""
    for node in target.places:
        if isinstance(node, ast.Call) and not is_open(node) and not in_fstring(target, node):
            found: dict[str, float] = {}
            for text, weight in _arguments(target, node):
                found.setdefault(text, weight)
            yield from _in_front(target, node)
            for text, weight in found.items():
                if span := _appended(target, node, text):
                    title = f"Pass {short(text)} as well"
                    yield Rewrite((span,), node.lineno, title, weight)


def _in_front(target: Target, call: ast.Call) -> Iterator[Rewrite]:
    """One more argument before one of the others, where a function of the module is given too few."""
    callee, count = callee_of(call), len(call.args) + len(call.keywords)
    function = functions_of_module(target).get(callee)
    if not call.args or takes(target, callee, count) is not False or not takes(target, callee, count + 1):
        return
    names = _names_of(function)[callee.startswith("self.") :] if function is not None else []
    passed = {ast.unparse(one) for one in call.args}
    near = [(name, weight) for name, _, weight in variables_at(target, call) if name not in passed]
    for number, before in enumerate(call.args):
        wanted = names[number] if number < len(names) else ""
        ranked = sorted(near, key=lambda pair: -pair[1] * (0.5 + (pair[0] == wanted)))
        at = target.source.span(before)[0]
        for rank, (name, weight) in enumerate(ranked[:6] if not isinstance(before, ast.Starred) else ()):
            yield Rewrite(
                (Span(at, at, f"{name}, "),), call.lineno, f"Pass {short(name)} first", weight / (1 + rank / 3)
            )


def _names_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    return [one.arg for one in (*function.args.posonlyargs, *function.args.args)]


def _appended(target: Target, call: ast.Call, text: str) -> Span | None:
    """The argument behind the others; None for what cannot stand there."""
    named = {one.arg for one in call.keywords}
    keyword = text.partition("=")[0] if text.partition("=")[0].isidentifier() and "=" in text else ""
    if keyword in named or (named and not keyword) or _is_lone_generator(target, call):
        return None
    end = target.source.span(call)[1] - 1
    behind = [*call.args, *(one.value for one in call.keywords)]
    start = max((target.source.span(one)[1] for one in behind), default=target.source.span(call.func)[1])
    between = target.source.data[start:end]
    if not behind:
        lead = ""
    elif b"," in between:
        return None if b"#" in between or b"\n" in between else Span(end, end, " " * (between[-1:] == b",") + text)
    else:
        lead = ", "
    return None if b"#" in between else Span(end, end, lead + text)


def _is_lone_generator(target: Target, call: ast.Call) -> bool:
    return any(isinstance(one, ast.GeneratorExp) and not target.text(one).startswith("(") for one in call.args) or (
        len(call.args) == 1
        and isinstance(call.args[0], ast.GeneratorExp)
        and target.source.span(call.args[0])[1] == target.source.span(call)[1]
    )


def _arguments(target: Target, call: ast.Call) -> Iterator[tuple[str, float]]:
    callee = callee_of(call)
    name = call.func.attr if isinstance(call.func, ast.Attribute) else callee
    if name in ("sorted", "sort", "max", "min"):
        yield from _for_order(target, call, name)
    yield from _by_signature(target, call, callee)
    yield from _as_elsewhere(target, call, callee or f".{name}")
    often = (_SECOND if call.args and name in _SECOND and len(call.args) == 1 else _OFTEN).get(name, "")
    for rank, text in enumerate(often.split()):
        sense = not (name in ("split", "rsplit", "strip", "rstrip", "lstrip", "pop", "encode", "decode") and call.args)
        if (sense or often is _SECOND.get(name)) and _accepts(name, call, text):
            yield text.replace("~", " "), 0.7 / (1 + rank / 3)
    if (
        name in ("get", "pop", "setdefault", "round", "range", "replace") or takes(target, callee, len(call.args) + 1)
    ) and (call.args or callee in functions_of_module(target)):
        variables = [(n, w) for n, t, w in variables_at(target, call) if may_be(t, "int", "str", "list") or callee]
        for rank, (variable, near) in enumerate(sorted(variables, key=lambda pair: -pair[1])[:8]):
            yield variable, 0.5 * near / (1 + rank / 3)


def _for_order(target: Target, call: ast.Call, name: str) -> Iterator[tuple[str, float]]:
    """By what to order: what a dict in scope gives for each, and a truth value in scope for the direction."""
    for variable, types, near in variables_at(target, call):
        if surely(types, "dict", "Counter", "defaultdict"):
            yield f"key={variable}.get", 0.6 * near
        if surely(types, "bool") and name in ("sorted", "sort"):
            yield f"reverse={variable}", 0.8 * near
        if "key" in variable or surely(types, "function", "method"):
            yield f"key={variable}", 0.7 * near


def _accepts(name: str, call: ast.Call, text: str) -> bool:
    """Whether so many positional arguments make sense for a function of the standard library."""
    if "=" in text:
        return not (name in ("max", "min") and "default" in text and len(call.args) > 1)
    most = {
        "get": 1,
        "pop": 1,
        "enumerate": 1,
        "int": 1,
        "round": 1,
        "sum": 1,
        "next": 1,
        "getattr": 2,
        "setdefault": 1,
    }
    return len(call.args) <= most.get(name, 2) and (name not in most or len(call.args) == most[name] or name == "pop")


def _by_signature(target: Target, call: ast.Call, callee: str) -> Iterator[tuple[str, float]]:
    """Parameters of a function of the module that are not passed: the variable of that name, else fitting ones."""
    function = functions_of_module(target).get(callee)
    if function is None:
        return
    a = function.args
    positional = [*a.posonlyargs, *a.args][callee.startswith("self.") :]
    passed = {one.arg for one in call.keywords}
    visible = {name for name, _, _ in variables_at(target, call)}
    for number, one in enumerate((*positional[len(call.args) :], *a.kwonlyargs)):
        if one.arg in passed:
            continue
        values = [("True", 0.4), ("False", 0.3), ("None", 0.2)]
        if one.arg in visible:
            values = [(one.arg, 1.0), (f"{one.arg} + 1", 0.5), (f"{one.arg} - 1", 0.4)]
        for value, weight in values:
            if number == 0 and one not in a.kwonlyargs and not passed:
                yield value, weight
            if one not in a.posonlyargs:
                yield f"{one.arg}={value}", 0.9 * weight


def _as_elsewhere(target: Target, call: ast.Call, callee: str) -> Iterator[tuple[str, float]]:
    """What other calls of the same callee pass in addition."""
    count = len(call.args)
    for other in calls_of(target, callee)[:30]:
        if other is call or is_open(other):
            continue
        extra = [target.text(one) for one in other.args[count : count + 1]]
        named = [f"{one.arg}={target.text(one.value)}" for one in other.keywords]
        for text in (*extra, *named):
            if readable_at(target, call, text.partition("=")[2] if text in named else text) is not None:
                yield text, 0.8
