"""What a scan says of itself, at the end of its document: anew each time, also when the rest was known."""

import json
from collections.abc import Mapping
from typing import Any


def stats_json(stats: Mapping[str, Any]) -> bytes:
    """The end of the JSON document of a scan."""
    return b',"stats":%b}\n' % json.dumps(dict(stats), separators=(",", ":")).encode()
