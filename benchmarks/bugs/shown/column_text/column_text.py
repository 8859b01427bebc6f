"""Sets plain text: lines, boxes, lists, headings and names."""

import re
import unicodedata

ROMAN = ((1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"))
ROMAN += ((10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))
SMALL_WORDS = {"a", "an", "and", "at", "for", "in", "of", "on", "or", "the", "to"}


def fill(text: str, width: int, indent: int = 0) -> list[str]:
    """Lines as full as possible; all but the first are indented. A word that is longer than a line stays whole."""
    lines = []
    line = ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = " " * indent + word
        else:
            line = f"{line} {word}" if line else word
    if line:
        lines.append(line)
    return lines


def justify(words: list[str], width: int) -> str:
    """One line of exactly the width; blanks are spread evenly, the odd ones to the left. A single word is not moved."""
    if len(words) == 1:
        return words[0].ljust(width)
    gaps = len(words) - 1
    blanks, odd = divmod(width - sum(len(word) for word in words), gaps)
    line = words[0]
    for index, word in enumerate(words[1:]):
        line += " " * (blanks + (1 if index < odd else 0)) + word
    return line


def box(lines: list[str]) -> str:
    """The lines, centred, in a frame of plus, minus and bars.

    >>> print(box(["Stop!"]))
    +-------+
    | Stop! |
    +-------+
    """
    width = max((len(line) for line in lines), default=0)
    border = "+" + "-" * (width + 2) + "+"
    return "\n".join([border, *(f"| {line.center(width)} |" for line in lines), border])


def columns(names: list[str], count: int) -> list[str]:
    """Names in columns that are read downwards; as few rows as possible, two blanks between columns."""
    rows = -(-len(names) // count)
    width = max((len(name) for name in names), default=0)
    lines = []
    for row in range(rows):
        cells = [names[place].ljust(width) for place in range(row, len(names), rows)]
        lines.append("  ".join(cells).rstrip())
    return lines


def shorten(text: str, width: int) -> str:
    """The text cut at a word so that it fits with "..." behind; unchanged when it fits. The width is at least 3."""
    if len(text) <= width:
        return text
    kept = text[: width - 3]
    if not text[width - 3].isspace() and " " in kept:
        kept = kept[: kept.rindex(" ")]
    return kept.rstrip() + "..."


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th, 112th and so on."""
    if 10 <= number % 100 <= 20:
        return f"{number}th"
    return f"{number}" + {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")


def roman(number: int) -> str:
    """A number from 1 to 3999 in Roman numerals; ValueError for others."""
    if not 1 <= number <= 3999:
        raise ValueError(f"{number} has no Roman numeral")
    text = ""
    for value, letters in ROMAN:
        while number >= value:
            text += letters
            number -= value
    return text


def outline_numbers(levels: list[int]) -> list[str]:
    """Numbers such as "2.1" of headings whose levels (1 is the highest) are given in order.

    A level that was skipped counts as 1.
    """
    counters: list[int] = []
    numbers = []
    for level in levels:
        while len(counters) < level:
            counters.append(1 if len(counters) < level - 1 else 0)
        del counters[level:]
        counters[-1] += 1
        numbers.append(".".join(str(counter) for counter in counters))
    return numbers


def title(text: str) -> str:
    """The text as a title: small words stay small unless they are the first or last one."""
    words = text.lower().split()
    last = len(words) - 1
    return " ".join(
        word if word in SMALL_WORDS and index not in (0, last) else word[0].upper() + word[1:]
        for index, word in enumerate(words)
    )


def slug(text: str) -> str:
    """The text as a part of an address: lower case, no accents, words joined by one hyphen each."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")


def enumeration(items: list[str], word: str = "and") -> str:
    """The items in a sentence: "a", "a and b", "a, b and c"; nothing for no items."""
    if not items:
        return ""
    if len(items) == 1:
        return items[0]
    return f"{', '.join(items[:-1])} {word} {items[-1]}"


def dedented(text: str) -> str:
    """The text without the blanks that all its lines with content have in front; blank lines become empty."""
    lines = [line.rstrip() for line in text.split("\n")]
    margins = [len(line) - len(line.lstrip(" ")) for line in lines if line]
    margin = min(margins, default=0)
    return "\n".join(line[margin:] for line in lines)


def common_prefix(names: list[str], separator: str = "/") -> str:
    """The longest beginning of whole parts that all names share, such as "a/b" of "a/b/c" and "a/b/d"."""
    shared = []
    for parts in zip(*(name.split(separator) for name in names), strict=False):
        if len(set(parts)) > 1:
            break
        shared.append(parts[0])
    return separator.join(shared)
