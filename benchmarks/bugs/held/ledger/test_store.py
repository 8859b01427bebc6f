def test_credit(store):
    store.add_account("ann", 300)
    store.add_account("bob", 0)
    assert store.credit_of("ann") == 300
    assert store.credit_of("bob") == 0
    assert store.credit_of("cy") is None


def test_total(store):
    store.add_entry("ann", "2024-01-01", 50, "")
    store.add_entry("ann", "2024-01-02", -20, "")
    store.add_entry("bob", "2024-01-02", 7, "")
    assert store.total("ann") == 30


def test_total_of_an_empty_account(store):
    assert store.total("ann") == 0


def test_entries_are_in_order(store):
    store.add_entry("ann", "2024-02-01", 2, "b")
    store.add_entry("ann", "2024-01-31", 1, "a")
    assert store.entries("ann") == [("2024-01-31", 1, "a"), ("2024-02-01", 2, "b")]


def test_entries_between_days(store):
    for day in ("2024-01-31", "2024-02-01", "2024-02-29", "2024-03-01"):
        store.add_entry("ann", day, 1, "")
    assert [day for day, _, _ in store.entries("ann", "2024-02-01", "2024-02-29")] == ["2024-02-01", "2024-02-29"]


def test_names_are_sorted(store):
    store.add_account("cy", 0)
    store.add_account("ann", 0)
    assert store.names() == ["ann", "cy"]
