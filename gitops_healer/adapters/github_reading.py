"""GitHub's JSON, REST and GraphQL, as values of ours. Pure; what is missing is read as empty."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from gitops_healer.core.forge import (
    Comment,
    Permission,
    Pull,
    PullState,
    Source,
)
from gitops_healer.errors import ForgeError

Json = Mapping[str, Any]

GHOST = "ghost"
"""The login that GitHub shows for accounts that were deleted."""
BOT = "[bot]"

_ROLES = {
    "admin": Permission.ADMIN,
    "maintain": Permission.WRITE,
    "write": Permission.WRITE,
    "triage": Permission.READ,
    "read": Permission.READ,
}

P = ParamSpec("P")
T = TypeVar("T")


def promised(read: Callable[P, T]) -> Callable[P, T]:
    """Makes a ForgeError of an answer that is not what GitHub's description promises."""

    @wraps(read)
    def checked(*arguments: P.args, **named: P.kwargs) -> T:
        try:
            return read(*arguments, **named)
        except (KeyError, TypeError, ValueError, AttributeError, StopIteration) as error:
            what = f"{read.__name__}: {type(error).__name__} {error}"
            raise ForgeError(
                f"GitHub's answer is not what its description promises ({what}). "
                "Is GITHUB_API_URL the API of GitHub, or of a GitHub Enterprise Server that is still maintained?"
            ) from error

    return checked


# People


def login_of(user: Json | None) -> str:
    """GraphQL leaves `[bot]` out of the logins of Apps; here they have it, as everywhere else."""
    if not user:
        return GHOST
    login = str(user.get("login") or GHOST)
    return f"{login}{BOT}" if user.get("__typename") == "Bot" and not login.endswith(BOT) else login


def is_bot(user: Json | None, ours: str) -> bool:
    kind = (user or {}).get("type") or (user or {}).get("__typename")
    login = login_of(user)
    return kind == "Bot" or login.endswith(BOT) or login == ours


@promised
def permission_of(data: Json) -> Permission:
    """A role that the organisation made itself counts as what it is built on."""
    role = str(data.get("role_name") or "")
    return _ROLES.get(role) or _ROLES.get(str(data.get("permission") or ""), Permission.NONE)


def moment(text: str | None) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC) if text else datetime.fromtimestamp(0, UTC)


def spelled(when: datetime) -> str:
    """As GitHub takes and gives times: whole seconds, UTC."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def text_of(value: object) -> str:
    return value if isinstance(value, str) else ""


def same_text(one: str, other: str) -> bool:
    """GitHub's web page sends line ends as CRLF, and trims."""
    return plain(one) == plain(other)


