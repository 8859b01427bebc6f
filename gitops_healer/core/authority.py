"""Who may order what."""

from gitops_healer.core.decision import Decision, no, yes
from gitops_healer.core.forge import Permission

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
        f"{actor} has {_spelled(permission)}, {needs.value} is needed.",
        f"An admin of this repository can give it: `/permit {_argument(actor)} {needs.value}` with the local forge, "
        "the collaborator settings on GitHub.",
    )


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


def _spelled(permission: Permission) -> str:
    return "no permission here" if permission is Permission.NONE else f"{permission.value} permission"


def _argument(login: str) -> str:
    return f'"{login}"' if " " in login else login
