"""How often somebody may do something."""

from gitops_healer.recorder import tool

TIERS = {"free": (5, 60), "pro": (20, 60), "batch": (100, 3600)}


def window(moments, now, length):
    """Those of the last `length` seconds; the oldest edge no longer counts."""
    return [moment for moment in moments if now - length < moment <= now]


def tokens(moments, now, most, refill):
    """A bucket that fills by one each `refill` seconds."""
    level, last = float(most), None
    for moment in sorted(moments):
        if moment > now:
            break
        if last is not None:
            level = min(most, level + (moment - last) / refill)
        level = max(0.0, level - 1)
        last = moment
    if last is not None:
        level = min(most, level + (now - last) / refill)
    return level


@tool
def allowance(moments, now, tier="free", burst=3):
    """Whether one more request may come now, how many may, and how long to wait otherwise."""
    most, length = TIERS[tier]
    recent = window(moments, now, length)
    left = most - len(recent)
    level = tokens(moments, now, burst, length / most)
    allowed = left > 0 and level >= 1
    wait = 0.0
    if left <= 0:
        wait = min(recent) + length - now
    elif not allowed:
        wait = (1 - level) * length / most
    return {"allowed": allowed, "left": max(0, left), "wait": round(wait, 3), "since": recent[0] if recent else None}
