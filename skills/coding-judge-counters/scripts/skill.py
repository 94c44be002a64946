"""Service times and a number of counters -> the times at which the customers are done."""

from heapq import heapify, heapreplace


def solve(xs: list[int], k: int) -> list[int]:
    free = [0] * k
    heapify(free)
    done = []
    for x in xs:
        done.append(free[0] + abs(x))
        heapreplace(free, done[-1])
    return done


def steps(xs: list[int], k: int) -> dict[str, list[int]]:
    """The times at which the customers start."""
    starts: list[int] = []
    ends: list[int] = []
    for x in xs:
        starts.append(sorted(ends)[-k] if len(ends) >= k else 0)
        ends.append(starts[-1] + abs(x))
    return {"starts": starts}


def check(xs: list[int], k: int) -> list[int]:
    """Everybody starts when all but k - 1 of the earlier customers are done."""
    ends: list[int] = []
    for x in xs:
        start = 0
        while sum(end > start for end in ends) >= k:
            start = min(end for end in ends if end > start)
        ends.append(start + (x if x > 0 else -x))
    return ends
