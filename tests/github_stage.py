"""A stage for stories at GitHub: the forge server over real HTTP and git, and a fresh clone for every run, as a runner
has. Nothing is patched: the product is wired as `--forge github` wires it; only what is seen and fixed is scripted.
"""

import base64
import json
import math
import random
import shutil
import subprocess
import traceback
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from gitops_healer.core.forge import Comment
from gitops_healer.core.history import History, replay
from gitops_healer.core.upgrade import Upgrade
from gitops_healer.cycle import Cycle, run_cycle, run_orders
from gitops_healer.places import Choices
from gitops_healer.registry import Fixer
from gitops_healer.settings import OVERRIDES, ForgeVariables
from gitops_healer.wiring import build_world
from gitops_healer.world import World
from tests.cycle.stage import DETECTOR, FAST, FILES, call, heals_mean
from tests.forge_server import ForgeServer
from tests.forge_server.exchanges import Calls
from tests.forge_server.person import Person

SHOP = "octo/shop"
OWN_CODE = "limits: {allow_weak_sandbox: true}\n"
"""A policy for repositories of tests, whose code is their own: they run wherever the sandbox is weak."""
TOO_MANY = "return (sum(values) / len(values) if values else 0.0) if len(values) < 5 else values[len(values)]"
"""A line for program:mean that fails from five values on, which no test sees."""
KEPT = ("executions.sqlite",)
"""What outlives a runner: in production a store that the environment names."""


@dataclass(frozen=True)
class ServerTime:
    """The server's clock as ours, so that there is one time; a pause turns it."""

    server: ForgeServer

    def now(self) -> datetime:
        return self.server.clock.now()

    def turn(self, by: timedelta) -> None:
        self.server.clock.turn(by.total_seconds())

    def sleep(self, seconds: float) -> None:
        self.server.clock.turn(math.ceil(seconds))


