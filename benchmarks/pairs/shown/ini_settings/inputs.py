LINES = [
    "port = 9000",
    "debug = yes",
    "debug=OFF",
    'host = "example.org"  # public',
    "level = debug",
    "keep = 30",
    "# nothing",
    "",
    "name = a=b",
    "port = 1",
    "keep = 0",
]


def calls(chance):
    for number in range(90):
        lines = []
        for section in chance.sample(["server", "log", "extra"], chance.randrange(4)):
            lines += [f"[{section}]", *chance.sample(LINES, chance.randrange(4))]
        if number % 18 == 4:
            lines.append("what is this")
        overrides = {"log.level": "error"} if chance.random() < 0.2 else None
        if number % 15 == 7:
            overrides = {"cache.size": 10}
        yield "ini_settings:load", ["\n".join(lines)], {"overrides": overrides} if overrides else {}
