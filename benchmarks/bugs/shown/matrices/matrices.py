"""Matrices as lists of rows; all functions return new matrices."""

from fractions import Fraction

Matrix = list[list]


class ShapeError(ValueError):
    """The shapes of the matrices do not fit."""


def shape(matrix: Matrix) -> tuple[int, int]:
    """Rows and columns."""
    return len(matrix), len(matrix[0]) if matrix else 0


def identity(size: int) -> Matrix:
    rows = [[0] * size for _ in range(size)]
    for index in range(size):
        rows[index][index] = 1
    return rows


def transposed(matrix: Matrix) -> Matrix:
    return [list(column) for column in zip(*matrix, strict=True)]


def product(left: Matrix, right: Matrix) -> Matrix:
    """The matrix product; ShapeError unless the left one has as many columns as the right one rows.

    >>> product([[1, 2], [3, 4]], [[0, 1], [1, 0]])
    [[2, 1], [4, 3]]
    """
    if shape(left)[1] != shape(right)[0]:
        raise ShapeError(f"{shape(left)} and {shape(right)} do not fit")
    columns = transposed(right)
    return [[sum(a * b for a, b in zip(row, column, strict=True)) for column in columns] for row in left]


def power(matrix: Matrix, exponent: int) -> Matrix:
    """The matrix multiplied with itself; the exponent is not negative."""
    result = identity(len(matrix))
    square = matrix
    while exponent > 0:
        if exponent % 2 == 1:
            result = product(result, square)
        square = product(square, square)
        exponent //= 2
    return result


def minor(matrix: Matrix, row: int, column: int) -> Matrix:
    """The matrix without one row and one column."""
    return [line[:column] + line[column + 1 :] for index, line in enumerate(matrix) if index != row]


def determinant(matrix: Matrix) -> int:
    """Expanded by the first row; 1 for the empty matrix. ShapeError unless it is square."""
    rows, columns = shape(matrix)
    if rows != columns:
        raise ShapeError("only a square matrix has a determinant")
    if rows == 0:
        return 1
    total = 0
    sign = 1
    for column, factor in enumerate(matrix[0]):
        total += sign * factor * determinant(minor(matrix, 0, column))
        sign = -sign
    return total


def solve(matrix: Matrix, right: list) -> list[Fraction] | None:
    """The solution of a square system of equations by elimination, or None when there is not exactly one."""
    size = len(matrix)
    rows = [[Fraction(value) for value in row] + [Fraction(extra)] for row, extra in zip(matrix, right, strict=True)]
    for step in range(size):
        pivot = next((index for index in range(step, size) if rows[index][step] != 0), None)
        if pivot is None:
            return None
        rows[step], rows[pivot] = rows[pivot], rows[step]
        rows[step] = [value / rows[step][step] for value in rows[step]]
        for index in range(size):
            if index != step:
                factor = rows[index][step]
                rows[index] = [value - factor * top for value, top in zip(rows[index], rows[step], strict=True)]
    return [row[-1] for row in rows]


def quarter_turn(matrix: Matrix) -> Matrix:
    """The matrix turned clockwise."""
    return transposed(matrix[::-1])


def spiral(matrix: Matrix) -> list:
    """All values from the top left clockwise inwards."""
    values = []
    left = [list(row) for row in matrix]
    while left:
        values += left.pop(0)
        left = transposed(left)[::-1] if left else []
    return values


def saddle_points(matrix: Matrix) -> list[tuple[int, int]]:
    """Places whose value is the smallest of its row and the largest of its column, row by row."""
    columns = transposed(matrix)
    return [
        (row, column)
        for row, line in enumerate(matrix)
        for column, value in enumerate(line)
        if value == min(line) and value == max(columns[column])
    ]


def diagonals(matrix: Matrix) -> list[list]:
    """The diagonals from top right to bottom left, beginning with the one in the top left corner."""
    rows, columns = shape(matrix)
    return [
        [matrix[row][total - row] for row in range(rows) if 0 <= total - row < columns]
        for total in range(rows + columns - 1)
    ]


def smoothed(matrix: Matrix) -> list[list[float]]:
    """Every value replaced by the mean of itself and its neighbours in the eight directions."""
    rows, columns = shape(matrix)
    result = []
    for row in range(rows):
        line = []
        for column in range(columns):
            near = [
                matrix[r][c]
                for r in range(max(0, row - 1), min(rows, row + 2))
                for c in range(max(0, column - 1), min(columns, column + 2))
            ]
            line.append(sum(near) / len(near))
        result.append(line)
    return result
