"""What is said on the forge: one comment an upgrade that is edited as it goes, its pull request's text, the dashboard.

Everything here can be said again: a text that did not change is not written.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

from gitops_healer.core import texts
from gitops_healer.core.codec import digest, dump, load
from gitops_healer.core.dashboard import SWITCHED_OFF, TITLE, View, dashboard_body
from gitops_healer.core.decision import Decision
from gitops_healer.core.finding import Finding
from gitops_healer.core.following import hands_off_values
from gitops_healer.core.forge import PullState
from gitops_healer.core.progress import plan_marker, plan_ready, progress, progress_marker, was_planned_for
from gitops_healer.core.pull_body import Setting, pull_body
from gitops_healer.core.quoting import quoted
from gitops_healer.core.requesting import served_text
from gitops_healer.core.summary import Summary
from gitops_healer.core.upgrade import IN_REVIEW, Ordered, Stage, Upgrade
from gitops_healer.errors import HealerError
from gitops_healer.settings import format_duration
from gitops_healer.world import Journal, World

Told = Callable[[], object]
_LATELY = timedelta(days=1)
_SEEN = "findings of the dashboard"


def tell(world: World, journal: Journal, summary: Summary, links: Mapping[str, str]) -> list[HealerError | OSError]:
    """Bring what people see up to what is so. links: upgrade to the page that opens its pull request. Returns what
    could not be said."""
    errors: list[HealerError | OSError] = []
    for say in _everything(world, journal, summary, links):
        try:
            say()
        except (HealerError, OSError) as error:
            errors.append(error)
    return errors


def _everything(world: World, journal: Journal, summary: Summary, links: Mapping[str, str]) -> Iterator[Told]:
    for up, waits in [*_ended_lately(world, journal, summary), *summary.upgrades]:
        yield partial(tell_progress, world, up, waits)
        if up.stage in IN_REVIEW:
            yield partial(tell_pull, world, up)
        if up.held is not None and (up.held.hands_off or up.held.label):
            yield partial(tell_hands_off, world, up)
    yield lambda: tell_dashboard(world, journal, summary, links)
    for up, _ in summary.upgrades:
        if up.stage is Stage.PLANNED or (up.id in summary.moved and was_planned_for(up, world.forge.login)):
            yield partial(tell_plan, world, up)


def _ended_lately(world: World, journal: Journal, summary: Summary) -> list[tuple[Upgrade, None]]:
    """Those that ended in an earlier run, which may have died before it could say so."""
    shown, oldest = {up.id for up, _ in summary.upgrades}, world.clock.now() - _LATELY
    ended = (up for up in journal.history.upgrades.values() if not up.open and up.changed_at > oldest)
    return [(up, None) for up in ended if up.id not in shown]


def tell_progress(world: World, up: Upgrade, waits: Decision | None) -> None:
    """On its pull request, and where it was ordered."""
    text = progress(up, waits, world.settings.messages.view())
    for thread in dict.fromkeys((up.proposed.pull if up.proposed else 0, up.thread)):
        if thread:
            world.forge.set_sticky(thread, progress_marker(up), text)


def tell_pull(world: World, up: Upgrade) -> None:
    """The text of the pull request, as long as it is open and ours."""
    assert up.proposed is not None
    pull = world.forge.pull(up.proposed.pull)
    if pull is not None and pull.state is PullState.OPEN:
        world.forge.update_pull(pull.number, texts.pull_title(up), pull_text(world, up))


def tell_hands_off(world: World, up: Upgrade) -> None:
    """Once, in a comment of its own: an edited one reaches nobody."""
    assert up.held is not None
    if up.proposed is None:
        return
    marker = f"<!-- healer:hands-off {up.id} {digest(up.held.reason)[:10]} -->"
    said = world.settings.messages.view().render(
        "hands_off", title=quoted(texts.pull_title(up)), **hands_off_values(up)
    )
    world.forge.set_sticky(up.proposed.pull, marker, f"{said}\n\n{marker}")


def tell_plan(world: World, up: Upgrade) -> None:
    """A plan that waits for a maintainer, and what becomes of it: where it was ordered, else on the dashboard."""
    dashboard = None if up.thread else world.forge.dashboard()
    if up.thread or (dashboard is not None and dashboard.open):
        thread = up.thread or (dashboard.number if dashboard else 0)
        until = up.planned_at + world.settings.risk.plan_expires if up.planned_at else None
        expires = f"{until:%Y-%m-%d}" if until else ""
        world.forge.set_sticky(thread, plan_marker(up), plan_ready(up, world.settings.messages.view(), expires))


def tell_dashboard(world: World, journal: Journal, summary: Summary, links: Mapping[str, str]) -> None:
    if not world.settings.limits.dashboard:
        world.forge.close_dashboard(SWITCHED_OFF)
        return
    view = View(
        history=journal.history,
        mode=world.mode,
        base_branch=world.base_branch,
        waiting={up.id: waits for up, waits in summary.upgrades if waits is not None},
        findings=_findings_of(world, journal, summary),
        disabled=world.settings.detection.disabled,
        errors=summary.errors,
        compare=links,
    )
    world.forge.show_dashboard(TITLE, dashboard_body(view))


def _findings_of(world: World, journal: Journal, summary: Summary) -> tuple[tuple[Finding, Decision], ...]:
    """What detectors saw in this run, else what they saw in the last that looked and nobody has taken up since: a run
    that only obeys must not empty the dashboard."""
    if summary.looks:
        world.cache.put(_SEEN, dump(summary.findings))
        return summary.findings
    known = load(world.cache.get(_SEEN), tuple[tuple[Finding, Decision], ...]) or ()
    begun = {up.finding.fingerprint for up in journal.history.open()}
    return tuple((finding, decision) for finding, decision in known if finding.fingerprint not in begun)


def say_served(
    world: World, order: Ordered, queued: Sequence[Upgrade], refused: Sequence[tuple[Finding, Decision]]
) -> None:
    """What became of an order, where it was given."""
    said = served_text(order, queued, refused, world.settings.messages.view())
    marker = f"<!-- healer:order {order.id} -->"
    world.forge.set_sticky(order.thread, marker, f"{said}\n\n{marker}")


def pull_text(world: World, up: Upgrade) -> str:
    """The body of its pull request, with the change as it was built."""
    built = up.prepared
    diff = world.repository.diff(built.base, built.commit) if built else ""
    return pull_body(up, replace(setting_of(world), diff=diff))


def setting_of(world: World) -> Setting:
    monitoring = world.settings.monitoring
    return Setting(
        mode=world.mode,
        base_branch=world.base_branch,
        repository_url=world.forge.url,
        window=format_duration(monitoring.window),
        baseline=format_duration(monitoring.baseline),
        test_command=world.settings.testing.command,
        rollback=monitoring.rollback,
    )
