"""Heights and the longest move -> the smallest total climb from the first to the last of them."""

from heapq import heappop, heappush


def solve(xs: list[int], k: int) -> int:
    settled: set[int] = set()
    heap = [(0, 0)]
    while heap:
        cost, i = heappop(heap)
        if i >= len(xs) - 1:
            return cost
        if i in settled:
            continue
        settled.add(i)
        for j in range(max(0, i - k), min(len(xs), i + k + 1)):
            if j not in settled:
                heappush(heap, (cost + max(0, xs[j] - xs[i]), j))
    return 0


def steps(xs: list[int], k: int) -> dict[str, list[int]]:
    """The positions in the order in which they are settled, counted from 1, and what each costs."""
    cost, order = {0: 0}, [0]
    while order[-1] != len(xs) - 1:
        reach = {
            j: min(cost[i] + max(0, xs[j] - xs[i]) for i in order if abs(i - j) <= k)
            for j in range(len(xs))
            if j not in cost and any(abs(i - j) <= k for i in order)
        }
        nearest = min(reach, key=lambda j: (reach[j], j))
        cost[nearest] = reach[nearest]
        order.append(nearest)
    return {"order": [i + 1 for i in order], "costs": [cost[i] for i in order]}


def check(xs: list[int], k: int) -> int:
    """Relax every move until no cost falls any more."""
    if len(xs) < 2:
        return 0
    dearest = (max(xs) - min(xs)) * len(xs) + 1
    costs = [0] + [dearest] * (len(xs) - 1)
    for _ in xs:
        for i in range(len(xs)):
            for j in range(len(xs)):
                if abs(i - j) <= k:
                    costs[j] = min(costs[j], costs[i] + max(0, xs[j] - xs[i]))
    return costs[-1]
