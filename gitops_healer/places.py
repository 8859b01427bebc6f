"""Where a repository is, what its policy says, and what a scan of it needs: the part of the wiring that starts at once.

`wiring` has the rest: what a whole cycle needs.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gitops_healer.adapters.cache import MemoryCache, scan_cache
from gitops_healer.adapters.clock import SystemClock
from gitops_healer.adapters.repository import GitRepository, open_repository
from gitops_healer.adapters.version import code_stamp
from gitops_healer.adapters.workers import Workers
from gitops_healer.core.naming import BRANCH_PREFIX, LEDGER_BRANCH, USUAL_BRANCHES
from gitops_healer.errors import PreflightError, RepositoryError
from gitops_healer.ports import Clock, Progress
from gitops_healer.registry import Detector, discover
from gitops_healer.scan import Site
from gitops_healer.settings import OVERRIDES, ForgeVariables, Settings, load_settings

HEADS = "refs/heads/"


def quiet(_: str) -> None:
    """Progress that nobody sees."""


@dataclass(frozen=True)
class Choices:
    """What the command line chose. options: settings by dotted name; they win over every policy file. variables: what
    the environment says about the forge, None to read it there; sleep: how a pause is made, in seconds."""

    path: Path
    forge: str = "local"
    options: Mapping[str, Any] = field(default_factory=dict)
    progress: Progress = quiet
    clock: Clock = field(default_factory=SystemClock)
    variables: ForgeVariables | None = None
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True)
class Place:
    """A repository with its base branch and valid settings: what every command needs, and some need no more."""

    repository: GitRepository
    base_branch: str
    base: str
    settings: Settings

    @property
    def forge(self) -> str:
        """Where it is at home: here, or what `Hosted` says."""
        return "local"


def find_place(choices: Choices) -> Place:
    """Open the repository and read its policy from the base branch, never from the work tree.

    Raises RepositoryError, ConfigError, PreflightError.
    """
    repository = open_repository(choices.path)
    branch = chosen_branch(choices) or default_branch(repository)
    return Place(repository, *governed(choices, repository, branch, lambda name: repository.resolve(f"{HEADS}{name}")))


def chosen_branch(choices: Choices) -> str:
    """The base branch that the command line names, "" when it does not."""
    return load_settings(options=choices.options).limits.base_branch


def governed(
    choices: Choices, repository: GitRepository, branch: str, head: Callable[[str], str | None]
) -> tuple[str, str, Settings]:
    """(base branch, its commit or "", settings): the policy of `branch`, which may name another branch. head: the
    commit that a branch stands on. Raises ConfigError, RepositoryError."""
    settings, base = load_settings(options=choices.options), head(branch) or ""
    if base and (override := repository.read(base, OVERRIDES)) is not None:
        settings = load_settings(override, choices.options)
    named = settings.limits.base_branch or branch
    if named != branch and not (base := head(named) or ""):
        raise RepositoryError(f"{OVERRIDES}: limits.base_branch names {named!r}, and there is no such branch")
    return named, base, settings


def default_branch(repository: GitRepository) -> str:
    """The branch with a usual name, whatever is checked out: somebody who works on a branch of their own, or looks at
    one of ours, must not change what is healed. Without one, the branch of HEAD. Raises PreflightError."""
    heads = [ref.removeprefix(HEADS) for ref in repository.refs(HEADS)]
    own = [head for head in heads if not head.startswith((BRANCH_PREFIX, LEDGER_BRANCH))]
    for name in USUAL_BRANCHES:
        if name in own:
            return name
    current = repository.head_branch()
    if current and not current.startswith((BRANCH_PREFIX, LEDGER_BRANCH)):
        return current
    if len(own) == 1:
        return own[0]
    raise PreflightError(
        f"HEAD of {repository.path} is on no branch of yours and none of its {len(own)} branches is called main or "
        "master: say which one to heal with --base-branch NAME"
    )


def build_site(choices: Choices, jobs: int = 0, cached: bool = True) -> Site:
    """What a scan needs: no forge, no ledger, no sandbox."""
    place = find_view(choices)
    detectors = discover("gitops_healer.detectors", Detector)
    cache = scan_cache(place.repository.state_dir, choices.progress) if cached else MemoryCache()
    disabled = place.settings.detection.disabled
    return Site(
        repository=place.repository,
        cache=cache,
        settings=place.settings,
        detectors=tuple(detector for detector in detectors if detector.name not in disabled),
        spread=Workers(jobs),
        clock=choices.clock,
        progress=choices.progress,
        stamp=code_stamp(),
        close=cache.close,
    )


def find_view(choices: Choices) -> Place:
    """The place to look at: like `find_place`, but where no base branch can be told, as in the checkout of a pull
    request, the policy is that of HEAD, since looking changes nothing."""
    try:
        return find_place(choices)
    except PreflightError:
        repository = open_repository(choices.path)
        head = repository.resolve("HEAD") or ""
        override = repository.read(head, OVERRIDES) if head else None
        return Place(repository, "", head, load_settings(override, choices.options))
