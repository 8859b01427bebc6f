"""What a pair of calls says about the change."""

from dataclasses import replace

import pytest

from gitops_healer.core.calls import Seen, SeenEffect
from gitops_healer.core.noise import rules_of
from gitops_healer.core.pairing import Fix, compare, learn_seen
from gitops_healer.core.shadowing import Kind, Origin, Rules, Sample

AGREES, IMPROVES, REGRESSES, CHANGES, SILENT = Kind
SAMPLE = Sample(("[[3,1,2]]", "{}"), Origin.RECORDED)


def gave(value: str | None, detail: str = "", **more: object) -> Seen:
    return replace(Seen(True, value, detail), **more)  # type: ignore[arg-type]


def failed(error: str, message: str = "", deliberate: bool = False, function: str = "price") -> Seen:
    frames = (("shop/web.py", 9, "serve"), ("shop/prices.py", 4, function))
    return Seen(False, None, message, error, deliberate, frames)


def lost(how: str, detail: str = "") -> Seen:
    return Seen(False, None, detail, f"gitops_healer.{how}")


def wrote(*lines: str) -> tuple[SeenEffect, ...]:
    return tuple(SeenEffect("files", line) for line in lines)


FIX = Fix(("KeyError",), frozenset({("shop/prices.py", "price")}))
CRASH = failed("KeyError", "'gold'")
REFUSAL = failed("ValueError", "no such kind: 'gold'", deliberate=True)

