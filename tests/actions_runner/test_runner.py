"""The local runner does what GitHub's does, as far as our workflows and action can tell."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.actions_runner.files import CommandFileError, parse_pairs
from tests.actions_runner.host import FolderHost, Happened
from tests.actions_runner.listening import Listener, Note
from tests.actions_runner.queueing import Ticket, admitted
from tests.actions_runner.runner import JobRun, Runner
from tests.actions_runner.workflow import Workflow, load_yaml, order_of
from tests.conftest import GitRepo

PUSH = {"ref": "refs/heads/main", "sender": {"login": "robin"}}
Run = Callable[..., JobRun]


@pytest.fixture
def run(make_repo: Callable[..., GitRepo], tmp_path: Path) -> Run:
    """Run one job of one workflow: its steps, as YAML, and files of the repository."""

    def ran(steps: str, files: dict[str, str] | None = None, job: str = "") -> JobRun:
        indented = "\n".join(f"      {line}" for line in steps.strip("\n").splitlines())
        extra = "\n".join(f"    {line}" for line in job.strip("\n").splitlines())
        text = f"on: push\njobs:\n  it:\n    runs-on: ubuntu-24.04\n{extra}\n    steps:\n{indented}\n"
        repo = make_repo({".github/workflows/w.yml": text, **(files or {})})
        host = FolderHost(repo.path / ".git", variables={"COLOUR": "green"}, secrets={"WORD": "open sesame"})
        runner = Runner(host, tmp_path / "runner")
        return runner.run([Happened("push", {**PUSH, "after": repo.git("rev-parse", "HEAD")})])[-1]

    return ran


def test_steps_hand_on_outputs_environment_path_and_summary(run: Run) -> None:
    done = run(
        r"""
- id: one
  run: |
    echo "plain=a=b" >> "$GITHUB_OUTPUT"
    printf 'long<<X\nfirst\n\nlast\nX\n' >> "$GITHUB_OUTPUT"
    echo "KEPT=${{ vars.COLOUR }}" >> "$GITHUB_ENV"
    mkdir bin; printf '#!/bin/sh\necho found\n' > bin/tool; chmod +x bin/tool; echo "$PWD/bin" >> "$GITHUB_PATH"
    echo "# seen" >> "$GITHUB_STEP_SUMMARY"
- run: test "$KEPT" = green && test "$(tool)" = found && test "$LONG" = "$(printf 'first\n\nlast')"
  env:
    LONG: ${{ steps.one.outputs.long }}
""",
        job="outputs:\n  plain: ${{ steps.one.outputs.plain }}",
    )
    assert done.conclusion == "success", done.log
    assert (done.outputs, done.summary) == ({"plain": "a=b"}, "# seen\n")


def test_shells_stop_at_the_first_error_as_they_do_there(run: Run) -> None:
    done = run(
        """
- name: no pipefail without a named shell
  run: false | true
- name: pipefail in bash
  shell: bash
  run: false | true
  continue-on-error: true
- name: errexit
  run: |
    false
    echo not reached
- name: default is success()
  run: echo skipped
- name: after a failure
  if: failure()
  run: echo cleaning
- name: always
  if: ${{ always() && steps.nothing == null }}
  run: echo always
- name: python
  if: "!cancelled()"
  shell: python
  run: print(6 * 7)
"""
    )
    conclusions = {step.name: (step.outcome, step.conclusion) for step in done.steps}
    assert conclusions == {
        "no pipefail without a named shell": ("success", "success"),
        "pipefail in bash": ("failure", "success"),
        "errexit": ("failure", "failure"),
        "default is success()": ("skipped", "skipped"),
        "after a failure": ("success", "success"),
        "always": ("success", "success"),
        "python": ("success", "success"),
    }
    assert done.conclusion == "failure"
    assert "not reached" not in done.log
    assert done.step("python").log == "42\n"


COMPOSITE = """\
name: inner
description: says what it got
inputs:
  word: {description: any, required: true}
  other: {description: any, default: "${{ github.repository }}"}
outputs:
  said: {description: what, value: "${{ steps.say.outputs.said }}"}
runs:
  using: composite
  steps:
    - id: say
      shell: bash
      env: {WORD: "${{ inputs.word }}", OTHER: "${{ inputs.other }}"}
      run: |
        env | grep -c ^INPUT_ || true
        test -f "$GITHUB_ACTION_PATH/action.yml"
        echo "said=$WORD $OTHER" >> "$GITHUB_OUTPUT"
    - shell: bash
      run: exit 3
