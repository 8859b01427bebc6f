"""Where errors end: every expected one is one clear message and one exit code."""

import sys
from collections.abc import Callable

from gitops_healer.errors import HealerError


def guarded(app: Callable[[], None]) -> None:
    """Run a command line application."""
    try:
        app()
    except HealerError as error:
        complain(str(error))
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        complain(explain_os_error(error))
        sys.exit(3)


def complain(text: str) -> None:
    from gitops_healer.report import terminal  # rich takes a while, and mostly nothing is wrong

    terminal.console(error=True).print(f"[red]error:[/] {terminal.clean(text)}")


def explain_os_error(error: OSError) -> str:
    where = f" ({error.filename})" if error.filename else ""
    return f"{error.strerror or error}{where}. Nothing is lost: mend that and run the same command again"
