"""Whether something may evaluate an annotation at run time, where a name for type checkers only does not exist."""

import ast

from gitops_healer.refactorings._import_uses import Function, Use
from gitops_healer.refactorings._sources import Sources
from gitops_healer.refactorings._syntax import chain_of, last_name

_QUIET_DECORATORS = frozenset(
    "staticmethod classmethod property setter getter deleter wraps lru_cache cache cached_property contextmanager "
    "asynccontextmanager abstractmethod abstractproperty overload override final no_type_check deprecated fixture "
    "parametrize skip skipif xfail".split()
)
_FIELD_DECORATORS = frozenset(
    "dataclass attrs s attributes define frozen mutable total_ordering final runtime_checkable unique".split()
)
_FIELD_READERS = frozenset("NamedTuple TypedDict Struct BaseModel".split())


class AnnotationHazards:
    """Answers for one commit."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def of(self, path: str, use: Use) -> str:
        """Why the annotation of a use must stay evaluable, as a sentence, or ""."""
        if isinstance(use.owner, ast.ClassDef):
            return self.of_class(path, use.owner)
        return self.of_function(use.owner) if use.owner is not None else ""

    def of_function(self, node: Function) -> str:
        for decorator in node.decorator_list:
            name = last_name(decorator)
            if name not in _QUIET_DECORATORS:
                return f"{node.name} (line {node.lineno}) is decorated by {name or '?'}, which may read its annotations"
        return ""

    def of_class(self, path: str, node: ast.ClassDef, hops: int = 8) -> str:
        for decorator in node.decorator_list:
            name = last_name(decorator)
            if name not in _FIELD_DECORATORS:
                return f"{node.name} (line {node.lineno}) is decorated by {name or '?'}, which may read its fields"
        if any(keyword.arg == "metaclass" and last_name(keyword.value) != "ABCMeta" for keyword in node.keywords):
            return f"{node.name} (line {node.lineno}) has a metaclass, which may read its fields"
        for base in node.bases:
            expression = base.value if isinstance(base, ast.Subscript) else base
            reason = self._of_base(path, expression, hops)
            if reason:
                return f"{node.name} (line {node.lineno}) has the base {ast.unparse(base)}: {reason}"
        return ""

    def _of_base(self, path: str, base: ast.expr, hops: int) -> str:
        if last_name(base) in _FIELD_READERS:
            return "it reads the fields at run time"
        meaning = self._sources.meaning(path, chain_of(base))
        if meaning.is_standard:
            return ""
        if not isinstance(meaning.node, ast.ClassDef) or not hops:
            return "what it does with fields is not known"
        return self.of_class(meaning.path, meaning.node, hops - 1)

    def anywhere(self, path: str, tree: ast.Module) -> bool:
        """Whether deferring all annotations of a module could be noticed."""
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                fields = any(isinstance(item, ast.AnnAssign) for item in node.body)
                if fields and self.of_class(path, node):
                    return True
            elif isinstance(node, Function) and _is_annotated(node) and self.of_function(node):
                return True
        return False


def _is_annotated(node: Function) -> bool:
    return node.returns is not None or any(
        isinstance(item, ast.arg) and item.annotation for item in ast.walk(node.args)
    )
