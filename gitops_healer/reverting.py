"""The way back from a merge on the present base: whole when that is clean, else a part that is, else why not.

Nothing here moves a ref or speaks to the forge: commits are made, and what they are is told.
"""

from collections.abc import Iterator
from dataclasses import replace

from gitops_healer.core import texts
from gitops_healer.core.aim import Aim
from gitops_healer.core.decision import Decision
from gitops_healer.core.history import History
from gitops_healer.core.reverting import Purity, Reversal, Stays, Way, may_merge_revert, purity
from gitops_healer.core.trailers import Trailers
from gitops_healer.core.upgrade import Upgrade
from gitops_healer.errors import AlreadyGoneError
from gitops_healer.evidence.dependants import dependants as find_dependants
from gitops_healer.evidence.merges import merged_range
from gitops_healer.evidence.turning_back import TurnedTree, turn_back
from gitops_healer.ports import Conflict, Repository, Signature
from gitops_healer.refactorings._import_proof import ProofMissingError, new_lint, uncompilable
from gitops_healer.registry import Case
from gitops_healer.world import World

TAKE_BACK = "take_back"


def plan_back(world: World, up: Upgrade, base: str = "") -> Reversal:
    """The smallest clean way back. up: merged; base: the commit to stand on, the base branch when ""."""
    assert up.merged is not None
    base = base or world.base
    commit, since = up.merged.commit, up.merged.parent
    message = texts.revert_message(up)
    try:
        made = world.repository.revert(commit, base, message, _signature(world, up), since)
    except AlreadyGoneError:
        return Reversal(Way.GONE, base, since)
    if isinstance(made, Conflict):
        return _part(world, up, base, made)
    whole = Reversal(Way.WHOLE, base, since, made, world.repository.changed_paths(base, made))
    same = world.repository.commit(made).tree == world.repository.commit(since).tree
    return replace(
        whole,
        restores=since if same else "",
        purity=purity_of(world.repository, up, base, made),
        dependants=find_dependants(world.scene(base), since, commit),
    )


def purity_of(repository: Repository, up: Upgrade, parent: str, made: str) -> Purity:
    """What a commit on `parent` is, measured by what the upgrade merged."""
    assert up.merged is not None
    change, back = (up.merged.parent, up.merged.commit), (made, parent)
    found = purity(repository.diff(*change), repository.diff(*back))
    if found is Purity.OTHER and repository.patch_id(*change) == repository.patch_id(*back) != "":
        return Purity.PURE
    return found


def case_of(up: Upgrade, reversal: Reversal) -> Case:
    """What the gates are asked about a way back: that it stays inside of its files, and does what was ordered."""
    assert up.plan is not None
    plan = replace(
        up.plan,
        title=texts.revert_title(up),
        paths=reversal.paths,
        symbols=(),
        aim=Aim.OBEYS,
        rollback_point=reversal.base,
    )
    return Case(reversal.base, reversal.commit, 1, plan, replace(up.finding, rule=TAKE_BACK))


def _signature(world: World, up: Upgrade) -> Signature:
    """Dated by when it was decided, so that the same way back on the same base is the same commit."""
    return replace(world.signature(up), when=up.changed_at.replace(microsecond=0))


# In part


def _part(world: World, up: Upgrade, base: str, conflict: Conflict) -> Reversal:
    """By file what is clean, by symbol where it is not; and why it is not enough, when it is not."""
    assert up.merged is not None
    repository, since, commit = world.repository, up.merged.parent, up.merged.commit
    turned = turn_back(world.scene(base), since, commit, conflict.paths)
    held = Reversal(Way.HELD, base, since, stays=turned.stays)
    reason = _uncovered(world, up, turned) or _unfit(repository, base, turned)
    if reason:
        return _explained(repository, up, held, reason)
    message = _partly(up, turned) if turned.stays else texts.revert_message(up)
    try:
        made = repository.revert(commit, base, message, _signature(world, up), since, turned.files)
    except AlreadyGoneError:
        return _explained(repository, up, held, "nothing of it can be put back alone")
    if isinstance(made, Conflict):
        return _explained(repository, up, held, f"{', '.join(made.paths)} changed in a way that has no middle")
    kept = {(one.path, one.symbol) for one in turned.stays}
    return replace(
        held,
        way=Way.SMALLEST if turned.stays else Way.WHOLE,
        commit=made,
        paths=repository.changed_paths(base, made),
        symbols=turned.symbols,
        purity=purity_of(repository, up, base, made),
        dependants=find_dependants(world.scene(base), since, commit, kept),
    )


