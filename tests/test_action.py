"""The action, run as GitHub runs it: by events of the forge server, through action.yml, with real git and HTTP."""

import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from gitops_healer.cli import app
from gitops_healer.console.on_event import outputs_of
from gitops_healer.onboarding import action_reference, workflow_text
from gitops_healer.report.action_inputs import INPUTS, renewed
from tests.actions_runner.forge import ServerHost
from tests.actions_runner.runner import JobRun, Runner
from tests.actions_runner.workflow import load_yaml
from tests.forge_server.person import Person
from tests.forge_server.server import ForgeServer
from tests.forge_server.state import Repository
from tests.github_stage import OWN_CODE

ROOT = Path(__file__).parent.parent
ACTION = ROOT / "action.yml"
CI = """\
name: ci
on: [push, pull_request]
permissions: {contents: read}
jobs:
  tests:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@v5
        with: {persist-credentials: false}
      - uses: actions/setup-python@v6
      - run: python -m pytest -q -p no:cacheprovider tests
"""
SHOP = {
    ".github/gitops-healer.yml": OWN_CODE,
    ".github/workflows/ci.yml": CI,
    "shop/__init__.py": "",
    "shop/orders.py": "import shop.customers\n\n\ndef owner(order: dict) -> str:\n"
    '    return shop.customers.name(order["customer"])\n',
    "shop/customers.py": "import shop.orders\n\n\ndef name(customer: dict) -> str:\n"
    '    return str(customer["name"])\n\n\ndef owners(orders: list) -> list:\n'
    "    return [shop.orders.owner(order) for order in orders]\n",
    "tests/test_shop.py": "from shop.customers import owners\n\n\ndef test_owners():\n"
    '    assert owners([{"customer": {"name": "robin"}}]) == ["robin"]\n    assert owners([]) == []\n',
}


QUICK = f"{OWN_CODE}proof: {{mutants: 0, shadow: {{inputs: 20, budget: 5s}}}}\n"
"""A policy under which little is proved: here the way counts, not the proof."""

PERMISSIONS = {
    "contents": "write", "pull_requests": "write", "issues": "write", "statuses": "write", "checks": "read",
}  # fmt: skip
"""Of the App, as `init` tells them."""


@dataclass
class Stage:
    """octo/shop at a forge, its people, and the runner of its workflows."""

    server: ForgeServer
    repository: Repository
    runner: Runner
    host: ServerHost

    def person(self, login: str) -> Person:
        return self.server.person(login, "octo/shop")

    def healed(self, jobs: list[JobRun]) -> list[JobRun]:
        """Those that ran the healer."""
        return [job for job in jobs if job.workflow.endswith("gitops-healer.yml") and job.conclusion != "skipped"]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Callable[..., Stage]]:
    """Make the stage: files beside those of the shop, and inputs of the action. The healer acts as an App."""
    servers: list[ForgeServer] = []

    def made(
        files: dict[str, str] | None = None,
        inputs: dict[str, str] | None = None,
        *,
        as_app: bool = True,
        queue: str = "max",
    ) -> Stage:
        source = tmp_path / "shop"
        for name, text in {**SHOP, **(files or {})}.items():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_text(text)
        text = workflow_text(source, "main", action_reference(f"octo/gitops_healer@{'ab' * 20}"), as_app)
        text += "" if as_app or not inputs else "        with:\n"
        text += "".join(f"          {name}: {value}\n" for name, value in (inputs or {}).items())
        text = without_install(text).replace("queue: max", f"queue: {queue}")
        (source / ".github/workflows/gitops-healer.yml").write_text(text)
        servers.append(ForgeServer(tmp_path / "forge").start())
        server = servers[-1]
        server.create_repository("octo/shop", source=source)
        server.permit("octo/shop", "robin", "admin")
        server.permit("octo/shop", "eve", "read")
        octo = server.create_app("octo-healer", PERMISSIONS)
        variables, secrets = {"HEALER_APP_ID": str(octo.id)}, {"HEALER_APP_PRIVATE_KEY": octo.private_key}
        host = ServerHost(server, "octo/shop", variables, secrets)
        runner = Runner(host, tmp_path / "runner", {"octo/gitops_healer": ROOT}, {"gitops-healer-": venv()})
        return Stage(server, server.repository("octo/shop"), runner, host)

    yield made
    for server in servers:
        server.stop()


