PATHS = ["plans/2026", "plans/2025", "plans/secret/x", "notes", "plansheet"]
RULES = ["plans/*", "plans/secret/*", "notes", "plans/2026", "*", "plans"]


def calls(chance):
    for number in range(90):
        groups = {"staff": ["ada", "bo"], "board": ["cy"], "all": ["staff", "board", "dee"]}
        if chance.random() < 0.2:
            groups["staff"] = ["all", "bo"]
        people = ["ada", "bo", "cy", "staff", "all", "board"]
        roles = ["reader", "reader", "writer", "admin", "none"]
        count = chance.randrange(7)
        rules = [[chance.choice(RULES), chance.choice(people), chance.choice(roles)] for _ in range(count)]
        if number % 12 == 5:
            rules.append(["plans/*", "all", "guest"])
        yield "permissions:access", [chance.choice(["ada", "bo", "cy", "dee"]), chance.choice(PATHS), rules, groups], {}
