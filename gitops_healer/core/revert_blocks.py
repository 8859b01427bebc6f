"""What the pull request says that takes a merge back: why, who did it, what goes, what stays, who builds on it."""

import math
from collections.abc import Iterator

from gitops_healer.core.attribution import Attribution, Blame
from gitops_healer.core.fitting import Block, bullets, cell, code_cell, fenced_block, folded, prose
from gitops_healer.core.quoting import plain, quoted
from gitops_healer.core.reverting import Dependant, Purity, Reversal, Stays, Way, proof_of, told_by
from gitops_healer.core.upgrade import Upgrade
from gitops_healer.core.verdict import Outcome
from gitops_healer.core.verdict_markdown import gates_table
from gitops_healer.core.watching import Evidence, Health, Measure, Reading
from gitops_healer.core.words import counted, out_of

_UNITS = {
    Measure.FAILURES: "failed",
    Measure.SLOWER: "slower than before",
    Measure.SLOWEST: "much slower than before",
    Measure.NEW_ERROR: "failed in a new way",
    Measure.RUNS: "runs failed",
    Measure.CODE: "code",
}


def revert_blocks(up: Upgrade, reversal: Reversal | None, draft: bool) -> Iterator[Block]:
    """up: merged, regressed unless it is a draft; reversal: what was planned, None when nothing is known of it."""
    if draft:
        yield _draft(up)
    yield from _why(up)
    if up.health is not None:
        yield from _figures(up.health)
    if up.attributions:
        yield from _culprit(up.attributions[-1].attribution)
    if up.watched is not None and up.watched.verdict.outcome is not Outcome.PASSED:
        yield gates_table([result.check for result in up.watched.verdict.results], (up.watched.verdict,))
    if reversal is not None:
        yield from _what_goes(reversal)
        yield from _dependants(reversal.dependants)
    yield _next(up, reversal, draft)


def _draft(up: Upgrade) -> Block:
    return Block(
        "> [!WARNING]\n> **A draft, made on a suspicion.** It is not merged before the suspicion is confirmed.\n>",
        (
            "> - What confirms it: more calls that fail, until chance is ruled out; or running what fails, when that "
            "names this merge and all is well without it.",
            f"> - `/rollback_upgrade {up.id}` confirms it at once.",
            "> - What ends it: a watch that closes without a regression. Closing this pull request does as well.",
        ),
    )


def _why(up: Upgrade) -> Iterator[Block]:
    assert up.merged is not None
    pull = f", merged by #{up.proposed.pull}" if up.proposed and up.proposed.pull else ""
    title = up.plan.title if up.plan else up.finding.message
    yield Block(
        f"This takes back {quoted(up.merged.commit[:10])}{pull}: **{prose(title)}** ({quoted(up.codename, 60)})."
    )
    if up.regressed is not None:
        yield Block(f"### Why\n\n{prose(up.regressed.reason, 600)}\n\nOrdered by {quoted(up.regressed.by)}.")
    elif up.health is not None:
        yield Block(f"### Why\n\n{prose(up.health.reason, 600)}")


# Figures


def _figures(health: Health) -> Iterator[Block]:
    """What stands against the merge first, then what else was measured."""
    evidence = {(one.metric, one.subject, one.measure.value, one.detail): one for one in health.evidence}
    blamed = {subject: place for place, subject in enumerate(health.blamed)}

    def order(reading: Reading) -> tuple[int, bool]:
        return blamed.get(reading.subject, len(blamed)), reading.key not in evidence

    told = sorted((reading for reading in health.readings if reading.measure is not Measure.CODE), key=order)
    rows = tuple(_row(reading, evidence.get(reading.key)) for reading in told)
    if rows:
        head = "| measured | counted | before | after | different inputs | evidence |\n|---|---|---|---|---|---|"
        yield Block(head, rows, "", "| and {count} more | | | | | |")
    if health.evidence:
        yield Block(
            "<sub>Evidence: so many times likelier if it got worse than if it did not. A suspicion needs what stands "
            "behind the stroke, and certainty needs as much while no single block of time counts for more than its "
            "cap, so that an outage alone takes nothing back.</sub>"
        )
    if health.notes:
        yield Block("", bullets(health.notes))


def _row(read: Reading, evidence: Evidence | None) -> str:
    detail = f" {read.detail}" if read.detail else ""
    return (
        f"| {code_cell(read.subject)} | {cell(_UNITS[read.measure] + detail, 120)} "
        f"| {out_of(read.before_failed, read.before_total)} | {out_of(read.after_failed, read.after_total)} "
        f"| {read.distinct_failing or ''} | {_strength(evidence) if evidence else ''} |"
    )


def _strength(evidence: Evidence) -> str:
    alarm, conviction, needed = (_factor(log) for log in (evidence.alarm, evidence.conviction, evidence.needed))
    return f"suspicion {alarm}, certainty {conviction} / {needed}"


