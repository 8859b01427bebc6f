def calls(chance):
    for number in range(100):
        readings = [chance.randrange(1000, 9000)]
        for _ in range(chance.choice([1, 1, 1, 2, 3])):
            readings.append(readings[-1] + chance.choice([0, 40, 60, 100, 150, 250, 333]))
        if number % 16 == 3:
            readings.reverse()
        options = {
            "plan": chance.choice(["basic", "green", "heat"]),
            "months": chance.choice([0, 3, 11, 12, 13, 24, 30]),
        }
        if chance.random() < 0.4:
            options["paid"] = [chance.choice([10, 25.5, 40])] * chance.randrange(4)
        yield "tariff:bill", [readings if number != 50 else readings[:1]], options
