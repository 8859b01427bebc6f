"""A change never takes away what is in use."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from gitops_healer.checks.valuable_tools import valuable_tools
from gitops_healer.core.execution import Execution
from gitops_healer.core.verdict import Outcome

PAY = "def pay(sum, account):\n    left = account.left - sum\n    account.left = left\n    return left\n"
REST = "\n\ndef rest():\n    return 1\n"


@pytest.mark.parametrize(
    ("calls", "files", "outcome", "said"),
    [
        (10, {"shop.py": REST}, Outcome.FAILED, "shop:pay is deleted, though it was called 10 times"),
        (9, {"shop.py": REST}, Outcome.PASSED, ""),
        (10, {"shop.py": PAY.replace("pay", "spend") + REST}, Outcome.FAILED, "shop:pay is renamed to shop:spend"),
        (10, {"shop.py": PAY.replace("pay", "spend") + "pay = spend\n"}, Outcome.PASSED, ""),
        (10, {"shop.py": "from bank import pay\n" + REST, "bank.py": PAY}, Outcome.PASSED, ""),
        (10, {"bank.py": PAY, "shop.py": REST}, Outcome.FAILED, "shop:pay is renamed to bank:pay"),
        (10, {"shop.py": PAY.replace("left", "money") + REST}, Outcome.PASSED, ""),
    ],
    ids=["deleted", "seldom called", "renamed", "old name stays", "passed on", "moved", "edited"],
)
def test_tools_in_use_stay(
    step: Callable[..., Any], calls: int, files: dict[str, str], outcome: Outcome, said: str
) -> None:
    made = step({"shop.py": PAY + REST})
    ago = [made.scene.now - timedelta(hours=number + 1) for number in range(calls)]
    made.scene.executions.add([Execution(f"id-{n}", "shop:pay", ts, True) for n, ts in enumerate(ago)])
    result = made.judge(valuable_tools, files)
    assert result.outcome is outcome
    assert said in result.reason
