"""The whole story on a small shop, told by the real cycle: nothing here prints what did not happen."""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.panel import Panel

from gitops_healer.adapters.clock import TurnedClock
from gitops_healer.core.change import Change, replace_span
from gitops_healer.core.finding import Finding
from gitops_healer.core.history import replay
from gitops_healer.core.plan import Cause, Investigation, Option
from gitops_healer.core.upgrade import Stage, Upgrade
from gitops_healer.cycle import Cycle, run_cycle, run_orders
from gitops_healer.errors import HealerError, UsageError
from gitops_healer.places import Choices
from gitops_healer.registry import Fixer, Scene
from gitops_healer.report import terminal
from gitops_healer.wiring import build_world
from gitops_healer.world import World

SHOP = {
    "shop/__init__.py": '"""A small shop."""\n',
    "shop/ratings.py": '''\
"""What customers think."""


def average(stars):
    """The mean of the stars that customers gave, 0.0 when there are no stars."""
    return sum(stars) / len(stars)
''',
    "shop/stock.py": '''\
"""What is on the shelves."""


def quantity(text):
    """How many pieces a supplier's line says, for example "12" or "12 pcs"."""
    return int(text.split()[0])
''',
    "shop/shipping.py": '''\
"""What sending costs."""

RATES = {"home": 4.0, "near": 7.5, "far": 19.0}


def cost(zone, kilos):
    """The price of a parcel in euros."""
    return RATES[zone.strip().lower()] * max(1, kilos)
''',
    "tests/test_shop.py": """\
from shop.ratings import average
from shop.shipping import cost
from shop.stock import quantity


def test_average():
    assert average([4, 5]) == 4.5


def test_quantity():
    assert quantity("12 pcs") == 12


def test_cost():
    assert cost("near", 2) == 15.0
""",
    ".github/gitops-healer.yml": """\
limits:
  mode: deploy
  new_per_cycle: 3
""",
}

# Runs beside the shop's code at one commit and records what really happens, as production would.
TRAFFIC = """\
import json, sys, time, traceback
from datetime import datetime, timedelta, timezone
from importlib import import_module

commit, start, plan = sys.argv[1], datetime.fromisoformat(sys.argv[2]), json.loads(sys.argv[3])
for number, (tool, arguments) in enumerate(plan):
    module, name = tool.split(":")
    event = {"v": 1, "tool": tool, "ts": (start + timedelta(seconds=20 * number)).isoformat(), "args": arguments}
    began = time.perf_counter()
    try:
        event |= {"result": getattr(import_module(module), name)(*arguments), "ok": True}
    except Exception as error:
        frames = [[f.filename, f.lineno, f.name] for f in traceback.extract_tb(error.__traceback__)[1:]]
        event |= {"ok": False, "error": {"type": type(error).__name__, "message": str(error), "frames": frames}}
    print(json.dumps(event | {"duration_ms": 1000 * (time.perf_counter() - began), "commit": commit}))
"""

WHOLE, HALVES = (1, 2, 3, 4), (1.5, 2.5, 3.5, 0.5)
"""What parcels weigh in kilos: at first, and when customers begin to weigh them themselves."""


def calls(kilos: Sequence[float]) -> tuple[tuple[str, Sequence[object]], ...]:
    """A day of calls: (tool, arguments)."""
    return (
        *[("shop.ratings:average", [[1 + n % 5, 5, 3]]) for n in range(24)],
        *[("shop.ratings:average", [[]]) for _ in range(16)],
        *[("shop.stock:quantity", [f"{n} pcs"]) for n in range(20)],
        *[
            ("shop.stock:quantity", [text])
            for text in ("", "sold out", "none", "", "sold out", "n/a")
            for _ in range(2)
        ],
        *[("shop.shipping:cost", [("home", "Near", " far")[n % 3], kilos[n % 4]]) for n in range(48)],
        *[("shop.shipping:cost", [("moon", "abroad", "island")[n % 3], kilos[n % 4]]) for n in range(6)],
    )


def run_demo(directory: Path | None) -> None:
    """Build the shop in `directory` (new or empty) and let the healer live its life. Raises UsageError."""
    console = Console(highlight=False, emoji=False)
    home = make_shop(directory)
    shop = Shop(home, console)
    shop.say("A shop with three tools", f"A real git repository in {home}: three functions, three tests, all green.")
    shop.traffic("Customers use it for a day")
    shop.say("The first cycle", "It sees what fails, finds the cause, proves a fix in a sandbox, opens pull requests.")
    shop.heal()
    shop.say("Not everything is ours to decide", "What an unreadable line means, only a maintainer knows.")
    shop.answer()
    shop.say(
        "The second cycle", "What was proved on exactly this head is merged, and proved again on the merge commit."
    )
    shop.heal()
    shop.turn(timedelta(hours=2))
    shop.traffic("Customers use the new version, and begin to weigh in half kilos", HALVES)
    shop.say(
        "The third cycle",
        "One of the upgrades came from a contributor's plug-in. It passed every test and every recorded call, and it "
        "is wrong.",
    )
    shop.heal()
    shop.turn(timedelta(hours=24))
    shop.traffic("Another day passes", HALVES)
    shop.say("The last cycle", "What held is stable; what did not is gone; the ledger knows everything.")
    shop.heal()
    shop.epilogue()


