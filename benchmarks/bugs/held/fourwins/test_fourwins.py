import pytest

from fourwins import Board, IllegalMove, best_move, threats, tournament, value

DIAGONAL = """
.......
.......
...x...
..xo...
.xoo...
xoox.x.
"""
FULL = """
xxoxxox
ooxooxo
xxoxxox
ooxooxo
xxoxxox
ooxooxo
"""


def played(moves):
    board = Board()
    for move in moves:
        board = board.play(int(move))
    return board


def test_text_there_and_back():
    assert str(Board.from_text(DIAGONAL)).split() == DIAGONAL.split()


def test_at():
    board = played("334")
    assert board.at(3, 0) == "x"
    assert board.at(3, 1) == "o"
    assert board.at(3, 2) is None
    assert board.at(-1, 0) is None
    assert board.at(7, 0) is None


def test_turns():
    assert Board().turn() == "x"
    assert played("3").turn() == "o"
    assert played("33").turn() == "x"


def test_play_leaves_the_old_board():
    board = played("33")
    board.play(3)
    assert board.at(3, 2) is None


def test_full_column():
    board = played("000000")
    assert board.free() == [1, 2, 3, 4, 5, 6]
    with pytest.raises(IllegalMove):
        board.play(0)


@pytest.mark.parametrize("x", [-1, 7])
def test_no_such_column(x):
    with pytest.raises(IllegalMove):
        Board().play(x)


def test_no_move_after_the_end():
    with pytest.raises(IllegalMove):
        played("0101010").play(3)


@pytest.mark.parametrize(("moves", "winner"), [("0101010", "x"), ("0011223", "x"), ("00112", None), ("6051625", None)])
def test_winner(moves, winner):
    assert played(moves).winner() == winner


def test_diagonals():
    assert Board.from_text(DIAGONAL).winner() == "x"
    mirrored = "\n".join(row[::-1] for row in DIAGONAL.split())
    assert Board.from_text(mirrored).winner() == "x"


def test_no_winner_on_a_full_board():
    board = Board.from_text(FULL)
    assert board.winner() is None
    assert board.is_over()
    assert not played("3").is_over()


def test_run():
    assert played("00112").run(0, 0, 1, 0) == 3
    assert played("00112").run(2, 0, -1, 0) == 3
    assert played("00112").run(5, 0, 1, 0) == 0


def test_threats():
    board = played("112233")
    assert threats(board, "x") == [(0, 0), (4, 0)]
    assert threats(Board(), "x") == []


def test_threat_in_a_gap():
    assert threats(Board.from_text("xx.x..."), "x") == [(2, 0)]
    assert threats(Board.from_text("xo.x..."), "x") == []


def test_value():
    assert value(Board(), 2) == 0
    assert value(played("001122"), 1) == 1
    assert value(played("0011223"), 3) == -1


def test_best_move_wins():
    assert best_move(played("001122")) == 3
    assert best_move(played("010101")) == 0


def test_best_move_defends():
    assert best_move(played("00112")) == 3


def test_best_move_prefers_the_middle():
    assert best_move(Board()) == 3


def test_best_move_on_a_full_board():
    with pytest.raises(IllegalMove):
        best_move(Board.from_text(FULL))


def test_tournament():
    results = [("ann", "bob", "ann"), ("bob", "cy", None), ("cy", "ann", "cy")]
    assert tournament(results) == [("cy", 4, 1), ("ann", 3, 1), ("bob", 1, 0)]


def test_tournament_by_wins_then_name():
    draws = [("ann", "bob", None), ("ann", "bob", None), ("ann", "bob", None)]
    assert tournament([*draws, ("cy", "dee", "cy")]) == [("cy", 3, 1), ("ann", 3, 0), ("bob", 3, 0), ("dee", 0, 0)]
