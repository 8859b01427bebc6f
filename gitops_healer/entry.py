"""Where the command line begins: what was answered before is answered at once, a scan loads what a scan needs."""

import sys

from gitops_healer import quick


def main() -> None:
    """The entry point of `gitops-healer` and `python -m gitops_healer`."""
    known = quick.answer(sys.argv[1:])
    if known is not None:
        sys.exit(known)
    if sys.argv[1:2] == ["scan"]:
        from gitops_healer.scan_command import main as scan

        scan()
    else:
        from gitops_healer.cli import main as whole

        whole()
