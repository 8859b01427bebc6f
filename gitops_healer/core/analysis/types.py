"""What the recorded calls of one tool tell: how often it fails, since when, how, with which inputs, how slow it is."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Literal as OneOf

Scalar = str | int | float | bool | None


@dataclass(frozen=True)
class Interval:
    """Where a value lies with a confidence of 95 %."""

    low: float
    high: float


class Direction(Enum):
    """The value is its word in JSON. UNKNOWN: too few calls to tell."""

    IMPROVING = "improving"
    STEADY = "steady"
    WORSENING = "worsening"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Trend:
    """How a value changed. before, after: the failing share (0 to 1) or the p95 in ms on both sides; since: where the
    sides meet; confidence: 1 - p after correction for all moments that were tried, 0 when unknown."""

    direction: Direction
    before: float | None = None
    after: float | None = None
    since: datetime | None = None
    confidence: float = 0.0


@dataclass(frozen=True)
class Example:
    """A recorded call. args: a JSON array, kwargs: a JSON object, None when not recorded."""

    id: str
    args: str | None
    kwargs: str | None


@dataclass(frozen=True)
class CommitCount:
    """commit: as recorded, None when it was not; failed of total calls."""

    commit: str | None
    total: int
    failed: int


@dataclass(frozen=True)
class Cluster:
    """Failures that look alike. key: 40 hex digits of error, function and template; template: the message
    with placeholders; place: `path:line` of the innermost frame in the repository and function its name, "" when there
    is none; frames: `path:function` of the repository, innermost last; count: in the sample; share: of the sampled
    failures; examples: newest first, with different inputs."""

    key: str
    error: str
    template: str
    place: str
    function: str
    frames: tuple[str, ...]
    count: int
    share: float
    first: datetime
    last: datetime
    outside: bool
    commits: tuple[CommitCount, ...]
    examples: tuple[Example, ...]


class PatternKind(Enum):
    """What a pattern looks at. The value is its word in JSON."""

    INPUT = "input"
    HOUR = "hour"
    WEEKDAY = "weekday"
    DAY = "day"  # of the month, its end, the turn of the year
    COMMIT = "commit"


@dataclass(frozen=True)
class Literal:
    """One condition on one feature, e.g. ("args.qty", "<=", 0), ("kwargs.user.name", "is", "missing").

    feature: dotted path of the value, from the parameter's name on; test: see `features.literals`.
    """

    feature: str
    test: str
    value: Scalar

    def __str__(self) -> str:
        if self.value is None:
            return f"{self.feature} {self.test}"
        quoted = isinstance(self.value, str) and self.test != "is of type"
        return f"{self.feature} {self.test} {repr(self.value) if quoted else self.value}"


@dataclass(frozen=True)
class Pattern:
    """Calls of which more fail (target "failing") or are slow ("slow") than of the others. rule: all must hold;
    support: different inputs (calls for times and commits) that it covers; inside, outside: the failing share of the
    covered and of the others, in a sample that is balanced between both and so not the tool's own rate; p: corrected
    for all rules tried; confirmed: whether a held-out half says so too, None when there were too few calls to hold
    back; explained: the share of the failures that it covers;
    cluster: key of the cluster against which calls that passed were set, "" for all failures."""

    kind: PatternKind
    sentence: str
    rule: tuple[Literal, ...]
    support: int
    inside: float
    outside: float
    p: float
    explained: float
    confirmed: bool | None = None
    target: OneOf["failing", "slow"] = "failing"
    cluster: str = ""


@dataclass(frozen=True)
class Latency:
    """Durations in ms. interval: of p95; calls: that were timed."""

    p50: float
    p95: float
    p99: float
    interval: Interval
    calls: int
    trend: Trend


@dataclass(frozen=True)
class Flakiness:
    """repeated: inputs that ran more than once at one version; mixed: of these, passed and failed both; bursts_p: how
    probable so few changes between passing and failing are by chance (Wald and Wolfowitz 1940), None when unknown."""

    repeated: int = 0
    mixed: int = 0
    bursts_p: float | None = None

    @property
    def share(self) -> float:
        return self.mixed / self.repeated if self.repeated else 0.0

    @property
    def bursts(self) -> bool:
        return self.bursts_p is not None and self.bursts_p < 0.001


@dataclass(frozen=True)
class ToolAnalysis:
    """One tool in [since, until). total, failed, rate, interval: of the calls that ran today's code, sampled or not;
    other_versions: calls in the same time that ran another version; commits: every version's; distinct_failing:
    different inputs that failed in the sample; sampled: calls with payload that were looked at."""

    tool: str
    since: datetime
    until: datetime
    total: int
    failed: int
    rate: float
    interval: Interval
    other_versions: int
    distinct_failing: int
    sampled: int
    trend: Trend
    by_version: Trend
    commits: tuple[CommitCount, ...] = ()
    clusters: tuple[Cluster, ...] = ()
    latency: Latency | None = None
    patterns: tuple[Pattern, ...] = ()
    flakiness: Flakiness = Flakiness()
    recommendations: tuple[str, ...] = ()
