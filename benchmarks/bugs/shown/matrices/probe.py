"""Prints what the program does with held-out inputs: a JSON list of strings, one a call."""

import json
import random
import signal
from collections.abc import Callable

import matrices

ANSWERS: list[str] = []
TIMEOUTS_BEFORE_GIVING_UP = 5


class Late(BaseException):
    """The call took longer than a second."""


def ring(signum: int, frame: object) -> None:
    raise Late


def ask(call: Callable[..., object], *arguments: object) -> None:
    """Notes what the call returns, or the type of its exception."""
    if ANSWERS.count("! timeout") >= TIMEOUTS_BEFORE_GIVING_UP:
        ANSWERS.append("! timeout")
        return
    try:
        signal.setitimer(signal.ITIMER_REAL, 1)
        answer = repr(call(*arguments))
    except Late:
        answer = "! timeout"
    except Exception as error:
        answer = f"! {type(error).__name__}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    ANSWERS.append(answer)


signal.signal(signal.SIGALRM, ring)
dice = random.Random(16)


def random_matrix(rows: int, columns: int, limit: int = 9) -> list[list[int]]:
    return [[dice.randrange(-limit, limit + 1) for _ in range(columns)] for _ in range(rows)]


def solved(matrix: list[list[int]], right: list[int]) -> list[str] | None:
    solution = matrices.solve(matrix, right)
    return solution if solution is None else [str(value) for value in solution]


def untouched(matrix: list[list[int]]) -> list[list[int]]:
    """The matrix after all functions have had it."""
    matrices.spiral(matrix)
    matrices.quarter_turn(matrix)[0][0] = 77
    matrices.power(matrix[:1], 0)
    matrices.minor(matrix, 0, 0)
    return matrix


for size in range(8):
    ask(matrices.identity, size)
for _ in range(45):
    rows, columns = dice.randrange(1, 5), dice.randrange(1, 5)
    matrix, square = random_matrix(rows, columns), random_matrix(rows, rows, 3)
    small = random_matrix(rows, columns, 1)
    ask(matrices.transposed, matrix)
    ask(matrices.product, matrix, random_matrix(columns, dice.randrange(1, 4)))
    ask(matrices.product, matrix, random_matrix(dice.randrange(1, 4), 2))
    ask(matrices.power, square, dice.randrange(0, 9))
    ask(matrices.minor, matrix, dice.randrange(rows), dice.randrange(columns))
    ask(matrices.determinant, square)
    ask(matrices.determinant, matrix)
    ask(solved, square, [dice.randrange(-5, 6) for _ in range(rows)])
    ask(solved, random_matrix(3, 3, 1), [1, 2, 3])
    ask(matrices.quarter_turn, matrix)
    ask(matrices.spiral, matrix)
    ask(matrices.saddle_points, small)
    ask(matrices.saddle_points, matrix)
    ask(matrices.diagonals, matrix)
    ask(lambda matrix: [[round(value, 9) for value in row] for row in matrices.smoothed(matrix)], matrix)
    ask(untouched, matrix)

print(json.dumps(ANSWERS))
