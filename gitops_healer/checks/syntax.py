"""Changed Python files still compile."""

import warnings

from gitops_healer.core.verdict import CheckResult, Outcome
from gitops_healer.core.words import counted
from gitops_healer.registry import Case, Scene, check

_MAX_BYTES = 10 * 1024**2


@check(order=20)
def syntax(scene: Scene, case: Case) -> CheckResult:
    """Every changed Python file compiles; one that did not compile before is not held against the change."""
    changed = [path for path in scene.repository.changed_paths(case.base, case.head) if path.endswith((".py", ".pyi"))]
    sources = {path: scene.repository.read(case.head, path) for path in changed}
    written = {path: data for path, data in sources.items() if data is not None}
    if large := [path for path, data in written.items() if len(data) > _MAX_BYTES]:
        return CheckResult("syntax", Outcome.UNKNOWN, f"{large[0]} is larger than {_MAX_BYTES:,} bytes: look yourself")
    broken = {path: why for path, data in written.items() if (why := compile_error(path, data))}
    fresh = {path: why for path, why in broken.items() if not _was_broken(scene, case, path)}
    if fresh:
        reason = f"{len(fresh)} of {len(written)} changed Python files no longer compile: {', '.join(sorted(fresh))}"
        return CheckResult("syntax", Outcome.FAILED, reason, details=tuple(fresh[path] for path in sorted(fresh)))
    known = f" ({len(broken)} did not before either)" if broken else ""
    good = len(written) - len(broken)
    return CheckResult(
        "syntax",
        Outcome.PASSED,
        f"{counted(good, 'changed Python file')} {'compiles' if good == 1 else 'compile'}{known}",
    )


def compile_error(path: str, source: bytes) -> str:
    """Why a file does not compile, with its line, or ""."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(source, path.encode("utf-8", "replace"), "exec", dont_inherit=True)
        except SyntaxError as error:
            return f"{path}:{error.lineno or 1}: {error.msg}"
        except (ValueError, RecursionError, MemoryError, OverflowError) as error:
            return f"{path}: {type(error).__name__}: {error}"
    return ""


def _was_broken(scene: Scene, case: Case, path: str) -> bool:
    before = scene.repository.read(case.base, path)
    return before is not None and bool(compile_error(path, before))
