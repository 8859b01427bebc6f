"""Computes and shows the trees that the parser makes."""

import math

from formula.tokens import FormulaError

FUNCTIONS = {"min": min, "max": max, "sqrt": math.sqrt, "abs": abs}


def compute(operator: str, left: float, right: float) -> float:
    if operator == "+":
        return left + right
    if operator == "-":
        return left - right
    if operator == "*":
        return left * right
    if operator == "/":
        if right == 0:
            raise FormulaError("division by zero")
        return left / right
    return left**right


def call(name: str, arguments: list[float]) -> float:
    """The value of a function; sqrt and abs take one argument, min and max one or more."""
    if name not in FUNCTIONS:
        raise FormulaError(f"unknown function {name}")
    if name in ("min", "max"):
        return FUNCTIONS[name](arguments)
    return FUNCTIONS[name](*arguments)


def evaluate(tree: tuple, variables: dict[str, float] | None = None) -> float:
    """The value of a tree; names come from `variables`, FormulaError for unknown ones."""
    variables = variables or {}
    kind = tree[0]
    if kind == "number":
        return tree[1]
    if kind == "name":
        try:
            return variables[tree[1]]
        except KeyError:
            raise FormulaError(f"unknown name {tree[1]}") from None
    if kind == "negate":
        return -evaluate(tree[1], variables)
    if kind == "call":
        return call(tree[1], [evaluate(argument, variables) for argument in tree[2]])
    return compute(kind, evaluate(tree[1], variables), evaluate(tree[2], variables))


def names_used(tree: tuple) -> set[str]:
    """All variables of a formula, wherever they stand."""
    kind = tree[0]
    if kind == "number":
        return set()
    if kind == "name":
        return {tree[1]}
    if kind == "negate":
        return names_used(tree[1])
    if kind == "call":
        return set().union(*(names_used(argument) for argument in tree[2]))
    return names_used(tree[1]) | names_used(tree[2])


def show(tree: tuple) -> str:
    """The formula with brackets around every operation.

    >>> show(("+", ("number", 1.0), ("*", ("number", 2.5), ("name", "x"))))
    '(1 + (2.5 * x))'
    """
    kind = tree[0]
    if kind == "number":
        return f"{tree[1]:g}"
    if kind == "name":
        return tree[1]
    if kind == "negate":
        return f"-{show(tree[1])}"
    if kind == "call":
        return f"{tree[1]}({', '.join(show(argument) for argument in tree[2])})"
    return f"({show(tree[1])} {kind} {show(tree[2])})"
