import pytest

import treekit as tk

#       top
#     a     b
#   c   d     e
#   f
TREE = {"top": None, "a": "top", "b": "top", "c": "a", "d": "a", "e": "b", "f": "c"}
NEEDS = {"app": {"web", "db"}, "web": {"net"}, "db": {"net", "disk"}, "test": {"app"}}


def test_children_of():
    assert tk.children_of(TREE)["a"] == ["c", "d"]
    assert tk.children_of(TREE)["f"] == []


def test_path_to_root():
    assert tk.path_to_root(TREE, "f") == ["f", "c", "a", "top"]
    assert tk.path_to_root(TREE, "top") == ["top"]


@pytest.mark.parametrize(
    ("first", "second", "meeting"),
    [("f", "d", "a"), ("f", "e", "top"), ("f", "c", "c"), ("c", "f", "c"), ("a", "a", "a")],
)
def test_common_ancestor(first, second, meeting):
    assert tk.common_ancestor(TREE, first, second) == meeting


def test_no_common_ancestor():
    assert tk.common_ancestor({"a": None, "b": None}, "a", "b") is None


@pytest.mark.parametrize(("first", "second", "steps"), [("f", "d", 3), ("f", "e", 5), ("a", "a", 0), ("top", "f", 3)])
def test_distance(first, second, steps):
    assert tk.distance(TREE, first, second) == steps


def test_subtree_totals():
    sizes = {"top": 1, "c": 10, "f": 5, "e": 2}
    assert tk.subtree_totals(TREE, sizes) == {"top": 18, "a": 15, "b": 2, "c": 15, "d": 0, "e": 2, "f": 5}


def test_walk():
    assert list(tk.walk(TREE, "top")) == ["top", "a", "c", "f", "d", "b", "e"]
    assert list(tk.walk(TREE, "a", "after")) == ["f", "c", "d", "a"]


def test_prune():
    assert tk.prune(TREE, lambda node: node == "c") == {"top": None, "a": "top", "c": "a"}
    assert tk.prune(TREE, lambda node: False) == {}


def test_drop_leaves():
    assert sorted(tk.drop_leaves(TREE)) == ["a", "b", "c", "top"]
    assert sorted(tk.drop_leaves(TREE, 2)) == ["a", "top"]
    assert tk.drop_leaves(TREE, 0) == TREE


def test_levels():
    assert tk.levels(NEEDS) == [["disk", "net"], ["db", "web"], ["app"], ["test"]]
    assert tk.levels({}) == []


def test_levels_leave_the_graph_alone():
    needs = {"a": {"b"}}
    tk.levels(needs)
    assert needs == {"a": {"b"}}


def test_levels_in_a_circle():
    with pytest.raises(tk.CycleError, match="a -> b -> a") as caught:
        tk.levels({"a": {"b"}, "b": {"a"}, "c": set()})
    assert caught.value.circle == ["a", "b", "a"]


def test_find_circle():
    assert tk.find_circle(NEEDS) is None
    assert tk.find_circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert tk.find_circle({"a": {"a"}}) == ["a", "a"]
    assert tk.find_circle({"a": {"b"}, "c": {"b", "d"}, "d": {"c"}}) == ["c", "d", "c"]


def test_find_circle_not_in_a_diamond():
    assert tk.find_circle({"a": {"b", "c"}, "b": {"d"}, "c": {"d"}}) is None


def test_needed_by():
    assert tk.needed_by(NEEDS, "net") == ["app", "db", "test", "web"]
    assert tk.needed_by(NEEDS, "web") == ["app", "test"]
    assert tk.needed_by(NEEDS, "test") == []


def test_reduce_needs():
    assert tk.reduce_needs({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == {"a": {"b"}, "b": {"c"}, "c": set()}
    assert tk.reduce_needs(NEEDS) == NEEDS


def test_reduce_needs_over_two_steps():
    needs = {"a": {"b", "d"}, "b": {"c"}, "c": {"d"}}
    assert tk.reduce_needs(needs)["a"] == {"b"}


def test_components():
    assert tk.components([(1, 2), (3, 4), (2, 5), (6, 6)]) == [[1, 2, 5], [3, 4], [6]]
    assert tk.components([(1, 2), (3, 4), (2, 3)]) == [[1, 2, 3, 4]]
    assert tk.components([(1, 2), (1, 3)]) == [[1, 2, 3]]
    assert tk.components([]) == []


def test_text_tree():
    assert tk.text_tree(TREE, "a") == ["- a", "  - c", "    - f", "  - d"]
    assert tk.text_tree(TREE, "b", mark=str.upper) == ["- b B", "  - e E"]
