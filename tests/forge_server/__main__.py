"""`python -m tests.forge_server [FOLDER] [--port N] [--demo]`: a forge to look at and to try things on."""

import argparse
import signal
import tempfile
import time
from pathlib import Path

from tests.forge_server.clock import ServerClock
from tests.forge_server.server import ForgeServer

LOOP = "    result = 0\n    for price in prices:\n        result = result + price\n    return result\n"
DEMO = {
    "shop/__init__.py": '"""A small shop."""\n',
    "shop/prices.py": '"""Prices in cents."""\n\n\n'
    f'def total(prices: list[int]) -> int:\n    """The sum of all prices."""\n{LOOP}\n\n'
    'def cheapest(prices: list[int]) -> int:\n    """The lowest price."""\n    return min(prices)\n',
    "shop/orders.py": '"""Orders: what is bought."""\n\nfrom shop.prices import total\n\n\n'
    'def order_total(lines: dict[str, list[int]]) -> int:\n    """The sum over all lines."""\n'
    "    return sum(total(prices) for prices in lines.values())\n",
    "tests/test_prices.py": "from shop.prices import cheapest, total\n\n\ndef test_total() -> None:\n"
    "    assert total([1, 2, 3]) == 6\n\n\ndef test_cheapest() -> None:\n    assert cheapest([3, 1, 2]) == 1\n",
    "tests/test_orders.py": "from shop.orders import order_total\n\n\ndef test_order_total() -> None:\n"
    '    assert order_total({"a": [1, 2], "b": [3]}) == 6\n',
    "pyproject.toml": '[project]\nname = "shop"\nversion = "1.0.0"\nrequires-python = ">=3.11"\n\n'
    '[tool.pytest.ini_options]\npythonpath = ["."]\n',
    "README.md": "# Shop\n\nA small project to try things on.\n",
}
HOW = """
Forge:      {url}
REST:       {api}
GraphQL:    {graphql}
Repository: {url}/{name}   (clone: git clone {clone})
Token:      {token}   (of robin, who may write)

To push:    git push {pushing} BRANCH
To point gitops-healer at it:

  export GITHUB_SERVER_URL={url}
  export GITHUB_API_URL={api}
  export GITHUB_GRAPHQL_URL={graphql}
  export GITHUB_REPOSITORY={name}
  export GITOPS_HEALER_TOKEN={token}
  gitops-healer heal . --forge github

Ctrl-C stops it; what was pushed stays in {folder}.
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.forge_server", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="where the repositories are made (default: a new folder)")
    parser.add_argument("--port", type=int, default=0, help="default: a free one")
    parser.add_argument("--demo", action="store_true", help="make octo/shop with a small Python project")
    parser.add_argument("--repository", metavar="PATH", type=Path, help="serve a copy of this repository as octo/shop")
    chosen = parser.parse_args()
    folder = chosen.folder or Path(tempfile.mkdtemp(prefix="forge-"))
    if (folder / "octo").exists():
        parser.error(f"{folder} has repositories already, and the rest of their state was not kept: give a new folder")
    for ending in (signal.SIGINT, signal.SIGTERM):  # started in the background of a shell, SIGINT would be ignored
        signal.signal(ending, signal.default_int_handler)
    try:
        with ForgeServer(folder, chosen.port, ServerClock(live=True)) as server:
            print(_prepared(server, folder, chosen), flush=True)  # noqa: T201
            while True:
                time.sleep(3600)
    except KeyboardInterrupt:
        return
    except OSError as refused:
        parser.error(f"cannot listen on port {chosen.port}: {refused.strerror}; choose another with --port")


def _stage(server: ForgeServer, name: str) -> None:
    """A small project, an issue and an open pull with a comment, a check and a review."""
    alex, robin = server.person("alex", name), server.person("robin", name)
    alex.push("main", DEMO, "Start the shop")
    alex.open_issue("Prices in other currencies", "Cents are not enough.\n\n- [ ] choose a library\n- [ ] convert\n")
    prices = DEMO["shop/prices.py"].replace(LOOP, "    return sum(prices)\n")
    head = robin.push("sum-prices", {"shop/prices.py": prices}, "Let sum() add the prices")
    pull = robin.open_pull("sum-prices", "main", "Let sum() add the prices", "One line instead of a loop.\n")
    robin.set_status(head, "tests", "success", "3 passed")
    alex.comment(pull.number, "> One line instead of a loop.\n\nIs it as fast?")
    robin.comment(pull.number, "Faster:\n\n| prices | before | now |\n| --- | --- | --- |\n| 1,000 | 40 µs | 6 µs |\n")
    alex.review(pull.number, "APPROVE", "Thank you.")


def _prepared(server: ForgeServer, folder: Path, chosen: argparse.Namespace) -> str:
    """Make the repository and say how to use it."""
    name = "octo/shop"
    made = server.create_repository(name, chosen.repository)
    server.permit(name, "robin", "write")
    server.permit(name, "alex", "maintain")
    if chosen.demo:
        _stage(server, name)
    token = server.token("pat", name, "robin")
    pushing = made.clone_url.replace("://", f"://x-access-token:{token}@")
    return HOW.format(
        url=server.url, api=server.api_url, graphql=server.graphql_url, name=name, clone=made.clone_url, token=token,
        pushing=pushing, folder=folder,
    )  # fmt: skip


if __name__ == "__main__":
    main()
