import pytest

from queuesim import Customer, EventQueue, Office, arrivals, counters_needed, mean_length, queue_lengths


def people(*rows):
    return [Customer(name, arrives, needs) for name, arrives, needs in rows]


def test_arrivals():
    times = arrivals(30, 120, seed=1)
    assert times == sorted(times)
    assert 30 < len(times) < 90
    assert times[-1] < 120
    assert times == arrivals(30, 120, seed=1)


def test_events_come_in_order():
    events = EventQueue()
    events.put(5, "b")
    events.put(2, "a")
    events.put(5, "a")
    assert [events.take() for _ in range(3)] == [(2, "a"), (5, "b"), (5, "a")]
    assert len(events) == 0


def test_cancel():
    events = EventQueue()
    for time, what in [(1, "x"), (2, "y"), (3, "x"), (0, "z")]:
        events.put(time, what)
    assert events.cancel("x") == 2
    assert events.cancel("nothing") == 0
    assert [events.take() for _ in range(len(events))] == [(0, "z"), (2, "y")]


def test_one_counter():
    customers = people(("ann", 0, 10), ("bob", 2, 5), ("cy", 30, 5))
    Office(1).run(customers)
    assert [customer.served_at for customer in customers] == [0, 10, 30]
    assert [customer.left_at for customer in customers] == [10, 15, 35]
    assert [customer.waited for customer in customers] == [0, 8, 0]


def test_two_counters():
    customers = people(("ann", 0, 10), ("bob", 2, 5), ("cy", 3, 5))
    Office(2).run(customers)
    assert [customer.served_at for customer in customers] == [0, 2, 7]


def test_impatient_people_leave():
    office = Office(1)
    hasty = Customer("bob", 5, 5, patience=10)
    office.run([Customer("ann", 0, 30), hasty, Customer("cy", 6, 5)])
    assert [customer.name for customer in office.done] == ["ann", "cy"]
    assert office.lost == [hasty]
    assert hasty.left_at == 15
    assert hasty.waited == 10


def test_patience_just_enough():
    office = Office(1)
    office.run([Customer("ann", 0, 10), Customer("bob", 0, 5, patience=10)])
    assert office.lost == []


def test_before_opening():
    customers = people(("ann", 10, 5), ("bob", 20, 5))
    Office(1, opens=30).run(customers)
    assert [customer.served_at for customer in customers] == [30, 35]


def test_offices_are_separate():
    Office(1).run(people(("ann", 0, 1)))
    assert Office(1).summary()["served"] == 0


def test_summary():
    office = Office(1)
    office.run(people(("ann", 0, 10), ("bob", 2, 5), ("cy", 14, 5)))
    assert office.summary() == {"served": 3, "lost": 0, "mean": 3, "longest": 8, "quick": pytest.approx(2 / 3)}


def test_summary_border():
    office = Office(1)
    office.run(people(("ann", 0, 5), ("bob", 0, 5)))
    assert office.summary()["quick"] == 1


def test_queue_lengths():
    customers = people(("ann", 0, 10), ("bob", 2, 5), ("cy", 4, 5))
    Office(1).run(customers)
    assert queue_lengths(customers) == [(2, 1), (4, 2), (10, 1), (15, 0)]


def test_mean_length():
    assert mean_length([(2, 1), (4, 2), (10, 0)], 10) == pytest.approx(1.4)
    assert mean_length([], 10) == 0
    assert mean_length([(5, 1)], 10) == 0.5


def test_mean_length_stops():
    assert mean_length([(0, 1), (20, 5)], 10) == 1


def test_counters_needed():
    def rush():
        return people(("a", 0, 10), ("b", 0, 10), ("c", 0, 10), ("d", 0, 10))

    assert counters_needed(rush, 10) == 2
    assert counters_needed(rush, 9) == 4
    assert counters_needed(rush, 0, most=3) is None
