"""In which order rewrites are tried, and what never is."""

from collections.abc import Iterator

from gitops_healer.code.source import Source, read_source
from gitops_healer.repair.search.ingredients import Ingredients
from gitops_healer.repair.search.pairs import Second, seconds, unions
from gitops_healer.repair.search.proposals import Proposal, Proposals
from gitops_healer.repair.search.searching import Partial
from gitops_healer.repair.search.suspects import Suspect, outer_functions
from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import RepairTemplate, Rewrite, Span, repair_template

CODE = "def f(a, b):\n    if a < b:\n        return a\n    return b\n\n\ndef g(a):\n    return a < 3\n"


def source() -> Source:
    found = read_source("m.py", CODE.encode())
    assert found is not None
    return found


def suspect(name: str, **lines: float) -> Suspect:
    node = next(node for node, own in outer_functions(source()) if own == name)
    return Suspect(source(), node, name, {int(line[1:]): score for line, score in lines.items()})


def target_of(one: Suspect) -> Target:
    return Target(one.source, one.node, one.qualname, one.lines, Ingredients())


def change(target: Target, old: str, new: str, line: int, weight: float = 1.0) -> Rewrite:
    text = target.source.data.decode()
    start = text.index("def g") if target.qualname == "g" else 0
    if old not in text[start:]:
        return Rewrite((), 0, "nothing")
    at = text.index(old, start)
    return Rewrite((Span(at, at + len(old), new),), line, f"Put {new} for {old}", weight)


@repair_template(prior=0.1, examples=())
def widely(target: Target) -> Iterator[Rewrite]:
    """Make small changes."""
    if target.qualname == "f":
        yield change(target, "a < b", "a <= b", 2)
        yield change(target, "return a", "return -a", 3, 0.5)
    else:
        yield change(target, "a < 3", "a <= 3", 8)


@repair_template(prior=0.2, examples=())
def again(target: Target) -> Iterator[Rewrite]:
    """Propose what another template proposes as well."""
    if target.qualname == "f":
        yield change(target, "<", "<=", 2)


@repair_template(prior=0.1, examples=())
def broken(target: Target) -> Iterator[Rewrite]:
    """Stumble."""
    yield change(target, "return b", "return a", 4)
    raise ValueError("no such thing")


def drawn(suspects: list[Suspect], *templates: RepairTemplate) -> list[str]:
    return [proposal.title for proposal in Proposals(suspects, target_of, templates)]


def test_likely_ones_come_first_across_functions() -> None:
    suspects = [suspect("f", l2=1.0, l3=1.0), suspect("g", l8=0.7)]
    assert drawn(suspects, widely) == ["Put a <= b for a < b", "Put a <= 3 for a < 3", "Put return -a for return a"]


def test_lines_that_no_failing_test_runs_are_left_alone() -> None:
    assert drawn([suspect("f", l2=1.0)], widely) == ["Put a <= b for a < b"]


def test_the_same_text_is_tried_once_whoever_proposes_it() -> None:
    assert drawn([suspect("f", l2=1.0)], widely, again) == ["Put <= for <"]


def test_a_template_that_stumbles_ends_nothing() -> None:
    proposals = Proposals([suspect("f", l2=1.0, l4=1.0)], target_of, [broken, widely])
    assert {proposal.title for proposal in proposals} == {"Put return a for return b", "Put a <= b for a < b"}
    assert proposals.stumbled == {"broken": "ValueError: no such thing"}


def of_template(name: str, old: str) -> Proposal:
    suspects = [suspect("f", l2=1.0, l3=1.0), suspect("g", l8=1.0)]
    return next(one for one in Proposals(suspects, target_of, [widely]) if one.qualname == name and old in one.title)


def after(proposal: Proposal) -> str:
    return proposal.change.apply({"m.py": CODE.encode()})["m.py"].decode()


def test_repairs_of_different_tests_are_joined() -> None:
    one, other = of_template("f", "a < b"), of_template("g", "a < 3")
    (joined,) = unions([Partial(one, ("t1",), 1.0), Partial(other, ("t2",), 1.0)], ("t1", "t2"))
    assert after(joined) == CODE.replace("a < b", "a <= b").replace("a < 3", "a <= 3")
    assert joined.templates == ("widely", "widely")


def test_a_second_edit_stands_on_the_first() -> None:
    first = Partial(of_template("f", "a < b"), (), 0.5)
    suspects = [suspect("f", l2=1.0, l3=1.0), suspect("g", l8=0.5)]
    found = [after(proposal) for proposal in seconds([first], Second(suspects, target_of, [widely]))]
    both = CODE.replace("a < b", "a <= b")
    assert both.replace("return a\n", "return -a\n", 1) in found
    assert both.replace("a < 3", "a <= 3") in found
