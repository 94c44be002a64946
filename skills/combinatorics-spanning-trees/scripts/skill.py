"""Count the spanning trees of a graph in which one edge is used, or is not used."""

from itertools import combinations

Graph = list[tuple[int, int]]


def solve(graph: Graph, u: int, v: int, relation: str) -> int:
    """Matrix-tree theorem for the graph and for the graph without the edge."""
    whole, without = _trees(graph), _trees_without(graph, u, v)
    return whole - without if relation == "is used" else without


def steps(graph: Graph, u: int, v: int, relation: str) -> dict[str, object]:
    """The degrees, the number of all spanning trees, and of those without the edge."""
    nodes = range(1, max(map(max, graph)) + 1)
    return {
        "degrees": [sum(x in edge for edge in graph) for x in nodes],
        "all_trees": _trees(graph),
        "trees_without_edge": _trees_without(graph, u, v),
    }


def _trees_without(graph: Graph, u: int, v: int) -> int:
    return _trees([edge for edge in graph if edge != (u, v)], max(map(max, graph)))


def _trees(graph: Graph, nodes: int = 0) -> int:
    """Determinant of the Laplacian without its last row and column, by elimination without fractions."""
    size = (nodes or max(map(max, graph))) - 1
    matrix = [[0] * size for _ in range(size)]
    for a, b in graph:
        for x, y in ((a - 1, b - 1), (b - 1, a - 1)):
            if x < size:
                matrix[x][x] += 1
                if y < size:
                    matrix[x][y] -= 1
    last = 1
    for k in range(size - 1):
        if matrix[k][k] == 0:  # leading minors of a Laplacian vanish only if the graph is not connected
            return 0
        for i in range(k + 1, size):
            for j in range(k + 1, size):
                matrix[i][j] = (matrix[i][j] * matrix[k][k] - matrix[i][k] * matrix[k][j]) // last
        last = matrix[k][k]
    return matrix[-1][-1]


def check(graph: Graph, u: int, v: int, relation: str) -> int:
    """Try every set of as many edges as a tree has."""
    nodes = max(map(max, graph))
    return sum(
        ((u, v) in chosen) == (relation == "is used") and _connects(chosen, nodes)
        for chosen in combinations(graph, nodes - 1)
    )


def _connects(edges: tuple[tuple[int, int], ...], nodes: int) -> bool:
    """True if no edge closes a loop: then one edge fewer than nodes connect them all."""
    part = list(range(nodes + 1))
    for a, b in edges:
        if part[a] == part[b]:
            return False
        old, new = part[a], part[b]
        part = [new if p == old else p for p in part]
    return True