"""


def test_a_composite_action_has_its_inputs_by_expressions_only_and_outputs_even_when_it_fails(run: Run) -> None:
    done = run(
        """
- uses: actions/checkout@v5
- id: inner
  uses: ./inner
  with: {word: "$(touch pwned) `x`", unknown: 1}
- if: always()
  run: test "$SAID" = '$(touch pwned) `x` octo/shop' && test ! -e pwned
  env: {SAID: "${{ steps.inner.outputs.said }}"}
""",
        files={"inner/action.yml": COMPOSITE},
    )
    assert [step.conclusion for step in done.steps] == ["success", "failure", "success"]
    assert done.steps[1].inner[0].log == "0\n"
    assert [note.message for note in done.annotations if note.level == "warning"] == ["Unexpected input(s) 'unknown'"]


def test_no_step_has_a_token_that_was_not_given_to_it(run: Run) -> None:
    done = run(
        """
- run: env | grep -i ghs_ || echo none
- run: 'echo "given: $IT"'
  env: {IT: "${{ github.token }}"}
- run: 'echo "secret: $IT"; echo "::add-mask::plover"; echo "a plover"'
  env: {IT: "${{ secrets.WORD }}"}
"""
    )
    assert done.log.splitlines() == ["none", "given: ***", "secret: ***", "::add-mask::***", "a ***"]


@pytest.mark.parametrize(("persist", "kept"), [("false", False), ("true", True)])
def test_checkout_keeps_the_token_only_where_it_is_told_to(run: Run, persist: str, kept: bool) -> None:
    steps = f"""
- uses: actions/checkout@v5
  with: {{persist-credentials: {persist}, fetch-depth: 0, ref: main}}
- run: git branch --show-current; git log --oneline | wc -l; grep -c extraheader .git/config || true
"""
    done = run(steps)
    branch, commits, headers = done.steps[1].log.split()
    assert (branch, commits, headers) == ("main", "1", "1" if kept else "0")


def test_the_cache_is_filled_by_one_run_and_found_by_the_next(
    make_repo: Callable[..., GitRepo], tmp_path: Path
) -> None:
    text = """
on: workflow_dispatch
permissions: {}
jobs:
  it:
    runs-on: ubuntu-24.04
    steps:
      - id: cache
        uses: actions/cache@v4
        with: {path: "${{ runner.temp }}/../../kept", key: "k-${{ runner.os }}"}
      - if: steps.cache.outputs.cache-hit != 'true'
        run: mkdir -p "$RUNNER_TEMP/../../kept" && echo made > "$RUNNER_TEMP/../../kept/it"
"""
    repo = make_repo({".github/workflows/w.yml": text})
    runner = Runner(FolderHost(repo.path / ".git"), tmp_path / "runner")
    event = Happened("workflow_dispatch", {"ref": "refs/heads/main"}, token_kind="actions")
    first, second = (runner.run([event])[0].steps for _ in range(2))
    assert [step.conclusion for step in first] == ["success", "success"]
    assert [step.conclusion for step in second] == ["success", "skipped"]


def test_jobs_wait_for_those_that_they_need(make_repo: Callable[..., GitRepo], tmp_path: Path) -> None:
    text = """
on: [push, issue_comment]
permissions: {contents: read}
jobs:
  last: {needs: first, runs-on: x, steps: [{run: 'test "${{ needs.first.outputs.word }}" = hello'}]}
  first:
    runs-on: x
    permissions: {issues: write}
    outputs: {word: "${{ steps.a.outputs.word }}"}
    steps: [{id: a, run: 'echo word=hello >> "$GITHUB_OUTPUT"'}]
  broken: {runs-on: x, steps: [{run: exit 1}]}
  never: {needs: broken, runs-on: x, steps: [{run: echo}]}
  cleanup: {needs: [broken, never], if: always(), runs-on: x, steps: [{run: echo}]}