def without_install(text: str) -> str:
    """The tests of the shop need pytest only, which the healer has: nothing is fetched from anywhere."""
    kept = re.sub(r"      # The sandbox in which.*?(?=      - name: Heal)", "", text, flags=re.DOTALL)
    assert kept != text
    return kept


def venv() -> Path:
    """The installation that an earlier run left in the cache: the one that runs these tests."""

    return Path(sys.prefix)


# The file


def test_the_inputs_are_those_of_the_settings() -> None:
    text = ACTION.read_text("utf-8")
    assert renewed(text) == text, "renew them: python -m gitops_healer.report.action_inputs"


def test_every_input_reaches_the_program() -> None:
    action = load_yaml(ACTION.read_text("utf-8"))
    heal = action["runs"]["steps"][-1]
    assert list(action["inputs"]) == [one.name for one in INPUTS]
    known = {option for command in [get_command(app).commands["on-event"]] for p in command.params for option in p.opts}  # type: ignore[attr-defined]
    for one in INPUTS:
        variables = [name for name, value in heal["env"].items() if value == f"${{{{ inputs.{one.name} }}}}"]
        if one.name == "python-version":  # of setup-python
            continue
        assert len(variables) == 1
        if not variables[0].startswith("GITOPS_HEALER_"):
            given = "file" if one.name == "executions" else variables[0]  # several, one a line
            assert f'option --{one.name} "${given}"' in heal["run"]
            assert f'"${variables[0]}"' in heal["run"]
            assert f"--{one.name}" in known


def test_every_output_is_written_by_the_program() -> None:
    action = load_yaml(ACTION.read_text("utf-8"))
    assert list(action["outputs"]) == list(outputs_of(None))
    for name, facts in action["outputs"].items():
        assert facts["value"] == f"${{{{ steps.heal.outputs.{name} }}}}"


# Runs


def test_the_token_of_the_job_is_enough_and_starts_no_ci(stage: Callable[..., Stage]) -> None:
    shop = stage(files={".github/gitops-healer.yml": QUICK}, as_app=False)
    shop.person("robin").push("main", {"README.md": "A shop.\n"})
    done = shop.runner.settle()
    healed = shop.healed(done)[0]
    assert healed.conclusion == "success", healed.log
    assert shop.host.granted[-1] == {
        "contents": "write", "pull-requests": "write", "issues": "write", "statuses": "write", "checks": "read",
    }  # fmt: skip
    assert len(shop.repository.pulls) == 1
    assert {job.event for job in done if job.job == "tests"} == {"push"}
    assert [exchange for exchange in shop.server.exchanges if exchange.status in (401, 403)] == []
    assert "waits at `tests`: `it reports on the base branch and has not reported here yet`" in healed.summary

    dashboard = next(issue for issue in shop.repository.issues.values() if "<!-- healer:dashboard -->" in issue.body)
    shop.person("robin").tick(dashboard.number, "/hold ")
    ticked = shop.healed(shop.runner.settle())
    assert [job.event for job in ticked] == ["issues"]
    assert "robin: /hold" in ticked[0].log


