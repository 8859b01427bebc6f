"""How to see a flaw with one's own eyes."""

import re

from gitops_healer.core.quoting import plain
from gitops_healer.core.upgrade import Upgrade

_TEST_RULE = "failing_test"
_CALL_RULES = frozenset({"low_success_rate", "recent_failures"})
_TOOL_RULES = _CALL_RULES | {"degrading_tool", "slow_tool"}


def reproduce_command(up: Upgrade, test_command: str) -> str:
    """One shell command, typed in a clone, that shows the flaw on the base; true for the rule at hand.

    test_command: the project's own, "" when it is discovered.
    """
    finding = up.finding
    symbol, base = _shell(finding.symbol), _shell(up.base[:10] or "HEAD")
    if finding.rule == _TEST_RULE:
        return f"git switch --detach {base} && {_test_run(finding.symbol, test_command)}"
    head = up.proposed.head if up.proposed else up.prepared.commit if up.prepared else ""
    if finding.rule in _CALL_RULES and finding.symbol and head:  # both versions, on the inputs that fail and others
        return f"gitops-healer shadow {symbol} --base {base} --head {_shell(head[:10])} --aim mends"
    if finding.rule in _TOOL_RULES and finding.symbol:
        return f"gitops-healer investigate {symbol}"
    if finding.rule == "unused_tool" and finding.symbol:
        return f"gitops-healer tools show {symbol}"
    path = f" --path {_shell(finding.path)}" if finding.path else ""
    return f"gitops-healer scan --ref {base}{path}"


def _test_run(test: str, command: str) -> str:
    """The project's way to run one test, where that can be told from the id: pytest's have a file in front."""
    if "::" in test or test.endswith(".py"):
        runner = command if re.search(r"(^|[\s/])pytest(\s|$)", command) else "python -m pytest"
        return f"{runner} {_shell(test)}"
    if re.fullmatch(r"[A-Za-z_][\w.]*", test) and "." in test:
        return f"python -m unittest {test}"
    return command or "python -m pytest"


def _shell(word: str) -> str:
    """One word of a POSIX shell."""
    line = plain(word, 400)
    line = f"./{line}" if line.startswith("-") else line  # never an option
    return line if re.fullmatch(r"[\w@%+=:,./-]+", line, re.ASCII) else "'" + line.replace("'", "'\"'\"'") + "'"
