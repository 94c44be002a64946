"""Balances of days and a wanted total -> the length of the shortest run of days that reaches it."""

from bisect import bisect_right
from collections import deque


def solve(days, m, a):
    total = [0]
    for balance in days:
        total.append(total[-1] + balance)
    best = len(days) + 1
    starts = deque()
    for end in range(a, len(total)):
        start = end - a
        while starts and total[starts[-1]] >= total[start]:
            starts.pop()
        starts.append(start)
        while starts and total[end] - total[starts[0]] >= m:
            best = min(best, end - starts.popleft())
    return best if best <= len(days) else -1


def check(days, m, a):
    """Add up every run of days."""
    for length in range(a, len(days) + 1):
        for start in range(len(days) - length + 1):
            balance = 0
            for day in days[start : start + length]:
                balance += day
            if balance >= m:
                return length
    return -1


def read(text):
    n, m, *days = map(int, text.split())
    return days[:n], m


def write(days, m):
    return f"{len(days)} {m}\n{' '.join(map(str, days))}\n"


def fits(days, m):
    return 1 <= len(days) <= 2500 and 1 <= m <= 10**12 and all(abs(day) <= 10**9 for day in days)


def inputs(rng, size):
    if size == "edge":
        return [
            ([1], 1),
            ([1], 2),
            ([-5], 1),
            ([10**9], 10**9),
            ([2, -1, 2], 3),
            ([84, -37, 32, 40, 95], 167),
            ([-1, -1, -1, -1, -1], 1),
            ([5, 5, 5, 5, 5, 5], 30),
            ([5, 0, 0, 0, 0, 5], 5),
            ([10**9] * 1000, 10**12),
            ([0, 0, 0, 1], 1),
        ]
    if size == "small":
        return [
            ([rng.randint(-6, 9) for _ in range(rng.randint(1, 12))], rng.randint(1, rng.choice((6, 20))))
            for _ in range(150)
        ]
    if size == "medium":
        return [
            ([rng.randint(-(10**3), 10**3) for _ in range(rng.randint(20, 60))], rng.randint(1, 4000))
            for _ in range(20)
        ]
    ups = [rng.randint(1, 9) if i % 3 else -rng.randint(1, 9) for i in range(2500)]
    return [(ups, 10**12), ([1] * 2500, 2500), ([rng.randint(-(10**6), 10**6) for _ in range(2500)], 10**9)]


WRONG = {
    "sums do not stay in order": ("total[starts[-1]] >= total[start]", "False"),
    "strictly more": ("total[end] - total[starts[0]] >= m", "total[end] - total[starts[0]] > m"),
    "only one start a day": ("        while starts and total[end]", "        if starts and total[end]"),
    "one day too many": ("end - starts.popleft()", "end - starts.popleft() + 1"),
    "no run is 0": ("else -1", "else 0"),
    "whole list forgotten": ("best <= len(days)", "best < len(days)"),
    "least length one more": ("start = end - a", "start = max(0, end - a - 1)"),
    "last start first": ("best = min(best, end - starts.popleft())", "best = min(best, end - starts.pop())"),
}


def wrong_sliding_window(days, m, a):
    best, start, balance = len(days) + 1, 0, 0
    for end, day in enumerate(days, 1):
        balance += day
        while balance >= m and end - start >= a:
            best = min(best, end - start)
            balance -= days[start]
            start += 1
    return best if best <= len(days) else -1


def wrong_restart_below_zero(days, m, a):
    best, length, balance = len(days) + 1, 0, 0
    for day in days:
        balance, length = (balance + day, length + 1) if balance > 0 else (day, 1)
        if balance >= m and length >= a:
            best = min(best, length)
    return best if best <= len(days) else -1


def slow_all_differences(days, m, a):
    total = [0]
    for balance in days:
        total.append(total[-1] + balance)
    best = len(days) + 1
    for start in range(len(days)):
        for end in range(start + a, len(days) + 1):
            if total[end] - total[start] >= m:
                best = min(best, end - start)
                break
    return best if best <= len(days) else -1


def other_halving_in_a_stack(days, m, a):
    total = [0]
    for balance in days:
        total.append(total[-1] + balance)
    best, sums, places = len(days) + 1, [], []
    for end in range(a, len(total)):
        while sums and sums[-1] >= total[end - a]:
            sums.pop()
            places.pop()
        sums.append(total[end - a])
        places.append(end - a)
        found = bisect_right(sums, total[end] - m)
        if found:
            best = min(best, end - places[found - 1])
    return best if best <= len(days) else -1


def other_tree_of_least_sums(days, m, a):
    """For each end the last start whose prefix sum is small enough, in a tree of minima over places."""
    total = [0]
    for balance in days:
        total.append(total[-1] + balance)
    size = 1
    while size < len(total):
        size *= 2
    least = [10**18] * (2 * size)
    best = len(days) + 1
    for end in range(a, len(total)):
        node = size + end - a
        least[node] = total[end - a]
        while node > 1:
            node //= 2
            least[node] = min(least[2 * node], least[2 * node + 1])
        if least[1] <= total[end] - m:
            node = 1
            while node < size:
                node = 2 * node + (least[2 * node + 1] <= total[end] - m)
            best = min(best, end - (node - size))
    return best if best <= len(days) else -1


EQUIVALENT = {
    "total = [0]: 0 -> 1": "All prefix sums grow by one, and their differences stay.",
    "best = len(days) + 1: 1 -> 2": "Any number above all lengths.",
    "while starts and total[starts[-1]] >= total[start]: total[starts[-1]] >= total[start] -> "
    "total[starts[-1]] > total[start]": "Of equal sums the earlier start is used up first, and the later one after it.",
}
