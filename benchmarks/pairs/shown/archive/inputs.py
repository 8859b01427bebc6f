TITLES = [
    "Bread",
    "On walking",
    "A long title: " + "about everything there is, " * 5,
    "Über Äpfel",
    "???",
    "1984",
]


def note(chance):
    made = {
        "date": f"202{chance.randrange(3, 7)}-0{chance.randrange(1, 10)}-11",
        "title": chance.choice(TITLES),
        "text": chance.choice(["Flour and water.\n", "  Slowly ", "Two\n\nparts"]),
    }
    if chance.random() < 0.5:
        made["tags"] = chance.sample(["food", "out", "art"], chance.randrange(3))
    return made


def calls(chance):
    for number in range(50):
        notes = [note(chance) for _ in range(chance.randrange(5))]
        if number % 12 == 3:
            notes.append({"date": None, "title": "lost", "text": ""})
        yield "archive:store", [notes], {}
    for _ in range(40):
        notes = [note(chance) for _ in range(chance.randrange(5))]
        yield "archive:report", [notes], {"verbose": True} if chance.random() < 0.4 else {}
