"""Every template does what its examples say, and what it yields can be read by Python."""

import ast

import pytest

from gitops_healer.code.source import read_source
from gitops_healer.registry import discover
from gitops_healer.repair.search.ingredients import Ingredients
from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, RepairTemplate, Rewrite

TEMPLATES = discover("gitops_healer.repair.search.templates", RepairTemplate)
EXAMPLES = [(template, example) for template in TEMPLATES for example in template.examples]


def target_of(text: str, ingredients: Ingredients | None = None) -> Target:
    """The last function of a text (a method when it stands in a class), all its lines suspicious; else the module."""
    source = read_source("m.py", text.encode())
    assert source is not None
    functions = [n for n in ast.walk(source.tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    outer = [f for f in functions if not isinstance(source.parents[f], ast.FunctionDef | ast.AsyncFunctionDef)]
    node = max(outer, key=lambda f: f.lineno, default=source.tree)
    lines = dict.fromkeys(range(1, text.count("\n") + 2), 1.0)
    return Target(source, node, getattr(node, "name", ""), lines, ingredients or Ingredients())


def applied(target: Target, rewrite: Rewrite) -> str:
    data = target.source.data
    for span in sorted(rewrite.spans, key=lambda one: -one.start):
        data = data[: span.start] + span.new.encode() + data[span.end :]
    return data.decode()


@pytest.mark.parametrize(("template", "example"), EXAMPLES, ids=[f"{t.name}-{n}" for n, (t, _) in enumerate(EXAMPLES)])
def test_an_example_is_mended(template: RepairTemplate, example: Example) -> None:
    target = target_of(example.before)
    assert example.after in {applied(target, rewrite) for rewrite in template(target)}


@pytest.mark.parametrize(("template", "example"), EXAMPLES, ids=[f"{t.name}-{n}" for n, (t, _) in enumerate(EXAMPLES)])
def test_all_rewrites_are_python_and_change_something(template: RepairTemplate, example: Example) -> None:
    target = target_of(example.before)
    for rewrite in template(target):
        after = applied(target, rewrite)
        ast.parse(after)
        assert after != example.before
        assert rewrite.title
        assert 0 < rewrite.weight <= 1


def test_every_template_has_examples_and_says_what_it_does() -> None:
    assert TEMPLATES
    for template in TEMPLATES:
        assert template.examples, template.name
        assert template.help.endswith("."), template.name
