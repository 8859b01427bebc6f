"""The wrong function or method is called."""

import ast
from collections.abc import Iterator

from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, repair_template
from gitops_healer.repair.search.templates._calls import (
    BUILTINS,
    callee_of,
    functions_like,
    has_attribute,
    is_open,
    renamed,
)
from gitops_healer.repair.search.templates._places import change, functions_of_module, short

_FUNCTIONS = """
min max | any all | sum len max min | int float round str | int ord | chr str repr | sorted reversed list | list tuple
set sorted | set frozenset | floor ceil trunc round int | heappush heappushpop heapreplace | heappop heapify | zip
enumerate | map filter | bisect_left bisect_right bisect | insort_left insort_right insort | combinations permutations
combinations_with_replacement product | deepcopy copy | gcd lcm | sqrt isqrt | sin cos tan | log log2 log10 exp |
dict OrderedDict defaultdict Counter | list deque | takewhile dropwhile filterfalse | nlargest nsmallest | isinstance
issubclass | getattr hasattr | loads load | dumps dump | quote quote_plus | perf_counter monotonic time | gather wait |
divmod pow | bool int | abs int | prod sum | is_file exists is_dir isfile isdir | basename dirname | asin acos atan
"""
_METHODS = """
find rfind index rindex | split rsplit partition rpartition | splitlines split | strip lstrip rstrip | removeprefix
removesuffix lstrip rstrip strip | lower upper casefold capitalize title swapcase | keys values items | union
intersection difference symmetric_difference | update intersection_update difference_update symmetric_difference_update
| issubset issuperset isdisjoint | isdigit isalpha isalnum isdecimal isnumeric isspace islower isupper istitle
isidentifier | append extend appendleft | append add | add discard remove update | extend extendleft update append |
pop popleft | popleft pop | remove discard pop | ljust rjust center | zfill rjust | encode decode |
startswith endswith | match search fullmatch | findall finditer | group groups groupdict | read readline readlines
| write writelines | put get | get pop setdefault | copy clear | sort reverse | acquire release | weekday
isoweekday | count index find | popitem pop | join format | copy deepcopy | debug info warning error | start stop
close | set clear is_set | fetchone fetchall | commit rollback | cancel close | strftime isoformat | most_common
elements | isoformat ctime | rotate reverse | total_seconds timestamp | date time | exists is_file is_dir
"""


def _families(text: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for family in text.split("|"):
        for name in family.split():
            found.setdefault(name, {}).update(dict.fromkeys(other for other in family.split() if other != name))
    return {name: tuple(others) for name, others in found.items()}


_OF_FUNCTION, _OF_METHOD = _families(_FUNCTIONS), _families(_METHODS)


@repair_template(
    prior=0.064,
    examples=(
        Example("def f(xs):\n    return min(xs)\n", "def f(xs):\n    return max(xs)\n"),
        Example("def f(x):\n    return x.lstrip()  # kept\n", "def f(x):\n    return x.rstrip()  # kept\n"),
        Example("def f(x):\n    return max(map(int, x))\n", "def f(x):\n    return max(map(float, x))\n"),
        Example("def f(xs, x):\n    xs.append(x)\n", "def f(xs, x):\n    xs.insert(0, x)\n"),
        Example(
            "def low(x):\n    pass\n\ndef high(x):\n    pass\n\ndef f(x):\n    return low(x)\n",
            "def low(x):\n    pass\n\ndef high(x):\n    pass\n\ndef f(x):\n    return high(x)\n",
        ),
    ),
)
def function(target: Target) -> Iterator[Rewrite]:
    """Call another function or method of the same kind: `max` for `min`, `rsplit` for `split`, `floor` for `ceil`."""
    for node in target.places:
        if isinstance(node, ast.Name):
            yield from _names(target, node)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield from _methods(target, node, node.func)
        if isinstance(node, ast.Call):
            yield from _own(target, node)


def _names(target: Target, node: ast.Name) -> Iterator[Rewrite]:
    if node.id in target.locals or node.id in target.inner_names(node):
        return
    rank = 0
    for other in _OF_FUNCTION.get(node.id, ()):
        if other in BUILTINS or other in target.ingredients.module_names:
            yield from change(
                target, node, other, f"Use {short(other)} instead of {short(node.id)}", 1 / (1 + rank / 2)
            )
            rank += 1


def _methods(target: Target, call: ast.Call, node: ast.Attribute) -> Iterator[Rewrite]:
    others = dict.fromkeys((*_OF_METHOD.get(node.attr, ()), *_OF_FUNCTION.get(node.attr, ())))
    module = isinstance(node.value, ast.Name) and node.value.id in target.ingredients.module_names
    rank = 0
    for other in others:
        known = has_attribute(target, node.value, other)
        if known is not False and (other in _OF_METHOD or module):
            title = f"Call {short('.' + other)} instead of {short('.' + node.attr)}"
            yield from renamed(target, node, other, title, 1 / (1 + rank / 2))
            rank += 1
    if node.attr == "append" and len(call.args) == 1 and not is_open(call):
        text = f"{target.text(node.value)}.insert(0, {target.text(call.args[0])})"
        yield from change(target, call, text, "Insert at the front instead of appending", 0.3)


def _own(target: Target, call: ast.Call) -> Iterator[Rewrite]:
    """Functions of the module in the place of each other; a method that was called as a function, and so on."""
    callee = callee_of(call)
    functions = functions_of_module(target)
    known = callee in functions or callee in target.ingredients.arities
    if known:
        for rank, (name, likeness) in enumerate(functions_like(target, callee, call)):
            title = f"Call {short(name)} instead of {short(callee)}"
            yield from change(target, call.func, name, title, (0.4 + 0.5 * likeness) / (1 + rank / 4))
    for other in (f"self.{callee}", callee.removeprefix("self.")):
        if callee and other != callee and other in functions:
            yield from change(target, call.func, other, f"Call {short(other)} instead of {short(callee)}", 0.6)
    receiver = call.func.value if isinstance(call.func, ast.Attribute) else None
    if isinstance(receiver, ast.Name) and receiver.id != "self" and isinstance(call.func, ast.Attribute):
        yield from _of_classes(target, call, call.func)


def _of_classes(target: Target, call: ast.Call, node: ast.Attribute) -> Iterator[Rewrite]:
    """Other methods of the class of the module that has this method."""
    methods = [name for name in target.ingredients.arities if "." in name]
    owners = {name.partition(".")[0] for name in methods if name.partition(".")[2] == node.attr}
    count = len(call.args) + len(call.keywords)
    for name in methods:
        owner, _, method = name.partition(".")
        fewest, most = target.ingredients.arities[name]
        fitting = fewest <= count and (most == -1 or count <= most)
        if owner in owners and fitting and method != node.attr and not method.startswith("__"):
            title = f"Call {short('.' + method)} instead of {short('.' + node.attr)}"
            yield from renamed(target, node, method, title, 0.4)
