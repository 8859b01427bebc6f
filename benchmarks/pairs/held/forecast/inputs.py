import io
import json

asked = []


def calls(chance):
    for _ in range(60):
        yield "forecast:conditions", [chance.choice(["harbour", "hill", "town"])], {"hours": chance.randrange(1, 25)}
    yield "forecast:conditions", ["moon"], {}


def answer(url):
    """The same for the same address; a station is silent now and then."""
    asked.append(url)
    number = sum(map(ord, url)) * 37 % 101
    value = None if number % 9 == 0 else number / 4 - 6 if "temperature" in url else number % 30
    return io.BytesIO(json.dumps({"value": value}).encode())


def prepare():
    import stations

    stations.urlopen = answer
