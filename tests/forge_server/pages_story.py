"""What happened on an issue or a pull request, as the lines of its page."""

from dataclasses import dataclass
from datetime import datetime

from tests.forge_server.state import Comment, Issue, IssueEvent, Repository, Review

WORDS = {
    "labeled": "added the label",
    "unlabeled": "removed the label",
    "closed": "closed this",
    "reopened": "reopened this",
    "merged": "merged commit",
    "renamed": "changed the title",
    "base_ref_changed": "changed the base branch",
    "head_ref_deleted": "deleted the branch",
    "head_ref_force_pushed": "force-pushed the branch",
    "review_dismissed": "dismissed a review",
    "review_requested": "requested a review from",
    "review_request_removed": "removed the request for a review from",
    "ready_for_review": "marked this as ready for review",
    "convert_to_draft": "marked this as a draft",
    "auto_merge_enabled": "enabled auto-merge",
    "auto_merge_disabled": "disabled auto-merge",
}
OPINIONS = {
    "APPROVED": "approved these changes",
    "CHANGES_REQUESTED": "requested changes",
    "COMMENTED": "reviewed",
    "DISMISSED": "reviewed; the review was dismissed",
    "PENDING": "started a review",
}


@dataclass(frozen=True)
class Line:
    """One line: who did what. Exactly one of comment, review and event is set."""

    created: datetime
    login: str
    words: str
    comment: Comment | None = None
    review: Review | None = None
    event: IssueEvent | None = None


def story(repository: Repository, issue: Issue) -> list[Line]:
    """Oldest first. That a merged pull was closed too goes without saying."""
    lines = [Line(said.created, said.login, "commented", comment=said) for said in repository.comments_of(issue.number)]
    pull = repository.pulls.get(issue.number)
    if pull is not None:
        lines += [
            Line(given.submitted, given.login, OPINIONS[given.state], review=given)
            for given in pull.reviews
            if given.state != "PENDING"
        ]
    lines += [
        Line(event.created, event.login, _words(event), event=event)
        for event in issue.events
        if not (event.name == "closed" and pull is not None and pull.merged is not None)
    ]
    return sorted(lines, key=lambda line: line.created)


def _words(event: IssueEvent) -> str:
    words = WORDS.get(event.name, event.name.replace("_", " "))
    if event.name == "closed" and event.state_reason:
        words += " as not planned" if event.state_reason == "not_planned" else f" as {event.state_reason}"
    return words
