"""Runs jobs with a limited number of workers."""

from __future__ import annotations

import asyncio
import heapq
from dataclasses import dataclass, field

from queue_workers.retrying import AllFailedError, Call, retry


@dataclass
class Report:
    """What became of the jobs, by name."""

    results: dict = field(default_factory=dict)
    failures: dict = field(default_factory=dict)
    busiest: int = 0

    @property
    def share(self) -> float:
        """Share of jobs that worked, 0 to 1; 1 when there were none."""
        total = len(self.results) + len(self.failures)
        return len(self.results) / total if total else 1.0


class Pool:
    def __init__(self, workers: int = 2, attempts: int = 1) -> None:
        if workers < 1:
            raise ValueError("a pool needs a worker")
        self.workers = workers
        self.attempts = attempts
        self._waiting: list[tuple[int, int, str, Call]] = []
        self._added = 0
        self._running = 0

    def add(self, name: str, call: Call, urgency: int = 0) -> None:
        """Queue a job. High urgency goes first; equal urgency in the order of adding."""
        heapq.heappush(self._waiting, (-urgency, self._added, name, call))
        self._added += 1

    async def run(self) -> Report:
        """Run all jobs that wait, also those that are added meanwhile."""
        report = Report()
        await asyncio.gather(*(self._work(report) for _ in range(self.workers)))
        return report

    async def _work(self, report: Report) -> None:
        while self._waiting:
            _, _, name, call = heapq.heappop(self._waiting)
            self._running += 1
            report.busiest = max(report.busiest, self._running)
            try:
                report.results[name] = await retry(call, self.attempts)
            except AllFailedError as error:
                report.failures[name] = str(error.errors[-1])
            finally:
                self._running -= 1
