"""A watch as a picture: failures before and after the merge against what is tolerated, and the evidence over time.

Standalone SVG, alone or in a page without scripts; nothing is loaded. Whatever comes from the repository is escaped
text. Colours follow what the reader's system prefers, dark or light.
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from math import e, log10
from typing import Final

from gitops_healer import __version__
from gitops_healer.core.judgement.keeping import folded
from gitops_healer.core.judgement.weighing import rate_before, tolerated
from gitops_healer.core.upgrade import (
    Event,
    HealthChecked,
    Regressed,
    RevertProposed,
    RolledBack,
    Stabilised,
    Upgrade,
)
from gitops_healer.core.watching import Evidence, Health, Judgement, Measure, Reading
from gitops_healer.report.monitor_text import next_step, rate, rows, what
from gitops_healer.report.terminal import printable, shorten

Hours = Mapping[str, Sequence[tuple[datetime, float, float]]]

_WIDTH: Final = 960
_LEFT: Final = 64
_RIGHT: Final = 24
_HEAD: Final = 54
_RATES: Final = 150
_GAP: Final = 32
_EVIDENCE: Final = 120
_PANEL: Final = _HEAD + _RATES + _GAP + _EVIDENCE + 46
_SUBJECTS: Final = 6
_LEAST: Final = 4.0
_MOST: Final = 12.0
"""Powers of ten that the evidence is drawn for."""

STYLE: Final = """
:root { color-scheme: light dark; --page: #f7f7f5; --card: #fff; --ink: #16181d; --quiet: #5a606b; --line: #dedfdc;
  --before: #98a1ae; --after: #2467bb; --bad: #c22b1c; --bar: #a85a00; --alarm: #7aa7e0; --good: #2a7a3e; }
@media (prefers-color-scheme: dark) { :root { --page: #14161a; --card: #1c1f25; --ink: #e8e9ec; --quiet: #a3a9b4;
  --line: #343841; --before: #6d7683; --after: #76aff0; --bad: #ff8b7b; --bar: #f2b261; --alarm: #3f6da8;
  --good: #7fd093; } }
body { margin: 0 auto; max-width: 1040px; padding: 0 24px 60px; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; margin: 24px 0 0; }
.quiet { color: var(--quiet); }
figure { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 12px; margin: 18px 0; }
svg { width: 100%; height: auto; display: block; }
table { border-collapse: collapse; width: 100%; background: var(--card); }
th, td { text-align: left; padding: 4px 10px; border-bottom: 1px solid var(--line); }
svg text { fill: var(--ink); font: 12px system-ui, -apple-system, "Segoe UI", sans-serif; }
svg .small { fill: var(--quiet); font-size: 11px; }
svg .title { font-weight: 600; font-size: 14px; }
svg .axis { stroke: var(--line); fill: none; }
svg .before { fill: var(--before); }
svg .after { fill: var(--after); }
svg .tolerated { stroke: var(--bar); stroke-dasharray: 6 4; fill: none; }
svg .alarm { stroke: var(--alarm); stroke-width: 2; fill: none; }
svg .conviction { stroke: var(--after); stroke-width: 2.5; fill: none; }
svg .dot { fill: var(--after); }
svg .mark { stroke: var(--quiet); fill: none; }
svg .bad { stroke: var(--bad); }
svg .good { stroke: var(--good); }
svg .ground { fill: var(--card); }
"""


@dataclass(frozen=True)
class Mark:
    """Something that happened. kind: a class of the picture, "" for neutral."""

    at: datetime
    text: str
    kind: str = ""


@dataclass(frozen=True)
class Scale:
    """Time to x."""

    start: datetime
    end: datetime

    def x(self, at: datetime) -> float:
        share = (at - self.start) / (self.end - self.start)
        return _LEFT + min(1.0, max(0.0, share)) * (_WIDTH - _LEFT - _RIGHT)


def monitor_page(up: Upgrade, events: Sequence[Event], hours: Hours, now: datetime) -> str:
    """The whole page. events: of this upgrade; hours: (start, total, failed) before the merge, by tool."""
    health, title = _last_health(events) or up.health, _shown(up.plan.title if up.plan else up.finding.message)
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    reason = _shown(health.reason) if health else "not checked yet"
    judgement = health.judgement.value if health else "no judgement"
    notes = "".join(f"<li>{_shown(note)}</li>" for note in (health.notes if health else ()))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>Watch of {_shown(up.codename)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f'<h1>{_shown(up.codename)}: {title}</h1>\n<p class="quiet">{up.id}, {(up.settled_as or up.stage).value}, by '
        f"gitops-healer {escape(__version__)} at {now:%Y-%m-%d %H:%M} UTC</p>\n"
        f"<p><b>{judgement}</b>: {reason}</p>\n<p>Next: {_shown(next_step(up, health, now))}</p>\n"
        f"<figure>{monitor_picture(up, events, hours, now, styled=False)}</figure>\n"
        f"{f'<ul>{notes}</ul>' if notes else ''}\n{_figures(health)}\n</body>\n</html>\n"
    )


def monitor_picture(up: Upgrade, events: Sequence[Event], hours: Hours, now: datetime, *, styled: bool = True) -> str:
    """The picture alone: a panel a subject. styled: with its own colours, for a file of its own."""
    health = _last_health(events) or up.health
    found = [row for row in rows(health) if _drawn(row[0])][:_SUBJECTS] if health else []
    height = max(1, len(found)) * _PANEL + 10
    style = f"<style>{STYLE}</style>" if styled else ""
    name = f"Failures and evidence of {_shown(up.codename)}"
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{name}">'
        f'{style}<rect class="ground" x="0" y="0" width="{_WIDTH}" height="{height}"/>'
    )
    if up.watched is None or not found:
        return f'{head}<text x="{_LEFT}" y="40">nothing was measured yet</text></svg>\n'
    window = up.watched.window
    before = [hour for reading, _ in found for hour in hours.get(reading.subject, ())]
    span = window.until - window.opened
    start = max(window.baseline_from, window.opened - span) if before else window.opened - span / 8
    scale, marks = Scale(start, window.until), tuple(_marks(up, events))
    parts = [_panel(up, row, n * _PANEL, scale, hours, events, marks) for n, row in enumerate(found)]
    return f"{head}{''.join(parts)}</svg>\n"


def _drawn(reading: Reading) -> bool:
    return reading.measure is not Measure.CODE and not reading.apart


def _last_health(events: Sequence[Event]) -> Health | None:
    known: Health | None = None
    for event in events:
        if isinstance(event.fact, HealthChecked):
            known = folded(known, event.fact.health)
    return known


def _marks(up: Upgrade, events: Sequence[Event]) -> Iterator[Mark]:
    """The merge, the first suspicion, the conviction, the revert, the end."""
    if up.watched is not None:
        yield Mark(up.watched.window.opened, "merged")
    suspected = False
    for event in events:
        match event.fact:
            case HealthChecked(health) if health.judgement is Judgement.SUSPECT and not suspected:
                suspected = True
                yield Mark(event.ts, "suspect", "tolerated")
            case Regressed():
                yield Mark(event.ts, "regressed", "bad")
            case RevertProposed(draft=draft):
                yield Mark(event.ts, "draft revert" if draft else "revert", "")
            case RolledBack():
                yield Mark(event.ts, "taken back", "good")
            case Stabilised():
                yield Mark(event.ts, "stable", "good")


def _panel(
    up: Upgrade,
    row: tuple[Reading, Evidence | None],
    top: int,
    scale: Scale,
    hours: Hours,
    events: Sequence[Event],
    marks: Sequence[Mark],
) -> str:
    reading, evidence = row
    low = top + _HEAD + _RATES
    parts = [
        _text(_LEFT, top + 20, f"{shorten(reading.subject, 80)}: {what(reading)}", "title"),
        _text(_LEFT, top + 37, _said(reading), "small"),
        *_rates(up, reading, low, scale, hours.get(reading.subject, ()) if _counts(reading) else ()),
        *_course(reading, evidence, low + _GAP, scale, events),
        *_flags(marks, top + _HEAD, low + _GAP + _EVIDENCE, scale),
        *_days(low + _GAP + _EVIDENCE, scale),
    ]
    return "".join(parts)


def _counts(reading: Reading) -> bool:
    """Whether the hours of the store are of the same thing."""
    return reading.measure is Measure.FAILURES and reading.metric == "executions"


def _said(reading: Reading) -> str:
    before = rate(reading.before_failed, reading.before_total)
    return f"before {before}, since the merge {rate(reading.after_failed, reading.after_total)}"


def _rates(
    up: Upgrade, reading: Reading, low: int, scale: Scale, before: Sequence[tuple[datetime, float, float]]
) -> Iterator[str]:
    """Bars of the failure rate; before by the hour, after by the block."""
    assert up.watched is not None
    opened, step = up.watched.window.opened, up.watched.tolerance.block_length
    bars = [(start, min(start + timedelta(hours=1), opened), f / n, "before") for start, n, f in before if n]
    for block in reading.blocks:
        if block.total:
            start = opened + block.number * step
            bars.append((start, start + step, block.failed / block.total, "after"))
    allowed = tolerated(reading.measure, rate_before(reading), up.watched.tolerance)
    top = min(1.0, 1.15 * max([0.05, allowed, *(share for *_, share, _ in bars)]))
    for start, end, share, kind in bars:
        if end > scale.start and share > 0:
            x, height = scale.x(start), share / top * _RATES
            width = max(1.0, scale.x(end) - x - 0.5)
            yield (
                f'<rect class="{kind}" x="{x:.1f}" y="{low - height:.1f}" width="{width:.1f}" height="{height:.1f}">'
                f"<title>{start:%Y-%m-%d %H:%M}: {share:.1%} failed</title></rect>"
            )
    yield _line(_LEFT, low, _WIDTH - _RIGHT, low, "axis")
    yield _text(_LEFT - 8, low + 4, "0 %", "small", "end")
    yield _text(_LEFT - 8, low - _RATES + 10, f"{top:.0%}".replace("%", " %"), "small", "end")
    y = low - allowed / top * _RATES
    yield _line(scale.x(opened), y, _WIDTH - _RIGHT, y, "tolerated")
    yield _text(_WIDTH - _RIGHT, y - 4, f"tolerated: {allowed:.1%}", "small", "end")


def _course(
    reading: Reading, evidence: Evidence | None, top: int, scale: Scale, events: Sequence[Event]
) -> Iterator[str]:
    """The evidence at each check, as powers of ten, against what is needed."""
    low = top + _EVIDENCE
    points = [
        (event.ts, one)
        for event in events
        if isinstance(event.fact, HealthChecked)
        for one in [next((e for e in event.fact.health.evidence if _of(e) == reading.key), None)]
    ]
    needed = evidence.needed if evidence else next((one.needed for _, one in points if one), 0.0)
    if not needed:
        yield _text(_LEFT, top + 14, "no evidence that it got worse", "small")
        return
    highest = max((log10(e) * one.alarm for _, one in points if one), default=0.0)
    most = max(_LEAST, min(_MOST, highest), 1.2 * log10(e) * needed)

    def y(logarithm: float) -> float:
        return low - min(1.0, max(0.0, log10(e) * logarithm / most)) * _EVIDENCE

    yield _line(_LEFT, low, _WIDTH - _RIGHT, low, "axis")
    yield _text(_LEFT - 8, low + 4, "1", "small", "end")
    yield _text(_LEFT - 8, top + 10, f"1e{most:.0f}", "small", "end")
    yield _text(
        _LEFT, top - 6, "evidence; light: all blocks (alarm), strong: none counts for much (conviction)", "small"
    )
    yield _line(_LEFT, y(needed), _WIDTH - _RIGHT, y(needed), "tolerated")
    yield _text(_WIDTH - _RIGHT, y(needed) - 4, f"needed: {10 ** (log10(e) * needed):,.0f} : 1", "small", "end")
    for kind in ("alarm", "conviction"):
        drawn = [(scale.x(at), y(getattr(one, kind) if one else 0.0)) for at, one in points]
        if drawn:
            yield f'<polyline class="{kind}" points="{" ".join(f"{x:.1f},{at:.1f}" for x, at in drawn)}"/>'
    if points:
        at, one = points[-1]
        yield f'<circle class="dot" cx="{scale.x(at):.1f}" cy="{y(one.conviction if one else 0.0):.1f}" r="3.5"/>'


def _of(evidence: Evidence) -> tuple[str, str, str, str]:
    return evidence.metric, evidence.subject, evidence.measure.value, evidence.detail


def _flags(marks: Sequence[Mark], top: int, low: int, scale: Scale) -> Iterator[str]:
    """Lines through both charts; names that would meet are set one below the other."""
    taken: list[float] = []
    for mark in sorted(marks, key=lambda mark: mark.at):
        if not scale.start <= mark.at:
            continue
        x = scale.x(mark.at)
        row = sum(abs(x - other) < 70 for other in taken)
        taken.append(x)
        yield _line(x, top - 4, x, low, f"mark {mark.kind}".strip())
        side = "end" if x > _WIDTH - 120 else "start"
        yield _text(x + (-4 if side == "end" else 4), top + 8 + 13 * row, mark.text, "small", side)


def _days(low: int, scale: Scale) -> Iterator[str]:
    """A few times below."""
    span = scale.end - scale.start
    for n in range(5):
        at = scale.start + n / 4 * span
        anchor = "start" if n == 0 else "end" if n == 4 else "middle"
        yield _text(scale.x(at), low + 16, f"{at:%m-%d %H:%M}", "small", anchor)


def _figures(health: Health | None) -> str:
    if health is None or not health.readings:
        return ""
    lines = "".join(
        f"<tr><td>{_shown(reading.subject)}</td><td>{_shown(what(reading))}</td>"
        f"<td>{rate(reading.before_failed, reading.before_total, reading.measure)}</td>"
        f"<td>{rate(reading.after_failed, reading.after_total, reading.measure)}</td></tr>"
        for reading, _ in rows(health)
    )
    return f"<table><tr><th>subject</th><th>what</th><th>before</th><th>since the merge</th></tr>{lines}</table>"


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _text(x: float, y: float, text: str, kind: str, anchor: str = "start") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{_shown(text)}</text>'


def _shown(text: str) -> str:
    return escape(printable(text))
