ARTICLES = ["bolt", "nut", "washer", "hinge"]
PRICES = {"bolt": 12, "nut": 5, "washer": 3, "hinge": 250}


def calls(chance):
    for number in range(100):
        shelves = []
        for _ in range(chance.randrange(1, 6)):
            article = chance.choice(ARTICLES)
            shelf = {"article": article, "count": chance.choice([0, 3, 5, 8, 20]), "price": PRICES[article]}
            if chance.random() < 0.4:
                shelf["limit"] = chance.choice([0, 3, 8])
            shelves.append(shelf)
        if number % 14 == 6:
            shelves[0]["count"] = 30
            del shelves[0]["price"]
            shelves = shelves[:1]
        order = {article: chance.choice([1, 3, 5, 8]) for article in chance.sample(ARTICLES, chance.randrange(1, 4))}
        if number % 14 == 6:
            order = {shelves[0]["article"]: 3}
        yield "stock:ship", [shelves, order], {}
