"""What could be done about findings: one suggestion for what one change would end."""

from collections.abc import Iterable

from gitops_healer.core.codec import digest
from gitops_healer.core.finding import Finding
from gitops_healer.core.scanning import Suggestion

# rule: (kind of the change, what it is called)
_CHANGES = {
    "god_class": ("split_class", "Split {symbol}"),
    "god_module": ("split_module", "Split the module {symbol}"),
    "low_cohesion": ("split_class", "Split {symbol} by what belongs together"),
    "circular_import": ("break_cycle", "Break the import cycle of {symbol}"),
    "duplicate_code": ("merge_duplicates", "Merge the copies of {symbol}"),
    "high_coupling": ("decouple", "Let {symbol} know fewer modules"),
    "unstable_dependency": ("decouple", "Turn the dependency of {symbol} round"),
    "layer_violation": ("restore_layers", "Restore the layers at {symbol}"),
    "mixed_concerns": ("separate_concerns", "Separate what {symbol} does"),
    "complexity": ("simplify", "Simplify {symbol}"),
    "inefficient_control_flow": ("simplify", "Speed up {symbol}"),
    "dead_code": ("remove_dead_code", "Remove {symbol}"),
    "custom_pattern": ("apply_pattern", "Replace what the pattern {symbol} finds"),
}
_ONE_FOR_ALL = frozenset({"inefficient_control_flow", "dead_code", "complexity"})
"""Rules whose findings in one file are one piece of work."""


def suggestions_for(findings: Iterable[Finding]) -> tuple[Suggestion, ...]:
    """One a finding, or one a file where many small ones are one piece of work; the most urgent first."""
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for finding in findings:
        if finding.rule in _CHANGES:
            alone = finding.rule not in _ONE_FOR_ALL
            groups.setdefault((finding.rule, finding.path, *([finding.fingerprint] if alone else ())), []).append(
                finding
            )
    made = [_suggestion(group) for group in groups.values()]
    return tuple(sorted(made, key=lambda item: (-item.priority, item.modules, item.id)))


def _suggestion(group: list[Finding]) -> Suggestion:
    first = max(group, key=lambda item: item.priority)
    kind, title = _CHANGES[first.rule]
    more = f" and {len(group) - 1} more in {first.path}" if len(group) > 1 else ""
    return Suggestion(
        id=f"su-{digest(kind, sorted(item.fingerprint for item in group))[:10]}",
        kind=kind,
        title=f"{title.format(symbol=first.symbol)}{more}",
        risk=max((item.risk for item in group), key=lambda risk: risk.weight),
        priority=first.priority,
        modules=tuple(sorted({path for item in group for path in item.modules})),
        findings=tuple(item.fingerprint for item in group),
    )
