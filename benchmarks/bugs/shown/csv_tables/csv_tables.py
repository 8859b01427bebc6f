"""Tables in comma-separated text: reading, writing, sorting, joining, pivoting. A row is a dict of strings."""

Row = dict[str, str]


def split_line(line: str, separator: str = ",") -> list[str]:
    """The fields of one line. Quoted fields may contain the separator, and quotes written twice.

    >>> split_line('a,"b, c","5"" wide"')
    ['a', 'b, c', '5" wide']
    """
    fields = []
    field = ""
    quoted = False
    position = 0
    while position < len(line):
        character = line[position]
        if quoted and character == '"' and line[position + 1 : position + 2] == '"':
            field += '"'
            position += 1
        elif character == '"':
            quoted = not quoted
        elif character == separator and not quoted:
            fields.append(field)
            field = ""
        else:
            field += character
        position += 1
    fields.append(field)
    return fields


def quote_field(field: str, separator: str = ",") -> str:
    """The field as it is written; in quotes if it contains the separator or a quote, or has blanks at its ends."""
    if separator in field or '"' in field or field != field.strip():
        doubled = field.replace('"', '""')
        return f'"{doubled}"'
    return field


def parse_table(text: str, separator: str = ",") -> list[Row]:
    """The rows below the header line. Empty lines are skipped, fields that a row lacks are ""."""
    lines = text.splitlines()
    if not lines:
        return []
    header = split_line(lines[0], separator)
    rows = []
    for line in lines[1:]:
        if not line.strip():
            continue
        fields = split_line(line, separator)
        fields += [""] * (len(header) - len(fields))
        rows.append(dict(zip(header, fields, strict=False)))
    return rows


def write_table(rows: list[Row], separator: str = ",") -> str:
    """Text that `parse_table` reads back; the header is taken from the first row."""
    if not rows:
        return ""
    header = list(rows[0])
    lines = [separator.join(quote_field(name, separator) for name in header)]
    lines += [separator.join(quote_field(row.get(name, ""), separator) for name in header) for row in rows]
    return "\n".join(lines) + "\n"


def is_number(text: str) -> bool:
    """Whether the text is a whole or decimal number, perhaps with a minus."""
    return text.removeprefix("-").replace(".", "", 1).isdigit()


def sort_rows(rows: list[Row], column: str, descending: bool = False) -> list[Row]:
    """A new list in the order of a column: numbers by value before all other texts (after them when descending)."""

    def key(row: Row) -> tuple[int, float, str]:
        value = row[column]
        return (0, float(value), "") if is_number(value) else (1, 0.0, value)

    return sorted(rows, key=key, reverse=descending)


def render(rows: list[Row]) -> str:
    """A table for the terminal; columns that hold only numbers are aligned to the right."""
    if not rows:
        return ""
    lines = [""] * (len(rows) + 1)
    for name in rows[0]:
        cells = [row[name] for row in rows]
        width = max(len(name), *(len(cell) for cell in cells))
        to_the_right = all(is_number(cell) for cell in cells)
        for index, cell in enumerate([name, *cells]):
            padded = cell.rjust(width) if to_the_right else cell.ljust(width)
            lines[index] += padded + "  "
    return "\n".join(line.rstrip() for line in lines)


def left_join(left: list[Row], right: list[Row], column: str) -> list[Row]:
    """Every left row, extended by the first right row with the same value in the column; in new rows."""
    partners: dict[str, Row] = {}
    for row in right:
        partners.setdefault(row[column], row)
    joined = []
    for row in left:
        merged = dict(row)
        merged.update(partners.get(row[column], {}))
        joined.append(merged)
    return joined


def pivot(rows: list[Row], down: str, across: str, value: str) -> dict[str, dict[str, float]]:
    """Sums of a column for all pairs of values of two others; 0 where there is no row."""
    zeros = dict.fromkeys(sorted({row[across] for row in rows}), 0.0)
    sums: dict[str, dict[str, float]] = {}
    for row in rows:
        if row[down] not in sums:
            sums[row[down]] = dict(zeros)
        sums[row[down]][row[across]] += float(row[value])
    return sums
