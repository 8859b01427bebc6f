"""The dashboard: one issue of ours, found by its marker, shown quietly, and off for good when somebody closes it."""

from gitops_healer.adapters.forge_input import checked_body, checked_title
from gitops_healer.adapters.github_comments import Talk
from gitops_healer.adapters.github_errors import RefusedError
from gitops_healer.adapters.github_reading import same_text
from gitops_healer.adapters.github_seen import BoardSeen, board_of
from gitops_healer.adapters.github_sight import Sight
from gitops_healer.adapters.github_site import Site
from gitops_healer.core.dashboard import MARKER, ticked
from gitops_healer.core.forge import Dashboard

CLOSED = "<!-- healer:dashboard-closed -->"


class Board:
    def __init__(self, site: Site, sight: Sight, talk: Talk) -> None:
        self._site = site
        self._sight = sight
        self._talk = talk

    def seen(self) -> Dashboard | None:
        try:
            board = self._sight.board()
        except RefusedError as error:
            if error.status in (404, 410):  # issues are switched off
                return None
            raise
        return board.dashboard if board else None

    def show(self, title: str, body: str) -> Dashboard | None:
        checked_title(title)
        text = checked_body(body if MARKER in body else f"{body}\n\n{MARKER}")
        known = self.seen()
        if known is None:
            return self._made(title, text)
        if not known.open or same_text(known.body, text):
            return known
        now = self._sight.read_board(known.number)
        if now is None:
            self._sight.note_board(None)
            return self._made(title, text)
        if not now.dashboard.open or set(ticked(now.dashboard.body)) - set(ticked(known.body)):
            return now.dashboard  # a box that nobody obeyed yet must not be lost
        return self._written(known.number, {"title": title, "body": text})

    def close(self, reason: str) -> None:
        known = self.seen()
        if known is None or not known.open:
            return
        self._talk.set_sticky(known.number, CLOSED, f"{reason}\n\n{CLOSED}")
        self._written(known.number, {"state": "closed"})

    def _made(self, title: str, text: str) -> Dashboard | None:
        try:
            board = self._site.client.create(
                self._site.path("issues"), {"title": title, "body": text}, self._sight.find_board, board_of
            )
        except RefusedError as error:
            if error.status == 410:
                return None
            raise
        return self._note(board)

    def _written(self, number: int, body: dict[str, str]) -> Dashboard:
        return self._note(board_of(self._site.client.change("PATCH", self._site.path("issues", number), body)))

    def _note(self, board: BoardSeen) -> Dashboard:
        self._sight.note_board(board)
        return board.dashboard
