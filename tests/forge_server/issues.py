"""Rules of issues and comments: one place for REST, GraphQL and people."""

from dataclasses import replace

from tests.forge_server import views, views_issues
from tests.forge_server.access import app_of, has_role, need_role
from tests.forge_server.errors import Refusal, invalid, not_found
from tests.forge_server.happening import tell
from tests.forge_server.state import BodyEdit, Comment, Issue, IssueEvent, Label, Reaction, Repository, Token

TOO_LONG = "body is too long (maximum is 65536 characters)"


def note(repository: Repository, issue: Issue, caller: Token, name: str, **facts: object) -> IssueEvent:
    """A line of the timeline."""
    forge = repository.forge
    line = IssueEvent(forge.new_id(), name, caller.login, forge.clock.now(), app=app_of(forge, caller))
    line = replace(line, **facts)  # type: ignore[arg-type]
    issue.events.append(line)
    issue.updated = forge.clock.now()
    return line


def touch(repository: Repository, issue: Issue) -> None:
    issue.updated = repository.forge.clock.now()


def new_issue(repository: Repository, caller: Token, title: str, body: str) -> Issue:
    """An issue with the next number; also the half of a pull that every issue has. Raises 422."""
    check_title(title)
    check_body(repository, body)
    forge, now = repository.forge, repository.forge.clock.tick()
    number = max(repository.issues, default=0) + 1
    issue = Issue(forge.new_id(), number, title, body, caller.login, now, now, app=app_of(forge, caller))
    repository.issues[number] = issue
    return issue


def open_issue(
    repository: Repository, caller: Token, title: str, body: str = "",
    labels: list[str] | None = None, assignees: list[str] | None = None,
) -> Issue:  # fmt: skip
    if not repository.options.has_issues:
        raise Refusal(410, "Issues has been disabled in this repository.")
    issue = new_issue(repository, caller, title, body)
    tell_issue(repository, caller, issue, "opened")
    if has_role(repository, caller, "triage"):
        add_labels(repository, caller, issue, labels or [])
        issue.assignees = [login for login in assignees or [] if login.lower() in repository.forge.users]
    return issue


def tell_issue(repository: Repository, caller: Token, issue: Issue, action: str, **parts: object) -> None:
    """An `issues` or, for a pull, a `pull_request` event."""
    pull = repository.pulls.get(issue.number)
    if pull is None:
        tell(repository, caller, "issues", action, issue=views_issues.issue(repository, issue), **parts)
        return
    from tests.forge_server.mergeability import full_pull  # the one circle: a pull is an issue too

    shown = full_pull(repository, pull)
    tell(repository, caller, "pull_request", action, number=pull.number, pull_request=shown, **parts)


def check_title(title: str) -> None:
    if not title.strip():
        raise invalid("Issue", "title", "missing_field")
    if len(title) > 256:
        raise invalid("Issue", "title", "custom", "title is too long (maximum is 256 characters)")


def check_body(repository: Repository, body: str) -> None:
    if len(body) > repository.forge.options.body_limit:
        raise invalid("Issue", "body", "custom", TOO_LONG)


def may_edit(repository: Repository, caller: Token, login: str) -> None:
    """An author edits what is his own; who may write edits anything."""
    if caller.login != login:
        need_role(repository, caller, "triage")


def edit(
    repository: Repository, caller: Token, issue: Issue, title: str | None = None, body: str | None = None
) -> None:
    may_edit(repository, caller, issue.login)
    now = repository.forge.clock.tick()
    changes: views.Json = {}
    if title is not None and title != issue.title:
        check_title(title)
        note(repository, issue, caller, "renamed", before=issue.title, after=title)
        changes["title"] = {"from": issue.title}
        issue.title = title
    if body is not None and body != issue.body:
        check_body(repository, body)
        issue.edits.append(BodyEdit(caller.login, now, issue.body, body))
        changes["body"] = {"from": issue.body}
        issue.body = body
    if changes:
        issue.updated = now
        tell_issue(repository, caller, issue, "edited", changes=changes)


def close(
    repository: Repository,
    caller: Token,
    issue: Issue,
    reason: str | None = None,
    commit: str = "",
    by_keyword: bool = False,
) -> None:
    """Close an issue (pulls.py closes pulls); a keyword in a commit closes it whoever wrote the issue."""
    if not by_keyword:
        may_edit(repository, caller, issue.login)
    if issue.state == "closed":
        return
    issue.state, issue.closed, issue.closed_by = "closed", repository.forge.clock.tick(), caller.login
    issue.state_reason = None if issue.number in repository.pulls else reason or "completed"
    note(repository, issue, caller, "closed", state_reason=issue.state_reason, commit=commit)
    tell_issue(repository, caller, issue, "closed")


def reopen(repository: Repository, caller: Token, issue: Issue) -> None:
    may_edit(repository, caller, issue.login)
    if issue.state == "open":
        return
    repository.forge.clock.tick()
    issue.state, issue.closed, issue.closed_by = "open", None, ""
    issue.state_reason = None if issue.number in repository.pulls else "reopened"
    note(repository, issue, caller, "reopened", state_reason=issue.state_reason)
    tell_issue(repository, caller, issue, "reopened")


