"""Pull requests at GitHub: read, opened once, changed, closed, and merged exactly as they were proven."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlencode

from gitops_healer.adapters.forge_input import checked_body, checked_title
from gitops_healer.adapters.github_errors import LostAnswerError, RefusedError
from gitops_healer.adapters.github_reading import DRAFT, pull_of, same_text
from gitops_healer.adapters.github_sight import Sight
from gitops_healer.adapters.github_site import Site
from gitops_healer.core.forge import Pull, PullState
from gitops_healer.errors import ForgeError, HealerError, LostRaceError, NotMergeableError, PullRefusedError
from gitops_healer.ports import Conflict

PATIENCE = (1.0, 2.0, 3.0, 4.0, 5.0, 5.0)
"""Seconds between looks at a pull request of which GitHub still computes whether it can be merged."""
LONGEST_LINK = 8_000
_MERGES_SEARCHED = 500
_MOVED = ("head branch was modified", "base branch was modified", "head sha")

_NO_DRAFTS = "draft pull requests are not supported"

Look = Callable[[], Pull | None]


@dataclass(frozen=True)
class Proposal:
    """What a new pull request is to say."""

    branch: str
    base: str
    title: str
    body: str
    draft: bool = False

    def as_ordinary(self) -> "Proposal":
        """The same without being a draft; its title says that it is one."""
        return replace(self, title=titled(self.title, self.draft), draft=False)


class Pulls:
    def __init__(self, site: Site, sight: Sight) -> None:
        self._site = site
        self._sight = sight

    # Reading

    def all(self, state: PullState | None) -> tuple[Pull, ...]:
        """By number. Who closed them is not among it: ask for one of them."""
        if state is PullState.OPEN:
            return tuple(self._sight.open_pulls().values())
        found = self._listed(state="all" if state is None else "closed", sort="created", direction="asc")
        return tuple(pull for pull in found if state in (None, pull.state))

    def of_branch(self, branch: str) -> Pull | None:
        found = self._listed(head=f"{self._site.owner}:{branch}", state="all", sort="created", direction="desc")
        return max((pull for pull in found if pull.branch == branch), key=lambda pull: pull.number, default=None)

    def _listed(self, **query: str) -> Iterator[Pull]:
        found = self._site.client.each(self._site.path("pulls"), **query)
        return (pull_of(data, self._site.place.name) for data in found)

    def known(self, number: int) -> Pull:
        pull = self._sight.pull(number)
        if pull is None:
            raise ForgeError(f"there is no pull request #{number} in {self._site.place.name}")
        return pull

    # Writing

    def open(self, wanted: Proposal) -> Pull:
        checked_title(wanted.title)
        checked_body(wanted.body)

        def look() -> Pull | None:
            found = self._listed(head=f"{self._site.owner}:{wanted.branch}", state="open")
            return next((pull for pull in found if pull.branch == wanted.branch), None)

        pull = look() or self._opened(wanted, look)
        self._sight.note(pull)
        return pull

    def _opened(self, wanted: Proposal, look: Look) -> Pull:
        said = {"title": wanted.title, "body": wanted.body, "head": wanted.branch, "base": wanted.base}
        body = {**said, "draft": True} if wanted.draft else said
        try:
            return self._site.client.create(
                self._site.path("pulls"), body, look, lambda data: pull_of(data, self._site.place.name)
            )
        except RefusedError as error:
            if error.status == 403:
                raise self._refused(error, wanted.as_ordinary()) from error
            if error.status == 422 and wanted.draft and _NO_DRAFTS in error.said.lower():
                return self._opened(wanted.as_ordinary(), look)
            if error.status == 422 and "already exists" in error.said and (found := look()):
                return found
            if error.status == 422:
                why = f"{wanted.branch} cannot be proposed for {wanted.base}: {error.said}"
                raise ForgeError(f"{why}. Push a commit to it first") from error
            raise

    def _refused(self, error: RefusedError, wanted: Proposal) -> PullRefusedError:
        place = f"{self._site.place.server_url}/{self._site.place.name}"
        link = compare_link(place, wanted.base, wanted.branch, wanted.title, wanted.body)
        advice = str(error)
        if "not permitted to create" in error.said:
            advice = (
                f"{error.said} Tick `Allow GitHub Actions to create and approve pull requests` in the settings of the "
                "repository (Actions, General) and of its organisation, or use a GitHub App's token"
            )
        return PullRefusedError(advice, link)

    def update(self, number: int, title: str, body: str) -> None:
        pull = self.known(number)
        title = titled(checked_title(title), pull.title.startswith(DRAFT))
        checked_body(body)
        if pull.title == title and same_text(pull.body, body):
            return
        data = self._site.client.change("PATCH", self._site.path("pulls", number), {"title": title, "body": body})
        self._sight.note(replace(pull_of(data, self._site.place.name), closed_by=pull.closed_by))

    def close(self, number: int) -> None:
        pull = self.known(number)
        if pull.state is PullState.MERGED:
            raise ForgeError(f"#{number} is merged as {pull.merge_commit[:10]}: it cannot be closed, only taken back")
        if pull.state is PullState.OPEN:
            data = self._site.client.change("PATCH", self._site.path("pulls", number), {"state": "closed"})
            self._sight.note(pull_of(data, self._site.place.name))

    # Merging

    def merge(self, number: int, head: str, message: str) -> str:
        """The squash commit, which is here afterwards."""
        data = self._settled(number, head)
        pull = pull_of(data, self._site.place.name)
        commit = pull.merge_commit or self._half_merged(pull, message)
        if not commit:
            if data.get("mergeable") is False:
                raise ForgeError(f"#{number} conflicts with {pull.base}: build the change again on {pull.base}")
            if pull.draft:  # GitHub does not refuse those of which only the title says so
                raise NotMergeableError(f"#{number} is still a draft: mark it ready first")
            commit = self._merged(pull, message)
        self._sight.note(replace(pull, state=PullState.MERGED, merge_commit=commit))
        if self._site.origin.head(pull.base) != commit and self._site.repository.resolve(commit) is None:
            self._site.origin.refresh()
        return commit

    def _settled(self, number: int, head: str) -> Any:
        """The pull request as it stands, once GitHub knows whether it can be merged. Raises when it cannot be ours."""
        for seconds in (*PATIENCE, 0.0):
            data = self._fresh(number)
            pull = pull_of(data, self._site.place.name)
            if pull.state is PullState.CLOSED:
                raise ForgeError(f"#{number} was closed: it cannot be merged")
            if pull.head != head:
                done = "was merged" if pull.state is PullState.MERGED else "stands"
                raise LostRaceError(f"#{number} {done} at {pull.head[:10]}, not at {head[:10]}: prove that first")
            if pull.state is PullState.MERGED or data.get("mergeable") is not None:
                return data
            if seconds:
                self._site.client.pause(seconds)
        raise NotMergeableError(f"GitHub still computes whether #{number} can be merged: the next cycle tries again")

    def _fresh(self, number: int) -> Any:
        try:
            return self._site.client.fresh(self._site.path("pulls", number))
        except RefusedError as error:
            if error.status == 404:
                raise ForgeError(f"there is no pull request #{number} in {self._site.place.name}") from error
            raise

    def _merged(self, pull: Pull, message: str) -> str:
        title, _, rest = message.strip().partition("\n")
        body = {"sha": pull.head, "merge_method": "squash", "commit_title": title, "commit_message": rest.strip()}
        try:
            data = self._site.client.change("PUT", self._site.path("pulls", pull.number, "merge"), body, repeat=False)
        except LostAnswerError as error:
            return self._after_all(pull, message, error)
        except RefusedError as error:
            if error.status == 409 or any(words in error.said.lower() for words in _MOVED):
                said = f"#{pull.number} was not merged: {error.said}"
                raise LostRaceError(f"{said}. Prove what stands there now") from error
            if error.status == 405:
                raise NotMergeableError(f"#{pull.number} cannot be merged now: {error.said}") from error
            raise ForgeError(f"#{pull.number} cannot be merged: {error}") from error
        return str(data["sha"])

    def _after_all(self, pull: Pull, message: str, error: LostAnswerError) -> str:
        """Nobody knows whether it was merged: look, and never merge a second time in this cycle."""
        self._site.client.pause(1.0)
        self._site.origin.refresh()
        now = pull_of(self._fresh(pull.number), self._site.place.name)
        if now.state is PullState.MERGED and now.head == pull.head:
            return now.merge_commit
        if commit := self._half_merged(now, message):
            return commit
        raise ForgeError(f"#{pull.number}: whether it was merged is not known; the next cycle looks again. {error}")

    def _half_merged(self, pull: Pull, message: str) -> str:
        """The squash commit on the base of a pull request that stayed open: GitHub can fail between the two. It is
        closed then."""
        commit = self._landed(pull, message)
        if commit:
            self._site.client.change("PATCH", self._site.path("pulls", pull.number), {"state": "closed"})
        return commit

    def _landed(self, pull: Pull, message: str) -> str:
        base = self._site.origin.head(pull.base)
        commits = self._site.repository
        try:
            if not base or not commits.resolve(pull.head):
                return ""
            theirs = commits.commit(pull.head)
            made = commits.squash(base, pull.head, message, theirs.committer)
        except HealerError:
            return ""
        if isinstance(made, Conflict) or commits.commit(made).tree != commits.commit(base).tree:
            return ""
        for earlier in commits.log(base, limit=_MERGES_SEARCHED):
            if earlier.message.strip() == message.strip():
                return earlier.id
        return ""


def titled(title: str, draft: bool) -> str:
    """The title of an ordinary pull request, which says that it is a draft when it is meant as one."""
    return f"{DRAFT}{title}" if draft and not title.startswith(DRAFT) else title


def compare_link(repository: str, base: str, branch: str, title: str, body: str) -> str:
    """Where a person opens the pull request with two clicks. repository: its address; under 8,000 characters, for which
    the end of the text is left out, but for the hidden marker."""
    start = f"{repository}/compare/{quote(base, safe='/')}...{quote(branch, safe='/')}?expand=1&"
    at = body.rfind("<!-- healer:")
    text, tail = (body[:at], body[at:]) if at >= 0 else (body, "")
    for length in (len(text), *range(min(len(text), LONGEST_LINK) // 250 * 250, -1, -250)):
        cut = text if length == len(text) else f"{text[:length]}\n\n…\n\n"
        link = start + urlencode({"title": title[:250], "body": cut + tail}, quote_via=quote)
        if len(link) < LONGEST_LINK:
            return link
    return start + urlencode({"title": title[:250]}, quote_via=quote)
