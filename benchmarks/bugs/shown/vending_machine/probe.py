"""Prints how the program behaves on held-out inputs: one JSON list of texts."""

import contextlib
import io
import json
import random
import signal

from vending_machine import COINS, Slot, VendingMachine, change_for


class OutOfTimeError(BaseException):
    """A call took longer than its second."""


def stop(*_):
    raise OutOfTimeError


def observe(call, *arguments, **options):
    """What one call returns, as text; the name of its exception; or that it did not end within 1 s."""
    signal.setitimer(signal.ITIMER_REAL, 1)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            return repr(call(*arguments, **options))
    except OutOfTimeError:
        return "! timeout"
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return f"! {type(error).__name__}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def state_of(machine):
    goods = {name: slot.pieces for name, slot in machine.slots.items()}
    return machine.state.value, machine.credit, goods, sorted(machine.coins.items())


def story(seed):
    """Sixty random operations on one machine, with its state after each."""
    chance = random.Random(seed)
    slots = {name: Slot(chance.choice([50, 85, 120]), chance.randrange(3)) for name in ("tea", "bar", "gum")}
    machine = VendingMachine(slots, {coin: chance.randrange(4) for coin in COINS if chance.random() < 0.7})
    seen = [repr(state_of(machine))]
    operations = "insert insert insert insert choose choose cancel open refill collect close best".split()
    for _ in range(60):
        operation = chance.choice(operations)
        name = chance.choice(["tea", "bar", "gum", "soup"])
        if operation == "insert":
            seen.append(observe(machine.insert, chance.choice([*COINS, 50, 100, 25])))
        elif operation == "choose":
            seen.append(observe(machine.choose, name))
        elif operation == "cancel":
            seen.append(observe(machine.cancel))
        elif operation == "open":
            seen.append(observe(machine.open_service, chance.choice(["4711", "4711", "4711", "1234"])))
        elif operation == "refill":
            names = chance.sample(["soup", "tea", "bar", "gum"], chance.randrange(5))
            deliveries = {one: chance.randrange(10) for one in names}
            seen.append(observe(lambda deliveries=deliveries: sorted(machine.refill(deliveries).items())))
        elif operation == "collect":
            seen.append(observe(machine.collect, chance.randrange(4)))
        elif operation == "close":
            seen.append(observe(machine.close_service))
        else:
            seen.append(observe(machine.best_seller))
        seen.append(observe(state_of, machine))
    return seen


def closed_empty(sold_out):
    machine = VendingMachine({"bar": Slot(50, 0 if sold_out else 1)})
    machine.open_service("4711")
    machine.close_service()
    return state_of(machine)


def behaviours():
    chance = random.Random(6)
    seen = []
    for _ in range(60):
        stock = {coin: chance.randrange(4) for coin in COINS if chance.random() < 0.8}
        seen.append(observe(change_for, chance.randrange(0, 400, 5), stock))
    for pieces in range(9):
        for delivery in (0, 1, 3, 8, 9):
            slot = Slot(50, pieces)
            seen.append(observe(slot.refill, delivery))
            seen.append(str(slot.pieces))
    seen.append(observe(closed_empty, True))
    seen.append(observe(closed_empty, False))
    for sales in ({}, {"b": 1}, {"b": 1, "a": 1}, {"b": 2, "a": 1}, {"a": 1, "c": 3, "b": 3}):
        machine = VendingMachine({})
        machine.sales = sales
        seen.append(observe(machine.best_seller))
    for seed in range(60):
        seen.extend(story(seed))
    return seen


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, stop)
    print(json.dumps(behaviours()))
