"""Numbers of red and blue beads -> in how many rows blue beads keep their distance, as a remainder."""

from math import comb


def solve(rows, p, g):
    factorial = [1]
    for number in range(1, p):
        factorial.append(factorial[-1] * number % p)
    counts = []
    for n, k in rows:
        free = n - (k - 1) * g
        top, low, ways = free + k, k, 1
        if free < 0:
            ways = 0
        while low > 0:
            top, above = divmod(top, p)
            low, below = divmod(low, p)
            if below > above:
                ways = 0
            else:
                ways = ways * factorial[above] * pow(factorial[below] * factorial[above - below], -1, p) % p
        counts.append(ways)
    return counts


def check(rows, p, g):
    """Build rows bead by bead: a red one, or a blue one with the red ones that must follow it."""
    counts = []
    for n, k in rows:
        ways = []
        for _ in range(n + 1):
            ways.append(1)
        for blue in range(1, k + 1):
            behind = g if blue > 1 else 0
            longer = []
            for red in range(n + 1):
                found = ways[red - behind] if red >= behind else 0
                if red > 0:
                    found += longer[red - 1]
                longer.append(found % p)
            ways = longer
        counts.append(ways[n])
    return counts


def fits(rows):
    return 1 <= len(rows) <= 300 and all(0 <= n <= 10**12 and 0 <= k <= 10**12 for n, k in rows)


def inputs(rng, size):
    if size == "edge":
        return [
            ([(0, 0)],),
            ([(0, 1)],),
            ([(0, 2)],),
            ([(5, 0), (10**12, 0)],),
            ([(1, 2), (2, 2), (3, 3), (4, 3), (1, 3)],),
            ([(12, 1), (13, 1), (11, 1), (24, 1), (25, 1)],),
            ([(498, 1), (499, 1), (497, 2), (498, 2), (499, 2), (500, 2)],),
            ([(13, 13), (26, 13), (12, 13), (25, 13), (24, 13)],),
            ([(30, 4), (30, 16), (30, 15), (31, 16), (29, 16)],),
            ([(10**12, 10**12), (10**12, 1), (0, 10**12), (10**12, 4 * 10**11)],),
        ]
    if size == "small":
        made = []
        for _ in range(110):
            top = rng.choice((8, 30))
            made.append(([(rng.randint(0, top), rng.randint(0, top // 2)) for _ in range(rng.randint(1, 5))],))
        return made
    if size == "medium":
        return [([(rng.randint(100, 1200), rng.randint(0, 12)) for _ in range(6)],) for _ in range(12)]
    made = []
    for top in (10**12, 10**6):
        rows = [(rng.randint(top // 2, top), rng.randint(0, top // 3)) for _ in range(150)]
        rows += [(rng.randint(top // 2, top), rng.randint(0, 40)) for _ in range(150)]
        made.append((rows,))
    return made


WRONG = {
    "a gap more": ("n - (k - 1) * g", "n - k * g"),
    "a red bead is enough": ("(k - 1) * g", "(k - 1)"),
    "no distance": ("n - (k - 1) * g", "n"),
    "distance of one more": ("(k - 1) * g", "(k - 1) * (g + 1)"),
    "impossible rows": ("        if free < 0:\n            ways = 0\n", "        free = max(0, free)\n"),
    "the last digits alone": ("low, below = divmod(low, p)", "low, below = 0, low % p"),
    "smaller digits are not looked at": (
        "            if below > above:\n                ways = 0\n            else:",
        "            if below > above:\n                ways = ways\n            else:",
    ),
    "places between only": ("top, low, ways = free + k, k, 1", "top, low, ways = free + k - 1, k, 1"),
    "no row without blue beads": ("while low > 0:", "ways *= k > 0\n        while low > 0:"),
    "divided without an inverse": (
        "ways * factorial[above] * pow(factorial[below] * factorial[above - below], -1, p) % p",
        "ways * (factorial[above] // (factorial[below] * factorial[above - below])) % p",
    ),
}


def wrong_factorials_with_multiples_of_the_modulus(rows, p, g):
    counts = []
    for n, k in rows:
        top = n - (k - 1) * g + k if k else n
        if top < k or top >= p:  # a factor of the numerator is a multiple of p
            counts.append(0 if k else 1)
        else:
            counts.append(comb(top, k) % p)
    return counts


def wrong_one_remainder_for_all(rows, p, g):
    total, counts = 0, []
    for count in solve(rows, p, g):
        total = (total + count) % p
        counts.append(total)
    return counts


def slow_factor_by_factor(rows, p, g):
    """Numerator and denominator apart, without their multiples of p."""
    counts = []
    for n, k in rows:
        top = n - (k - 1) * g + k if k else n
        if top < k:
            counts.append(0)
            continue
        up, down, multiples = 1, 1, 0
        for number in range(1, k + 1):
            above, below = top - k + number, number
            while above % p == 0:
                above //= p
                multiples += 1
            while below % p == 0:
                below //= p
                multiples -= 1
            up, down = up * above % p, down * below % p
        counts.append(0 if multiples else up * pow(down, -1, p) % p)
    return counts


def slow_triangle(rows, p, g):
    """Row after row of Pascal's triangle, as far as needed."""
    counts = []
    for n, k in rows:
        top = n - (k - 1) * g + k if k else n
        line = [1]
        for _ in range(max(0, top)):
            line = [(a + b) % p for a, b in zip([0, *line], [*line, 0], strict=True)][: k + 1]
        counts.append(line[k] if 0 <= k <= top else 0)
    return counts


def other_digits_by_comb(rows, p, g):
    known = {}

    def ways(top, low):
        if low == 0:
            return 1
        pair = top % p, low % p
        if pair not in known:
            known[pair] = comb(*pair) % p
        return known[pair] * ways(top // p, low // p) % p if known[pair] else 0

    return [ways(n + k - (k - 1) * g, k) if k == 0 or n >= (k - 1) * g else 0 for n, k in rows]


def other_factorials_without_multiples(rows, p, g):
    """n! without its factors p, by Wilson's theorem, and how many these are."""
    part = [1] * p
    for number in range(1, p):
        part[number] = part[number - 1] * number % p

    def factorial(number):
        found, multiples = 1, 0
        while number:
            found = found * part[number % p] % p
            number //= p
            if number % 2:
                found = -found % p
            multiples += number
        return found, multiples

    counts = []
    for n, k in rows:
        free = n - max(0, k - 1) * g
        if free < 0:
            counts.append(0)
            continue
        (a, i), (b, j), (c, h) = factorial(free + k), factorial(free), factorial(k)
        counts.append(0 if i > j + h else a * pow(b * c, -1, p) % p)
    return counts


EQUIVALENT = {}