"""
    repo = make_repo({".github/workflows/w.yml": text})
    host = FolderHost(repo.path / ".git")
    done = Runner(host, tmp_path / "r").run([Happened("push", {**PUSH, "after": repo.git("rev-parse", "HEAD")})])
    assert {one.job: one.conclusion for one in done} == {
        "first": "success", "broken": "failure", "last": "success", "never": "skipped", "cleanup": "success",
    }  # fmt: skip
    assert host.granted[0] == {"issues": "write"}
    assert {"contents": "read"} in host.granted


# The parts


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("a=1\nb=\n", {"a": "1", "b": ""}),
        ("a=x<<y\n", {"a": "x<<y"}),
        ("a<<E\r\none\r\ntwo=2\r\nE\r\nb=3", {"a": "one\ntwo=2", "b": "3"}),
        ("a<<E=F\nx\nE=F\n", {"a": "x"}),
        ("", {}),
    ],
)
def test_command_files_are_read(text: str, pairs: dict[str, str]) -> None:
    assert parse_pairs(text) == pairs


@pytest.mark.parametrize("text", ["nothing", "a<<E\nno end", "=x", "<<E\nx\nE", "a<<\nx\n"])
def test_command_files_that_the_runner_refuses(text: str) -> None:
    with pytest.raises(CommandFileError):
        parse_pairs(text)


def test_annotations_are_heard_unless_commands_are_stopped() -> None:
    listener = Listener()
    log = listener.hear(
        "::error file=a%2Cb.py,line=3,title=Oh%3A no::50%25%0Amore\n"
        "  ::notice::indented\nx ::notice::no\n::stop-commands::word\n::error::foreign\n::word::\n::warning::back\n"
    )
    assert listener.notes == [
        Note("error", "50%\nmore", {"file": "a,b.py", "line": "3", "title": "Oh: no"}),
        Note("notice", "indented", {}),
        Note("warning", "back", {}),
    ]
    assert "::error::foreign" in log


@pytest.mark.parametrize(
    ("on", "event", "payload", "starts"),
    [
        ("push", "push", {"ref": "refs/heads/x"}, True),
        ("{push: {branches: [main]}}", "push", {"ref": "refs/heads/x"}, False),
        ("{push: {branches: ['healer/**', '!healer/x']}}", "push", {"ref": "refs/heads/healer/a/b"}, True),
        ("{push: {branches: ['healer/**', '!healer/x']}}", "push", {"ref": "refs/heads/healer/x"}, False),
        ("{push: {branches: ['*']}}", "push", {"ref": "refs/heads/a/b"}, False),
        ("{push: {branches: [main]}}", "push", {"ref": "refs/tags/v1"}, False),
        ("{push: {tags: ['v*']}}", "push", {"ref": "refs/heads/main"}, False),
        ("{issue_comment: {types: [created]}}", "issue_comment", {"action": "edited"}, False),
        ("{issue_comment: }", "issue_comment", {"action": "edited"}, True),
        ("pull_request", "pull_request", {"action": "closed", "pull_request": {"base": {"ref": "main"}}}, False),
        ("pull_request", "pull_request", {"action": "opened", "pull_request": {"base": {"ref": "main"}}}, True),
        (
            "{workflow_run: {workflows: [CI], types: [completed]}}",
            "workflow_run",
            {"action": "completed", "workflow_run": {"name": "CI", "head_branch": "x"}},
            True,
        ),
        (
            "{workflow_run: {workflows: [CI], types: [completed]}}",
            "workflow_run",
            {"action": "completed", "workflow_run": {"name": "other", "head_branch": "x"}},
            False,
        ),
        ("{schedule: [{cron: '1 * * * *'}]}", "schedule", {}, True),
        ("[push]", "schedule", {}, False),
    ],
)
def test_events_start_workflows(on: str, event: str, payload: dict[str, Any], starts: bool) -> None:
    workflow = Workflow("w.yml", load_yaml(f"on: {on}\njobs: {{}}"))
    assert workflow.is_started_by(event, payload) is starts


def test_a_circle_of_jobs_is_refused() -> None:
    with pytest.raises(ValueError, match="circle"):
        order_of({"a": {"needs": "b"}, "b": {"needs": ["a"]}})


@pytest.mark.parametrize(
    ("tickets", "turns"),
    [
        ([Ticket(), Ticket(), Ticket()], [True, True, True]),
        ([Ticket("g"), Ticket("g"), Ticket("G")], [True, False, True]),
        ([Ticket("g"), Ticket("h"), Ticket("g"), Ticket("g")], [True, True, False, True]),
        ([Ticket("g", "max")] * 3, [True, True, True]),
        ([Ticket("g", "max")] * 103, [True] * 101 + [False] * 2),
        ([Ticket("g"), Ticket("g"), Ticket("g", cancel_in_progress=True)], [False, False, True]),
    ],
)
def test_who_gets_a_turn(tickets: list[Ticket], turns: list[bool]) -> None:
    assert admitted(tickets) == turns
