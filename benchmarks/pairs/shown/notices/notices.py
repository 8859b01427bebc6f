"""Tells people what they want to know."""

from gateway import balance, send

from gitops_healer.recorder import tool


def text_for(event, person):
    hello = f"Hello {person['name']}, " if person.get("name") else ""
    return f"{hello}{event['title']} at {event['hour']:02}:00"


def channel_of(person, hour):
    if person.get("pager") and 8 <= hour < 20:
        return "sms"
    return "mail"


@tool(requires_mocking=["gateway.send", "gateway.balance"])
def announce(event, people):
    """Tells all; those without any address are counted. Texts go first, while there is a balance."""
    left = balance()
    sent, silent, receipts = [], 0, []
    ordered = sorted(people, key=lambda person: channel_of(person, event["hour"]) != "sms")
    for person in ordered:
        channel = channel_of(person, event["hour"])
        to = person.get("pager") if channel == "sms" else person.get("box")
        if not to:
            silent += 1
            continue
        if len(sent) >= left:
            break
        receipt = send(channel, to, text_for(event, person))
        receipts.append(receipt["id"])
        sent.append(to)
    return {"sent": sent, "silent": silent, "receipts": receipts, "left": left - len(sent)}
