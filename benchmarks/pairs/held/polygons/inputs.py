import math


def calls(chance):
    for number in range(60):
        count = chance.choice([3, 4, 4, 5, 6, 8]) if number % 15 else 2
        turns = sorted((chance.random() * math.tau for _ in range(count)), reverse=chance.random() < 0.5)
        points = [[round(9 * math.cos(turn), 2), round(7 * math.sin(turn), 2)] for turn in turns]
        if number % 13 == 5:
            points = [[0, 0], [1, 1], [2, 2]]
        if number % 6 == 0:
            points = [[0, 0], [4, 0], [4, 3], [0, 3]]
            spots = [[chance.randrange(4), chance.randrange(4)] for _ in range(3)]
        else:
            spots = [[chance.randrange(-9, 9), chance.randrange(-7, 7)] for _ in range(chance.randrange(6))]
        yield "polygons:describe", [points], {"spots": spots} if spots else {}
