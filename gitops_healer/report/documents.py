"""What the command line prints with `--format json`: plain JSON values with stable keys."""

from typing import Any

from gitops_healer.core.codec import to_json
from gitops_healer.core.decision import Decision
from gitops_healer.core.execution import ToolStats
from gitops_healer.core.finding import Finding
from gitops_healer.core.history import History
from gitops_healer.core.summary import Summary
from gitops_healer.core.upgrade import Event, Stage, Upgrade
from gitops_healer.core.verdict import Verdict

SCHEMA = 1


def summary_document(summary: Summary) -> dict[str, Any]:
    """`heal`, `command` and each cycle of `watch`."""
    return {
        "schema": SCHEMA,
        "run": summary.run,
        "mode": summary.mode,
        "base_branch": summary.base_branch,
        "base": summary.base,
        "looks": [{"detector": look.detector, "findings": look.findings, "said": look.said} for look in summary.looks],
        "findings": [
            {**finding_document(finding), "decision": decision_document(decision)}
            for finding, decision in summary.findings
        ],
        "upgrades": [upgrade_document(up, waiting) for up, waiting in summary.upgrades],
        "moved": list(summary.moved),
        "replies": [to_json(reply) | {"allowed": reply.allowed} for reply in summary.replies],
        "notices": list(summary.notices),
        "errors": list(summary.errors),
        "events": summary.events,
    }


def finding_document(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "path": finding.path,
        "symbol": finding.symbol,
        "start": finding.start,
        "end": finding.end,
        "severity": finding.severity.value,
        "risk": finding.risk.value,
        "priority": finding.priority,
        "message": finding.message,
        "evidence": list(finding.evidence),
        "fingerprint": finding.fingerprint,
    }


def decision_document(decision: Decision) -> dict[str, Any]:
    return {
        "gate": decision.gate,
        "allowed": decision.allowed,
        "reason": decision.reason,
        "next_action": decision.next_action,
        "children": [decision_document(child) for child in decision.children],
    }


def upgrade_document(up: Upgrade, waiting: Decision | None = None) -> dict[str, Any]:
    """An upgrade as other programs read it. Keys that do not apply yet are null."""
    return {
        "id": up.id,
        "codename": up.codename,
        "stage": up.stage.value,
        "settled_as": up.settled_as.value if up.settled_as else None,
        "attempt": up.attempt,
        "finding": finding_document(up.finding),
        "cause": to_json(up.investigation.cause) if up.investigation else None,
        "diagnosis": to_json(up.investigation.diagnosis) if up.investigation and up.investigation.diagnosis else None,
        "question": up.held.question if up.held and up.held.question else None,
        "options": [
            {"key": o.key, "title": o.title, "template": o.source, "behaviour": o.behaviour,
             "determined_by": list(o.determined_by), "proof": list(o.proof)}
            for o in (up.investigation.options if up.investigation else ())
        ],
        "plan": to_json(up.plan) if up.plan else None,
        "base": up.base,
        "branch": up.proposed.branch if up.proposed else None,
        "pull": up.proposed.pull if up.proposed else None,
        "head": up.proposed.head if up.proposed else up.prepared.commit if up.prepared else None,
        "merge_commit": up.merged.commit if up.merged else None,
        "revert_pull": up.revert.pull if up.revert else None,
        "revert_commit": up.rolled_back.commit if up.rolled_back else None,
        "checks": to_json(last) if (last := last_verdict(up)) else None,
        "health": to_json(up.health) if up.health else None,
        "watch_until": up.watched.window.until.isoformat() if up.watched else None,
        "reason": up.reason or None,
        "next_action": next_action(up, waiting) or None,
        "waiting": decision_document(waiting) if waiting else None,
    }  # fmt: skip


def last_verdict(up: Upgrade) -> Verdict | None:
    if up.held and up.held.verdict:
        return up.held.verdict
    if up.watched:
        return up.watched.verdict
    if up.validated:
        return up.validated.verdict
    return up.prepared.verdict if up.prepared else None


def next_action(up: Upgrade, waiting: Decision | None) -> str:
    """What a person can do about it now."""
    if up.stage is Stage.HELD and up.held:
        return up.held.next_action
    return waiting.next_action if waiting else ""


def event_document(event: Event) -> dict[str, Any]:
    """One ledger line."""
    return {
        "v": event.v,
        "id": event.id,
        "ts": event.ts.isoformat(),
        "upgrade": event.upgrade,
        "run": event.run,
        "actor": event.actor,
        "event": event.name,
        "data": to_json(event.fact),
    }


def statistics_document(history: History) -> dict[str, Any]:
    """Counts by outcome and by rule, and what ended badly most often."""
    upgrades = list(history.upgrades.values())
    by_rule: dict[str, dict[str, int]] = {}
    failures: dict[str, int] = {}
    for up in upgrades:
        stage = (up.settled_as or up.stage).value
        counts = by_rule.setdefault(up.finding.rule, {})
        counts[stage] = counts.get(stage, 0) + 1
        if up.settled_as in (Stage.DROPPED, Stage.ROLLED_BACK):
            key = up.reason.partition(":")[0]
            failures[key] = failures.get(key, 0) + 1
    merged = sum(up.merged is not None for up in upgrades)
    rolled_back = sum(up.rolled_back is not None for up in upgrades)
    return {
        "upgrades": len(upgrades),
        "open": len(history.open()),
        "proposed": sum(up.proposed is not None for up in upgrades),
        "merged": merged,
        "rolled_back": rolled_back,
        "rollback_rate": round(rolled_back / merged, 4) if merged else None,
        "by_rule": dict(sorted(by_rule.items())),
        "failures": dict(sorted(failures.items(), key=lambda item: -item[1])),
    }


def stats_document(stat: ToolStats) -> dict[str, Any]:
    return {
        "tool": stat.tool,
        "total": stat.total,
        "failed": stat.failed,
        "success_rate": round(stat.success_rate, 6),
        "first": stat.first.isoformat(),
        "last": stat.last.isoformat(),
        "median_ms": stat.median_ms,
        "p95_ms": stat.p95_ms,
        "failures_by": dict(stat.failures_by),
    }
