"""Examples in docstrings: what the author says that the code gives, whether or not a test asks it."""

import ast
import doctest
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gitops_healer.code.source import Source
from gitops_healer.core.change import Change
from gitops_healer.ports import TrialSession
from gitops_healer.repair.search.target import Target

_MOST = 40
_FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
_CHECKER = doctest.OutputChecker()


@dataclass(frozen=True)
class DocExample:
    """source: the example with all that stands before it in the same docstring; wanted: the printed answer, or for an
    exception `! ErrorType`."""

    source: str
    wanted: str

    def holds(self, ending: str) -> bool:
        if self.wanted.startswith("! "):
            return ending.startswith(self.wanted)
        return ending.startswith("= ") and _CHECKER.check_output(self.wanted, ending[2:].rstrip("\n") + "\n", _FLAGS)


def examples_of(target: Target) -> tuple[DocExample, ...]:
    """Of the target's docstring, of its class's, and of those in its module that name the function."""
    name = target.qualname.rpartition(".")[2]
    found = [example for text in _docstrings(target.source, target.node, name) for example in _parsed(text)]
    return tuple(dict.fromkeys(found))[:_MOST]


def _docstrings(source: Source, node: ast.AST, name: str) -> Iterator[str]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Module)
    around = {node, *source.above(node)}
    for one in ast.walk(source.tree):
        if isinstance(one, kinds):
            text = ast.get_docstring(one) or ""
            if ">>>" in text and (one in around or f"{name}(" in text):
                yield text


def _parsed(text: str) -> Iterator[DocExample]:
    try:
        examples = doctest.DocTestParser().get_examples(text)
    except ValueError:
        return
    before = ""
    for example in examples:
        if doctest.SKIP not in example.options:
            before += example.source
            if example.exc_msg is not None:
                yield DocExample(before, f"! {example.exc_msg.partition(':')[0].strip().rpartition('.')[2]}")
                before = before.removesuffix(example.source)  # what raises has no part in what follows
            elif example.want:
                yield DocExample(before, example.want)


def agreement(
    session: TrialSession, targets: Iterable[Target], changes: Sequence[Change]
) -> tuple[Mapping[int, Mapping[str, float]], int]:
    """(features of each change by number, how many examples there are).

    kept: share of the examples that hold with it of those that can be judged; broke: share of those that held
    unchanged and do not with it.
    """
    held: dict[int, int] = {}
    broke: dict[int, int] = {}
    total = 0
    for target in targets:
        examples = examples_of(target)
        endings = session.evaluate(target.source.path, [one.source for one in examples], changes) if examples else {}
        before = endings.get(-1, ())
        usable = [n for n, one in enumerate(examples) if any(one.holds(told[n]) for told in endings.values())]
        total += len(usable)
        for number, told in endings.items():
            held[number] = held.get(number, 0) + sum(examples[n].holds(told[n]) for n in usable)
            lost = sum(examples[n].holds(before[n]) and not examples[n].holds(told[n]) for n in usable) if before else 0
            broke[number] = broke.get(number, 0) + lost
    if not total:
        return {}, 0
    return {n: {"kept": held[n] / total, "broke": broke[n] / total} for n in held if n >= 0}, total
