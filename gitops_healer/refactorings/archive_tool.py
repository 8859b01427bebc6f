"""A tool that nobody calls leaves the code; git keeps it."""

import re
import time
from collections.abc import Iterator
from typing import Final

from gitops_healer.code.shape import decode, lines_of
from gitops_healer.core.change import Change, replace_span
from gitops_healer.core.finding import Finding
from gitops_healer.core.plan import Cause, Investigation, Option
from gitops_healer.core.tools import Tool
from gitops_healer.evidence.tools import Tools
from gitops_healer.refactorings._import_proof import ProofMissingError, new_lint, uncompilable
from gitops_healer.refactorings._orphaned_imports import orphaned_imports
from gitops_healer.registry import Scene, refactoring

_TEXTS: Final = re.compile(
    r"\.(py|pyi|pyx|toml|cfg|ini|ya?ml|json|html?|jinja2?|j2|xml|rst|md|txt|sh|bat|ipynb)$"
    r"|(^|/)(Dockerfile|Procfile|Makefile)$"
)
_LARGEST_TEXT: Final = 1024 * 1024
_MOST_PLACES: Final = 10


class _RefusedError(Exception):
    """Why nothing is offered."""


@refactoring(treats=("unused_tool",))
def archive_tool(scene: Scene, finding: Finding) -> Investigation:
    """Removes a tool that nobody calls and nothing mentions; the text says how to bring it back.

    Nothing is offered when its name stands anywhere else in the repository: in code, `__all__`, entry points, tests,
    strings, templates or documentation; when it is a method, which a base class may call; when it is all that its
    block holds; or when what stays would no longer compile, or ruff would find a new undefined name.
    """
    began = time.monotonic()
    cause = Cause(f"Nobody calls {finding.symbol}: {finding.evidence[0] if finding.evidence else finding.message}.",
                  finding.path, finding.start, 0.8)  # fmt: skip
    try:
        tool = _tool_of(scene, finding)
        option = _option(scene, finding, tool)
    except (_RefusedError, ProofMissingError) as error:
        evidence = (*finding.evidence, f"It is not removed: {error}.")
        return Investigation(cause, evidence, seconds=time.monotonic() - began)
    return Investigation(cause, finding.evidence, (option,), "", 1, time.monotonic() - began)


def _tool_of(scene: Scene, finding: Finding) -> Tool:
    tools = Tools(scene)
    tool = tools.tools.get(finding.symbol)
    if tool is None:
        raise _RefusedError("it is not in the code any more")
    if not tools.is_unused(tools.use(tool.name)):
        raise _RefusedError("it was called meanwhile")
    if "." in tool.symbol:
        raise _RefusedError("it is a method or stands inside of a function, and what calls it need not name it")
    return tool


def _option(scene: Scene, finding: Finding, tool: Tool) -> Option:
    places = list(_mentions(scene, tool))
    if places:
        more = f" and {len(places) - _MOST_PLACES} more" if len(places) > _MOST_PLACES else ""
        raise _RefusedError(f"its name stands in {', '.join(places[:_MOST_PLACES])}{more}")
    source = scene.code.source(tool.path) or b""
    start, end = _span(source, tool)
    edits = [(start, end, ""), *orphaned_imports(source, source[:start] + source[end:])]
    change = Change(tuple(replace_span(tool.path, source, *edit) for edit in edits))
    after = change.apply({tool.path: source})[tool.path]
    reason = uncompilable({tool.path: after}) or new_lint({tool.path: source}, {tool.path: after})
    if reason:
        raise _RefusedError(f"what stays is not sound: {reason}")
    return Option(
        key="archive-1",
        title=f"Remove {tool.name}, which nobody calls",
        source="archive_tool",
        change=change,
        behaviour=(
            f"Whoever calls {tool.name} from outside of the repository gets an ImportError. Git keeps it: "
            f"`git show {scene.commit[:10]}:{tool.path}` shows it, and reverting the merge brings it back."
        ),
        determined_by=finding.evidence,
        proof=(
            f"The name {tool.symbol} stands nowhere else in the files of the repository.",
            "What stays compiles, and ruff finds no new undefined, doubled or unused name (F821, F811, F401).",
        ),
        symbols=(tool.name, *((tool.name.partition(":")[0],) if len(edits) > 1 else ())),
        prior=0.7,
    )


def _mentions(scene: Scene, tool: Tool) -> Iterator[str]:
    """`path:line` of lines that hold its name as a word, or a name that packages pass it on under."""
    word = re.compile(rf"\b{re.escape(tool.symbol)}\b".encode())
    for path in scene.code.paths():
        if not _TEXTS.search(path):
            continue
        if scene.code.size(path) > _LARGEST_TEXT:
            raise _RefusedError(f"{path} is too large to be searched for its name")
        source = scene.code.source(path) or b""
        for match in word.finditer(source):
            line = source.count(b"\n", 0, match.start()) + 1
            if path != tool.path or not tool.start <= line <= tool.end:
                yield f"{path}:{line}"


def _span(source: bytes, tool: Tool) -> tuple[int, int]:
    """Byte offsets of the tool with the blank lines above it. Raises _RefusedError where lines are shared."""
    text = decode(source)
    lines = lines_of(text)
    if "".join(lines).encode("utf-8", "surrogateescape") != source:
        raise _RefusedError(f"{tool.path} is not UTF-8")
    first, last = tool.start - 1, tool.end
    if lines[first][:1] in " \t" or (last < len(lines) and lines[last][:1] in " \t" and lines[last].strip()):
        raise _RefusedError("it stands inside of a block")
    while first and not lines[first - 1].strip():
        first -= 1
    sizes = [len(line.encode()) for line in lines]
    return sum(sizes[:first]), sum(sizes[:last])
