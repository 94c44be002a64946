"""The edges of a connected graph and a vertex -> its distance to every vertex, in edges."""

from collections import deque


def solve(edges: list[tuple[int, int]], v: int) -> list[int]:
    neighbours: dict[int, list[int]] = {}
    for a, b in edges:
        neighbours.setdefault(a, []).append(b)
        neighbours.setdefault(b, []).append(a)
    if v not in neighbours:
        raise ValueError("the vertex is not in the graph")
    distance = {v: 0}
    queue = deque([v])
    while queue:
        current = queue.popleft()
        for other in neighbours[current]:
            if other not in distance:
                distance[other] = distance[current] + 1
                queue.append(other)
    if len(distance) < len(neighbours):
        raise ValueError("the graph is not connected")
    return [distance[vertex] for vertex in sorted(distance)]


def steps(edges: list[tuple[int, int]], v: int) -> dict[str, object]:
    """The vertices at distance 0, 1, 2, and so on."""
    layers, met = [[v]], {v}
    while True:
        beyond = {q if p in layers[-1] else p for p, q in edges if p in layers[-1] or q in layers[-1]} - met
        if not beyond:
            return {"layers": layers}
        met |= beyond
        layers.append(sorted(beyond))


def check(edges: list[tuple[int, int]], v: int) -> list[int]:
    """Relax every edge until no distance falls any more."""
    vertices = sorted({vertex for edge in edges for vertex in edge})
    far = len(vertices)
    distances = {vertex: 0 if vertex == v else far for vertex in vertices}
    for _ in vertices:
        for a, b in edges:
            distances[a] = min(distances[a], distances[b] + 1)
            distances[b] = min(distances[b], distances[a] + 1)
    if v not in distances or far in distances.values():
        raise ValueError("some vertex cannot be reached")
    return [distances[vertex] for vertex in vertices]
