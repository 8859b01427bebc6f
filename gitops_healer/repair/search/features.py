"""What can be said of a patch beside that it passes: the evidence by which the right one is told from the others."""

import ast
import io
import math
import tokenize
from collections import Counter
from collections.abc import Mapping, Sequence

from gitops_healer.code.source import read_source
from gitops_healer.core.change import Change
from gitops_healer.core.trials import Observed
from gitops_healer.repair.search.proposals import Proposal
from gitops_healer.repair.search.suspects import function_named

Features = Mapping[str, float]

_NOTHING = ast.Module([], [])


def of_text(proposal: Proposal) -> dict[str, float]:
    """Features of the change as text.

    prior: logarithm of the proposal's score; size: logarithm of 1 + tokens changed; foreign: names and strings in it
    that the function did not hold; unused, used: variables of the function that are never read after it and were
    before, and the other way round; degenerate: `x == x`, `a - a`, `min(x, x)`, conditions that are constants; two:
    whether it is two edits; caution: whether something speaks against it.
    """
    target = proposal.target
    found = {
        "prior": math.log(max(proposal.score, 1e-12)),
        "two": float(proposal.seed is not None),
        "caution": float(bool(proposal.caution)),
    }
    if target is None:
        return found
    path, data = target.source.path, target.source.data
    after = Change(proposal.change.edits_of(path)).apply({path: data})[path]
    source = read_source(path, after)
    before_node, after_node = target.node, function_named(source, proposal.qualname) if source is not None else _NOTHING
    old, new = _tokens(data, before_node), _tokens(after, after_node)
    added, removed = new - old, old - new
    unread_before, unread_after = _unread(before_node), _unread(after_node)
    return found | {
        "size": math.log1p(added.total() + removed.total()),
        "foreign": float(sum(1 for token in added if token not in old and _is_word(token))),
        "unused": float(len(unread_after - unread_before)),
        "used": float(len(unread_before - unread_after)),
        "degenerate": float(_degenerate(after_node) - _degenerate(before_node)),
    }


def of_behaviour(observed: Observed, number: int) -> dict[str, float]:
    """Features of what it does on calls that no test made.

    same: share of them that end as without the change; errs: share that raise and did not; heals: share that raised
    and do not; hangs: share that take too long.
    """
    before, after = observed.endings.get(-1, ()), observed.endings.get(number, ())
    pairs = [
        (old, new)
        for old, new, tested in zip(before, after, observed.tested, strict=False)
        if not tested and old and new
    ]
    if not pairs:
        return {"blind": 1.0}
    total = len(pairs)
    return {
        "same": sum(old == new for old, new in pairs) / total,
        "errs": sum(new.startswith("!") and not old.startswith("!") for old, new in pairs) / total,
        "heals": sum(old.startswith("!") and not new.startswith("!") for old, new in pairs) / total,
        "hangs": sum(new.startswith("~") and not old.startswith("~") for old, new in pairs) / total,
    }


def _tokens(data: bytes, node: ast.AST) -> Counter[str]:
    first, last = getattr(node, "lineno", 1), getattr(node, "end_lineno", None)
    lines = data.splitlines(keepends=True)[first - 1 : last]
    skip = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING)
    counts: Counter[str] = Counter()
    try:
        for token in tokenize.tokenize(io.BytesIO(b"".join(lines)).readline):
            if token.type not in skip:
                counts[token.string] += 1
    except (tokenize.TokenError, SyntaxError, ValueError):
        return counts
    return counts


def _is_word(token: str) -> bool:
    return token[:1].isidentifier() or token[:1] in "\"'"


def _unread(node: ast.AST) -> set[str]:
    """Parameters and variables that are bound and never read."""
    names = [n for n in ast.walk(node) if isinstance(n, ast.Name)]
    bound = {n.id for n in names if isinstance(n.ctx, ast.Store)}
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        bound |= {argument.arg for argument in ast.walk(node.args) if isinstance(argument, ast.arg)}
    read = {n.id for n in names if not isinstance(n.ctx, ast.Store)}
    return {name for name in bound - read if not name.startswith("_") and name not in ("self", "cls")}


def _degenerate(node: ast.AST) -> int:
    """Expressions that compute nothing."""
    return sum(map(_is_degenerate, ast.walk(node)))


def _is_degenerate(node: ast.AST) -> bool:
    match node:
        case ast.BinOp(left=left, op=ast.Sub() | ast.Div() | ast.FloorDiv() | ast.Mod(), right=right):
            return _alike(left, right)
        case ast.Compare(left=left, comparators=[right]):
            return _alike(left, right) or (isinstance(left, ast.Constant) and isinstance(right, ast.Constant))
        case ast.BoolOp(values=values):
            dumps = [ast.dump(value) for value in values]
            return len(set(dumps)) < len(dumps) or any(isinstance(value, ast.Constant) for value in values)
        case ast.If(test=ast.Constant()) | ast.IfExp(test=ast.Constant()):
            return True
        case ast.IfExp(body=body, orelse=orelse):
            return _alike(body, orelse)
        case ast.Call(args=[first, second]):
            return _alike(first, second)
        case ast.Assign(targets=[target], value=value):
            return isinstance(target, ast.Name) and isinstance(value, ast.Name) and target.id == value.id
        case _:
            return False


def _alike(left: ast.AST, right: ast.AST) -> bool:
    return not isinstance(left, ast.Constant) and ast.dump(left) == ast.dump(right)


def summed(features: Features, weights: Mapping[str, float]) -> float:
    return sum(weights.get(name, 0.0) * value for name, value in features.items())


def shares(scores: Sequence[float]) -> list[float]:
    """Probabilities that are proportional to the exponentials of scores."""
    if not scores:
        return []
    top = max(scores)
    weights = [math.exp(score - top) for score in scores]
    total = sum(weights)
    return [weight / total for weight in weights]
