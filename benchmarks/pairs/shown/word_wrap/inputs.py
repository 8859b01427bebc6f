WORDS = (
    "the boat left harbour in a storm and nobody on the pier waved to its crew of seven fishermen from Aberdeen".split()
)


def calls(chance):
    for number in range(80):
        counts = [chance.randrange(1, 30) for _ in range(chance.choice([1, 1, 2, 3]))]
        parts = [" ".join(chance.choice(WORDS) for _ in range(count)) + "." for count in counts]
        text = chance.choice(["\n\n", "\n  \n"]).join(parts) if number % 20 != 9 else chance.choice(["", "  \n"])
        if number % 14 == 5:
            text = text.replace(" ", "\n")
        options = {"width": chance.choice([10, 20, 33, 40, 64])}
        if chance.random() < 0.3:
            options["indent"] = chance.choice(["  ", "> "])
        yield "word_wrap:layout", [text], options
