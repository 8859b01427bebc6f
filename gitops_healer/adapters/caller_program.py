"""Calls one function again and again. Runs inside the sandbox: standard library only, on any Python from 3.8.

Three kinds of processes: the supervisor (call_supervisor.py) never imports candidate code and is the only one that
writes to stdout; the importer (call_importer.py) imports the module once; each call is a fork of it (call_plain.py, or
call_watched.py), so that state does not leak and a crash costs one input. A call answers through a pipe of its own,
which the importer hands to the supervisor: it has no way to another call's. The supervisor puts files back, ends what a
call left running, and starts a new importer when a call took it along.

stdin: the job, then a call a line, both JSON; its end ends everything. stdout: one JSON object for the job (is it
imported?) and one a call, in order, each with the nonce that it was asked with. Job: `module`, `qualname`, `file`,
`roots`, `seconds` of a call, `import_seconds`, and with `watch` true also `mocks`, `forbidden`, `traced`. Call: `args`,
`kwargs` (JSON texts), `nonce`, and with watch `seed` and `at`. Answer: `ok`, `value`, `detail`, `type`, `frames`,
`seconds`, and with watch `deliberate`, `arguments`, `printed`, `effects`, `lines`, and `last` when what the call left
could not be undone and the program ends.
"""

from __future__ import annotations

import json
import os
import signal

from .call_channel import Asked, write
from .call_processes import powers
from .call_supervisor import Supervisor

_FATAL = (
    signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGALRM, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2,
)  # fmt: skip


def main() -> None:
    """Do the job on stdin."""
    asked, replies = Asked(os.dup(0)), os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    os.close(null)
    before = {number: signal.signal(number, signal.SIG_IGN) for number in _FATAL}  # a call may interrupt everybody

    def hide() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)
        asked.wipe()
        os.close(asked.descriptor)
        os.close(replies)

    job = json.loads(asked.line())
    nonce = job.pop("nonce", "")
    supervisor = Supervisor(job, hide, powers())
    try:
        write(replies, {**supervisor.open(), "nonce": nonce})
        for line in iter(asked.line, b""):
            item = json.loads(line)
            nonce = item.pop("nonce")
            outcome = supervisor.call(item)
            write(replies, {**outcome, "nonce": nonce})
            if outcome.get("last"):
                return
            supervisor.mend()
    finally:
        supervisor.close()
