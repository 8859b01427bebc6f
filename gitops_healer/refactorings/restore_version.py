"""A maintainer orders an older version of one function back: its text takes the place of today's."""

import ast
import textwrap
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gitops_healer.code.history_needs import (
    Binding,
    bindings,
    first_line,
    local_names,
    members,
    names_of,
    own_attributes,
)
from gitops_healer.code.history_reading import Reader, Snapshot
from gitops_healer.code.parsing import parsed
from gitops_healer.code.shape import decode, lines_of
from gitops_healer.core.aim import Aim
from gitops_healer.core.change import Change, Edit, replace_span
from gitops_healer.core.finding import Finding
from gitops_healer.core.plan import Cause, Investigation, Option
from gitops_healer.core.versions import RESTORE, Wanted
from gitops_healer.refactorings._import_proof import ProofMissingError, new_lint
from gitops_healer.refactorings._restored_text import RefusedError, placed
from gitops_healer.registry import Scene, refactoring

_MOST_BROUGHT = 10


@refactoring(treats=(RESTORE,), aim=Aim.OBEYS)
def restore_version(scene: Scene, finding: Finding) -> Investigation:
    """Puts an older version of a function in the place of today's, with what it needs that is gone.

    Imports, constants and helpers of its module that are no more come back with it. Nothing is offered when the version
    does not compile today, uses something that neither is there nor can come back, or calls methods that its class has
    lost.
    """
    began = time.monotonic()
    wanted = Wanted.of(finding.evidence)
    try:
        if wanted is None:
            raise RefusedError("the order does not say which version is wanted; give it again: /restore SYMBOL VERSION")
        operation = _Operation(scene, finding, wanted)
        option = operation.option()
    except (RefusedError, ProofMissingError) as error:
        cause = Cause(f"{finding.symbol} cannot be restored: {error}.", finding.path, finding.start, 1.0)
        return Investigation(cause, finding.evidence, seconds=time.monotonic() - began)
    sentence = f"A maintainer wants version {wanted.number} of {finding.symbol} back."
    cause = Cause(sentence, finding.path, operation.now.spot.start, 1.0)
    evidence = (*finding.evidence, *operation.said)
    return Investigation(cause, evidence, (option,), "", 1, time.monotonic() - began)


@dataclass(frozen=True)
class _Brought:
    """A binding that comes back. above: the line of today's file that it stands above, from 1."""

    binding: Binding
    above: int


