"""Every change is told as the webhook that GitHub would send."""

from tests.forge_server import views
from tests.forge_server.state import Event, Repository, Token
from tests.forge_server.views import Json


def tell(repository: Repository, caller: Token, name: str, action: str = "", /, **parts: object) -> None:
    """parts: what this event carries beside action, repository and sender."""
    forge = repository.forge
    payload: Json = {"action": action} if action else {}
    payload |= parts
    payload["repository"] = views.repository(repository)
    owner = forge.users.get(repository.owner.lower())
    if owner is not None and owner.kind == "Organization":
        payload["organization"] = views.user(forge, repository.owner)
    payload["sender"] = views.user(forge, caller.login)
    forge.tell(Event(name, action, payload, caller.kind, repository.full_name))