PAIRS = [
    # both returned
    ("[1]", gave("[1]"), gave("[1]"), None, AGREES, "the same to the letter"),
    ("3.0", gave("3"), gave("3.0"), None, AGREES, "the same in 1 place"),
    ("changed", gave('{"total":3}'), gave('{"total":4}'), None, CHANGES, "$.total: 3 → 4"),
    ("to None", gave("3"), gave("null"), None, CHANGES, "$: number 3 → None"),
    ("shown", gave(None, "A(<B at 0x7f>)"), gave(None, "A(<B at 0x8f>)"), None, AGREES, "shown only"),
    ("locks", *2 * (gave('[{"$type":"object","class":"_thread.lock"}]'),), None, SILENT, "nothing can be compared"),
    ("opaque, prints", *2 * (gave(None, printed="a"),), None, AGREES, "1 place, but of the result nothing"),
    ("typed", *2 * (gave('{"$type":"Decimal","value":"1"}'),), None, AGREES, "the same to the letter"),
    ("opaque", gave(None, "<A at 0x7f>"), gave(None, "<A at 0x8f>"), None, SILENT, "nothing can be compared"),
    ("shown in part", *2 * (gave(None, "[1, 2... (9,000 characters)"),), None, SILENT, "nothing can"),
    ("shown otherwise", gave(None, "<A at 0x7f>"), gave(None, "<B at 0x7f>"), None, CHANGES, "shown only"),
    ("nothing", gave(None), gave(None), None, SILENT, "nothing can be compared"),
    ("cut", gave('{"$type":"cut"}'), gave('{"$type": "cut"}'), None, SILENT, "nothing can be compared"),
    ("wanted", gave("3"), gave("4"), Fix(wanted="4.0"), IMPROVES, "returns what is wanted: 4"),
    ("not wanted", gave("3"), gave("5"), Fix(wanted="4"), CHANGES, "$: 3 → 5"),
    ("no longer wanted", gave("4"), gave("5"), Fix(wanted="4"), CHANGES, "$: 4 → 5"),
    # what was seen besides
    ("sorts its input", gave("1"), gave("1", arguments="[[[1,2,3]],{}]"), None, CHANGES, "$arguments.0[0]: 3 → 1"),
    ("prints", gave("1", printed="a\n"), gave("1", printed="b\n"), None, CHANGES, '$printed[0]: "a" → "b"'),
    ("writes", gave("1"), gave("1", effects=wrote("write a")), None, CHANGES, "did not: files: write a"),
    ("no writes", gave("1", effects=wrote("write a")), gave("1"), None, CHANGES, "no longer does: files: write a"),
    ("order", gave("1", effects=wrote("a", "b")), gave("1", effects=wrote("b", "a")), None, CHANGES, "$effects.files"),
    ("writes alike", gave("1", effects=wrote("a")), gave("1", effects=wrote("a")), None, AGREES, "1 place of what"),
    # the base returned, the head did not
    ("crash", gave("1"), CRASH, None, REGRESSES, "returned 1 → KeyError: 'gold'"),
    ("refusal", gave("1"), REFUSAL, None, REGRESSES, "(on purpose)"),
    ("hangs", gave("1"), lost("TimedOut", "10 s"), None, REGRESSES, "did not finish in time (10 s)"),
    ("dies", CRASH, lost("Crashed"), FIX, REGRESSES, "ended its process"),
    ("gone", gave("1"), lost("Uncallable"), None, REGRESSES, "can no longer be called"),
    ("new effect", gave("1"), lost("Forbidden", "connect x:1"), None, REGRESSES, "not allowed here (connect x:1)"),
    # the base failed
    ("crash ends", CRASH, gave("1"), None, IMPROVES, "KeyError: 'gold' → returned 1"),
    ("refusal ends", REFUSAL, gave("1"), None, CHANGES, "refused on purpose"),
    ("fixed refusal", REFUSAL, gave("1"), Fix(("ValueError",)), IMPROVES, "the failure that is to end"),
    ("other refusal", REFUSAL, gave("1"), FIX, CHANGES, "refused on purpose"),
    ("elsewhere", failed("KeyError", "", True, "other"), gave("1"), FIX, CHANGES, "refused on purpose"),
    ("fixed wrongly", CRASH, gave("1"), replace(FIX, wanted="2"), CHANGES, "$: 2 → 1"),
    # both failed
    ("alike", failed("KeyError", "'a' at 7"), failed("KeyError", "'b' at 9"), None, AGREES, "both fail alike"),
    ("other words", REFUSAL, failed("ValueError", "unknown", True), None, CHANGES, "→ ValueError: unknown"),
    ("other type", CRASH, failed("TypeError", "x"), FIX, CHANGES, "KeyError: 'gold' → TypeError: x"),
    ("refused now", CRASH, REFUSAL, FIX, AGREES, "still fails, now on purpose: KeyError"),
    ("refused, no fix", CRASH, REFUSAL, None, CHANGES, "KeyError: 'gold' → ValueError"),
    ("writes first", CRASH, replace(CRASH, effects=wrote("a")), None, CHANGES, "before that differ"),
    # nothing is known of the base
    ("base hangs", lost("TimedOut"), gave("1"), None, SILENT, "the base did not finish in time"),
    ("both forbidden", lost("Forbidden"), lost("Forbidden"), None, SILENT, "nothing to compare with"),
    ("uncallable", lost("Uncallable", "no such function"), gave("1"), None, SILENT, "cannot be called (no such"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("base", "head", "fix", "kind", "told"), [row[1:] for row in PAIRS], ids=[row[0] for row in PAIRS]
)
def test_says(base: Seen, head: Seen, fix: Fix | None, kind: Kind, told: str) -> None:
    pair = compare(SAMPLE, base, head, Rules(), fix=fix)
    assert pair.kind is kind
    assert told in " | ".join(pair.told)
    assert (pair.sample, pair.base, pair.head) == (SAMPLE, base, head)


@pytest.mark.parametrize(
    "seen", [gave("[1]"), gave(None, "x"), gave("1", printed="a", effects=wrote("a")), CRASH, REFUSAL]
)
def test_the_same_call_agrees_with_itself(seen: Seen) -> None:
    assert compare(SAMPLE, seen, seen, Rules()).kind is Kind.AGREES


def test_noise_of_all_that_is_seen_is_learned_and_left_out() -> None:
    def run(second: int) -> Seen:
        stamp = f"2026-01-01T12:00:{second:02}"
        return gave(
            f'{{"at":"{stamp}","n":1}}',
            arguments=f'[[{{"seen":{second}}}],{{}}]',
            printed=f"took {second}\ndone\n",
            effects=wrote(f"write log/{stamp}"),
        )

    noise = learn_seen([[run(1), CRASH], [run(2), CRASH]])
    assert noise.noisy == {"$.at", "$arguments.0.seen", "$printed[*]", "$effects.files[*]"}
    rules = rules_of(noise)
    assert compare(SAMPLE, run(1), run(3), rules).told == ("the same in 4 places, 4 of noise left out",)
    assert compare(SAMPLE, run(1), replace(run(3), value='{"at":"never","n":1}'), rules).kind is Kind.CHANGES
    assert compare(SAMPLE, run(1), replace(run(3), printed="took 3\nfailed\n"), rules).kind is Kind.CHANGES
    assert compare(SAMPLE, run(1), replace(run(3), effects=()), rules).kind is Kind.CHANGES


def test_a_result_that_is_all_noise_says_nothing() -> None:
    pair = compare(SAMPLE, gave("1"), gave("2"), Rules(noisy=frozenset({"$"})))
    assert (pair.kind, pair.told) == (Kind.SILENT, ("both returned, and all that differs is noise ($)",))


def test_what_is_no_json_is_compared_as_it_stands() -> None:
    assert compare(SAMPLE, gave("{"), gave("{"), Rules()).kind is Kind.AGREES
    assert compare(SAMPLE, gave("[" * 5000), gave("[" * 4999), Rules()).kind is Kind.CHANGES


def test_numbers_in_what_the_project_says_count_unless_they_are_noise() -> None:
    def full(limit: int, code: int) -> Seen:
        return failed("ValueError", f"more than {limit} (request {code})", deliberate=True)

    noise = learn_seen([[full(10, 4711)], [full(10, 815)]])
    assert compare(SAMPLE, full(10, 4711), full(10, 42), rules_of(noise)).kind is AGREES
    assert compare(SAMPLE, full(10, 4711), full(11, 4711), rules_of(noise)).kind is CHANGES
    crashes = (failed("IndexError", f"index {at} of 3") for at in (5, 6))
    assert compare(SAMPLE, *crashes, Rules()).kind is AGREES


def test_what_cannot_even_be_shown_says_nothing() -> None:
    large = gave(None, "(not written down: a whole number of 39,864 bits) (its repr raises ValueError)")
    assert compare(SAMPLE, large, large, Rules()).kind is SILENT


def test_what_crashes_in_both_versions_says_nothing_when_it_was_made_up() -> None:
    other = failed("TypeError", "x")
    made_up = replace(SAMPLE, origin=Origin.GENERATED)
    assert compare(made_up, CRASH, other, Rules()).kind is SILENT
    assert compare(SAMPLE, CRASH, other, Rules()).kind is CHANGES
    assert compare(made_up, CRASH, REFUSAL, Rules()).kind is CHANGES