class _Operation:
    """One order on one commit. Raises RefusedError."""

    def __init__(self, scene: Scene, finding: Finding, wanted: Wanted) -> None:
        self._scene = scene
        self._finding = finding
        self._wanted = wanted
        self._reader = Reader(scene.repository.read_blob)
        self.now = self._today()
        self._old = self._then()
        self._source = scene.code.source(self.now.path) or b""
        self._old_source = scene.repository.read_blob(self._old.blob)
        self.said: list[str] = []

    def _today(self) -> Snapshot:
        """Wherever it stands by now; of a function that is deleted there is no place to put anything."""
        module, _, symbol = self._finding.symbol.partition(":")
        path = self._scene.code.path_of(module) or self._finding.path
        found = self._reader.find(path, self._scene.repository.blob_at(self._scene.commit, path), symbol)
        if found is None:
            raise RefusedError(f"{symbol} is not in {path} any more; take the commit back that deleted it: git revert")
        return found

    def _then(self) -> Snapshot:
        place, repository = self._wanted.place, self._scene.repository
        commit = repository.resolve(self._wanted.commit)
        blob = repository.blob_at(commit, place.path) if commit else ""
        found = self._reader.find(place.path, blob, place.symbol)
        if found is None:
            raise RefusedError(f"commit {self._wanted.commit[:10]} has no {place.symbol} in {place.path}")
        if not found.parses:
            raise RefusedError(f"version {self._wanted.number} does not compile with the Python of today")
        if found.shape == self.now.shape:
            raise RefusedError(f"it is version {self._wanted.number} already, but for comments, docstring and layout")
        return found

    def option(self) -> Option:
        text = placed(self._old, self.now)
        brought = list(self._brought())
        self._check_members()
        change = self._change(text, brought)
        self._prove(change)
        module = self._finding.symbol.partition(":")[0]
        names = [f"{module}:{one.binding.name}" for one in brought if one.binding.kind in ("function", "class")]
        whole = [module] if len(names) < len(brought) else []
        return Option(
            key="restore",
            title=f"Restore version {self._wanted.number} of {self._finding.symbol}",
            source="restore_version",
            change=change,
            behaviour=" ".join(self._behaviour(brought)),
            determined_by=("A maintainer ordered this version.",),
            proof=("The file compiles.", "ruff finds no new undefined, doubled or unused name (F821, F811, F401)."),
            symbols=(self._finding.symbol, *names, *whole),
            prior=0.8,
        )

    # What it needs

    def _brought(self) -> Iterator[_Brought]:
        """Names that the old text takes from its module and that today's module does not have, what they need first."""
        today, then = bindings(self._source), bindings(self._old_source)
        has_star = any(binding.name == "*" for binding in today.values())
        waiting, seen, found = sorted(names_of(self._old) - self._around()), set(today), list[Binding]()
        while waiting:
            name = waiting.pop(0)
            if name in seen or has_star:
                self._note_changed(name, today, then)
                continue
            seen.add(name)
            if name not in then:
                raise RefusedError(f"it uses {name}, which neither today's {self.now.path} has nor the one of then")
            found.append(then[name])
            waiting += sorted(self._needs(then[name]) - seen)
        if len(found) > _MOST_BROUGHT:
            raise RefusedError(f"{len(found)} names that it needs are gone: more than {_MOST_BROUGHT} do not come back")
        for binding in reversed(found):
            self._check_import(binding)
            self.said.append(f"{binding.name}, which it needs, was removed since and comes back ({binding.kind}).")
            yield _Brought(binding, self._line_for(binding))

    def _around(self) -> frozenset[str]:
        """Names of the functions that today's text stands in."""
        found: frozenset[str] = frozenset()
        parts = self.now.symbol.split(".<locals>.")
        for end in range(1, len(parts)):
            outer = self._reader.find(self.now.path, self.now.blob, ".<locals>.".join(parts[:end]))
            found |= local_names(outer) if outer is not None else found
        return found

    def _needs(self, binding: Binding) -> frozenset[str]:
        if binding.kind == "import":
            return frozenset()
        there = self._reader.find(self._old.path, self._old.blob, binding.name)
        if there is not None:
            return names_of(there)
        spot = self._old.spot._replace(qualname=binding.name, start=binding.start, end=binding.end)
        return names_of(Snapshot(self._old.path, self._old.blob, spot, binding.text))

    def _note_changed(self, name: str, today: dict[str, Binding], then: dict[str, Binding]) -> None:
        if name in today and name in then and today[name].shape != then[name].shape:
            self.said.append(f"{name}, which it uses, is not what it was then: today's is used.")

    def _check_import(self, binding: Binding) -> None:
        """An import from this repository must still find its module; what stands in a condition comes with it."""
        if binding.text[:1] in " \t":
            raise RefusedError(f"it needs {binding.name}, which stood in a condition that is gone")
        tree = parsed(binding.text.encode()) if binding.kind == "import" else None
        node = tree.body[0] if tree is not None else None
        if not isinstance(node, ast.ImportFrom):
            return
        said = f"it needs `{binding.text.strip()}`"
        if node.level and self._old.path.rpartition("/")[0] != self.now.path.rpartition("/")[0]:
            raise RefusedError(f"{said}, which means another module from {self.now.path}")
        module = "." * node.level + (node.module or "")
        path = self._module_file(node)
        if path is None and node.level:
            raise RefusedError(f"{said}, and there is no such module any more")
        if path is None or self._has_module(path, node.names[0].name):
            return  # of another distribution, or a module of a package
        there = bindings(self._scene.code.source(path) or b"")
        if not {node.names[0].name, "*", "__getattr__"} & set(there):
            raise RefusedError(f"{said}, and {module} no longer has {node.names[0].name}")

    def _module_file(self, node: ast.ImportFrom) -> str | None:
        """The file of this repository that an import means."""
        if not node.level:
            return self._scene.code.path_of(node.module or "")
        parts = [*self.now.path.split("/")[: -node.level], *(node.module or "").split(".")]
        base = "/".join(part for part in parts if part)
        files = (f"{base}.py", f"{base}/__init__.py".removeprefix("/"))
        return next((path for path in files if self._scene.code.has(path)), None)

    def _has_module(self, path: str, name: str) -> bool:
        base = path.removesuffix("/__init__.py")
        return base != path and any(map(self._scene.code.has, (f"{base}/{name}.py", f"{base}/{name}/__init__.py")))

    def _check_members(self) -> None:
        """A method finds on its object what it calls there."""
        owner = self.now.symbol.rpartition(".")[0]
        there = members(self._source, owner) if owner else None
        if there is None:
            return
        lost = sorted(own_attributes(self._old) - own_attributes(self.now) - set(there))
        if lost:
            raise RefusedError(f"it uses {', '.join(lost)} of its object, which {owner} no longer has")

    # The change

    def _line_for(self, binding: Binding) -> int:
        """Imports stand behind the last import of the module's top, the rest above the statement that holds today's."""
        tree = parsed(self._source)
        if tree is None:
            raise RefusedError(f"{self.now.path} does not parse today, so that nothing can be added to it")
        if binding.kind == "import":
            ends = [node.end_lineno or 0 for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
            before = [end for end in ends if end < self._above(tree.body)]
            if before:
                return before[-1] + 1
        return self._above(tree.body)

    def _above(self, body: Sequence[ast.stmt]) -> int:
        """The first line of the statement of the module that today's text is, or stands in."""
        starts = [first_line(node) for node in body]
        return max((start for start in starts if start <= self.now.spot.start), default=self.now.spot.start)

    def _change(self, text: str, brought: Sequence[_Brought]) -> Change:
        offsets = self._offsets()
        start, end = offsets[self.now.spot.start - 1], offsets[self.now.spot.end]
        added: dict[int, str] = {}
        for line in sorted({one.above for one in brought}):
            added[offsets[line - 1]] = self._joined([one.binding for one in brought if one.above == line])
        replaced = replace_span(self.now.path, self._source, start, end, added.pop(start, "") + text)
        return Change((replaced, *(Edit(self.now.path, at, "", what) for at, what in added.items())))

    def _joined(self, brought: Sequence[Binding]) -> str:
        """Their texts as PEP 8 divides them, with the line ends of the file."""
        text = ""
        for binding in brought:
            text += "\n".join(binding.text.splitlines()) + "\n"
            text += "\n\n" if binding.kind in ("function", "class") else ""
        text += "\n\n" if brought[-1].kind == "constant" else ""
        return text.replace("\n", "\r\n") if b"\r\n" in self._source else text

    def _offsets(self) -> list[int]:
        """Byte offset of each line, and of the end. Raises RefusedError for a file that is not UTF-8."""
        text = decode(self._source)
        if text.encode() != self._source:
            raise RefusedError(f"{self.now.path} is not UTF-8: change it by hand")
        offsets = [0]
        for line in lines_of(text):
            offsets.append(offsets[-1] + len(line.encode()))
        return offsets

    def _prove(self, change: Change) -> None:
        after = change.apply({self.now.path: self._source})
        if parsed(after[self.now.path]) is None:
            raise RefusedError(f"{self.now.path} would not compile with it")
        complaint = new_lint({self.now.path: self._source}, after)
        if complaint:
            raise RefusedError(f"ruff would complain anew: {complaint}")

    def _behaviour(self, brought: list[_Brought]) -> Iterator[str]:
        yield f"{self._finding.symbol} does again what it did at commit {self._wanted.commit[:10]}."
        then, now = _signature(self._old), _signature(self.now)
        if then != now:
            yield f"It takes ({then}) instead of ({now})."
        if brought:
            yield f"Back with it: {', '.join(one.binding.name for one in brought)}."


def _signature(snapshot: Snapshot) -> str:
    """How its arguments are declared."""
    tree = parsed(textwrap.dedent(snapshot.text).encode("utf-8", "replace"))
    node = tree.body[0] if tree is not None and tree.body else None
    return ast.unparse(node.args) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else ""
