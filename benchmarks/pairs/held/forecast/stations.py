"""What weather stations say."""

import json
from urllib.parse import quote
from urllib.request import urlopen

from gitops_healer.recorder import tool

HOST = "https://stations.example.org"


@tool
def reading(station, kind):
    """The newest value of a station, None when it is silent."""
    with urlopen(f"{HOST}/{quote(station)}/{kind}") as answer:
        return json.load(answer).get("value")
