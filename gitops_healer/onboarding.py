"""The first minute: a commented configuration, written where the maintainer can read it before it counts."""

from pathlib import Path

from gitops_healer.errors import UsageError
from gitops_healer.settings import OVERRIDES

EXAMPLE_POLICY = """\
# gitops_healer reads this file from the base branch. Every key may be left out; `gitops-healer config check` checks it.
# All keys and their defaults: policies/*.yml of gitops_healer, or `gitops-healer config check --format json`.

limits:
  mode: propose          # observe: writes nothing. propose: pull requests only. deploy: merges within this policy.
  open_pulls: 3          # at most so many pull requests of ours at a time

testing:
  command: ""            # empty: discovered (pytest, make test, tox, nox, unittest)
  timeout: 10m

risk:
  max_lines: 80          # a change never gets larger
  merge_without_approval: [low]   # what mode deploy merges by itself

monitoring:
  window: 24h            # how long a merge is watched before it counts as stable
"""


def start(work_tree: Path, force: bool = False) -> Path:
    """Write the example policy; returns its path. Raises UsageError when there is one, or no work tree."""
    if not (work_tree / ".git").exists():
        raise UsageError(
            f"{work_tree} is bare and has no work tree: use `gitops-healer init --print` and commit the file"
        )
    target = work_tree / OVERRIDES
    if target.exists() and not force:
        raise UsageError(f"{target} is there already: `gitops-healer config check` checks it, --force replaces it")
    if not target.parent.resolve().is_relative_to(work_tree.resolve()):
        raise UsageError(f"{target.parent} leads out of the repository: nothing was written")
    target.parent.mkdir(exist_ok=True)
    target.write_text(EXAMPLE_POLICY, encoding="utf-8")
    return target
