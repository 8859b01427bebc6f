"""Shapes on a map."""

import math

from gitops_healer.recorder import tool


def shoelace(points):
    total = 0.0
    for index, (x, y) in enumerate(points):
        following = points[(index + 1) % len(points)]
        total += x * following[1] - following[0] * y
    return total / 2


def contains(points, spot):
    """Whether a spot is inside, by counting crossings; the left and lower edge belong to it."""
    x, y = spot
    inside = False
    for index, (x1, y1) in enumerate(points):
        x2, y2 = points[index - 1]
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            inside = not inside
    return inside


@tool
def describe(points, spots=()):
    """Area, perimeter, box, centre and the spots that lie inside."""
    points = [tuple(point) for point in points]
    if len(points) < 3:
        raise ValueError(f"a shape has at least three points, not {len(points)}")
    area = shoelace(points)
    perimeter = 0.0
    for index in range(len(points)):
        perimeter += math.dist(points[index - 1], points[index])
    xs = [x for x, _ in points]
    ys = [y for _, y in points]
    cx = cy = 0.0
    for index, (x, y) in enumerate(points):
        x2, y2 = points[(index + 1) % len(points)]
        cross = x * y2 - x2 * y
        cx += (x + x2) * cross
        cy += (y + y2) * cross
    return {
        "area": abs(area),
        "clockwise": area < 0,
        "perimeter": perimeter,
        "box": [min(xs), min(ys), max(xs), max(ys)],
        "centre": [cx / (6 * area), cy / (6 * area)],
        "inside": [spot for spot in spots if contains(points, spot)],
    }
