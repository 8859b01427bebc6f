"""A short program leaves more than one success to set its failures against."""

import json
import subprocess
import sys
from pathlib import Path

PROGRAM = """
from gitops_healer import recorder

recorder.configure(directory={directory!r})


@recorder.tool
def average(ratings):
    return sum(ratings) / len(ratings)


for n in range(300):
    try:
        average([n, n + 1] if n % 4 else [])
    except ZeroDivisionError:
        pass
"""


def test_the_first_calls_are_written_down_whatever_their_pace(tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    program = tmp_path / "program.py"
    program.write_text(PROGRAM.format(directory=str(spool)))
    subprocess.run([sys.executable, str(program)], check=True)
    lines = [json.loads(line) for file in spool.glob("*.jsonl") for line in file.read_text().splitlines()]
    written = [line for line in lines if "counts" not in line]
    counted = [line["counts"] for line in lines if "counts" in line]
    assert sum(line["ok"] for line in written) >= 14, "the first twenty calls"
    assert len(written) + sum(sum(counts.values()) for counts in counted) == 300
