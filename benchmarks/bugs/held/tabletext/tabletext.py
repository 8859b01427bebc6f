"""Plain text for terminals: lines are wrapped, cut and laid out in columns."""

ELLIPSIS = "..."


def cut(text, width):
    """The text, or its beginning with "..." if it is longer than `width`; the result is never longer than `width`."""
    if len(text) <= width:
        return text
    if width <= len(ELLIPSIS):
        return ELLIPSIS[:width]
    return text[: width - len(ELLIPSIS)] + ELLIPSIS


def wrap(text, width):
    """Lines of at most `width` letters, broken between words; longer words are broken wherever needed."""
    lines = []
    line = ""
    for word in text.split():
        while len(word) > width:
            if line:
                lines.append(line)
                line = ""
            lines.append(word[:width])
            word = word[width:]
        if not word:
            continue
        if not line:
            line = word
        elif len(line) + 1 + len(word) <= width:
            line += " " + word
        else:
            lines.append(line)
            line = word
    if line:
        lines.append(line)
    return lines


def indent(text, by, first=None):
    """Each line that is not blank is moved right by `by` blanks, the first one by `first` if that is given."""
    out = []
    for number, line in enumerate(text.split("\n")):
        blanks = first if number == 0 and first is not None else by
        out.append(" " * blanks + line if line.strip() else "")
    return "\n".join(out)


def table(rows, header=None, gap=2):
    """Rows of cells in columns: numbers to the right, other cells to the left; short rows are filled up.

    A line of hyphens stands below the header. There are no blanks at the ends of lines.
    """
    rows = [list(row) for row in rows]
    if header is not None:
        rows.insert(0, list(header))
    columns = max((len(row) for row in rows), default=0)
    for row in rows:
        row.extend([""] * (columns - len(row)))
    widths = [max(len(str(row[column])) for row in rows) for column in range(columns)]
    lines = []
    for row in rows:
        cells = [align(cell, width) for cell, width in zip(row, widths, strict=True)]
        lines.append((" " * gap).join(cells).rstrip())
    if header is not None:
        lines.insert(1, (" " * gap).join("-" * width for width in widths))
    return "\n".join(lines)


def align(cell, width):
    """One cell, as wide as its column."""
    if isinstance(cell, int | float):
        return str(cell).rjust(width)
    return str(cell).ljust(width)


def columns_of(names, width, gap=2):
    """Names sorted and laid out like `ls` does: down the columns, as many columns as fit in `width`."""
    names = sorted(names)
    if not names:
        return []
    widest = max(len(name) for name in names)
    count = max(1, (width + gap) // (widest + gap))
    height = -(-len(names) // count)
    lines = []
    for row in range(height):
        cells = names[row::height]
        lines.append((" " * gap).join(cell.ljust(widest) for cell in cells).rstrip())
    return lines


def bar(share, width=20):
    """A bar for a share from 0 to 1; shares outside are drawn as 0 or 1.

    >>> bar(0.5, 4)
    '[##  ]  50%'
    """
    share = min(1, max(0, share))
    full = round(share * width)
    return f"[{'#' * full}{' ' * (width - full)}] {share:4.0%}"


def plural(count, word, many=None):
    """ "1 file", "2 files", "no files", or with the plural that is given."""
    if count == 1:
        return f"1 {word}"
    return f"{count or 'no'} {many or word + 's'}"


def listing(words, last="and", limit=None):
    """ "a", "a and b", "a, b and c"; above `limit` words "a, b and 3 more"."""
    words = list(words)
    if limit is not None and len(words) > limit:
        words = [*words[:limit], f"{len(words) - limit} more"]
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"
