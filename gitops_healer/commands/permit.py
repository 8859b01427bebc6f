"""`/permit`: say who may order what."""

from gitops_healer.core.authority import valid_login
from gitops_healer.core.forge import Permission
from gitops_healer.core.texts import quoted
from gitops_healer.registry import Answer, Request, command

_LEVELS = ", ".join(f"`{level.value}`" for level in reversed(Permission))


@command(
    usage="/permit LOGIN read|write|admin|none",
    needs=Permission.ADMIN,
    target=False,
    examples=("/permit new-maintainer write", '/permit "New Maintainer" read', "/permit new-maintainer none"),
)
def permit(request: Request) -> Answer:
    """Let somebody command me (local forge; on GitHub the collaborator settings decide)."""
    if len(request.arguments) != 2:
        return Answer(False, f"Name one login and one permission ({_LEVELS}): `/permit new-maintainer write`.")
    login, word = request.arguments[0].removeprefix("@"), request.arguments[1].lower()
    level = next((level for level in Permission if level.value == word), None)
    if level is None:
        return Answer(False, f"{quoted(word, 40)} is no permission. Allowed are {_LEVELS}.")
    if not valid_login(login):
        return Answer(
            False, f"{quoted(login, 60)} cannot be a login: it is empty, too long or has characters like `<`."
        )
    if login.casefold() == request.actor.casefold() and level is not Permission.ADMIN:
        return Answer(False, "You would lock yourself out. Ask another admin to change your permission.")
    said = "may not command me any more" if level is Permission.NONE else f"has {level.value} permission from now on"
    return Answer(True, f"{quoted(login)} {said}.", grants=((login, level),))
