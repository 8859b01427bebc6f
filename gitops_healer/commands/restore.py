"""`/restore`: bring an older version of one function back."""

from gitops_healer.code.history_reading import Reader
from gitops_healer.core.finding import Finding, Risk, Severity, fingerprint
from gitops_healer.core.orders import ended, name_of, where_it_stands
from gitops_healer.core.texts import quoted
from gitops_healer.core.upgrade import Fact, Heeded, Queued, RepositoryFact
from gitops_healer.core.versions import RESTORE, Place, SymbolVersion, Wanted
from gitops_healer.errors import UsageError
from gitops_healer.evidence.history import history_of, place_of, unknown_symbol
from gitops_healer.evidence.history_calls import Versions
from gitops_healer.registry import Answer, Request, Scene, command

_PRIORITY = 8


@command(
    usage="/restore SYMBOL VERSION",
    target=False,
    examples=("/restore billing.invoices:total 3", "/restore billing.invoices:total -1", "/restore total v1.4.0"),
)
def restore(request: Request) -> Answer:
    """Bring an older version of one function back, as an upgrade that is planned, proved, reviewed and watched."""
    if len(request.arguments) != 2:
        return Answer(
            False,
            "Say which function and which version, e.g. `/restore billing.invoices:total 3`: a number of "
            "`/tool_history SYMBOL`, `-1` for the one before today's, a commit or a tag.",
        )
    try:
        versions, wanted = _chosen(request.scene, *request.arguments)
        finding = order_of(request.scene, versions, wanted)
    except UsageError as error:
        return Answer(False, quoted(str(error), 600))
    return _queued(request, finding, wanted)


def _chosen(scene: Scene, symbol: str, version: str) -> tuple[tuple[SymbolVersion, ...], SymbolVersion]:
    """The versions of the function, and the one that is meant. Raises UsageError."""
    if place_of(scene, symbol) is None:
        raise UsageError(f"{symbol} is not in the code today: only a function that stands there can be restored")
    versions = history_of(scene, symbol)
    if not versions:
        raise unknown_symbol(scene, symbol)
    return versions, Versions(scene, versions).named(version)


def order_of(scene: Scene, versions: tuple[SymbolVersion, ...], wanted: SymbolVersion) -> Finding:
    """The finding by which a maintainer's order goes through the gates. Raises UsageError when it is there already."""
    newest = versions[0]
    today = Reader(scene.repository.read_blob).find(
        newest.path, scene.repository.blob_at(scene.commit, newest.path), newest.symbol
    )
    assert today is not None
    if wanted.number == newest.number or wanted.shape == today.shape:
        raise UsageError(
            f"{newest.tool} is version {wanted.number} already. Older ones: gitops-healer history {newest.tool}"
        )
    order = Wanted(wanted.number, wanted.commit, Place(wanted.path, wanted.symbol))
    return Finding(
        RESTORE,
        newest.path,
        newest.tool,
        today.spot.start,
        today.spot.end,
        Severity.MEDIUM,
        f"Version {wanted.number} of {newest.tool} is wanted back instead of version {newest.number}.",
        fingerprint(RESTORE, newest.symbol, f"{today.shape} {wanted.shape}"),
        Risk.MEDIUM,
        _PRIORITY,
        (str(order), f"It is of {wanted.when:%Y-%m-%d} by {wanted.author}: {wanted.subject}"),
    )


def _queued(request: Request, finding: Finding, wanted: SymbolVersion) -> Answer:
    """A new attempt, unless one is under way."""
    before = sorted(request.history.of_finding(finding.fingerprint), key=lambda up: up.attempt)
    if before and not ended(before[-1]):
        return Answer(False, f"That is under way: {name_of(before[-1])} {where_it_stands(before[-1])}.")
    attempt = before[-1].attempt + 1 if before else 1
    new, name = request.history.fresh(finding.fingerprint, attempt)
    facts: list[tuple[str, Fact | RepositoryFact]] = []
    if finding.fingerprint in request.history.ignored:
        facts.append(("", Heeded(finding.fingerprint, request.actor)))
    facts.append((new, Queued(finding, name, request.scene.commit, attempt)))
    reply = (
        f"Version {wanted.number} of {quoted(finding.symbol)}, `{wanted.commit[:10]}` {quoted(wanted.subject, 80)}, is "
        f"queued to come back as `{new}` ({name}). It is planned and proved like any upgrade."
    )
    return Answer(True, reply, tuple(facts))
