import pytest
from notepad import Notepad


@pytest.fixture
def pad():
    return Notepad(["alpha", "beta", "gamma"])


def test_insert_in_the_middle(pad):
    pad.insert(1, "new")
    assert pad.snapshot() == ["alpha", "new", "beta", "gamma"]


def test_append(pad):
    pad.append("delta")
    assert pad.snapshot()[-1] == "delta"
    assert len(pad) == 4


def test_insert_past_the_end(pad):
    with pytest.raises(IndexError):
        pad.insert(9, "x")


def test_delete_returns_the_text(pad):
    assert pad.delete(1) == "beta"
    assert pad.snapshot() == ["alpha", "gamma"]


def test_delete_of_a_missing_line(pad):
    with pytest.raises(IndexError):
        pad.delete(3)


def test_undo_delete(pad):
    pad.delete(0)
    assert pad.undo()
    assert pad.snapshot() == ["alpha", "beta", "gamma"]


def test_undo_replace(pad):
    pad.replace(2, "omega")
    pad.undo()
    assert pad.snapshot() == ["alpha", "beta", "gamma"]


def test_undo_and_redo(pad):
    pad.delete(2)
    pad.insert(0, "first")
    pad.undo()
    pad.undo()
    assert pad.redo()
    assert pad.snapshot() == ["alpha", "beta"]
    assert pad.redo()
    assert not pad.redo()
    assert pad.snapshot() == ["first", "alpha", "beta"]


def test_a_new_change_forgets_what_was_undone(pad):
    pad.delete(0)
    pad.undo()
    pad.replace(0, "ALPHA")
    assert not pad.redo()
    assert pad.snapshot() == ["ALPHA", "beta", "gamma"]


def test_nothing_to_undo(pad):
    assert pad.undo() is False


def test_only_the_last_changes_are_remembered():
    pad = Notepad(limit=2)
    for text in ("a", "b", "c"):
        pad.insert(0, text)
    assert [pad.undo(), pad.undo(), pad.undo()] == [True, True, False]
    assert pad.snapshot() == ["a"]


def test_snapshot_is_independent(pad):
    before = pad.snapshot()
    pad.delete(0)
    assert before == ["alpha", "beta", "gamma"]


def test_find(pad):
    assert pad.find("et") == 1
    assert pad.find("gam", 1) == 2
    assert pad.find("zeta") is None


def test_find_goes_on_at_the_top(pad):
    assert pad.find("alpha", 1) == 0


def test_replace_all(pad):
    assert pad.replace_all("a", "A") == 3
    assert pad.snapshot() == ["AlphA", "betA", "gAmmA"]


def test_replace_with_the_same_text_is_no_change(pad):
    pad.replace(0, "alpha")
    assert not pad.undo()
