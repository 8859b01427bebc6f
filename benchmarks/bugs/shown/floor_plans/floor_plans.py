"""Walks and views in a floor plan: lines of text, all of one length, in which "#" is a wall and "." is floor."""

from collections import deque
from collections.abc import Iterator

Cell = tuple[int, int]  # row, column

DIRECTIONS = ((-1, 0), (0, 1), (1, 0), (0, -1))


class Plan:
    """A rectangular plan; letters are floor with something on it."""

    def __init__(self, text: str) -> None:
        self.lines = text.split()
        self.height = len(self.lines)
        self.width = len(self.lines[0]) if self.lines else 0

    def is_floor(self, cell: Cell) -> bool:
        """Whether the cell lies inside and is no wall."""
        row, column = cell
        return 0 <= row < self.height and 0 <= column < self.width and self.lines[row][column] != "#"

    def find(self, letter: str) -> Cell | None:
        """The first cell with the letter, row by row, or None."""
        for row, line in enumerate(self.lines):
            column = line.find(letter)
            if column >= 0:
                return row, column
        return None

    def cells(self) -> Iterator[Cell]:
        """All floor cells, row by row."""
        for row in range(self.height):
            for column in range(self.width):
                if self.is_floor((row, column)):
                    yield row, column

    def neighbours(self, cell: Cell) -> list[Cell]:
        """The floor cells above, right, below and left, in this order."""
        row, column = cell
        found = [(row + down, column + right) for down, right in DIRECTIONS]
        return [other for other in found if self.is_floor(other)]


def distances(plan: Plan, starts: list[Cell]) -> dict[Cell, int]:
    """Steps from the nearest start to each cell that can be reached."""
    steps = dict.fromkeys(starts, 0)
    waiting = deque(starts)
    while waiting:
        cell = waiting.popleft()
        for other in plan.neighbours(cell):
            if other not in steps:
                steps[other] = steps[cell] + 1
                waiting.append(other)
    return steps


def walk(plan: Plan, start: Cell, goal: Cell) -> list[Cell]:
    """A shortest walk with both ends, or [] when there is none."""
    steps = distances(plan, [goal])
    if start not in steps:
        return []
    cells = [start]
    while cells[-1] != goal:
        cells.append(min(plan.neighbours(cells[-1]), key=lambda cell: steps[cell]))
    return cells


def rooms(plan: Plan) -> list[int]:
    """The sizes of the connected floors, largest first."""
    seen: set[Cell] = set()
    sizes = []
    for cell in plan.cells():
        if cell in seen:
            continue
        reached = distances(plan, [cell])
        seen.update(reached)
        sizes.append(len(reached))
    return sorted(sizes, reverse=True)


def visible(plan: Plan, cell: Cell) -> set[Cell]:
    """The cells seen from a cell straight up, down, left and right up to the next wall, with the cell itself."""
    seen = {cell}
    for down, right in DIRECTIONS:
        row, column = cell
        while plan.is_floor((row + down, column + right)):
            row, column = row + down, column + right
            seen.add((row, column))
    return seen


def dead_ends(plan: Plan) -> list[Cell]:
    """The cells with exactly one neighbour, row by row."""
    return [cell for cell in plan.cells() if len(plan.neighbours(cell)) == 1]


def collect(plan: Plan, start: Cell) -> list[str]:
    """The letters in the order in which they are met when the nearest is always fetched next, "A" before "B"."""
    left = {plan.lines[row][column]: (row, column) for row, column in plan.cells() if plan.lines[row][column].isalpha()}
    order = []
    place = start
    while True:
        steps = distances(plan, [place])
        near = [(steps[cell], letter) for letter, cell in left.items() if cell in steps]
        if not near:
            return order
        _, letter = min(near)
        order.append(letter)
        place = left.pop(letter)


def turned(plan: Plan) -> Plan:
    """The plan turned clockwise by a quarter."""
    columns = zip(*reversed(plan.lines), strict=True)
    return Plan("\n".join("".join(column) for column in columns))
