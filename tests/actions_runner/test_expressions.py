"""The evaluator of expressions gives what GitHub's own gives."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from tests.actions_runner.expressions import ExpressionError, evaluate, interpolate

HERE = Path(__file__).parent
FACTS = json.loads((HERE / "expressions.json").read_text("utf-8"))["facts"]
CONTEXTS = json.loads((HERE / "contexts.json").read_text("utf-8"))


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact["expression"][:60])
def test_an_expression_gives_what_github_gives(fact: dict[str, Any]) -> None:
    if "error" in fact:
        with pytest.raises(ExpressionError):
            evaluate(fact["expression"], CONTEXTS)
        return
    found = evaluate(fact["expression"], CONTEXTS)
    if "number" in fact:
        expected = float(fact["number"].replace("Infinity", "inf"))
        assert isinstance(found, float)
        assert found == expected or (math.isnan(found) and math.isnan(expected))
    else:
        assert found == fact["value"]
        assert isinstance(found, bool) == isinstance(fact["value"], bool)


def test_every_expression_is_a_fact() -> None:
    lines = (HERE / "expressions.txt").read_text("utf-8").split("\n")
    wanted = [line for line in lines if line.strip() and not line.startswith("# ")]
    assert [fact["expression"] for fact in FACTS] == wanted
    assert len(wanted) > 150


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("plain", "plain"),
        ("${{ inputs.flag }}", True),
        ("${{ inputs.count }} of ${{ matrix.list[4] }}", "3 of 4.25"),
        ("a ${{ 'has }} in it' }} b", "a has }} in it b"),
        ("${{ github.event.comment.body }}", "/approve\n\nthanks"),
        ("x${{ inputs.none }}y", "xy"),
    ],
)
def test_texts_are_filled_in(text: str, value: object) -> None:
    assert interpolate(text, CONTEXTS) == value
