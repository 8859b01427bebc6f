"""What an attribute of something is: of a module, a class, an object of a known class, something from outside."""

import ast
from dataclasses import replace

from gitops_healer.code.effects import effect_of
from gitops_healer.code.reach_names import names_in
from gitops_healer.code.reach_scope import Scope
from gitops_healer.code.reach_types import BUILTIN_METHODS, is_builtin
from gitops_healer.code.reach_values import NOTHING, UNKNOWN, Kind, Known, Origin, Value, made

_READS = frozenset("os.environ os.environb sys.argv sys.path sys.modules sys.stdin sys.stdout sys.stderr".split())


class Attributes(Scope):
    """A scope that knows attributes."""

    def attribute(self, base: Known, name: str, node: ast.expr) -> Known:
        """`base.name`; properties run."""
        found = Known()
        for value in base.values or (UNKNOWN,):
            found |= self._attribute_of(value, base, name, node)
        return found

    def _attribute_of(self, value: Value, base: Known, name: str, node: ast.expr) -> Known:
        line = node.lineno
        match value.kind:
            case Kind.MODULE:
                values = self._project.attribute_of_module(value.path, name)
                if not values or (values[0].kind is Kind.MODULE and values[0].name):
                    return self._at_top(value.path, name, line)
                return Known(values)
            case Kind.OUTER:
                dotted = f"{value.name}.{name}"
                if dotted in _READS:
                    effect = effect_of(dotted)
                    if effect is not None and isinstance(node, ast.Attribute):
                        self.summary.does(effect, dotted, line)
                return Known((Value(Kind.OUTER, dotted),))
            case Kind.MADE:
                return Known((self._made_attribute(value, name),), base.origins, base.inner)
            case Kind.CLASS:
                return self._class_attribute((value.path, value.name), name)
            case Kind.OBJECT:
                return self._object_attribute(value, base, name, line)
            case _:
                return Known((UNKNOWN,), base.origins, base.inner)

    @staticmethod
    def _made_attribute(value: Value, name: str) -> Value:
        if value.name.startswith("pathlib."):
            return made("str") if name in ("name", "stem", "suffix", "anchor", "drive") else made("pathlib.Path")
        if is_builtin(value.name) and name not in BUILTIN_METHODS:
            return UNKNOWN
        return made(f"{value.name}.{name}")

    def _class_attribute(self, of: tuple[str, str], name: str) -> Known:
        method = self._project.method(of, name)
        if method is not None:
            node = self._project.module(method.path).definitions[method.name]
            marks = _names_of_marks(node)
            first = Known((Value(Kind.CLASS, of[1], of[0]),))
            return Known((replace(method, bound="classmethod" in marks),), first.origins)
        for path, qualname in self._project.line_of(*of):
            if not path:
                continue
            inner = self._project.module(path).definitions.get(f"{qualname}.{name}")
            if isinstance(inner, ast.ClassDef):
                return Known((Value(Kind.CLASS, f"{qualname}.{name}", path),))
            known = self._in_class_body(path, qualname, name)
            if known is not None:
                if any(base.startswith("enum.") for base in self._project.outer_bases(of)):
                    return Known((Value(Kind.OBJECT, of[1], of[0]),))
                origin = frozenset({Origin(f"{qualname}.{name}")})
                return Known(known.values, origin, origin)
        outer = [base for base in self._project.outer_bases(of) if base]
        return Known((made(f"{outer[0]}.{name}"),)) if outer else NOTHING

    def _in_class_body(self, path: str, qualname: str, name: str) -> Known | None:
        scope = self._all.body(Value(Kind.FUNCTION, "", path))
        for node in self._project.module(path).class_body(qualname):
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == name:
                told = scope.annotated(node.annotation) if scope is not None else NOTHING
                if node.value is None or (told.values and UNKNOWN not in told.values):
                    return told
                return scope.value(node.value) if scope is not None else NOTHING
            if isinstance(node, ast.Assign) and any(name in names_in(target) for target in node.targets):
                return scope.value(node.value) if scope is not None else NOTHING
        return None

    def _object_attribute(self, value: Value, base: Known, name: str, line: int) -> Known:
        of = value.path, value.name
        if name in ("__dict__", "__class__", "__name__", "__doc__", "__module__", "__qualname__"):
            own = Value(Kind.CLASS, value.name, value.path) if name == "__class__" else None
            return Known((own or made("dict" if name == "__dict__" else "str"),), base.origins, base.inner)
        method = self._project.method(of, name)
        if method is not None:
            node = self._project.module(method.path).definitions[method.name]
            marks = _names_of_marks(node)
            if marks & {"property", "cached_property", "abstractproperty"}:
                return self._to(method, [Known((value,), base.origins, base.inner)], {}, line)
            bound = "staticmethod" not in marks
            return Known((replace(method, bound=bound),), base.origins, base.inner)
        found = self._set_by_methods(of, name)
        declared = self._class_attribute(of, name)
        told = [one for one in declared.values if one.kind is not Kind.UNKNOWN]
        instance = found is not None or self._is_field(of, name)
        origins = base.origins if instance else declared.origins or base.origins
        inner = base.inner | base.origins if instance else declared.inner
        if told and declared.origins:
            return Known(tuple(told), origins, inner)
        if found is not None:
            values = tuple(UNKNOWN if one.kind is Kind.PARAMETER else one for one in found.values)
            return Known(values or (UNKNOWN,), origins, inner)
        return Known(declared.values, base.origins, base.inner)

    def _is_field(self, of: tuple[str, str], name: str) -> bool:
        """Whether the class body only declares it, so that each object has its own."""
        for path, qualname in self._project.line_of(*of):
            for node in self._project.module(path).class_body(qualname) if path else ():
                if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == name:
                    marks = _names_of_marks(self._project.module(path).definitions[qualname])
                    return node.value is None or bool(
                        marks & {"dataclass", "define", "s", "attrs", "frozen", "mutable"}
                    )
        return False

    def _set_by_methods(self, of: tuple[str, str], name: str) -> Known | None:
        found: Known | None = None
        for path, qualname in self._project.line_of(*of):
            for method in self._project.setters(path, qualname).get(name, ()) if path else ():
                summary = self._all.summary(Value(Kind.FUNCTION, f"{qualname}.{method}", path, of))
                given = summary.sets.get(name, NOTHING)
                found = given if found is None else found | given
                if method == "__init__" and given.values and UNKNOWN not in given.values:
                    return given
        return found


def _names_of_marks(node: ast.AST) -> set[str]:
    found = set()
    for mark in getattr(node, "decorator_list", ()):
        target = mark.func if isinstance(mark, ast.Call) else mark
        found.add(target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", ""))
    return found
