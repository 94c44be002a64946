"""Rectangles of light with a margin that is too dim -> a point that the most rectangles light well."""


def solve(lamps, g):
    bright = [(x + g, y + g, z - g, t - g) for x, y, z, t in lamps if z - x >= 2 * g and t - y >= 2 * g]
    heights = sorted({y for _, y, _, _ in bright})
    place = {y: number for number, y in enumerate(heights)}
    ends = sorted({t for _, _, _, t in bright})
    size = 1
    while size < len(heights):
        size *= 2
    most, added = [0] * (2 * size), [0] * (2 * size)
    above, number = {}, 0
    for t in ends:
        while number < len(heights) and heights[number] <= t:
            number += 1
        above[t] = number
    events = []
    for x, y, z, t in bright:
        events.append((x, 0, place[y], above[t]))
        events.append((z, 1, place[y], above[t]))
    best, point = 0, (0, 0)
    for x, closes, first, last in sorted(events):
        low, high = first + size, last + size
        step = 1 - 2 * closes
        while low < high:
            if low % 2:
                most[low] += step
                added[low] += step
                low += 1
            if high % 2:
                high -= 1
                most[high] += step
                added[high] += step
            low //= 2
            high //= 2
        for node in (first + size, last + size - 1):
            while node > 1:
                node //= 2
                most[node] = added[node] + max(most[2 * node], most[2 * node + 1])
        if most[1] > best:
            best, node = most[1], 1
            while node < size:
                node = 2 * node + (most[2 * node + 1] > most[2 * node])
            point = x, heights[node - size]
    return point


def check(lamps, g):
    """Try every point whose coordinates are the first well lit ones of some rectangles."""
    best, point = 0, (0, 0)
    for x in [one[0] + g for one in lamps]:
        for y in [one[1] + g for one in lamps]:
            lit = 0
            for left, low, right, high in lamps:
                if left + g <= x <= right - g and low + g <= y <= high - g:
                    lit += 1
            if lit > best:
                best, point = lit, (x, y)
    return point


def accepts(lamps, found, expected, g):
    """A point that as many rectangles light well as the reference's."""
    return _lit(lamps, found, g) == _lit(lamps, expected, g)


def _lit(lamps, point, g):
    """How many rectangles light a point well; None for what is no point of the plane in question."""
    if type(point) is not tuple or [type(one) for one in point] != [int, int] or max(map(abs, point)) > 10**9:
        return None
    x, y = point
    return sum(left + g <= x <= right - g and low + g <= y <= high - g for left, low, right, high in lamps)


def read(text):
    _, *numbers = map(int, text.split())
    return (list(zip(*[iter(numbers)] * 4, strict=True)),)


def write(lamps):
    return f"{len(lamps)}\n" + "".join(f"{x} {y} {z} {t}\n" for x, y, z, t in lamps)


def printed(text):
    """The point that an output names; None if it names none."""
    words = text.split()
    whole = [word for word in words if word.removeprefix("-").isdecimal() and word.isascii() and len(word) < 20]
    return (int(words[0]), int(words[1])) if len(whole) == len(words) == 2 else None


def fits(lamps):
    return 1 <= len(lamps) <= 800 and all(0 <= x < z <= 10**9 and 0 <= y < t <= 10**9 for x, y, z, t in lamps)


def _boxes(rng, count, top, longest):
    made = []
    for _ in range(count):
        x, y = rng.randint(0, top - 1), rng.randint(0, top - 1)
        made.append((x, y, min(top, x + rng.randint(1, longest)), min(top, y + rng.randint(1, longest))))
    return made


