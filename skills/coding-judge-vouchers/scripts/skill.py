"""A network with prices and a number of vouchers -> the least price of a way from the first place to the last."""

from heapq import heappop, heappush


def solve(n, roads, k, d):
    ways = [[] for _ in range(n + 1)]
    for u, v, w in roads:
        ways[u].append((v, w))
        ways[v].append((u, w))
    far = 10**18
    best = [[far] * (k + 1) for _ in range(n + 1)]
    heap = [(0, 1, 0)]
    while heap:
        price, u, used = heappop(heap)
        if u == n:
            return price
        if price > best[u][used]:
            continue
        for v, w in ways[u]:
            if price + w < best[v][used]:
                best[v][used] = price + w
                heappush(heap, (price + w, v, used))
            if used < k and price + w // d < best[v][used + 1]:
                best[v][used + 1] = price + w // d
                heappush(heap, (price + w // d, v, used + 1))
    return -1


def check(n, roads, k, d):
    """Walk every simple path and reduce the prices that gain most."""
    found = []

    def walk(u, seen, prices):
        if u == n:
            gains = sorted((w - w // d for w in prices), reverse=True)
            found.append(sum(prices) - sum(gains[:k]))
            return
        for a, b, w in roads:
            for x, y in ((a, b), (b, a)):
                if x == u and y not in seen:
                    walk(y, seen | {y}, [*prices, w])

    walk(1, {1}, [])
    return min(found, default=-1)


def fits(n, roads, k):
    return (
        1 <= n <= 250
        and len(roads) <= 700
        and 0 <= k <= 5
        and all(1 <= u <= n and 1 <= v <= n and 0 <= w <= 10**9 for u, v, w in roads)
    )


def inputs(rng, size):
    if size == "edge":
        return [
            (1, [], 0),
            (1, [(1, 1, 5)], 2),
            (2, [], 3),
            (2, [(1, 2, 7)], 0),
            (2, [(1, 2, 3), (1, 2, 9)], 1),
            (2, [(1, 2, 9), (1, 2, 3)], 1),
            (3, [(1, 2, 1), (2, 3, 1)], 5),
            (3, [(1, 2, 10), (2, 3, 11), (1, 3, 19)], 1),
            (4, [(1, 2, 5), (3, 4, 5)], 1),
            (2, [(2, 1, 0)], 1),
            (2, [(1, 2, 10**9)], 1),
        ]
    if size == "small":
        made = []
        for _ in range(160):
            n, top = rng.randint(2, 6), rng.choice((9, 60))
            roads = [(rng.randint(1, n), rng.randint(1, n), rng.randint(0, top)) for _ in range(rng.randint(1, 9))]
            made.append((n, roads, rng.randint(0, 3)))
        return made
    if size == "medium":
        return []
    n, m = 250, 700
    chain = [(i + 1, i, rng.randint(10**6, 10**9)) for i in range(n - 1, 0, -1)]
    for _ in range(m - n + 1):
        u = rng.randint(1, n - 1)
        chain.append((u, min(n, u + rng.randint(2, 7)), 10**9))
    near = [(i, rng.randint(max(1, i - 15), i - 1), rng.randint(1, 10**9)) for i in range(n, 1, -1)]
    for _ in range(m - n + 1):
        u = rng.randint(1, n)
        near.append((u, max(1, min(n, u + rng.randint(-20, 20))), rng.randint(1, 10**9)))
    return [(n, chain, 5), (n, near, 5)]


WRONG = {
    "one-way roads": ("        ways[v].append((u, w))\n", ""),
    "must use all vouchers": ("if u == n:", "if u == n and used == k:"),
    "only one voucher": ("used < k and", "used < min(k, 1) and"),
    "first passage must be reduced": ("if price + w < best", "if (used > 0 or k == 0) and price + w < best"),
    "no way is free": ("return -1", "return 0"),
    "settled once a place": (
        "        if price > best[u][used]:\n            continue",
        "        if min(best[u]) < price:\n            continue",
    ),
    "parallel roads overwritten": (
        "        ways[u].append((v, w))\n        ways[v].append((u, w))",
        "        ways[u] = [p for p in ways[u] if p[0] != v] + [(v, w)]\n"
        "        ways[v] = [p for p in ways[v] if p[0] != u] + [(u, w)]",
    ),
}


def wrong_rounds_up(n, roads, k, d):
    return _search(n, roads, k, lambda w: -(-w // d))


def wrong_one_voucher_too_many(n, roads, k, d):
    return _search(n, roads, k + 1, lambda w: w // d)


def wrong_reduces_the_shortest_path(n, roads, k, d):
    heap, seen = [(0, 1, ())], set()
    while heap:
        price, u, prices = heappop(heap)
        if u in seen:
            continue
        seen.add(u)
        if u == n:
            return price - sum(sorted((w - w // d for w in prices), reverse=True)[:k])
        for a, b, w in roads:
            for x, y in ((a, b), (b, a)):
                if x == u and y not in seen:
                    heappush(heap, (price + w, y, (*prices, w)))
    return -1


def _search(n, roads, k, reduced):
    ways = [[] for _ in range(n + 1)]
    for u, v, w in roads:
        ways[u].append((v, w))
        ways[v].append((u, w))
    done, heap = set(), [(0, 1, k)]
    while heap:
        price, u, left = heappop(heap)
        if (u, left) in done:
            continue
        done.add((u, left))
        if u == n:
            return price
        for v, w in ways[u]:
            if (v, left) not in done:
                heappush(heap, (price + w, v, left))
            if left and (v, left - 1) not in done:
                heappush(heap, (price + reduced(w), v, left - 1))
    return -1


def other_states_in_a_set(n, roads, k, d):
    return _search(n, roads, k, lambda w: w // d)


def other_layers(n, roads, k, d):
    ways = {place: [] for place in range(1, n + 1)}
    for u, v, w in roads:
        ways[u].append((v, w))
        ways[v].append((u, w))
    before = None
    for _ in range(k + 1):
        price = {1: 0} if before is None else dict(before)
        if before is not None:
            for u, cost in before.items():
                for v, w in ways[u]:
                    price[v] = min(price.get(v, cost + w), cost + w // d)
        heap = sorted((cost, u) for u, cost in price.items())
        while heap:
            cost, u = heappop(heap)
            if cost > price[u]:
                continue
            for v, w in ways[u]:
                if v not in price or cost + w < price[v]:
                    price[v] = cost + w
                    heappush(heap, (cost + w, v))
        before = price
    return before.get(n, -1)


def slow_relaxes_every_road(n, roads, k, d):
    far = 10**18
    best = [[far] * (k + 1) for _ in range(n + 1)]
    best[1][0] = 0
    changed = True
    while changed:
        changed = False
        for a, b, w in roads:
            for x, y in ((a, b), (b, a)):
                for used in range(k + 1):
                    if best[x][used] + w < best[y][used]:
                        best[y][used] = best[x][used] + w
                        changed = True
                    if used < k and best[x][used] + w // d < best[y][used + 1]:
                        best[y][used + 1] = best[x][used] + w // d
                        changed = True
    return min(best[n]) if min(best[n]) < far else -1


EQUIVALENT = {
    "far = 10 ** 18: 10 -> 11": "Any number above all prices.",
    "far = 10 ** 18: 18 -> 19": "Any number above all prices.",
    "best = [[far] * (k + 1) for _ in range(n + 1)]: 1 -> 2": "An element more than needed.",
    "best = [[far] * (k + 1) for _ in range(n + 1)]: 1 -> 2 (2)": "An element more than needed.",
    "ways = [[] for _ in range(n + 1)]: 1 -> 2": "An element more than needed.",
    "if used < k and price + w // d < best[v][used + 1]: price + w // d < best[v][used + 1] -> price "
    "+ w // d <= best[v][used + 1]": (
        "A state that is reached at the same price again is put on the heap once more, with one more vouc"
        "her used each time."
    ),
    "best[v][used + 1] = price + w // d: w // d -> w * d": (
        "A bound that is too high lets more states through, each at its own right price; for d = 2 they are few."
    ),
}
