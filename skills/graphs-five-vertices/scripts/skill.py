"""Simple graphs on the vertices A, B, C, D, E with a bounded degree: what facts about one leave open.

A graph is the set of its edges, as ten bits. From degree 4 on the bound excludes nothing: the family is complete.
"""

from functools import cache
from itertools import combinations, pairwise, permutations

from object_kinds import answer, bounded, fitting, told_apart

VERTICES = "ABCDE"
PAIRS = list(combinations(range(5), 2))
DIRECT = ("edges",)
SAME = {"trees": "connected", "colourings": "bipartite", "paths": "squares", "joined": "distance", "connected": "parts"}
RANGED = "greatest"
COUNTS = ("trees", "triangles", "colourings", "odd")


def _mask(pairs):
    return sum(1 << PAIRS.index(pair) for pair in pairs)


STARS = [_mask([pair for pair in PAIRS if vertex in pair]) for vertex in range(5)]
TRIPLES = [_mask(combinations(triple, 2)) for triple in combinations(range(5), 3)]
NAMES = ["".join(triple) for triple in combinations(VERTICES, 3)]


@cache
def _degrees(graph):
    return tuple([(graph & star).bit_count() for star in STARS])


def members(box):
    """The edge sets of all graphs without a vertex of a degree above box."""
    return [graph for graph in range(1 << 10) if max(_degrees(graph)) <= box]


def _labellings(most):
    """Labels of the vertices by which each partition into at most so many blocks is counted once."""
    found = [[0]]
    for _ in range(4):
        found = [[*labels, new] for labels in found for new in range(min(most, max(labels) + 2))]
    return found


def _inside(labels):
    """The pairs within a block."""
    return _mask([(i, j) for i, j in PAIRS if labels[i] == labels[j]])


PARTITIONS = [(max(labels) + 1, _inside(labels)) for labels in _labellings(5)]
WAYS = {1: 3, 2: 6, 3: 6}
COLOUR_CLASSES = [(WAYS[blocks], inside) for blocks, inside in PARTITIONS if blocks <= 3]
HALVES = [inside for blocks, inside in PARTITIONS if blocks <= 2]


@cache
def _triangles(graph):
    return sum(graph & triple == triple for triple in TRIPLES)


@cache
def _bipartite(graph):
    return any(not graph & inside for inside in HALVES)


@cache
def _colourings(graph):
    """Three colours fall on the blocks of a partition without an edge inside in 3, 6 and 6 ways."""
    return sum(ways for ways, inside in COLOUR_CLASSES if not graph & inside)


def _divisions(graph, blocks):
    """Partitions into so many blocks without an edge inside."""
    return sum(not graph & inside for count, inside in PARTITIONS if count == blocks)


@cache
def _parts(graph):
    """Connected parts: the most blocks of a partition without an edge between two of them."""
    return max(blocks for blocks, inside in PARTITIONS if not graph & ~inside)


def _laplacian(graph):
    """The Laplacian without the row and the column of E."""
    a, b, c, d, _ = _degrees(graph)
    ab, ac, ad, _, bc, bd, _, cd, _, _ = [-(graph >> place & 1) for place in range(10)]
    return [[a, ab, ac, ad], [ab, b, bc, bd], [ac, bc, c, cd], [ad, bd, cd, d]]


@cache
def _trees(graph):
    """Kirchhoff's theorem: a minor of the Laplacian, by Laplace along its first two rows."""
    (a, p, q, r), (_, b, s, t), (_, _, c, u), (_, _, _, d) = _laplacian(graph)  # symmetric
    upper = (a * b - p * p, a * s - p * q, a * t - p * r, p * s - q * b, p * t - r * b, q * t - r * s)
    lower = (c * d - u * u, s * d - t * u, s * u - t * c, q * d - r * u, q * u - r * c, q * t - r * s)
    return sum(sign * one * other for sign, one, other in zip(SIGNS, upper, lower, strict=True))


SIGNS = (1, -1, 1, 1, -1, 1)


@cache
def _distance(graph):
    """Edges on the shortest way from A to B: through no vertex, one, two or three others."""
    for inner in range(4):
        if any(graph & way == way for way in WAYS_TO_B[inner]):
            return inner + 1
    return None


def _orders(items, count):
    if count == 0:
        return [[]]
    return [[first, *rest] for first in items for rest in _orders([x for x in items if x != first], count - 1)]


def _way(inner):
    stops = [0, *inner, 1]
    return _mask([(min(i, j), max(i, j)) for i, j in pairwise(stops)])


WAYS_TO_B = [[_way(inner) for inner in _orders([2, 3, 4], count)] for count in range(4)]

PORTS = {
    "edges": lambda g: g.bit_count(),
    "a": lambda g: (g & STARS[0]).bit_count(),
    "b": lambda g: (g & STARS[1]).bit_count(),
    "c": lambda g: (g & STARS[2]).bit_count(),
    "triangles": _triangles,
    "trees": _trees,
    "parts": _parts,
    "colourings": _colourings,
    "paths": lambda g: sum(d * (d - 1) for d in _degrees(g)) // 2,
    "squares": lambda g: sum(d * d for d in _degrees(g)),
    "odd": lambda g: sum(d % 2 for d in _degrees(g)),
    "greatest": lambda g: max(_degrees(g)),
    "least": lambda g: min(_degrees(g)),
    "distance": _distance,
    "product": lambda g: (g & STARS[0]).bit_count() * (g & STARS[1]).bit_count() * (g & STARS[2]).bit_count(),
    "connected": lambda g: _parts(g) == 1,
    "bipartite": _bipartite,
    "joined": lambda g: g & 1 == 1,
    "busiest": lambda g: (g & STARS[0]).bit_count() > max(_degrees(g)[1:]),
}

