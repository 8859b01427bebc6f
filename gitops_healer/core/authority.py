"""Who may order what.

The no is an answer to somebody who may be a stranger: it is short, says who may, mentions nobody, and tells nothing
that is not public.
"""

from gitops_healer.core.decision import Decision, no, yes
from gitops_healer.core.forge import Permission
from gitops_healer.core.quoting import quoted

MAX_LOGIN = 100
_NEVER_IN_LOGINS = frozenset('<>`"|\\/')


def may_command(actor: str, permission: Permission, needs: Permission) -> Decision:
    """May somebody with `permission` give an order that needs `needs`?"""
    if not valid_login(actor):
        return no("permission", "That is not the name of an account.", "Sign in, and write the command again.")
    if allows(permission, needs):
        return yes("permission", f"{actor} has {permission.value} permission, {needs.value} is needed")
    return no(
        "permission",
        f"Thank you for looking in, but this treatment is prescribed by {_WHO[needs]}: {quoted(actor, MAX_LOGIN)} has "
        f"{_spelled(permission)}, {needs.value} is needed.",
        _how_to_get(actor, needs),
    )


def refusal_values(actor: str, permission: Permission, needs: Permission) -> dict[str, str]:
    """The same no for the message `refusal`, which a repository may word in its own way: {placeholder: Markdown}."""
    return {
        "by": quoted(actor, MAX_LOGIN),
        "permission": _spelled(permission),
        "needed": f"{needs.value} permission",
        "next": _how_to_get(actor, needs),
    }


def allows(permission: Permission, needs: Permission) -> bool:
    """ADMIN contains WRITE contains READ contains NONE."""
    ranks = list(Permission)
    return ranks.index(permission) >= ranks.index(needs)


def valid_login(login: str) -> bool:
    """1 to 100 printable characters without blanks at the ends, and none of `<>"|\\/` or a backtick."""
    return (
        0 < len(login) <= MAX_LOGIN
        and login == login.strip()
        and login.isprintable()
        and not login.startswith("-")
        and not _NEVER_IN_LOGINS & set(login)
    )


_WHO = {
    Permission.NONE: "anybody",
    Permission.READ: "people who may read this repository",
    Permission.WRITE: "people who may write to this repository",
    Permission.ADMIN: "admins of this repository",
}


def _how_to_get(actor: str, needs: Permission) -> str:
    return (
        f"An admin of this repository can give it: {quoted(f'/permit {_argument(actor)} {needs.value}', 200)} with the "
        "local forge, the collaborator settings on GitHub."
    )


def _spelled(permission: Permission) -> str:
    return "no permission here" if permission is Permission.NONE else f"{permission.value} permission"


def _argument(login: str) -> str:
    return f'"{login}"' if " " in login else login
