"""What customers and accountants are sent at the end of a month."""

import json
import random
import uuid
from dataclasses import dataclass

from gitops_healer.recorder import tool


@dataclass
class Line:
    label: str
    cents: int

    def share(self, total):
        return self.cents / total if total else 0.0


def cents_of(amount):
    return round(amount * 100)


@tool
def statement(entries, limit=3):
    """A statement as JSON text; it has a number by chance, and its largest entries."""
    lines = [Line(entry["label"], cents_of(entry["amount"])) for entry in entries]
    lines.sort(key=lambda line: (-abs(line.cents), line.label))
    total = sum(line.cents for line in lines)
    return json.dumps(
        {
            "number": str(uuid.uuid4()),
            "entries": len(lines),
            "total": total,
            "largest": [line.label for line in lines[:limit]],
            "share": round(lines[0].share(total), 4) if lines else None,
        }
    )


@tool
def table(entries, since="2026-01-01"):
    """The same as a table; each row has a number of its own, by chance."""
    rows = ["row,day,cents,sum"]
    balance = 0
    for entry in entries:
        if entry["day"] < since:
            continue
        balance += cents_of(entry["amount"])
        rows.append(f"{random.randrange(10**9)},{entry['day']},{cents_of(entry['amount'])},{balance}")
    return "\n".join(rows)


@tool
def reference(customer):
    """What a customer is to write on a payment: letters by chance, and the year."""
    letters = "".join(random.choices("ABCDEFGHJKLMNPQRSTUVWXYZ", k=6))
    return {"customer": customer["name"].strip(), "reference": f"{letters}-{customer['year']}"}
