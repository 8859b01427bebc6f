"""Four in a row: a board of columns, rules, and a player that looks some moves ahead."""

WIDTH = 7
HEIGHT = 6
DIRECTIONS = [(1, 0), (0, 1), (1, 1), (1, -1)]


class IllegalMove(Exception):
    """The column is full or is none, or the game is over."""


class Board:
    """Columns of "x" and "o" from the bottom up; "x" begins."""

    def __init__(self, columns=None):
        self.columns = columns or [[] for _ in range(WIDTH)]

    @classmethod
    def from_text(cls, text):
        """Reads rows from the top down, "." is empty."""
        rows = text.split()
        columns = []
        for x in range(WIDTH):
            columns.append([row[x] for row in reversed(rows) if row[x] != "."])
        return cls(columns)

    def at(self, x, y):
        """ "x", "o" or None, also outside the board."""
        if 0 <= x < WIDTH and 0 <= y < len(self.columns[x]):
            return self.columns[x][y]
        return None

    def turn(self):
        """Whose move it is."""
        count = sum(len(column) for column in self.columns)
        return "x" if count % 2 == 0 else "o"

    def free(self):
        """The columns that are not full."""
        return [x for x in range(WIDTH) if len(self.columns[x]) < HEIGHT]

    def play(self, x):
        """A new board with one more stone."""
        if x not in self.free() or self.winner():
            raise IllegalMove(x)
        columns = [list(column) for column in self.columns]
        columns[x].append(self.turn())
        return Board(columns)

    def run(self, x, y, dx, dy):
        """How many stones of the colour at (x, y) follow each other from there in one direction."""
        colour = self.at(x, y)
        length = 0
        while colour and self.at(x, y) == colour:
            length += 1
            x += dx
            y += dy
        return length

    def winner(self):
        """The colour that has four in a row, or None."""
        for x in range(WIDTH):
            for y in range(len(self.columns[x])):
                for dx, dy in DIRECTIONS:
                    if self.run(x, y, dx, dy) >= 4:
                        return self.at(x, y)
        return None

    def is_over(self):
        return self.winner() is not None or not self.free()

    def __str__(self):
        rows = []
        for y in range(HEIGHT - 1, -1, -1):
            rows.append("".join(self.at(x, y) or "." for x in range(WIDTH)))
        return "\n".join(rows)


def threats(board, colour):
    """Free fields (x, y) that could be filled next and would give `colour` four in a row."""
    found = []
    for x in board.free():
        y = len(board.columns[x])
        for dx, dy in DIRECTIONS:
            before = board.run(x - dx, y - dy, -dx, -dy) if board.at(x - dx, y - dy) == colour else 0
            after = board.run(x + dx, y + dy, dx, dy) if board.at(x + dx, y + dy) == colour else 0
            if before + after >= 3:
                found.append((x, y))
                break
    return found


def value(board, depth):
    """1 if who moves next wins within `depth` moves, -1 if that one loses, otherwise 0."""
    if board.winner():
        return -1
    if depth == 0 or not board.free():
        return 0
    return max(-value(board.play(x), depth - 1) for x in board.free())


def best_move(board, depth=2):
    """The column with the best value, nearest to the middle, then the left one."""
    moves = sorted(board.free(), key=lambda x: (abs(x - WIDTH // 2), x))
    if not moves:
        raise IllegalMove("the board is full")
    best, best_value = moves[0], -2
    for x in moves:
        score = -value(board.play(x), depth - 1)
        if score > best_value:
            best, best_value = x, score
    return best


def tournament(results):
    """Table of (player, points, wins) from (player, player, winner or None).

    A win is 3 points and a draw 1; most points first, then most wins, then by name.
    """
    points = {}
    wins = {}
    for first, second, winner in results:
        for player in (first, second):
            points.setdefault(player, 0)
            wins.setdefault(player, 0)
            if winner is None:
                points[player] += 1
            elif winner == player:
                points[player] += 3
                wins[player] += 1
    return sorted(((p, points[p], wins[p]) for p in points), key=lambda row: (-row[1], -row[2], row[0]))
