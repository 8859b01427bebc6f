def calls(chance):
    for number in range(90):
        rule = {"every": chance.choice(["day", "week", "month"])}
        if rule["every"] == "week":
            rule["on"] = chance.sample(["mon", "wed", "fri", "sun"], chance.randrange(1, 4))
        if chance.random() < 0.3:
            rule["interval"] = chance.choice([2, 3])
        day = chance.choice([1, 28, 30, 31]) if chance.random() < 0.3 else 15
        start = f"2026-0{chance.randrange(1, 7)}-{day:02}"
        if start.endswith(("02-30", "02-31", "04-31", "06-31")):
            start = "2026-01-31"
        if chance.random() < 0.2:
            rule["until"] = "2026-06-15"
        if number % 15 == 4:
            rule["until"] = "2025-12-31"
        skip = [f"2026-0{chance.randrange(1, 7)}-15"] if chance.random() < 0.3 else []
        yield "timetable:upcoming", [rule, start], {"count": chance.choice([1, 3, 5]), "skip": skip}
