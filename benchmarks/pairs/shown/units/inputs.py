def calls(chance):
    for number in range(100):
        units = chance.choice([["m", "cm"], ["ft", "in"], ["kg", "g"], ["KM", "m"], ["lb"]])
        text = " ".join(f"{chance.choice([1, 2, 12, '3.5', '2,25', '1/2', 100, -4])}{unit}" for unit in units)
        target = chance.choice(["g", "kg", "lb"] if units[0] in ("kg", "lb") else ["mm", "m", "ft", "km", "in"])
        if number % 12 == 7:
            text = chance.choice(["tall", "3 parsec", "1/0 m", "1 m 2 kg"])
        yield "units:convert", [text, target], {"digits": chance.choice([0, 1, 3])} if number % 3 else {}
