"""Which of the patches that pass comes first, and when nobody is asked."""

from gitops_healer.code.source import read_source
from gitops_healer.core.change import Change, replace_span
from gitops_healer.core.trials import Ending, Observed, Tried
from gitops_healer.repair.search import features
from gitops_healer.repair.search.ingredients import Ingredients
from gitops_healer.repair.search.proposals import Proposal
from gitops_healer.repair.search.ranking import difference, rank
from gitops_healer.repair.search.searching import Survivor
from gitops_healer.repair.search.suspects import outer_functions
from gitops_healer.repair.search.target import Target

CODE = "def f(a, b):\n    total = a\n    if a > b:\n        return a\n    return total\n"


def proposal(old: str, new: str, score: float = 0.1, caution: str = "", code: str = CODE) -> Proposal:
    source = read_source("m.py", code.encode())
    assert source is not None
    node, name = next(iter(outer_functions(source)))
    target = Target(source, node, name, {}, Ingredients())
    at = code.index(old)
    change = Change((replace_span("m.py", source.data, at, at + len(old), new),))
    return Proposal(change, "m.py", name, 1, "template", f"Put {new}", score, caution, target)


def survivor(old: str, new: str, score: float = 0.1) -> Survivor:
    return Survivor(proposal(old, new, score), Tried(0, Ending.PASSED))


def observed(*endings: tuple[str, ...]) -> Observed:
    calls = tuple(f"f({number})" for number in range(len(endings[0])))
    return Observed(calls, (True, *(False for _ in calls[1:])), {n - 1: one for n, one in enumerate(endings)})


def test_patches_that_do_the_same_are_one_behaviour() -> None:
    one, same, other = survivor("a > b", "a >= b"), survivor("a > b", "b <= a"), survivor("return a", "return b")
    seen = observed(("= 1", "= 2"), ("= 1", "= 3"), ("= 1", "= 3"), ("= 1", "= 4"))
    ranking = rank([one, same, other], [seen], {})
    assert sorted(len(behaviour.members) for behaviour in ranking.behaviours) == [1, 2]
    assert len(ranking.behaviours[0].members) == 2


def test_a_behaviour_that_raises_where_nothing_raised_comes_last() -> None:
    one, other = survivor("a > b", "a >= b", 0.1), survivor("return a", "return b", 0.1)
    before = ("= 1", "= 2", "= 2", "= 2")
    ranking = rank(
        [one, other], [observed(before, ("= 1", "! E: x", "! E: x", "= 2"), ("= 1", "= 2", "= 2", "= 3"))], {}
    )
    assert ranking.behaviours[0].best.survivor is other


def test_only_one_likely_behaviour_is_certain_and_two_alike_are_not() -> None:
    one, other = survivor("a > b", "a >= b"), survivor("a > b", "a != b")
    before, after, otherwise = ("= 1",) * 9, ("= 2", *["= 5"] * 8), ("= 2", *["= 7"] * 8)
    assert not rank([one, other], [observed(before, after, otherwise)], {}).certain
    assert rank([one], [observed(before, after)], {}).certain


def test_nothing_is_certain_that_could_not_be_compared() -> None:
    assert not rank([survivor("a > b", "a >= b")], [], {}).certain
    the_same = ("= <function>",) * 9
    assert not rank([survivor("a > b", "a >= b")], [observed(the_same, the_same)], {}).certain


def test_the_difference_is_shown_by_the_shortest_call() -> None:
    one, other = survivor("a > b", "a >= b"), survivor("return a", "return b")
    seen = Observed(("f(10, 10)", "f(1, 1)"), (True, False), {0: ("= 2", "! ValueError: no"), 1: ("= 3", "= 4")})
    ranking = rank([one, other], [seen], {})
    first, second = ranking.behaviours
    shown = difference(ranking, first, second)
    assert len(shown) == 2
    assert shown[0].startswith("f(1, 1) ")
    assert "raises ValueError: no" in shown[0]


def test_a_variable_that_is_read_again_speaks_for_a_patch_and_one_that_is_not_against_it() -> None:
    code = "def f(a, b):\n    best = b\n    return a\n"
    reads = features.of_text(proposal("return a", "return best", code=code))
    drops = features.of_text(proposal("return total", "return b"))
    assert (reads["used"], drops["unused"]) == (1.0, 1.0)


def test_comparing_a_thing_with_itself_is_degenerate() -> None:
    assert features.of_text(proposal("a > b", "a > a"))["degenerate"] == 1.0
    assert features.of_text(proposal("a > b", "a >= b"))["degenerate"] == 0.0


def test_long_endings_are_shown_from_where_they_differ() -> None:
    one, other = survivor("a > b", "a >= b"), survivor("return a", "return b")
    alike = "= [" + "0, " * 100
    ranking = rank([one, other], [Observed(("f(1)",), (True,), {0: (f"{alike}7]",), 1: (f"{alike}8]",)})], {})
    (shown,) = difference(ranking, *ranking.behaviours)
    assert len(shown) < 120
    assert "7]" in shown
    assert "8]" in shown