def _partly(up: Upgrade, turned: TurnedTree) -> str:
    """The message of a revert, that says at once that it is not whole."""
    subject, _, rest = texts.revert_message(up).partition("\n\n")
    names = [texts.unheard(one.name, 200) for one in turned.stays[:10]]
    more = [f"and {len(turned.stays) - 10} more"] if len(turned.stays) > 10 else []
    return "\n\n".join(
        [subject, "In part only. Later commits changed as well, so that it stays: " + ", ".join([*names, *more]), rest]
    )


def _uncovered(world: World, up: Upgrade, turned: TurnedTree) -> str:
    """Why what can be put back does not end what regressed, "" when it may."""
    stuck = [one for one in turned.stays if one.later]
    blamed = set(_subjects(world, up))
    hit = [one for one in turned.stays if any(_same(one, path, symbol) for path, symbol in blamed)]
    if hit:
        return f"{hit[0].name} is what regressed, and {hit[0].why}"
    touched = any(_touched(turned, path, symbol) for path, symbol in blamed)
    if stuck and not touched:
        return f"what regressed is not what can be put back alone, and {stuck[0].name} changed since"
    return ""


def _unfit(repository: Repository, base: str, turned: TurnedTree) -> str:
    """What the compiler says of what would stand there, or the linter, where it did not say so before."""
    before = {path: repository.read(base, path) or b"" for path in turned.files if path.endswith(".py")}
    after = {path: data for path, was in before.items() if (data := turned.files[path]) is not None and data != was}
    try:
        complaint = uncompilable(after) or new_lint(before, after)
    except ProofMissingError:
        return ""  # the gates look at it as well
    return f"what is left would not fit together ({complaint})" if complaint else ""


def _touched(turned: TurnedTree, path: str, symbol: str) -> bool:
    """Whether a subject is among what goes back, in a file that clashes or in one that does not."""
    name = f"{path}:{symbol}"
    return path in turned.clean or any(one == name or one.startswith(f"{name}.") for one in turned.symbols)


def _same(stays: Stays, path: str, symbol: str) -> bool:
    inside = stays.symbol == symbol or stays.symbol.startswith(f"{symbol}.") or symbol.startswith(f"{stays.symbol}.")
    return stays.path == path and (not stays.symbol or inside)


def _subjects(world: World, up: Upgrade) -> Iterator[tuple[str, str]]:
    """(path, symbol) of what stands against the merge; of the finding when nothing was measured."""
    assert up.merged is not None
    code = world.scene(up.merged.commit).code
    for subject in (up.health.blamed if up.health else ()) or (up.finding.symbol,):
        module, _, symbol = subject.partition(":")
        place = code.locate(subject)
        if place is not None:
            yield place.path, place.symbol
        elif symbol and (path := code.path_of(module)):
            yield path, symbol
        elif not symbol and (path := code.path_of(module.rpartition(".")[0])):
            yield path, module.rpartition(".")[2]


def _explained(repository: Repository, up: Upgrade, held: Reversal, reason: str) -> Reversal:
    assert up.merged is not None
    commit, short = up.merged.commit, up.merged.commit[:10]
    info = repository.commit(commit)
    many = len(info.parents) == 1 and held.since != info.parents[0]
    what = f"{held.since[:10]}..{short}" if many else f"-m 1 {short}" if len(info.parents) > 1 else short
    return replace(
        held,
        conflict=f"{short} cannot be taken back: {reason}",
        commands=(f"git revert --no-commit {what}", "git commit, when the conflict is solved", f"/resume {up.id}"),
    )


# What people did, and what is allowed


def base_before(world: World, up: Upgrade, merged: str, head: str) -> str:
    """The base before a merge of the pull request of `up`, whoever merged it and however. head: of the pull request."""
    known = up.validated.base if up.validated else up.prepared.base if up.prepared else up.base
    return merged_range(world.repository, merged, head, known, up.id)


def revert_permission(world: World, up: Upgrade, way: Reversal, history: History, proof: Decision) -> Decision:
    """May the revert pull request of `up`, which holds `way`, be merged now, by policy and history? proof: of what
    `proof_of` demands."""
    assert up.merged is not None
    return may_merge_revert(
        up,
        history,
        world.clock.now(),
        cap=world.settings.monitoring.reverts_per_day,
        healer=world.forge.login,
        without_approval=world.settings.risk.revert_without_approval,
        proof=proof,
        culprit=trailers_of(world.repository, up.merged.commit),
        dependants=way.dependants,
    )


def same_way(repository: Repository, reversal: Reversal, head: str) -> bool:
    """Whether a commit that stands already is this way back: the same tree on the same base."""
    stands, planned = repository.commit(head), repository.commit(reversal.commit)
    return (stands.tree, stands.parents) == (planned.tree, planned.parents)


def trailers_of(repository: Repository, commit: str) -> Trailers | None:
    """The healer's trailers of a commit: whether it is itself a revert."""
    return Trailers.parse(repository.commit(commit).message)
