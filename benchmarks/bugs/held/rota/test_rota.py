import pytest

from rota import Shift, clashes, free_slots, merge, most_at_once, next_up, parse_clock, pay


@pytest.mark.parametrize(("text", "minutes"), [("00:00", 0), ("07:30", 450), (" 9:05 ", 545), ("24:00", 1440)])
def test_parse_clock(text, minutes):
    assert parse_clock(text) == minutes


@pytest.mark.parametrize("text", ["12:75", "25:00", "24:01", "noon"])
def test_parse_clock_refuses(text):
    with pytest.raises(ValueError):
        parse_clock(text)


def test_merge_overlapping():
    assert merge([(10, 20), (15, 30)]) == [(10, 30)]


def test_merge_touching_and_unsorted():
    assert merge([(50, 60), (10, 20), (20, 30)]) == [(10, 30), (50, 60)]


def test_merge_span_inside_another():
    assert merge([(0, 100), (20, 30)]) == [(0, 100)]


def test_merge_nothing():
    assert merge([]) == []


def test_free_slots_between():
    assert free_slots([(540, 600), (660, 720)], 480, 720) == [(480, 540), (600, 660)]


def test_free_slots_ignores_short_gaps():
    assert free_slots([(480, 540), (550, 700)], 480, 720) == [(700, 720)]


def test_free_slots_empty_day():
    assert free_slots([], 480, 1020) == [(480, 1020)]


def test_free_slots_full_day():
    assert free_slots([(480, 1020)], 480, 1020) == []


def test_most_at_once():
    shifts = [Shift("ann", 480, 720), Shift("bob", 600, 900), Shift("cy", 700, 800)]
    assert most_at_once(shifts) == 3


def test_handover_does_not_count_twice():
    assert most_at_once([Shift("ann", 480, 720), Shift("bob", 720, 900)]) == 1


def test_nobody_there():
    assert most_at_once([]) == 0


def test_pay_by_day():
    assert pay(Shift("ann", 480, 960), 20) == 160


def test_pay_into_the_night():
    assert pay(Shift("ann", 1200, 1440), 20) == 90


def test_pay_night_only():
    assert pay(Shift("ann", 1380, 1440), 12) == 15


def test_clashes():
    early, late = Shift("ann", 480, 720), Shift("ann", 700, 900)
    assert clashes([early, late]) == [(early, late)]


def test_no_clash_between_people_or_back_to_back():
    assert clashes([Shift("ann", 480, 720), Shift("bob", 500, 700), Shift("ann", 720, 900)]) == []


def test_later_entry_may_be_earlier_in_the_day():
    late, early, evening = Shift("ann", 700, 900), Shift("ann", 480, 720), Shift("ann", 1000, 1100)
    assert clashes([evening, late, early]) == [(late, early)]


def test_next_up():
    shifts = [Shift("ann", 480, 720), Shift("bob", 500, 560), Shift("gone", 0, 10)]
    assert next_up(["ann", "bob"], shifts) == "bob"
    assert next_up(["ann", "bob", "cy"], shifts) == "cy"


def test_next_up_by_name_when_even():
    assert next_up(["cy", "bob", "ann"], []) == "ann"
