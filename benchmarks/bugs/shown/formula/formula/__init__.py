"""Small formulas: tokens, a parser and an evaluator."""

from formula.evaluator import evaluate, names_used, show
from formula.parser import parse
from formula.tokens import FormulaError, tokenize

__all__ = ["FormulaError", "evaluate", "names_used", "parse", "show", "tokenize"]