def inputs(rng, size):
    if size == "edge":
        return [
            ([(0, 0, 1, 1)],),
            ([(0, 0, 4, 4)],),
            ([(0, 0, 6, 6)],),
            ([(3, 3, 13, 13)],),
            ([(3, 3, 7, 7), (0, 0, 3, 3)],),
            ([(0, 0, 10, 10), (10, 0, 20, 10), (0, 10, 10, 20), (10, 10, 20, 20)],),
            ([(0, 0, 10, 10), (8, 0, 20, 10), (0, 8, 10, 20), (8, 8, 20, 20)],),
            ([(0, 0, 10, 10), (6, 0, 20, 10), (0, 6, 10, 20), (6, 6, 20, 20)],),
            ([(0, 4, 20, 8), (4, 0, 8, 20), (9, 0, 14, 20), (0, 9, 20, 14)],),
            ([(5, 5, 15, 15)] * 3,),
            ([(0, 0, 20, 20), (8, 0, 12, 20), (7, 0, 13, 20), (5, 0, 15, 20), (10, 0, 11, 20)],),
            ([(0, 0, 10**9, 10**9), (10**9 - 9, 10**9 - 9, 10**9, 10**9)],),
            ([(0, 0, 9, 1), (0, 0, 1, 9), (20, 20, 30, 30)],),
        ]
    if size == "small":
        return [(_boxes(rng, rng.randint(1, 8), top := rng.choice((9, 15, 30)), top),) for _ in range(150)]
    if size == "medium":
        return [(_boxes(rng, 20, 60, rng.choice((15, 60))),) for _ in range(10)]
    high = 10**9
    bars = [
        (rng.randint(0, high // 3), 3 * 10**5 * i, rng.randint(high // 2, high), high - 10**5 * i) for i in range(800)
    ]
    return [(_boxes(rng, 800, high, high),), (bars,), (_boxes(rng, 800, 10**4, 10**3),)]


WRONG = {
    "the border is dark": ("z - x >= 2 * g and t - y >= 2 * g", "z - x > 2 * g and t - y > 2 * g"),
    "no margin": ("(x + g, y + g, z - g, t - g)", "(x, y, z, t)"),
    "thin rectangles are not left out": ("z - x >= 2 * g and ", ""),
    "closed before others open": ("events.append((z, 1,", "events.append((z, -1,"),
    "upper borders do not belong": ("heights[number] <= t", "heights[number] < t"),
    "never closed": ("step = 1 - 2 * closes", "step = 1 - closes"),
    "the last best point is forgotten": ("most[1] > best", "most[1] > 0"),
    "the wrong way down": ("most[2 * node + 1] > most[2 * node]", "most[2 * node + 1] < most[2 * node]"),
    "pending is forgotten": ("most[node] = added[node] + max(", "most[node] = max("),
    "coordinates exchanged": ("point = x, heights[node - size]", "point = heights[node - size], x"),
}


def wrong_the_middle_of_the_best_rectangle(lamps, g):
    best, point = -1, (0, 0)
    for left, low, right, high in lamps:
        x, y = (left + right) // 2, (low + high) // 2
        lit = sum(a + g <= x <= c - g and b + g <= y <= d - g for a, b, c, d in lamps)
        if lit > best:
            best, point = lit, (x, y)
    return point


def wrong_most_along_each_axis(lamps, g):
    def densest(parts):
        events = sorted([(low + g, 0) for low, high in parts] + [(high - g, 1) for low, high in parts])
        best, found, level = 0, 0, 0
        for place, closes in events:
            level += 1 - 2 * closes
            if level > best:
                best, found = level, place
        return found

    return densest([(x, z) for x, _, z, _ in lamps]), densest([(y, t) for _, y, _, t in lamps])


def wrong_corners_alone(lamps, g):
    best, point = 0, (0, 0)
    for x, y, z, t in lamps:
        for a, b in ((x + g, y + g), (z - g, y + g), (x + g, t - g), (z - g, t - g)):
            lit = sum(p + g <= a <= r - g and q + g <= b <= s - g for p, q, r, s in lamps)
            if lit > best:
                best, point = lit, (a, b)
    return point


def slow_a_sweep_for_each_left_side(lamps, g):
    best, point = 0, (0, 0)
    for x in {one[0] + g for one in lamps}:
        events = []
        for left, low, right, high in lamps:
            if left + g <= x <= right - g and high - low >= 2 * g:
                events.append((low + g, 0))
                events.append((high - g, 1))
        level = 0
        for y, closes in sorted(events):
            level += 1 - 2 * closes
            if level > best:
                best, point = level, (x, y)
    return point


def _swept(lamps, g, change):
    """Sweep from right to left; `change(first, last, step)` keeps the heights, and returns their best and its place."""
    bright = [(x + g, y + g, z - g, t - g) for x, y, z, t in lamps]
    bright = [one for one in bright if one[0] <= one[2] and one[1] <= one[3]]
    heights = sorted({t for _, _, _, t in bright})
    place = {t: number for number, t in enumerate(heights)}
    at = {}
    waiting = len(heights)
    for y in sorted({one[1] for one in bright}, reverse=True):
        while waiting and heights[waiting - 1] >= y:
            waiting -= 1
        at[y] = waiting
    events = [(-z, 0, at[y], place[t] + 1) for x, y, z, t in bright]
    events += [(-x, 1, at[y], place[t] + 1) for x, y, z, t in bright]
    best, point = 0, (0, 0)
    update = change(len(heights))
    for x, closes, first, last in sorted(events):
        level, number = update(first, last, -1 if closes else 1)
        if level > best:
            best, point = level, (-x, heights[number])
    return point


def other_pushes_down(lamps, g):
    def change(count):
        most, wait = [(0, 0)] * (4 * count + 4), [0] * (4 * count + 4)

        def build(node, low, high):
            most[node] = (0, low)
            if high - low > 1:
                build(2 * node, low, (low + high) // 2)
                build(2 * node + 1, (low + high) // 2, high)

        def visit(node, low, high, first, last, step):
            if first <= low and high <= last:
                most[node] = (most[node][0] + step, most[node][1])
                wait[node] += step
                return
            middle = (low + high) // 2
            if first < middle:
                visit(2 * node, low, middle, first, last, step)
            if last > middle:
                visit(2 * node + 1, middle, high, first, last, step)
            level, number = max(most[2 * node], most[2 * node + 1])
            most[node] = (level + wait[node], number)

        if count:
            build(1, 0, count)

        def update(first, last, step):
            visit(1, 0, count, first, last, step)
            return most[1]

        return update

    return _swept(lamps, g, change)


def other_blocks(lamps, g):
    def change(count):
        width = max(1, int(count**0.5))
        level, blocks = [0] * count, range((count + width - 1) // width)
        most, plus = [0] * len(blocks), [0] * len(blocks)

        def update(first, last, step):
            start, stop = first // width, (last - 1) // width
            for block in range(start, stop + 1):
                low, high = block * width, min(count, (block + 1) * width)
                if first <= low and high <= last:
                    plus[block] += step
                    continue
                low_, high_ = max(low, first), min(high, last)
                level[low_:high_] = [one + step for one in level[low_:high_]]
                most[block] = max(level[low:high])
            best = max(most[block] + plus[block] for block in blocks)
            block = next(block for block in blocks if most[block] + plus[block] == best)
            return best, level.index(most[block], block * width)

        return update

    return _swept(lamps, g, change)


EQUIVALENT = {
    "bright = [(x + g, y + g, z - g, t - g) for x, y, z, t in lamps if z - x >= 2 * g and t - y >= 2 * g]: "
    "t - y -> t + y": "A range of heights that ends before it begins is empty.",
    "size = 1: 1 -> 2": "Any size that is large enough.",
    "while size < len(heights): size < len(heights) -> size <= len(heights)": "Any size that is large enough.",
    "size *= 2: 2 -> 3": "Any size that is large enough.",
    "most, added = ([0] * (2 * size), [0] * (2 * size)): 0 -> 1": "All levels are one higher.",
    "most, added = ([0] * (2 * size), [0] * (2 * size)): 0 -> 1 (2)": (
        "A best height is the lower side of an open rectangle, and from these to the root all nodes gain the same."
    ),
    "low += 1: 1 -> 2": "Half of it is the same.",
    "most, added = ([0] * (2 * size), [0] * (2 * size)): 2 -> 3": "More elements than needed.",
    "most, added = ([0] * (2 * size), [0] * (2 * size)): 2 -> 3 (2)": "More elements than needed.",
    "above, number = ({}, 0): 0 -> 1": "The first height is at or below every upper border.",
    "best, point = (0, (0, 0)): 0 -> 1 (2)": "It stays only if every point is right.",
    "best, point = (0, (0, 0)): 0 -> 1 (3)": "It stays only if every point is right.",
    "while node > 1: node > 1 -> node >= 1": "Nothing reads node 0.",
    "if most[1] > best: most[1] > best -> most[1] >= best": "Another point that as many rectangles light well.",
    "node = 2 * node + (most[2 * node + 1] > most[2 * node]): most[2 * node + 1] > most[2 * node] -> "
    "most[2 * node + 1] >= most[2 * node]": "Of equal halves either holds such a point.",
}
