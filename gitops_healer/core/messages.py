"""What is said to people while an upgrade moves: templates with named places, one table for all of them.

The texts stand in `policies/messages.yml`; a repository words any of them otherwise in `.github/gitops-healer.yml`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

MOST_CHARACTERS = 4_000

_TOKEN = re.compile(r"\{\{|\}\}|\{([A-Za-z_][A-Za-z0-9_]*)\}|[{}]")
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})", re.MULTILINE)
_BLOCK_TAG = re.compile(r"<(/?)(details|summary|table|pre|div|blockquote)\b[^>]*>", re.IGNORECASE)


@dataclass(frozen=True)
class Message:
    """One kind of message. when: in which moment it is said, a sentence; values: names that its template may use."""

    name: str
    when: str
    values: tuple[str, ...] = ()


VALUES: Mapping[str, str] = {
    "answers": "what can be written as an answer, one bullet a line",
    "by": "who did it or asked for it",
    "cause": "the root cause, a sentence",
    "codename": "the two words that the upgrade is called by",
    "commit": "the merge commit",
    "components": "the parts of the code that are meant",
    "count": "how many",
    "id": "the id of the upgrade, `up-` and ten hex digits",
    "lines": "lines added plus lines removed",
    "needed": "the permission that is needed",
    "next": "what a person can do about it",
    "paths": "the files that are changed",
    "permission": "the permission that the person has",
    "phase": "what is being done at the moment",
    "question": "what is asked",
    "reason": "why, a sentence",
    "request": "what was asked for, in the words of who asked",
    "retry": "the command that tries again",
    "revert": "the commit that takes the merge back",
    "risk": "low, medium or high",
    "title": "what the upgrade is about, a sentence",
    "until": "when the watch ends, UTC",
    "upgrades": "the upgrades that are meant, one bullet a line",
    "version": "of the plan, from 1",
    "what": "what a person did",
}
"""What the names in templates stand for. Foreign text arrives quoted: no markup in it does anything."""

_UPGRADE = ("id", "codename", "title")

KINDS: tuple[Message, ...] = (
    Message("processing", "A request for work was read and is taken up.", ("by", "request", "components")),
    Message("question", "Something has to be answered first.", ("question", "answers")),
    Message("served", "A request was looked at, and upgrades were queued for it.", ("components", "count", "upgrades")),
    Message("served_nothing", "A request was looked at, and nothing was found to do.", ("components", "reason")),
    Message("refusal", "Somebody ordered what they may not order.", ("by", "permission", "needed", "next")),
    Message("queued", "An upgrade waits for its turn.", (*_UPGRADE, "reason")),
    Message("planning", "The cause is found, the plan is being made.", (*_UPGRADE, "cause")),
    Message(
        "plan_ready",
        "A plan is there; when policy wants it, a maintainer has to approve it.",
        (*_UPGRADE, "version", "lines", "paths", "risk"),
    ),
    Message(
        "plan_expired",
        "A plan ended without approval: nobody answered in time, or somebody dropped it.",
        (*_UPGRADE, "version", "reason", "retry"),
    ),
    Message("starting", "The plan is approved, the change is being built.", (*_UPGRADE, "by", "version")),
    Message("working", "Between the plan and the merge.", (*_UPGRADE, "phase")),
    Message("restarting", "It is merged, and the checks run again on the merge commit.", (*_UPGRADE, "commit")),
    Message("watching", "It is merged and watched.", (*_UPGRADE, "commit", "until", "reason")),
    Message("success", "It is merged and it held.", (*_UPGRADE, "commit", "reason")),
    Message("unproven", "The watch ended without enough data.", (*_UPGRADE, "commit", "reason", "next")),
    Message("taking_back", "Things got worse, or somebody wants it: it is being taken back.", (*_UPGRADE, "reason")),
    Message("taken_back", "It was merged and taken back.", (*_UPGRADE, "commit", "revert", "reason", "next")),
    Message("failure", "It ended without a merge.", (*_UPGRADE, "reason", "retry")),
    Message(
        "cleared",
        "It was taken from the queue before it began, because another update failed, say.",
        (*_UPGRADE, "reason", "retry"),
    ),
    Message("held", "It waits for a person.", (*_UPGRADE, "by", "reason", "next")),
    Message("hands_off", "A person took the pull request over; said once.", (*_UPGRADE, "what", "next")),
)
"""In the order of an upgrade's life."""

