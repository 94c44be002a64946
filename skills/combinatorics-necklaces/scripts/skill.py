"""Count colourings of the corners of a regular polygon up to its symmetries."""

from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from math import gcd, perm


def solve(n: int, k: int, moves: str) -> int:
    """Burnside: average the colourings that each rotation, and perhaps each reflection, leaves fixed."""
    rotations = sum(k ** gcd(n, shift) for shift in range(n))
    if moves == "rotation":
        return rotations // n
    reflections = n * k ** ((n + 1) // 2) if n % 2 else n // 2 * (k ** (n // 2) + k ** (n // 2 + 1))
    return (rotations + reflections) // (2 * n)


def steps(n: int, k: int, moves: str) -> dict[str, int | str]:
    """The symmetries, the colourings that rotations leave unchanged, and those that reflections do, with the reason."""
    half, through = n // 2, (n + 2) // 2
    if moves == "rotation":
        reflections, mirrored = 0, "Reflections are not allowed here, so they add $0$"
    elif n % 2:
        reflections = n * k**through
        mirrored = (
            f"Each of the ${n}$ reflections has one place on its axis and exchanges the others in pairs, "
            rf"so together they leave ${n} \cdot {k}^{{{through}}} = {reflections}$ colourings unchanged"
        )
    else:
        reflections = half * (k**half + k**through)
        mirrored = (
            f"Of the reflections ${half}$ have no place on their axis and ${half}$ have two, so together "
            rf"they leave ${half} \cdot {k}^{{{half}}} + {half} \cdot {k}^{{{through}}} = {reflections}$ colourings "
            "unchanged"
        )
    return {
        "symmetries": n if moves == "rotation" else 2 * n,
        "turn": n - 1,
        "turned": " + ".join(f"{k}^{{{gcd(n, shift)}}}" for shift in range(n)),
        "rotations": sum(k ** gcd(n, shift) for shift in range(n)),
        "mirrored": mirrored,
        "reflections": reflections,
    }


def check(n: int, k: int, moves: str) -> int:
    """Sum over colour patterns: colourings with that pattern, each weighted by 1 / (size of its orbit)."""
    group = 2 * n if moves == "rotation and reflection" else n
    return sum(weight * perm(k, used) for used, weight in _patterns(n, moves)) // group


@lru_cache(maxsize=64)
def _patterns(n: int, moves: str) -> tuple[tuple[int, int], ...]:
    """Pairs (number of colours used, total order of the stabilisers of such patterns)."""
    weights: Counter[int] = Counter()
    for word in _growth_strings(n):
        images = [word[i:] + word[:i] for i in range(n)]
        if moves == "rotation and reflection":
            images += [image[::-1] for image in images]
        weights[max(word) + 1] += images.count(word)
    return tuple(weights.items())


def _growth_strings(n: int) -> Iterator[tuple[int, ...]]:
    """Colour patterns: words in which every new letter is the smallest unused one."""
    words: list[tuple[int, ...]] = [(0,)]
    for _ in range(n - 1):
        words = [(*w, c) for w in words for c in range(max(w) + 2)]
    yield from words
