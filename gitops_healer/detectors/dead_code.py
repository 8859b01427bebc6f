"""Definitions that nothing uses."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from gitops_healer.code.model import CodeModel
from gitops_healer.code.reachability import Candidate, Dead, dead, spelled, stands_in
from gitops_healer.code.roles import is_test_path
from gitops_healer.core.finding import Finding, Risk, Severity, fingerprint
from gitops_healer.registry import Scene, detector

_CALLERS = re.compile(
    r"(^|/)(pyproject\.toml|setup\.cfg|setup\.py|entry_points\.txt)$|\.(c|h|cc|cpp|hpp|rs|pyx|pxd|pxi)$"
)
_TEXTS = re.compile(r"\.(html?|jinja2?|j2|toml|cfg|ini|ya?ml|json|pyx|pxd|pyi|ipynb|xml|rst|md|sh|bat)$")
_RUN = re.compile(r"manage\.py|[wa]sgi\.py|Dockerfile|Procfile|requirements.*\.txt|docker-compose\.ya?ml|app\.yaml")
_PROJECT = re.compile(r"^\[(project|tool\.poetry)\]", re.MULTILINE)
_MOST_TEXTS = 500
_LARGEST_TEXT = 256 * 1024


@detector(reads="code")
def dead_code(scene: Scene) -> Iterable[Finding]:
    """A function, class or method whose name stands nowhere else.

    What it is: no file of the repository reads, imports or spells in a string the name of the definition. How sure
    that makes one: 0.95 for private names at the top of a module and for functions inside of functions, 0.85
    for private methods and for public names of a program, 0.8 for methods of a class that has a base elsewhere in the
    project, 0.6 where a base class of another project may call it or other projects may import it (unless the path
    is private, or nothing says how to install the project and there is a `manage.py`, `Dockerfile`, `Procfile`,
    `requirements.txt` or the like). Reported from `min_confidence` (0.8) on.

    Why it matters: it is read, kept running and ported to each new version for nobody.

    Silent: for tests; for what is decorated, listed in `__all__`, or has bases (frameworks find it); for names with
    double underscores; for names that may be put together at run time (`visit_x` where `visit_` or `"visit_%s"`
    stands, or beside `globals()`, `locals()`, `eval`); for names in packaging files and the sources of extension
    modules, and public names in templates, configuration and documentation; for names that their own file spells in a
    comment or a longer string.

    How to fix: remove it, with the imports that only it needed. When something outside calls it, say so in `__all__`
    or in a comment `# healer: ignore[dead_code] reason`.
    """
    least = scene.settings.detection.dead_code.min_confidence
    code = scene.code
    texts = _Texts(code)
    for path, found in groupby(
        dead(_columns(code), code.mentions, not _is_program(code), least), lambda item: item.path
    ):
        items = list(found)
        known = spelled((item.candidate.name for item in items), code.source(path) or b"")
        for item in items:
            if item.candidate.name not in known and not texts.mention(item.candidate):
                yield _finding(code, item)


def _columns(code: CodeModel) -> Mapping[str, Sequence[Candidate]]:
    return {path: outline.candidates for path, outline in code.outlines.items() if not is_test_path(path)}


def _is_program(code: CodeModel) -> bool:
    """Whether it is run and not installed, so that nobody outside imports from it."""
    names = {path.rpartition("/")[2] for path in code.paths()}
    if names & {"setup.py", "setup.cfg"} or not any(_RUN.fullmatch(name) for name in names):
        return False
    projects = (path for path in code.paths() if path.rpartition("/")[2] == "pyproject.toml")
    return not any(_PROJECT.search(code.text(path)) for path in projects)


class _Texts:
    """What is no Python and may name Python. Private names are looked for where code calls them: in packaging and in
    extension modules."""

    def __init__(self, code: CodeModel) -> None:
        self._code = code
        self._callers: list[bytes] | None = None
        self._others: list[bytes] | None = None

    def mention(self, item: Candidate) -> bool:
        if item.kind == "local function":
            return False
        if self._callers is None:
            self._callers = list(self._read(_CALLERS))
        if item.public and self._others is None:
            self._others = list(self._read(_TEXTS))
        texts = [*self._callers, *((self._others or []) if item.public else [])]
        return any(stands_in(text, item.name.encode()) for text in texts)

    def _read(self, wanted: re.Pattern[str]) -> Iterator[bytes]:
        code = self._code
        paths = [path for path in code.paths() if wanted.search(path) and code.size(path) <= _LARGEST_TEXT]
        yield from (code.source(path) or b"" for path in paths[:_MOST_TEXTS])


def _finding(code: CodeModel, item: Dead) -> Finding:
    found = item.candidate
    module = code.module_name(item.path) or item.path
    return Finding(
        dead_code.name,
        item.path,
        f"{module}.{found.qualname}",
        found.start,
        found.end,
        Severity.LOW,
        f"nothing uses the {found.kind} {found.name}",
        fingerprint(dead_code.name, found.qualname, found.shape),
        risk=Risk.LOW if item.confidence >= 0.9 else Risk.MEDIUM,
        priority=3 if item.confidence >= 0.9 else 2,
        evidence=tuple(_evidence(item)),
    )


def _evidence(item: Dead) -> Iterator[str]:
    yield f"{item.candidate.end - item.candidate.start + 1} lines; its name is read, imported and spelled nowhere"
    yield f"confidence {item.confidence:.2f}{f': {item.reason}' if item.reason else ''}"
