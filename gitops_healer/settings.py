"""Policies to frozen settings: packaged defaults, overridden key by key by `.github/gitops-healer.yml`."""

import difflib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    PlainSerializer,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from gitops_healer.core.comparing_places import steps_of
from gitops_healer.core.finding import Risk
from gitops_healer.core.messages import Messages, problem_of
from gitops_healer.core.naming import OVERRIDES as OVERRIDES
from gitops_healer.core.watching import Tolerance
from gitops_healer.errors import ConfigError
from gitops_healer.settings_patterns import Patterns
from gitops_healer.settings_section import Section

STORE_VARIABLE = "GITOPS_HEALER_STORE_URL"
PROMETHEUS_VARIABLE = "GITOPS_HEALER_PROMETHEUS_URL"
PROMETHEUS_TOKEN_VARIABLE = "GITOPS_HEALER_PROMETHEUS_TOKEN"
MAX_BYTES = 256 * 1024

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"(\d{1,9})\s*([smhd])")


def parse_duration(value: object) -> timedelta:
    """`90s`, `5m`, `24h`, `7d`. Raises ValueError."""
    if isinstance(value, timedelta):
        return value
    match = _DURATION.fullmatch(str(value).strip())
    if match is None:
        raise ValueError("must be a time such as 90s, 5m, 24h or 7d")
    return timedelta(seconds=int(match[1]) * _UNITS[match[2]])


def format_duration(value: timedelta) -> str:
    """The shortest spelling that `parse_duration` reads."""
    seconds = int(value.total_seconds())
    unit = next(unit for unit in "dhms" if seconds % _UNITS[unit] == 0)
    return f"{seconds // _UNITS[unit]}{unit}"


Duration = Annotated[timedelta, BeforeValidator(parse_duration), PlainSerializer(format_duration)]
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(gt=0)]


class LowSuccessRate(Section):
    threshold: Share
    min_executions: Positive
    window: Duration


class RecentFailures(Section):
    min_failures: Positive
    window: Duration


class FailingTest(Section):
    max_findings: Positive


class CircularImport(Section):
    max_modules: Positive


class GodClass(Section):
    max_methods: Positive
    max_lines: Positive
    include_tests: bool


class GodModule(Section):
    max_lines: Positive
    max_definitions: Positive


class LowCohesion(Section):
    min_methods: Positive


class HighCoupling(Section):
    max_fan_out: Positive


class UnstableDependency(Section):
    min_difference: Share


class LayerViolation(Section):
    layers: tuple[str | tuple[str, ...], ...]
    infer: bool


class MixedConcerns(Section):
    min_concerns: Positive


class DeadCode(Section):
    min_confidence: Share


class Complexity(Section):
    cyclomatic: Positive
    cognitive: Positive


class InefficientControlFlow(Section):
    kinds_off: tuple[str, ...]


class DuplicateCode(Section):
    min_lines: Positive
    min_tokens: Positive
    similarity: Share
    include_tests: bool


class DegradingTool(Section):
    window: Duration
    baseline: Duration
    min_executions: Positive
    factor: Annotated[float, Field(gt=1)]


class SlowTool(Section):
    p95: Duration
    min_executions: Positive
    window: Duration


class UnusedTool(Section):
    unused_for: Duration
    max_uses: Count


class DuplicateTool(Section):
    similarity: Share


class Detection(Section):
    disabled: tuple[str, ...]
    exclude: tuple[str, ...]
    low_success_rate: LowSuccessRate
    recent_failures: RecentFailures
    degrading_tool: DegradingTool
    slow_tool: SlowTool
    unused_tool: UnusedTool
    duplicate_tool: DuplicateTool
    failing_test: FailingTest
    circular_import: CircularImport
    god_class: GodClass
    god_module: GodModule
    low_cohesion: LowCohesion
    high_coupling: HighCoupling
    unstable_dependency: UnstableDependency
    layer_violation: LayerViolation
    mixed_concerns: MixedConcerns
    dead_code: DeadCode
    complexity: Complexity
    inefficient_control_flow: InefficientControlFlow
    duplicate_code: DuplicateCode


