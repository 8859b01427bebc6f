def calls(chance):
    for _ in range(110):
        now = 10_000
        count = chance.choice([0, 1, 3, 4, 5, 6, 9, 25])
        moments = sorted(now - chance.choice([1, 2, 7, 12, 30, 59, 60, 61, 100, 400]) for _ in range(count))
        if chance.random() < 0.08:
            moments.append(now + 5)
        yield "rate_limit:allowance", [moments, now], {"tier": chance.choice(["free", "free", "pro", "batch"])}
