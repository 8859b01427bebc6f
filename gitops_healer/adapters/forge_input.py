"""What a forge takes from outside: names and texts, checked before anything is written."""

import re

from gitops_healer.adapters.remote import check_ref
from gitops_healer.core.authority import valid_login
from gitops_healer.core.dashboard import MARKER as DASHBOARD
from gitops_healer.errors import ForgeError, UsageError

BODY_LIMIT = 65_536  # characters, as on GitHub
TITLE_LIMIT = 1_000
_MARKER = re.compile(r"<!-- healer:[^\s<>][^\n\r<>]* -->")


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


def marked(marker: str, body: str) -> str:
    """The text of an issue that is found by its marker: that is a line of it, and the dashboard's marker is not in it,
    whatever the evidence in it says. Raises ForgeError for what is no marker."""
    if not _MARKER.fullmatch(marker) or marker == DASHBOARD:
        raise ForgeError(f"{marker[:100]!r} is no marker of an issue: use one such as <!-- healer:blame up-1a2b -->")
    text = body.replace(DASHBOARD, DASHBOARD.replace("<", "&lt;"))
    lines = (line.strip() for line in text.splitlines())
    return text if marker in lines else f"{text}\n\n{marker}"


def checked_title(title: str) -> str:
    if len(title) > TITLE_LIMIT:
        raise ForgeError(f"a title of {len(title):,} characters is too long: {TITLE_LIMIT:,} are allowed")
    return title
