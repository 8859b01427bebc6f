"""Whom to call back, and when."""

from gitops_healer.recorder import tool


def national(number):
    """Digits as they are dialled at home."""
    digits = "".join(sign for sign in number if sign.isdigit())
    return f"0{digits[2:]}" if number.startswith("+49") else digits


@tool
def rota(people, first_hour=9):
    """Hour by hour, those with a number first, three an hour; the others are written to."""
    reachable = sorted((person for person in people if person.get("phone")), key=lambda person: person["name"])
    calls = []
    for place, person in enumerate(reachable):
        calls.append(
            {"hour": first_hour + place // 3, "name": person["name"], "digits": len(national(person["phone"]))}
        )
    letters = [person["name"] for person in people if not person.get("phone")]
    return {"calls": calls, "letters": sorted(letters), "ends": first_hour + (len(reachable) + 2) // 3}
