"""Where the command line begins: what was answered before is answered at once, a scan loads what a scan needs."""

import gc
import os
import sys

from gitops_healer import quick


def main() -> None:
    """The entry point of `gitops-healer` and `python -m gitops_healer`."""
    known = quick.answer(sys.argv[1:])
    if known is not None:
        sys.exit(known)
    if sys.argv[1:2] == ["scan"]:
        scan()
    else:
        from gitops_healer.cli import main as whole

        whole()


def scan() -> None:
    """A scan makes millions of objects without cycles and ends: collecting them, or freeing them one by one at the
    end, would only take time."""
    gc.disable()
    from gitops_healer.scan_command import main as command

    try:
        command()
    except SystemExit as end:
        sys.stdout.flush()
        sys.stderr.flush()
        if end.code is None or isinstance(end.code, int):
            os._exit(end.code or 0)
        raise
