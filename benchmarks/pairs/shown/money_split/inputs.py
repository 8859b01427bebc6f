def calls(chance):
    for number in range(80):
        everyone = chance.sample(["Ada", "Ben", "Cem", "Dora", "Eli"], chance.randrange(2, 6))
        bills = []
        for _ in range(chance.randrange(5)):
            amount = chance.choice(["10", "12,50", "99.99", "7.01", "1.15", "0,05"])
            bill = {"by": chance.choice(everyone), "amount": amount, "all": everyone}
            if chance.random() < 0.3:
                bill["for"] = chance.sample(everyone, chance.randrange(len(everyone)))
            bills.append(bill)
        if number % 20 == 13:
            bills.append({"by": everyone[0], "amount": "", "all": everyone})
        yield "money_split:settle", [bills], {}
