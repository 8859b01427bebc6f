STARTS = ["6:00", "7:30", "9:00", "14:00", "22:00", "21:30", "8", "0:15"]


def entry(chance, day):
    start = chance.choice(STARTS)
    hours = 24 if chance.random() < 0.02 else chance.choice([4, 6, 6.5, 8, 8.5, 9, 9.75])
    minutes = int(start.partition(":")[0]) * 60 + int(start.partition(":")[2] or 0) + int(hours * 60)
    return {"day": f"2026-02-{day:02}", "start": start, "end": f"{minutes // 60 % 24}:{minutes % 60:02}"}


def calls(chance):
    for number in range(70):
        days = sorted(chance.sample(range(1, 29), chance.choice([1, 2, 3, 4, 5, 6])))
        entries = [entry(chance, day) for day in days] if number % 20 else []
        yield "shifts:timesheet", [entries], {"rate": chance.choice([12.82, 14.5, 19.75])}
