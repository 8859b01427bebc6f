STOPS = ["Abbey", "Bridge", "Castle", "Docks", "Elm", "Ford", "Gate"]


def calls(chance):
    for number in range(90):
        links = []
        for _ in range(chance.randrange(4, 12)):
            link = [*chance.sample(STOPS, 2), chance.choice([2, 3, 5, 5, 8, 12.5])]
            links.append([*link, "one-way"] if chance.random() < 0.15 else link)
        used = sorted({stop for link in links for stop in link[:2]})
        start, end = chance.choice(used), chance.choice(used)
        if number % 18 == 11:
            start = "Harbour"
        yield "routes:plan", [links, start, end], {"change": chance.choice([0, 0, 4])}
