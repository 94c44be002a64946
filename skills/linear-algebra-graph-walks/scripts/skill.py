"""Number of walks of a given length between two vertices of a graph."""

Edges = list[tuple[int, int]]
Matrix = list[list[int]]


def solve(graph: Edges, u: int, v: int, n: int) -> int:
    """An entry of the n-th power of the adjacency matrix, by repeated squaring."""
    size = max(max(edge) for edge in graph)
    base = [[int((i, j) in graph or (j, i) in graph) for j in range(1, size + 1)] for i in range(1, size + 1)]
    power = [[int(i == j) for j in range(size)] for i in range(size)]
    while n:
        if n % 2:
            power = _product(power, base)
        base = _product(base, base)
        n //= 2
    return power[u - 1][v - 1]


def steps(graph: Edges, u: int, v: int, n: int) -> dict[str, int | str | tuple[int, ...]]:
    """The walks of half the length from both ends to every vertex, and the sum of their products."""
    half = n // 2
    out, back = _walks(graph, u, half), _walks(graph, v, n - half)
    return {
        "half": half,
        "out": out,
        "rest": n - half,
        "back": back,
        "meetings": " + ".join(rf"{x} \cdot {y}" for x, y in zip(out, back, strict=True)),
    }


def check(graph: Edges, u: int, v: int, n: int) -> int:
    """Walk step by step: every vertex collects the walks that end at its neighbours."""
    walks = {u: 1}
    for _ in range(n):
        onward: dict[int, int] = {}
        for a, b in graph:
            onward[b] = onward.get(b, 0) + walks.get(a, 0)
            onward[a] = onward.get(a, 0) + walks.get(b, 0)
        walks = onward
    return walks.get(v, 0)


def _product(left: Matrix, right: Matrix) -> Matrix:
    columns = list(zip(*right, strict=True))
    return [[sum(x * y for x, y in zip(row, column, strict=True)) for column in columns] for row in left]


def _walks(graph: Edges, start: int, length: int) -> tuple[int, ...]:
    """The walks of a length from a vertex to each of the vertices 1, 2, 3, ..."""
    counts = [int(vertex == start) for vertex in range(max(max(edge) for edge in graph) + 1)]
    for _ in range(length):
        onward = [0] * len(counts)
        for a, b in graph:
            onward[a] += counts[b]
            onward[b] += counts[a]
        counts = onward
    return tuple(counts[1:])
