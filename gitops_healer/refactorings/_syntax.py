"""Small questions to syntax trees."""

import ast


def chain_of(node: ast.expr) -> tuple[str, ...]:
    """The parts of `a.b.c`; nothing for any other expression."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return (node.id, *reversed(parts)) if isinstance(node, ast.Name) else ()


def root_of(node: ast.expr) -> str:
    """The name at which a chain of attributes, items and calls begins, "" when it begins with something else."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def last_name(node: ast.expr) -> str:
    """The last name of `a.b.c`, called or not; "" for any other expression."""
    match node:
        case ast.Call(func=func):
            return last_name(func)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def first_line(node: ast.stmt) -> int:
    """The line on which a statement begins, with its decorators."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return node.lineno
