"""Where GitHub's description is known to be wrong about GitHub: each with what is really so, and how it is known.
And one place where it is made stricter: which schema an event of a timeline must fit, it does not say; its name does.

Nullable enums that omit null, of which there are 71, need no line: `schema.with_null` adds it to all of them.
"""

from dataclasses import dataclass
from typing import Any

Json = Any

NULL = {"enum": [None]}


@dataclass(frozen=True)
class Waiver:
    """At `path` (keys and list positions from the top of the description) the schema `also` is right too."""

    path: tuple[str | int, ...]
    also: Json
    reason: str


def _body(path: str, method: str) -> tuple[str | int, ...]:
    return ("paths", path, method, "requestBody", "content", "application/json", "schema")


def _answer(path: str, method: str, status: str) -> tuple[str | int, ...]:
    return ("paths", path, method, "responses", status, "content", "application/json", "schema")


def _field(schema: str, *names: str) -> tuple[str | int, ...]:
    return ("components", "schemas", schema, *(step for name in names for step in ("properties", name)))


LABELS = "/repos/{owner}/{repo}/issues/{issue_number}/labels"
NAMES = {"type": "array", "items": {"type": "string"}}
FORK = "null when the fork was deleted: seen in recorded answers of GitHub"

PLAIN_LABEL = ("components", "schemas", "pull-request-simple", "properties", "labels", "items", "properties")

WAIVERS = (
    Waiver((*PLAIN_LABEL, "description"), NULL, "null for a label without one, as the schema `label` says"),
    Waiver(_body(LABELS, "post"), NAMES, "GitHub's documentation allows the bare list, and PyGithub sends it"),
    Waiver(_body(LABELS, "put"), NAMES, "GitHub's documentation allows the bare list, and PyGithub sends it"),
    Waiver(
        (*_answer("/app/installations", "get", "200"), "items"),
        {"$ref": "#/components/schemas/installation"},
        "it asks for a user and an enterprise at once, which its example breaks; one installation is described well",
    ),
    Waiver(
        ("components", "schemas", "api-overview"),
        {"type": "object", "properties": {"installed_version": {"type": "string"}}},
        "what GitHub Enterprise Server adds, whose layout the forge server has",
    ),
    *(
        Waiver(_field(schema, "head", field), NULL, FORK)
        for schema in ("pull-request", "pull-request-simple")
        for field in ("repo", "user", "label")
    ),
)


def waived(description: Json, waivers: tuple[Waiver, ...] = WAIVERS) -> Json:
    """The description, corrected in place. A waiver of something that is not there is an error: it is not needed."""
    for waiver in waivers:
        *above, last = waiver.path
        node = description
        try:
            for step in above:
                node = node[step]
            node[last] = {"anyOf": [node[last], waiver.also]}
        except (KeyError, IndexError) as error:
            raise LookupError(f"waivers.py: {waiver.path} is not in github.json ({error}); remove the waiver") from None
    return description


SPEAKING_EVENTS = ("labeled", "unlabeled", "assigned", "unassigned", "milestoned", "demilestoned", "renamed",
                   "review_requested", "review_request_removed", "review_dismissed", "locked")  # fmt: skip
OPEN_EVENTS = ("state-change", "added-to-project", "moved-column-in-project", "removed-from-project",
               "converted-note-to-issue")  # fmt: skip


def sharpened(description: Json) -> Json:
    """The description, in which `labeled` must have what a labeled event has: the schemas of events differ in their
    required fields, but all of them allow any name, so that the plainest fits every event."""
    schemas = description["components"]["schemas"]
    for event in SPEAKING_EVENTS:
        for prefix in ("", "timeline-"):
            if found := schemas.get(f"{prefix}{event.replace('_', '-')}-issue-event"):
                found["properties"]["event"] = {"type": "string", "enum": [event]}
    for name in OPEN_EVENTS:
        schemas[f"{name}-issue-event"]["properties"]["event"] = {"type": "string", "not": {"enum": [*SPEAKING_EVENTS]}}
    for name in ("line-commented", "commit-commented"):
        found = schemas[f"timeline-{name}-event"]
        found["properties"]["event"] = {"type": "string", "enum": [name]}
        found["required"] = ["event"]
    return description
