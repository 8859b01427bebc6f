"""Issues of ours at GitHub that are about one thing each, found by their marker. The dashboard is none of them."""

from collections.abc import Iterator
from dataclasses import dataclass

from gitops_healer.adapters.forge_input import checked_body, checked_title, marked
from gitops_healer.adapters.github_errors import RefusedError
from gitops_healer.adapters.github_reading import plain, same_text
from gitops_healer.adapters.github_seen import BoardSeen, board_of
from gitops_healer.adapters.github_sight import Sight
from gitops_healer.adapters.github_site import Site
from gitops_healer.core.codec import digest
from gitops_healer.core.dashboard import MARKER
from gitops_healer.core.forge import Dashboard
from gitops_healer.errors import ForgeError


@dataclass(frozen=True)
class _Listed:
    """The issues of ours with one marker, oldest first."""

    open: tuple[Dashboard, ...]
    closed: Dashboard | None


class Issues:
    def __init__(self, site: Site, sight: Sight) -> None:
        self._site = site
        self._sight = sight
        self.forget()

    def forget(self) -> None:
        self._known: dict[str, Dashboard] = {}

    def show(self, marker: str, title: str, body: str) -> Dashboard:
        text = checked_body(marked(marker, body))
        checked_title(title)
        try:
            known = self._seen(marker) or self._made(marker, title, text)
            if known.open and not same_text(known.body, text):
                known = self._changed(known.number, title, text)
        except RefusedError as error:
            if error.status in (404, 410):
                raise ForgeError(self._switched_off(error)) from error
            raise
        return self._note(marker, known)

    def _seen(self, marker: str) -> Dashboard | None:
        """That this run or an earlier one knows, as it stands now; one that we remember is ours even when somebody
        deleted the marker."""
        if (known := self._known.get(marker)) is not None:
            return known
        raw = self._site.cache.get(self._key(marker)) or b""
        board = self._sight.read_board(int(raw)) if raw.isdigit() else None
        return board.dashboard if board else self._found(marker)

    def _found(self, marker: str) -> Dashboard | None:
        """The oldest open one, else the oldest; younger open ones, which two runs at a time can make, are closed."""
        listed = self._listed(marker)
        for double in listed.open[1:]:
            self._site.client.change("PATCH", self._site.path("issues", double.number), {"state": "closed"})
        return listed.open[0] if listed.open else listed.closed

    def _listed(self, marker: str) -> _Listed:
        found = [board.dashboard for board in self._ours() if _has(marker, board.dashboard.body)]
        closed = next((one for one in found if not one.open), None)
        return _Listed(tuple(one for one in found if one.open), closed)

    def _ours(self) -> Iterator[BoardSeen]:
        query = {"creator": self._site.login, "state": "all", "sort": "created", "direction": "asc"}
        issues = self._site.client.each(self._site.path("issues"), **query)
        boards = (board_of(issue) for issue in issues if "pull_request" not in issue)
        return (board for board in boards if board.author == self._site.login)

    def _made(self, marker: str, title: str, text: str) -> Dashboard:
        return self._site.client.create(
            self._site.path("issues"),
            {"title": title, "body": text},
            lambda: self._found(marker),
            lambda data: board_of(data).dashboard,
        )

    def _changed(self, number: int, title: str, text: str) -> Dashboard:
        path = self._site.path("issues", number)
        return board_of(self._site.client.change("PATCH", path, {"title": title, "body": text})).dashboard

    def _note(self, marker: str, shown: Dashboard) -> Dashboard:
        self._known[marker] = shown
        self._site.cache.put(self._key(marker), str(shown.number).encode())
        return shown

    def _key(self, marker: str) -> str:
        return self._site.key("issue", digest(marker))

    def _switched_off(self, error: RefusedError) -> str:
        place = f"{self._site.place.server_url}/{self._site.place.name}"
        return (
            f"no issue can be shown in {self._site.place.name}: {error.said or error}. Switch issues on in "
            f"{place}/settings (General, Features), and see that the token may write them"
        )


def _has(marker: str, body: str) -> bool:
    lines = [line.strip() for line in plain(body).split("\n")]
    return marker in lines and MARKER not in lines
