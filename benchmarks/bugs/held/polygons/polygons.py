"""Plane geometry: points are (x, y), polygons are lists of points in order, not closed."""

import math


def distance(a, b):
    return math.hypot(b[0] - a[0], b[1] - a[1])


def turn(a, b, c):
    """Above zero if the way from a over b to c bends to the left, below zero to the right, 0 if it is straight."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def sides(polygon):
    """Pairs of neighbouring points, the last one joined to the first."""
    return [(polygon[place - 1], polygon[place]) for place in range(len(polygon))]


def perimeter(polygon):
    return sum(distance(a, b) for a, b in sides(polygon))


def area(polygon):
    """The area, whichever way round the points go."""
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in sides(polygon))) / 2


def centroid(polygon):
    """The balance point of the surface; ValueError for a polygon without surface."""
    total = x = y = 0
    for a, b in sides(polygon):
        cross = a[0] * b[1] - b[0] * a[1]
        total += cross
        x += (a[0] + b[0]) * cross
        y += (a[1] + b[1]) * cross
    if total == 0:
        raise ValueError("the polygon has no surface")
    return x / (3 * total), y / (3 * total)


def bounds(points):
    """(left, bottom, right, top)"""
    xs = [x for x, _ in points]
    ys = [y for _, y in points]
    return min(xs), min(ys), max(xs), max(ys)


def on_segment(point, a, b):
    """Whether the point lies on the line from a to b, ends included."""
    if turn(a, b, point) != 0:
        return False
    left, bottom, right, top = bounds([a, b])
    return left <= point[0] <= right and bottom <= point[1] <= top


def inside(point, polygon):
    """Whether the point lies in the polygon; the border belongs to it."""
    within = False
    x, y = point
    for a, b in sides(polygon):
        if on_segment(point, a, b):
            return True
        if (a[1] > y) != (b[1] > y):
            crossing = a[0] + (y - a[1]) / (b[1] - a[1]) * (b[0] - a[0])
            if crossing > x:
                within = not within
    return within


def cross(a, b, c, d):
    """Whether the lines a-b and c-d have a point in common."""
    for point, start, end in ((c, a, b), (d, a, b), (a, c, d), (b, c, d)):
        if on_segment(point, start, end):
            return True
    return turn(a, b, c) * turn(a, b, d) < 0 and turn(c, d, a) * turn(c, d, b) < 0


def hull(points):
    """The convex hull, from the leftmost (then lowest) point to the left around; points on its sides are left out."""
    points = sorted(set(points))
    if len(points) < 3:
        return points

    def chain(ordered):
        kept = []
        for point in ordered:
            while len(kept) >= 2 and turn(kept[-2], kept[-1], point) <= 0:
                kept.pop()
            kept.append(point)
        return kept[:-1]

    return chain(points) + chain(reversed(points))


def is_convex(polygon):
    """Whether all corners bend the same way; straight corners do not matter."""
    signs = set()
    for place in range(len(polygon)):
        bend = turn(polygon[place - 2], polygon[place - 1], polygon[place])
        if bend != 0:
            signs.add(bend > 0)
    return len(signs) <= 1


def simplify(line, tolerance):
    """The line with fewer points: those nearer than `tolerance` to the line between the ones that stay are dropped."""
    if len(line) < 3:
        return list(line)
    first, last = line[0], line[-1]
    length = distance(first, last)

    def off(point):
        return abs(turn(first, last, point)) / length if length else distance(first, point)

    farthest = max(range(1, len(line) - 1), key=lambda place: off(line[place]))
    if off(line[farthest]) < tolerance:
        return [first, last]
    return simplify(line[: farthest + 1], tolerance)[:-1] + simplify(line[farthest:], tolerance)


def rotate(points, degrees, about=(0, 0)):
    """Points turned to the left."""
    angle = math.radians(degrees)
    cos, sin = math.cos(angle), math.sin(angle)
    turned = []
    for x, y in points:
        dx, dy = x - about[0], y - about[1]
        turned.append((about[0] + dx * cos - dy * sin, about[1] + dx * sin + dy * cos))
    return turned
