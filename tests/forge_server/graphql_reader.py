"""Who reads what: the caller and the repository that a query is about."""

from dataclasses import dataclass

from tests.forge_server import views
from tests.forge_server.access import allow
from tests.forge_server.graphql_paging import Node
from tests.forge_server.state import Forge, Repository, Token


@dataclass(frozen=True)
class Reader:
    """What one caller sees of one repository."""

    repository: Repository
    caller: Token

    @property
    def forge(self) -> Forge:
        return self.repository.forge

    def actor(self, login: str) -> Node | None:
        return actor(self.forge, login)

    def needs(self, permission: str) -> None:
        """Raises 403."""
        allow(self.repository, self.caller, permission)


def actor(forge: Forge, login: str) -> Node | None:
    """A bot is called without its `[bot]` here, other than in REST; somebody whose account is gone is null."""
    known = forge.users.get(login.lower())
    if known is None:
        return None
    kind = known.kind if known.kind in ("Bot", "Organization") else "User"
    name = known.login.removesuffix("[bot]") if kind == "Bot" else known.login
    path = f"/apps/{name}" if kind == "Bot" else f"/{name}"
    return {
        "__typename": kind, "id": views.node_id("U", known.id), "databaseId": known.id, "login": name,
        "name": known.name or None, "url": forge.url + path, "resourcePath": path, "isViewer": False,
        "avatarUrl": f"{forge.url}/avatars/u/{known.id}?v=4",
    }  # fmt: skip
