"""Integers and a step -> the largest sum of a subsequence rising by at least that step."""

from bisect import bisect_left, bisect_right


def solve(xs: list[int], d: int) -> int:
    ends: list[int] = []  # ends of chains worth keeping: of two, the larger one has the larger sum
    sums: list[int] = []
    for x in xs:
        before = bisect_right(ends, x - d)
        total = x + (sums[before - 1] if before else 0)
        place = bisect_right(ends, x)
        if total <= 0 or (place and sums[place - 1] >= total):
            continue
        place = bisect_left(ends, x)
        while place < len(ends) and sums[place] <= total:
            del ends[place], sums[place]
        ends.insert(place, x)
        sums.insert(place, total)
    return sums[-1] if sums else 0


def steps(xs: list[int], d: int) -> dict[str, list[int]]:
    """Largest sum of a subsequence that ends with each element, and the best subsequence of all."""
    sums: list[int] = []
    before: list[int] = []
    for i, x in enumerate(xs):
        fitting = [j for j in range(i) if xs[j] <= x - d and sums[j] > 0]
        before.append(max(fitting, key=lambda j: sums[j], default=-1))
        sums.append(x + (sums[before[-1]] if fitting else 0))
    place = max(range(len(xs)), key=lambda j: sums[j], default=-1)
    chosen: list[int] = []
    while place >= 0 and sums[place] > 0:
        chosen.append(xs[place])
        place = before[place]
    return {"sums": sums, "chosen": chosen[::-1]}


def check(xs: list[int], d: int) -> int:
    """The best chain that ends at each position, from all the positions before it."""
    best: list[int] = []
    for j, x in enumerate(xs):
        best.append(x + max([0, *(best[i] for i in range(j) if xs[i] + d <= x)]))
    return max([0, *best])
