"""The inputs of action.yml, written from the settings: `python -m gitops_healer.report.action_inputs` renews them."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from gitops_healer.settings import Settings, default_sources

BEGIN = "# Written from the settings by: python -m gitops_healer.report.action_inputs"
END = "# The end of what is written."
EMPTY = '""'


@dataclass(frozen=True)
class Input:
    """One input.

    setting: dotted name of the one that it overrides, "" for none; text: what stands before the comment of the policy;
    leave_out: values of the setting that a workflow cannot choose.
    """

    name: str
    setting: str = ""
    text: str = ""
    default: str = ""
    leave_out: tuple[str, ...] = ()


INPUTS = (
    Input(
        "token",
        text="Acts at GitHub. With the default, pull requests of the healer start no CI by themselves: docs/action.md.",
        default="${{ github.token }}",
    ),
    Input("app-id", text="Instead of a token: the id of a GitHub App that is installed on the repository."),
    Input("app-private-key", text="The private key of that App, in PEM format. Give it from a secret."),
    Input("run", text="auto: what the event asks for; heal: a whole cycle; orders: what was ordered.", default="auto"),
    Input("mode", "limits.mode", "How far it may go"),
    Input("limit", "limits.new_per_cycle", "How many new ones"),
    Input("base-branch", "limits.base_branch", "The branch to heal"),
    Input("test-command", "testing.command", "How the tests are run"),
    Input("sandbox", "testing.sandbox", "How code is kept from the token", leave_out=("none",)),
    Input("executions", text="Files of recorded executions to take in first, one a line: JSON Lines, JUnit or OTLP."),
    Input("python-version", text="The Python that runs the healer, 3.11 or newer.", default="3.12"),
)


def inputs_block() -> str:
    """The lines between the marks, indented for `inputs:`."""
    return "\n".join(_input(one) for one in INPUTS) + "\n"


def _input(one: Input) -> str:
    lines = [f"  {one.name}:", f"    description: {_scalar(_description(one))}", "    required: false"]
    return "\n".join([*lines, f"    default: {_scalar(one.default)}"])


def _description(one: Input) -> str:
    if not one.setting:
        return one.text
    value, comment = _policy_line(one.setting)
    allowed = [choice for choice in _allowed(one.setting) if choice not in one.leave_out]
    choice = f" One of {', '.join(allowed)}." if allowed else ""
    counts = f" {one.setting} of .github/gitops-healer.yml counts when it is not given"
    return f"{one.text}: {comment.rstrip('.')}.{choice}{counts}{'' if value == EMPTY else f', else {value}'}."


def _policy_line(setting: str) -> tuple[str, str]:
    """(default, comment) as they stand in the policy files."""
    section, key = setting.split(".")
    text = next(source.text for source in default_sources() if source.name == f"policies/{section}.yml").decode()
    found = re.search(rf"^  {re.escape(key)}: *(.*?) +# (.*)$", text, re.MULTILINE)
    if found is None:
        raise LookupError(f"policies/{section}.yml: {key} has no comment that could describe the input")
    return found[1], found[2]


def _allowed(setting: str) -> tuple[str, ...]:
    model: Any = Settings
    for part in setting.split("."):
        model = model.model_fields[part].annotation
    return get_args(model) if get_origin(model) is Literal else ()


def _scalar(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def renewed(action: str) -> str:
    """The text of action.yml with its inputs as the settings say. Raises ValueError without the marks."""
    begin, end = action.index(BEGIN) + len(BEGIN) + 1, action.index(f"  {END}")
    return action[:begin] + inputs_block() + action[end:]


if __name__ == "__main__":
    path = Path("action.yml")
    path.write_text(renewed(path.read_text(encoding="utf-8")), encoding="utf-8")
