"""The only module that knows which adapter stands behind which port."""

import secrets
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

from gitops_healer.adapters.cache import scan_cache
from gitops_healer.adapters.caller import SandboxedCaller
from gitops_healer.adapters.deadline import SandboxInTime
from gitops_healer.adapters.deferred_executions import DeferredExecutions
from gitops_healer.adapters.identity import git_identity
from gitops_healer.adapters.ledger import BRANCH, GitLedger, landed
from gitops_healer.adapters.local_forge import LocalForge
from gitops_healer.adapters.machine import free_bytes, one_at_a_time
from gitops_healer.adapters.origin import MIRROR
from gitops_healer.adapters.repository import GitRepository
from gitops_healer.adapters.sandbox import detect_sandbox
from gitops_healer.adapters.suite import ProjectTests
from gitops_healer.adapters.telemetry import DeployedTelemetry
from gitops_healer.adapters.trials import ProjectTrials
from gitops_healer.core.diagnosis import Diagnosis
from gitops_healer.core.execution import Execution
from gitops_healer.core.finding import Finding
from gitops_healer.core.rebuilding import rebuild
from gitops_healer.core.upgrade import Event
from gitops_healer.errors import HealerError, SandboxError, UsageError
from gitops_healer.places import Choices, Place, find_place
from gitops_healer.ports import BoundedSandbox, Cache, ExecutionStore, Forge, Ledger, SandboxLevel, Signature
from gitops_healer.registry import Check, Command, Detector, Fixer, Metric, Scene, discover
from gitops_healer.settings import prometheus_server, store_url
from gitops_healer.world import World

LOGIN = "gitops-healer"
OUR_EMAIL = "gitops-healer@localhost"


def place_of(choices: Choices) -> Place:
    """Where the repository is at home: here, or at GitHub (which signs in and fetches)."""
    if choices.forge == "local":
        return find_place(choices)
    if choices.forge != "github":
        raise UsageError(f"--forge {choices.forge} is not there. Allowed: local, github")
    from gitops_healer.hosted import find_hosted  # half a second, for those who need it

    return find_hosted(choices)


def build_world(choices: Choices, place: Place | None = None) -> World:
    """Everything that a cycle needs, for one repository. place: where it is, when that was found out already."""
    place = place or place_of(choices)
    repository, settings = place.repository, place.settings
    state = repository.state_dir
    python = find_python(repository.path)
    forge, ledger, cache = shared_parts(place, choices)
    sandbox = sandbox_of(place, python, forge.kind)
    return World(
        repository=repository,
        forge=forge,
        ledger=ledger,
        executions=open_store(state),
        sandbox=sandbox,
        tests=ProjectTests(repository, sandbox, cache, settings.testing, python),
        trials=ProjectTrials(repository, sandbox, settings.testing, python),
        caller=SandboxedCaller(repository, sandbox, settings.testing, python),
        cache=cache,
        clock=choices.clock,
        settings=settings,
        base_branch=place.base_branch,
        run=f"{choices.clock.now():%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}",
        detectors=discover("gitops_healer.detectors", Detector),
        fixers=(*discover("gitops_healer.refactorings", Fixer), *discover("gitops_healer.repair", Fixer)),
        checks=discover("gitops_healer.checks", Check),
        commands=discover("gitops_healer.commands", Command),
        metrics=discover("gitops_healer.metrics", Metric),
        diagnose=diagnosed,
        lock=lock_of(repository),
        free_bytes=lambda: free_bytes(state),
        progress=choices.progress,
        telemetry=DeployedTelemetry(forge, repository.path, *prometheus_server(settings.monitoring.prometheus.url)),
    )


def shared_parts(place: Place, choices: Choices) -> tuple[Forge, GitLedger, Cache]:
    """What stands where the repository is at home, and the cache that they share."""
    repository, limits = place.repository, place.settings.limits
    if place.forge == "github":
        from gitops_healer.hosted import Hosted, forge_at

        assert isinstance(place, Hosted)
        return forge_at(place, choices.clock), ledger_at(place), place.door.cache
    signature = Signature(limits.squash_name, limits.squash_email or OUR_EMAIL, datetime(2026, 1, 1, tzinfo=UTC))
    identity = git_identity(repository.state_dir.parent)
    forge = LocalForge(repository, choices.clock, LOGIN, signature, limits.maintainers, identity)
    return forge, GitLedger(repository), scan_cache(repository.state_dir, choices.progress)


def sandbox_of(place: Place, python: Path, forge: str) -> BoundedSandbox:
    """The strongest that this machine has. Raises SandboxError when that is less than the policy demands, or too weak
    to keep a token."""
    sandbox = detect_sandbox(SandboxLevel(place.settings.testing.sandbox), visible=visible_to_candidates(python))
    if forge != "local" and not place.settings.limits.allow_weak_sandbox:
        keep_token(sandbox.level)
    return SandboxInTime(sandbox)


