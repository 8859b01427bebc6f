"""Guards against patches that cheat: that please the tests without doing what is meant."""

import ast
from collections import Counter
from collections.abc import Mapping

from gitops_healer.repair.failure import is_test
from gitops_healer.repair.search.proposals import Proposal
from gitops_healer.repair.search.suspects import outer_functions
from gitops_healer.repair.source import Source, read_source

_SPECIAL = "it compares with {}, which stands in the failing tests"
_COMMON = frozenset({"0", "1", "-1", "''", "None", "True", "False"})


def forbidden(proposal: Proposal) -> str:
    """Why a proposal may not be tried at all, "" when it may: it edits tests, or catches what was not caught."""
    if any(is_test(path) for path in proposal.change.paths):
        return "it edits tests"
    after = _after(proposal)
    before = proposal.target.source if proposal.target is not None else None
    if after is not None and before is not None and _swallows(after) > _swallows(before):
        return "it swallows an exception"
    return ""


def cautions(proposal: Proposal, passing: Mapping[str, set[int]], words: frozenset[str]) -> tuple[str, ...]:
    """What a maintainer should know of a patch that passes. passing: path -> lines that passing tests ran; words:
    source texts of the numbers and strings in the failing tests."""
    target = proposal.target
    after = _after(proposal)
    if target is None or after is None:
        return (proposal.caution,) if proposal.caution else ()
    said = [proposal.caution] if proposal.caution else []
    gone = _deleted_lines(proposal, target.source)
    unseen = sorted(line for line in gone if line not in passing.get(target.source.path, set()))
    if unseen:
        said.append(f"it removes code that no passing test runs (line {unseen[0]})")
    added = _compared(after, proposal.qualname) - _compared(target.source, proposal.qualname)
    return (*said, *(_SPECIAL.format(word) for word in sorted((added & words) - _COMMON)))


def _after(proposal: Proposal) -> Source | None:
    if proposal.target is None:
        return None
    source = proposal.target.source
    if proposal.change.paths != (source.path,):
        return source
    return read_source(source.path, proposal.change.apply({source.path: source.data})[source.path])


def _swallows(source: Source) -> int:
    """Handlers that go on as if nothing had happened, weighed by how much they catch."""
    handlers = [node for node in ast.walk(source.tree) if isinstance(node, ast.ExceptHandler)]
    quiet = [one for one in handlers if not any(isinstance(n, ast.Raise) for n in ast.walk(one))]
    return len(quiet) + sum(one.type is None for one in quiet)


def _deleted_lines(proposal: Proposal, source: Source) -> list[int]:
    """First lines of statements of the original that the change takes away."""
    after = _after(proposal)
    if after is None:
        return []
    left = Counter(_texts(after).values())
    gone = []
    for line, text in _texts(source).items():
        if left[text]:
            left[text] -= 1
        else:
            gone.append(line)
    edited = {source.data.count(b"\n", 0, edit.start) + 1 for edit in proposal.change.edits_of(source.path)}
    removed = sum(Counter(_texts(source).values()).values()) - sum(Counter(_texts(after).values()).values())
    return [line for line in gone if line not in edited] if removed > 0 else []


def _texts(source: Source) -> dict[int, str]:
    simple = (ast.Expr, ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Return, ast.Raise, ast.Delete, ast.Assert)
    return {node.lineno: ast.dump(node) for node in ast.walk(source.tree) if isinstance(node, simple)}


def _compared(source: Source, qualname: str) -> set[str]:
    """Constants that the function compares something with for equality."""
    scope: ast.AST = next((node for node, name in outer_functions(source) if name == qualname), source.tree)
    found = set()
    for node in ast.walk(scope):
        if isinstance(node, ast.Compare) and all(isinstance(op, ast.Eq | ast.NotEq | ast.In) for op in node.ops):
            sides = [node.left, *node.comparators]
            found |= {ast.unparse(side) for side in sides if isinstance(side, ast.Constant)}
    return found
