"""Integers and a modulus -> sizes of the groups of positions joined by sums that the modulus divides."""

from collections import Counter


def solve(xs: list[int], m: int) -> list[int]:
    counts = Counter(x % m for x in xs)
    sizes: list[int] = []
    for remainder, count in counts.items():
        partner = -remainder % m
        if partner == remainder:
            sizes.append(count)
        elif partner not in counts:
            sizes += [1] * count
        elif remainder < partner:
            sizes.append(count + counts[partner])
    return sorted(sizes, reverse=True)


def steps(xs: list[int], m: int) -> dict[str, list[int]]:
    """The remainders of the elements."""
    return {"remainders": [x % m for x in xs]}


def check(xs: list[int], m: int) -> list[int]:
    """Merge the groups of every joined pair."""
    group = list(range(len(xs)))
    for i in range(len(xs)):
        for j in range(i):
            if (xs[i] + xs[j]) % m == 0:
                group = [group[i] if name == group[j] else name for name in group]
    return sorted((group.count(name) for name in set(group)), reverse=True)