class RiskPolicy(Section):
    max_lines: Positive
    max_files: Positive
    protected: tuple[str, ...]
    plan_without_approval: tuple[Risk, ...]
    merge_without_approval: tuple[Risk, ...]
    revert_without_approval: bool
    plan_expires: Duration


class Testing(Section):
    command: str
    timeout: Duration
    flaky_reruns: Count
    allow_untested: bool
    wait_for_ci: bool
    ci_grace: Duration
    disabled: tuple[str, ...]
    sandbox: Literal["none", "process", "namespace", "bubblewrap"]
    memory_mb: Positive
    processes: Positive
    investigation_budget: Duration


def _gates(value: object) -> object:
    """`tests+shadow` to the gates that it names. Raises ValueError."""
    if isinstance(value, list):
        known = [str(item).replace(" ", "") for item in value]
        wrong = next((item for item in known for name in item.split("+") if name not in GATES), None)
        if wrong is not None:
            raise ValueError(f"must name gates ({', '.join(GATES)}), joined by + where both are needed")
        return known
    return value


GATES = ("tests", "shadow", "replay", "synthetic", "nothing")
"""Checks that run the code. `nothing`: no proof is demanded."""
Gates = Annotated[tuple[str, ...], BeforeValidator(_gates)]


class Suffices(Section):
    low: Gates
    medium: Gates
    high: Gates

    def for_risk(self, risk: Risk) -> tuple[frozenset[str], ...]:
        """Sets of gates, each of which is enough."""
        chosen: Gates = {Risk.LOW: self.low, Risk.MEDIUM: self.medium, Risk.HIGH: self.high}[risk]
        return tuple(frozenset(item.split("+")) for item in chosen)


def _places(value: object) -> object:
    """Places of results as comparisons read them. Raises ValueError."""
    for place in value if isinstance(value, list) else ():
        steps_of(str(place))
    return value


Places = Annotated[tuple[str, ...], BeforeValidator(_places)]


class ShadowPolicy(Section):
    inputs: Positive
    budget: Duration
    agreement: Share
    mismatches: Count
    float_tolerance: Annotated[float, Field(ge=0, le=0.1)]
    ignore: Places
    unordered: Places


class ReplayPolicy(Section):
    window: Duration
    least: Positive
    most: Positive
    success: Share


class ReviewPolicy(Section):
    quorum: Positive


class Proof(Section):
    suffices: Suffices
    phase_one: Duration
    phase_two: Duration
    retries: Count
    coverage: bool
    mutants: Count
    mutation_budget: Duration
    shadow: ShadowPolicy
    replay: ReplayPolicy
    review: ReviewPolicy


class Keep(Section):
    payloads: Duration
    calls: Duration
    minutes: Duration


class ToolsPolicy(Section):
    decorators: tuple[str, ...]
    base_classes: tuple[str, ...]
    valuable_uses: Positive
    valuable_within: Duration
    embedding_model: str


class CulpritPolicy(Section):
    runs: Positive
    budget: Duration
    certainty: Annotated[float, Field(gt=0.5, lt=1)]


class RelandPolicy(Section):
    window: Duration
    ratio: Annotated[float, Field(ge=1)]
    margin: Share


def _counts_per_step(query: str) -> str:
    """Raises ValueError for a query that does not say over which time it counts."""
    if "$step" not in query:
        raise ValueError("must count what happened in a step, which $step stands for: sum(increase(NAME[$step]))")
    return query


PerStep = Annotated[
    str, AfterValidator(_counts_per_step), Field(examples=["sum(increase(http_requests_total[$step]))"])
]
Named = Annotated[str, Field(min_length=1)]


class PrometheusMetric(Section):
    """One subject. total, failed: PromQL for counts per step, `$step` stands for the step; by: a label that tells
    kinds of calls apart; commit: a label that tells which commit answered."""

    name: Named
    total: PerStep
    failed: PerStep
    by: str = ""
    commit: str = ""


def _is_address(url: str) -> str:
    """Raises ValueError for what is no address of a server."""
    if url and not re.fullmatch(r"https?://[^/\s]+(/\S*)?", url):
        raise ValueError('must be "" or an address that begins with http:// or https://')
    return url.rstrip("/")


def _names_are_different(metrics: tuple[PrometheusMetric, ...]) -> tuple[PrometheusMetric, ...]:
    names = [metric.name for metric in metrics]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ValueError(f"must have a different name each, and {twice!r} stands twice")
    return metrics


