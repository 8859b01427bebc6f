"""`/healer_help`: what can be ordered."""

from gitops_healer.core.authority import allows
from gitops_healer.core.forge import Permission
from gitops_healer.core.texts import quoted
from gitops_healer.registry import Answer, Command, Request, command, discover


@command(
    usage="/healer_help [COMMAND]",
    needs=Permission.READ,
    target=False,
    examples=("/healer_help", "/healer_help approve"),
)
def healer_help(request: Request) -> Answer:
    """What you can order, or how one command is written."""
    commands = discover("gitops_healer.commands", Command)
    if not request.arguments:
        return Answer(True, _overview(commands, request.permission))
    wanted = request.arguments[0].lstrip("/").lower().replace("-", "_")
    found = next((known for known in commands if known.name == wanted), None)
    if found is None:
        names = ", ".join(f"`{known.name}`" for known in commands)
        return Answer(False, f"There is no command {quoted(request.arguments[0], 60)}. These there are: {names}.")
    return Answer(True, _page(found))


def _overview(commands: tuple[Command, ...], permission: Permission) -> str:
    rows = [
        f"| `{_cell(known.usage)}` | {_cell(known.help)} | "
        f"{known.needs.value}{'' if allows(permission, known.needs) else ' (not you)'} |"
        for known in commands
    ]
    return "\n".join(
        [
            "Write a command at the start of a line. UPGRADE is an id, its beginning, or a codename; on a pull request "
            "of mine you can leave it out.",
            "",
            "| write | to | needs |",
            "|---|---|---|",
            *rows,
        ]
    )


def _cell(text: str) -> str:
    """A bar would end the cell of a table, in code as well."""
    return text.replace("|", "\\|")


def _page(known: Command) -> str:
    examples = "\n".join(f"- `{example}`" for example in known.examples)
    return f"`{known.usage}` (needs {known.needs.value} permission)\n\n{known.help}\n\nFor example:\n\n{examples}"
