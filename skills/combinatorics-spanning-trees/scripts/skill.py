"""Count the spanning trees of a graph in which a vertex has one neighbour, or more than one."""

from itertools import combinations

Graph = list[tuple[int, int]]


def solve(graph: Graph, u: int, degree: str) -> int:
    """A tree with a leaf at u is a tree of the graph without u, and one of the edges of u."""
    whole, with_leaf = _trees(_nodes(graph), graph), _degree(graph, u) * _trees_without(graph, u)
    return with_leaf if degree == "exactly one neighbour" else whole - with_leaf


def steps(graph: Graph, u: int, degree: str) -> dict[str, object]:
    """The number of all spanning trees, the edges at u, and the spanning trees of the graph without u."""
    return {
        "all_trees": _trees(_nodes(graph), graph),
        "edges_there": _degree(graph, u),
        "trees_without_it": _trees_without(graph, u),
    }


def _nodes(graph: Graph) -> list[int]:
    return sorted({node for edge in graph for node in edge})


def _degree(graph: Graph, u: int) -> int:
    return sum(u in edge for edge in graph)


def _trees_without(graph: Graph, u: int) -> int:
    return _trees([x for x in _nodes(graph) if x != u], [edge for edge in graph if u not in edge])


def _trees(nodes: list[int], graph: Graph) -> int:
    """Determinant of the Laplacian without its last row and column, by elimination without fractions."""
    place = {node: i for i, node in enumerate(nodes)}
    size = len(nodes) - 1
    matrix = [[0] * (size + 1) for _ in nodes]
    for a, b in graph:
        i, j = place[a], place[b]
        matrix[i][i] += 1
        matrix[j][j] += 1
        matrix[i][j] -= 1
        matrix[j][i] -= 1
    last = 1
    for k in range(size - 1):
        if matrix[k][k] == 0:  # leading minors of a Laplacian vanish only if the graph is not connected
            return 0
        for i in range(k + 1, size):
            for j in range(k + 1, size):
                matrix[i][j] = (matrix[i][j] * matrix[k][k] - matrix[i][k] * matrix[k][j]) // last
        last = matrix[k][k]
    return matrix[size - 1][size - 1]


def check(graph: Graph, u: int, degree: str) -> int:
    """Try every set of as many edges as a tree has."""
    nodes = max(map(max, graph))
    return sum(
        (_degree([*chosen], u) == 1) == (degree == "exactly one neighbour") and _connects(chosen, nodes)
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