class PrometheusPolicy(Section):
    url: Annotated[str, AfterValidator(_is_address), Field(examples=["http://prometheus:9090"])]
    metrics: Annotated[tuple[PrometheusMetric, ...], AfterValidator(_names_are_different)]


class FileMetric(Section):
    """A file of records. path: from the root of the repository, or absolute; the others are names of fields. subject
    "": all records are of one subject, called like the file."""

    path: Named
    format: Literal["jsonl", "csv"]
    ts: Named
    subject: str = ""
    ok: str = ""
    total: str = ""
    failed: str = ""
    commit: str = ""


def _outcomes_are_named(files: tuple[FileMetric, ...]) -> tuple[FileMetric, ...]:
    for file in files:
        if bool(file.ok) == bool(file.total) or bool(file.total) != bool(file.failed):
            raise ValueError(f"must name for {file.path} either `ok`, or both `total` and `failed`")
    return files


FileMetrics = Annotated[
    tuple[FileMetric, ...],
    AfterValidator(_outcomes_are_named),
    Field(examples=[[{"path": "logs/calls.jsonl", "format": "jsonl", "ts": "ts", "subject": "tool", "ok": "ok"}]]),
]


class Monitoring(Section):
    window: Duration
    baseline: Duration
    block: Duration
    min_executions: Positive
    min_failures: Positive
    ratio: Annotated[float, Field(ge=1)]
    margin: Share
    new_error: Share
    slower: Annotated[float, Field(ge=1)]
    slowest: Annotated[float, Field(ge=1)]
    drop: Annotated[float, Field(gt=0, lt=1)]
    alpha: Annotated[float, Field(gt=0, lt=1)]
    strict: bool
    rollback: bool
    drafts: bool
    revert_others: bool
    reverts_per_day: Count
    culprit: CulpritPolicy
    reland: RelandPolicy
    prometheus: PrometheusPolicy
    files: FileMetrics
    keep: Keep

    def tolerance(self, again: bool = False) -> Tolerance:
        """What a watch that opens now is judged by. again: its change was taken back before."""
        return Tolerance(
            min_executions=self.min_executions,
            min_failures=self.min_failures,
            margin=min(self.margin, self.reland.margin) if again else self.margin,
            alpha=self.alpha,
            ratio=min(self.ratio, self.reland.ratio) if again else self.ratio,
            drop=self.drop,
            block=max(1, int(self.block.total_seconds() // 60)),
            new_error=self.new_error,
            slower=self.slower,
            slowest=self.slowest,
            strict=self.strict,
        )


class LimitsPolicy(Section):
    mode: Literal["observe", "propose", "deploy"]
    base_branch: str
    open_pulls: Count
    new_per_cycle: Count
    queue: Positive
    slots: Positive
    per_order: Positive
    clear_queue_on_failure: bool
    interval: Duration
    restore_points: Duration
    squash_name: str
    squash_email: str
    update_checkout: bool
    maintainers: tuple[str, ...]
    dashboard: bool
    stop_label: Annotated[str, Field(min_length=1, max_length=50)]
    allow_weak_sandbox: bool


class MessagesPolicy(Section):
    """Templates, one a kind of message (`core.messages.KINDS`)."""

    processing: str
    question: str
    served: str
    served_nothing: str
    refusal: str
    queued: str
    planning: str
    plan_ready: str
    plan_expired: str
    starting: str
    working: str
    restarting: str
    watching: str
    success: str
    unproven: str
    taking_back: str
    taken_back: str
    failure: str
    cleared: str
    held: str
    hands_off: str

    @field_validator("*")
    @classmethod
    def _is_template(cls, value: str, info: ValidationInfo) -> str:
        problem = problem_of(info.field_name or "", value)
        if problem is not None:
            raise PydanticCustomError("template", "{problem}", {"problem": problem})
        return value

    def view(self) -> Messages:
        return Messages(self.model_dump())


class Settings(Section):
    """Everything that can be configured, whole and valid."""

    detection: Detection
    risk: RiskPolicy
    testing: Testing
    proof: Proof
    monitoring: Monitoring
    tools: ToolsPolicy
    limits: LimitsPolicy
    messages: MessagesPolicy
    patterns: Patterns

    def fingerprint(self) -> str:
        """Changes when any value changes; part of the key of cached findings."""
        return self.model_dump_json()


@dataclass(frozen=True)
class Source:
    """One YAML text with the name that its errors show."""

    name: str
    text: bytes


def policies_dir() -> Path:
    """Where the default policies lie: inside the installed package, or beside it in a checkout."""
    packaged = Path(__file__).parent / "policies"
    return packaged if packaged.is_dir() else Path(__file__).parent.parent / "policies"


def default_sources() -> tuple[Source, ...]:
    return tuple(Source(f"policies/{p.name}", p.read_bytes()) for p in sorted(policies_dir().glob("*.yml")))


def load_settings(override: bytes | None = None, options: Mapping[str, Any] | None = None) -> Settings:
    """The defaults, then the repository's overrides, then command line options (`{"limits.mode": "observe"}`).

    Raises ConfigError naming file, key, what is allowed and an example.
    """
    merged: dict[str, Any] = {}
    origin: dict[str, str] = {}
    for source in default_sources():
        _merge(merged, yaml.load(source.text, _Loader) or {}, source.name, origin)
    if override is not None:
        _merge(merged, parse(Source(OVERRIDES, override)), OVERRIDES, origin)
    for dotted, value in (options or {}).items():
        _merge(merged, _nested(dotted, value), f"option {dotted}", origin)
    try:
        return Settings.model_validate(merged)
    except ValidationError as error:
        raise ConfigError("\n".join(_explanations(error, origin))) from None


def parse(source: Source) -> dict[str, Any]:
    """The mapping in a YAML text. Raises ConfigError: too big, not UTF-8, not YAML, aliases, not a mapping."""
    if len(source.text) > MAX_BYTES:
        raise ConfigError(f"{source.name} is {len(source.text):,} bytes, {MAX_BYTES:,} are allowed")
    try:
        loader = _PlainLoader(source.text.decode("utf-8"))
        data = loader.get_single_data()
    except UnicodeDecodeError as error:
        raise ConfigError(f"{source.name} is not UTF-8 (byte {error.start}): save it as UTF-8") from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise ConfigError(f"{source.name} is not valid YAML: {' '.join(str(error).split())}") from None
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise ConfigError(f"{source.name} must be a mapping of sections. Example:\nlimits:\n  mode: propose")
    return data


_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""For our own policies: five times faster where there is libyaml, and nothing in them is hostile."""


class _PlainLoader(yaml.SafeLoader):
    """Safe YAML without aliases (which can grow without bound) and without silently doubled keys."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError(f"aliases are not allowed {self.peek_event().start_mark}")  # type: ignore[no-untyped-call]
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        doubled = next((key for key in keys if keys.count(key) > 1), None)
        if doubled is not None:
            raise yaml.YAMLError(f"{doubled!r} stands twice {node.start_mark}")
        return super().construct_mapping(node, deep)


def _merge(into: dict[str, Any], data: Mapping[str, Any], name: str, origin: dict[str, str], at: str = "") -> None:
    for key, value in data.items():
        dotted = f"{at}{key}"
        if not isinstance(key, str):  # `on` is true in YAML, and 0 a number
            raise ConfigError(f"{name}: a setting has a name, and {dotted!r} is none. Write it in quotes if it is one")
        origin[dotted] = name
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value, name, origin, f"{dotted}.")
        else:
            into[key] = value


def _nested(dotted: str, value: Any) -> dict[str, Any]:
    head, _, rest = dotted.partition(".")
    return {head: _nested(rest, value) if rest else value}


def _explanations(error: ValidationError, origin: Mapping[str, str]) -> Iterator[str]:
    """One sentence an error: file, key, what is allowed, an example."""
    for problem in error.errors():
        path = [str(part) for part in problem["loc"] if isinstance(part, str)]
        key = ".".join(path)
        name = next((origin[k] for k in _prefixes(key) if k in origin), "policies")
        if problem["type"] == "extra_forbidden":
            yield f"{name}: there is no setting {key}. {_nearest(path)}"
        elif problem["type"] == "missing":
            yield f"{name}: {key} is missing. Example: {path[-1]}: {_example_of(path)}"
        elif problem["type"] == "template":
            yield f"{name}: {key} {problem['msg']}. Example: {path[-1]}: {_example_of(path)}"
        else:
            said = problem["msg"].removeprefix("Value error, ").removeprefix("Input should ").rstrip(".")
            said = said if said.startswith("must") else f"must {said}" if said.startswith("be") else said
            yield f"{name}: {key} {said}, not {problem['input']!r}. Example: {path[-1]}: {_example_of(path)}"


def _prefixes(key: str) -> Iterator[str]:
    parts = key.split(".")
    for length in range(len(parts), 0, -1):
        yield ".".join(parts[:length])


def _nearest(path: list[str]) -> str:
    known = _fields_at(path[:-1])
    close = difflib.get_close_matches(path[-1], known, n=1, cutoff=0.5)
    return f"Did you mean {close[0]}?" if close else f"Allowed here: {', '.join(known)}."


def _fields_at(path: list[str]) -> list[str]:
    """The keys of a section."""
    model: type[BaseModel] | None = Settings
    for part in path:
        field = _field(model, part)
        model = None if field is None else _section_in(field.annotation)
    return [] if model is None else [field.alias or name for name, field in model.model_fields.items()]


def _field(model: type[BaseModel] | None, key: str) -> FieldInfo | None:
    fields = {} if model is None else model.model_fields
    return next((field for name, field in fields.items() if key == (field.alias or name)), None)


def _section_in(annotation: Any) -> type[BaseModel] | None:
    """The section that a setting is, or is a list of."""
    kinds = (annotation, *get_args(annotation))
    return next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), None)


