"""`gitops-healer tools`: which tools there are, what became of them, which do the same."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import typer

from gitops_healer.adapters.cache import scan_cache
from gitops_healer.adapters.embeddings import Embeddings, nearest
from gitops_healer.code.model import CodeModel
from gitops_healer.console.common import HERE, As, Format, RepoOption, caught_up, commit_of, show, told
from gitops_healer.core.codec import to_json
from gitops_healer.core.search import Ranking, fused
from gitops_healer.core.tools import Tool
from gitops_healer.errors import UnavailableError, UsageError
from gitops_healer.evidence.analysis import analyse
from gitops_healer.evidence.lost_tools import branched_at, lost_tools
from gitops_healer.evidence.tools import Tools, conflicts
from gitops_healer.evidence.twin_tools import twins
from gitops_healer.places import Choices, find_view
from gitops_healer.ports import Progress, Repository
from gitops_healer.registry import Absent, Scene
from gitops_healer.report import documents, terminal, tools_text
from gitops_healer.report.analysis_text import analysis_text
from gitops_healer.settings import model_endpoint
from gitops_healer.wiring import open_store

tools_app = typer.Typer(help="The tools: functions whose calls are recorded.", no_args_is_help=True)
_NONE = (
    "no tools yet: decorate functions with @gitops_healer.recorder.tool, or name your own decorator in tools.decorators"
)


def scene_at(repo: Any, progress: Progress, ref: str = "") -> Scene:
    """The scene of one commit, that of the base branch when none is named. Raises UsageError."""
    choices = Choices(repo, progress=progress)
    place = find_view(choices)
    repository, settings = place.repository, place.settings
    commit = place.base if place.base and not ref else commit_of(repository, ref or place.base_branch or "HEAD")
    cache = scan_cache(repository.state_dir, progress)
    code = CodeModel(repository.files(commit), repository.read_blob, cache, settings.detection.exclude)
    executions = caught_up(open_store(repository.state_dir))
    absent: Any = Absent("`tools` runs nothing")
    return Scene(
        commit, choices.clock.now(), repository, code, executions, absent, absent, absent, cache, settings, progress,
    )  # fmt: skip


@tools_app.command("list")
def tools_list(repo: RepoOption = HERE, format_: As = Format.text) -> None:
    """All tools: status, calls, success rate, last call, where."""
    with told(format_) as progress:
        entries = Tools(scene_at(repo, progress)).entries
    document = {"schema": documents.SCHEMA, "tools": [tools_text.entry_document(entry) for entry in entries]}
    show(format_, document, tools_text.entries_table(entries) if entries else _NONE)


@tools_app.command("show")
def tools_show(
    name: Annotated[str, typer.Argument(metavar="TOOL", help="pkg.mod:function, as `tools list` names it.")],
    repo: RepoOption = HERE,
    format_: As = Format.text,
) -> None:
    """One tool: success rate, trend, kinds of failure, durations, what goes with failing, and what to do."""
    with told(format_) as progress:
        found = analyse(scene_at(repo, progress), name)
    if found is None:
        shown = terminal.shorten(name, 200)
        raise UsageError(f"no call of {shown!r} was recorded in 30 days. Recorded tools: gitops-healer tools list")
    show(format_, {"schema": documents.SCHEMA, **to_json(found)}, analysis_text(found))


@tools_app.command("search")
def tools_search(
    text: Annotated[str, typer.Argument(help="What it should do, in words.")],
    repo: RepoOption = HERE,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many at most.")] = 10,
    format_: As = Format.text,
) -> None:
    """Find tools by what they do: by words, and by meaning where OPENAI_API_KEY is set."""
    with told(format_) as progress:
        scene = scene_at(repo, progress)
        tools = Tools(scene).tools
        found, note = search(list(tools.values()), text, embeddings_of(scene))
    rows = [{"name": tool.name, "score": score, **tools_text.tool_document(tool)} for tool, score in found[:limit]]
    document = {"schema": documents.SCHEMA, "query": text, "tools": rows, "note": note}
    empty = "no tool fits these words" if tools else _NONE
    texts = [tools_text.found_table(found[:limit]) if found else empty]
    show(format_, document, *texts, *([terminal.clean(note)] if note else []))


def _no_base(repository: Repository, base: str) -> UsageError:
    shown = terminal.shorten(base, 200)
    fetch = "--unshallow" if repository.is_shallow() else f"origin {shown.removeprefix('origin/')}"
    return UsageError(f"--base {shown} names no commit here. In CI fetch it first: git fetch {fetch}")


def search(tools: Sequence[Tool], text: str, embeddings: Embeddings | None) -> tuple[list[tuple[Tool, float]], str]:
    """(tool, BM25 score) best first, and a note when meaning could not be asked."""
    by_name = {tool.name: tool for tool in tools}
    ranked = Ranking({name: fields_of(tool) for name, tool in by_name.items()}).search(text)
    scores, order, note = dict(ranked), [name for name, _ in ranked], ""
    if embeddings is not None and tools:
        try:
            query, *vectors = embeddings.vectors([text, *(described(tool) for tool in tools)])
            order = fused([order, nearest(query, dict(zip(by_name, vectors, strict=True)))])
        except UnavailableError as error:
            note = f"{error}; searched by words alone"
    return [(by_name[name], scores.get(name, 0.0)) for name in order], note


def embeddings_of(scene: Scene) -> Embeddings | None:
    """None where no key is set."""
    url, key = model_endpoint()
    return Embeddings(scene.cache, url, key, scene.settings.tools.embedding_model) if key else None


def fields_of(tool: Tool) -> dict[str, str]:
    return {"name": tool.name, "docstring": tool.docstring, "code": " ".join((tool.signature, *tool.words))}


def described(tool: Tool) -> str:
    return f"{tool.name}{tool.signature}\n{tool.docstring}\n{' '.join(tool.words[:50])}"


@tools_app.command("sync")
def tools_sync(
    repo: RepoOption = HERE,
    since: Annotated[str, typer.Option("--since", help="A day, 2026-01-31.", show_default="the first call")] = "",
    format_: As = Format.text,
) -> None:
    """What commits did to tools, and what does not fit between the code and what was recorded."""
    with told(format_) as progress:
        scene = scene_at(repo, progress)
        tools = Tools(scene)
        events = tuple(tools.events_since(_day(since))) if since else tools.events
        said = list(conflicts(scene.code, tools.entries))
    document = {
        "schema": documents.SCHEMA, "commit": scene.commit,
        "events": [tools_text.event_document(event) for event in events],
        "aliases": {name: list(olds) for name, olds in tools.aliases.items()}, "conflicts": said,
    }  # fmt: skip
    show(format_, document, *tools_text.sync_texts(events, said))


def _day(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).astimezone()
    except ValueError:
        raise UsageError(f"--since {text} is no day. Example: --since 2026-01-31") from None


@tools_app.command("duplicates")
def tools_duplicates(repo: RepoOption = HERE, format_: As = Format.text) -> None:
    """Tools that do the same, side by side, and which to keep."""
    with told(format_) as progress:
        scene = scene_at(repo, progress)
        pairs = twins(scene, scene.settings.detection.duplicate_tool.similarity)
    document = {"schema": documents.SCHEMA, "pairs": [tools_text.twins_document(pair) for pair in pairs]}
    show(format_, document, *(tools_text.twins_texts(pairs) if pairs else ["no two tools do the same"]))


@tools_app.command("check")
def tools_check(
    base: Annotated[str, typer.Option("--base", help="What the change is made to.")],
    head: Annotated[str, typer.Option("--head", help="The change.")] = "HEAD",
    repo: RepoOption = HERE,
    fail_on: Annotated[bool, typer.Option("--fail-on/--report-only", help="Exit with 1 when tools are lost.")] = True,
    format_: As = Format.text,
) -> None:
    """Alert: tools in use that a change deletes or renames."""
    with told(format_) as progress:
        scene = scene_at(repo, progress, head)
        onto = scene.repository.resolve(base)
        if onto is None:
            raise _no_base(scene.repository, base)
        start = branched_at(scene, onto, scene.commit)
        lost = lost_tools(scene, start, scene.commit)
    document = {
        "schema": documents.SCHEMA, "base": start, "head": scene.commit,
        "lost": [tools_text.lost_document(one) for one in lost],
    }  # fmt: skip
    show(format_, document, *([terminal.clean(str(one)) for one in lost] or ["no tool in use is deleted or renamed"]))
    if lost and fail_on:
        raise typer.Exit(1)
