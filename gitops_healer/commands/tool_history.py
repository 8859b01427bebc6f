"""`/tool_history`: what one function was."""

from gitops_healer.core.forge import Permission
from gitops_healer.core.texts import quoted
from gitops_healer.core.versions import SymbolVersion, VersionCalls
from gitops_healer.errors import UsageError
from gitops_healer.evidence.history import history_of, unknown_symbol, with_upgrades
from gitops_healer.evidence.history_calls import Versions
from gitops_healer.registry import Answer, Request, command

_MOST = 30


@command(
    usage="/tool_history SYMBOL",
    needs=Permission.READ,
    target=False,
    examples=("/tool_history billing.invoices:total", "/tool_history Invoice.total"),
)
def tool_history(request: Request) -> Answer:
    """List the versions of one function through renames and moves, with how the calls of each went."""
    if len(request.arguments) != 1:
        return Answer(False, "Say which function, e.g. `/tool_history billing.invoices:total`.")
    try:
        versions = history_of(request.scene, request.arguments[0])
        if not versions:
            raise unknown_symbol(request.scene, request.arguments[0])
    except UsageError as error:
        return Answer(False, quoted(str(error), 600))
    versions = with_upgrades(versions, request.history)
    calls, _ = Versions(request.scene, versions).calls()
    lines = [_line(version, calls.get(version.number)) for version in versions[:_MOST]]
    more = [f"\n{len(versions) - _MOST} older ones: `gitops-healer history`"] if len(versions) > _MOST else []
    head = f"{quoted(versions[0].tool)} has {len(versions)} version{'' if len(versions) == 1 else 's'}:\n"
    last = f"\n`/restore {versions[0].tool} NUMBER` brings one back." if len(versions) > 1 else ""
    return Answer(True, "\n".join([head, *lines, *more, last]).rstrip())


def _line(version: SymbolVersion, calls: VersionCalls | None) -> str:
    pull = f" in #{version.pull}" if version.pull else ""
    was = f" from {quoted(f'{version.previous.path}:{version.previous.symbol}')}" if version.previous else ""
    rate = f"; {calls.total:,} calls, {calls.success_rate:.2%} good" if calls and calls.success_rate is not None else ""
    undone = f" (taken back by `{version.undone_by[:10]}`)" if version.undone_by else ""
    return (
        f"- {version.number}: {version.kind.value}{was} by {quoted(version.author, 60)} on {version.when:%Y-%m-%d}, "
        f"`{version.commit[:10]}`{pull}: {quoted(version.subject, 80)}{undone}{rate}"
    )
