"""What importing a module does to others: registrations, patches, output. Such a module must not load later."""

import ast
from collections.abc import Iterable, Iterator

from gitops_healer.code.truth import Truth, TruthTeller
from gitops_healer.refactorings._sources import Meaning, Sources
from gitops_healer.refactorings._syntax import chain_of, last_name, root_of

_HARMLESS_CALLS = frozenset(
    "filterwarnings simplefilter addHandler getLogger setLevel debug info extend append insert update namedtuple "
    "register_namespace disable_warnings".split()
)
_HARMLESS_DECORATORS = frozenset(
    "attr attrs six typing_extensions numba wrapt deprecated deprecation tenacity retrying jit lru_cache".split()
)
_HARMLESS_BASES = frozenset("pydantic attr attrs six typing_extensions zope requests click marshmallow torch".split())
_WRITES = frozenset("append add setdefault update register insert extend connect subscribe __setitem__ setattr".split())


class LoadEffects:
    """Looks for statements of a module that reach beyond it when it is imported."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._known: dict[str, str] = {}
        self._writers: dict[str, bool] = {}

    def of(self, path: str) -> str:
        """What importing a file does to others, as `what at path:line`, or ""."""
        if path not in self._known:
            tree = self._sources.tree(path)
            self._known[path] = "" if tree is None else next(self._effects(path, tree), "")
        return self._known[path]

    def _effects(self, path: str, tree: ast.Module) -> Iterator[str]:
        truth = TruthTeller(tree)
        waiting: list[ast.stmt] = list(reversed(tree.body))
        own = {name for node in tree.body for name in _bound(node)}
        while waiting:
            node = waiting.pop()
            if isinstance(node, ast.If) and truth.of(node.test) in (Truth.MAIN, Truth.TYPING, Truth.FALSE):
                waiting += reversed(node.orelse)
                continue
            what = self._effect(path, node, own)
            if what:
                yield f"{what} at {path}:{node.lineno}"
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                waiting += list(_statements(node))

    def _effect(self, path: str, node: ast.stmt, own: set[str]) -> str:
        match node:
            case ast.Expr(value=ast.Call(func=func)):
                root, last = root_of(func), last_name(func)
                return (
                    ""
                    if last in _HARMLESS_CALLS and (root in own or last not in _WRITES)
                    else f"calls {last or 'something'}()"
                )
            case ast.Assign(targets=targets) | ast.Delete(targets=targets):
                return self._write(targets, own)
            case ast.AugAssign(target=target):
                return self._write([target], own)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                return self._decorated(path, node.decorator_list)
            case ast.ClassDef():
                return self._decorated(path, node.decorator_list) or self._registers(path, node)
        return ""

    def _write(self, targets: Iterable[ast.expr], own: set[str]) -> str:
        for target in targets:
            if isinstance(target, ast.Attribute | ast.Subscript) and root_of(target) not in own:
                return f"writes into {root_of(target) or 'something'}"
        return ""

    def _decorated(self, path: str, decorators: Iterable[ast.expr]) -> str:
        for decorator in decorators:
            callee = decorator.func if isinstance(decorator, ast.Call) else decorator
            meaning = self._sources.meaning(path, chain_of(callee))
            if meaning.is_standard or meaning.outside.partition(".")[0] in _HARMLESS_DECORATORS:
                continue
            if meaning.node is None or self._writes(meaning):
                return f"is decorated by {last_name(callee) or 'an expression'}"
        return ""

    def _writes(self, meaning: Meaning) -> bool:
        """Whether a decorator of this tree stores what it is given somewhere."""
        node = meaning.node
        if isinstance(node, ast.ClassDef) or node is None:
            return True
        local = {item.id for item in ast.walk(node) if isinstance(item, ast.Name) and isinstance(item.ctx, ast.Store)}
        local |= {item.arg for item in ast.walk(node) if isinstance(item, ast.arg)}
        for item in ast.walk(node):
            if isinstance(item, ast.Global):
                return True
            if isinstance(item, ast.Subscript) and isinstance(item.ctx, ast.Store) and root_of(item) not in local:
                return True
            if isinstance(item, ast.Call) and last_name(item.func) in _WRITES and root_of(item.func) not in local:
                return True
        return False

    def _registers(self, path: str, node: ast.ClassDef, hops: int = 12) -> str:
        """Whether making a class tells somebody: a metaclass or `__init_subclass__`, here or in a base."""
        if any(
            keyword.arg == "metaclass" and last_name(keyword.value) not in ("ABCMeta", "EnumMeta")
            for keyword in node.keywords
        ):
            return f"makes {node.name} with a metaclass"
        for base in node.bases:
            expression = base.value if isinstance(base, ast.Subscript) else base
            meaning = self._sources.meaning(path, chain_of(expression))
            if meaning.is_standard or meaning.outside.partition(".")[0] in _HARMLESS_BASES:
                continue
            if not isinstance(meaning.node, ast.ClassDef) or not hops:
                return f"makes {node.name} of the unknown base {ast.unparse(expression)}"
            if any(getattr(item, "name", "") == "__init_subclass__" for item in meaning.node.body):
                return f"makes {node.name}, which {meaning.node.name} is told of"
            inherited = self._registers(meaning.path, meaning.node, hops - 1)
            if inherited:
                return inherited
        return ""


def _statements(node: ast.stmt) -> Iterator[ast.stmt]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            yield child
        elif isinstance(child, ast.ExceptHandler | ast.match_case):
            yield from child.body


def _bound(node: ast.stmt) -> Iterator[str]:
    """Names that a module makes itself: what it writes into them stays in it."""
    match node:
        case ast.Assign() | ast.AnnAssign() | ast.For() | ast.With() | ast.If() | ast.Try():
            yield from (
                item.id for item in ast.walk(node) if isinstance(item, ast.Name) and isinstance(item.ctx, ast.Store)
            )
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
