"""Webhook payloads, as the runner leaves them in a file: the part that counts. JSON ends here."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gitops_healer.core.activity import ForgeEvent
from gitops_healer.errors import UsageError

MAX_PAYLOAD = 32 * 1024**2
"""Bytes. GitHub delivers payloads of at most 25 MB: https://docs.github.com/webhooks/webhook-events-and-payloads"""


def read_event(name: str, path: Path | None) -> ForgeEvent:
    """What happened. Raises UsageError: no event, or a payload that is missing, too large or no such thing."""
    if not name:
        raise UsageError("which event? GITHUB_EVENT_NAME is not set. By hand: --event-name workflow_dispatch")
    if path is None:
        if name in ("schedule", "workflow_dispatch"):
            return ForgeEvent(name)
        raise UsageError(f"{name} needs its payload: GITHUB_EVENT_PATH is not set. By hand: --event-path FILE")
    return event_of(name, _payload(path))


def _payload(path: Path) -> Mapping[str, Any]:
    try:
        if path.stat().st_size > MAX_PAYLOAD:
            raise UsageError(f"{path} has more than {MAX_PAYLOAD // 1024**2} MB, which no payload of an event has")
        data = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise UsageError(f"{path} is not there: --event-path must name the JSON file of the event") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is no JSON payload of an event: {str(error)[:200]}") from None
    if not isinstance(data, dict):
        raise UsageError(f"{path} is no payload of an event: it must be a JSON object, not {type(data).__name__}")
    return data


def event_of(name: str, payload: Mapping[str, Any]) -> ForgeEvent:
    """The part of a payload that counts. What is missing or of another kind than it should be is empty."""
    said = _object(payload, "comment") or _object(payload, "review")
    issue, pull = _object(payload, "issue"), _object(payload, "pull_request")
    run = _object(payload, "workflow_run") or _object(payload, "check_suite")
    sender = _object(payload, "sender")
    people = [person for person in (sender, _object(said, "user")) if person]
    head = _object(pull, "head")
    names = [_text(branch, "name") for branch in _list(payload, "branches") if isinstance(branch, dict)]
    return ForgeEvent(
        name=name,
        action=_text(payload, "action"),
        repository=_text(_object(payload, "repository"), "full_name"),
        actor=_text(sender, "login") or _text(_object(said, "user"), "login"),
        by_bot=any(_text(person, "type") == "Bot" or _text(person, "login").endswith("[bot]") for person in people),
        text=_text(said, "body") if said else _text(issue, "body"),
        ref=_text(payload, "ref"),
        deleted=payload.get("deleted") is True,
        pull=_number(pull, "number") or _number(issue, "number"),
        branch=_text(head, "ref")
        or _text(run, "head_branch")
        or next((branch for branch in names if branch.startswith("healer/")), next(iter(names), "")),
        head=_text(head, "sha") or _text(run, "head_sha") or _text(payload, "sha"),
        head_repository=_text(_object(head, "repo"), "full_name")
        or _text(_object(run, "head_repository"), "full_name"),
        state=_text(said, "state") if "review" in payload else _text(payload, "state"),
        context=_text(payload, "context"),
    )


def _list(data: Mapping[str, Any], key: str) -> list[Any]:
    value = data.get(key)
    return value if isinstance(value, list) else []


def _object(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = data.get(key)
    return value if isinstance(value, dict) else {}


def _text(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key)
    return value if isinstance(value, str) else ""


def _number(data: Mapping[str, Any], key: str) -> int:
    value = data.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
