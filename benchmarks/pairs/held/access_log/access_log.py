"""Reads lines of a web server's log."""

import re
from datetime import datetime

from gitops_healer.recorder import tool

LINE = re.compile(
    r'(?P<host>\S+) \S+ (?P<user>\S+) \[(?P<when>[^\]]+)\] "(?P<request>[^"]*)" (?P<status>\d{3}) (?P<size>\d+|-)'
)


def parse_line(line):
    match = LINE.match(line)
    if match is None:
        return None
    found = match.groupdict()
    method, path, _ = found["request"].split(" ")
    return {
        "host": found["host"],
        "user": None if found["user"] == "-" else found["user"],
        "when": datetime.strptime(found["when"], "%d/%b/%Y:%H:%M:%S %z"),
        "method": method,
        "path": path.partition("?")[0],
        "status": int(found["status"]),
        "size": 0 if found["size"] == "-" else int(found["size"]),
    }


@tool
def summary(text, slow_prefix="/static"):
    """Counts of a log: by status class, by path, bytes, who, how many lines were no log lines."""
    statuses = {}
    paths = {}
    users = []
    skipped = bytes_sent = 0
    first = last = None
    for line in text.splitlines():
        if not line.strip():
            continue
        entry = parse_line(line)
        if entry is None:
            skipped += 1
            continue
        family = f"{entry['status'] // 100}xx"
        statuses[family] = statuses.get(family, 0) + 1
        if not entry["path"].startswith(slow_prefix):
            paths[entry["path"]] = paths.get(entry["path"], 0) + 1
        bytes_sent += entry["size"]
        if entry["user"] and entry["user"] not in users:
            users.append(entry["user"])
        first = min(first or entry["when"], entry["when"])
        last = max(last or entry["when"], entry["when"])
    return {
        "statuses": statuses,
        "top": sorted(paths.items(), key=lambda item: (-item[1], item[0]))[:3],
        "bytes": bytes_sent,
        "users": users,
        "skipped": skipped,
        "seconds": (last - first).total_seconds() if first else None,
    }
