"""Integers and a step -> the length of the longest subsequence rising by at least that step."""

from bisect import bisect_right


def solve(xs: list[int], d: int) -> int:
    lowest_end: list[int] = []
    for x in xs:
        length = bisect_right(lowest_end, x - d)
        if length == len(lowest_end):
            lowest_end.append(x)
        else:
            lowest_end[length] = min(lowest_end[length], x)
    return len(lowest_end)


def steps(xs: list[int], d: int) -> dict[str, list[int]]:
    """Length of the longest subsequence that ends with each element, and one of the longest of all."""
    lengths: list[int] = []
    for i, x in enumerate(xs):
        lengths.append(1 + max((lengths[j] for j in range(i) if xs[j] <= x - d), default=0))
    chosen: list[int] = []
    for x, length in zip(reversed(xs), reversed(lengths), strict=True):
        if length == max(lengths) - len(chosen) and (not chosen or x <= chosen[-1] - d):
            chosen.append(x)
    return {"lengths": lengths, "chosen": chosen[::-1]}


def check(xs: list[int], d: int) -> int:
    """The longest chain that ends at each position, from all the positions before it."""
    longest: list[int] = []
    for j, x in enumerate(xs):
        longest.append(1 + max((longest[i] for i in range(j) if xs[i] + d <= x), default=0))
    return max(longest, default=0)
