"""Files that decide what runs, who may do what, and what git shows: they change only where the plan names them.

Sources: the documentation of GitHub Actions, pytest, Python's `site`, setuptools, tox, nox, pre-commit and git.
"""

import re
import tomllib
from collections.abc import Iterator, Sequence

from gitops_healer.code.patterns import matcher

_GUARDED: dict[str, tuple[str, ...]] = {
    "is run by CI or decides what it may do": (
        ".github/**", ".gitlab-ci.yml", ".gitlab/**", ".circleci/**", "azure-pipelines*.yml", ".travis.yml",
        "Jenkinsfile", "appveyor.yml", ".drone.yml", "bitbucket-pipelines.yml", "action.yml", "action.yaml", ".ci/**",
        ".buildkite/**",
    ),
    "says who must agree": ("CODEOWNERS", "OWNERS", "MAINTAINERS.yml"),
    "runs before or around the tests": (
        "conftest.py", "sitecustomize.py", "usercustomize.py", "*.pth", "noxfile.py", "tox.ini", "tox.toml",
        "pytest.ini", "/tasks.py", "/fabfile.py", "/dodo.py", "SConstruct", "wscript",
    ),
    "runs when the project is built or installed": (
        "setup.py", "setup.cfg", "Makefile", "GNUmakefile", "makefile", "*.mk", "justfile", "CMakeLists.txt",
        "meson.build", "/build.py", "hatch_build.py", "pdm_build.py", "MANIFEST.in", "Dockerfile*", "*.dockerfile",
        "docker-compose*.yml", "compose.yaml", "Vagrantfile", "/package.json",
    ),
    "changes what git or an editor does": (
        ".git*", ".githooks/**", "hooks/pre-*", "hooks/post-*", ".husky/**", ".pre-commit-config.yaml",
        ".pre-commit-hooks.yaml", ".envrc", ".vscode/**", ".idea/**", ".devcontainer/**", "*.code-workspace",
    ),
    "is a script or a program": (
        "*.sh", "*.bash", "*.zsh", "*.fish", "*.ps1", "*.bat", "*.cmd", "*.so", "*.pyd", "*.dll", "*.dylib", "*.exe",
        "*.pyc", "*.whl", "*.egg", "*.jar",
    ),
    "says where packages come from": ("pip.conf", ".pypirc", "uv.toml", ".npmrc", "poetry.toml", ".netrc"),
}  # fmt: skip
_MATCHERS = tuple((why, matcher(patterns)) for why, patterns in _GUARDED.items())

_GRANTS = (
    ("gives itself all permissions", re.compile(r"^\s*permissions\s*:\s*write-all")),
    (
        "may write",
        re.compile(
            r"^\s*(?:contents|packages|actions|id-token|deployments|pull-requests|issues|statuses|checks|pages"
            r"|security-events|attestations)\s*:\s*write"
        ),
    ),
    ("runs code of strangers with our rights", re.compile(r"\b(?:pull_request_target|workflow_run)\b")),
    ("puts a stranger's text into a command", re.compile(r"\$\{\{\s*github\.(?:event\.|head_ref)")),
    ("hands out secrets", re.compile(r"\$\{\{\s*(?:secrets\.|toJSON\(secrets)|secrets\s*:\s*inherit")),
    ("runs what it downloads", re.compile(r"(?:curl|wget)\b[^|\n]*\|\s*(?:sudo\s+)?(?:ba|z)?sh\b")),
    ("runs an action that is not pinned", re.compile(r"^\s*-?\s*uses\s*:\s*[\w.-]+/[\w./-]+@(?![0-9a-f]{40})\S+")),
)
_TOLD_ONLY = frozenset(
    ("description", "keywords", "authors", "maintainers", "urls", "readme", "classifiers", "license")
)
_READ_ONLY_TOOLS = frozenset(("ruff", "black", "isort", "coverage", "pyright", "codespell", "towncrier"))
"""Sections of pyproject.toml by which no code runs and nothing is installed."""


_OTHER_CODE = re.compile(
    r"\.(?:ipynb|pyx|pxd|pxi|c|h|cc|cpp|hpp|cu|rs|go|js|mjs|cjs|jsx|ts|tsx|java|kt|rb|pl|pm|php|lua|r|jl|cs|swift|scala)$",
    re.IGNORECASE,
)


def guard_of(path: str, content: bytes = b"") -> str:
    """Why a file of this name, or one that starts like this, is guarded, "" when it is not."""
    if why := next((why for why, fits in _MATCHERS if fits(path)), ""):
        return why
    return "is a script or a program" if content.startswith(b"#!") and not path.endswith(".py") else ""


def is_other_code(path: str) -> bool:
    """Whether it holds code that nothing here can read."""
    return _OTHER_CODE.search(path) is not None


def is_workflow(path: str) -> bool:
    return path.startswith((".github/workflows/", ".github/actions/")) or path.endswith(("action.yml", "action.yaml"))


def grants_in(lines: Sequence[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """(line, what a line of a workflow permits)."""
    for number, line in lines:
        yield from ((number, what) for what, pattern in _GRANTS if pattern.search(line))


def moved_sections(before: bytes | None, after: bytes | None) -> tuple[str, ...]:
    """Sections of pyproject.toml that differ and by which code runs or something is installed. Raises ValueError."""
    old, new = (_sections(tomllib.loads((data or b"").decode("utf-8", "replace"))) for data in (before, after))
    return tuple(sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name)))


def _sections(table: dict[str, object]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in table.items():
        inner = value if isinstance(value, dict) else {}
        if name == "project":
            found.update({f"project.{key}": item for key, item in inner.items() if key not in _TOLD_ONLY})
        elif name == "tool":
            found.update({f"tool.{key}": item for key, item in inner.items() if key not in _READ_ONLY_TOOLS})
        else:
            found[name] = value
    return found
