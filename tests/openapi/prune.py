"""Cut GitHub's published OpenAPI description down to the operations of `operations.txt`.

    python tests/openapi/prune.py PATH/TO/@octokit/openapi/generated/api.github.com.json

writes `github.json` beside this file. The same input gives the same bytes: keys are sorted, and each operation and each
component has a line of its own, so that a new version of the description can be read as a diff.
"""

import argparse
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Json = Any

HERE = Path(__file__).parent
METHODS = ("get", "put", "post", "delete", "patch")
COMPONENTS = ("parameters", "responses", "schemas")

# What explains but does not judge. Inside `properties` these words are names of fields and stay.
PROSE = {"description", "summary", "title", "example", "examples", "tags", "externalDocs", "deprecated", "headers"}


def wanted_operations(text: str) -> frozenset[str]:
    """The operation ids of a list with one id a line; `#` starts a comment."""
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return frozenset(line for line in lines if line)


def without_prose(node: Json, *, names: bool = False) -> Json:
    """The node without descriptions, examples and extensions. `names`: its keys are names, not words of OpenAPI."""
    if isinstance(node, list):
        return [without_prose(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: value if key in ("enum", "required", "default") and not names else without_prose(
            value, names=key in ("properties", "responses") and not names
        )
        for key, value in sorted(node.items())
        if names or not (key in PROSE or key.startswith("x-"))
    }  # fmt: skip


def references(node: Json) -> Iterator[tuple[str, str]]:
    """(section, name) of every component that the node points at."""
    if isinstance(node, list):
        for item in node:
            yield from references(item)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref" and isinstance(value, str):
                section, name = re.fullmatch(r"#/components/(\w+)/(.+)", value).groups()  # type: ignore[union-attr]
                yield section, name
            else:
                yield from references(value)


def pruned(description: Json, operations: frozenset[str]) -> Json:
    """The description of these operations only, with all that they point at. An id that is not there is an error."""
    paths: dict[str, dict[str, Json]] = {}
    for path, item in sorted(description["paths"].items()):
        kept = {m: item[m] for m in METHODS if m in item and item[m]["operationId"] in operations}
        if kept:
            paths[path] = {method: without_prose(operation) for method, operation in kept.items()}
    missing = operations - {operation["operationId"] for item in paths.values() for operation in item.values()}
    if missing:
        raise SystemExit(f"operations.txt: the description has no {', '.join(sorted(missing))}")
    return {"openapi": description["openapi"], "info": {"title": description["info"]["title"],
            "version": description["info"]["version"], "license": description["info"]["license"]},
            "paths": paths, "components": components_of(description["components"], paths)}  # fmt: skip


def components_of(components: Json, paths: Json) -> dict[str, dict[str, Json]]:
    """Every component that the paths point at, directly or through others."""
    kept: dict[str, dict[str, Json]] = {section: {} for section in COMPONENTS}
    waiting = list(references(paths))
    while waiting:
        section, name = waiting.pop()
        if name not in kept[section]:
            kept[section][name] = without_prose(components[section][name])
            waiting.extend(references(kept[section][name]))
    return {section: dict(sorted(found.items())) for section, found in kept.items()}


def one_line_each(description: Json) -> str:
    """The JSON text, with a line for each operation and each component."""

    def dumped(value: Json) -> str:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)

    def block(members: dict[str, Json], depth: int) -> str:
        shown = (f"{dumped(k)}:{block(v, depth - 1) if depth else dumped(v)}" for k, v in members.items())
        return "{\n" + ",\n".join(shown) + "\n}"

    head = {key: dumped(description[key]) for key in ("openapi", "info")}
    body = {key: block(description[key], 1) for key in ("paths", "components")}
    return "{\n" + ",\n".join(f'"{key}":{text}' for key, text in {**head, **body}.items()) + "\n}\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("source", type=Path, help="generated/api.github.com.json of the npm package @octokit/openapi")
    description = json.loads(parser.parse_args().source.read_text("utf-8"))
    operations = wanted_operations((HERE / "operations.txt").read_text("utf-8"))
    (HERE / "github.json").write_text(one_line_each(pruned(description, operations)), "utf-8")


if __name__ == "__main__":
    main()
