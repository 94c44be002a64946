"""The edges of a directed acyclic graph -> its vertices, always removing the highest source."""

from heapq import heapify, heappop, heappush


def solve(edges: list[tuple[int, int]]) -> list[int]:
    successors: dict[int, list[int]] = {}
    incoming: dict[int, int] = {}
    for a, b in edges:
        successors.setdefault(a, []).append(b)
        incoming[b] = incoming.get(b, 0) + 1
        incoming.setdefault(a, 0)
    available = [-vertex for vertex, count in incoming.items() if count == 0]
    heapify(available)
    order = []
    while available:
        vertex = -heappop(available)
        order.append(vertex)
        for other in successors.get(vertex, []):
            incoming[other] -= 1
            if incoming[other] == 0:
                heappush(available, -other)
    if len(order) < len(incoming):
        raise ValueError("the graph has a cycle")
    return order


def steps(edges: list[tuple[int, int]]) -> dict[str, object]:
    """The vertices without an incoming edge, before each removal."""
    left, sources = {vertex for edge in edges for vertex in edge}, []
    while left:
        sources.append(sorted(left - {b for a, b in edges if a in left}))
        left.remove(sources[-1][-1])
    return {"sources": sources}


def check(edges: list[tuple[int, int]]) -> list[int]:
    """Do what the wording says: look at all that is left, remove, look again."""
    left = {vertex for edge in edges for vertex in edge}
    order: list[int] = []
    while left:
        sources = left - {b for a, b in edges if a in left}
        if not sources:
            raise ValueError("the graph has a cycle")
        order.append(max(sources))
        left.remove(order[-1])
    return order
