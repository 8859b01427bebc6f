import asyncio
import os
import socket
import time
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    def now(self) -> float: ...


class Wall:
    def now(self) -> float:  # effects: clock
        return time.time()


class Fixed:
    def __init__(self, at):  # effects: pure
        self.at = at

    def now(self):  # effects: pure
        return self.at


class Sensor:
    def __init__(self, clock: Clock, address=("localhost", 9)):  # effects: pure
        self.clock = clock
        self.address = address
        self._readings: dict[float, int] = {}

    def read(self):  # effects: network
        with socket.create_connection(self.address) as link:
            return int(link.recv(16))

    def sample(self):  # effects: network, unknown; mutates self
        self._readings[self.clock.now()] = self.read()

    def latest(self):  # effects: pure
        return self._readings[max(self._readings)]

    def __del__(self):  # effects: pure; mutates self
        self._readings.clear()


class Heater:
    instances = []
    power: int = 0

    def __init__(self, name):  # effects: global state
        self.name = name
        Heater.instances.append(self)

    def set(self, power):  # effects: pure; mutates self
        self.power = max(0, min(100, power))

    async def warm(self, to):  # effects: clock; mutates self
        while self.power < to:
            self.set(self.power + 1)
            await asyncio.sleep(0.1)

    def __call__(self, power):  # effects: pure; mutates self
        self.set(power)
        return self


class Kiln:
    def __init__(self, clock=None):  # effects: global state
        self.clock = clock or Wall()
        self.heater = Heater("main")
        self.sensor = Sensor(self.clock)
        self.log = Path("kiln.log")

    def heat(self, power):  # effects: pure; mutates self
        self.heater(power)

    def temperature(self):  # effects: network
        return self.sensor.read()

    def note(self, text):  # effects: files
        with self.log.open("a") as file:
            file.write(text + "\n")

    def step(self, target):  # effects: network; mutates self
        error = target - self.temperature()
        self.heat(clamp(error * 2))


def clamp(value, low=0, high=100):  # effects: pure
    return max(low, min(high, value))


def curve(points, at):  # effects: pure
    points = sorted(points)
    for (x0, y0), (x1, y1) in zip(points, points[1:]):
        if x0 <= at <= x1:
            return y0 + (y1 - y0) * (at - x0) / (x1 - x0)
    raise LookupError(f"{at} is outside of the curve")


def stamp(clock=Fixed(0)):  # effects: unknown
    return clock.now()


def stamp_fixed(at):  # effects: pure
    return Fixed(at).now()


def log_size(kiln: Kiln):  # effects: files
    return os.stat(kiln.log).st_size


def smooth(values, width=3):  # effects: pure
    window = []
    for value in values:
        window.append(value)
        if len(window) > width:
            window.pop(0)
        yield sum(window) / len(window)


def plan(segments):  # effects: pure
    result, at = [], 0
    for duration, target in segments:
        at += duration
        result.append({"at": at, "target": target})
    return result


def scaled(plan, factor):  # effects: pure
    return [{**step, "target": step["target"] * factor} for step in plan]


def scale(plan, factor):  # effects: pure; mutates plan
    for step in plan:
        step["target"] *= factor


def scaled_plan(segments, factor):  # effects: pure
    made = plan(segments)
    scale(made, factor)
    return made


async def run_all(heaters: list[Heater], to):  # effects: concurrency, clock; mutates heaters
    await asyncio.gather(*(heater.warm(to) for heater in heaters))


def heat(kiln: Kiln, power):  # effects: pure; mutates kiln
    kiln.heat(power)
    return kiln.heater.power


def on_off(value):  # effects: pure
    match value:
        case {"power": int(power)}:
            return power > 0
        case [first, *_]:
            return bool(first)
        case _:
            return False
