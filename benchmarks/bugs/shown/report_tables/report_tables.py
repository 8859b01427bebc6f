"""Plain text reports: tables, bars, pages."""

import statistics

GAP = 2
BAR = "#"


def column_widths(rows):
    """Width of the longest cell of each column; rows may differ in length."""
    widths = []
    for row in rows:
        for number, cell in enumerate(row):
            if number == len(widths):
                widths.append(0)
            widths[number] = max(widths[number], len(str(cell)))
    return widths


def is_number(cell):
    return isinstance(cell, (int, float)) and not isinstance(cell, bool)


def align(cell, width):
    """Numbers stand to the right, everything else to the left; None is empty."""
    text = "" if cell is None else str(cell)
    return text.rjust(width) if is_number(cell) else text.ljust(width)


def table(rows, header=None):
    """Rows as lines with columns in line; a header gets a line of dashes below."""
    rows = [list(row) for row in rows]
    if header:
        rows.insert(0, list(header))
    widths = column_widths([["" if cell is None else cell for cell in row] for row in rows])
    lines = []
    for row in rows:
        cells = [align(cell, width) for cell, width in zip(row, widths, strict=False)]
        lines.append((" " * GAP).join(cells).rstrip())
    if header:
        lines.insert(1, (" " * GAP).join("-" * width for width in widths))
    return "\n".join(lines)


def group_digits(number, sign=","):
    """A whole number with a sign between groups of three digits: 1234567 is `1,234,567`."""
    digits = str(abs(number))
    groups = []
    while len(digits) > 3:
        groups.insert(0, digits[-3:])
        digits = digits[:-3]
    groups.insert(0, digits)
    return ("-" if number < 0 else "") + sign.join(groups)


def percent(part, whole, digits=1):
    """A share in percent, `n/a` of nothing."""
    if whole == 0:
        return "n/a"
    return f"{100 * part / whole:.{digits}f}%"


def bars(values, width=20):
    """One bar a name, the longest of full width; values are not negative."""
    if not values:
        return ""
    longest = max(len(name) for name in values)
    top = max(values.values()) or 1
    lines = []
    for name, value in values.items():
        bar = BAR * round(value * width / top)
        lines.append(f"{name:<{longest}} |{bar} {value}")
    return "\n".join(lines)


def histogram(numbers, start, step, count):
    """How many numbers fall into each of `count` classes of width `step`; the upper end belongs to the next class.

    What lies outside is counted in the first or the last class.
    """
    classes = [0] * count
    for number in numbers:
        place = int((number - start) // step)
        place = min(max(place, 0), count - 1)
        classes[place] += 1
    return classes


def totals(rows, group, value):
    """Sum of a field by another field, the greatest first, equal ones by name."""
    sums = {}
    for row in rows:
        sums[row[group]] = sums.get(row[group], 0) + row[value]
    return sorted(sums.items(), key=lambda pair: (-pair[1], pair[0]))


def top(pairs, count):
    """The first so many pairs; what is left is summed up as `others`, if anything is."""
    pairs = list(pairs)
    rest = pairs[count:]
    if not rest:
        return pairs
    return [*pairs[:count], ("others", sum(value for _, value in rest))]


def pages(lines, height, footer="page {number} of {count}"):
    """Lines in pages of `height` lines, each with a footer as an additional line."""
    cut = [lines[start : start + height] for start in range(0, len(lines), height)] or [[]]
    return [[*page, footer.format(number=number, count=len(cut))] for number, page in enumerate(cut, start=1)]


def outliers(numbers, limit=2.0):
    """Numbers further from the mean than `limit` standard deviations (of the population), in their order."""
    if len(numbers) < 2:
        return []
    mean = statistics.fmean(numbers)
    spread = statistics.pstdev(numbers)
    return [number for number in numbers if abs(number - mean) > limit * spread]


def change(before, after):
    """A change in words: `+5 (+50.0%)`, `no change`, `new` when there was nothing before."""
    if before == after:
        return "no change"
    if before == 0:
        return "new"
    difference = after - before
    return f"{difference:+d} ({100 * difference / before:+.1f}%)"
