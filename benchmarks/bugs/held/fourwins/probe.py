"""Prints what the program does on many inputs as one JSON list of strings."""

import json
import random
import signal

from fourwins import Board, best_move, threats, tournament, value


class TooLong(BaseException):
    """A call went on for longer than a second."""


def ring(signum, frame):
    raise TooLong


signal.signal(signal.SIGALRM, ring)
seen, slow = [], {}


def shown(value):
    if isinstance(value, float):
        return f"{value:.9g}"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{shown(key)}: {shown(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return f"{type(value).__name__}({', '.join(map(shown, value))})"
    if isinstance(value, set | frozenset):
        return "{" + ", ".join(sorted(map(shown, value))) + "}"
    return repr(value)


def look(name, call, *args):
    """Notes what one call gives; a function that was too slow three times is not called again."""
    if slow.get(name, 0) >= 3:
        seen.append(f"{name} ! timeout")
        return
    signal.setitimer(signal.ITIMER_REAL, 1)
    try:
        outcome = shown(call(*args))
    except TooLong:
        slow[name] = slow.get(name, 0) + 1
        outcome = "! timeout"
    except (Exception, SystemExit) as error:
        outcome = f"! {type(error).__name__}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    seen.append(f"{name} {outcome}")


rng = random.Random(4444)


def moves(most=25):
    return [rng.choice([rng.randrange(7), rng.randrange(2, 5), 3]) for _ in range(rng.randrange(0, most))]


def after(given):
    """The board after the moves that are allowed."""
    board = Board()
    for move in given:
        try:
            board = board.play(move)
        except Exception:
            continue
    return board


def rows():
    """Any text of a board without holes below stones."""
    columns = ["".join(rng.choice("xo") for _ in range(rng.randrange(0, 7))).ljust(6, ".") for _ in range(7)]
    return "\n".join("".join(column[y] for column in columns) for y in range(5, -1, -1))


def playing(given, move):
    board = after(given)
    return str(board.play(move)), str(board)


def field(text):
    board = Board.from_text(text)
    x, y = rng.randrange(-1, 8), rng.randrange(-1, 7)
    return board.at(x, y), board.run(
        rng.randrange(7), rng.randrange(6), *rng.choice([(1, 0), (-1, 0), (1, 1), (0, 1), (1, -1), (-1, 1)])
    )


for _ in range(40):
    given, text = moves(), rows()
    look("from_text", lambda text=text: str(Board.from_text(text)) == text)
    look("str", lambda given=given: str(after(given)))
    look("turn", lambda given=given: after(given).turn())
    look("free", lambda text=text: Board.from_text(text).free())
    look("play", playing, given, rng.randrange(-1, 8))
    look("field", field, text)
    look("winner", lambda text=text: Board.from_text(text).winner())
    look("winner", lambda given=given: (after(given).winner(), after(given).is_over()))
    look("threats", lambda text=text: threats(Board.from_text(text), rng.choice("xo")))
    look("threats", lambda given=given: threats(after(given), rng.choice("xo")))
    look("value", lambda given=given: value(after(given), rng.randrange(0, 3)))
    look("best_move", lambda given=given: best_move(after(given), 2) if not after(given).winner() else None)
    players = ["ann", "bob", "cy", "dee"]
    pairs = [rng.sample(players, 2) for _ in range(rng.randrange(0, 9))]
    look("tournament", tournament, [(a, b, rng.choice([a, b, None])) for a, b in pairs])
print(json.dumps(seen))
