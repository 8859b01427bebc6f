"""`Sight`: what was seen of pull requests and of the dashboard since the last `forget`, by as few calls as can be.

All open pull requests are one REST list; reviews and checks of ours, with the dashboard, one GraphQL query.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from gitops_healer.adapters.github_errors import LostAnswerError, RefusedError
from gitops_healer.adapters.github_queries import PULLS_A_QUERY, said, seen
from gitops_healer.adapters.github_reading import Json, login_of, more_of, plain, pull_of
from gitops_healer.adapters.github_seen import BoardSeen, PullSeen, board_of, board_seen, pull_seen
from gitops_healer.adapters.github_site import Site, is_ours
from gitops_healer.core.dashboard import MARKER, ticked
from gitops_healer.core.forge import Pull, PullState

Spoken = tuple[int, str]
"""(id, body) of a comment of ours."""


class Sight:
    def __init__(self, site: Site) -> None:
        self._site = site
        self.forget()

    def forget(self) -> None:
        self._open: dict[int, Pull] | None = None
        self._others: dict[int, Pull | None] = {}
        self._seen: dict[int, PullSeen] = {}
        self._spoken: dict[int, tuple[Spoken, ...]] = {}
        self._asked: set[int] = set()
        self._board: BoardSeen | None = None
        self._board_known = False
        self._graphql = True

    def forget_pulls(self) -> None:
        self._open, self._others, self._seen = None, {}, {}

    # Pull requests

    def open_pulls(self) -> dict[int, Pull]:
        """{number: pull}, of all branches, other repositories' among them."""
        if self._open is None:
            found = self._site.client.each(self._site.path("pulls"), state="open", sort="created", direction="asc")
            self._open = {pull.number: pull for pull in (pull_of(data, self._site.place.name) for data in found)}
        return self._open

    def pull(self, number: int) -> Pull | None:
        if (known := self.open_pulls().get(number)) is not None:
            return known
        if number not in self._others:
            data = self._site.client.find(self._site.path("pulls", number)) if number > 0 else None
            self._others[number] = self._closed(data) if data else None
        return self._others[number]

    def note(self, pull: Pull) -> None:
        """What is known because we did it, or just read it."""
        if self._open is not None:
            self._open.pop(pull.number, None)
            if pull.state is PullState.OPEN:
                self._open[pull.number] = pull
        self._others.pop(pull.number, None)

    def moved(self, branch: str, head: str) -> None:
        """We moved a branch; "" means that it is gone, and GitHub closes what was proposed of it."""
        for pull in list((self._open or {}).values()):
            if pull.branch == branch and head:
                self.note(replace(pull, head=head))
            elif pull.branch == branch:
                self.forget_pulls()

    def _closed(self, data: Json) -> Pull:
        pull = pull_of(data, self._site.place.name)
        if pull.state is not PullState.CLOSED:
            return pull
        issue = self._site.client.find(self._site.path("issues", pull.number)) or {}
        return replace(pull, closed_by=login_of(issue["closed_by"]) if issue.get("closed_by") else "")

    # Reviews and checks of ours

    def ours(self) -> tuple[Pull, ...]:
        """Open, with a branch of the healer's in this repository, whoever opened it."""
        return tuple(pull for pull in self.open_pulls().values() if is_ours(pull.branch))

    def seen(self, number: int) -> PullSeen | None:
        """Of an open pull request of ours; None when it is none, or when GraphQL cannot be had."""
        if number not in self._seen:
            self._look(self._unseen())
        return self._seen.get(number)

    def _unseen(self) -> list[int]:
        return [pull.number for pull in self.ours() if pull.number not in self._seen]

    def seen_at(self, commit: str) -> PullSeen | None:
        """Of the open pull request of ours that stands at this commit."""
        number = next((pull.number for pull in self.ours() if pull.head == commit), 0)
        found = self.seen(number) if number else None
        return found if found and found.head == commit else None

    def spoken(self, number: int) -> tuple[Spoken, ...] | None:
        """Comments of ours on an open pull request of ours, oldest first; None when these are not all."""
        ours = {pull.number for pull in self.ours()}
        if number in ours - self._asked:
            self._hear(sorted(ours - self._asked))
            self._asked |= ours
        return self._spoken.get(number)

    # The dashboard

    def board(self) -> BoardSeen | None:
        """The issue that is ours and has the marker; None when there is none."""
        if not self._board_known and (number := self._remembered_board()):
            self._look(self._unseen(), number)
        if not self._board_known:
            self._board, self._board_known = self.find_board(), True
            if self._board and ticked(plain(self._board.dashboard.body)):  # only GraphQL tells by whom
                self._look(self._unseen(), self._board.dashboard.number)
        return self._board

    def note_board(self, board: BoardSeen | None) -> None:
        self._board, self._board_known = board, True
        if board is not None:
            self._site.cache.put(self._site.key("dashboard"), str(board.dashboard.number).encode())

    def read_board(self, number: int) -> BoardSeen | None:
        """As it stands now, without who edited it; None when it is not there (any more), or not ours."""
        data = self._site.client.find(self._site.path("issues", number))
        if not data or "pull_request" in data:
            return None
        board, home = board_of(data), str(data.get("repository_url") or "").casefold()
        stayed = board.dashboard.number == number and home.endswith(f"/repos/{self._site.place.name.casefold()}")
        return self._own(board) if stayed else None

    def find_board(self) -> BoardSeen | None:
        """The oldest that is ours, by the list of what we opened: an open one, else the first that was closed. Younger
        open ones are closed."""
        site = self._site
        found = list(self._boards("open"))
        for double in found[1:]:
            site.client.change("PATCH", site.path("issues", double.dashboard.number), {"state": "closed"})
        board = found[0] if found else next(self._boards("closed"), None)
        if board is not None:
            site.cache.put(site.key("dashboard"), str(board.dashboard.number).encode())
        return board

    def _boards(self, state: str) -> Iterator[BoardSeen]:
        query = {"creator": self._site.login, "state": state, "sort": "created", "direction": "asc"}
        issues = self._site.client.each(self._site.path("issues"), **query)
        boards = (board_of(issue) for issue in issues if "pull_request" not in issue)
        return (board for board in boards if self._own(board) and MARKER in board.dashboard.body)

    def _own(self, board: BoardSeen) -> BoardSeen | None:
        """One that we remember is ours even when somebody deleted the marker."""
        return board if board.author == self._site.login else None

    def _remembered_board(self) -> int:
        raw = self._site.cache.get(self._site.key("dashboard")) or b""
        return int(raw) if raw.isdigit() else 0

    # One query for all of them

    def _look(self, numbers: Sequence[int], board: int = 0) -> None:
        if not board and not self._board_known:
            board = self._remembered_board()
        parts = [numbers[start : start + PULLS_A_QUERY] for start in range(0, len(numbers), PULLS_A_QUERY)] or [()]
        for part in parts:
            if not part and not board:
                return
            data = self._ask(seen(part, board))
            if data is None:
                break
            self._take(data, part, board)
            board = 0
        else:
            return
        if board and not self._board_known and (found := self.read_board(board)):
            self._board, self._board_known = found, True

    def _take(self, data: Json, numbers: Iterable[int], board: int) -> None:
        for number in numbers:
            if node := data.get(f"p{number}"):
                self._seen[number] = pull_seen(node)
        if board and (node := data.get("board")) and (own := self._own(board_seen(node, self._site.login))):
            self._board, self._board_known = own, True

    def _hear(self, numbers: Sequence[int]) -> None:
        for start in range(0, len(numbers), PULLS_A_QUERY):
            part = numbers[start : start + PULLS_A_QUERY]
            data = self._ask(said(part)) or {}
            for node in (data.get(f"p{number}") for number in part):
                if node and not more_of(node, "comments"):
                    mine = (one for one in node["comments"]["nodes"] if self._is_mine(one))
                    self._spoken[node["number"]] = tuple((one["databaseId"], one["body"]) for one in mine)

    def _is_mine(self, node: Json) -> bool:
        return login_of(node.get("author")) == self._site.login

    def _ask(self, document: str) -> Json | None:
        """None when GraphQL is refused: from then on the REST lists are read."""
        if not self._graphql:
            return None
        owner, _, name = self._site.place.name.partition("/")
        try:
            data: dict[str, Any] = self._site.client.ask(document, {"owner": owner, "name": name})
        except (RefusedError, LostAnswerError):
            self._graphql = False
            return None
        found: Json | None = data.get("repository")
        return found
