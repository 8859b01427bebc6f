"""Who else relies on a name that a module holds: importers, patches, dotted strings, star imports."""

import re
from collections.abc import Iterable, Iterator
from functools import cached_property

from gitops_healer.refactorings._sources import Sources

_EVALUATORS = re.compile(
    r"get_type_hints|eval_str|\bget_annotations\b|\b__annotations__\b|\bresolve_types\b|\b_eval_type\b|\bForwardRef\b"
)
_RUNTIME_TYPED = frozenset(
    "pydantic pydantic_settings fastapi typer strawberry litestar starlite ninja beartype typeguard cattrs cattr "
    "msgspec marshmallow_dataclass dataclasses_json dacite mashumaro apischema jsonargparse cyclopts datargs injector "
    "dependency_injector lagom punq wireup temporalio dagster prefect discord fastmcp mcp langchain langchain_core "
    "agents sqlmodel odmantic beanie ormar hug blacksheep esmerald faststream taskiq dishka svcs simple_parsing tyro "
    "defopt plum multipledispatch multimethod runtype phantom tango hydra_zen".split()
)
"""Libraries that evaluate the annotations of functions or classes which are handed to them."""


class NameHazards:
    """Answers from the whole commit, tests and configuration included."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._model = sources.model
        self._attribute_users: dict[str, tuple[tuple[str, str], ...]] = {}

    def reliance(self, path: str, name: str) -> str:
        """Why `name` cannot leave the module level of a file, as a sentence, or "" when nobody relies on it there."""
        return self._imported(path, name) or self._read_or_patched(path, name) or self._spelled(path, name)

    def replacement(self, path: str, name: str) -> str:
        """Why looking `name` up in a file later could find something else than at import, or ""."""
        found = self._search(path, name, r"\.\s*{0}\b\s*(?:=[^=]|[-+|&*/]=)|,\s*['\"]{0}['\"]")
        if found:
            return f"{name} is replaced in {self._model.module_name(path)} at {found}"
        for where, text in self._quoting(path, name):
            if where.rpartition(":")[0].endswith(".py") and ("patch" in text or "setattr" in text):
                return f"{name} is patched in {self._model.module_name(path)} by {where}"
        return ""

    def attribute_users(self, path: str) -> tuple[tuple[str, str], ...]:
        """(file, place) that reach a submodule only as attribute of its package, without importing it themselves."""
        if path not in self._attribute_users:
            self._attribute_users[path] = tuple(self._reaching(path))
        return self._attribute_users[path]

    def _reaching(self, path: str) -> Iterator[tuple[str, str]]:
        package, _, last = (self._model.module_name(path) or "").rpartition(".")
        parent = self._model.path_of(package) if package else None
        if parent is None:
            return
        importers = {edge.source for edge in self._model.importers(path)}
        for where, text in self._sources.mentioning(last):
            if where.endswith(".py") and where not in importers and where != path:
                expressions = self._sources.expressions(where, parent)
                match = _first(text, expressions, rf"\.\s*{re.escape(last)}\s*\.")
                if match:
                    yield where, _place(where, text, match)

    @cached_property
    def evaluator(self) -> str:
        """A place where something evaluates annotations at run time, or ""."""
        for path in self._model.layout.files:
            text = self._sources.text(path)
            match = _EVALUATORS.search(text)
            if match:
                return _place(path, text, match)
        return ""

    def runtime_typed(self, path: str) -> str:
        """A library that evaluates annotations, used by a file or by one that imports from it, or ""."""
        for file in (path, *sorted({edge.source for edge in self._model.importers(path)})):
            for item in self._model.facts(file).imports:
                library = "" if item.level else item.module.partition(".")[0]
                if library in _RUNTIME_TYPED and self._model.layout.resolve(file, library) is None:
                    return f"{library}, which {file} imports"
        return ""

    def _imported(self, path: str, name: str) -> str:
        for edge in self._model.importers(path):
            for item in self._model.facts(edge.source).imports:
                wanted = {bound for original, bound in item.names if original in (name, "*")}
                if wanted and any(t.path == path and t.bound in wanted for t in self._model.targets(edge.source, item)):
                    star = not any(original == name for original, _ in item.names)
                    if not star:
                        return f"{name} is imported from here by {edge.source}:{item.line}"
                    if self._is_public(path, name):
                        return f"{edge.source}:{item.line} imports * from here, which passes {name} on"
        return ""

    def _is_public(self, path: str, name: str) -> bool:
        exports = self._model.facts(path).exports
        return name in exports if exports is not None else not name.startswith("_")

    def _read_or_patched(self, path: str, name: str) -> str:
        found = self._search(path, name, r"\.\s*{0}\b|,\s*['\"]{0}['\"]")
        return f"{name} is reached through this module at {found}" if found else ""

    def _search(self, path: str, name: str, pattern: str) -> str:
        """The first place where this module is followed by a pattern of {0}, the name; as `path:line`."""
        for where, text in self._sources.mentioning(name):
            if where.endswith(".py") and where != path:
                match = _first(text, self._sources.expressions(where, path), pattern.format(re.escape(name)))
                if match:
                    return _place(where, text, match)
        return ""

    def _spelled(self, path: str, name: str) -> str:
        where = next((place for place, _ in self._quoting(path, name)), "")
        return f"the text {self._model.module_name(path)}.{name} stands at {where}" if where else ""

    def _quoting(self, path: str, name: str) -> list[tuple[str, str]]:
        """(place, text of the file) where `pkg.mod.name` stands as a string or entry point, whole or in two parts."""
        module = self._model.module_name(path) or ""
        dotted, word = re.escape(module), re.escape(name)
        whole = re.compile(rf"{dotted}[.:]{word}\b")
        alone = re.compile(rf"{dotted}\.?['\"]")
        part = re.compile(rf"['\"}}]\.?{word}['\"]|[{{}}]\.{word}\b|[(,]\s*{word}\s*=[^=]")
        found = []
        for where, text in self._sources.mentioning(module, name):
            match = next((item for item in whole.finditer(text) if _is_spelled(where, item)), None)
            if (
                match is None
                and where.endswith(".py")
                and any(_is_spelled(where, item) for item in alone.finditer(text))
            ):
                match = part.search(text)
            if match:
                found.append((_place(where, text, match), text))
        return found


def _first(text: str, expressions: Iterable[str], rest: str) -> re.Match[str] | None:
    """The first place where one of the expressions stands as a whole, followed by the rest. (What comes before it is
    looked at afterwards: a pattern that begins with a plain word is found many times faster.)"""
    for expression in expressions:
        for match in re.finditer(rf"{expression}\s*(?:{rest})", text):
            before = text[match.start() - 1 : match.start()]
            if not (before.isalnum() or before in ("_", ".")):
                return match
    return None


def _is_spelled(path: str, match: re.Match[str]) -> bool:
    """Whether a dotted name begins a string, or stands alone in a configuration file."""
    start = match.start()
    while start > 0 and (match.string[start - 1].isalnum() or match.string[start - 1] in "_."):
        start -= 1
    quoted = match.string[start - 1 : start] in ("'", '"')
    return quoted or (start == match.start() and not path.endswith((".py", ".pyi")))


def _place(path: str, text: str, match: re.Match[str]) -> str:
    return f"{path}:{text.count(chr(10), 0, match.start()) + 1}"
