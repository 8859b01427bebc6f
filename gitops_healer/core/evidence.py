"""Which of the changed lines the gates ran, and whether that is enough. Pure."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gitops_healer.core.decision import Decision, no, yes
from gitops_healer.core.trials import Line
from gitops_healer.core.verdict import CheckResult, Outcome

_LEAST_SHARE = 0.5
_SPAN = re.compile(r"(\d{1,9})(?:-(\d{1,9}))?")
_LONGEST = 1_000_000  # lines of one span: who writes more does not mean it
_NAMED = 3
_NOT_PASSED = "not passed: "
_ALWAYS = ("tests", "shadow", "replay")
"""Gates that run the changed code or prove nothing; what `synthetic` says may be about tests alone."""


@dataclass(frozen=True)
class Changed:
    """Statements that a step changed or added, at its head, each by the line on which it begins to run.

    lines: by path, never empty sets; functions: line -> qualified name of the function that it is in (the outermost
    one), none for what runs when the module is imported; headers: line of a `def` -> lines of which one runs when it is
    called; imported: lines that run whenever their module is imported; entries: by path, the lines where functions
    with changed lines begin, decorators included; deleted: what is gone altogether, as `path` or `path:name`;
    nothing: why there are no lines, a sentence without a full stop, "" when there are.
    """

    lines: Mapping[str, frozenset[int]] = field(default_factory=dict)
    functions: Mapping[Line, str] = field(default_factory=dict)
    headers: Mapping[Line, frozenset[int]] = field(default_factory=dict)
    imported: frozenset[Line] = frozenset()
    entries: Mapping[str, frozenset[int]] = field(default_factory=dict)
    deleted: tuple[str, ...] = ()
    nothing: str = ""

    @property
    def all(self) -> frozenset[Line]:
        return frozenset((path, line) for path, lines in self.lines.items() for line in lines)

    @property
    def symbols(self) -> tuple[tuple[str, str], ...]:
        """(path, qualified name) of changed functions."""
        return tuple(sorted({(path, name) for (path, _), name in self.functions.items()}))

    @property
    def groups(self) -> Mapping[tuple[str, str], frozenset[Line]]:
        """Changed lines by (path, function), "" for what is outside of functions."""
        found: dict[tuple[str, str], set[Line]] = {}
        for line in self.all:
            found.setdefault((line[0], self.functions.get(line, "")), set()).add(line)
        return {key: frozenset(found[key]) for key in sorted(found)}

    def ran_by(self, ran: Collection[Line], loaded: Collection[str] = ()) -> frozenset[Line]:
        """The changed lines among those that ran. A `def` line, which runs once and long before, counts when its
        function was called; what runs on import counts when anything of its file ran.

        ran: (path, line), also the first lines of functions that were called; loaded: paths that were imported.
        """
        seen, paths = frozenset(ran), {*(path for path, _ in ran), *loaded}
        called = {line for line, body in self.headers.items() if any((line[0], inner) in seen for inner in body)}
        on_import = {line for line in self.imported if line[0] in paths}
        inside = {line for line in seen if line not in self.headers and line not in self.imported}
        return frozenset((inside | called | on_import) & self.all)


def spans(lines: Iterable[Line]) -> tuple[str, ...]:
    """`pkg/mod.py:3-5,9`, one a path, as `CheckResult.ran` has it."""
    by_path: dict[str, set[int]] = {}
    for path, line in lines:
        by_path.setdefault(path, set()).add(line)
    return tuple(f"{path}:{','.join(_runs(sorted(numbers)))}" for path, numbers in sorted(by_path.items()))


def _runs(numbers: Sequence[int]) -> Iterator[str]:
    first = last = numbers[0]
    for number in (*numbers[1:], -1):
        if number == last + 1:
            last = number
            continue
        yield str(first) if first == last else f"{first}-{last}"
        first = last = number


def lines_of(told: Iterable[str]) -> frozenset[Line]:
    """The lines that `spans` wrote down; what is no span is left out."""
    return frozenset(line for item in told for line in _lines_of(item))


def _lines_of(told: str) -> Iterator[Line]:
    path, _, numbers = told.rpartition(":")
    for part in numbers.split(",") if path else ():
        if (found := _SPAN.fullmatch(part)) is not None:
            first, last = int(found[1]), int(found[2] or found[1])
            yield from ((path, number) for number in range(first, min(last, first + _LONGEST) + 1))


# Whether it is enough


def suffices(
    results: Sequence[CheckResult],
    changed: Changed,
    sets: Sequence[frozenset[str]],
    unmeasured: Mapping[str, str] | None = None,
) -> Decision:
    """Whether one of the sets of gates proves the step: all gates of the set passed, each ran some changed line, and
    together they ran a line of every changed function and at least half of all changed lines.

    unmeasured: gate -> why it cannot be told what it ran; when it passed it counts, and the reason says so. A child a
    set; the next action says what would help.
    """
    known = {result.check: result for result in results}
    children = [_set(gates, known, changed, unmeasured or {}) for gates in sorted(sets, key=lambda one: sorted(one))]
    figures = told_figures(results, changed, unmeasured or {})
    if any(child.allowed for child in children):
        return Decision("evidence", True, figures, tuple(children))
    best = min(children, key=lambda child: child.reason.startswith(_NOT_PASSED), default=None)
    why = f"; {best.gate}: {best.reason}" if best is not None else ""
    return Decision("evidence", False, f"{figures}{why}", tuple(children), _help(known, changed))


def told_figures(results: Sequence[CheckResult], changed: Changed, unmeasured: Mapping[str, str]) -> str:
    """`tests ran 7 of 8 changed lines, shadow 8 of 8`, of the gates that passed."""
    total, parts = len(changed.all), list[str]()
    silent = [f"which lines {gate} ran is not known: {why}" for gate, why in sorted(unmeasured.items())]
    for result in results:
        ran = len(lines_of(result.ran) & changed.all)
        if result.outcome is Outcome.PASSED and result.check not in unmeasured and (ran or result.check in _ALWAYS):
            unit = "" if parts else " changed lines" if total > 1 else " changed line"
            parts.append(f"{result.check}{'' if parts else ' ran'} {ran} of {total}{unit}")
    return "; ".join(filter(None, [", ".join(parts), *silent])) or "no gate that runs code passed"


def _set(
    gates: frozenset[str], known: Mapping[str, CheckResult], changed: Changed, unmeasured: Mapping[str, str]
) -> Decision:
    name = "+".join(sorted(gates))
    missing = [f"{gate} ({_how(known.get(gate))})" for gate in sorted(gates) if not _passed(known.get(gate))]
    if missing:
        return no(name, f"{_NOT_PASSED}{', '.join(missing)}")
    if not unmeasured.keys().isdisjoint(gates):
        return yes(name, "passed, and which lines were run is not known")
    by_gate = {gate: lines_of(known[gate].ran) & changed.all for gate in sorted(gates)}
    ran = frozenset[Line]().union(*by_gate.values())
    vain = [gate for gate, lines in by_gate.items() if not lines]
    if vain:
        return no(name, f"{' and '.join(vain)} ran no changed line")
    idle = [_named(*place) for place, lines in changed.groups.items() if not lines & ran]
    if idle:
        more = f" and {len(idle) - _NAMED} more" if len(idle) > _NAMED else ""
        return no(name, f"nothing of {', '.join(idle[:_NAMED])}{more} was run")
    if len(ran) < _LEAST_SHARE * len(changed.all):
        return no(name, f"{len(ran)} of {len(changed.all)} changed lines were run, half of them is the least")
    return yes(name, f"passed, and ran {len(ran)} of {len(changed.all)} changed lines")


def _passed(result: CheckResult | None) -> bool:
    return result is not None and result.outcome is Outcome.PASSED


def _how(result: CheckResult | None) -> str:
    return "was not asked" if result is None else result.outcome.value


def _named(path: str, function: str) -> str:
    return f"{function} in {path}" if function else f"the module level of {path}"


def _help(known: Mapping[str, CheckResult], changed: Changed) -> str:
    """What would prove the step, as far as lines say it."""
    left = idle_lines(tuple(known.values()), changed) or changed.all
    return f"add a test that runs {', '.join(spans(left)[:_NAMED])}"


def idle_lines(results: Sequence[CheckResult], changed: Changed) -> frozenset[Line]:
    """Changed lines that no gate ran."""
    return changed.all - {line for result in results if _passed(result) for line in lines_of(result.ran)}
