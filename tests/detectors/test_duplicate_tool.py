"""Two tools that do the same, by code or by recorded results."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gitops_healer.core.execution import Execution
from gitops_healer.core.finding import Finding
from gitops_healer.detectors.duplicate_tool import duplicate_tool
from tests.detectors.tools_scene import Tools

HEAD = "from gitops_healer.recorder import tool\n\n\n"
SUM = """@tool
def total(rows, tax):
    result = 0
    for row in rows:
        if row.price is None:
            continue
        price = row.price * row.count
        result += price + price * tax
    if result < 0:
        raise ValueError("negative")
    return round(result, 2)
"""
COPY = SUM.replace("total", "amount").replace("rows", "lines").replace("result", "found").replace("row", "line")
OTHER = "@tool\ndef amount(lines, tax):\n    return sum(map(price_of, lines)) * tax\n"


def found(make_repo: Callable[..., Any], directory: Path, second: str, results: list[tuple[int, int]]) -> list[Finding]:
    """Both tools in files of their own; results: of `a:total` and `b:amount` for the inputs 0, 1, 2, ..."""
    tools = Tools(make_repo({"a.py": HEAD + SUM, "b.py": HEAD + second, "c.py": "from b import amount\n"}), directory)
    calls = []
    for number, pair in enumerate(results):
        for name, result in zip(("a:total", "b:amount"), pair, strict=True):
            ts = tools.now - timedelta(hours=1)
            calls.append(Execution(f"{name}-{number}", name, ts, True, 1.0, f"[{number}]", "{}", str(result)))
    calls.append(Execution("one more", "a:total", tools.now - timedelta(hours=2), True))
    tools.store.add(calls)
    return list(duplicate_tool(tools.scene()))


@pytest.mark.parametrize(
    ("second", "results", "same"),
    [
        (COPY, [], "of their code is the same"),
        (COPY, [(1, 1), (2, 2)], "2 of 2 equal recorded inputs gave equal results"),
        (OTHER, [(1, 1), (2, 2), (3, 3)], "3 of 3 equal recorded inputs gave equal results"),
    ],
    ids=["by code", "by both", "by results"],
)
def test_twins_are_shown_side_by_side(
    make_repo: Callable[..., Any], tmp_path: Path, second: str, results: list[tuple[int, int]], same: str
) -> None:
    (finding,) = found(make_repo, tmp_path, second, results)
    assert finding.message == "b:amount does what a:total does"
    assert same in finding.evidence[0]
    assert "signature" in finding.evidence[1]
    assert "c.py" in finding.evidence[3]
    assert "it is called more" in finding.evidence[4]


@pytest.mark.parametrize(
    ("second", "results"),
    [
        (COPY, [(1, 1), (2, 2), (3, 4)]),
        (OTHER, []),
        (OTHER, [(1, 1), (2, 2)]),
        (OTHER, [(0, 0)] * 9),
    ],
    ids=["they differ once", "nothing recorded", "too few inputs", "always the same result"],
)
def test_no_claim_without_proof(
    make_repo: Callable[..., Any], tmp_path: Path, second: str, results: list[tuple[int, int]]
) -> None:
    assert found(make_repo, tmp_path, second, results) == []
