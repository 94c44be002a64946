"""Requests with beginning, end and price -> the largest total price of requests that keep a pause between them."""

from bisect import bisect_right


def solve(bookings, g):
    ordered = sorted(bookings, key=lambda one: one[1])
    ends, best = [], [0]
    for s, t, p in ordered:
        before = bisect_right(ends, s - g)
        best.append(max(best[-1], best[before] + p))
        ends.append(t)
    return best[-1]


def check(bookings, g):
    """Try every choice."""

    def largest(number, taken):
        if number == len(bookings):
            return 0
        s, t, p = bookings[number]
        best = largest(number + 1, taken)
        if all(s >= end + g or start >= t + g for start, end in taken):
            best = max(best, p + largest(number + 1, [*taken, (s, t)]))
        return best

    return largest(0, [])


def fits(bookings):
    return len(bookings) <= 800 and all(0 <= s < t <= 10**9 and 1 <= p <= 10**9 for s, t, p in bookings)


def inputs(rng, size):
    if size == "edge":
        return [
            ([],),
            ([(0, 1, 1)],),
            ([(0, 10**9, 10**9)],),
            ([(0, 1, 5), (2, 3, 5)],),
            ([(0, 1, 5), (3, 4, 5)],),
            ([(0, 1, 5), (6, 7, 5)],),
            ([(0, 20, 30), (0, 2, 9), (8, 10, 9), (16, 18, 9)],),
            ([(0, 20, 20), (0, 2, 9), (8, 10, 9), (16, 18, 9)],),
            ([(3, 4, 7), (3, 4, 7), (3, 4, 8)],),
            ([(9, 12, 4), (0, 1, 3)],),
        ]
    if size == "small":
        made = []
        for _ in range(160):
            starts = [rng.randint(0, 20) for _ in range(rng.randint(1, 8))]
            made.append(([(s, s + rng.randint(1, 9), rng.randint(1, 20)) for s in starts],))
        return made
    if size == "medium":
        return []
    wide = [
        (s, s + rng.randint(1, 10**8), rng.randint(1, 10**9)) for s in (rng.randint(0, 9 * 10**8) for _ in range(800))
    ]
    row = [(9 * i, 9 * i + 3, rng.randint(1, 10**9)) for i in range(800)]
    return [(wide,), (row,), (row[::-1],)]


WRONG = {
    "touching is not enough": ("bisect_right(ends, s - g)", "bisect_right(ends, s - g - 1)"),
    "no pause": ("bisect_right(ends, s - g)", "bisect_right(ends, s)"),
    "not sorted": ("sorted(bookings, key=lambda one: one[1])", "bookings"),
    "sorted by beginning": ("key=lambda one: one[1]", "key=lambda one: one[0]"),
    "always taken": ("max(best[-1], best[before] + p)", "best[before] + p"),
    "one before": ("best[before] + p", "best[max(0, before - 1)] + p"),
    "the last alone": ("return best[-1]", "return best[-1] if len(best) < 3 else best[-2]"),
    "number, not price": ("best[before] + p", "best[before] + 1"),
}


def wrong_what_ends_first(bookings, g):
    total, end = 0, -g
    for s, t, p in sorted(bookings, key=lambda one: one[1]):
        if s >= end + g:
            total, end = total + p, t
    return total


def wrong_what_pays_most(bookings, g):
    taken, total = [], 0
    for s, t, p in sorted(bookings, key=lambda one: -one[2]):
        if all(s >= end + g or start >= t + g for start, end in taken):
            taken.append((s, t))
            total += p
    return total


def slow_all_earlier(bookings, g):
    ordered = sorted(bookings, key=lambda one: one[1])
    best = []
    for number, (s, _, p) in enumerate(ordered):
        most = 0
        for other in range(number):
            if ordered[other][1] <= s - g:
                most = max(most, best[other])
        best.append(most + p)
    return max(best, default=0)


def other_from_the_end(bookings, g):
    ordered = sorted(bookings)
    starts = [s for s, _, _ in ordered]
    best = [0] * (len(ordered) + 1)
    for number in range(len(ordered) - 1, -1, -1):
        _, t, p = ordered[number]
        low, high = number + 1, len(ordered)
        while low < high:
            middle = (low + high) // 2
            if starts[middle] >= t + g:
                high = middle
            else:
                low = middle + 1
        best[number] = max(best[number + 1], p + best[low])
    return best[0]


def other_sweep(bookings, g):
    events = sorted(
        [(s, 1, number) for number, (s, _, _) in enumerate(bookings)]
        + [(t + g, 0, number) for number, (_, t, _) in enumerate(bookings)]
    )
    best, value = 0, {}
    for _, begins, number in events:
        if begins:
            value[number] = best + bookings[number][2]
        else:
            best = max(best, value[number])
    return best


EQUIVALENT = {}
