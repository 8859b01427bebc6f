"""Rules of reviews and of asking for them."""

from dataclasses import replace

from tests.forge_server import issues, views, views_issues
from tests.forge_server.access import has_role, need_role
from tests.forge_server.errors import Refusal, invalid
from tests.forge_server.happening import tell
from tests.forge_server.mergeability import tell_pull
from tests.forge_server.merging import merge_what_waits
from tests.forge_server.state import Pull, Repository, Review, Token

EVENTS = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}


def review(repository: Repository, caller: Token, pull: Pull, event: str, body: str = "", commit: str = "") -> Review:
    """event: APPROVE, REQUEST_CHANGES or COMMENT. Raises 422."""
    if event not in EVENTS:
        raise invalid("PullRequestReview", "event")
    author = repository.issues[pull.number].login
    if author == caller.login and event != "COMMENT":
        verb = "approve" if event == "APPROVE" else "request changes on"
        raise Refusal(422, "Unprocessable Entity", [f"Can not {verb} your own pull request"])
    if caller.kind == "actions" and event == "APPROVE" and not repository.options.actions_may_open_pulls:
        raise Refusal(422, "Unprocessable Entity", ["GitHub Actions is not permitted to approve pull requests."])
    if event != "APPROVE" and not body.strip():
        raise Refusal(422, "Unprocessable Entity", ["Review Can not be blank"])
    issues.check_body(repository, body)
    if commit and repository.git.commit(commit) is None:
        raise Refusal(422, "Unprocessable Entity", ["The commit_id is not part of the pull request"])
    now = repository.forge.clock.tick()
    given = Review(repository.forge.new_id(), caller.login, body, EVENTS[event], commit or pull.head, now)
    pull.reviews.append(given)
    if caller.login in pull.requested_reviewers:
        pull.requested_reviewers.remove(caller.login)
    issues.touch(repository, repository.issues[pull.number])
    _tell_review(repository, caller, pull, given, "submitted")
    merge_what_waits(repository, caller)
    return given


def dismiss(repository: Repository, caller: Token, pull: Pull, given: Review, message: str) -> None:
    need_role(repository, caller, "write")
    if given.state not in ("APPROVED", "CHANGES_REQUESTED"):
        word = "commented" if given.state == "COMMENTED" else given.state.lower()
        raise Refusal(422, f"Can not dismiss a {word} pull request review")
    repository.forge.clock.tick()
    dismiss_now(repository, caller, pull, given, message)


def dismiss_now(repository: Repository, caller: Token, pull: Pull, given: Review, message: str) -> None:
    before = given.state.lower()
    given.state = "DISMISSED"
    issues.note(
        repository, repository.issues[pull.number], caller, "review_dismissed",
        before=before, review_id=given.id, message=message,
    )  # fmt: skip
    _tell_review(repository, caller, pull, given, "dismissed")


def _tell_review(repository: Repository, caller: Token, pull: Pull, given: Review, action: str) -> None:
    shown = views_issues.review(repository, pull, given)
    tell(
        repository, caller, "pull_request_review", action,
        review=shown | {"state": given.state.lower()}, pull_request=views_issues.simple_pull(repository, pull),
    )  # fmt: skip


def request_reviewers(repository: Repository, caller: Token, pull: Pull, logins: list[str]) -> None:
    """Raises 422 for the author and for who has no access."""
    author = repository.issues[pull.number].login
    for login in logins:
        if login == author:
            raise Refusal(422, "Review cannot be requested from pull request author.")
        if not has_role(repository, replace(caller, kind="pat", login=login), "read") or (
            login.lower() not in {name.lower() for name in (*repository.roles, repository.owner)}
        ):
            text = "Reviews may only be requested from collaborators. One or more of the users or teams you specified"
            raise Refusal(422, f"{text} is not a collaborator of the {repository.full_name} repository.")
    repository.forge.clock.tick()
    for login in logins:
        if login not in pull.requested_reviewers:
            pull.requested_reviewers.append(login)
            note_request(repository, caller, pull, login, "review_requested")


def withdraw_request(repository: Repository, caller: Token, pull: Pull, logins: list[str]) -> None:
    repository.forge.clock.tick()
    for login in logins:
        if login in pull.requested_reviewers:
            pull.requested_reviewers.remove(login)
            note_request(repository, caller, pull, login, "review_request_removed")


def note_request(repository: Repository, caller: Token, pull: Pull, login: str, name: str) -> None:
    issues.note(repository, repository.issues[pull.number], caller, name, reviewer=login)
    reviewer = views.user(repository.forge, login)
    tell_pull(repository, caller, pull, name, requested_reviewer=reviewer)
