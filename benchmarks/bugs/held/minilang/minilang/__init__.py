"""A small language of formulas: numbers, names, + - * / ^, comparisons, calls and "if(test, yes, no)"."""

from minilang.evaluate import evaluate
from minilang.parse import parse
from minilang.tokens import MiniError, tokens

__all__ = ["MiniError", "evaluate", "parse", "run", "tokens"]


def run(text, **names):
    """The value of a formula, with values for its names."""
    return evaluate(parse(text), names)