def _factor(log: float) -> str:
    """A natural logarithm as a factor; powers of ten where it is large."""
    if not math.isfinite(log):
        return "0" if log < 0 else "∞"
    tens = log / math.log(10)
    return f"10^{tens:.0f}" if abs(tens) >= 4 else f"{math.exp(log):,.2g}" if log < 2.3 else f"{math.exp(log):,.0f}"


# Who did it


def _culprit(found: Attribution) -> Iterator[Block]:
    yield Block(f"### Who did it\n\n{prose(found.reason, 600)}\n", bullets(_certainty(found)))
    if found.shown:
        yield folded("What was run, and what came of it", bullets(found.shown))
    if found.candidates:
        rows = tuple(
            f"| {code_cell(one.commit[:10])} | {cell(one.title, 100)} | {cell(one.author, 60)} | {one.weight:.3g} "
            f"| {cell('; '.join(one.reasons), 200) if one.reasons else ''} |"
            for one in found.candidates
        )
        head = "| commit | title | by | suspicion before running | because |\n|---|---|---|---|---|"
        title = f"Commits that were suspected: {len(found.candidates)}"
        yield Block(f"{folded(title, ()).head}\n{head}", rows, "\n</details>", "| and {count} more | | | | |")
    if found.reproduce:
        yield Block("See it again, in a clone of this repository:")
        yield fenced_block(plain(found.reproduce, 1_000), "console")


def _certainty(found: Attribution) -> Iterator[str]:
    if found.culprit:
        runs = counted(found.runs, "run")
        yield f"{found.culprit[:10]} is to blame with a probability of {found.probability:.1%}, after {runs}"
    if found.blame is Blame.FOUND:
        yield (
            f"Estimated from these runs, it fails on {found.head[:10]} in {found.head_failing:.0%} of runs, and on "
            f"{found.base[:10]} in {found.base_failing:.0%}"
        )
    if found.restored is not None:
        worked = "all of it works again" if found.restored else "it still fails"
        yield f"Tried without it, on {found.head[:10]}: {worked}"


# What goes, and what stays


def _what_goes(reversal: Reversal) -> Iterator[Block]:
    proof = proof_of(reversal)
    gates = f"{', '.join(proof.only) or 'all gates'} have to pass" if proof.needed else "no gate has to pass again"
    match reversal.way:
        case Way.SMALLEST:
            yield Block(
                "### What goes back, and what stays\n\nLater commits changed some of the same lines, so that only a "
                "part goes back: what regressed, and what nobody touched since.\n",
                bullets(reversal.symbols),
            )
            yield Block("What stays:\n", bullets(_left(one) for one in reversal.stays))
        case _:
            pure = ", line for line" if reversal.purity is Purity.PURE else ""
            files = counted(len(reversal.paths), "file")
            yield Block(f"### What goes back\n\nThe change is taken back as a whole{pure}, in {files}.")
    yield Block(f"Proof: {gates}, because {prose(proof.because)}.")


def _left(one: Stays) -> str:
    return f"{one.name}: {one.why}{told_by(one.later)}"


def _dependants(found: tuple[Dependant, ...]) -> Iterator[Block]:
    if not found:
        return
    broken = sum(one.breaks for one in found)
    said = "As far as reading tells, nothing of it breaks."
    if broken:
        places = counted(broken, "place")
        said = (
            f"**{places} would not work any more**, as far as reading tells. So this is not merged before the gates "
            "pass and a maintainer says `/approve`: tests say nothing of code that none of them runs."
        )
    head = "| name | used at | in | since | |\n|---|---|---|---|---|"
    rows = tuple(_used(one) for one in found)
    yield Block(f"### Later work that builds on it\n\n{said}\n\n{head}", rows, "", "| and {count} more | | | | |")


def _used(one: Dependant) -> str:
    place, inside = code_cell(f"{one.path}:{one.line}", 200), code_cell(one.symbol, 80) if one.symbol else ""
    since = f"{code_cell(one.later.commit[:10])} {cell(one.later.title, 80)}"
    why = f"{'**breaks**: ' if one.breaks else ''}{cell(one.why, 200)}"
    return f"| {code_cell(one.name, 80)} | {place} | {inside} | {since} | {why} |"


def _next(up: Upgrade, reversal: Reversal | None, draft: bool) -> Block:
    part = reversal is not None and reversal.way is Way.SMALLEST
    first = (
        "When it is merged, what is listed above is as it was before the merge, and the rest stays."
        if part
        else "What the merge changed is as it was before it, and everything that was merged since stays."
    )
    wait = " It waits as a draft until then." if draft else ""
    return Block(
        f"### What happens next\n\n{first}{wait} After that, `/reland {up.id}` lands the same change again, with all "
        "gates and a stricter watch."
    )
