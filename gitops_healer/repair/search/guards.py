"""Guards against patches that cheat: that please the tests without doing what is meant."""

import ast
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gitops_healer.code.source import Function, Source, read_source
from gitops_healer.core.change import Change
from gitops_healer.repair.failure import is_test
from gitops_healer.repair.search.proposals import Proposal

_SPECIAL = "it compares with {}, which stands in the failing tests"
_COMMON = frozenset({"0", "1", "-1", "''", "None", "True", "False"})
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Guards:
    """read: a file of the project as it is, None when it is no Python; tests: ids of all tests that there are; passing:
    path -> lines that passing tests ran; words: source texts of the numbers and strings in the failing tests."""

    read: Callable[[str], Source | None]
    tests: Collection[str] = ()
    passing: Mapping[str, Collection[int]] = field(default_factory=dict)
    words: frozenset[str] = frozenset()

    def forbidden(self, proposal: Proposal) -> str:
        """Why a patch may not be offered although it passes, "" when it may: it edits tests, or goes on after an
        exception that was not caught before."""
        if any(is_test(path) for path in proposal.change.paths) or self._edits_tests(proposal.change):
            return "it edits tests"
        if any(_swallows(after) > _swallows(before) for before, after in self._versions(proposal.change)):
            return "it swallows an exception"
        return ""

    def cautions(self, proposal: Proposal) -> tuple[str, ...]:
        """What a maintainer should know of a patch that passes."""
        said = [proposal.caution] if proposal.caution else []
        for before, after in self._versions(proposal.change):
            ran = self.passing.get(before.path, ())
            unseen = [line for line in _deleted_lines(before, after) if line not in ran]
            said += [f"it removes code that no passing test runs (line {unseen[0]} of {before.path})"] if unseen else []
            added = _compared(after.tree) - _compared(before.tree)
            said += [_SPECIAL.format(word) for word in sorted((set(added) & self.words) - _COMMON)]
        return tuple(dict.fromkeys(said))

    def _versions(self, change: Change) -> Iterator[tuple[Source, Source]]:
        """Each file before and after. What cannot be read any more after it is left out: it cannot pass."""
        for path in change.paths:
            before = self.read(path)
            if before is not None:
                after = read_source(path, Change(change.edits_of(path)).apply({path: before.data})[path])
                if after is not None:
                    yield before, after

    def _edits_tests(self, change: Change) -> bool:
        """Whether it lies in a test that stands beside the code, or in the examples of a docstring."""
        for before, after in self._versions(change):
            names = {name for name, file in map(_named, self.tests) if file == before.path}
            if names and _texts_of_tests(before, names) != _texts_of_tests(after, names):
                return True
        return False


def words_of(read: Callable[[str], Source | None], failing: Sequence[str]) -> frozenset[str]:
    """Source texts of the numbers and strings in some tests (ids), docstrings and names of parameters aside."""
    found: set[str] = set()
    for name, path in map(_named, failing):
        source = read(path)
        for node in _tests(source, {name}) if source is not None else ():
            found |= {ast.unparse(one) for one in ast.walk(node) if isinstance(one, ast.Constant)}
    return frozenset(found)


def _named(test: str) -> tuple[str, str]:
    """(`Class.test`, path) of `path::Class::test[parameters]`."""
    path, _, name = test.partition("::")
    return name.partition("[")[0].replace("::", "."), path


def _tests(source: Source, names: Collection[str]) -> Iterator[Function]:
    """The functions of these qualified names; methods that a class inherits are looked for by their own name."""
    methods = {name.rpartition(".")[2] for name in names if "." in name}
    todo: list[tuple[ast.AST, str]] = [(source.tree, "")]
    while todo:
        node, prefix = todo.pop()
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ClassDef):
                todo.append((child, f"{prefix}{child.name}."))
            elif isinstance(child, _FUNCTIONS):
                if prefix + child.name in names or (child.name.startswith("test") and child.name in methods):
                    yield child
            elif isinstance(child, ast.stmt):
                todo.append((child, prefix))


def _texts_of_tests(source: Source, names: Collection[str]) -> Counter[str]:
    """What the tests in a file say: test functions, and docstrings with examples."""
    said = Counter(ast.dump(node) for node in _tests(source, names))
    kinds = (*_FUNCTIONS, ast.ClassDef, ast.Module)
    documented = (ast.get_docstring(node) or "" for node in ast.walk(source.tree) if isinstance(node, kinds))
    return said + Counter(text for text in documented if ">>>" in text)


def _swallows(source: Source) -> int:
    """Handlers that go on as if nothing had happened, weighed by how much they catch."""
    handlers = [node for node in ast.walk(source.tree) if isinstance(node, ast.ExceptHandler)]
    quiet = [one for one in handlers if _may_go_on(one)]
    return len(quiet) + sum(one.type is None for one in quiet)


def _may_go_on(handler: ast.ExceptHandler) -> bool:
    """Whether it can end otherwise than by raising."""
    leaves = any(isinstance(node, ast.Return | ast.Continue | ast.Break) for node in ast.walk(handler))
    return leaves or not _raises(handler.body)


def _raises(body: Sequence[ast.stmt]) -> bool:
    """Whether statements always end by raising."""
    match body[-1] if body else None:
        case ast.Raise():
            return True
        case ast.If(body=yes, orelse=no):
            return _raises(yes) and _raises(no)
        case ast.With(body=inner) | ast.Try(finalbody=[], handlers=[], body=inner):
            return _raises(inner)
        case _:
            return False


def _deleted_lines(before: Source, after: Source) -> list[int]:
    """First lines of simple statements that are gone, where there are fewer of them than there were."""
    old, new = _statements(before), _statements(after)
    left = Counter(text for _, text in new)
    gone = []
    for line, text in old:
        if left[text]:
            left[text] -= 1
        else:
            gone.append(line)
    return gone if len(new) < len(old) else []


def _statements(source: Source) -> list[tuple[int, str]]:
    """(line, what it says) of simple statements."""
    simple = (ast.Expr, ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Return, ast.Raise, ast.Delete, ast.Assert)
    return [(node.lineno, ast.dump(node)) for node in ast.walk(source.tree) if isinstance(node, simple)]


def _compared(tree: ast.AST) -> Counter[str]:
    """Constants that something is compared with for equality, each as often as it is."""
    found: Counter[str] = Counter()
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and all(isinstance(op, ast.Eq | ast.NotEq | ast.In) for op in node.ops):
            sides = [node.left, *node.comparators]
            found.update(ast.unparse(side) for side in sides if isinstance(side, ast.Constant))
    return found
