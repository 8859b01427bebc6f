def calls(chance):
    for number in range(80):
        count = chance.choice([1, 2, 3, 5, 8, 20])
        values = [
            round(chance.gauss(30, 12), 1) if chance.random() < 0.7 else chance.randrange(60) for _ in range(count)
        ]
        if chance.random() < 0.3:
            values.append(None)
        if number % 16 == 2:
            values = [None] * chance.randrange(3)
        options = {"trim": chance.choice([0.1, 0.25])} if chance.random() < 0.25 else {}
        yield "spread:describe", [values], options
