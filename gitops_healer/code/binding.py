"""What statements bind, as far as can be told without running them."""

import ast


def bound_names(node: ast.stmt) -> list[str]:
    """Names that a statement other than an import or definition binds by itself (not by what stands inside of it)."""
    match node:
        case ast.Assign(targets=targets):
            pass
        case ast.AugAssign(target=target):
            targets = [target]
        case ast.AnnAssign(target=target, value=value):
            targets = [target] if value is not None else []
        case ast.For(target=target) | ast.AsyncFor(target=target):
            targets = [target]
        case ast.With(items=items) | ast.AsyncWith(items=items):
            targets = [item.optional_vars for item in items if item.optional_vars is not None]
        case _:
            targets = []
    waiting, found = list(targets), []
    while waiting:
        target = waiting.pop()
        match target:
            case ast.Name(id=name):
                found.append(name)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                waiting += parts
            case ast.Starred(value=part):
                waiting.append(part)
    return found


def strings_in(node: ast.expr | None) -> list[str] | None:
    """The texts in a list or tuple of constants; what is not constant is left out; None for anything else."""
    if not isinstance(node, ast.List | ast.Tuple | ast.Set):
        return None
    return [part.value for part in node.elts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
