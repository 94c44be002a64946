"""Integers and a gap -> the largest sum of elements that stand at least that gap apart."""

from functools import cache


def solve(xs: list[int], g: int) -> int:
    best = [0]
    for i, x in enumerate(xs):
        best.append(max(best[i], x + best[max(0, i + 1 - g)]))
    return best[-1]


def steps(xs: list[int], g: int) -> dict[str, list[int]]:
    """Best sums of the first 1, 2, 3, ... elements, and a selection with the best of all."""
    best = [0]
    for i, x in enumerate(xs):
        best.append(max(best[i], x + best[max(0, i + 1 - g)]))
    chosen, i = [], len(xs)
    while i > 0:
        if best[i] == best[i - 1]:
            i -= 1
        else:
            chosen.append(xs[i - 1])
            i -= g
    return {"best": best[1:], "chosen": chosen[::-1]}


def check(xs: list[int], g: int) -> int:
    """Split in the middle: of g neighbours at most one is chosen, and without them the sides are free."""

    @cache
    def best(low: int, high: int) -> int:
        if low >= high:
            return 0
        middle = (low + high) // 2
        after = min(middle + g, high)
        sums = [best(low, middle) + best(after, high)]
        for i in range(middle, after):
            sums.append(best(low, i - g + 1) + xs[i] + best(i + g, high))
        return max(sums)

    return best(0, len(xs))
