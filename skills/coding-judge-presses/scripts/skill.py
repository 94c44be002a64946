"""Presses with warm-up and sheet times, a number of posters -> the first second at which they are finished."""

import heapq


def solve(presses, m, c):
    low, high = 0, min(a + b * m for a, b in presses)
    while low < high:
        t = (low + high) // 2
        done = 0
        for a, b in presses:
            if t > a:
                done += (t - a) // b * c
        if done >= m:
            high = t
        else:
            low = t + 1
    return low


def check(presses, m, c):
    """Let every press run, second by second."""
    second, done = 0, 0
    following = [a + b for a, b in presses]
    while done < m:
        second += 1
        for i, (_, b) in enumerate(presses):
            if following[i] == second:
                done += c
                following[i] += b
    return second


def read(text):
    n, m, *rest = map(int, text.split())
    return list(zip(rest[::2], rest[1::2], strict=True))[:n], m


def write(presses, m):
    return f"{len(presses)} {m}\n" + "".join(f"{a} {b}\n" for a, b in presses)


def fits(presses, m):
    return (
        1 <= len(presses) <= 1000 and 1 <= m <= 10**12 and all(0 <= a <= 10**9 and 1 <= b <= 10**9 for a, b in presses)
    )


def inputs(rng, size):
    if size == "edge":
        return [
            ([(0, 1)], 1),
            ([(10**9, 10**9)], 1),
            ([(0, 1)], 10**12),
            ([(5, 5), (0, 10)], 1),
            ([(0, 7), (0, 7), (0, 7)], 11),
            ([(10**9, 10**9), (10**9, 10**9)], 10**12),
            ([(10**9, 1), (0, 10**9)], 2),
            ([(0, 10**9)], 10**12),
        ]
    if size == "small":
        return [
            ([(rng.randint(0, 8), rng.randint(1, 6)) for _ in range(rng.randint(1, 4))], rng.randint(1, 40))
            for _ in range(130)
        ]
    if size == "medium":
        return [
            (
                [
                    (rng.randint(0, 10 ** rng.randint(0, 9)), rng.randint(1, 10 ** rng.randint(0, 9)))
                    for _ in range(rng.randint(2, 30))
                ],
                rng.randint(1, 10 ** rng.randint(1, 12)),
            )
            for _ in range(30)
        ]
    return [
        ([(rng.randint(0, 10**9), rng.randint(10**8, 10**9)) for _ in range(1000)], 10**12),
        ([(rng.randint(0, 10**9), rng.randint(9 * 10**8, 10**9)) for _ in range(1000)], 1001),
    ]


WRONG = {
    "no clamp while warming up": (
        "            if t > a:\n                done += (t - a)",
        "            done += (t - a)",
    ),
    "bound from the fastest press": (
        "min(a + b * m for a, b in presses)",
        "min(b for _, b in presses) * m // len(presses) + min(a for a, _ in presses)",
    ),
    "float division": ("(t - a) // b * c", "int((t - a) / b) * c"),
    "strictly more": ("done >= m", "done > m"),
    "the last time tried": ("return low", "return t"),
    "warm-up ignored": ("(t - a) // b", "t // b"),
    "rounds up": ("(t - a) // b", "-((a - t) // b)"),
    "posters, not sheets": ("(t - a) // b * c", "(t - a) * c // b"),
    "one poster for a sheet": ("// b * c", "// b"),
    "bound too low": ("min(a + b * m for a, b in presses)", "10**12"),
}

EQUIVALENT = {
    "low, high = (0, min((a + b * m for a, b in presses))): 0 -> 1": (
        "No sheet is finished at second 0, so the answer is at least 1."
    ),
    "if t > a: t > a -> t >= a": "At t = a the sheets finished are 0 // b = 0.",
}


def slow_poster_by_poster(presses, m, c):
    waiting = [(a + b, b) for a, b in presses]
    heapq.heapify(waiting)
    done = 0
    while done < m:
        second, b = heapq.heappop(waiting)
        done += c
        heapq.heappush(waiting, (second + b, b))
    return second


def slow_second_by_second(presses, m, c):
    def finished(t):
        return sum((t - a) // b * c for a, b in presses if t > a)

    t = 1
    while finished(t) < m:
        t *= 2
    t //= 2
    while finished(t) < m:
        t += 1
    return t


def other_fixed_bounds(presses, m, c):
    low, high = -1, 1 << 70
    while high - low > 1:
        t = (low + high) >> 1
        if sum(max(0, (t - a) // b) * c for a, b in presses) >= m:
            high = t
        else:
            low = t
    return high


def other_early_end(presses, m, c):
    def enough(t):
        done = 0
        for a, b in presses:
            if t >= a:
                done += (t - a) // b * c
            if done >= m:
                return True
        return False

    step, t = 1 << 70, 0
    while step:
        if not enough(t + step - 1):
            t += step
        step >>= 1
    return t
