"""The process of a session that answers every call, whatever happens. Runs inside the sandbox: standard library only,
on any Python from 3.8. It never imports candidate code.
"""

from __future__ import annotations

import os
import select
import socket
import time
from collections.abc import Callable
from typing import Any

from .call_channel import Channel
from .call_function import failed
from .call_hearing import Heard
from .call_importer import Importer
from .call_places import INSIDE, placed
from .call_processes import Family, Powers, kill, reap
from .call_tree import undo
from .failures import tree_root

MAX_TOTAL = 32 * 1024 * 1024
MAX_IMPORTS = 20
GRACE_SECONDS = 5.0
_clock = time.perf_counter


class Supervisor:
    """hide: what a fork does before all else, so that nothing is left in it that is none of the candidate's business.
    Nobody may look into this process, from before its first fork on."""

    def __init__(self, job: dict[str, Any], hide: Callable[[], None], powers: Powers) -> None:
        self.job = job
        self.hide = hide
        self.powers = powers
        powers.looked_into(False)
        self.family = Family(job, adopted=powers.adopt())
        self.watches = bool(job.get("watch"))
        self.root = tree_root()
        self.lost: dict[str, Any] | None = None
        self.broken = False
        self.imports = 0
        self.total = 0
        self.importer = 0
        self.channel: Channel | None = None

    def open(self) -> dict[str, Any]:
        """Start an importer and wait for it. What it says: lines that ran, or the outcome of every call."""
        self.imports += 1
        ours, theirs = socket.socketpair()
        self.importer = os.fork()
        if self.importer == 0:
            try:
                self.hide()
                ours.close()
                Importer(self.job, Channel(theirs), self.root, self.powers).serve()
            finally:
                os._exit(1)
        theirs.close()
        self.channel = Channel(ours)
        ready = self.channel.receive(self.job["import_seconds"])
        self.lost = _import_failure(ready, self.job)
        if not self.lost:
            self.family.keep(self.importer)
        return self.lost or {"ok": True, "imported": (ready or {}).get("imported", {})}

    def close(self) -> None:
        kill(self.importer)
        reap(self.importer)
        if self.channel is not None:
            self.channel.channel.close()

    def call(self, item: dict[str, Any]) -> dict[str, Any]:
        """The outcome of one call. When it took the importer along, `mend` is due before the next one."""
        if self.lost is not None:
            return self.lost
        outcome = self._one(item)
        self.broken = outcome.pop("lost", False)
        self.total += len(outcome.get("value") or "")
        return {**outcome, "value": None} if self.total > MAX_TOTAL and not self.watches else outcome

    def mend(self) -> None:
        """Start a new importer where a call ended the old one. To be done when that call is answered: then no fork
        knows the number of a call that is not."""
        if not self.broken:
            return
        self.broken = False
        self.close()
        self.family.importer = 0
        self._clean({"crashed": True})
        if self.imports >= MAX_IMPORTS:
            self.lost = failed("Crashed", f"calls ended the process that had imported the module {self.imports} times")
        else:
            self.open()

    def _one(self, item: dict[str, Any]) -> dict[str, Any]:
        assert self.channel is not None
        gone = {**failed("Crashed", "the process that had imported the module ended"), "lost": True}
        token = os.urandom(16).hex()
        try:
            self.channel.send({**item, "token": token})
        except OSError:
            return gone
        begun = self.channel.receive(GRACE_SECONDS)
        descriptors = self.channel.taken()
        try:
            if not begun or not isinstance(begun.get("pid"), int) or len(descriptors) != 2:
                return gone
            heard = Heard(descriptors[0], descriptors[1], token)
            ended = self._wait(heard, begun["pid"])
            return gone if ended is None else self._judged(heard, ended)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    def _wait(self, heard: Heard, pid: int) -> dict[str, Any] | None:
        """How the call ended, {} when it was too late and we ended it; None when the importer is gone."""
        assert self.channel is not None
        deadline = _clock() + self.job["seconds"]
        while True:
            left = deadline - _clock()
            channel = self.channel.fileno()
            ready = select.select([*heard.open, channel], [], [], max(0.0, left))[0]
            heard.take(ready)
            if channel in ready:
                message = self.channel.receive(GRACE_SECONDS)
                return message if message and "ended" in message else None
            if left <= 0:
                kill(pid)
                ended = self.channel.receive(GRACE_SECONDS)
                return {} if ended and "ended" in ended else None

    def _judged(self, heard: Heard, ended: dict[str, Any]) -> dict[str, Any]:
        heard.take(heard.open)
        outcome = heard.outcome()
        if not ended:
            outcome = failed("TimedOut", f"the call took more than {self.job['seconds']:g} seconds")
        elif outcome is None:
            outcome = failed("Crashed", f"the call ended its process ({_manner(ended['ended'])})")
        if self.watches:
            self._tell_printed(outcome, heard)
            if not self._clean(outcome):
                outcome["last"] = True
        elif self.family.is_alone() is False:
            self.family.end_rest()
        return outcome

    def _tell_printed(self, outcome: dict[str, Any], heard: Heard) -> None:
        outcome["printed"] = placed(heard.text())
        if not outcome["printed"]:
            return
        effects = outcome.get("effects")
        outcome["effects"] = [*(effects if isinstance(effects, list) else []), ["console", "print"]]
        if "console" in self.job.get("forbidden", ()) and outcome.get("ok"):
            outcome.update(failed("Forbidden", "console: print"))

    def _clean(self, outcome: dict[str, Any]) -> bool:
        """End what the call left running, and put files back. Whether that was possible."""
        alone = self.family.is_alone()
        if alone is None:
            effects = outcome.get("effects")
            alone = isinstance(effects, list) and not any("processes" in effect for effect in effects)
        if not alone and not self.family.end_rest():
            return False
        try:
            undo(os.path.join(INSIDE, "journal"), self.root)  # noqa: PTH118
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return False
        return True


def _import_failure(ready: dict[str, Any] | None, job: dict[str, Any]) -> dict[str, Any] | None:
    """What every input gets when the module cannot be had."""
    if ready is None:
        return failed("Crashed", f"importing {job['module']} ended the process")
    if not ready:
        return failed("TimedOut", f"importing {job['module']} took more than {job['import_seconds']:g} seconds")
    return ready.get("error")


def _manner(status: Any) -> str:
    if not isinstance(status, int):
        return "unknown"
    return f"exit code {status >> 8}" if not status & 0x7F else f"signal {status & 0x7F}"
