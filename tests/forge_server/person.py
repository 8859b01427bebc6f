"""A person at the web page: the same rules as the REST interface, by hand."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import RLock

from tests.forge_server import checks, issues, pulls
from tests.forge_server.access import allow
from tests.forge_server.errors import Refusal
from tests.forge_server.git_store import ZERO, Identity, commit_payload
from tests.forge_server.refs import check_direct_push, identity, move
from tests.forge_server.state import CheckRun, Comment, CommitStatus, Issue, Pull, Repository, Review, Token

Files = Mapping[str, str | bytes | None]


class Person:
    """What one login does in one repository. Raises Refusal where GitHub would say no."""

    def __init__(self, repository: Repository, token: Token, lock: RLock) -> None:
        self.repository = repository
        self.token = token
        self.login = token.login
        self._lock = lock

    @contextmanager
    def _acting(self, needs: str = "") -> Iterator[None]:
        """One at a time, and only who may: as a token of the person with every permission."""
        with self._lock:
            allow(self.repository, self.token, needs)
            yield

    # Issues and comments

    def open_issue(self, title: str, body: str = "") -> Issue:
        with self._acting("issues:write"):
            return issues.open_issue(self.repository, self.token, title, body)

    def comment(self, number: int, body: str) -> Comment:
        with self._acting("issues:write|pull_requests:write"):
            return issues.comment(self.repository, self.token, self.repository.issue(number), body)

    def edit_comment(self, comment_id: int, body: str) -> Comment:
        with self._acting("issues:write|pull_requests:write"):
            said = self.repository.comment(comment_id)
            issues.edit_comment(self.repository, self.token, said, body)
            return said

    def delete_comment(self, comment_id: int) -> None:
        with self._acting("issues:write|pull_requests:write"):
            issues.delete_comment(self.repository, self.token, self.repository.comment(comment_id))

    def react(self, comment_id: int, content: str) -> None:
        with self._acting("issues:write"):
            issues.react(self.repository, self.token, self.repository.comment(comment_id).reactions, content)

    def edit_issue(self, number: int, body: str | None = None, title: str | None = None) -> None:
        """The body or the title of an issue or a pull."""
        with self._acting("issues:write|pull_requests:write"):
            issues.edit(self.repository, self.token, self.repository.issue(number), title, body)

    def tick(self, number: int, text: str) -> None:
        """Tick the first open box whose line has `text` in it. Raises ValueError when there is none."""
        with self._acting("issues:write|pull_requests:write"):
            issue = self.repository.issue(number)
            lines = issue.body.split("\n")
            for place, line in enumerate(lines):
                if re.match(r"\s*[-*+] \[ \] ", line) and text in line:
                    lines[place] = line.replace("[ ]", "[x]", 1)
                    issues.edit(self.repository, self.token, issue, None, "\n".join(lines))
                    return
        raise ValueError(f"no open box with {text!r} in issue {number}; its body is:\n{issue.body}")

    def close(self, number: int) -> None:
        with self._acting("issues:write|pull_requests:write"):
            pull = self.repository.pulls.get(number)
            if pull is not None:
                pulls.close(self.repository, self.token, pull)
            else:
                issues.close(self.repository, self.token, self.repository.issue(number))

    def reopen(self, number: int) -> None:
        with self._acting("issues:write|pull_requests:write"):
            pull = self.repository.pulls.get(number)
            if pull is not None:
                pulls.reopen(self.repository, self.token, pull)
            else:
                issues.reopen(self.repository, self.token, self.repository.issue(number))

    def label(self, number: int, name: str) -> None:
        with self._acting("issues:write|pull_requests:write"):
            issues.add_labels(self.repository, self.token, self.repository.issue(number), [name])

    def unlabel(self, number: int, name: str) -> None:
        with self._acting("issues:write|pull_requests:write"):
            issues.remove_label(self.repository, self.token, self.repository.issue(number), name)

    # Pulls

    def open_pull(self, head: str, base: str, title: str, body: str = "", draft: bool = False) -> Pull:
        with self._acting("pull_requests:write"):
            return pulls.open_pull(self.repository, self.token, head, base, title, body, draft)

    def review(self, number: int, event: str, body: str = "", commit: str = "") -> Review:
        """event: APPROVE, REQUEST_CHANGES, COMMENT; commit: the head that was looked at, by default the present one."""
        with self._acting("pull_requests:write"):
            text = body or ("" if event == "APPROVE" else "See there.")
            return pulls.review(self.repository, self.token, self.repository.pull(number), event, text, commit)

    def dismiss_review(self, number: int, review_id: int, message: str = "Outdated.") -> None:
        with self._acting("pull_requests:write"):
            pull = self.repository.pull(number)
            given = next((known for known in pull.reviews if known.id == review_id), None)
            if given is None:
                raise Refusal(404, "Not Found")
            pulls.dismiss(self.repository, self.token, pull, given, message)

    def merge(self, number: int, method: str = "squash") -> str:
        """The sha of the merge."""
        with self._acting("contents:write"):
            return pulls.merge(self.repository, self.token, self.repository.pull(number), method)

    def change_base(self, number: int, branch: str) -> None:
        with self._acting("pull_requests:write"):
            pulls.change_base(self.repository, self.token, self.repository.pull(number), branch)

    def set_draft(self, number: int, draft: bool) -> None:
        with self._acting("pull_requests:write"):
            pulls.set_draft(self.repository, self.token, self.repository.pull(number), draft)

    # Git

    def push(self, branch: str, files: Files, message: str = "Work by hand") -> str:
        """A commit on the branch (on the default branch when there is none yet); None as content deletes a file."""
        with self._acting():
            git, default = self.repository.git, self.repository.options.default_branch
            tip = git.branch(branch)
            return self._commit(branch, tip or git.branch(default), tip, files, message)

    def force_push(self, branch: str, files: Files, message: str = "Work by hand", onto: str = "") -> str:
        """A commit that takes the place of what the branch had beyond `onto` (the default branch)."""
        with self._acting():
            git = self.repository.git
            ground = git.resolve(onto or self.repository.options.default_branch)
            return self._commit(branch, ground, git.branch(branch), files, message)

    def _commit(self, branch: str, parent: str | None, tip: str | None, files: Files, message: str) -> str:
        if self.repository.role(self.login) not in ("write", "maintain", "admin"):
            raise Refusal(403, f"Permission to {self.repository.full_name}.git denied to {self.login}.")
        git = self.repository.git
        self.repository.forge.clock.tick()
        tree = git.write_tree(parent, {path: self._entry(content) for path, content in files.items()})
        who: Identity = identity(self.repository, self.token)
        made = git.write_commit(commit_payload(tree, [parent] if parent else [], who, who, message))
        ref = f"refs/heads/{branch}"
        check_direct_push(self.repository, self.token, ref, made)
        move(self.repository, self.token, ref, made, tip or ZERO)
        return made

    def _entry(self, content: str | bytes | None) -> tuple[int, str] | None:
        if content is None:
            return None
        data = content.encode() if isinstance(content, str) else content
        return 0o100644, self.repository.git.write_blob(data)

    def move_branch(self, branch: str, sha: str) -> None:
        """Set or make a branch on a commit that the repository has; "" deletes it."""
        with self._acting("contents:write"):
            move(self.repository, self.token, f"refs/heads/{branch}", sha or ZERO)

    def delete_branch(self, branch: str) -> None:
        self.move_branch(branch, "")

    # Checks

    def set_status(self, sha: str, context: str, state: str, description: str | None = None) -> CommitStatus:
        with self._acting("statuses:write"):
            return checks.set_status(self.repository, self.token, sha, state, context, description)

    def check_run(self, sha: str, name: str, conclusion: str | None = "success", title: str = "") -> CheckRun:
        """A check run as a CI makes it; None: still running."""
        with self._acting():
            status = "in_progress" if conclusion is None else "completed"
            return checks.create_run(
                self.repository, self.token, sha, name, status=status, conclusion=conclusion, title=title or name
            )