def plain(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


# GraphQL


def nodes_of(node: Json, name: str) -> list[Json]:
    return [one for one in (node.get(name) or {}).get("nodes") or () if one]


def oid_of(commit: Json | None) -> str:
    return str((commit or {}).get("oid") or "")


def more_of(node: Json | None, name: str) -> bool:
    """Whether a list of a GraphQL answer goes on."""
    page = ((node or {}).get(name) or {}).get("pageInfo") or {}
    return bool(page.get("hasNextPage") or page.get("hasPreviousPage"))


# Pull requests

DRAFT = "[draft] "
"""How the title of a draft begins where the repository or its plan has no drafts."""


@promised
def pull_of(data: Json, repository: str) -> Pull:
    """repository: `owner/repo`; the branch of another repository is named `owner:branch`, and so never one of ours."""
    head = data["head"]
    home = head.get("repo") or {}
    own = str(home.get("full_name") or "").casefold() == repository.casefold()
    merged = bool(data.get("merged_at"))
    closed = PullState.MERGED if merged else PullState.CLOSED
    return Pull(
        number=data["number"],
        branch=head["ref"] if own else f"{login_of(head.get('user'))}:{head['ref']}",
        base=data["base"]["ref"],
        head=head["sha"],
        title=text_of(data["title"]),
        body=text_of(data.get("body")),
        author=login_of(data.get("user")),
        state=PullState.OPEN if data["state"] == "open" else closed,
        created=moment(data["created_at"]),
        url=data["html_url"],
        merge_commit=str(data.get("merge_commit_sha") or "") if merged else "",
        labels=tuple(str(label["name"]) for label in data.get("labels") or ()),
        draft=data.get("draft") is True or text_of(data["title"]).startswith(DRAFT),
    )


# Comments and reviews


@promised
def comment_of(data: Json, ours: str) -> Comment:
    """A comment of an issue or pull request; its head is not known here."""
    user = data.get("user")
    return Comment(
        id=str(data["id"]),
        pull=number_of(str(data.get("issue_url") or "")),
        author=login_of(user),
        body=text_of(data.get("body")),
        created=moment(data["created_at"]),
        edited=data.get("updated_at") != data["created_at"],
        bot=is_bot(user, ours),
        url=str(data.get("html_url") or ""),
    )


def number_of(url: str) -> int:
    """The number at the end of the address of an issue, 0 when there is none."""
    last = url.rpartition("/")[2]
    return int(last) if last.isascii() and last.isdigit() else 0


@dataclass(frozen=True)
class Reviewed:
    """One review, or its dismissal. state: of GitHub in lower case; edited: None when that cannot be told."""

    id: int
    state: str
    author: Json | None
    body: str
    when: datetime
    head: str
    url: str
    edited: bool | None


def review_comment(review: Reviewed, pull: int, ours: str) -> Comment | None:
    """The command that a review stands for; None for one that is pending, dismissed or empty."""
    login = login_of(review.author)
    match review.state:
        case "approved":
            name, body, edited = f"review-{review.id}", "/approve", False
        case "changes_requested":
            name, body, edited = f"review-{review.id}", f"/hold {login} requested changes: see the review", False
        case "approval dismissed":
            name, body, edited = f"review-{review.id}-dismissed", "/hold the approval was dismissed", False
        case "commented" if review.body.strip():
            # anybody with write permission may edit what others wrote: what may have been edited is no order
            name, body, edited = f"review-{review.id}", review.body, review.edited is not False
        case _:
            return None
    bot = is_bot(review.author, ours)
    return Comment(name, pull, login, body, review.when, edited, bot, review.head, Source.REVIEW, review.url)


def reviews_in(node: Json) -> Iterator[Reviewed]:
    """GraphQL: the reviews and the dismissals of approvals of one pull request."""
    for review in nodes_of(node, "reviews"):
        yield Reviewed(
            review["databaseId"], str(review["state"]).lower(), review.get("author"), text_of(review.get("body")),
            moment(review.get("submittedAt")), oid_of(review.get("commit")), str(review.get("url") or ""),
            bool(review.get("lastEditedAt")),
        )  # fmt: skip
    for event in nodes_of(node, "timelineItems"):
        review = event.get("review") or {}
        if event.get("previousReviewState") == "APPROVED" and review:
            yield Reviewed(
                review["databaseId"], "approval dismissed", event.get("actor"), "", moment(event["createdAt"]),
                oid_of(review.get("commit")), str(review.get("url") or ""), False,
            )  # fmt: skip


@promised
def review_of(data: Json) -> Reviewed:
    """REST, which does not tell whether a review was edited."""
    return Reviewed(
        data["id"], str(data["state"]).lower(), data.get("user"), text_of(data.get("body")),
        moment(data.get("submitted_at")), str(data.get("commit_id") or ""), str(data.get("html_url") or ""), None,
    )  # fmt: skip


@promised
def dismissal_of(event: Json, reviews: Mapping[int, Reviewed]) -> Reviewed | None:
    """REST: an event of an issue, when it is the dismissal of an approval."""
    dismissed = event.get("dismissed_review") or {}
    known = reviews.get(dismissed.get("review_id") or 0)
    if event.get("event") != "review_dismissed" or dismissed.get("state") != "approved" or known is None:
        return None
    when = moment(event["created_at"])
    return Reviewed(known.id, "approval dismissed", event.get("actor"), "", when, known.head, known.url, False)
