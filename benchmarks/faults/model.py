"""What a fault is, and what a right diagnosis of it says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

START = datetime(2026, 1, 5, tzinfo=UTC)


@dataclass(frozen=True)
class Truth:
    """One cause that a diagnosis should name. kinds: words of `CauseKind` that are honestly right; path, text: the line
    that contains `text` in the newest commit ("" when no line is to blame); commit: whether the bad commit has to be
    named; words: of which one should be in the sentence, the evidence or a proposal (shown, not judged)."""

    kinds: tuple[str, ...]
    path: str = ""
    text: str = ""
    commit: bool = False
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Variant:
    """One program with one fault (or none) and what is done with it.

    files: path -> text in the newest commit, `PKG` stands for the package's name; before: what some of them were until
    the bad commit; work: text of a module with `step(chance, moment, number)`, called some seventy times a day in
    simulated time; truths: all have to be named, none for a program in which nothing is wrong; held: kept from those
    who write the investigation; inputs, frames: False when the program records none; days: of work from `start` on.
    """

    name: str
    tool: str
    files: Mapping[str, str]
    work: str
    truths: tuple[Truth, ...]
    before: Mapping[str, str] = field(default_factory=dict)
    subject: str = "Tidy up"
    held: bool = False
    inputs: bool = True
    frames: bool = True
    days: int = 14
    start: datetime = START
    rate: int = 70

    @property
    def kind(self) -> str:
        return self.name.partition("/")[0]


def fault(kind: str, name: str, tool: str, code: str, work: str, *truths: Truth, **more: object) -> Variant:
    """A variant whose faulty code is one module, that of the tool. code: without its first lines, which are the same
    for all."""
    path = tool.partition(":")[0].replace(".", "/") + ".py"
    given = {path: module(code)}
    before = more.pop("before", "")
    others = more.pop("files", {})
    assert isinstance(before, str) and isinstance(others, dict)
    changed = {path: module(before)} if before else {}
    older = more.pop("older", {})
    assert isinstance(older, dict)
    return Variant(
        f"{kind}/{name}",
        tool,
        {**others, **given},
        work,
        truths,
        before={**changed, **older},
        **more,  # type: ignore[arg-type]
    )


def module(code: str) -> str:
    return f'"""Part of the program."""\n\nfrom gitops_healer.recorder import tool\n\n{code.strip()}\n'