def _example_of(path: list[str]) -> str:
    """What the setting itself names as an example, or else its default."""
    model: type[BaseModel] | None = Settings
    field = None
    for part in path:
        field = _field(model, part)
        model = None if field is None else _section_in(field.annotation)
    example = field.examples[0] if field is not None and field.examples else _default_of(path)
    return yaml.safe_dump(example, default_flow_style=True).removesuffix("...\n").strip()


def _default_of(path: list[str]) -> Any:
    data: Any = {}
    for source in default_sources():
        data |= parse(source)
    for part in path:
        if not isinstance(data, dict) or part not in data:
            break
        data = data[part]
    return data


def store_url() -> str:
    """The connection string of the execution store, "" for the embedded one."""
    return os.environ.get(STORE_VARIABLE, "")


def prometheus_server(url: str) -> tuple[str, str]:
    """(address of the server: that of the environment, else `url`; its bearer token, "" for none)."""
    address = os.environ.get(PROMETHEUS_VARIABLE, "").strip() or url
    return address.rstrip("/"), os.environ.get(PROMETHEUS_TOKEN_VARIABLE, "").strip()


def model_endpoint() -> tuple[str, str]:
    """(base URL, "" for the default one; key, "" for none) of an endpoint that speaks OpenAI's protocol."""
    return os.environ.get("OPENAI_BASE_URL", ""), os.environ.get("OPENAI_API_KEY", "")


@dataclass(frozen=True)
class ForgeVariables:
    """What the environment says about a forge, "" where it says nothing. token: by GITOPS_HEALER_TOKEN, else by
    GITHUB_TOKEN, which job_token is; app_key: PEM; actions: whether this is a job of GitHub Actions."""

    token: str = field(default="", repr=False)
    job_token: str = field(default="", repr=False)
    app_id: str = ""
    app_key: str = field(default="", repr=False)
    repository: str = ""
    api_url: str = ""
    server_url: str = ""
    actions: bool = False


def forge_variables() -> ForgeVariables:
    def value(name: str) -> str:
        return os.environ.get(name, "").strip()

    return ForgeVariables(
        token=value("GITOPS_HEALER_TOKEN") or value("GITHUB_TOKEN"),
        job_token=value("GITHUB_TOKEN"),
        app_id=value("GITOPS_HEALER_APP_ID"),
        app_key=value("GITOPS_HEALER_APP_KEY"),
        repository=value("GITHUB_REPOSITORY"),
        api_url=value("GITHUB_API_URL"),
        server_url=value("GITHUB_SERVER_URL"),
        actions=value("GITHUB_ACTIONS") == "true",
    )
