"""The figures of the judgement after a merge, in small: the worlds are as they say, and the verdicts right in them."""

import importlib.util
import random
import sys
from dataclasses import replace
from math import comb, exp, lgamma, log
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
sys.path.append(str(BENCHMARKS))

from judgement import kinds, latency, many, ours, recorded, rules, stories, study, tables  # noqa: E402
from judgement.chance import binomial, clustered, poisson  # noqa: E402
from judgement.traces import Spells, Steady, Step, World, trace  # noqa: E402


def load(path: Path) -> ModuleType:
    """The script beside the package of its name."""
    spec = importlib.util.spec_from_file_location(f"benchmark_{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def watched(world: World, count: int, seed: int = 1) -> list[Any]:
    """Ours alone."""
    found = []
    for number in range(count):
        one = trace(world, random.Random(f"{seed}/{number}"))
        found.append(ours.watch([ours.subject_of(one)], one.clock))
    return found


def share(seen: list[Any], rule: str) -> float:
    return sum(rule in one.hours for one in seen) / len(seen)


# Chance


def far(counts: dict[int, int], chances: dict[int, float], draws: int) -> float:
    """Chi-square over its degrees of freedom, of values that are expected five times at least."""
    usual = {value: chance * draws for value, chance in chances.items() if chance * draws >= 5}
    return sum((counts.get(value, 0) - mean) ** 2 / mean for value, mean in usual.items()) / len(usual)


@pytest.mark.parametrize(("count", "rate"), [(9, 0.3), (60, 0.9), (400, 0.01), (90, 0.4), (3000, 0.02)])
def test_binomial_counts_are_as_likely_as_the_formula_says(count: int, rate: float) -> None:
    chance, counts = random.Random(7), dict[int, int]()
    for _ in range(6000):
        found = binomial(chance, count, rate)
        counts[found] = counts.get(found, 0) + 1
    ways = {k: log(comb(count, k)) + k * log(rate) + (count - k) * log(1 - rate) for k in range(min(count, 200) + 1)}
    chances = {k: exp(level) for k, level in ways.items()}
    assert far(counts, chances, 6000) < 1.9


@pytest.mark.parametrize("mean", [0.2, 4, 9.9, 10.1, 60])
def test_poisson_counts_are_as_likely_as_the_formula_says(mean: float) -> None:
    chance, counts = random.Random(8), dict[int, int]()
    for _ in range(6000):
        found = poisson(chance, mean)
        counts[found] = counts.get(found, 0) + 1
    chances = {k: exp(k * log(mean) - mean - lgamma(k + 1)) for k in range(150)}
    assert far(counts, chances, 6000) < 1.9


def test_clustered_rates_keep_their_mean_and_spread_as_their_correlation_says() -> None:
    chance = random.Random(9)
    found = [clustered(chance, 0.1, 0.02) for _ in range(4000)]
    mean = sum(found) / len(found)
    assert mean == pytest.approx(0.1, abs=0.003)
    assert sum((one - mean) ** 2 for one in found) / len(found) == pytest.approx(0.02 * 0.09, rel=0.15)


# Worlds


def test_a_trace_has_the_calls_and_the_failures_of_its_world() -> None:
    one = trace(World(Step(0.1, 0.4), Step(200, 100)), random.Random(1))
    after = [sum(part) for part in zip(*one.minutes, strict=True)]
    assert one.before[0] == pytest.approx(168 * 200, rel=0.03)
    assert one.before[1] / one.before[0] == pytest.approx(0.1, abs=0.01)
    assert after[0] == pytest.approx(24 * 100, rel=0.1)
    assert after[1] / after[0] == pytest.approx(0.4, abs=0.05)
    assert sum(total for total, _ in one.last) == one.hours[-1][1]


def test_a_spell_has_its_own_calls_and_failures_for_its_time() -> None:
    world = World(Steady(0.0), Steady(600), spells=(Spells(0, 30, 0.8, 2, at=6),))
    one = trace(world, random.Random(1))
    inside = one.minutes[360:390]
    assert sum(failed for _, failed in one.minutes) == sum(failed for _, failed in inside)
    assert sum(failed for _, failed in inside) == pytest.approx(0.8 * sum(total for total, _ in inside), rel=0.1)
    assert sum(total for total, _ in inside) == pytest.approx(600, rel=0.15)


# Other rules


def test_the_rank_test_is_that_of_the_books() -> None:
    """U = 0 of 3 and 3: (0 - 4.5 + 0.5) / sqrt(3 x 3 x 7 / 12)."""
    assert rules.mann_whitney([1, 2, 3], [4, 5, 6]) == pytest.approx(-4 / (63 / 12) ** 0.5)
    assert rules.mann_whitney([4, 5, 6], [1, 2, 3]) == pytest.approx(4 / (63 / 12) ** 0.5)
    assert rules.mann_whitney([1, 1], [1, 1]) == 0


def test_other_rules_alarm_as_measured_elsewhere() -> None:
    """With nothing changed, 90 % success and 10 calls an hour, the seed rule takes one merge in seven back, and over
    a sliding hour nearly all; a plain drop is found by all."""
    calm = [trace(World(Steady(0.1), Steady(10)), random.Random(n)) for n in range(150)]
    assert 0.05 < sum(rules.drop_of_15_percent(one) is not None for one in calm) / 150 < 0.25
    assert sum(rules.drop_in_an_hour(one) is not None for one in calm) / 150 > 0.8
    worse = trace(World(Step(0.02, 0.6), Steady(600)), random.Random(1))
    assert all(hour is not None and hour <= 1.5 for hour in (rule(worse) for rule in rules.RULES.values()))
    quiet = trace(World(Steady(0.0), Steady(600)), random.Random(1))
    assert [rule(quiet) for rule in rules.RULES.values()] == [None] * len(rules.RULES)


def test_the_bound_of_wald_is_that_of_the_formula() -> None:
    """0.95 to 0.8 at 10 calls an hour: log(100) / KL(0.2 || 0.07) = 51.5 calls."""
    assert tables.wald(0.05, 0.2, 10) == pytest.approx(5.15, abs=0.01)
    assert tables.wald(0.05, 0.06, 10) == float("inf")
    assert tables.least(0.05, 0.8, 1000) == pytest.approx(5 / 60)


# Ours


@pytest.mark.parametrize(("failing", "per_hour"), [(0.1, 10), (0.05, 100), (0.01, 10)])
def test_nothing_changed_and_no_merge_is_taken_back(failing: float, per_hour: float) -> None:
    assert share(watched(World(Steady(failing), Steady(per_hour)), 120), "regressed") <= 0.01


@pytest.mark.parametrize("name", ["failures cluster by hour (ICC .02)", "outages, 1 per 72 h, 30 min, 80 % fail"])
def test_only_the_world_changed_and_no_merge_is_taken_back(name: str) -> None:
    assert share(watched(tables.WORLDS[name](0.05, 100), 60), "regressed") <= 0.04


def test_a_drop_is_found_not_much_later_than_possible() -> None:
    seen = watched(World(Step(0.05, 0.3), Steady(10)), 60)
    sample = study.Sample(study.Cell((), lambda chance: seen[0]), seen)
    assert sample.share("regressed") >= 0.97
    assert sample.delay("suspect") <= 1.6 * tables.least(0.05, 0.3, 10)


@pytest.mark.parametrize(
    "name",
    ["never fails, before or after", "never called after", "two poisoned inputs, tried 400 times", "worse at once",
     "an outage that all tools share", "worse after 12 hours", "a step 12 hours before"],
)  # fmt: skip
def test_a_story_ends_as_it_should(name: str) -> None:
    story = next(one for one in stories.stories() if one.name == name)
    assert story.watch(random.Random(3)).verdict in story.right


def test_a_look_that_is_skipped_would_have_said_nothing() -> None:
    worlds = [
        World(Steady(0.05), Steady(100)), World(Steady(0.2), Steady(20)), World(Step(0.05, 0.12), Steady(30)),
        tables.WORLDS["failures cluster by hour (ICC .02)"](0.1, 100),
    ]  # fmt: skip
    for world in worlds:
        for number in range(2):
            one = trace(world, random.Random(number))
            plain = ours.watch([ours.subject_of(one)], one.clock, screened=False)
            assert ours.watch([ours.subject_of(one)], one.clock) == plain


def test_a_mix_that_moves_is_not_the_merge() -> None:
    easy, hard = kinds.Kind((0.9, 0.5), (0.02, 0.02)), kinds.Kind((0.1, 0.5), (0.2, 0.2))
    assert "suspect" not in kinds.Mix((easy, hard))(random.Random(1)).hours
    assert "suspect" in kinds.Mix((easy, hard), told=False)(random.Random(1)).hours
    worse = replace(easy, failing=(0.02, 0.2)), replace(hard, failing=(0.2, 0.5))
    assert kinds.Mix(worse)(random.Random(1)).verdict == "regressed"


def test_a_new_error_is_found_where_failures_hide_it() -> None:
    assert kinds.NewError(0.05, 0.02, 200)(random.Random(1)).verdict == "regressed"
    assert kinds.NewError(0.05, 0.0, 200)(random.Random(1)).verdict == "healthy"


def test_slower_is_found_and_a_little_slower_is_not() -> None:
    usual = latency.Durations(0.5)
    slower = latency.Slower(usual, replace(usual, factor=2.0), 60)(random.Random(1))
    assert slower.verdict == "regressed" and slower.hours["regressed"] < 4
    assert "suspect" not in latency.Slower(usual, replace(usual, factor=1.2), 60)(random.Random(1)).hours


def test_many_tools_are_judged_alike_at_once_and_one_by_one() -> None:
    apart = many.Deployment(12, worse=0, success=0.3)(random.Random(4))
    whole = many.Deployment(12, worse=0, success=0.3, whole=True)(random.Random(4))
    assert apart.hours == whole.hours and "regressed" in whole.hours
    calm = [many.Deployment(12)(random.Random(number)) for number in range(8)]
    assert share(calm, "regressed") == 0


# Recorded


def test_what_is_recorded_is_judged_as_what_is_simulated() -> None:
    story = recorded.Recorded(World(Step(0.05, 0.5, 2), Steady(6)), 2)
    assert story(random.Random(1)) == ours.Seen({}, "regressed", frozenset({"verdicts", "alarms", "counts"}))


def test_many_tools_over_many_executions_are_read_and_judged() -> None:
    seen = recorded.Cost(5, 3000, worse=3)(random.Random(1))
    assert seen.verdict == "regressed"
    assert seen.hours["both"] == pytest.approx(seen.hours["read"] + seen.hours["judge"])


# Tables


def small(name: str = "small", bound: float = 1.0) -> study.Table:
    cell = study.Cell(("a",), lambda chance: ours.Seen({"x": chance.random()}), bounds={"x": bound})
    cells = (cell, replace(cell, labels=("b",), share=0.5))
    return study.Table(name, name.title(), "Note.", ("what", "x"), cells, lambda one: (f"{one.delay('x'):.6f}",))


def test_figures_are_the_same_for_any_number_of_processes() -> None:
    alone, together = (list(study.samples(small(), 25, jobs)) for jobs in (1, 2))
    assert [one.seen for one in alone] == [one.seen for one in together]
    assert [len(one.seen) for one in alone] == [25, 12]


def test_a_page_keeps_the_sections_of_other_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    script = load(BENCHMARKS / "judgement.py")
    monkeypatch.setattr(script, "TABLES", {"one": lambda: small("one"), "two": lambda: small("two", 0.5)})
    done = [script.result(make(), 4, 1, lambda one: None) for make in script.TABLES.values()]
    page = script.page("", done)
    assert page.index("## One") < page.index("## Two")
    assert page.count("2 to 4 watches a line") == 2
    assert page.count("Missed:\n\n- a: x in 100.00%, at most 50.00%") == 1
    assert script.page(page, done[1:]) == page