# Labels


def make_label(
    repository: Repository, caller: Token, name: str, color: str = "ededed", text: str | None = None
) -> Label:
    """Raises 422 already_exists."""
    if not name.strip():
        raise invalid("Label", "name", "missing_field")
    if len(name) > 50:
        raise invalid("Label", "name", "custom", "name is too long (maximum is 50 characters)")
    if name.lower() in repository.labels:
        raise invalid("Label", "name", "already_exists")
    repository.forge.clock.tick()
    label = Label(repository.forge.new_id(), name, color.lstrip("#"), text)
    repository.labels[name.lower()] = label
    tell(repository, caller, "label", "created", label=views.label(repository, label))
    return label


def add_labels(repository: Repository, caller: Token, issue: Issue, names: list[str]) -> None:
    """Labels that the repository does not have are made."""
    for name in names:
        need_role(repository, caller, "triage")
        known = repository.labels.get(name.lower()) or make_label(repository, caller, name)
        if known.name in issue.labels:
            continue
        repository.forge.clock.tick()
        issue.labels.append(known.name)
        note(repository, issue, caller, "labeled", label=known.name)
        tell_issue(repository, caller, issue, "labeled", label=views.label(repository, known))


def remove_label(repository: Repository, caller: Token, issue: Issue, name: str) -> None:
    """Raises 404 when the label is not there."""
    need_role(repository, caller, "triage")
    known = repository.labels.get(name.lower())
    if known is None or known.name not in issue.labels:
        raise Refusal(404, "Label does not exist")
    repository.forge.clock.tick()
    issue.labels.remove(known.name)
    note(repository, issue, caller, "unlabeled", label=known.name)
    tell_issue(repository, caller, issue, "unlabeled", label=views.label(repository, known))


def set_labels(repository: Repository, caller: Token, issue: Issue, names: list[str]) -> None:
    wanted = {name.lower() for name in names}
    for name in [name for name in issue.labels if name.lower() not in wanted]:
        remove_label(repository, caller, issue, name)
    add_labels(repository, caller, issue, names)


# Comments


def check_comment(repository: Repository, body: str) -> None:
    if not body.strip():
        raise invalid("IssueComment", "data", "unprocessable", "Body cannot be blank")
    limit = repository.forge.options.body_limit
    if len(body) > limit:
        raise invalid("IssueComment", "data", "unprocessable", f"Body is too long (maximum is {limit} characters)")


def comment(repository: Repository, caller: Token, issue: Issue, body: str) -> Comment:
    check_comment(repository, body)
    if issue.locked and not has_role(repository, caller, "write"):
        raise Refusal(403, "Unable to create comment because issue is locked.")
    forge, now = repository.forge, repository.forge.clock.tick()
    said = Comment(forge.new_id(), issue.number, caller.login, body, now, now, app=app_of(forge, caller))
    repository.comments[said.id] = said
    touch(repository, issue)
    tell_comment(repository, caller, said, "created")
    return said


def tell_comment(repository: Repository, caller: Token, said: Comment, action: str, **parts: object) -> None:
    issue = views_issues.issue(repository, repository.issue(said.number))
    tell(
        repository, caller, "issue_comment", action,
        issue=issue, comment=views_issues.comment(repository, said), **parts,
    )  # fmt: skip


def edit_comment(repository: Repository, caller: Token, said: Comment, body: str) -> None:
    if caller.login != said.login:
        need_role(repository, caller, "write")
    check_comment(repository, body)
    if body == said.body:
        return
    now, before = repository.forge.clock.tick(), said.body
    said.edits.append(BodyEdit(caller.login, now, before, body))
    said.body, said.updated = body, now
    tell_comment(repository, caller, said, "edited", changes={"body": {"from": before}})


def delete_comment(repository: Repository, caller: Token, said: Comment) -> None:
    if caller.login != said.login:
        need_role(repository, caller, "write")
    repository.forge.clock.tick()
    del repository.comments[said.id]
    tell_comment(repository, caller, said, "deleted")


def react(repository: Repository, caller: Token, reactions: list[Reaction], content: str) -> tuple[Reaction, bool]:
    """(the reaction, whether it is new): a second equal one of the same person is the first. Raises 422."""
    if content not in views.REACTIONS:
        raise invalid("Reaction", "content")
    for known in reactions:
        if known.login == caller.login and known.content == content:
            return known, False
    made = Reaction(repository.forge.new_id(), caller.login, content, repository.forge.clock.tick())
    reactions.append(made)
    return made, True


def take_back_reaction(repository: Repository, caller: Token, reactions: list[Reaction], reaction_id: int) -> None:
    """Raises 404; only one's own can be taken back."""
    found = next((known for known in reactions if known.id == reaction_id), None)
    if found is None:
        raise not_found()
    if found.login != caller.login:
        need_role(repository, caller, "admin")
    repository.forge.clock.tick()
    reactions.remove(found)