def keep_token(level: SandboxLevel) -> None:
    """Raises SandboxError when what runs at this level could read the token of a forge from this process."""
    if level.strength >= SandboxLevel.NAMESPACE.strength:
        return
    raise SandboxError(
        f"the sandbox here is {level.value} only: code of the repository, which is run to prove changes, could read "
        "the token of this run. Install bubblewrap, or allow user namespaces (sysctl "
        "kernel.apparmor_restrict_unprivileged_userns=0, or a container with seccomp=unconfined). If all who can push "
        "to the repository may have the token, set in its policy: limits: {allow_weak_sandbox: true}"
    )


def diagnosed(scene: Scene, finding: Finding) -> Diagnosis | None:
    """Why the tool of a finding fails, None when nothing was recorded under its name."""
    if finding.symbol not in scene.executions.tools():
        return None
    from gitops_healer.investigation.investigate import investigate  # only upgrades that are begun need it

    return investigate(scene, finding.symbol)


def lock_of(repository: GitRepository) -> Callable[[], AbstractContextManager[None]]:
    return lambda: one_at_a_time(repository.state_dir / "cycle.lock", f"a cycle on {repository.path}")


def open_ledger(repository: GitRepository) -> GitLedger:
    """The ledger as it can be read here without a connection: this repository's own, else what was fetched of that at
    GitHub by a run here, else by `git fetch`; the latter two can only be read."""
    if repository.resolve(f"refs/heads/{BRANCH}") is None:
        for shown in (f"{MIRROR}heads/{BRANCH}", f"refs/remotes/origin/{BRANCH}"):
            if repository.resolve(shown) is not None:
                return GitLedger(repository, shown=shown)
    return GitLedger(repository)


def ledger_at(place: Place) -> GitLedger:
    """The ledger of a place: at GitHub as it was fetched, else as it can be read here."""
    if place.forge == "local":
        return open_ledger(place.repository)
    from gitops_healer import hosted

    assert isinstance(place, hosted.Hosted)
    return hosted.ledger_at(place)


def ledger_of(choices: Choices) -> Ledger:
    """The ledger where it is at home, as it stands there now."""
    return ledger_at(place_of(choices))


def rebuilt_events(choices: Choices) -> tuple[Event, ...]:
    """The events that commits of the base branch and the forge's pull requests still tell of."""
    world = build_world(choices)
    return rebuild(landed(world.repository, world.base) if world.base else (), world.forge.pulls())


def begin_ledger(repository: GitRepository, events: Sequence[Event]) -> None:
    """Write a rebuilt ledger. Raises UsageError when there is one: what is there is never replaced."""
    ledger = open_ledger(repository)
    if ledger.tip():
        raise UsageError(
            f"{BRANCH} exists and is never replaced. If it is broken, keep it under another name first: "
            f"git branch --move {BRANCH} {BRANCH}-broken"
        )
    GitLedger(repository).append(events)


def every_execution(place: Place) -> Iterator[Execution]:
    """All recorded executions, a tool at a time, newest first."""
    store = open_store(place.repository.state_dir)
    for tool in store.tools():
        yield from store.executions(tool, limit=sys.maxsize)


def open_store(state: Path) -> ExecutionStore:
    """The embedded store in the git directory, or the one that the environment names."""
    url, file = store_url(), state / "executions.sqlite"

    def opened() -> ExecutionStore:
        from gitops_healer.adapters.executions import open_executions  # a quarter of a second, for those who need it

        return open_executions(url or file)

    return DeferredExecutions(lambda: bool(url) or file.exists(), opened, state)


def find_python(root: Path) -> Path:
    """The interpreter that knows the project's dependencies: its own virtual environment, else ours."""
    own = (root / name / "bin" / "python" for name in (".venv", "venv", "env"))
    return next((path for path in own if path.exists()), Path(sys.executable))


def visible_to_candidates(python: Path) -> tuple[Path, ...]:
    """What candidate code has to read to run at all."""
    return (python.parent.parent, Path(sys.prefix), Path(__file__).parent)


def identity_of(repository: GitRepository) -> tuple[str, str, str]:
    """(user.name, user.email, login) of who works here."""
    return git_identity(repository.state_dir.parent)


def follow_checkout(world: World, before: str) -> tuple[str, ...]:
    """After merges: bring a checkout of the base branch along where the policy asks for it, else say how to.

    before: what the base branch stood on when the cycle began.
    """
    if world.forge.kind != "local":
        return ()
    repository, after = world.repository, world.base
    if before == after or not repository.checked_out(world.base_branch):
        return ()
    if world.settings.limits.update_checkout and isinstance(repository, GitRepository):
        try:
            repository.git.bring_along(repository.path, before, after)
        except HealerError as error:
            return (str(error),)
        return (f"your checkout of {world.base_branch} was brought along to {after[:10]}",)
    command = f"git read-tree -m -u {before[:10]} {world.base_branch}"
    return (
        f"{world.base_branch} moved to {after[:10]} and your files are still those of {before[:10]}. "
        f"Before you commit, bring them along (your own edits are kept):  {command}",
    )
