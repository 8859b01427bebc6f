"""What a change brings that is dangerous is stopped, and told with place and reason; what is not, passes."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pygit2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_healer.adapters.repository import open_repository
from gitops_healer.checks.security import security
from gitops_healer.core.secrets import is_placeholder, secrets_in
from gitops_healer.core.verdict import Outcome
from gitops_healer.ports import Limits, Ran, Repository, Sandbox, Signature
from gitops_healer.registry import Case, Scene
from gitops_healer.settings import load_settings
from tests.checks.conftest import finding_of, plan_of
from tests.checks.security_cases import AREA, DANGEROUS, EVASIONS, HARMLESS, RUN, Change, area
from tests.checks.security_held import HELD

PROJECT = '[project]\nname = "p"\ndependencies = ["requests", "paramiko", "numpy", "PyJWT", "pyyaml", "pytest"]\n'
OWN: dict[str, bytes | None] = {"pkg/__init__.py": b"", "pkg/helpers.py": b"def half(x):\n    return x / 2\n"}
WHO = Signature("a", "a@example.org", datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Iterator[Scene]:
    """A repository without a work tree that takes all changes, one after another."""
    place = tmp_path_factory.mktemp("many")
    pygit2.init_repository(str(place), bare=True)
    absent = cast("Any", None)
    yield Scene(
        "", WHO.when, open_repository(place), absent, absent, absent, absent, sandbox, absent,
        load_settings(None, {}), lambda _: None,
    )  # fmt: skip


def case_of(repository: Repository, change: Change) -> Case:
    def commit(content: str | None) -> str:
        files = {"pyproject.toml": PROJECT.encode(), **OWN}
        files |= {change.path: None if content is None else content.encode()}
        return repository.commit_files(None, {name: data for name, data in files.items() if data is not None}, "x", WHO)

    plan = plan_of((change.path,) if change.planned else ())
    return Case(commit(change.before), commit(change.after), 1, plan, finding_of())


@pytest.mark.parametrize("change", [*DANGEROUS, *EVASIONS, *HARMLESS, *HELD], ids=lambda change: change.name)
def test_table(scene: Scene, change: Change) -> None:
    result = security(scene, case_of(scene.repository, change))
    expected = Outcome.FAILED if change.dangerous else Outcome.PASSED
    assert result.outcome is expected, (result.reason, result.details)


# What is told


def test_the_sentence_has_figures(step: Callable[..., Any]) -> None:
    made = step({"a.py": RUN, "b.py": AREA})
    result = made.judge(security, {"a.py": RUN + "\n\nX = 1\n", "b.py": area("w = abs(w)")})
    assert (result.outcome, result.reason) == (
        Outcome.PASSED,
        "0 new warnings of ruff's security rules in 2 files (1 before), 0 secrets in 2 added lines, "
        "no new dependency, no new effect",
    )


def test_each_danger_has_its_place_and_a_secret_is_never_shown(step: Callable[..., Any]) -> None:
    secret = "vK9#mQ2$" + "xL7w"
    result = step({"a.py": AREA}).judge(security, {"a.py": area(f"password = '{secret}'\nw = eval(w)")})
    assert result.outcome is Outcome.FAILED
    assert set(result.details) >= {
        "a.py:2: secret by its name (vK9…, 12 characters)",
        "a.py:3: area runs text as code: eval",
        "a.py:3: S307 Use of possibly insecure function; consider using `ast.literal_eval`",
    }
    assert secret not in f"{result.reason}{result.details}"


def test_what_is_doubtful_is_told_and_passes(step: Callable[..., Any]) -> None:
    result = step({"a.py": AREA}).judge(security, {"a.py": area("w = random.random()", "import random\n\n\n")})
    assert result.outcome is Outcome.PASSED
    assert [detail.split(" ")[:3] for detail in result.details] == [["noted:", "a.py:5:", "S311"]]


def test_code_that_moves_between_files_is_not_new(step: Callable[..., Any]) -> None:
    made = step({"a.py": RUN, "b.py": AREA})
    assert made.judge(security, {"a.py": AREA, "b.py": RUN}).outcome is Outcome.PASSED
    twice = made.judge(security, {"a.py": RUN, "b.py": RUN})
    assert (twice.outcome, "b.py:5: version starts or ends processes" in twice.reason) == (Outcome.FAILED, True)


def test_the_plan_may_name_a_guarded_file_and_a_dependency_but_not_what_is_in_it(step: Callable[..., Any]) -> None:
    made = step({"conftest.py": "x = 1\n", "requirements.txt": "a==1\n"})
    plan = plan_of(("conftest.py", "requirements.txt"))
    passed = made.judge(security, {"conftest.py": "x = 2\n", "requirements.txt": "a==2\n"}, plan=plan)
    assert passed.outcome is Outcome.PASSED
    assert "planned changes of dependencies" in passed.reason
    assert passed.details == ("noted: requirements.txt: changes a from ==1 to ==2",)
    assert made.judge(security, {"conftest.py": "import os\n\nos.system('id')\n"}, plan=plan).outcome is Outcome.FAILED


def test_modes_and_links(step: Callable[..., Any]) -> None:
    made = step({"a.py": AREA})
    (made.repo.path / "a.py").chmod(0o755)
    (made.repo.path / "out").symlink_to("/etc/passwd")
    made.repo.git("add", "-A")
    made.repo.git("commit", "-qm", "x")
    result = made.judge_head(security, made.repo.git("rev-parse", "HEAD"))
    assert result.outcome is Outcome.FAILED
    assert {"the diff: says `new mode 100755`: an executable, a link or a binary file"} < set(result.details)
    assert "out: it is a link or a submodule" in result.details


# When it cannot tell


class Broken:
    """A sandbox in which no tool can be started."""

    def __init__(self, inner: Sandbox) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def run(self, argv: Any, scratch: Path, *, limits: Limits, cwd: str = "", **more: Any) -> Ran:
        return self._inner.run([sys.executable, "-c", "import sys; sys.exit('no ruff here')"], scratch, limits=limits)


def test_without_ruff_it_is_unknown_but_what_is_seen_stops_all_the_same(step: Callable[..., Any]) -> None:
    made = step({"a.py": AREA})
    made.scene = replace(made.scene, sandbox=cast("Sandbox", Broken(made.scene.sandbox)))
    unknown = made.judge(security, {"a.py": area("w = abs(w)")})
    assert (unknown.outcome, unknown.reason) == (
        Outcome.UNKNOWN,
        "ruff could not look at 1 files: exit code 1: no ruff here",
    )
    assert made.judge(security, {"a.py": area("exec(w)")}).outcome is Outcome.FAILED


@pytest.mark.parametrize("content", [b"def f(:\n", b"x = '\xff\xfe'\n", b"\0", b"x = " + b"(" * 9000])
def test_what_does_not_parse_never_passes(step: Callable[..., Any], content: bytes) -> None:
    result = step({"a.py": AREA}).judge(security, {"a.py": content})
    assert result.outcome in (Outcome.UNKNOWN, Outcome.FAILED)


# Secrets


@given(st.text(max_size=300), st.booleans(), st.booleans())
def test_no_line_breaks_the_search_and_nothing_long_is_shown(line: str, code: bool, fixture: bool) -> None:
    for secret in secrets_in([(1, line)], code=code, fixture=fixture):
        assert len(secret.shown) < 30


@given(
    st.text("bcdfghjkmnpqrtvwz2345678BCDFGHJKMNPQRTVWZ", min_size=24, max_size=40).filter(lambda t: len(set(t)) > 11)
)
def test_whatever_is_drawn_by_chance_is_found_by_its_name(value: str) -> None:
    if any(test(value) for test in (str.isalpha, str.isdigit)) or is_placeholder(value):
        return
    assert list(secrets_in([(1, f'    "api_key": "{value}",')], code=True))


def test_long_lines_end_soon() -> None:
    for piece in ("password=" * 9000, "a://" * 9000, "token: " + "a." * 40000, '"secret' * 9000, "eyJ" * 20000):
        list(secrets_in([(1, piece)], code=False))
