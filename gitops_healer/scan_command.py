"""`gitops-healer scan`: kept apart from the other commands, so that it starts without loading what they need."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from gitops_healer.boundary import guarded
from gitops_healer.core.baseline import Known, baseline_text, read_baseline, renewed
from gitops_healer.core.finding import Severity
from gitops_healer.errors import UsageError
from gitops_healer.places import Choices, build_site, quiet
from gitops_healer.ports import Progress
from gitops_healer.quick import deliver, remember
from gitops_healer.scan import Scan, Site, known_at, scan

BASELINE = ".github/gitops-healer-baseline.json"


class Format(StrEnum):
    text = "text"
    json = "json"
    sarif = "sarif"
    html = "html"


class Level(StrEnum):
    low = "low"
    medium = "medium"
    high = "high"


Repo = Annotated[Path, typer.Argument(help="A git repository.", show_default="the current directory")]


def scan_command(
    repo: Repo = Path(),
    ref: Annotated[str, typer.Option(help="The commit, branch or tag to look at.")] = "HEAD",
    path: Annotated[list[str] | None, typer.Option(help="Report on these files only: a path or pattern.")] = None,
    format_: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.text,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file, not to stdout.")] = None,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Read everything anew and keep nothing.")] = False,
    jobs: Annotated[int, typer.Option(min=0, help="Processes; 0 means one for each processor.")] = 0,
    fail_on: Annotated[Level | None, typer.Option(help="Exit with 1 on findings at least so severe.")] = None,
    new_since: Annotated[str, typer.Option(metavar="REF", help="Only what was not there at this commit.")] = "",
    baseline: Annotated[
        Path | None, typer.Option(help="Leave out what this file lists.", show_default=f"{BASELINE} of the commit")
    ] = None,
    update_baseline: Annotated[
        bool, typer.Option("--update-baseline", help="Write what is found to the baseline file, in your work tree.")
    ] = False,
) -> None:
    """What the code of a commit suffers from: size, cycles, coupling, copies, dead code, slow control flow."""
    with telling() as progress:
        site = build_site(Choices(repo, progress=progress), jobs, not no_cache)
        commit = commit_of(site, ref)
        file = baseline or site.repository.path / BASELINE
        known = known_findings(site, commit, baseline, new_since, update_baseline)
        done = scan(site, commit, ref, tuple(path or ()), known)
    if update_baseline:
        update(file, done)
    pieces = rendered(done, format_, live=output is None and sys.stdout.isatty())
    if pieces:
        deliver(pieces, str(output or ""))
    else:
        show_on_terminal(done)
    code = exit_code(done, fail_on)
    if pieces and not (no_cache or update_baseline or done.lost):
        remember(sys.argv[1:], code, pieces, done.report.stats.__dict__ if format_ is Format.json else None)
    site.close()
    if code:
        raise typer.Exit(code)


def commit_of(site: Site, ref: str) -> str:
    """Raises UsageError."""
    commit = site.repository.resolve(ref)
    if commit is None and ref == "HEAD":
        raise UsageError(f"{site.repository.path} has no commit yet: make one, then scan again")
    if commit is None:
        raise UsageError(
            f"there is no commit {ref!r} in {site.repository.path}. `git log --oneline` lists those that are"
        )
    return commit


def known_findings(site: Site, commit: str, baseline: Path | None, since: str, updating: bool) -> tuple[Known, ...]:
    """What is not new: from the earlier commit, and from the baseline file (the named one, or that of the commit)."""
    known: list[Known] = list(known_at(site, commit_of(site, since))) if since else []
    if baseline is not None and baseline.is_file():
        known += read_baseline(baseline.read_bytes(), str(baseline))
    elif baseline is not None and not updating:
        raise UsageError(
            f"{baseline} is not a file: `gitops-healer scan --baseline {baseline} --update-baseline` makes it"
        )
    elif baseline is None and (text := site.repository.read(commit, BASELINE)) is not None:
        known += read_baseline(text, BASELINE)
    return tuple(known)


def update(file: Path, done: Scan) -> None:
    """Write the baseline. What stands in files that were not read stays in it."""
    known = read_baseline(file.read_bytes(), str(file)) if file.is_file() else ()
    modules = done.report.modules
    unread = {path for path in done.code.included if path not in modules or not modules[path].analyzable}
    text = baseline_text(renewed(done.findings, known, lambda path: path in unread))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    sys.stderr.write(f"wrote {file}: {len(done.findings):,} findings\n")


def rendered(done: Scan, format_: Format, live: bool) -> list[bytes]:
    """The output in pieces; none for text on a terminal, which is coloured while it is printed."""
    match format_:
        case Format.json:
            from gitops_healer.report.scan_json import scan_json

            paths = done.report.modules
            blobs = {path: done.code.blob(path) for path in paths}
            return list(scan_json(done.report, done.code.listings(paths), blobs))
        case Format.sarif:
            return [encoded(sarif_text(done))]
        case Format.html:
            from gitops_healer.report.page import html_page

            return [encoded(html_page(done.report, done.code.text))]
        case Format.text:
            return [] if live else [encoded(plain_text(done))]


def encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def sarif_text(done: Scan) -> str:
    import json

    from gitops_healer.registry import Detector, discover
    from gitops_healer.report.sarif import RuleHelp, sarif_document

    rules = [RuleHelp(item.name, item.help, item.doc) for item in discover("gitops_healer.detectors", Detector)]
    return json.dumps(sarif_document(done.report, rules)) + "\n"


def plain_text(done: Scan) -> str:
    import io

    from rich.console import Console

    from gitops_healer.report.scan_text import print_scan

    page = io.StringIO()
    print_scan(
        Console(file=page, width=200, soft_wrap=True, highlight=False, emoji=False, color_system=None), done.report
    )
    return page.getvalue()


def show_on_terminal(done: Scan) -> None:
    from gitops_healer.report import terminal
    from gitops_healer.report.scan_text import print_scan

    print_scan(terminal.console(), done.report)


def exit_code(done: Scan, fail_on: Level | None) -> int:
    if fail_on is None:
        return 0
    least = Severity(fail_on.value).weight
    return int(any(finding.severity.weight >= least for finding in done.report.findings))


@contextmanager
def telling() -> Iterator[Progress]:
    """One line on a terminal that is written over; no thread, since processes are forked meanwhile."""
    if not sys.stderr.isatty():
        yield quiet
        return
    yield lambda text: _write_over(text)
    _write_over("")


def _write_over(text: str) -> None:
    shown = "".join(char if char.isprintable() else "?" for char in text)[:100]
    sys.stderr.write(f"\r\033[K{shown}")
    sys.stderr.flush()


def main() -> None:
    """`gitops-healer scan` by itself."""
    app = typer.Typer(name="gitops-healer", rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command("scan")(scan_command)
    app.callback()(lambda: None)
    guarded(app)
