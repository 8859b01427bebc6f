"""What a forge takes from outside: names and texts, checked before anything is written."""

from gitops_healer.adapters.remote import check_ref
from gitops_healer.core.authority import valid_login
from gitops_healer.errors import ForgeError, UsageError

BODY_LIMIT = 65_536  # characters, as on GitHub
TITLE_LIMIT = 1_000


def branch_ref(branch: str) -> str:
    """The full ref name of a branch. Raises ForgeError for what is no branch name."""
    try:
        return check_ref(f"refs/heads/{branch}")
    except UsageError:
        raise ForgeError(f"{branch!r} is not a branch name: see `git help check-ref-format`") from None


def checked_login(login: str) -> str:
    if not valid_login(login):
        raise ForgeError(f'{login[:100]!r} is no login: 1 to 100 printable characters, none of <>"|\\/ or a backtick')
    return login


def checked_body(body: str) -> str:
    if len(body) > BODY_LIMIT:
        raise ForgeError(f"a text of {len(body):,} characters is too long: {BODY_LIMIT:,} are allowed")
    return body


def checked_title(title: str) -> str:
    if len(title) > TITLE_LIMIT:
        raise ForgeError(f"a title of {len(title):,} characters is too long: {TITLE_LIMIT:,} are allowed")
    return title
