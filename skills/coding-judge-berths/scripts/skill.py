"""Requests for metres of a quay over ranges of days -> how many of them are accepted in their order."""

from bisect import bisect_left


def solve(requests, m, g):
    days = sorted({s for s, t, c in requests})
    size = 1
    while size < len(days):
        size *= 2
    most, added = [0] * (2 * size), [0] * (2 * size)

    def peak(node, low, high, first, last):
        if last <= low or high <= first:
            return 0
        if first <= low and high <= last:
            return most[node]
        middle = (low + high) // 2
        inside = max(peak(2 * node, low, middle, first, last), peak(2 * node + 1, middle, high, first, last))
        return inside + added[node]

    def add(node, low, high, first, last, c):
        if last <= low or high <= first:
            return
        if first <= low and high <= last:
            most[node] += c
            added[node] += c
            return
        middle = (low + high) // 2
        add(2 * node, low, middle, first, last, c)
        add(2 * node + 1, middle, high, first, last, c)
        most[node] = added[node] + max(most[2 * node], most[2 * node + 1])

    accepted = 0
    for s, t, c in requests:
        first, last = bisect_left(days, s), bisect_left(days, t + 1 + g)
        if peak(1, 0, size, first, last) + c <= m:
            add(1, 0, size, first, last, c)
            accepted += 1
    return accepted


def check(requests, m, g):
    """Keep the metres taken on each single day."""
    taken, accepted = {}, 0
    for s, t, c in requests:
        days = range(s, t + g + 1)
        if all(taken.get(day, 0) + c <= m for day in days):
            accepted += 1
            for day in days:
                taken[day] = taken.get(day, 0) + c
    return accepted


def fits(requests, m):
    return (
        1 <= len(requests) <= 1500
        and 1 <= m <= 10**12
        and all(0 <= s <= t <= 10**9 and 1 <= c <= 10**9 for s, t, c in requests)
    )


