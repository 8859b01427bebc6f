"""The way to a message service."""

import json
from urllib.request import Request, urlopen

from gitops_healer.recorder import tool


@tool
def send(channel, to, text):
    """The service's receipt."""
    body = json.dumps({"channel": channel, "to": to, "text": text}).encode()
    with urlopen(Request("https://messages.example.org/v1/send", data=body)) as answer:
        return json.load(answer)


@tool
def balance():
    """Messages that are left."""
    with urlopen("https://messages.example.org/v1/balance") as answer:
        return json.load(answer)["left"]
