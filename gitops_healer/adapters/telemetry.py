"""What others measure of the code that is deployed: CI at the forge, a Prometheus server, files of records.

The HTTP API of Prometheus: https://prometheus.io/docs/prometheus/latest/querying/api/ (Thanos, Mimir and
VictoriaMetrics speak it as well).
"""

from __future__ import annotations

import gzip
import json
import math
import time
import zlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, cast
from urllib.parse import unquote, urlsplit

from gitops_healer.core.forge import Status
from gitops_healer.errors import ForgeError, HealerError, UsageError
from gitops_healer.ports import Forge, Series

if TYPE_CHECKING:
    import requests

MOST_BYTES: Final = 64 * 1024 * 1024
"""Of one answer. Every point is about 30 bytes: two million of them."""
MOST_POINTS: Final = 10_000
"""Of one series in one answer; a server refuses more than 11,000."""
LONGEST_LINE: Final = 1024 * 1024
LONGEST_QUERY_IN_ADDRESS: Final = 4_000
CONNECT: Final = 5.0
ANSWER: Final = 30.0
_JSON: Final = "application/json"


class DeployedTelemetry:
    """Implements `ports.Telemetry`. url: of a Prometheus server, "" for none; root: where paths of files begin;
    seconds: in which an answer has to be here, all of it; most: bytes that it may have."""

    def __init__(
        self,
        forge: Forge,
        root: Path,
        url: str = "",
        token: str = "",
        *,
        seconds: float = ANSWER,
        most: int = MOST_BYTES,
    ) -> None:
        self._forge = forge
        self._root = root
        self._url = url.rstrip("/")
        self._token = token
        self._seconds = seconds
        self._most = most
        self._session: requests.Session | None = None

    def checks(self, commit: str) -> tuple[Status, ...]:
        return self._forge.statuses(commit)

    # Prometheus

    def query_range(self, query: str, since: datetime, until: datetime, step: timedelta) -> tuple[Series, ...]:
        """Both ends included. What is longer than a server answers at once is asked for in parts."""
        parts: dict[tuple[tuple[str, str], ...], list[tuple[datetime, float]]] = {}
        start = since
        while start <= until:
            end = min(until, start + (MOST_POINTS - 1) * step)
            for series in self._range(query, start, end, step):
                parts.setdefault(series.labels, []).extend(series.points)
            start = end + step if end < until else end + max(step, timedelta(seconds=1))
        return tuple(Series(labels, tuple(points)) for labels, points in parts.items())

    def _range(self, query: str, since: datetime, until: datetime, step: timedelta) -> tuple[Series, ...]:
        form = {
            "query": query,
            "start": f"{since.timestamp():.3f}",
            "end": f"{until.timestamp():.3f}",
            "step": f"{max(step.total_seconds(), 1.0):.3f}",
            "timeout": f"{math.ceil(self._seconds)}s",
        }
        return series_in(self._ask(form), query, self._where)

    def _ask(self, form: Mapping[str, str]) -> Any:
        """The JSON that the server answered with. Raises ForgeError, UsageError."""
        if not self._url:
            raise UsageError(
                "metrics of Prometheus are configured and no server is: set monitoring.prometheus.url in the policy, "
                "or GITOPS_HEALER_PROMETHEUS_URL"
            )
        body = self._read(form)
        try:
            return json.loads(body[1])
        except (ValueError, RecursionError):
            raise ForgeError(
                f"{self._where} answered with status {body[0]} and no JSON: this is no Prometheus, or something stands "
                f"before it (a page to sign in?). Open {self._where}/api/v1/query?query=up"
            ) from None

    def _read(self, form: Mapping[str, str]) -> tuple[int, bytes]:
        import requests  # only who has a server pays for it

        short = len(form["query"]) <= LONGEST_QUERY_IN_ADDRESS
        ends = time.monotonic() + self._seconds
        try:
            with self._open().request(
                "GET" if short else "POST",
                f"{self._url}/api/v1/query_range",
                params=form if short else None,
                data=None if short else form,
                auth=self._signed,
                timeout=(CONNECT, self._seconds),
                allow_redirects=False,
                stream=True,
                headers={"Accept": _JSON},
            ) as response:
                return self._received(response, ends)
        except requests.Timeout:
            raise self._late() from None
        except (requests.RequestException, ValueError) as error:
            raise ForgeError(
                f"{self._where} cannot be reached ({type(error).__name__}). Is the server up, and is its address right "
                "(monitoring.prometheus.url, or GITOPS_HEALER_PROMETHEUS_URL)?"
            ) from None

    def _received(self, response: requests.Response, ends: float) -> tuple[int, bytes]:
        status = response.status_code
        if 300 <= status < 400:
            target = urlsplit(response.headers.get("Location", ""))
            raise ForgeError(
                f"{self._where} sends on to {target.hostname or 'another page'}, and a token does not go along: set "
                "monitoring.prometheus.url to the address where it answers itself"
            )
        if status in (401, 403):
            raise ForgeError(
                f"{self._where} refuses (status {status}): set GITOPS_HEALER_PROMETHEUS_TOKEN to a bearer token that "
                "may query, or put user and password into GITOPS_HEALER_PROMETHEUS_URL"
            )
        body = bytearray()
        for piece in response.iter_content(64 * 1024):
            body += piece
            if len(body) > self._most:
                raise ForgeError(
                    f"{self._where} answers with more than {self._most:,} bytes: let the query add up what it "
                    "finds, such as sum(increase(NAME[$step]))"
                )
            if time.monotonic() > ends:
                raise self._late()
        if status == 404:
            raise ForgeError(f"{self._where} has no /api/v1/query_range: is the address right, with its whole path?")
        return status, bytes(body)

    def _late(self) -> ForgeError:
        return ForgeError(
            f"{self._where} did not answer within {self._seconds:g} s: it is busy, or the query reads too much. A "
            "recording rule makes it cheap"
        )

    def _open(self) -> requests.Session:
        import requests

        if self._session is None:
            self._session = requests.Session()
        return self._session

    def _signed(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Signs by the token, else by what stands in the address; nothing else (`.netrc`) is asked."""
        parts = urlsplit(self._url)
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        elif parts.username is not None:
            from requests.auth import HTTPBasicAuth

            return HTTPBasicAuth(unquote(parts.username), unquote(parts.password or ""))(request)
        return request

    @property
    def _where(self) -> str:
        """The address without what is secret in it."""
        parts = urlsplit(self._url)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()

    # Files

    def records(self, path: str) -> Iterator[bytes]:
        """Without line ends, a line at a time; `.gz` is unpacked on the way."""
        file = self._root / path
        if not file.is_file():
            raise UsageError(f"there is no file {file}: monitoring.files names it (path {path!r})")
        try:
            with opened(file) as stream:
                for number, line in enumerate(lines_of(stream), 1):
                    if len(line) > LONGEST_LINE:
                        raise UsageError(
                            f"{file}: line {number:,} is longer than {LONGEST_LINE:,} bytes, so this is no file of "
                            "records, one a line: correct monitoring.files"
                        )
                    yield line
        except (OSError, EOFError, zlib.error) as error:  # what gzip raises among them
            raise UsageError(f"{file} cannot be read: {error}") from None


def opened(file: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(file)) if file.suffix == ".gz" else file.open("rb")


def lines_of(stream: IO[bytes]) -> Iterator[bytes]:
    """One longer than `LONGEST_LINE` is given up to there and ends it: memory does not grow with the file."""
    while line := stream.readline(LONGEST_LINE + 2):
        yield line.rstrip(b"\r\n")


def series_in(answer: Any, query: str, where: str) -> tuple[Series, ...]:
    """The series of a range query. Raises UsageError for a query that the server does not understand, ForgeError for
    an answer that is an error, is not whole, or none at all."""
    if not isinstance(answer, dict):
        raise ForgeError(f"{where} answered with JSON that is not of Prometheus: is the address right?")
    if answer.get("status") != "success":
        raise _refusal(answer, query, where)
    incomplete = [text for text in map(_plain, _list(answer.get("warnings"))) if not text.startswith("PromQL ")]
    if incomplete:
        raise ForgeError(f"{where} answered with a part only, which counts as nothing: {incomplete[0]}")
    data = answer.get("data")
    if not isinstance(data, dict) or data.get("resultType") != "matrix":
        raise ForgeError(f"{where} gave no matrix for a range query: is something else at this address?")
    try:
        return tuple(_series(row) for row in _list(data.get("result")))
    except UsageError as error:
        raise UsageError(f"{shortened(query)}: {error}") from None
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError, OSError):
        raise ForgeError(f"{where} gave a matrix that cannot be read: is something else at this address?") from None


def _refusal(answer: Mapping[str, Any], query: str, where: str) -> HealerError:
    kind, said = _plain(answer.get("errorType", "")), _plain(answer.get("error", "no reason given"))
    if kind in ("bad_data", "execution"):
        return UsageError(f"{where} cannot compute {shortened(query)}: {said}. Correct monitoring.prometheus.metrics")
    return ForgeError(f"{where} did not compute {shortened(query)} ({kind or 'error'}): {said}")


def _series(row: Mapping[str, Any]) -> Series:
    labels = tuple(sorted((str(name), str(value)) for name, value in row["metric"].items()))
    if "values" not in row and "histograms" in row:
        raise UsageError("it gives histograms, where counts are needed: put histogram_count() around it")
    points = ((datetime.fromtimestamp(float(at), UTC), float(value)) for at, value in row["values"])
    return Series(labels, tuple(points))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _plain(value: Any) -> str:
    """What a server said, in one line."""
    text = "".join(letter if letter.isprintable() else " " for letter in str(value))
    return shortened(" ".join(text.split()))


def shortened(text: str, length: int = 300) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"
