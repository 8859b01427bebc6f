"""Tokens: made, and found again in a request."""

import base64
import binascii
import secrets
from collections.abc import Mapping
from datetime import datetime

from tests.forge_server.errors import Refusal
from tests.forge_server.state import ANONYMOUS, Forge, Token

PREFIXES = {"actions": "ghs_", "app": "ghs_", "pat": "github_pat_"}


def new_token(
    forge: Forge,
    kind: str,
    login: str,
    repositories: frozenset[str] | None,
    permissions: Mapping[str, str],
    app: str = "",
    expires: datetime | None = None,
) -> Token:
    """A token of that kind; `permissions` are exactly those given."""
    forge.add_user(login, "Bot" if login.endswith("[bot]") else "User")
    value = PREFIXES[kind] + secrets.token_hex(18)
    forge.tokens[value] = Token(value, kind, login, repositories, dict(permissions), app, expires)
    return forge.tokens[value]


def caller_of(forge: Forge, authorization: str) -> Token:
    """Who calls, by the header Authorization (token, Bearer or Basic with the token as password). Raises 401.

    A JWT is looked at by the routes of Apps; for the others it is nobody."""
    scheme, _, rest = authorization.strip().partition(" ")
    if not rest:
        return ANONYMOUS
    value = _password(rest) if scheme.lower() == "basic" else rest.strip()
    known = forge.tokens.get(value)
    if known is not None and (known.expires is None or forge.clock.now() < known.expires):
        return known
    if value.count(".") == 2:
        return ANONYMOUS
    raise Refusal(401, "Bad credentials")


def _password(encoded: str) -> str:
    try:
        name, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as wrong:
        raise Refusal(401, "Bad credentials") from wrong
    return password or name
