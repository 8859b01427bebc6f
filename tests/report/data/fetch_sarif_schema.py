"""Make `sarif-2.1.0.schema.json` anew: python tests/report/data/fetch_sarif_schema.py

The schema is that of SARIF 2.1.0 (OASIS standard; this text of it, 2.1.0-rtm.5, is published by Microsoft in the npm
package `@microsoft/jest-sarif`, MIT licence). Descriptions are left out, since they check nothing.
"""

import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

PACKAGE = "@microsoft/jest-sarif@1.0.0-beta.0"
MEMBER = "package/lib/schemas/sarif-2.1.0-rtm.5.json"
TARGET = Path(__file__).with_name("sarif-2.1.0.schema.json")


def pruned(value: Any) -> Any:
    """Without texts for people; a property that is itself called `description` stays."""
    if isinstance(value, list):
        return [pruned(item) for item in value]
    if isinstance(value, dict):
        return {key: pruned(item) for key, item in value.items() if key != "description" or not isinstance(item, str)}
    return value


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=directory, check=True, stdout=sys.stderr)
        (archive,) = Path(directory).glob("*.tgz")
        with tarfile.open(archive) as packed:
            stored = packed.extractfile(MEMBER)
            assert stored is not None, f"{PACKAGE} has no {MEMBER}"
            schema = json.load(stored)
    TARGET.write_text(json.dumps(pruned(schema), separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
