"""Ways through a network of bus stops."""

import heapq

from gitops_healer.recorder import tool


def network(links):
    """Stop -> {stop: minutes}; the fastest link counts; one-way links say so."""
    graph = {}
    for link in links:
        start, end, minutes = link[:3]
        if minutes < 0:
            raise ValueError(f"{start} to {end}: no way takes {minutes} minutes")
        graph.setdefault(start, {})
        graph.setdefault(end, {})
        graph[start][end] = min(minutes, graph[start].get(end, minutes))
        if "one-way" not in link[3:]:
            graph[end][start] = min(minutes, graph[end].get(start, minutes))
    return graph


def fastest(graph, start, change=0):
    """Minutes to every stop that can be reached, and from where one comes."""
    minutes, before = {start: 0}, {}
    waiting = [(0, start)]
    while waiting:
        so_far, stop = heapq.heappop(waiting)
        if so_far > minutes[stop]:
            continue
        for following, length in sorted(graph[stop].items()):
            total = so_far + length + (change if stop != start else 0)
            if following not in minutes or total < minutes[following]:
                minutes[following] = total
                before[following] = stop
                heapq.heappush(waiting, (total, following))
    return minutes, before


@tool
def plan(links, start, end, change=0):
    """The fastest way, its minutes, and what cannot be reached. None where there is no way."""
    graph = network(links)
    minutes, before = fastest(graph, start, max(0, change))
    if end not in minutes:
        return None
    way = [end]
    while way[-1] != start:
        way.append(before[way[-1]])
    way.reverse()
    return {
        "way": way,
        "minutes": minutes[end],
        "changes": len(way) - 2,
        "unreachable": sorted(set(graph) - set(minutes)),
    }
