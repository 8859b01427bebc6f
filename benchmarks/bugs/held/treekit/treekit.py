"""Trees and other graphs.

Trees are {node: parent} with None for the root, graphs are {node: set of nodes that it needs}.
"""

from collections import deque


class CycleError(ValueError):
    """Things need each other in a circle; `circle` is the way round, its first node is repeated at the end."""

    def __init__(self, circle):
        super().__init__(" -> ".join(map(str, circle)))
        self.circle = circle


def children_of(parents):
    """{node: sorted list of children}, also for leaves."""
    children = {node: [] for node in parents}
    for node, parent in sorted(parents.items()):
        if parent is not None:
            children[parent].append(node)
    return children


def path_to_root(parents, node):
    """The nodes from `node` up to the root, both included."""
    path = [node]
    while parents[node] is not None:
        node = parents[node]
        path.append(node)
    return path


def common_ancestor(parents, first, second):
    """The lowest node above (or equal to) both; None if they are in different trees."""
    above = set(path_to_root(parents, first))
    for node in path_to_root(parents, second):
        if node in above:
            return node
    return None


def distance(parents, first, second):
    """Number of steps from one node of a tree to another."""
    meeting = common_ancestor(parents, first, second)
    up = path_to_root(parents, first).index(meeting)
    down = path_to_root(parents, second).index(meeting)
    return up + down


def subtree_totals(parents, sizes):
    """{node: own size and that of all below}; a node without a size counts as 0."""
    totals = {node: sizes.get(node, 0) for node in parents}
    for node in sorted(parents, key=lambda node: len(path_to_root(parents, node)), reverse=True):
        parent = parents[node]
        if parent is not None:
            totals[parent] += totals[node]
    return totals


def walk(parents, start, order="before"):
    """The nodes below and including `start`: each "before" or "after" the nodes below it, children sorted."""
    children = children_of(parents)

    def visit(node):
        if order == "before":
            yield node
        for child in children[node]:
            yield from visit(child)
        if order == "after":
            yield node

    return visit(start)


def prune(parents, keep):
    """The tree without the branches in which no node is wanted, as `keep(node)` says."""
    kept = set()
    for node in parents:
        if keep(node):
            kept.update(path_to_root(parents, node))
    return {node: parent for node, parent in parents.items() if node in kept}


def drop_leaves(parents, times=1):
    """The tree after its leaves were taken away, again and again for `times` rounds."""
    left = dict(parents)
    for _ in range(times):
        inner = set(left.values())
        for node in list(left):
            if node not in inner:
                del left[node]
    return left


def levels(needs):
    """Sorted lists of nodes that can be done at the same time: each needs only nodes of lists before.

    CycleError for a circle. Nodes that are needed and not listed themselves need nothing.
    """
    open_needs = {node: set(needed) for node, needed in needs.items()}
    for needed in needs.values():
        for node in needed:
            open_needs.setdefault(node, set())
    result = []
    while open_needs:
        ready = sorted(node for node, needed in open_needs.items() if not needed)
        if not ready:
            raise CycleError(find_circle(open_needs))
        result.append(ready)
        for node in ready:
            del open_needs[node]
        for needed in open_needs.values():
            needed.difference_update(ready)
    return result


def find_circle(needs):
    """A circle, found from the smallest node on and always to the smallest needed one; None if there is none."""
    done = set()
    for start in sorted(needs):
        way = []
        stack = [(start, iter([start]))]
        while stack:
            _, rest = stack[-1]
            node = next(rest, None)
            if node is None:
                stack.pop()
                if way:
                    done.add(way.pop())
                continue
            if node in way:
                return [*way[way.index(node) :], node]
            if node in done:
                continue
            way.append(node)
            stack.append((node, iter(sorted(needs.get(node, ())))))
    return None


def needed_by(needs, node):
    """All nodes that need `node`, directly or not, sorted; not the node itself unless it is in a circle."""
    found = set()
    waiting = deque([node])
    while waiting:
        current = waiting.popleft()
        for other, needed in needs.items():
            if current in needed and other not in found:
                found.add(other)
                waiting.append(other)
    return sorted(found)


def reduce_needs(needs):
    """The needs without those that follow from others: if a needs b and c, and b needs c, then c is left out for a.

    There are no circles.
    """

    def reach(node, found=None):
        found = set() if found is None else found
        for needed in needs.get(node, ()):
            if needed not in found:
                found.add(needed)
                reach(needed, found)
        return found

    reduced = {}
    for node, needed in needs.items():
        indirect = set()
        for other in needed:
            indirect |= reach(other)
        reduced[node] = needed - indirect
    return reduced


def components(edges):
    """Groups of nodes that are joined by pairs, each sorted, the groups sorted by their first node (union-find)."""
    above = {}

    def top(node):
        above.setdefault(node, node)
        while above[node] != node:
            above[node] = above[above[node]]
            node = above[node]
        return node

    for first, second in edges:
        above[top(first)] = top(second)
    groups = {}
    for node in list(above):
        groups.setdefault(top(node), []).append(node)
    return sorted(sorted(group) for group in groups.values())


def text_tree(parents, root, mark=None):
    """Lines of a drawing such as "- name", two blanks further in at each level; `mark(node)` is put behind."""
    lines = []
    children = children_of(parents)

    def draw(node, depth):
        behind = f" {mark(node)}" if mark else ""
        lines.append(f"{'  ' * depth}- {node}{behind}")
        for child in children[node]:
            draw(child, depth + 1)

    draw(root, 0)
    return lines
