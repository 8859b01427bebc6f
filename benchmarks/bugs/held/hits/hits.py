"""hits: what a web server's access log says, as a command-line tool.

usage: python hits.py [--status CODE] [--since TIME] [--top N] {pages,errors,hours,traffic} FILE
"""

import argparse
import re
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

LINE = re.compile(r'(\S+) \S+ \S+ \[([^\]]+)\] "(\S+) (\S+)[^"]*" (\d{3}) (\d+|-)')
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
UNITS = ["B", "kB", "MB", "GB", "TB"]


@dataclass
class Hit:
    """One request; `time` is like "2024-05-01 13:37:00"."""

    client: str
    time: str
    method: str
    path: str
    status: int
    size: int


class BadLine(Exception):
    """A line that is no entry of a log."""


def parse_time(text):
    """ "01/May/2024:13:37:00 +0000" as "2024-05-01 13:37:00"."""
    day, month, rest = text.split("/")
    year, clock = rest.split(":", 1)
    return f"{year}-{MONTHS.index(month) + 1:02}-{day} {clock.split()[0]}"


def parse_line(line):
    """The hit of a line; the query is cut off the path, a size of "-" is 0."""
    match = LINE.match(line)
    if not match:
        raise BadLine(line.strip()[:60])
    client, time, method, path, status, size = match.groups()
    return Hit(client, parse_time(time), method, path.split("?")[0], int(status), 0 if size == "-" else int(size))


def read(lines, bad=None):
    """The hits of all lines; others are put into the list `bad` if there is one, and empty lines are skipped."""
    hits = []
    for line in lines:
        if not line.strip():
            continue
        try:
            hits.append(parse_line(line))
        except BadLine as problem:
            if bad is not None:
                bad.append(str(problem))
    return hits


def select(hits, status=None, since=None):
    """Hits with a status (404, or "4xx" for all of that hundred) and not before a time."""
    chosen = []
    for hit in hits:
        if status is not None and not fits(hit.status, status):
            continue
        if since is not None and hit.time < since:
            continue
        chosen.append(hit)
    return chosen


def fits(status, pattern):
    """Whether a status is that of a pattern, in which "x" stands for any digit."""
    pattern = str(pattern)
    if len(pattern) != 3:
        return False
    return all(wanted in ("x", digit) for wanted, digit in zip(pattern, str(status), strict=True))


def human(size):
    """Bytes for people: "999 B", "1.0 kB", "1.5 MB"; a step is 1000."""
    amount = float(size)
    for unit in UNITS[:-1]:
        if amount < 1000:
            return f"{amount:.0f} B" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} {UNITS[-1]}"


def ranking(counts, top):
    """Lines "count  name" of the `top` names, most frequent first, then by name; counts are to the right."""
    best = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:top]
    width = max((len(str(count)) for _, count in best), default=0)
    return [f"{count:>{width}}  {name}" for name, count in best]


def hours(hits):
    """A line for each hour from the first to the last one that has hits, with a bar of at most 20 signs."""
    counts = Counter(int(hit.time[11:13]) for hit in hits)
    if not counts:
        return []
    most = max(counts.values())
    lines = []
    for hour in range(min(counts), max(counts) + 1):
        bar = "#" * round(counts[hour] / most * 20)
        lines.append(f"{hour:02} {bar}".rstrip())
    return lines


def traffic(hits, top):
    """Lines "size  client" of the clients that were sent most."""
    sent = Counter()
    for hit in hits:
        sent[hit.client] += hit.size
    return [f"{human(size):>8}  {client}" for client, size in sent.most_common(top)]


def report(hits, kind, top):
    """The lines of one of the four reports."""
    if kind == "pages":
        return ranking(Counter(hit.path for hit in hits), top)
    if kind == "errors":
        failed = [hit for hit in hits if hit.status >= 400]
        return ranking(Counter(f"{hit.status} {hit.path}" for hit in failed), top)
    if kind == "hours":
        return hours(hits)
    return traffic(hits, top)


def main(arguments, out=None):
    """Exit status: 0, 1 if nothing was found, 2 if the file cannot be read."""
    out = out or sys.stdout
    parser = argparse.ArgumentParser(prog="hits")
    parser.add_argument("kind", choices=["pages", "errors", "hours", "traffic"])
    parser.add_argument("file", type=Path)
    parser.add_argument("--status")
    parser.add_argument("--since")
    parser.add_argument("--top", type=int, default=10)
    options = parser.parse_args(arguments)
    try:
        text = options.file.read_text(encoding="utf-8")
    except OSError as problem:
        print(f"hits: {problem.strerror}", file=out)
        return 2
    lines = report(select(read(text.splitlines()), options.status, options.since), options.kind, options.top)
    for line in lines:
        print(line, file=out)
    return 0 if lines else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
