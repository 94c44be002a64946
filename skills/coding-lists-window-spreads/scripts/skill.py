"""Integers and a width -> largest minus smallest element of every window of that width."""

from collections import deque


def highest_in_reach(xs: list[int], width: int) -> list[int]:
    maxima = []
    candidates: deque[int] = deque()
    for i, x in enumerate(xs):
        while candidates and xs[candidates[-1]] <= x:
            candidates.pop()
        candidates.append(i)
        if candidates[0] <= i - width:
            candidates.popleft()
        if i >= width - 1:
            maxima.append(xs[candidates[0]])
    return maxima


def solve(xs: list[int], k: int) -> list[int]:
    highest = highest_in_reach(xs, k)
    lowest = highest_in_reach([-x for x in xs], k)
    return [high + low for high, low in zip(highest, lowest, strict=True)]


def steps(xs: list[int], k: int) -> dict[str, list[int]]:
    """The largest and the smallest element of each window."""
    windows = [xs[i : i + k] for i in range(len(xs) - k + 1)]
    return {"highest": [max(window) for window in windows], "lowest": [min(window) for window in windows]}


def check(xs: list[int], k: int) -> list[int]:
    """Sort every window on its own."""
    windows = [sorted(xs[start : start + k]) for start in range(len(xs) - k + 1)]
    return [window[-1] - window[0] for window in windows]
