"""Probability that a random walk on a graph visits v before w."""

from fractions import Fraction

Graph = list[tuple[int, int]]


def solve(graph: Graph, u: int, v: int, w: int) -> Fraction:
    """Solve for the probabilities from all vertices: at an inner vertex, the mean over the neighbours."""
    return _chances(graph, v, w)[u]


def steps(graph: Graph, u: int, v: int, w: int) -> dict[str, object]:
    """The start's neighbours and the probabilities of success from there."""
    neighbours = sorted(_neighbours(graph)[u])
    chances = _chances(graph, v, w)
    return {"first_steps": neighbours, "chances_from_there": [chances[x] for x in neighbours]}


def _neighbours(graph: Graph) -> dict[int, list[int]]:
    near: dict[int, list[int]] = {}
    for a, b in graph:
        near.setdefault(a, []).append(b)
        near.setdefault(b, []).append(a)
    return near


def _chances(graph: Graph, v: int, w: int) -> dict[int, Fraction]:
    near = _neighbours(graph)
    inner = [x for x in near if x not in (v, w)]
    rows = [
        [Fraction(len(near[x]) * (x == y) - (y in near[x])) for y in inner] + [Fraction(int(v in near[x]))]
        for x in inner
    ]
    for i in range(len(rows)):  # the matrix is diagonally dominant, so no pivot vanishes
        rows[i] = [entry / rows[i][i] for entry in rows[i]]
        for j in range(len(rows)):
            if j != i and rows[j][i]:
                rows[j] = [x - rows[j][i] * y for x, y in zip(rows[j], rows[i], strict=True)]
    return {v: Fraction(1), w: Fraction(0), **{x: row[-1] for x, row in zip(inner, rows, strict=True)}}


def check(graph: Graph, u: int, v: int, w: int) -> Fraction:
    """Replace each other vertex by conductors between its neighbours, until only a triangle of u, v and w is left."""
    conductance: dict[tuple[int, int], Fraction] = {}
    for a, b in graph:
        conductance[a, b] = conductance[b, a] = Fraction(1)
    for x in {end for edge in graph for end in edge} - {u, v, w}:
        star = {b: g for (a, b), g in conductance.items() if a == x}
        whole = sum(star.values())
        conductance = {ends: g for ends, g in conductance.items() if x not in ends}
        for a in star:
            for b in star:
                if a != b:
                    conductance[a, b] = conductance.get((a, b), Fraction(0)) + star[a] * star[b] / whole
    to_goal, to_trap = conductance.get((u, v), Fraction(0)), conductance.get((u, w), Fraction(0))
    return to_goal / (to_goal + to_trap)
