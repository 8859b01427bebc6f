ACCOUNTS = ["Till", "Bank", "Fees", "Rent", "Gifts"]
NOTES = ["coffee", "July; part 2", None, "", "repaid", "Zürich", "lent"]


def bookings(chance):
    count = chance.randrange(1, 9)
    return [
        [chance.choice(ACCOUNTS), chance.choice([0, 1250, -300, 9999, -45, 700]), chance.choice(NOTES)]
        for _ in range(count)
    ]


def calls(chance):
    for _ in range(45):
        yield "cash_book:post", [bookings(chance)], {}
    for _ in range(45):
        yield "cash_book:write_out", [bookings(chance), f"2026-{chance.randrange(1, 3):02}"], {}
