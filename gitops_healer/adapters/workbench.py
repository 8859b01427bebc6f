"""The directory in which candidate code runs: a copy of the tree, and beside it our programs that look on."""

import os
import secrets
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gitops_healer.adapters.generated import copy_generated
from gitops_healer.adapters.own_metadata import write_own_metadata
from gitops_healer.core.change import Change
from gitops_healer.ports import Repository

TREE = "tree"
SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PACKAGE = "healer_inside"
_PROGRAMS = (
    "failures.py",
    "finishing.py",
    "report_lines.py",
    "traceback_text.py",
    "pytest_report.py",
    "unittest_report.py",
    "caller_program.py",
    "call_answers.py",
    "call_channel.py",
    "call_conditions.py",
    "call_events.py",
    "call_function.py",
    "call_hearing.py",
    "call_importer.py",
    "call_lines.py",
    "call_making.py",
    "call_mocks.py",
    "call_places.py",
    "call_plain.py",
    "call_processes.py",
    "call_state.py",
    "call_supervisor.py",
    "call_tree.py",
    "call_values.py",
    "call_watched.py",
    "call_watching.py",
    "trial_calls.py",
    "trial_channel.py",
    "trial_code.py",
    "trial_cold.py",
    "trial_crew.py",
    "trial_observer.py",
    "trial_examples.py",
    "trial_plain.py",
    "trial_plugin.py",
    "trial_shown.py",
    "trial_tests.py",
    "trial_tracer.py",
    "trial_tree.py",
    "trial_values.py",
    "trial_server.py",
)


@dataclass(frozen=True)
class Bench:
    """scratch: what the sandbox gives; tree: the files of the commit; inside: our programs and what they write.

    `inside` has a name that cannot be guessed and is made anew for each run: between two runs we write into it, and
    the candidate must not be able to put a link where we write.
    """

    scratch: Path
    inside: Path

    @property
    def tree(self) -> Path:
        return self.scratch / TREE

    @property
    def results(self) -> Path:
        return self.inside / "results.jsonl"


def lay_out(repository: Repository, scratch: Path, commit: str, change: Change | None) -> None:
    """Write the tree of a commit, with the change applied and what a build left beside it, into a scratch directory."""
    (scratch / TREE).mkdir()
    repository.export(commit, scratch / TREE, change)
    copy_generated(repository.path, repository.generated(commit), scratch / TREE)


def make_bench(scratch: Path, python: Path) -> Bench:
    """Our programs, and a `python` and a `pytest` that mean the chosen interpreter."""
    inside = scratch / f"healer-{secrets.token_hex(8)}"
    package = inside / _PACKAGE
    package.mkdir(parents=True, mode=0o755)
    (package / "__init__.py").touch()
    for name in _PROGRAMS:
        shutil.copyfile(Path(__file__).with_name(name), package / name)
    for program in ("unittest_report", "caller_program", "trial_server"):
        start = f'from {_PACKAGE}.{program} import main\n\nif __name__ == "__main__":\n    main()\n'
        (inside / f"healer_{program}.py").write_text(start)
    _write_starters(inside / "bin", python)
    write_own_metadata(scratch / TREE, inside, python)
    return Bench(scratch, inside)


def _write_starters(folder: Path, python: Path) -> None:
    """Scripts, not links: an interpreter finds its virtual environment by the path it is called by."""
    folder.mkdir()
    quoted = "'" + str(python).replace("'", "'\\''") + "'"
    starts = {"python": quoted, "python3": quoted, "pytest": f"{quoted} -m pytest", "py.test": f"{quoted} -m pytest"}
    for name, start in starts.items():
        script = folder / name
        script.write_text(f'#!/bin/sh\nexec {start} "$@"\n')
        script.chmod(0o755)


def environment(bench: Bench, python: Path, roots: Sequence[str]) -> dict[str, str]:
    """What every candidate gets: its own packages before any installed copy, and the same hashes each time.

    PYTEST_ADDOPTS brings the reporting plugin into any pytest that inherits the environment: also under make, a shell
    or nox. tox does not pass it on unless its `pass_env` says so; then only the exit code is known. One file that
    cannot be imported, for want of a dependency perhaps, does not hide the tests of all others.
    """
    sources = [str((bench.tree / root).resolve()) for root in roots]
    return {
        "PATH": os.pathsep.join([str(bench.inside / "bin"), str(python.parent), SEARCH_PATH]),
        "PYTHONPATH": os.pathsep.join([str(bench.inside), *sources]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "PYTEST_ADDOPTS": f"-p {_PACKAGE}.pytest_report --continue-on-collection-errors",
    }
