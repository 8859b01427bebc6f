"""Versions of a function, and two of them side by side, as people and programs read them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from gitops_healer.core.codec import to_json
from gitops_healer.core.versions import SymbolVersion, VersionCalls
from gitops_healer.evidence.history_compare import Comparison, Reliance, Side
from gitops_healer.report.terminal import clean, printable


def history_document(
    versions: Sequence[SymbolVersion], calls: Mapping[int, VersionCalls], unknown: VersionCalls
) -> dict[str, Any]:
    """Newest first. number 0: no version, see `core.versions.Kind`; unknown: calls of which nobody can tell which
    version they ran."""
    return {
        "tool": versions[0].tool,
        "versions": [_version(version) | _calls(calls.get(version.number)) for version in versions],
        "unknown": _calls(unknown),
    }


def compare_document(found: Comparison) -> dict[str, Any]:
    return {
        "first": _side(found.first),
        "second": _side(found.second),
        "same_code": found.same,
        "diff": found.diff,
        "relies_on": [to_json(item) for item in found.relies_on],
        "p_value": found.p_value,
        "errors_appeared": list(found.appeared),
        "errors_vanished": list(found.vanished),
    }


def history_text(
    versions: Sequence[SymbolVersion], calls: Mapping[int, VersionCalls], unknown: VersionCalls
) -> RenderableType:
    table = Table(title=clean(versions[0].tool), title_justify="left", box=None, pad_edge=False)
    for name in ("version", "how", "date", "author", "commit", "where", "calls", "good"):
        table.add_column(name, justify="right" if name in ("version", "calls", "good") else "left")
    for version in versions:
        own = calls.get(version.number) if version.number else None
        table.add_row(
            str(version.number or ""),
            clean(_how(version)),
            f"{version.when:%Y-%m-%d}",
            clean(version.author),
            version.commit[:10] + (f" #{version.pull}" if version.pull else ""),
            clean(f"{version.path}:{version.start} {version.symbol}"),
            f"{own.total:,}" if own else "",
            _percent(own.success_rate) if own else "",
        )
    return Group(table, *_notes(versions, unknown))


def _how(version: SymbolVersion) -> str:
    how = version.kind.value + (" and edited" if version.edited and version.previous else "")
    if version.upgrade:
        how += f" ({'takes back ' if version.reverts else ''}{version.upgrade})"
    if version.undone_by:
        how += f" (taken back by {version.undone_by[:10]})"
    return how


def _notes(versions: Sequence[SymbolVersion], unknown: VersionCalls) -> Iterator[Text]:
    if versions[-1].kind.value == "truncated":
        yield Text("The clone is shallow: older versions are seen after `git fetch --unshallow`.")
    if unknown.total:
        yield Text(f"{unknown.total:,} more calls: nobody can tell which version they ran, their commit is not known.")


def compare_text(found: Comparison) -> RenderableType:
    table = Table(box=None, pad_edge=False)
    for name in ("version", "commit", "date", "calls", "failed", "good", "95 % interval", "median", "95 % below"):
        table.add_column(name, justify="right" if name not in ("commit", "date") else "left")
    for side in (found.first, found.second):
        version, calls = side.version, side.calls
        span = f"{side.interval[0]:.2%} to {side.interval[1]:.2%}" if side.interval else ""
        table.add_row(
            str(version.number), version.commit[:10], f"{version.when:%Y-%m-%d}", f"{calls.total:,}",
            f"{calls.failed:,}", _percent(calls.success_rate), span, _ms(side.median_ms), _ms(side.p95_ms),
        )  # fmt: skip
    return Group(table, *(Text(line) for line in _verdict(found)), *_code(found))


def _code(found: Comparison) -> Iterator[RenderableType]:
    if found.diff:
        yield Text("")
        yield Syntax(printable(found.diff.expandtabs()), "diff", background_color="default", word_wrap=False)


def _verdict(found: Comparison) -> Iterator[str]:
    if found.p_value is not None:
        said = "differ" if found.p_value < 0.05 else "may well be the same"
        yield f"Their success rates {said} (Fisher's exact test, two-sided: p = {found.p_value:.2g})."
    if found.appeared:
        yield printable(f"Errors of the second alone: {', '.join(found.appeared)}.")
    if found.vanished:
        yield printable(f"Errors of the first alone: {', '.join(found.vanished)}.")
    if found.same:
        yield "The code is the same but for layout, comments and docstring."
    for item in found.relies_on:
        yield printable(_reliance(item))


def _reliance(item: Reliance) -> str:
    what = "is not the same in both" if item.what == "changed" else f"is used {item.what}"
    return f"{item.name} ({item.kind}), which it relies on, {what}."


def _version(version: SymbolVersion) -> dict[str, Any]:
    return {
        "number": version.number,
        "kind": version.kind.value,
        "edited": version.edited,
        "commit": version.commit,
        "path": version.path.encode("utf-8", "replace").decode(),
        "symbol": version.symbol,
        "tool": version.tool,
        "start": version.start,
        "end": version.end,
        "author": version.author,
        "when": version.when.isoformat(),
        "subject": version.subject,
        "pull": version.pull,
        "previous": to_json(version.previous) if version.previous else None,
        "upgrade": version.upgrade or None,
        "reverts": version.reverts or None,
        "undone_by": version.undone_by or None,
    }


def _calls(calls: VersionCalls | None) -> dict[str, Any]:
    calls = calls or VersionCalls()
    return {
        "calls": calls.total,
        "failed": calls.failed,
        "success_rate": calls.success_rate,
        "failures": dict(calls.failures),
    }


def _side(side: Side) -> dict[str, Any]:
    more = {"interval": side.interval, "median_ms": side.median_ms, "p95_ms": side.p95_ms}
    return _version(side.version) | _calls(side.calls) | more


def _percent(share: float | None) -> str:
    return f"{share:.2%}" if share is not None else ""


def _ms(duration: float | None) -> str:
    return f"{duration:,.1f} ms" if duration is not None else ""
