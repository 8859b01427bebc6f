"""What lies in a store house."""

from gitops_healer.recorder import tool


class StockError(Exception):
    """There is less than was asked for."""


def merge(shelves):
    """One entry for each article; the smallest limit counts."""
    merged = {}
    for shelf in shelves:
        article = shelf["article"]
        known = merged.get(article)
        if known is None:
            merged[article] = {"count": shelf["count"], "limit": shelf.get("limit", 5)}
        else:
            known["count"] += shelf["count"]
            known["limit"] = min(known["limit"], shelf.get("limit", 5))
    return merged


@tool
def ship(shelves, order):
    """Take an order out of the shelves: what is left, what has to be bought, what it is worth."""
    stock = merge(shelves)
    prices = {shelf["article"]: shelf.get("price") for shelf in shelves}
    missing = []
    worth = 0
    for article, count in order.items():
        held = stock.get(article, {"count": 0})["count"]
        if held < count:
            missing.append(article)
            continue
        stock[article]["count"] -= count
        worth += count * prices[article]
    if missing and len(missing) == len(order):
        raise StockError(f"nothing of {', '.join(sorted(missing))}")
    low = [article for article, entry in stock.items() if entry["count"] < entry["limit"]]
    return {
        "left": {article: entry["count"] for article, entry in stock.items()},
        "missing": missing,
        "buy": sorted(low),
        "worth": worth,
    }
