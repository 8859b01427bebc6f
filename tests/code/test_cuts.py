"""The smallest set of imports without which no cycle is left."""

from collections.abc import Iterable
from itertools import combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_healer.code import cuts
from gitops_healer.code.cuts import minimum_cut
from gitops_healer.code.graph import Edge, EdgeKind, cycles_of


def edges(text: str) -> list[Edge]:
    """`ab bc`: a imports b, b imports c, each on a line of its own."""
    return [Edge(pair[0], pair[1], line, EdgeKind.LOAD) for line, pair in enumerate(text.split(), 1)]


def is_acyclic(left: Iterable[Edge]) -> bool:
    left = list(left)
    return not cycles_of({path for edge in left for path in edge[:2]}, left)


@pytest.mark.parametrize(
    ("graph", "cut"),
    [
        ("ab bc", ""),
        ("ab ba ba", "ab"),
        ("ab bc ca", "ab"),
        ("ab bc ca ad dc", "ca"),
        ("ab bc ca cd de ec", "bc de"),
        ("ab ba cd dc dc ac", "ab cd"),
    ],
)
def test_small_knots(graph: str, cut: str) -> None:
    found = minimum_cut(edges(graph))
    assert len(found) == len(cut.split())
    assert is_acyclic(edge for edge in edges(graph) if edge not in found)
    if len(found) == 1:
        assert found[0].source + found[0].target == cut or graph == "ab bc ca"


def test_all_lines_of_an_import_go_together() -> None:
    found = minimum_cut(edges("ab ab ba ba ba"))
    assert [edge.line for edge in found] == [1, 2]


GRAPHS = st.sets(st.sampled_from([a + b for a, b in product("abcde", repeat=2) if a != b]), max_size=9)


@settings(max_examples=60, deadline=None)
@given(GRAPHS)
def test_no_smaller_set_would_do(graph: set[str]) -> None:
    known = edges(" ".join(sorted(graph)))
    found = minimum_cut(known)
    assert is_acyclic(edge for edge in known if edge not in found)
    for smaller in combinations(known, max(0, len(found) - 1)):
        assert not found or not is_acyclic(edge for edge in known if edge not in smaller)


def wheel(size: int) -> list[Edge]:
    """Each module imports the next three, the last ones the first again."""
    return [
        Edge(f"m{n:03}", f"m{(n + step) % size:03}", step, EdgeKind.LOAD) for n in range(size) for step in (1, 2, 3)
    ]


@pytest.mark.parametrize("size", [13, 40, cuts._CAREFUL + 50])
def test_large_knots_are_cut_where_they_close(size: int) -> None:
    found = minimum_cut(wheel(size))
    left = [edge for edge in wheel(size) if edge not in found]
    assert is_acyclic(left)
    assert len(found) == 6
    assert not any(is_acyclic([*left, edge]) for edge in found)


def test_the_order_of_the_edges_does_not_matter() -> None:
    for size in (9, 30):
        assert set(minimum_cut(wheel(size))) == set(minimum_cut(wheel(size)[::-1]))
