WORDS = "my invoice is wrong the server was down urgent please refund it is slow lost data again price error".split()


def calls(chance):
    for number in range(90):
        text = " ".join(chance.choice(WORDS) for _ in range(chance.randrange(1, 9)))
        customer = {"name": chance.choice(["Acme", "Bolt & Co", "Cirrus"])}
        if chance.random() < 0.3:
            customer["lang"] = chance.choice(["de", "fr"])
        if number % 18 == 8:
            customer = {"company": "Dune"}
        yield "tickets:open_ticket", [text, customer], {"vip": True} if chance.random() < 0.3 else {}


def essence(result):
    kept = {key: value for key, value in result.items() if key not in ("number", "id", "opened", "owner", "took")}
    return kept | {"mail": result["mail"].replace(result["number"], "#"), "width": len(result["number"])}