def make_shop(directory: Path | None) -> Path:
    home = directory or Path(tempfile.mkdtemp(prefix="gitops-healer-demo-"))
    if home.exists() and any(home.iterdir()):
        raise UsageError(f"{home} is not empty: give a new folder, or none")
    for name, text in SHOP.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    git(home, "init", "--quiet", "--initial-branch=main")
    git(home, "add", "--all")
    git(home, "commit", "--quiet", "--message", "Open the shop")
    git(home, "switch", "--quiet", "--create", "work")  # nobody stands on main, so merges surprise nobody
    return home


def git(home: Path, *arguments: str) -> str:
    """The maintainer's own git, with an identity of the demo's."""
    identity = ["-c", "user.name=maintainer", "-c", "user.email=maintainer@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *identity, *arguments], cwd=home, capture_output=True, text=True, check=False)
    if done.returncode:
        raise HealerError(f"git {arguments[0]} failed in {home}: {done.stderr.strip()}")
    return done.stdout


class Shop:
    """The demo repository, its clock, and the terminal on which the story is told."""

    def __init__(self, home: Path, console: Console) -> None:
        self.home = home
        self.console = console
        self.clock = TurnedClock()

    def say(self, title: str, text: str) -> None:
        self.console.print(Panel(text, title=f"[bold]{title}[/]", title_align="left", border_style="blue"))

    def turn(self, by: timedelta) -> None:
        self.clock.turn(by)

    def world(self) -> World:
        choices = Choices(self.home, options={"limits.base_branch": "main"}, clock=self.clock)
        world = build_world(choices)
        return replace(world, fixers=(CONTRIBUTED, *world.fixers))

    def heal(self) -> Cycle:
        """One real cycle, and what it says."""
        with self.console.status("healing"):
            cycle = run_cycle(self.world())
        summary = cycle.summary()
        moved = tuple((up, waiting) for up, waiting in summary.upgrades if up.id in summary.moved)
        terminal.print_summary(self.console, replace(summary, upgrades=moved))
        self.console.print()
        return cycle

    def traffic(self, why: str, kilos: Sequence[float] = WHOLE) -> None:
        """Call the tools as they are on main, record what happens, import it."""
        commit = git(self.home, "rev-parse", "main").strip()
        start = self.clock.now() - timedelta(hours=1)
        lines = call_tools(self.home, commit, start, kilos)
        done = self.world().executions.import_jsonl(lines)
        failed = sum(b'"ok": false' in line for line in lines)
        self.console.print(f"{why}: {done.stored} executions on {commit[:10]}, {failed} failed.\n")

    def answer(self) -> None:
        """The maintainer answers each question with the first option, through the same door as everybody."""
        world = self.world()
        for up in open_upgrades(world):
            if up.stage is Stage.HELD and up.held and up.held.question and up.investigation:
                order = f"/choose {up.id} {up.investigation.options[0].key}"
                self.console.print(f"[bold]maintainer:[/] {order}")
                world.forge.add_comment(0, "maintainer", order)
        terminal.print_summary(self.console, run_orders(self.world()).summary())
        self.console.print()

    def epilogue(self) -> None:
        world = self.world()
        self.say("The ledger", "Every line is an event on the branch healer-ledger.")
        self.console.print(terminal.events_table(world.ledger.load()[-18:]))
        self.say("The history of main", "Merges are squash commits; taking back is a revert commit.")
        self.console.print(git(self.home, "log", "--oneline", "--no-decorate", "main"), markup=False)
        program = "gitops-healer" if shutil.which("gitops-healer") else Path(sys.argv[0]).absolute()
        self.console.print(
            f"Look around:  cd {self.home}  &&  {program} status --all  &&  git log -p main", soft_wrap=True
        )


def open_upgrades(world: World) -> tuple[Upgrade, ...]:
    return replay(world.ledger.load()).open()


def call_tools(home: Path, commit: str, start: datetime, kilos: Sequence[float] = WHOLE) -> list[bytes]:
    """What the tools of one commit do with the demo's calls, as JSON Lines."""
    with tempfile.TemporaryDirectory() as folder:
        archive = subprocess.run(["git", "archive", commit], cwd=home, capture_output=True, check=True).stdout
        subprocess.run(["tar", "-x", "-m", "-C", folder], input=archive, check=True)
        argv = [sys.executable, "-B", "-c", TRAFFIC, commit, start.isoformat(), json.dumps(calls(kilos))]
        done = subprocess.run(argv, cwd=folder, capture_output=True, check=True)
    return done.stdout.splitlines(keepends=True)


def contributed_rates(scene: Scene, finding: Finding) -> Investigation:
    """A contributor's well-meant plug-in: it knows the far zones, and adds the rate once a kilo, which
    half a kilo does not survive."""
    path, cause = "shop/shipping.py", Cause("three zones have no rate", "shop/shipping.py", 8, 0.9)
    source = scene.repository.read(scene.commit, path) or b""
    old = b"RATES[zone.strip().lower()] * max(1, kilos)"
    start = source.find(old)
    if "shipping" not in finding.path or start < 0:
        return Investigation(cause)
    new = 'sum([(RATES | {"moon": 99.0, "abroad": 29.0, "island": 24.0})[zone.strip().lower()]] * max(1, kilos))'
    option = Option(
        key="rates",
        title="Know the rates of the far zones",
        source="contributed_rates",
        change=Change((replace_span(path, source, start, start + len(old), new),)),
        behaviour="moon, abroad and island get a rate",
        determined_by=("the contributor's price list",),
        symbols=("cost",),
    )
    return Investigation(cause, options=(option,))


CONTRIBUTED = Fixer(
    "contributed_rates",
    "A contributor's well-meant plug-in.",
    ("low_success_rate", "recent_failures"),
    contributed_rates,
)
