"""The weighted edges of a connected graph -> the sorted edge weights of a minimum spanning tree."""


def solve(edges: list[tuple[int, int, int]]) -> list[int]:
    parent: dict[int, int] = {}

    def root(vertex: int) -> int:
        parent.setdefault(vertex, vertex)
        while parent[vertex] != vertex:
            parent[vertex] = parent[parent[vertex]]
            vertex = parent[vertex]
        return vertex

    weights = []
    for a, b, weight in sorted(edges, key=lambda edge: edge[2]):
        a, b = root(a), root(b)
        if a != b:
            parent[a] = b
            weights.append(weight)
    if edges and len(weights) != len(parent) - 1:
        raise ValueError("the graph is not connected")
    return weights


def steps(edges: list[tuple[int, int, int]]) -> dict[str, list[str]]:
    """The edges that are kept, and those that would close a circle, both by weight."""
    part = {vertex: vertex for a, b, _ in edges for vertex in (a, b)}
    kept, closing = [], []
    for a, b, weight in sorted(edges, key=lambda edge: edge[2]):
        (closing if part[a] == part[b] else kept).append(f"{a}-{b} ({weight})")
        old, new = part[a], part[b]
        part = {vertex: new if where == old else where for vertex, where in part.items()}
    return {"kept": kept, "closing": closing}


def is_connected(edges: list[tuple[int, int, int]], vertices: set[int]) -> bool:
    reached = {min(vertices)}
    for _ in vertices:
        reached |= {c for a, b, _ in edges for c in (a, b) if a in reached or b in reached}
    return reached == vertices


def check(edges: list[tuple[int, int, int]]) -> list[int]:
    """Reverse deletion: drop the heaviest edges as long as the graph hangs together."""
    vertices = {vertex for a, b, _ in edges for vertex in (a, b)}
    if edges and not is_connected(edges, vertices):
        raise ValueError("the graph is not connected")
    left = sorted(edges, key=lambda edge: -edge[2])
    for edge in list(left):
        rest = list(left)
        rest.remove(edge)
        if rest and is_connected(rest, vertices):
            left = rest
    return [weight for _, _, weight in reversed(left)]
