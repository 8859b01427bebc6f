"""What one file holds, as the JSON that a scan prints: made once a blob, joined as text ever after."""

from typing import Any

from gitops_healer.code import fast_json
from gitops_healer.code.facts import ClassFacts, Definition, Facts, ImportKind

_KINDS = {
    ImportKind.MODULE: "module",
    ImportKind.CONDITIONAL: "conditional",
    ImportKind.TRY: "try",
    ImportKind.FUNCTION: "function",
    ImportKind.TYPE_CHECKING: "type_checking",
    ImportKind.MAIN: "main",
    ImportKind.NEVER: "never",
}


def listing(facts: Facts) -> bytes:
    """The members of a JSON object, without its braces: everything about a module that does not depend on its path."""
    classes = {item.index: item for item in facts.classes}
    members: dict[str, Any] = {
        "analyzable": facts.analyzable,
        **({} if facts.analyzable else {"reason": facts.reason}),
        "total_lines": facts.total_lines,
        "complexity_score": facts.complexity,
        "functions": [_function(item) for item in facts.definitions if not item.is_class],
        "classes": [_class(item, classes.get(n)) for n, item in enumerate(facts.definitions) if item.is_class],
        "imports": [
            {
                "line": item.line,
                "kind": _KINDS[item.kind],
                "level": item.level,
                "module": item.module,
                "names": [name for name, _ in item.names],
            }
            for item in facts.imports
        ],
    }
    return fast_json.dumps(members)[1:-1]


def _function(item: Definition) -> dict[str, Any]:
    return {
        "name": item.qualname,
        "start": item.start,
        "end": item.end,
        "arguments": item.arguments,
        "cyclomatic": item.complexity,
        "cognitive": item.cognitive,
    }


def _class(item: Definition, found: ClassFacts | None) -> dict[str, Any]:
    methods = {method.name for method in found.methods} if found else set()
    return {
        "name": item.qualname,
        "start": item.start,
        "end": item.end,
        "methods": len(methods),
        "bases": list(found.bases) if found else [],
    }
