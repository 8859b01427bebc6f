"""What GitHub refuses, in words that say what to do.

Sources: docs.github.com, "Troubleshooting the REST API", "Rate limits for the REST API" and the header
`X-Accepted-GitHub-Permissions` of "Permissions required for GitHub Apps".
"""

import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests

from gitops_healer.errors import ForgeError

_UNSAID = 60.0  # seconds: what GitHub asks for when it names none
_TOKEN = re.compile(r"\b(?:gh[pousr]_|github_pat_)\w+|(?<=//)[^/@\s]+@")
_SECONDARY = ("secondary rate limit", "abuse detection", "please retry your request again later", "wait a few minutes")


class RefusedError(ForgeError):
    """GitHub answered, and the answer is no; nothing was written. status: of HTTP; said: GitHub's own words."""

    def __init__(self, message: str, status: int, said: str) -> None:
        super().__init__(message)
        self.status = status
        self.said = said


class LostAnswerError(ForgeError):
    """No answer, or one of a server in trouble: whether a write took effect is not known."""


class LimitedError(ForgeError):
    """Asked too often; nothing was written. seconds: how long to wait."""

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


@dataclass(frozen=True)
class Response:
    """One answer. headers: names in lower case; data: the JSON of the body, None when it has none."""

    status: int
    headers: Mapping[str, str]
    data: Any


def failure_of(response: Response, asked: str, login: str, now: datetime) -> ForgeError:
    """The error that an answer of 300 or above stands for. asked: such as `GET /repos/octo/shop`."""
    said = said_by(response)
    status = response.status
    answered = f"{asked} was answered with {status} {said}".rstrip()
    if status >= 500:
        return LostAnswerError(f"GitHub is in trouble: {answered}{_LATER}")
    if (seconds := _wait_of(response, said, now)) is not None:
        return LimitedError(f"GitHub wants us to slow down: {answered}", seconds)
    return RefusedError(f"{asked}: {_advice(response, said, login)}", status, said)


def unreachable(asked: str, host: str, error: requests.RequestException) -> ForgeError:
    """The error of an exchange that had no answer; its own text may hold addresses, and is not shown."""
    if isinstance(error, requests.exceptions.SSLError) and "certificate" in str(error).lower():
        return ForgeError(
            f"the certificate of {host} cannot be trusted: when your own authority signed it, name the file of "
            "that one in REQUESTS_CA_BUNDLE"
        )
    kind = "did not answer in time" if isinstance(error, requests.Timeout) else "cannot be reached"
    return LostAnswerError(
        f"{asked}: {host} {kind} ({type(error).__name__}). Nothing is lost: look at the network (and at HTTPS_PROXY), "
        "then run again"
    )


def said_by(response: Response) -> str:
    """GitHub's own words, with the details of a validation, without tokens."""
    data = response.data if isinstance(response.data, dict) else {}
    details = data.get("errors")
    parts = [str(data.get("message") or "")]
    parts += [_detail(detail) for detail in details] if isinstance(details, list) else [str(details or "")]
    return scrubbed(": ".join(dict.fromkeys(part for part in parts if part)))[:600]


def scrubbed(text: str) -> str:
    """`text` without tokens and without user names and passwords in addresses."""
    return _TOKEN.sub("[...]", text)


_LATER = ". Nothing is lost: run again in a few minutes (https://www.githubstatus.com says how GitHub is)"


def _detail(detail: object) -> str:
    if not isinstance(detail, dict):
        return str(detail)
    return str(
        detail.get("message") or " ".join(str(detail[key]) for key in ("resource", "field", "code") if key in detail)
    )


def _wait_of(response: Response, said: str, now: datetime) -> float | None:
    """Seconds to wait before the same may be asked again; None when the answer is no matter of patience."""
    if response.status not in (403, 429):
        return None
    after = response.headers.get("retry-after", "")
    if after.isascii() and after.isdigit():
        return float(after) + 1
    if response.headers.get("x-ratelimit-remaining") == "0":
        return _until_reset(response.headers, now)
    if response.status == 429 or any(words in said.lower() for words in _SECONDARY):
        return _UNSAID
    return None


def _until_reset(headers: Mapping[str, str], now: datetime) -> float:
    """By GitHub's own clock where it tells it: ours may be wrong."""
    try:
        reset = datetime.fromtimestamp(float(headers.get("x-ratelimit-reset", "")), UTC)
    except (ValueError, OverflowError, OSError):
        return _UNSAID
    with contextlib.suppress(KeyError, ValueError, TypeError):
        now = parsedate_to_datetime(headers["date"])
    return max(0.0, (reset - now).total_seconds()) + 1


def _advice(response: Response, said: str, login: str) -> str:
    sso = response.headers.get("x-github-sso", "")
    match response.status:
        case 401:
            return (
                f"GitHub does not know the token ({said or 'no reason given'}). It is wrong, expired or revoked: "
                "make a new one and give it in GITOPS_HEALER_TOKEN"
            )
        case 403 if sso.startswith("required"):
            return f"the organisation wants the token authorised for its single sign-on: {sso.partition('url=')[2]}"
        case 403 if "not accessible by" in said:
            return _missing(response.headers.get("x-accepted-github-permissions", ""), said, login)
        case 301 | 302 | 307 | 308:
            return (
                "the repository was renamed or moved: change its remote to the new address "
                "(git remote set-url origin URL), or GITHUB_REPOSITORY to its new name"
            )
        case 404:
            return (
                f"GitHub says {said or 'Not Found'}: it is not there, or this token may not see it. "
                "Check owner and name, and that the token (or the App's installation) covers this repository"
            )
        case 409 | 422:
            return f"GitHub did not accept it: {said}"
    return f"GitHub said no ({response.status}): {said or 'no reason given'}"


def _missing(accepted: str, said: str, login: str) -> str:
    """accepted: such as `contents=write,issues=read; pull_requests=write`: alternatives by `;`, all of one by `,`."""
    ways = [", ".join(_scope(part) for part in way.split(",") if part.strip()) for way in accepted.split(";")]
    needed = " or ".join(f"`{way}`" for way in ways if way) or "a permission that GitHub does not name"
    if login == "github-actions[bot]":
        where = "give it under `permissions:` of the job in the workflow file"
    elif "integration" in said:
        where = "give it in the settings of the GitHub App (Permissions & events), then accept it for the installation"
    else:
        where = "give it in the settings of the token (Settings, Developer settings, Personal access tokens)"
    return f"the token lacks {needed} ({said}): {where}"


def _scope(part: str) -> str:
    name, _, level = part.strip().partition("=")
    return f"{name.replace('_', '-')}: {level}"
