"""Code that the policy of a repository does not want."""

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from gitops_healer.code.matching.message import filled
from gitops_healer.code.patterns import matcher
from gitops_healer.core.codec import digest
from gitops_healer.core.finding import Finding, Risk, Severity, fingerprint
from gitops_healer.registry import FileView, file_detector
from gitops_healer.settings_patterns import PatternRule

if TYPE_CHECKING:
    from gitops_healer.code.matching.language import Match

_RULE = "custom_pattern"
_PRIORITY = {Severity.LOW: 3, Severity.MEDIUM: 5, Severity.HIGH: 8}
_SHOWN = 120
"""Characters of code that evidence shows."""


@file_detector
def custom_pattern(view: FileView) -> Iterable[Finding]:
    """Code that fits a pattern which the repository itself has written into its policy (`patterns.rules`).

    What it is: Python with `$X` for any expression and `...` for any number of things, compared with the syntax tree,
    so that layout, quotes, the order of keywords and how a name was imported do not matter. The language is described
    in [patterns.md](patterns.md).

    Why it matters: what a team agreed on (no request without a timeout, no `print` in the library) is held without
    anybody having to remember it.

    Silent: without rules; outside of a rule's `paths` and in its `exclude`. Where looking for a pattern takes too long
    a finding of low severity says so.

    How to fix: what the message of the rule says.
    """
    active = {rule.id: rule for rule in view.settings.patterns.rules if _is_about(rule, view.path)}
    seen: Counter[tuple[str, str, str]] = Counter()
    for match in view.matches:
        rule = active.get(match.rule)
        if rule is not None:
            code = "".join(match.text.split())
            seen[match.rule, match.symbol, code] += 1
            yield _finding(rule, match, view.path, code, seen[match.rule, match.symbol, code])


def _is_about(rule: PatternRule, path: str) -> bool:
    return (not rule.paths or matcher(rule.paths)(path)) and not matcher(rule.exclude)(path)


def _finding(rule: PatternRule, match: "Match", path: str, code: str, number: int) -> Finding:
    """code: without layout; number: counts equal pieces of code in one function, which are findings of their own."""
    said = filled(rule.message, match.bound) or "This code fits a pattern of the policy"
    if not match.complete:
        said = "Looking for this pattern took too long here, so that some of its matches may be missing"
    return Finding(
        rule=_RULE,
        path=path,
        symbol=match.symbol,
        start=match.start,
        end=match.end,
        severity=rule.severity if match.complete else Severity.LOW,
        message=f"{said} ({rule.id}).",
        fingerprint=fingerprint(_RULE, f"{match.rule}:{match.symbol}", digest(code, number)),
        risk=Risk.MEDIUM,
        priority=_PRIORITY[rule.severity] if match.complete else 1,
        evidence=tuple(_evidence(match)),
    )


def _evidence(match: "Match") -> Iterable[str]:
    yield f"the code: {_short(match.text)}"
    for name, text in sorted(match.bound.items()):
        yield f"${name} is {_short(text)}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"
