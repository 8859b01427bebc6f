"""Every change is told as the webhook that GitHub would send."""

import re

from tests.forge_server import views
from tests.forge_server.state import Event, Repository, Token
from tests.forge_server.views import Json

SKIP = re.compile(r"\[(skip ci|ci skip|no ci|skip actions|actions skip)\]|^skip-checks: *true$", re.MULTILINE)


def tell(repository: Repository, caller: Token, name: str, action: str = "", /, **parts: object) -> None:
    """parts: what this event carries beside action, repository and sender."""
    forge = repository.forge
    payload: Json = {"action": action} if action else {}
    payload |= parts
    payload["repository"] = views.repository(repository)
    owner = forge.users.get(repository.owner.lower())
    if owner is not None and owner.kind == "Organization":
        payload["organization"] = views.organization(forge, repository.owner)
    payload["sender"] = views.user(forge, caller.login)
    forge.tell(Event(name, action, payload, caller.kind, repository.full_name, _skips(repository, name, payload)))


def _skips(repository: Repository, name: str, payload: Json) -> bool:
    """Whether the head commit of a push or a pull asks for no CI."""
    sha = ""
    if name == "push":
        sha = str(payload["after"])
    elif name == "pull_request":
        sha = repository.pulls[int(str(payload["number"]))].head
    commit = repository.git.commit(sha)
    return commit is not None and SKIP.search(views.message_of(commit)) is not None
