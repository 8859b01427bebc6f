"""From a tree to a value."""

import math
import operator

from minilang.tokens import MiniError

OPERATORS = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
    "=": operator.eq,
    "<>": operator.ne,
    "^": operator.pow,
}
FUNCTIONS = {"min": min, "max": max, "abs": abs, "sqrt": math.sqrt, "floor": math.floor}


def evaluate(tree, names):
    """The value of a tree; MiniError for unknown names and functions and for division by zero."""
    match tree:
        case ("num", value):
            return value
        case ("name", name):
            if name not in names:
                raise MiniError(f"{name} has no value")
            return names[name]
        case ("neg", inner):
            return -evaluate(inner, names)
        case ("call", "if", trees):
            return choose(trees, names)
        case ("call", name, trees):
            return call(name, [evaluate(inner, names) for inner in trees])
        case ("/", left, right):
            return divide(evaluate(left, names), evaluate(right, names))
        case (sign, left, right):
            return OPERATORS[sign](evaluate(left, names), evaluate(right, names))


def choose(trees, names):
    """Only the branch that is taken is evaluated."""
    if len(trees) != 3:
        raise MiniError("if needs a test and two values")
    test, yes, no = trees
    return evaluate(yes if evaluate(test, names) else no, names)


def divide(left, right):
    if right == 0:
        raise MiniError("division by zero")
    return left / right


def call(name, values):
    """A function's value; what Python thinks wrong with the arguments is a MiniError too."""
    if name not in FUNCTIONS:
        raise MiniError(f"no function {name}")
    try:
        return FUNCTIONS[name](*values)
    except (TypeError, ValueError) as error:
        raise MiniError(f"{name}: {error}") from error


def names_in(tree) -> set[str]:
    """All names that need a value."""
    match tree:
        case ("num", _):
            return set()
        case ("name", name):
            return {name}
        case ("neg", inner):
            return names_in(inner)
        case ("call", _, trees):
            found = set()
            for inner in trees:
                found |= names_in(inner)
            return found
        case (_, left, right):
            return names_in(left) | names_in(right)