_BY_NAME: Mapping[str, Message] = {kind.name: kind for kind in KINDS}


@dataclass(frozen=True)
class Messages:
    """The templates in force, by name; every name of `KINDS` is there (see `problem_of` for what a template may be)."""

    templates: Mapping[str, str]

    def render(self, name: str, **values: str) -> str:
        """The message, as Markdown. values: all that the kind has, safe already: foreign text goes through
        `core.quoting`. Raises KeyError for a kind or value that is not in the table: that is a bug of the caller."""
        missing = set(_BY_NAME[name].values) ^ set(values)
        if missing:
            raise KeyError(f"{name}: {', '.join(sorted(missing))}")
        return _TOKEN.sub(lambda found: _filled(found, values), self.templates[name]).strip()


def problem_of(name: str, template: str) -> str | None:
    """Why a text cannot be the template of a kind, as the end of a sentence that begins with its key; None when it can.

    `{name}` stands for a value, `{{` and `}}` for braces. Fences and tags must be closed, so that what follows the
    message is shown as it is meant; HTML comments are for the healer's own markers.
    """
    if not template.strip():
        return "must say something"
    if len(template) > MOST_CHARACTERS:
        return f"must have at most {MOST_CHARACTERS:,} characters, not {len(template):,}"
    if "<!--" in template:
        return "must not have HTML comments"
    return _brace_problem(_BY_NAME[name], template) or _fence_problem(template) or _tag_problem(template)


def _brace_problem(kind: Message, template: str) -> str | None:
    allowed = ", ".join(f"{{{value}}}" for value in kind.values)
    for found in _TOKEN.finditer(template):
        if found[0] in ("{", "}"):
            near = template[max(0, found.start() - 10) : found.end() + 15].strip()
            return (
                f"has a single {found[0]} near {near!r}: write {allowed.split(', ')[0]} for a value, {{{{ for a brace"
            )
        if found[1] and found[1] not in kind.values:
            return f"must not use {{{found[1]}}}. Allowed here: {allowed}"
    return None


def _fence_problem(template: str) -> str | None:
    opened = ""
    for found in _FENCE.finditer(template):
        mark = found[1]
        if not opened:
            opened = mark
        elif mark[0] == opened[0] and len(mark) >= len(opened):
            opened = ""
    return f"must close its code block {opened}" if opened else None


def _tag_problem(template: str) -> str | None:
    tags: list[str] = []
    for closing, tag in _BLOCK_TAG.findall(template):
        if not closing:
            tags.append(tag.lower())
        elif not tags or tags.pop() != tag.lower():
            return f"must not close <{tag.lower()}> where it is not open"
    return f"must close <{tags[-1]}>" if tags else None


def _filled(found: re.Match[str], values: Mapping[str, str]) -> str:
    return values[found[1]] if found[1] else found[0][0]


def messages_page(templates: Mapping[str, str]) -> str:
    """The documentation of all messages, as Markdown. templates: the default ones."""
    return "\n".join(_page(templates))


def _page(templates: Mapping[str, str]) -> Iterator[str]:
    yield _HEAD
    yield "| value | stands for |\n|---|---|"
    yield from (f"| `{{{name}}}` | {meaning} |" for name, meaning in VALUES.items())
    for kind in KINDS:
        values = ", ".join(f"`{{{value}}}`" for value in kind.values)
        yield f"\n## {kind.name}\n\n{kind.when} Values: {values}.\n\n```markdown\n{templates[kind.name].strip()}\n```"
    yield ""


_HEAD = """\
# Messages

What the healer says in its comment on a pull request and where work was ordered. Each is a Markdown text that a
repository can word otherwise:

```yaml
# .github/gitops-healer.yml
messages:
  success: "Healed, merged as `{commit}`: {reason}"
```

`{name}` stands for a value, `{{` and `}}` for braces. A message need not use all of its values; one that it does not
have is an error that names those that it has (`gitops-healer config check`). Fences and tags must be closed. Text that
comes from the repository or from people arrives quoted as code. This page is written from the code.
"""
