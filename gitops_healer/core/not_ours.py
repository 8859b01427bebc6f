"""The issue that tells people what got worse after a merge of ours, and that it is not ours to take back."""

from collections.abc import Iterator

from gitops_healer.core.attribution import Attribution, Candidate
from gitops_healer.core.codec import digest
from gitops_healer.core.fitting import Block, bullets, cell, code_cell, fenced_block, fit, folded, prose
from gitops_healer.core.judgement.blame import Charge, Stand
from gitops_healer.core.quoting import plain, quoted
from gitops_healer.core.upgrade import Upgrade
from gitops_healer.core.watching import Health, Measure, Reading
from gitops_healer.core.words import out_of

_MOST_SUBJECTS = 3
_COUNTED = {
    Measure.SLOWER: " slower than before",
    Measure.SLOWEST: " much slower than before",
    Measure.NEW_ERROR: " failed in a new way:",
}


def issue_marker(charged: Charge, found: Attribution) -> str:
    """By which the issue is found again: one a culprit, or one for what fails when there is none."""
    about = charged.culprit or digest("outside", *found.subjects)
    return f"<!-- healer:not-ours {about[:20]} -->"


def issue_title(charged: Charge, found: Attribution) -> str:
    shown = ", ".join(plain(subject, 80) for subject in found.subjects[:_MOST_SUBJECTS])
    more = f" and {len(found.subjects) - _MOST_SUBJECTS} more" if len(found.subjects) > _MOST_SUBJECTS else ""
    since = f" since {charged.culprit[:10]}" if charged.culprit else ""
    return plain(f"{shown}{more} got worse{since}", 200)


def issue_body(up: Upgrade, health: Health, charged: Charge, found: Attribution, revert: str = "") -> str:
    """Markdown. revert: the page of a revert pull request that policy let us open, "" when there is none."""
    return _unmarked(fit([Block(issue_marker(charged, found)), *_blocks(up, health, charged, found, revert)]))


def revert_reason(found: Attribution) -> str:
    """The text of a pull request that takes a commit of other people back: what was tried, and who decides."""
    blocks = [
        Block(f"This takes back {quoted(found.culprit[:10])}. It is your commit, so only you merge or close this."),
        Block(f"### Why\n\n{prose(found.reason, 900)}", bullets(found.shown, 600)),
    ]
    return _unmarked(fit([*blocks, *([fenced_block(found.reproduce, "sh")] if found.reproduce else [])]))


def _unmarked(text: str) -> str:
    """These texts have no marker of an upgrade of their own, so that one in foreign words would be read as ours."""
    return text.replace("<!-- healer:v1", "<! healer:v1")


def _blocks(up: Upgrade, health: Health, charged: Charge, found: Attribution, revert: str) -> Iterator[Block]:
    merge = quoted(up.merged.commit[:10]) if up.merged else "a merge"
    yield Block(
        f"While {merge} ({quoted(up.codename, 60)}) was watched, this got worse. {_whose(charged, found)} "
        f"I did not take anything back.\n\n{prose(health.reason, 900)}"
    )
    blamed = [one for one in health.readings if one.subject in found.subjects and one.measure is not Measure.CODE]
    if blamed:
        rows = tuple(_row(one) for one in blamed)
        head = "| what got worse | before | since | different inputs |\n|---|---|---|---|"
        yield Block(head, rows, "", "| and {count} more | | | |")
    yield Block(f"### What was tried\n\n{prose(found.reason, 900)}", bullets(found.shown, 600))
    if found.reproduce:
        yield fenced_block(found.reproduce, "sh")
    if found.candidates:
        yield folded("The commits that were looked at", [_candidate(one) for one in found.candidates])
    yield Block(_next(charged, revert))


def _whose(charged: Charge, found: Attribution) -> str:
    if charged.stand is Stand.OURS:
        return "People changed this pull request before they merged it, so that it is theirs to revert."
    if charged.stand is Stand.THEIRS:
        commit = next((one for one in found.candidates if one.commit == charged.culprit), None)
        title = f" ({prose(commit.title, 120)}, by {quoted(commit.author, 60)})" if commit else ""
        return f"It is not that merge: commit {quoted(charged.culprit[:10])}{title} did it."
    return "It is none of the commits: what fails now fails on the last good commit as well."


def _row(one: Reading) -> str:
    distinct = "" if one.distinct_failing is None else f"{one.distinct_failing:,}"
    detail = _COUNTED.get(one.measure, "") + (f" {cell(one.detail, 80)}" if one.detail else "")
    return (
        f"| {code_cell(one.subject)}{detail} | {out_of(one.before_failed, one.before_total)} "
        f"| {out_of(one.after_failed, one.after_total)} | {distinct} |"
    )


def _candidate(one: Candidate) -> str:
    why = f": {prose('; '.join(one.reasons), 200)}" if one.reasons else ""
    return f"- {quoted(one.commit[:10])} {prose(one.title, 120)} by {quoted(one.author, 60)}{why}"


def _next(charged: Charge, revert: str) -> str:
    if revert:
        by_policy = "Policy (`monitoring.revert_others`) let me propose a revert"
        return f"### What happens next\n\n{by_policy}: {plain(revert, 300)}"
    if charged.stand is not Stand.OUTSIDE:
        return (
            "### What happens next\n\nThis commit is yours to keep, mend or revert. With `monitoring.revert_others: "
            "true` I open a pull request with the revert the next time. Closing this issue ends it."
        )
    return (
        "### What happens next\n\nLook at data, services and the machine: the code did not do it. The watch goes on, "
        "and what speaks against the merge is asked again when there is more of it. Closing this issue ends it."
    )
