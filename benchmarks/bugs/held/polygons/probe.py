"""Prints what the program does on many inputs as one JSON list of strings."""

import json
import math
import random
import signal

import polygons


class TooLong(BaseException):
    """A call went on for longer than a second."""


def ring(signum, frame):
    raise TooLong


signal.signal(signal.SIGALRM, ring)
seen, slow = [], {}


def shown(value):
    if isinstance(value, float):
        return f"{value:.9g}"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{shown(key)}: {shown(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return f"{type(value).__name__}({', '.join(map(shown, value))})"
    if isinstance(value, set | frozenset):
        return "{" + ", ".join(sorted(map(shown, value))) + "}"
    return repr(value)


def look(name, call, *args):
    """Notes what one call gives; a function that was too slow three times is not called again."""
    if slow.get(name, 0) >= 3:
        seen.append(f"{name} ! timeout")
        return
    signal.setitimer(signal.ITIMER_REAL, 1)
    try:
        outcome = shown(call(*args))
    except TooLong:
        slow[name] = slow.get(name, 0) + 1
        outcome = "! timeout"
    except (Exception, SystemExit) as error:
        outcome = f"! {type(error).__name__}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    seen.append(f"{name} {outcome}")


rng = random.Random(2718)


def point(size=6):
    return rng.randrange(-size, size + 1), rng.randrange(-size, size + 1)


def star(count):
    """A polygon whose sides do not cross: its points go round the origin."""
    out = []
    for number in range(count):
        angle = 2 * math.pi * number / count
        radius = rng.randrange(2, 9)
        out.append((round(radius * math.cos(angle) * 4), round(radius * math.sin(angle) * 4)))
    return out if rng.random() < 0.5 else out[::-1]


for _ in range(60):
    shape = star(rng.randrange(3, 9))
    few = [point() for _ in range(rng.randrange(1, 9))]
    a, b, c, d = (point(3) for _ in range(4))
    look("distance", polygons.distance, a, b)
    look("turn", lambda a=a, b=b, c=c: (polygons.turn(a, b, c) > 0) - (polygons.turn(a, b, c) < 0))
    look("perimeter", polygons.perimeter, shape)
    look("area", polygons.area, shape)
    look("centroid", polygons.centroid, shape)
    look("bounds", polygons.bounds, few)
    look("on_segment", polygons.on_segment, a, b, c)
    look("on_segment", polygons.on_segment, (1, rng.randrange(-4, 5)), (1, rng.randrange(-3, 2)), (1, 3))
    look("on_segment", polygons.on_segment, (rng.randrange(-4, 5), 2), (rng.randrange(-3, 2), 2), (3, 2))
    look("inside", polygons.inside, point(30), shape)
    look("inside", polygons.inside, point(6), shape)
    look("inside", polygons.inside, rng.choice(shape), shape)
    look("inside", polygons.inside, point(6), [(-4, -4), (4, -4), (4, 4), (0, 1), (-4, 4)])
    look("cross", polygons.cross, a, b, c, d)
    look("cross", polygons.cross, a, b, b, d)
    look("hull", polygons.hull, few)
    look("hull", polygons.hull, [point(2) for _ in range(12)])
    look("is_convex", polygons.is_convex, shape)
    look("is_convex", polygons.is_convex, polygons.hull([point(9) for _ in range(7)]))
    round_shape = polygons.hull([point(9) for _ in range(6)])
    middles = [((x + u) / 2, (y + v) / 2) for (x, y), (u, v) in polygons.sides(round_shape)]
    look("is_convex", polygons.is_convex, [spot for pair in zip(middles, round_shape, strict=True) for spot in pair])
    line = [(x, rng.choice([0, 0.2, 1, 3])) for x in range(rng.randrange(2, 9))]
    look("simplify", polygons.simplify, line, rng.choice([0.5, 1.1, 2.5]))
    look("simplify", polygons.simplify, [*shape, shape[0]], rng.choice([1.1, 5.3, 11.7]))
    look(
        "rotate",
        lambda shape=shape, a=a: [
            (round(x, 6) + 0.0, round(y, 6) + 0.0) for x, y in polygons.rotate(shape, rng.randrange(1, 360), a)
        ],
    )
look("centroid", polygons.centroid, [(0, 0), (1, 1), (3, 3)])
print(json.dumps(seen))
