"""Circular imports end where an import can wait: it moves into the functions, or below `if TYPE_CHECKING:`."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gitops_healer.code.graph import Cycle, EdgeKind
from gitops_healer.code.model import CodeModel
from gitops_healer.core.change import Change
from gitops_healer.core.finding import Finding, fingerprint
from gitops_healer.core.plan import Cause, Investigation, Option
from gitops_healer.core.words import counted
from gitops_healer.refactorings._cut_choice import cheapest
from gitops_healer.refactorings._cuts import Cut, Pair, Surgeon
from gitops_healer.refactorings._import_edits import UneditableError, edits_between
from gitops_healer.refactorings._import_proof import (
    Imported,
    ProofMissingError,
    import_each,
    new_lint,
    uncompilable,
    worse,
)
from gitops_healer.refactorings._load_effects import LoadEffects
from gitops_healer.refactorings._name_hazards import NameHazards
from gitops_healer.refactorings._sources import Sources
from gitops_healer.registry import Scene, refactoring

_RULE = "circular_import"
Loads = dict[str, set[tuple[str, bool]]]
_MOST_TRIALS = 8
_MOST_EVIDENCE = 60
_LOST_FROM_PACKAGE = 4.0
"""What it costs, in the currency of `Cut.cost`, when importing the package no longer loads one of its modules."""


@refactoring(treats=(_RULE,))
def break_import_cycle(scene: Scene, finding: Finding) -> Investigation:
    """Moves imports of a cycle to where they are needed, when that provably changes nothing else.

    A name that only annotations use moves below `if TYPE_CHECKING:`, a name that only functions use moves into them.
    Nothing is offered when any import of every possible choice is needed at import, relied on by others, patched in
    tests, or loads a module that registers something.
    """
    began = time.monotonic()
    cycle = _cycle_of(scene.code, finding)
    if cycle is None:
        cause = Cause("The modules do not import each other in a circle any more.", finding.path, finding.start, 1.0)
        return Investigation(cause)
    limit = scene.settings.detection.circular_import.max_modules
    if len(cycle.paths) > limit:
        said = f"{len(cycle.paths)} modules are more than the {limit} that are repaired (circular_import.max_modules)"
        return Investigation(_cause(scene.code, cycle, finding, None), (said,))
    return _Operation(scene, finding, cycle, began).run()


def _cycle_of(model: CodeModel, finding: Finding) -> Cycle | None:
    return next(
        (cycle for cycle in model.cycles() if fingerprint(_RULE, model.knot(cycle), "") == finding.fingerprint), None
    )


class _RefusedError(Exception):
    """A choice of cuts fails. pairs: those that must not be chosen again; none: nothing can be done about it."""

    def __init__(self, reason: str, pairs: frozenset[Pair]) -> None:
        super().__init__(reason)
        self.pairs = pairs


@dataclass(frozen=True)
class _Trial:
    cuts: tuple[Cut, ...]
    change: Change
    after: Mapping[str, bytes]
    proof: tuple[str, ...]
    weak: bool


class _Operation:
    """One cycle of one commit: choose, edit, prove; when a proof fails, choose without what failed."""

    def __init__(self, scene: Scene, finding: Finding, cycle: Cycle, began: float) -> None:
        self._scene = scene
        self._finding = finding
        self._cycle = cycle
        self._began = began
        self._model = scene.code
        self._sources = Sources(scene.code)
        self._surgeon = Surgeon(self._sources, cycle)
        self._effects = LoadEffects(self._sources)
        self._hazards = NameHazards(self._sources)
        self._loads = _load_graph(scene.code)
        self._notes: list[str] = []
        self._before: dict[str, Imported] | None = None

    def run(self) -> Investigation:
        pairs = {(edge.source, edge.target) for edge in self._cycle.edges}
        costs = {pair: self._cost(cut) for pair, cut in self._surgeon.cuts.items() if not self._refuses_loss(pair)}
        tried = 0
        while tried < _MOST_TRIALS:
            chosen = cheapest(pairs, costs)
            if chosen is None:
                break
            tried += 1
            try:
                trial = self._try(tuple(self._surgeon.cuts[pair] for pair in sorted(chosen)))
                return self._investigation(trial, tried)
            except _RefusedError as refusal:
                self._notes.append(f"Tried and refused: {refusal}.")
                if not refusal.pairs:
                    break
                for pair in refusal.pairs:
                    costs.pop(pair, None)
                    self._surgeon.refused[pair] = str(refusal)
        return self._investigation(None, tried)

    # What would load no longer

    def _cost(self, cut: Cut) -> float:
        source, _ = cut.pair
        for package in self._model.layout.ancestors(source):
            if _reach(self._loads, package) - _reach(self._loads, package, cut.pair):
                return cut.cost + _LOST_FROM_PACKAGE
        return cut.cost

    def _refuses_loss(self, pair: Pair) -> bool:
        reason = self._loss(pair[0], self._loads, pair)
        if reason:
            self._surgeon.refused[pair] = reason
        return bool(reason)

    def _loss(self, source: str, loads: Loads, without: Pair | None = None) -> str:
        """Why what `source` would not load any more must go on loading with it, or "". loads: what loads what then."""
        for path in sorted(_reach(self._loads, source) - _reach(loads, source, without)):
            effect = self._effects.of(path)
            if effect:
                return f"importing {self._name(source)} would no longer load {self._name(path)}, which {effect}"
            for user, place in self._hazards.attribute_users(path):
                if path in _reach(self._loads, user) and path not in _reach(loads, user, without):
                    return f"{place} uses {self._name(path)} without importing it, and nothing else would load it"
        return ""

    # Trying

    def _try(self, cuts: tuple[Cut, ...]) -> _Trial:
        before, after = {}, {}
        for path in sorted({cut.pair[0] for cut in cuts}):
            mine = [cut for cut in cuts if cut.pair[0] == path]
            before[path] = self._surgeon.modules[path].source
            after[path] = self._rewritten(path, mine)
        self._prove_graph(cuts, after)
        proof = ["The import graph after the change has no cycle among these modules and none that is new."]
        reason = uncompilable(after)
        if reason:
            raise _RefusedError(reason, frozenset(cut.pair for cut in cuts))
        proof.append(f"{counted(len(after), 'changed file')} compile.")
        change = Change(tuple(edit for path in after for edit in edits_between(path, before[path], after[path])))
        try:
            proof.append(self._prove_names(cuts, before, after))
            said, weak = self._prove_imports(cuts, change)
        except ProofMissingError as error:
            raise _RefusedError(str(error), frozenset()) from None
        return _Trial(cuts, change, after, (*proof, *said), weak)

    def _rewritten(self, path: str, cuts: list[Cut]) -> bytes:
        quotes = [annotation for cut in cuts for annotation in cut.quotes]
        future = bool(quotes) and self._surgeon.defers_all(path)
        moves = [move for cut in cuts for move in cut.moves]
        unique = {(move.statement, move.alias): move for move in moves}
        try:
            return self._surgeon.modules[path].rewriter.rewrite(
                list(unique.values()), [] if future else list(dict.fromkeys(quotes)), future
            )
        except UneditableError as error:
            raise _RefusedError(f"{path}: {error}", frozenset(cut.pair for cut in cuts)) from None

    def _prove_graph(self, cuts: tuple[Cut, ...], after: Mapping[str, bytes]) -> None:
        predicted = self._model.with_sources(after)
        known = [set(cycle.paths) for cycle in self._model.cycles()]
        for cycle in predicted.cycles():
            fits = any(set(cycle.paths) <= paths for paths in known)
            if not fits or set(cycle.paths) & set(self._cycle.paths):
                raise _RefusedError(
                    f"{predicted.knot(cycle)} would still import each other", frozenset(cut.pair for cut in cuts)
                )
        loads = _load_graph(predicted)
        for source in after:
            reason = self._loss(source, loads)
            if reason:
                raise _RefusedError(reason, frozenset(cut.pair for cut in cuts if cut.pair[0] == source))

    def _prove_names(self, cuts: tuple[Cut, ...], before: Mapping[str, bytes], after: Mapping[str, bytes]) -> str:
        complaint = new_lint(before, after)
        if complaint:
            path = complaint.partition(": ")[0]
            pairs = frozenset(cut.pair for cut in cuts if cut.pair[0] == path)
            raise _RefusedError(f"ruff complains anew: {complaint}", pairs or frozenset(cut.pair for cut in cuts))
        return "ruff finds no new undefined, doubled or unused name (F821, F811, F401)."

    def _prove_imports(self, cuts: tuple[Cut, ...], change: Change) -> tuple[list[str], bool]:
        seconds = self._scene.settings.testing.investigation_budget.total_seconds()
        modules = [(self._name(path), self._roots(path)) for path in self._cycle.paths]
        if self._before is None:
            self._scene.progress("importing each module of the cycle alone")
            self._before = import_each(self._scene, modules, None, seconds)
        after = import_each(self._scene, modules, change, seconds)
        moved = {
            self._name(cut.pair[0]): frozenset(
                move.alias.asname or move.alias.name.partition(".")[0]
                for other in cuts
                if other.pair[0] == cut.pair[0]
                for move in other.moves
            )
            for cut in cuts
        }
        reason = worse(self._before, after, moved)
        if reason:
            raise _RefusedError(reason, frozenset(cut.pair for cut in cuts))
        return _said(self._before, after), not any(item.ok for item in after.values())

    def _roots(self, path: str) -> list[str]:
        own = self._model.layout.root_of(path)
        return [own, *(root for root in self._model.layout.roots if root != own)]

    # Saying

    def _name(self, path: str) -> str:
        return self._model.module_name(path) or path

    def _investigation(self, trial: _Trial | None, tried: int) -> Investigation:
        evidence = tuple([*self._notes, *self._edges(trial)][:_MOST_EVIDENCE])
        options = (self._option(trial),) if trial else ()
        cause = _cause(self._model, self._cycle, self._finding, trial.cuts if trial else None)
        return Investigation(cause, evidence, options, "", tried, time.monotonic() - self._began)

    def _edges(self, trial: _Trial | None) -> Iterator[str]:
        """For each import of the cycle, what can be done about it."""
        chosen = {cut.pair for cut in trial.cuts} if trial else set()
        for pair in sorted(
            {(edge.source, edge.target) for edge in self._cycle.edges}, key=lambda item: item not in chosen
        ):
            line = next(edge.line for edge in self._cycle.edges if (edge.source, edge.target) == pair)
            refused = self._surgeon.refused.get(pair)
            can = "it can wait" if refused is None else f"it cannot wait: {refused}"
            yield f"{self._name(pair[0])} imports {self._name(pair[1])} ({pair[0]}:{line}): {can}."

    def _option(self, trial: _Trial) -> Option:
        names = ", ".join(f"{self._name(cut.pair[1])} in {self._name(cut.pair[0])}" for cut in trial.cuts)
        return Option(
            key="cut-1",
            title=f"Import {names} only where it is needed",
            source="break_import_cycle",
            change=trial.change,
            behaviour=" ".join(self._behaviour(cut) for cut in trial.cuts),
            determined_by=(
                "Every use of the moved names lies in functions that run after import, or in annotations that nothing "
                "evaluates.",
                "Nobody imports, patches, exports or spells the moved names through the modules that hold them.",
                "No module that would load later registers or changes anything when it loads.",
            ),
            proof=trial.proof,
            symbols=tuple(sorted({self._name(cut.pair[0]) for cut in trial.cuts})),
            prior=0.6 if trial.weak else 0.9,
        )

    def _behaviour(self, cut: Cut) -> str:
        functions = sorted({function.name for move in cut.moves for function in move.functions})
        source, target = self._name(cut.pair[0]), self._name(cut.pair[1])
        if not functions:
            return f"{source} names {target} for type checkers only, as only annotations use it."
        where = ", ".join(functions[:4]) + (f" and {len(functions) - 4} more" if len(functions) > 4 else "")
        return f"{source} imports {target} when {where} is called, not when {source} is imported."


def _cause(model: CodeModel, cycle: Cycle, finding: Finding, cuts: tuple[Cut, ...] | None) -> Cause:
    names = [model.module_name(path) or path for path in cycle.paths]
    listed = " and ".join(names) if len(names) == 2 else f"{', '.join(names[:4])}{' ...' if len(names) > 4 else ''}"
    sentence = f"{listed} import each other while they are imported, so none is complete when the next one needs it"
    if cuts:
        move = cuts[0].moves[0]
        return Cause(
            f"{sentence}; the import in line {move.statement.lineno} is not needed then.",
            cuts[0].pair[0],
            move.statement.lineno,
            0.9,
        )
    return Cause(f"{sentence}.", finding.path, finding.start, 0.7)


def _said(before: Mapping[str, Imported], after: Mapping[str, Imported]) -> list[str]:
    worked = sum(item.ok for item in before.values())
    works = sum(item.ok for item in after.values())
    said = [
        f"Each module imported alone in a fresh interpreter, in the sandbox: {worked} of {len(before)} work before, "
        f"{works} of {len(after)} after, none fails that worked, and none lost a name but the moved ones."
    ]
    failing = next((f"{name}: {item.error}" for name, item in sorted(after.items()) if not item.ok), "")
    return [*said, f"What fails before and after fails with the same error, e.g. {failing}"] if failing else said


def _load_graph(model: CodeModel) -> Loads:
    """{path: (what runs when it is imported, whether by an import of that module itself)}"""
    found: Loads = {}
    for path in model.layout.files:
        found[path] = {(above, False) for above in model.layout.ancestors(path)}
        for edge in model.imported(path):
            if edge.kind in (EdgeKind.LOAD, EdgeKind.PACKAGE):
                found[path].add((edge.target, edge.kind is EdgeKind.LOAD))
    return found


def _reach(graph: Loads, start: str, without: Pair | None = None) -> set[str]:
    """All modules that run when one is imported. without: an import that is not there."""
    seen = {start}
    waiting = [start]
    while waiting:
        path = waiting.pop()
        for target, is_import in graph.get(path, ()):
            if target not in seen and not (is_import and (path, target) == without):
                seen.add(target)
                waiting.append(target)
    return seen
