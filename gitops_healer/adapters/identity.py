"""Who is working here, as git and the operating system see it."""

import getpass
from pathlib import Path

import pygit2


def git_identity(git_dir: Path) -> tuple[str, str, str]:
    """(user.name, user.email, login of the operating system); empty where unknown."""
    config = pygit2.Repository(str(git_dir)).config

    def value(key: str) -> str:
        try:
            return str(config[key])
        except (KeyError, ValueError, pygit2.GitError):
            return ""

    try:
        login = getpass.getuser()
    except (KeyError, OSError):  # a container whose user has no name
        login = ""
    return value("user.name"), value("user.email"), login
