def calls(chance):
    for _ in range(90):
        parcels = []
        for number in range(chance.choice([1, 1, 1, 2, 2, 3, 4, 5, 6])):
            parcel = {"ref": f"P{number}", "kg": chance.choice([0.4, 1.2, 2, 2.5, 3.75, 5, 9.5, 14.2])}
            if chance.random() < 0.3:
                parcel["size"] = [chance.randrange(10, 60) for _ in range(3)]
            parcels.append(parcel)
        country = chance.choice(["DE", "DE", "DE", "AT", "CH", "FR", "NO", "PT"])
        yield (
            "freight:quote",
            [parcels, country],
            {
                "insured": chance.choice([0, 0, 0, 120, 500, 501, 1250, 2480]),
                "express": chance.random() < 0.2,
            },
        )
