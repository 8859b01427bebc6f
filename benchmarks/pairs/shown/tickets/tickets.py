"""Tickets of a help desk."""

import random
import time
import uuid

from gitops_healer.recorder import tool

URGENT = ("down", "urgent", "lost", "security")
DESKS = {"billing": ["invoice", "refund", "price"], "technik": ["down", "error", "slow"]}


def priority(text, vip):
    score = 2 * sum(word in text.lower() for word in URGENT)
    if vip:
        score += 1
    return "high" if score >= 3 else "normal" if score else "low"


def desk_of(text):
    counts = {desk: sum(word in text.lower() for word in words) for desk, words in DESKS.items()}
    best = max(counts, key=counts.get)
    return best if counts[best] else "front"


@tool
def open_ticket(text, customer, vip=False):
    """A new ticket: its number is by chance, its time is now, somebody of the desk has it."""
    began = time.perf_counter()
    words = text.split()
    number = f"T-{random.randrange(10**6):06}"
    ticket = {
        "number": number,
        "id": uuid.uuid4().hex,
        "opened": time.time(),
        "title": " ".join(words[:4]),
        "customer": customer["name"],
        "priority": priority(text, vip),
        "desk": desk_of(text),
        "owner": random.choice(["ann", "ben", "cat"]),
        "due_hours": {"high": 4, "normal": 24, "low": 72}[priority(text, vip)],
        "mail": f"We got it: {number}, {customer.get('lang', 'en')}",
    }
    ticket["took"] = time.perf_counter() - began
    return ticket
