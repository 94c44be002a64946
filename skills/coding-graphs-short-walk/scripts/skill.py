"""Weighted edges, two vertices and a limit -> the lightest walk between them with at most that many edges."""

from math import inf


def solve(edges: list[tuple[int, int, int]], a: int, b: int, k: int) -> int:
    lightest = {vertex: inf for u, v, _ in edges for vertex in (u, v)}
    lightest[a] = 0
    for _ in range(k):
        previous = dict(lightest)
        for u, v, weight in edges:
            lightest[v] = min(lightest[v], previous[u] + weight)
            lightest[u] = min(lightest[u], previous[v] + weight)
    found = lightest.get(b, inf)
    return -1 if found == inf else int(found)


def steps(edges: list[tuple[int, int, int]], a: int, b: int, k: int) -> dict[str, object]:
    """The vertices in order, and the smallest weights to them with at most 1, 2, 3, ... edges; a dash for none."""
    lightest = {vertex: inf for u, v, _ in edges for vertex in (u, v)}
    lightest[a] = 0
    vertices, rounds = sorted(lightest), []
    for _ in range(k):
        previous = dict(lightest)
        for u, v, weight in edges:
            lightest[v] = min(lightest[v], previous[u] + weight)
            lightest[u] = min(lightest[u], previous[v] + weight)
        rounds.append(["-" if lightest[vertex] == inf else int(lightest[vertex]) for vertex in vertices])
    return {"vertices": vertices, "rounds": rounds}


def check(edges: list[tuple[int, int, int]], a: int, b: int, k: int) -> int:
    """Walk every walk of at most k edges."""

    def totals(vertex: int, steps: int) -> list[int]:
        found = [0] if vertex == b else []
        if steps:
            for u, v, weight in edges:
                if vertex in (u, v):
                    found += [weight + rest for rest in totals(v if vertex == u else u, steps - 1)]
        return found

    return min(totals(a, k), default=-1)
