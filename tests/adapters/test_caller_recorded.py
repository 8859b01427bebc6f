"""Calls of tools that are only tried are not recorded, whatever the project asked for."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gitops_healer.adapters.caller import SandboxedCaller
from gitops_healer.adapters.repository import open_repository
from gitops_healer.adapters.sandbox import detect_sandbox
from gitops_healer.core.calls import Call
from gitops_healer.ports import SandboxLevel
from gitops_healer.settings import load_settings
from gitops_healer.wiring import visible_to_candidates

SHOP = """
from gitops_healer import recorder

recorder.configure(directory="spool", sample=1.0)

@recorder.tool
def total(prices):
    return sum(prices), recorder.statistics().reason
"""


def test_what_is_only_tried_is_not_recorded(make_repo: Callable[..., Any]) -> None:
    repo = make_repo({"shop.py": SHOP})
    sandbox = detect_sandbox(SandboxLevel.PROCESS, visible=visible_to_candidates(Path(sys.executable)))
    caller = SandboxedCaller(open_repository(repo.path), sandbox, load_settings(None).testing, Path(sys.executable))
    with caller.open(repo.git("rev-parse", "HEAD"), "shop:total", "shop.py") as session:
        (seen,) = session.call([Call(("[[1, 2]]", "{}"))])
    assert seen.ok, seen.detail
    assert "3" in str(seen.value)
    assert "enabled=False" in str(seen.value)
    assert not [effect for effect in seen.effects if "spool" in effect.what]
