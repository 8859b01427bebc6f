from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path

from task_board.display import line, summary
from task_board.storage import Board, Store
from task_board.tasks import parse_words


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="task")
    parser.add_argument("--file", type=Path, default=Path("tasks.json"))
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("add").add_argument("words", nargs="+")
    commands.add_parser("done").add_argument("numbers", nargs="+", type=int)
    commands.add_parser("clear")
    listing = commands.add_parser("list")
    listing.add_argument("tags", nargs="*")
    listing.add_argument("--all", action="store_true")
    return parser


def plural(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def execute(options: argparse.Namespace, board: Board, today: date) -> list[str]:
    """Carry a command out; the lines to print."""
    if options.command == "add":
        task = board.add(**parse_words(options.words))
        return [line(task, today)]
    if options.command == "done":
        return [f"finished {plural(board.finish(options.numbers), 'task')}"]
    if options.command == "clear":
        return [f"removed {plural(board.clear(), 'task')}"]
    tags = [tag.lstrip("@").lower() for tag in options.tags]
    lines = [line(task, today) for task in board.select(tags, options.all)]
    return [*lines, summary(board.tasks, today)]


def main(argv: list[str], today: date | None = None) -> int:
    """Run one command. Returns 0, or 1 after an error, which is printed to stderr."""
    options = make_parser().parse_args(argv)
    board = Board(Store(options.file))
    try:
        lines = execute(options, board, today or date.today())
    except (ValueError, LookupError) as error:
        print(f"task: {error}", file=sys.stderr)
        return 1
    print("\n".join(lines))
    return 0
