import io
import json
import zlib

asked = []


def calls(chance):
    for number in range(70):
        people = []
        for name in chance.sample(["Ada", "Bo", "Cy", "Dee"], chance.randrange(1, 5)):
            person = {"name": name, "box": f"{name.lower()}/home"}
            if chance.random() < 0.5:
                person["pager"] = chance.choice(["ext 4411", "ext 2708"])
            if chance.random() < 0.15:
                del person["box"]
            if chance.random() < 0.1:
                person["name"] = ""
            people.append(person)
        event = {"title": chance.choice(["Fire drill", "Choir", "Lunch"]), "hour": chance.choice([7, 8, 12, 19, 20])}
        if number % 14 == 6:
            del event["hour"]
        yield "notices:announce", [event, people], {}


def answer(request):
    """A receipt that depends on the message only; three messages are left."""
    if isinstance(request, str):
        asked.append(request)
        return io.BytesIO(b'{"left": 3}')
    asked.append(request.data.decode())
    return io.BytesIO(json.dumps({"id": zlib.crc32(request.data) % 1000}).encode())


def prepare():
    import gateway

    gateway.urlopen = answer