def inputs(rng, size):
    if size == "edge":
        return [
            ([(0, 0, 1)], 1),
            ([(0, 0, 2)], 1),
            ([(0, 10**9, 10**9)], 10**12),
            ([(5, 5, 1), (5, 5, 1)], 1),
            ([(0, 3, 1), (4, 6, 1), (5, 6, 1), (6, 6, 1), (7, 9, 1)], 1),
            ([(0, 0, 1), (1, 1, 1), (2, 2, 1), (3, 3, 1), (4, 4, 1), (5, 5, 1), (6, 6, 1)], 1),
            ([(20, 30, 2), (0, 60, 1), (22, 28, 3), (24, 26, 5), (25, 25, 1), (0, 10, 8)], 10),
            ([(40, 50, 7), (0, 20, 7), (20, 40, 7), (31, 31, 7)], 10),
            ([(8, 9, 5), (0, 1, 6), (0, 9, 5), (3, 4, 10), (0, 9, 1)], 10),
        ]
    if size == "small":
        made = []
        for _ in range(150):
            top, m = rng.choice((12, 30)), rng.randint(1, 12)
            starts = [rng.randint(0, top) for _ in range(rng.randint(1, 10))]
            made.append(([(s, s + rng.randint(0, top // 2), rng.randint(1, 1 + m // 2)) for s in starts], m))
        return made
    if size == "medium":
        made = []
        for _ in range(10):
            starts = [rng.randint(0, 150) for _ in range(rng.randint(20, 40))]
            made.append(([(s, s + rng.randint(0, 60), rng.randint(1, 9)) for s in starts], rng.randint(15, 40)))
        return made
    wide = [sorted((rng.randint(0, 10**9), rng.randint(0, 10**9))) for _ in range(1500)]
    nested = [(3 * i, 10**9 - 3 * i, 1) for i in range(1500)]
    return [
        ([(s, t, rng.randint(1, 10**6)) for s, t in wide], 10**12),
        (nested, 10**3),
        ([(s, s + rng.randint(0, 10**7), rng.randint(1, 9)) for s, _ in wide], 30),
    ]


WRONG = {
    "the day after the last one is free": (
        "bisect_left(days, s), bisect_left(days, t + 1 + g)",
        "bisect_left(days, s), max(bisect_left(days, s) + 1, bisect_left(days, t + 1 + g) - 1)",
    ),
    "nothing is kept for parts": ("            added[node] += c\n", ""),
    "added is not looked at above": ("return inside + added[node]", "return inside"),
    "the maximum forgets its own": (
        "most[node] = added[node] + max(most[2 * node], most[2 * node + 1])",
        "most[node] = max(most[2 * node], most[2 * node + 1])",
    ),
    "the maximum of the left half": (
        "most[node] = added[node] + max(most[2 * node], most[2 * node + 1])",
        "most[node] = added[node] + most[2 * node]",
    ),
    "totals, not the maximum": (
        "most[node] = added[node] + max(most[2 * node], most[2 * node + 1])",
        "most[node] = added[node] + most[2 * node] + most[2 * node + 1]",
    ),
    "a full quay is too much": ("first, last) + c <= m", "first, last) + c < m"),
    "refused ships lie there too": (
        "        if peak(1, 0, size, first, last) + c <= m:\n            add(1, 0, size, first, last, c)\n"
        "            accepted += 1",
        "        accepted += peak(1, 0, size, first, last) + c <= m\n        add(1, 0, size, first, last, c)",
    ),
}


def _kept(requests, m, g, order=None, whole=False):
    """Accept one request after another, against the days on which those accepted begin."""
    accepted = []
    for s, t, c in requests if order is None else sorted(requests, key=order):
        end = t + 1 + g
        near = [one for one in accepted if one[0] < end and s < one[1]]
        if whole:
            peak = sum(one[2] for one in near)
        else:
            days = [s, *(one[0] for one in near if one[0] > s)]
            peak = max(sum(c for start, stop, c in near if start <= day < stop) for day in days)
        if peak + c <= m:
            accepted.append((s, end, c))
    return len(accepted)


def wrong_no_cleaning(requests, m, g):
    return _kept(requests, m, 0)


def wrong_a_day_less_of_cleaning(requests, m, g):
    return _kept(requests, m, g - 1)


def wrong_everything_that_overlaps_at_once(requests, m, g):
    return _kept(requests, m, g, whole=True)


def wrong_by_their_first_days(requests, m, g):
    return _kept(requests, m, g, order=lambda one: one[0])


def wrong_only_the_first_and_last_day(requests, m, g):
    taken, accepted = [], 0
    for s, t, c in requests:
        days = (s, t + g)
        if all(sum(one[2] for one in taken if one[0] <= day <= one[1]) + c <= m for day in days):
            taken.append((s, t + g, c))
            accepted += 1
    return accepted


def slow_every_accepted_request(requests, m, g):
    accepted = []
    for s, t, c in requests:
        changes = []
        for start, stop, metres in accepted:
            if start < t + 1 + g and s < stop:
                changes.append((max(start, s), metres))
                changes.append((stop, -metres))
        level = peak = 0
        for _, change in sorted(changes):
            level += change
            peak = max(peak, level)
        if peak + c <= m:
            accepted.append((s, t + 1 + g, c))
    return len(accepted)


def slow_array_of_days(requests, m, g):
    days = sorted({day for s, t, _ in requests for day in (s, t + 1 + g)})
    taken = [0] * len(days)
    accepted = 0
    for s, t, c in requests:
        places = range(bisect_left(days, s), bisect_left(days, t + 1 + g))
        if all(taken[place] + c <= m for place in places):
            accepted += 1
            for place in places:
                taken[place] += c
    return accepted


def other_pushes_down(requests, m, g):
    days = sorted({s for s, _, _ in requests} | {t + g + 1 for _, t, _ in requests})
    place = {day: number for number, day in enumerate(days)}
    most, wait = [0] * (4 * len(days)), [0] * (4 * len(days))

    def visit(node, low, high, first, last, c):
        """Add c to a range, and return its maximum."""
        if first <= low and high <= last:
            most[node] += c
            wait[node] += c
            return most[node]
        for child in (2 * node, 2 * node + 1):
            most[child] += wait[node]
            wait[child] += wait[node]
        wait[node] = 0
        middle, found = (low + high) // 2, 0
        if first < middle:
            found = visit(2 * node, low, middle, first, last, c)
        if last > middle:
            found = max(found, visit(2 * node + 1, middle, high, first, last, c))
        most[node] = max(most[2 * node], most[2 * node + 1])
        return found

    accepted = 0
    for s, t, c in requests:
        ends = (1, 0, len(days), place[s], place[t + g + 1])
        if visit(*ends, c) <= m:
            accepted += 1
        else:
            visit(*ends, -c)
    return accepted


def other_blocks(requests, m, g):
    days = sorted({day for s, t, _ in requests for day in (s, t + g + 1)})
    width = max(1, int(len(days) ** 0.5))
    taken = [0] * len(days)
    count = len(days) // width + 1
    top, plus = [0] * count, [0] * count
    accepted = 0
    for s, t, c in requests:
        first, last = bisect_left(days, s), bisect_left(days, t + g + 1)
        start, stop = -(-first // width), last // width
        parts = [(first, last)] if start > stop else [(first, start * width), (stop * width, last)]
        peak = max(top[start:stop], default=0)
        for low, high in parts:
            if low < high:
                peak = max(peak, max(taken[low:high]) + plus[low // width])
        if peak + c > m:
            continue
        accepted += 1
        for block in range(start, stop):
            top[block] += c
            plus[block] += c
        for low, high in parts:
            if low < high:
                taken[low:high] = [level + c for level in taken[low:high]]
                block = low // width
                top[block] = max(taken[block * width : (block + 1) * width]) + plus[block]
    return accepted


EQUIVALENT = {
    "size = 1: 1 -> 2": "Any power of 2 that is large enough.",
    "while size < len(days): size < len(days) -> size <= len(days)": "Any power of 2 that is large enough.",
    "most, added = ([0] * (2 * size), [0] * (2 * size)): 2 -> 3": "More elements than needed.",
    "most, added = ([0] * (2 * size), [0] * (2 * size)): 2 -> 3 (2)": "More elements than needed.",
}
