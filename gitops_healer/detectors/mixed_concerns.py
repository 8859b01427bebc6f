"""Code that talks to the world, parses, presents and decides in one place."""

import re
from collections.abc import Iterable, Iterator, Mapping

from gitops_healer.code.effects import concerns_by_call
from gitops_healer.code.facts import Definition, Facts
from gitops_healer.core.finding import Finding, Risk, Severity, fingerprint
from gitops_healer.registry import FileView, file_detector

_LOGIC = 8
_LINES = 40
_MOST_CALLS = 6
_ENTRY = re.compile(r"_*(main|cli|command|run_from_argv|handle)$")
_ENTRY_PATH = re.compile(
    r"(^|/)(__main__\.py|setup\.py|noxfile\.py|manage\.py|conf\.py|(scripts|bin|tools|commands|cli|examples?|docs)/.*)$"
)

Mix = Mapping[str, tuple[str, ...]]
"""What is called for each concern."""


@file_detector
def mixed_concerns(view: FileView) -> Iterable[Finding]:
    """A function or class that does input and output, parsing and presentation beside logic of its own.

    What it is: a function that itself calls what serves `min_concerns` (3) or more of: network, files, processes,
    database, parsing and serialisation, presentation (console and templates); and that has logic of its own:
    McCabe's number is 8 or more, or it has 40 lines or more. A class is found when its methods together serve one
    concern more than that, and none of them is found by itself. What a call serves is told by a table of the standard
    library and well-known libraries, through the imports of the file; a call that is not in it serves nothing.

    Why it matters: the logic cannot be tested without a network, a disk or a captured console, and cannot be used
    anywhere else.

    Silent: in tests, and for the entries of programs, whose work is to bring things together: functions named `main`,
    `cli` or `handle`, decorated functions of modules that use a command line library, `__main__.py`, scripts,
    commands, examples.

    How to fix: let one function get the data, one decide on plain values, one show the result. The evidence names the
    calls of each concern.
    """
    if view.is_test or _ENTRY_PATH.search(view.path):
        return
    facts = view.facts
    least = view.settings.detection.mixed_concerns.min_concerns
    served = concerns_by_call(facts)
    if len(set(served.values())) < least:
        return
    mixes = {
        index: _mix(calls, served)
        for index, calls in enumerate(facts.details.calls)
        if calls and not facts.definitions[index].is_class
    }
    commands = _has_command_line(facts)
    found: set[str] = set()
    for index, mix in mixes.items():
        item = facts.definitions[index]
        if len(mix) >= least and _has_logic(item) and not _is_entry(item, commands):
            found.add(item.qualname)
            yield _finding(view, item, mix, least)
    for item, mix in _classes(facts, mixes, served):
        if len(mix) > least and not any(name.startswith(f"{item.qualname}.") for name in found):
            yield _finding(view, item, mix, least)


def _mix(calls: Iterable[str], served: Mapping[str, str]) -> Mix:
    found: dict[str, list[str]] = {}
    for call in sorted(calls):
        if call in served:
            found.setdefault(served[call], []).append(call)
    return {concern: tuple(found[concern]) for concern in sorted(found)}


def _classes(facts: Facts, mixes: Mapping[int, Mix], served: Mapping[str, str]) -> Iterator[tuple[Definition, Mix]]:
    """Classes with what all their methods do."""
    for found in facts.classes:
        calls = {
            callee for method in found.methods for callees in mixes.get(method.index, {}).values() for callee in callees
        }
        yield facts.definitions[found.index], _mix(calls, served)


def _has_logic(item: Definition) -> bool:
    return item.complexity >= _LOGIC or item.lines >= _LINES


def _is_entry(item: Definition, commands: bool) -> bool:
    return _ENTRY.match(item.name) is not None or (commands and item.decorated)


def _has_command_line(facts: Facts) -> bool:
    return any(item.module.partition(".")[0] in ("click", "typer", "argparse", "fire") for item in facts.imports)


def _finding(view: FileView, item: Definition, mix: Mix, least: int) -> Finding:
    return Finding(
        mixed_concerns.name,
        view.path,
        item.qualname,
        item.start,
        item.end,
        Severity.LOW,
        f"{item.name} mixes {_listed(list(mix))}{'' if item.is_class else ' with logic of its own'}",
        fingerprint(mixed_concerns.name, item.qualname, item.shape),
        risk=Risk.MEDIUM,
        priority=min(4, 2 + len(mix) - least),
        evidence=tuple(_evidence(item, mix)),
    )


def _evidence(item: Definition, mix: Mix) -> Iterator[str]:
    for concern, callees in mix.items():
        more = len(callees) - _MOST_CALLS
        yield f"{concern}: {', '.join(callees[:_MOST_CALLS])}{f' and {more} more' if more > 0 else ''}"
    if not item.is_class:
        yield f"logic: McCabe's number is {item.complexity}, {item.lines} lines"


def _listed(names: list[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"
