"""Which functions of a module may run while modules are imported: an import moved into them would not wait."""

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator

from gitops_healer.code.truth import Truth, TruthTeller
from gitops_healer.refactorings._import_uses import Function

_KEEPS = frozenset(
    "partial partialmethod property staticmethod classmethod register signal field ContextVar TypeVar Thread Timer "
    "getLogger namedtuple cached_property".split()
)
"""Callables that keep the functions they are given, and do not call them at once."""

_HOOKS = frozenset("__init_subclass__ __set_name__ __class_getitem__ __prepare__ __instancecheck__".split())
_NOT_AT_LOAD = (Truth.MAIN, Truth.TYPING, Truth.FALSE)
_BIRTH = ("__new__", "__init__", "__post_init__")


class LoadCalls:
    """What the statements of one module call while it is imported."""

    def __init__(self, tree: ast.Module) -> None:
        self._functions: dict[str, list[Function]] = defaultdict(list)
        self._methods: dict[str, list[Function]] = defaultdict(list)
        self._classes: dict[str, list[ast.ClassDef]] = defaultdict(list)
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                self._classes[node.name].append(node)
                for item in node.body:
                    if isinstance(item, Function):
                        self._methods[item.name].append(item)
            elif isinstance(node, Function):
                self._functions[node.name].append(node)
        self._truth = TruthTeller(tree)
        self.chains = frozenset(self._calls(tree.body))

    def running(self, called_by_others: Iterable[str] = ()) -> tuple[set[Function], set[tuple[str, ...]]]:
        """Functions of this module that may run at import, and all chains that are called then.

        called_by_others: names of this module that other modules call while they are imported.
        """
        found: set[Function] = {item for name in _HOOKS for item in self._methods.get(name, ())}
        for nodes in self._classes.values():
            found |= {item for node in nodes if _is_metaclass(node) for item in node.body if isinstance(item, Function)}
        waiting = list(found)
        chains = set(self.chains)
        for chain in [*self.chains, *((name,) for name in called_by_others)]:
            waiting += self._named(chain, factory=True)
        while waiting:
            function = waiting.pop()
            found.add(function)
            for chain in self._calls(function.body):
                chains.add(chain)
                waiting += [item for item in self._named(chain, factory=False) if item not in found]
        return found, chains

    def _calls(self, body: Iterable[ast.AST]) -> Iterator[tuple[str, ...]]:
        """Chains called by statements themselves: calls, decorators, metaclasses, and functions handed to calls. What
        stands in a nested function, or below `if __name__ == "__main__"`, does not run with them; a lambda may."""
        waiting = list(body)
        while waiting:
            node = waiting.pop()
            if isinstance(node, Function):
                for decorator in node.decorator_list:
                    yield from _called(decorator)
                waiting += [
                    *node.decorator_list,
                    *node.args.defaults,
                    *(item for item in node.args.kw_defaults if item),
                ]
            elif isinstance(node, ast.ClassDef):
                for callee in [*node.decorator_list, *(item.value for item in node.keywords)]:
                    yield from _called(callee)
                waiting += [*node.decorator_list, *node.bases, *node.body]
            elif isinstance(node, ast.If) and self._truth.of(node.test) in _NOT_AT_LOAD:
                waiting += node.orelse
            else:
                if isinstance(node, ast.Call):
                    yield from _call_chains(node)
                waiting += ast.iter_child_nodes(node)

    def _named(self, chain: tuple[str, ...], factory: bool) -> Iterator[Function]:
        """The functions that a call of this chain may run. factory: also what it makes may be called (decorators)."""
        last = chain[-1]
        direct = self._functions.get(last, []) if len(chain) == 1 else self._methods.get(last, [])
        born = [item for node in self._classes.get(last, ()) for item in node.body if isinstance(item, Function)]
        for function in [*direct, *(item for item in born if item.name in _BIRTH)]:
            yield function
            if factory:
                yield from (item for item in function.body if isinstance(item, Function))


def _is_metaclass(node: ast.ClassDef) -> bool:
    last = [_chain(base)[-1] for base in node.bases if _chain(base)]
    return any(name == "type" or name.endswith("Meta") for name in last)


def _called(callee: ast.expr) -> Iterator[tuple[str, ...]]:
    chain = _chain(callee.func if isinstance(callee, ast.Call) else callee)
    if chain:
        yield chain


def _call_chains(node: ast.Call) -> Iterator[tuple[str, ...]]:
    chain = _chain(node.func)
    if chain:
        yield chain
    if not chain or chain[-1] not in _KEEPS:
        for argument in [*node.args, *(keyword.value for keyword in node.keywords)]:
            handed = _chain(argument)
            if handed:
                yield handed


def _chain(node: ast.expr) -> tuple[str, ...]:
    """`a.b.c` as its parts; of anything else with an attribute, ("", attribute); else nothing."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        return (node.id, *reversed(parts))
    return ("", *reversed(parts)) if parts else ()
