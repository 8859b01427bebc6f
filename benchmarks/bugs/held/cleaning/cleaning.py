"""Cleaning of records (dicts) that came from forms and spreadsheets."""

import re
import statistics

EMPTY = {"", "-", "n/a", "none", "null"}
YES = {"y", "yes", "true", "1"}
NO = {"n", "no", "false", "0"}


def tidy(value):
    """Text without blanks around and with single blanks inside; None for anything that means "nothing"."""
    if value is None:
        return None
    text = " ".join(str(value).split())
    return None if text.lower() in EMPTY else text


def to_number(value):
    """ "1,234.50", " 12 %" (0.12) and "(30)" (-30, as accountants write) as numbers; None if it is not a number."""
    text = tidy(value)
    if text is None:
        return None
    negative = text.startswith("(") and text.endswith(")")
    if negative:
        text = text[1:-1]
    percent = text.endswith("%")
    text = text.rstrip("%").replace(",", "").strip()
    try:
        number = float(text)
    except ValueError:
        return None
    if percent:
        number /= 100
    return -number if negative else number


def to_flag(value):
    """True, False, or None if it is neither a yes nor a no."""
    text = str(value).strip().lower()
    if text in YES:
        return True
    if text in NO:
        return False
    return None


def column_name(text, taken=()):
    """A name for code: lower case, words joined by "_", never empty or with a digit in front or taken.

    >>> column_name("Net Price (EUR)")
    'net_price_eur'
    """
    name = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_") or "column"
    if name[0].isdigit():
        name = "_" + name
    free = name
    number = 2
    while free in taken:
        free = f"{name}_{number}"
        number += 1
    return free


def without_duplicates(records, keys):
    """The first record for each combination of `keys`, whatever their case.

    Fields that it lacks are taken from later ones.
    """
    kept = {}
    for record in records:
        mark = tuple(str(record.get(key) or "").lower() for key in keys)
        if mark not in kept:
            kept[mark] = dict(record)
            continue
        for field, value in record.items():
            if kept[mark].get(field) is None:
                kept[mark][field] = value
    return list(kept.values())


def fill_down(records, fields):
    """New records in which a missing value is that of the record above."""
    filled = []
    above = {}
    for record in records:
        complete = dict(record)
        for field in fields:
            if complete.get(field) is None:
                complete[field] = above.get(field)
        filled.append(complete)
        above = complete
    return filled


def outliers(values, reach=1.5):
    """The values further than `reach` times the quartile distance below the lower or above the upper quartile.

    With fewer than four values there are none.
    """
    if len(values) < 4:
        return []
    lower, _, upper = statistics.quantiles(values, n=4)
    distance = (upper - lower) * reach
    return [value for value in values if value < lower - distance or value > upper + distance]


def rescale(values, low=0.0, high=1.0):
    """Values moved to the range from `low` to `high`; if all are equal they become `low`."""
    if not values:
        return []
    smallest, largest = min(values), max(values)
    width = largest - smallest
    if width == 0:
        return [low] * len(values)
    return [low + (value - smallest) / width * (high - low) for value in values]


def group_totals(records, by, field):
    """Sum of a numeric field by group, largest first; records without a number count as 0."""
    totals = {}
    for record in records:
        group = record.get(by)
        totals[group] = totals.get(group, 0) + (to_number(record.get(field)) or 0)
    return sorted(totals.items(), key=lambda pair: pair[1], reverse=True)


def problems(record, rules):
    """What is wrong with a record.

    Rules are such as {"age": {"required": True, "low": 0, "high": 120}, "plan": {"among": ["free", "paid"]}}.
    """
    found = []
    for field, rule in rules.items():
        value = record.get(field)
        if value is None:
            if rule.get("required"):
                found.append(f"{field} is missing")
            continue
        if "low" in rule and value < rule["low"]:
            found.append(f"{field} is below {rule['low']}")
        if "high" in rule and value > rule["high"]:
            found.append(f"{field} is above {rule['high']}")
        if "among" in rule and value not in rule["among"]:
            found.append(f"{field} is not one of {', '.join(map(str, rule['among']))}")
    return found
