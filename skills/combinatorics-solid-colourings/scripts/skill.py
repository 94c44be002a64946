"""Count colourings of parts of a solid up to rotation."""

from collections.abc import Iterator
from functools import lru_cache
from math import perm

CYCLES = {
    "faces of a cube": [(1, 6), (6, 3), (3, 4), (6, 3), (8, 2)],
    "corners of a cube": [(1, 8), (6, 2), (3, 4), (6, 4), (8, 4)],
    "edges of a regular tetrahedron": [(1, 6), (8, 2), (3, 4)],
}
"""Pairs (number of rotations of a kind, number of cycles of such a rotation)."""
TURNS = {  # parts in the order +x -x +y -y +z -z, corners by bits, edges 01 02 03 12 13 23
    "faces of a cube": [(0, 1, 4, 5, 3, 2), (4, 5, 2, 3, 1, 0)],
    "corners of a cube": [(2, 0, 3, 1, 6, 4, 7, 5), (4, 5, 0, 1, 6, 7, 2, 3)],
    "edges of a regular tetrahedron": [(3, 0, 4, 1, 5, 2), (1, 2, 0, 5, 3, 4)],
}
"""Two rotations that generate all, as permutations of the parts."""


def solve(parts: str, k: int) -> int:
    """Burnside: average the numbers of fixed colourings."""
    return sum(number * k**cycles for number, cycles in CYCLES[parts]) // _rotations(parts)


def steps(parts: str, k: int) -> dict[str, object]:
    """The number of rotations and the colourings fixed by one rotation of each kind."""
    return {
        "rotations": _rotations(parts),
        "rotations_by_kind": [number for number, _ in CYCLES[parts]],
        "fixed_by_kind": [k**cycles for _, cycles in CYCLES[parts]],
    }


def _rotations(parts: str) -> int:
    return sum(number for number, _ in CYCLES[parts])


def check(parts: str, k: int) -> int:
    """Sum over colour patterns: colourings with that pattern, each weighted by 1 / (size of its orbit)."""
    order, weights = _patterns(parts)
    return sum(weight * perm(k, used) for used, weight in weights) // order


@lru_cache(maxsize=8)
def _patterns(parts: str) -> tuple[int, tuple[tuple[int, int], ...]]:
    """The number of rotations, and pairs (colours used, total order of the stabilisers of patterns with so many)."""
    group = _generated(TURNS[parts])
    weights: dict[int, int] = {}
    patterns = [*_growth_strings(len(group[0]))]
    for turn in group:
        fixed = patterns
        for i, j in enumerate(turn):
            fixed = [pattern for pattern in fixed if pattern[i] == pattern[j]]
        for pattern in fixed:
            weights[max(pattern) + 1] = weights.get(max(pattern) + 1, 0) + 1
    return len(group), tuple(weights.items())


def _generated(turns: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
    group = [tuple(range(len(turns[0])))]
    for known in group:
        for turn in turns:
            product = tuple(turn[i] for i in known)
            if product not in group:
                group.append(product)
    return group


def _growth_strings(n: int) -> Iterator[tuple[int, ...]]:
    """Colour patterns: words in which every new letter is the smallest unused one."""
    words: list[tuple[int, ...]] = [(0,)]
    for _ in range(n - 1):
        words = [(*word, letter) for word in words for letter in range(max(word) + 2)]
    yield from words