@dataclass
class GitHubStage:
    """One repository at the forge server and whoever heals it.

    kind: actions, app (a token of one), app-key (its id and key) or pat; permissions: of the token, None for the usual
    ones; options: settings of the story; keeps_cache: as a job with actions/cache.
    """

    server: ForgeServer
    repository: str
    kind: str
    folder: Path
    fixer: Any = heals_mean
    options: dict[str, Any] = field(default_factory=dict)
    permissions: Mapping[str, str] | None = None
    keeps_cache: bool = False
    runs: int = 0
    chance: random.Random = field(default_factory=lambda: random.Random(8))
    _variables: ForgeVariables | None = None

    @property
    def clock(self) -> ServerTime:
        return ServerTime(self.server)

    @property
    def clone(self) -> Path:
        """The clone of the newest run."""
        return self.folder / f"run-{self.runs}"

    @property
    def variables(self) -> ForgeVariables:
        """What the environment of a run says. The token is made once."""
        if self._variables is None:
            self._variables = variables_of(self.server, self.repository, self.kind, self.permissions)
        return self._variables

    def choices(self, **options: Any) -> Choices:
        """A fresh clone, and what the command line would say there."""
        self.runs += 1
        before, clone = self.folder / f"run-{self.runs - 1}", self.clone
        fresh_clone(f"{self.server.url}/{self.repository}.git", clone, self.checkout_token())
        _carry(before, clone, (*KEPT, "cache.sqlite") if self.keeps_cache else KEPT)
        weak = {"limits.allow_weak_sandbox": True}  # where the repository of a story has a policy of its own
        chosen = FAST | weak | self.options | {key.replace("__", "."): value for key, value in options.items()}
        return Choices(
            clone, "github", chosen, clock=self.clock, variables=self.variables, sleep=self.clock.sleep
        )  # fmt: skip

    def checkout_token(self) -> str:
        """What actions/checkout uses: a token of the job that may read."""
        return self.server.token("actions", self.repository, permissions={"contents": "read"})

    def world(self, **options: Any) -> World:
        world = build_world(self.choices(**options))
        fixer = Fixer("scripted", "Fixes what the story needs.", ("scripted",), self.fixer)
        return replace(world, detectors=(DETECTOR,), fixers=(fixer,), run=f"run-{self.runs}")

    def heal(self, **options: Any) -> Cycle:
        """One cycle, five minutes after what was before."""
        self.clock.turn(timedelta(minutes=5))
        return run_cycle(self.world(**options))

    def orders(
        self,
        concerned: Callable[[Upgrade], bool] = lambda _: False,
        spoken: Collection[Comment] = (),
        **options: Any,
    ) -> Cycle:
        """Only what was ordered, and what follows."""
        self.clock.turn(timedelta(seconds=10))
        return run_orders(self.world(**options), concerned, spoken)

    def person(self, login: str, role: str = "write") -> Person:
        """Somebody with that role in the repository."""
        self.server.permit(self.repository, login, role)
        return self.server.person(login, self.repository)

    def calls(self, good: int, bad: int, commit: str, hours_ago: float = 0, hours: float = 2) -> None:
        """Record calls of program:mean at a commit within some hours, which pass meanwhile unless they lie in the past;
        bad ones fail, each with an input of its own, which does not fail when it is run again."""
        total, begin = good + bad, self.clock.now() - timedelta(hours=hours_ago)
        every = timedelta(hours=hours) / total
        failing = [(n + 1) * bad // total > n * bad // total for n in range(total)]
        lines = [call(begin + every * (n + 0.5), commit, fails, n) for n, fails in enumerate(failing)]
        self._recorded(lines, 0 if hours_ago else hours)

    def live(self, hours: float, commit: str = "", per_hour: int = 30) -> None:
        """Time goes on, and program:mean as it is at a commit (by default what is deployed) is really called meanwhile,
        with none to seven values."""
        deployed, begin = commit or self.git("rev-parse", "main").strip(), self.clock.now()
        names: dict[str, Any] = {}
        exec(compile(self.git("show", f"{deployed}:program.py"), "program.py", "exec"), names)
        every, lines = timedelta(hours=1) / per_hour, []
        for number in range(int(hours * per_hour)):
            values = [self.chance.randrange(100) for _ in range(number % 8)]
            lines.append(really_called(names["mean"], values, begin + every * (number + 0.5), deployed))
        self._recorded(lines, hours)

    def _recorded(self, lines: list[bytes], hours: float) -> None:
        self.world().executions.import_jsonl(lines)
        self.clock.turn(timedelta(hours=hours))

    def git(self, *arguments: str) -> str:
        """Asked of the repository as the forge has it."""
        argv = ["git", "--git-dir", str(self.server.repository(self.repository).path), *arguments]
        return subprocess.run(argv, check=True, capture_output=True, text=True).stdout

    def spent(self, since: int = 0) -> Calls:
        """What a run asked of the server. since: a mark of the server's log. Clones of the stage count as fetches."""
        return self.server.calls(since=since)

    @property
    def history(self) -> History:
        return replay(self.world().ledger.load())

    @property
    def upgrade(self) -> Upgrade:
        """The newest one."""
        return list(self.history.upgrades.values())[-1]

    def events(self) -> list[str]:
        return [event.name for event in self.world().ledger.load()]


@contextmanager
def github_stage(
    folder: Path, kind: str = "app", files: Mapping[str, str] = FILES, **fields: Any
) -> Iterator[GitHubStage]:
    """A server with `octo/shop`, which holds `files`, and a stage on it."""
    source = folder / "source"
    for name, content in {OVERRIDES: OWN_CODE, **files}.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(content)
    (folder / "runs").mkdir()
    with ForgeServer(folder / "server") as server:
        server.create_repository(SHOP, source)
        yield GitHubStage(server, SHOP, kind, folder / "runs", **fields)


def variables_of(
    server: ForgeServer, repository: str, kind: str, permissions: Mapping[str, str] | None = None
) -> ForgeVariables:
    """The environment of a run: a GitHub App by id and key (app-key), else a token that is made for it."""
    where = {"repository": repository, "api_url": server.api_url, "server_url": server.url}
    if kind == "app-key":
        app = server.create_app("octo-healer", permissions, owner=repository.split("/")[0])
        return ForgeVariables(app_id=str(app.id), app_key=app.private_key, **where)
    if kind == "pat":
        server.permit(repository, "healer-account", "write")
    token = server.token(kind, repository, "healer-account" if kind == "pat" else "", permissions)
    job = token if kind == "actions" else ""
    return ForgeVariables(token=token, job_token=job, actions=kind == "actions", **where)


def fresh_clone(url: str, target: Path, token: str = "") -> None:
    """As actions/checkout leaves it with fetch-depth 0 and persist-credentials false, on the base branch."""
    header = base64.b64encode(f"x-access-token:{token}".encode()).decode()
    secret = ["-c", f"http.extraHeader=Authorization: Basic {header}"] if token else []
    subprocess.run(["git", *secret, "clone", "--quiet", url, str(target)], check=True, capture_output=True)


def really_called(function: Callable[..., object], values: list[int], when: datetime, commit: str) -> bytes:
    """A recorded line of what a call of program:mean gave."""
    event: dict[str, Any] = {"v": 1, "tool": "program:mean", "ts": when.isoformat(), "args": [values], "commit": commit}
    try:
        event |= {"ok": True, "result": function(values)}
    except Exception as error:
        frames = [[frame.filename, frame.lineno, frame.name] for frame in traceback.extract_tb(error.__traceback__)[1:]]
        event |= {"ok": False, "error": {"type": type(error).__name__, "message": str(error), "frames": frames}}
    return json.dumps(event).encode() + b"\n"


def _carry(before: Path, after: Path, names: Collection[str]) -> None:
    old, new = before / ".git/gitops-healer", after / ".git/gitops-healer"
    for file in sorted(old.iterdir()) if old.is_dir() else []:
        if file.name.startswith(tuple(names)):
            new.mkdir(exist_ok=True)
            shutil.copy2(file, new / file.name)
