"""What recording a call costs: CPU nanoseconds added to a bare call, beside what others ask for the same.

Usage: python benchmarks/recorder.py [CALLS]

opentelemetry-sdk and sentry-sdk are measured when they are installed. CPU time of the whole process, so that work in
background threads counts as well; the least of five rounds.
"""

import logging
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
import contextlib

from gitops_healer import recorder

ROUNDS = 5
SMALL = {"ratings": [5, 4, 3, 5], "user": "u-1029", "note": "a short text"}
LARGE = {"rows": [{"name": f"row {number}", "value": number, "words": "some words"} for number in range(80)]}
Case = tuple[str, Callable[[], object], Callable[[], object], float]


def work(value: object) -> object:
    return value


def failing(value: object) -> object:
    raise ValueError("no such thing")


async def later(value: object) -> object:
    return value


def numbers(value: object) -> Iterator[object]:
    yield value


def attempt(function: Callable[..., object], value: object) -> Callable[[], object]:
    def call() -> None:
        with contextlib.suppress(ValueError):
            function(value)

    return call


def awaited(function: Callable[..., Any]) -> Callable[[], object]:
    def call() -> None:
        with contextlib.suppress(StopIteration):
            function(SMALL).send(None)

    return call


def least(call: Callable[[], object], calls: int) -> float:
    """CPU nanoseconds of one call."""
    rounds = []
    for _ in range(ROUNDS):
        began = time.process_time_ns()
        for _ in range(calls):
            call()
        rounds.append((time.process_time_ns() - began) / calls)
    return min(rounds)


def with_value(function: Callable[..., object], value: object = SMALL) -> Callable[[], object]:
    return lambda: function(value)


def ours() -> Iterator[Case]:
    for share in (0.0, 0.01, 0.1, 1.0):
        tool = recorder.tool(sample=share)(work)
        how = "counted only" if share == 0 else f"{share:.0%} written down"
        yield f"recorder, {how}", with_value(work), with_value(tool), 1 if share < 0.1 else 0.3
    yield "recorder, default (5 a second)", with_value(work), with_value(recorder.tool(work)), 1
    large = recorder.tool(sample=1.0)(work)
    yield "recorder, 100%, 4.5 KB", with_value(work, LARGE), with_value(large, LARGE), 0.05
    yield "recorder, failing, beyond the budget", attempt(failing, SMALL), attempt(recorder.tool(failing), SMALL), 0.3
    yield "recorder, failing, within the budget", attempt(failing, SMALL), attempt(_always_written(), SMALL), 0.1
    yield "recorder, coroutine, counted", awaited(later), awaited(recorder.tool(sample=0.0)(later)), 1
    tool = recorder.tool(sample=0.0)(numbers)
    yield "recorder, generator, counted", lambda: list(numbers(SMALL)), lambda: list(tool(SMALL)), 1


def _always_written() -> Callable[..., object]:
    from gitops_healer.recorder import recording
    from gitops_healer.recorder.entry import Entry

    class Endless(recording.Recording):
        def _affordable(self, entry: Entry) -> bool:
            return True

    recording.RECORDING.__class__ = Endless
    return recorder.tool(failing)


def logged(folder: str) -> Iterator[Case]:
    log = logging.getLogger("benchmark")
    log.propagate = False
    log.setLevel(logging.INFO)
    log.addHandler(logging.FileHandler(Path(folder, "calls.log")))

    def tool(value: object) -> object:
        log.info("work %s", value)
        return work(value)

    yield "logging, FileHandler", with_value(work), with_value(tool), 0.2


def traced() -> Iterator[Case]:
    try:
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
        from opentelemetry.sdk.trace.sampling import TraceIdRatioBased
    except ImportError:
        print("opentelemetry-sdk is not installed: pip install opentelemetry-sdk", file=sys.stderr)
        return

    class Nowhere(SpanExporter):
        def export(self, spans: Any) -> Any:
            return SpanExportResult.SUCCESS

    for how, provider in (
        ("sampled 0%", TracerProvider(sampler=TraceIdRatioBased(0))),
        ("sampled 100%, batches to nowhere", TracerProvider()),
    ):
        if "100" in how:
            provider.add_span_processor(BatchSpanProcessor(Nowhere()))
        tracer = provider.get_tracer("benchmark")

        def tool(value: object, tracer: Any = tracer) -> object:
            with tracer.start_as_current_span("work") as span:
                span.set_attribute("value", str(value))
                return work(value)

        yield f"OpenTelemetry SDK, {how}", with_value(work), with_value(tool), 0.1


def watched() -> Iterator[Case]:
    try:
        import sentry_sdk
    except ImportError:
        print("sentry-sdk is not installed: pip install sentry-sdk", file=sys.stderr)
        return
    sentry_sdk.init(dsn="http://key@127.0.0.1:1/1", traces_sample_rate=1.0, transport=lambda event: None)

    def tool(value: object) -> object:
        with sentry_sdk.start_span(op="work", name="work") as span:
            span.set_data("value", value)
            return work(value)

    def caught(value: object) -> object:
        try:
            return failing(value)
        except ValueError as error:
            sentry_sdk.capture_exception(error)
            raise

    yield "sentry-sdk, span", with_value(work), with_value(tool), 0.05
    yield "sentry-sdk, capture_exception", attempt(failing, SMALL), attempt(caught, SMALL), 0.02


def main(calls: int) -> None:
    print("| how | bare ns | added ns | times a counted call |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        from gitops_healer.recorder.spool import Spool

        recorder.configure(sink=Spool(folder, total_bytes=1 << 34), commit="c" * 40)
        first = None
        for cases in (ours(), logged(folder), traced(), watched()):
            for name, bare, recorded, part in cases:
                number = max(100, int(calls * part))
                base = least(bare, number)
                added = least(recorded, number) - base
                first = first or added
                print(f"| {name} | {base:,.0f} | {added:,.0f} | {added / first:.1f} |", flush=True)
        told = recorder.statistics()
        print(f"\n{told}")
        assert told.errors == 0 and told.dropped == 0
        recorder.configure(enabled=False)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
