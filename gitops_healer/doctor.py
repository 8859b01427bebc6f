"""What works here, what does not, and what follows from it, before the first cycle."""

from collections.abc import Callable
from pathlib import Path

from gitops_healer.adapters.execution_spool import SPOOL, spool_files
from gitops_healer.adapters.machine import free_bytes
from gitops_healer.core.decision import Decision, all_of, no, yes
from gitops_healer.core.policy import preflight
from gitops_healer.errors import HealerError
from gitops_healer.places import Choices, Place
from gitops_healer.ports import SandboxLevel
from gitops_healer.report.terminal import NO_CALLS
from gitops_healer.wiring import build_world, ledger_at, open_store, place_of
from gitops_healer.world import World

_SANDBOX = {
    SandboxLevel.BUBBLEWRAP: "candidate code has no network, sees no secrets, writes only to its scratch copy",
    SandboxLevel.NAMESPACE: "candidate code has no network, sees no secrets, writes only to its scratch copy",
    SandboxLevel.PROCESS: "limits and a clean environment only: candidate code can reach the network and your files",
    SandboxLevel.NONE: "nothing stands between candidate code and this machine",
}


def examine(choices: Choices) -> Decision:
    """One tree of answers; a no at the top means that a cycle would be refused."""
    place, refused = _place(choices)
    told = [_answer("github", lambda: github_told(choices, place))] if choices.forge == "github" else []
    if place is None:
        said = any(not decision.allowed for decision in told)
        return all_of("doctor", told if said else [*told, no("repository", refused)])
    return all_of("doctor", [repository_found(place), *told, *asked(choices, place)])


def _place(choices: Choices) -> tuple[Place | None, str]:
    """The place, or why it cannot be looked at."""
    try:
        return place_of(choices), ""
    except HealerError as error:
        return None, str(error)


def github_told(choices: Choices, place: Place | None) -> Decision:
    """What the token may do there, and what the repository allows."""
    from gitops_healer.core.github_access import access_tree
    from gitops_healer.hosted import probed  # half a second, for those who need it

    return access_tree(probed(choices, place))


def git_found(place: Place) -> Decision:
    return yes("git", place.repository.git.version())


def repository_found(place: Place) -> Decision:
    state = place.repository.state_dir
    return preflight(base=place.base, base_branch=place.base_branch, free_bytes=free_bytes(state))


def asked(choices: Choices, place: Place) -> list[Decision]:
    """Every question is asked, even when an earlier one had a bad answer."""
    questions: dict[str, Callable[[], Decision]] = {
        "git": lambda: git_found(place),
        "ledger": lambda: ledger_readable(place),
        "executions": lambda: executions_known(place),
    }
    if choices.forge == "local":
        questions["checkout"] = lambda: checkout_told(place)
    answers = [_answer(name, question) for name, question in questions.items()]
    try:
        world = build_world(choices, place)
    except HealerError as error:
        return [*answers, no("sandbox", str(error))]
    return [*answers, sandbox_told(world), _answer("tests", lambda: tests_found(world, place)), mode_told(place)]


def _answer(name: str, question: Callable[[], Decision]) -> Decision:
    try:
        return question()
    except HealerError as error:
        return no(name, str(error))


def ledger_readable(place: Place) -> Decision:
    return yes("ledger", f"{len(ledger_at(place).load())} events on healer-ledger")


def executions_known(place: Place) -> Decision:
    """How many calls are stored, and how much lies where recorders write by default."""
    state = place.repository.state_dir
    stats = open_store(state).stats()
    calls = sum(stat.total for stat in stats)
    known = f"{calls:,} calls of {len(stats):,} tools are stored" if stats else f"none yet: {NO_CALLS}"
    return yes("executions", f"{known}; recorders write to {state / SPOOL}: {_waiting(state)}")


def _waiting(state: Path) -> str:
    """What lies in the spool; files of programs that still run stay there after they were read."""
    files = spool_files(state)
    if not files:
        return "empty"
    size = sum(file.stat().st_size for file in files if file.exists())
    many = f"{len(files):,} file{'' if len(files) == 1 else 's'}"
    return f"{many}, {size / 1000:,.0f} KB. `gitops-healer executions sync` or any cycle takes them in"


def checkout_told(place: Place) -> Decision:
    """A merge moves the branch and leaves the work tree alone: that has to be known."""
    if not place.repository.checked_out(place.base_branch):
        return yes("checkout", f"{place.base_branch} is checked out nowhere, merges surprise nobody")
    if place.settings.limits.update_checkout:
        return yes("checkout", f"{place.base_branch} is checked out, and merges bring a clean checkout along")
    return yes(
        "checkout",
        f"{place.base_branch} is checked out; a merge moves the branch and never touches your files: "
        "heal then says how to bring them along (or set limits.update_checkout: true)",
    )


def sandbox_told(world: World) -> Decision:
    level = world.sandbox.level
    return yes("sandbox", f"{level.value}: {_SANDBOX[level]}")


def tests_found(world: World, place: Place) -> Decision:
    command = world.tests.command(place.base) if place.base else ""
    if command:
        return yes("tests", f"they are run by: {command}")
    if world.settings.testing.allow_untested:
        return yes("tests", "there are none, and testing.allow_untested lets changes go on without")
    return yes("tests", "none were found, so no change can be proved: set testing.command, or --test-command")


def mode_told(place: Place) -> Decision:
    mode = place.settings.limits.mode
    meaning = {"observe": "writes nothing", "propose": "pull requests only", "deploy": "merges within policy"}
    return yes("mode", f"{mode}: {meaning[mode]}")
