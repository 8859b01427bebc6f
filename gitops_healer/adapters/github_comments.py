"""What is said at GitHub: comments, reviews and ticked boxes read as comments; comments of ours, each written once."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from gitops_healer.adapters.forge_input import checked_body
from gitops_healer.adapters.github_errors import RefusedError
from gitops_healer.adapters.github_reading import (
    Json,
    Reviewed,
    comment_of,
    dismissal_of,
    is_bot,
    login_of,
    moment,
    review_comment,
    review_of,
    same_text,
    spelled,
)
from gitops_healer.adapters.github_sight import Sight, Spoken
from gitops_healer.adapters.github_site import Site, is_ours
from gitops_healer.core.codec import digest
from gitops_healer.core.forge import Comment, Pull, Source
from gitops_healer.errors import ForgeError

_DOUBT = timedelta(minutes=10)
"""How far back a comment of which the answer was lost is looked for: longer than clocks differ."""
_ZERO = "0" * 40
_Pushes = list[tuple[datetime, str]]


class Talk:
    def __init__(self, site: Site, sight: Sight) -> None:
        self._site = site
        self._sight = sight
        self.forget()

    def forget(self) -> None:
        self._heard: dict[tuple[int | None, datetime | None], tuple[Comment, ...]] = {}
        self._pushes: dict[str, _Pushes] = {}

    # Reading

    def all(self, pull: int | None, since: datetime | None) -> tuple[Comment, ...]:
        known = self._heard.get((pull, since))
        if known is None:
            found = [*self._comments(pull, since), *self._reviews(pull), *self._boxes(pull)]
            recent = (one for one in found if since is None or one.source is Source.COMMENT or one.created >= since)
            known = tuple(sorted(recent, key=_order))
            self._heard[pull, since] = known
        return known

    def _comments(self, pull: int | None, since: datetime | None) -> list[Comment]:
        path = self._site.path("issues", *([] if pull is None else [pull]), "comments")
        query = {"since": spelled(since)} if since else {}
        if pull is None:
            query |= {"sort": "updated", "direction": "asc"}
        try:
            found = [comment_of(data, self._site.login) for data in self._site.client.each(path, **query)]
        except RefusedError as error:
            if error.status in (404, 410) and pull is not None:
                return []
            raise
        return self._with_heads(found)

    # The commit that stood when somebody wrote

    def _with_heads(self, comments: Iterable[Comment]) -> list[Comment]:
        found = list(comments)
        keys = {one.id: self._site.key("head", one.id, one.created.isoformat()) for one in found}
        known = self._site.cache.get_many(list(keys.values()))
        heads = {one.id: known.get(keys[one.id], b"").decode() for one in found}
        asked = [one for one in found if not (heads[one.id] or one.bot or one.edited) and self._branch_of(one)]
        new = {one.id: head for one in asked if (head := self._head_at(one, asked))}
        self._site.cache.put_many({keys[id_]: head.encode() for id_, head in new.items()})
        return [replace(one, head=new.get(one.id) or heads[one.id]) for one in found]

    def _branch_of(self, comment: Comment) -> str:
        """The branch of the open pull request of ours that a comment is of, else ""."""
        pull = self._sight.open_pulls().get(comment.pull)
        return pull.branch if pull and is_ours(pull.branch) else ""

    def _head_at(self, comment: Comment, asked: Iterable[Comment]) -> str:
        """By GitHub's own times, which are whole seconds: a push in the same second counts as after the comment, so
        that at worst the author is asked again."""
        branch = self._branch_of(comment)
        if branch not in self._pushes:
            first = min(one.created for one in asked if self._branch_of(one) == branch)
            self._pushes[branch] = self._pushes_since(branch, first)
        before = (after for when, after in self._pushes[branch] if when < comment.created)
        head = next(before, "")
        return "" if head == _ZERO else head

    def _pushes_since(self, branch: str, first: datetime) -> _Pushes:
        """(when, commit) of the moves of a branch, newest first, down to the one that stood at `first`. Empty when this
        GitHub does not tell."""
        pushes: _Pushes = []
        try:
            for move in self._site.client.each(
                self._site.path("activity"), ref=f"refs/heads/{branch}", direction="desc"
            ):
                pushes.append((moment(move["timestamp"]), str(move["after"])))
                if pushes[-1][0] < first:
                    break
        except RefusedError:
            return []
        return pushes

    # Reviews

    def _reviews(self, pull: int | None) -> Iterator[Comment]:
        for one in self._sight.ours():
            if pull in (None, one.number):
                found = (review_comment(review, one.number, self._site.login) for review in self._reviewed(one))
                yield from (comment for comment in found if comment)

    def _reviewed(self, pull: Pull) -> Iterable[Reviewed]:
        seen = self._sight.seen(pull.number)
        if seen is not None and seen.reviews is not None:
            return seen.reviews
        listed = [review_of(data) for data in self._site.client.each(self._site.path("pulls", pull.number, "reviews"))]
        if not any(review.state == "dismissed" for review in listed):
            return listed
        known = {review.id: review for review in listed}
        events = self._site.client.each(self._site.path("issues", pull.number, "events"))
        return [*listed, *(found for event in events if (found := dismissal_of(event, known)))]

    # Boxes

    def _boxes(self, pull: int | None) -> Iterator[Comment]:
        board = self._sight.board()
        if board is None or not board.dashboard.open or pull not in (None, board.dashboard.number):
            return
        for command, edit in board.ticks():
            yield Comment(
                id=f"box-{spelled(edit.when)}-{digest(command)[:8]}",
                pull=board.dashboard.number,
                author=login_of(edit.editor),
                body=command,
                created=edit.when,
                bot=is_bot(edit.editor, self._site.login),
                source=Source.CHECKBOX,
                url=board.dashboard.url,
            )

    # Writing

    def add(self, pull: int, author: str, body: str) -> Comment:
        if author != self._site.login:
            raise ForgeError(
                f"at GitHub the healer speaks as {self._site.login} only, not as {author}: let {author} comment there"
            )
        return self._posted(self._place(pull), checked_body(body))

    def set_sticky(self, pull: int, marker: str, body: str) -> None:
        number = self._place(pull)
        text = checked_body(body if marker in body else f"{marker}\n{body}")
        key = self._site.key("sticky", number, marker)
        id_, _, written = (self._site.cache.get(key) or b"").decode().partition(" ")
        if written == digest(text):
            return
        if not (id_ and self._changed(int(id_), text)):
            id_ = str(self._set_unknown(number, marker, text))
        self._site.cache.put(key, f"{id_} {digest(text)}".encode())

    def _set_unknown(self, number: int, marker: str, text: str) -> int:
        """The id of the comment that says it, found or made; younger ones with the same marker go."""
        spoken = [one for one in self._spoken(number) if marker in one[1]]
        for double, _ in spoken[1:]:
            self._site.client.change("DELETE", self._site.path("issues", "comments", double))
            self._heard = {}
        for id_, known in spoken[:1]:
            if same_text(known, text) or self._changed(id_, text):
                return id_
        return int(self._posted(number, text).id)

    def _spoken(self, number: int) -> tuple[Spoken, ...]:
        """Comments of ours there, oldest first."""
        known = self._sight.spoken(number)
        if known is not None:
            return known
        found = self._site.client.each(self._site.path("issues", number, "comments"))
        return tuple(
            (data["id"], data.get("body") or "") for data in found if login_of(data.get("user")) == self._site.login
        )

    def _changed(self, id_: int, text: str) -> bool:
        """False when the comment is gone."""
        try:
            self._site.client.change("PATCH", self._site.path("issues", "comments", id_), {"body": text})
        except RefusedError as error:
            if error.status in (404, 410):
                return False
            raise
        self._heard = {}
        return True

    def _posted(self, number: int, text: str) -> Comment:
        path = self._site.path("issues", number, "comments")
        since = spelled(self._site.clock.now() - _DOUBT)

        def look() -> Comment | None:
            found = (self._own(data) for data in self._site.client.each(path, since=since))
            return next((one for one in found if one.author == self._site.login and same_text(one.body, text)), None)

        self._heard = {}
        return self._site.client.create(path, {"body": text}, look, self._own)

    def _own(self, data: Any) -> Comment:
        return comment_of(data, self._site.login)

    def _place(self, pull: int) -> int:
        """The issue to speak in: what concerns the whole repository is said on the dashboard."""
        if pull:
            return pull
        board = self._sight.board()
        if board is None:
            raise ForgeError("there is no dashboard to say it on: name the pull request or issue that it is about")
        return board.dashboard.number

    def acknowledge(self, comment: Comment) -> None:
        if not comment.id.isdigit():
            return
        path = self._site.path("issues", "comments", comment.id, "reactions")
        try:  # GitHub keeps one of a kind and person: twice is once
            self._site.client.create(path, {"content": "eyes"}, lambda: None, _nothing)
        except RefusedError as error:
            if error.status not in (404, 410):
                raise


def _nothing(_: Json) -> None:
    return None


def _order(comment: Comment) -> tuple[datetime, int, str]:
    return comment.created, int(comment.id) if comment.id.isdigit() else 0, comment.id