def test_only_words_to_the_healer_cost_minutes_and_only_maintainers_are_obeyed(stage: Callable[..., Stage]) -> None:
    shop = stage()
    issue = shop.person("robin").open_issue("Something", "else").number
    shop.server.take_events()
    shop.person("robin").comment(issue, "see https://example.org/approve")
    ordinary = shop.runner.settle()
    assert [job.conclusion for job in ordinary if job.event == "issue_comment"] == ["skipped"]

    shop.person("eve").comment(issue, "hello\r\n\r\n/freeze ::error::`$(touch pwned)`")
    heard = shop.healed(shop.runner.settle())
    assert [job.conclusion for job in heard] == ["success"], heard[0].log
    replies = [said.body for said in shop.repository.comments.values() if said.login == "octo-healer[bot]"]
    assert [reply for reply in replies if "@eve" in reply]
    assert not [note for note in heard[0].annotations if note.level == "error"]
    assert "(refused)" in heard[0].summary
    secrets = [*shop.host.secrets["HEALER_APP_PRIVATE_KEY"].splitlines()[1:3], "ghs_"]
    shown = heard[0].log + heard[0].summary + "".join(replies)
    assert not [secret for secret in secrets if secret in shown]


def test_no_command_is_lost_when_a_waiting_run_is_dropped(stage: Callable[..., Stage]) -> None:
    """Where `queue: max` is not known, the second of three runs never begins."""
    shop = stage(queue="single")
    robin = shop.person("robin")
    issue = robin.open_issue("Something", "else").number
    shop.server.take_events()
    for word in ("/upgrade_status", "/healer_help", "/upgrade_ledger"):
        robin.comment(issue, word)
    heard = [job for job in shop.runner.settle() if job.event == "issue_comment" and job.conclusion != "skipped"]
    assert [job.conclusion for job in heard] == ["success", "cancelled", "success"]
    replies = [said.body for said in shop.repository.comments.values() if "@robin" in said.body]
    assert len(replies) == 3


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"mode": "wild"}, "observe"),
        ({"limit": "many"}, "--limit"),
        ({"base-branch": "'$(touch pwned) `touch pwned`'"}, "touch pwned"),
        ({"base-branch": "--help"}, "--help"),
    ],
)
def test_inputs_are_words_and_wrong_ones_are_told(
    stage: Callable[..., Stage], inputs: dict[str, str], said: str, tmp_path: Path
) -> None:
    shop = stage(inputs=inputs)
    done = shop.runner.tick()[0]
    assert done.conclusion == "failure"
    assert said in done.log or "the sandbox here is" in done.log, (
        "without that branch there is no policy that allows it"
    )
    assert not list(tmp_path.rglob("pwned"))


def test_a_wrong_policy_stops_the_run_and_says_what_to_change(stage: Callable[..., Stage]) -> None:
    shop = stage(files={".github/gitops-healer.yml": "limits:\n  open_puls: 1\n"})
    done = shop.runner.tick()[0]
    assert done.conclusion == "failure"
    message = next(note.message for note in done.annotations if note.facts.get("title") == "Healer")
    assert "there is no setting limits.open_puls. Did you mean open_pulls?" in message
    assert "Healer: stopped" in done.summary
    assert set(done.step("Heal").outputs.values()) == {"0"}


def test_what_one_run_computed_the_next_one_knows(stage: Callable[..., Stage]) -> None:
    shop = stage(inputs={"mode": "observe"})
    first = shop.runner.tick()[0]
    assert first.conclusion == "success", first.log
    mark = shop.server.mark()
    assert shop.runner.tick()[0].conclusion == "success"
    assert shop.server.calls(since=mark).unchanged > 0, "answers of the first run are asked for by their ETags"


def test_the_installation_is_found_by_what_it_is_made_of(stage: Callable[..., Stage], tmp_path: Path) -> None:
    shop = stage(inputs={"mode": "wild"})
    done = shop.runner.tick()[0]
    wanted = done.step("Say which installation is wanted").outputs
    assert re.fullmatch(r"gitops-healer-\w+-\w+-3\.\d+\.\d+-[0-9a-f]{16}", wanted["key"])
    assert wanted["venv"] == str(tmp_path / "runner/tools/gitops-healer" / wanted["key"])
    assert done.step("Install the healer").conclusion == "skipped"


def test_help_knows_the_command() -> None:
    assert "on-event" in CliRunner().invoke(app, ["--help"]).output