LETTERS = {
    "d_A": PORTS["a"],
    "d_B": PORTS["b"],
    "d_C": PORTS["c"],
    "d_D": lambda g: _degrees(g)[3],
    "d_E": lambda g: _degrees(g)[4],
    "p_1": lambda g: _divisions(g, 1),
    "p_2": lambda g: _divisions(g, 2),
    "p_3": lambda g: _divisions(g, 3),
    "parts": _parts,
    "laplacian": lambda g: r" \\ ".join(" & ".join(map(str, row)) for row in _laplacian(g)),
    "found": lambda g: (
        ", ".join(name for name, triple in zip(NAMES, TRIPLES, strict=True) if g & triple == triple) or "none"
    ),
}

BOUNDS = {"greatest": lambda told: told}


def solve(box, facts, question):
    """Bits: every port counts the fixed sets of edges that a graph holds, or the partitions that fit it."""
    return answer(members(bounded(box, facts, BOUNDS)), facts, question, PORTS)


def steps(box, facts, question):
    """How the facts narrow the family, and how what is left answers the question."""
    told = told_apart(members(box), facts, question, PORTS, LETTERS, DIRECT, _shown)
    return {**told, "alike": _alike(fitting(members(box), facts, PORTS), question)}


NAMELESS = {"edges", "triangles", "trees", "colourings", "paths", "connected", "bipartite"}


def _alike(left, question):
    """Why the answer is the same for many graphs: they are one graph, but for the names of its vertices."""
    if question[0] not in ("value", "sum", "branch") or not NAMELESS.issuperset(question[1:]) or len(left) <= 4:
        return ""
    named = {_renamed(left[0], order) for order in permutations(range(5))}
    return ", as they differ only in the names of the vertices" if named.issuperset(left) else ""


def _renamed(one, order):
    edges = (pair for place, pair in enumerate(PAIRS) if one >> place & 1)
    return sum(1 << PAIRS.index(tuple(sorted((order[i], order[j])))) for i, j in edges)


def _shown(one):
    edges = [f"{VERTICES[i]}{VERTICES[j]}" for place, (i, j) in enumerate(PAIRS) if one >> place & 1]
    return r"$\{" + ", ".join(edges) + r"\}$"


# --- the other route: for each vertex the set of its neighbours, and searches through these ---


def _neighbours(edges):
    around = [set(), set(), set(), set(), set()]
    for i, j in edges:
        around[i].add(j)
        around[j].add(i)
    return around


def _size(around):
    return sum(map(len, around)) // 2


def _components(around):
    left, count = {0, 1, 2, 3, 4}, 0
    while left:
        count, reached = count + 1, [left.pop()]
        for vertex in reached:
            new = around[vertex] & left
            left -= new
            reached.extend(new)
    return count


def _spanning(around):
    """Of all sequences of a neighbour for A, B, C, D each, those that lead to E from everywhere."""
    if not around[4]:
        return 0
    count = 0
    for a in around[0]:
        for b in around[1]:
            for c in around[2]:
                for d in around[3]:
                    onward = (a, b, c, d, 4)
                    count += all(onward[onward[onward[onward[start]]]] == 4 for start in range(4))
    return count


def _painted(around, colours, number):
    """Ways to go on with a colouring of the first vertices."""
    vertex = len(colours)
    if vertex == 5:
        return 1
    used = {colours[other] for other in around[vertex] if other < vertex}
    return sum(_painted(around, [*colours, colour], number) for colour in range(number) if colour not in used)


def _far(around):
    """Breadth-first search from A to B."""
    reached, border, steps_made = {0}, {0}, 0
    while border:
        if 1 in border:
            return steps_made
        border = {new for old in border for new in around[old]} - reached
        reached |= border
        steps_made += 1
    return None


def _pairs_at_a_vertex(around):
    return sum(len(list(combinations(near, 2))) for near in around)


SEARCHED = {
    "edges": _size,
    "a": lambda n: len(n[0]),
    "b": lambda n: len(n[1]),
    "c": lambda n: len(n[2]),
    "triangles": lambda n: sum(len(n[i] & n[j]) for i in range(5) for j in n[i] if i < j) // 3,
    "trees": _spanning,
    "parts": _components,
    "colourings": lambda n: 3 * _painted(n, [0], 3),
    "paths": _pairs_at_a_vertex,
    "squares": lambda n: sum(len(n[i]) for i in range(5) for _ in n[i]),
    "odd": lambda n: len([near for near in n if len(near) in (1, 3)]),
    "greatest": lambda n: sorted(map(len, n))[-1],
    "least": lambda n: sorted(map(len, n))[0],
    "distance": _far,
    "product": lambda n: len(n[0]) * len(n[1]) * len(n[2]),
    "connected": lambda n: _components(n) == 1,
    "bipartite": lambda n: _painted(n, [0], 2) > 0,
    "joined": lambda n: 1 in n[0],
    "busiest": lambda n: all(len(near) < len(n[0]) for near in n[1:]),
}


def check(box, facts, question):
    """Lists of neighbours, which are searched for every graph of the family."""
    graphs = [_neighbours(edges) for size in range(11) for edges in combinations(PAIRS, size)]
    found = [around for around in graphs if all(len(near) <= box for near in around)]
    return answer(found, facts, question, SEARCHED)
