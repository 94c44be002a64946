"""A tree of roads and the places of shops -> the least sum of ways from a village with enough roads to all shops."""


def solve(n, shops, roads, a):
    near = [[] for _ in range(n + 1)]
    for u, v, w in roads:
        near[u].append((v, w))
        near[v].append((u, w))
    parent, length = [0] * (n + 1), [0] * (n + 1)
    order = [1]
    for u in order:
        for v, w in near[u]:
            if v != parent[u]:
                parent[v], length[v] = u, w
                order.append(v)
    below = [0] * (n + 1)
    for shop in shops:
        below[shop] = 1
    total = [0] * (n + 1)
    for v in order[:0:-1]:
        below[parent[v]] += below[v]
        total[1] += below[v] * length[v]
    best = -1
    for v in order:
        if v > 1:
            total[v] = total[parent[v]] + (len(shops) - 2 * below[v]) * length[v]
        if len(near[v]) >= a and (best < 0 or total[v] < best):
            best = total[v]
    return best


def check(n, shops, roads, a):
    """Walk from each village to all others."""
    sums = []
    for start in range(1, n + 1):
        if sum((u == start) + (v == start) for u, v, _ in roads) < a:
            continue
        away = {start: 0}
        while len(away) < n:
            for u, v, w in roads:
                if u in away and v not in away:
                    away[v] = away[u] + w
                elif v in away and u not in away:
                    away[u] = away[v] + w
        sums.append(sum(away[shop] for shop in shops))
    return min(sums, default=-1)


def read(text):
    n, s, *numbers = map(int, text.split())
    ends = numbers[s:]
    return n, numbers[:s], list(zip(ends[::3], ends[1::3], ends[2::3], strict=True))


def write(n, shops, roads):
    lines = [f"{n} {len(shops)}", " ".join(map(str, shops)), *(f"{u} {v} {w}" for u, v, w in roads)]
    return "\n".join(lines) + "\n"


def fits(n, shops, roads):
    joined = {1}
    for _ in range(n if n < 50 else 0):
        joined |= {x for u, v, _ in roads for x in (u, v) if {u, v} & joined}
    return (
        1 <= n <= 800
        and 1 <= len(shops) == len(set(shops))
        and all(1 <= shop <= n for shop in shops)
        and len(roads) == n - 1
        and all(1 <= u <= n and 1 <= v <= n and u != v and 1 <= w <= 10**6 for u, v, w in roads)
        and (n >= 50 or len(joined) == n)
    )


def _tree(rng, n, back, top, shops):
    """A tree in which each village is joined to one of so many before it, with the villages renamed."""
    names = list(range(1, n + 1))
    rng.shuffle(names)
    roads = []
    for i in range(1, n):
        ends = [names[i], names[rng.randint(max(0, i - back), i - 1)]]
        rng.shuffle(ends)
        roads.append((*ends, rng.randint(1, top)))
    rng.shuffle(roads)
    return n, rng.sample(range(1, n + 1), shops), roads


def inputs(rng, size):
    if size == "edge":
        star = [(1, i, 1) for i in range(2, 7)]
        return [
            (1, [1], []),
            (2, [1], [(1, 2, 5)]),
            (2, [2, 1], [(2, 1, 5)]),
            (3, [1], [(1, 2, 4), (2, 3, 5)]),
            (3, [3], [(1, 2, 4), (2, 3, 5)]),
            (4, [4], [(1, 2, 1), (2, 3, 1), (3, 4, 10**6)]),
            (6, [5], star),
            (8, [1], [(1, 2, 1), (1, 3, 1), (1, 4, 1), (1, 5, 7), (5, 6, 1), (5, 7, 1), (5, 8, 1)]),
            (6, [2, 3, 4, 5, 6], star),
            (9, [9, 8, 7], [*star, (6, 7, 9), (7, 8, 1), (8, 9, 1)]),
            (9, [1, 2, 3, 4, 5, 6, 7, 8, 9], [*star, (6, 7, 9), (7, 8, 1), (8, 9, 1)]),
        ]
    if size == "small":
        made = []
        for _ in range(150):
            n = rng.randint(2, 9)
            made.append(_tree(rng, n, rng.choice((1, 2, 9)), rng.choice((2, 20)), rng.randint(1, n)))
        return made
    if size == "medium":
        return [_tree(rng, 25, rng.choice((2, 25)), 100, rng.randint(1, 12)) for _ in range(10)]
    return [
        _tree(rng, 800, 2, 10**6, 400),
        _tree(rng, 800, 800, 10**6, 30),
        _tree(rng, 800, 1, 10**6, 790),
    ]


WRONG = {
    "all villages count as shops": ("        below[shop] = 1", "        below[shop] = 1\n    below[1:] = [1] * n"),
    "one end too few": ("(len(shops) - 2 * below[v])", "(len(shops) - below[v])"),
    "villages, not shops, on the other side": ("(len(shops) - 2 * below[v])", "(n - 2 * below[v])"),
    "all roads of length 1": ("parent[v], length[v] = u, w", "parent[v], length[v] = u, 1"),
    "any village": ("len(near[v]) >= a and ", ""),
    "too many roads do not count": ("len(near[v]) >= a", "len(near[v]) == a"),
    "the greatest sum": ("total[v] < best", "total[v] > best"),
    "from the root down": ("order[:0:-1]", "order[1:]"),
    "only where a shop is": ("len(near[v]) >= a and ", "len(near[v]) >= a and v in shops and "),
}


def _sums(n, shops, roads):
    """Villages with their sums and their numbers of roads."""
    near = {village: [] for village in range(1, n + 1)}
    for u, v, w in roads:
        near[u].append((v, w))
        near[v].append((u, w))
    for start in near:
        away = {start: 0}
        todo = [start]
        for u in todo:
            for v, w in near[u]:
                if v not in away:
                    away[v] = away[u] + w
                    todo.append(v)
        yield start, [away[shop] for shop in shops], len(near[start])


def wrong_the_way_there_and_back_from_the_farthest(n, shops, roads, a):
    found = [(max(ways), sum(ways)) for _, ways, count in _sums(n, shops, roads) if count >= a]
    return min(found)[1] if found else -1


def wrong_the_nearest_village_with_enough_roads_to_the_best(n, shops, roads, a):
    every = list(_sums(n, shops, roads))
    best = min(every, key=lambda one: sum(one[1]))[0]
    away = {village: ways[0] for village, ways, _ in _sums(n, [best], roads)}
    found = [(away[village], sum(ways)) for village, ways, count in every if count >= a]
    return min(found)[1] if found else -1


def wrong_no_village_is_nothing(n, shops, roads, a):
    return min([sum(ways) for _, ways, count in _sums(n, shops, roads) if count >= a], default=0)


def slow_from_each_village(n, shops, roads, a):
    return min([sum(ways) for _, ways, count in _sums(n, shops, roads) if count >= a], default=-1)


def slow_from_each_shop(n, shops, roads, a):
    total, near = [0] * (n + 1), [0] * (n + 1)
    for u, v, _ in roads:
        near[u] += 1
        near[v] += 1
    ways = {}
    for u, v, w in roads:
        ways.setdefault(u, []).append((v, w))
        ways.setdefault(v, []).append((u, w))
    for shop in shops:
        todo = [(shop, 0, 0)]
        while todo:
            u, before, away = todo.pop()
            total[u] += away
            for v, w in ways.get(u, ()):
                if v != before:
                    todo.append((v, u, away + w))
    return min([total[v] for v in range(1, n + 1) if near[v] >= a], default=-1)


def other_leaves_are_plucked(n, shops, roads, a):
    """Take away villages with one road left, and put them back in the opposite order."""
    near = [{} for _ in range(n + 1)]
    for u, v, w in roads:
        near[u][v] = w
        near[v][u] = w
    degree = [len(ways) for ways in near]
    inside, inner = [0] * (n + 1), [0] * (n + 1)
    for shop in shops:
        inside[shop] += 1
    left = degree[:]
    leaves = [v for v in range(1, n + 1) if left[v] == 1]
    plucked = []
    gone = [False] * (n + 1)
    while len(plucked) < n - 1:
        v = leaves.pop()
        gone[v] = True
        [u] = [u for u in near[v] if not gone[u]]
        plucked.append((v, u))
        inside[u] += inside[v]
        inner[u] += inner[v] + inside[v] * near[v][u]
        left[u] -= 1
        if left[u] == 1:
            leaves.append(u)
    for v, u in reversed(plucked):
        inner[v] = inner[u] + (len(shops) - 2 * inside[v]) * near[v][u]
    return min([inner[v] for v in range(1, n + 1) if degree[v] >= a], default=-1)


def other_two_directions(n, shops, roads, a):
    """Sums over the shops below and above each village, kept apart."""
    near = {village: [] for village in range(1, n + 1)}
    for u, v, w in roads:
        near[u].append((v, w))
        near[v].append((u, w))
    start = n
    stack, order, parent = [start], [], {start: None}
    while stack:
        u = stack.pop()
        order.append(u)
        for v, _ in near[u]:
            if v != parent[u]:
                parent[v] = u
                stack.append(v)
    has = set(shops)
    down = {}
    for u in reversed(order):
        count, way = u in has, 0
        for v, w in near[u]:
            if v != parent[u]:
                count += down[v][0]
                way += down[v][1] + w * down[v][0]
        down[u] = (count, way)
    up = {start: (0, 0)}
    for u in order:
        count, way = up[u][0] + down[u][0], up[u][1] + down[u][1]
        for v, w in near[u]:
            if v != parent[u]:
                above = count - down[v][0]
                up[v] = (above, way - down[v][1] - w * down[v][0] + w * above)
    found = [up[u][1] + down[u][1] for u in order if len(near[u]) >= a]
    return min(found) if found else -1


EQUIVALENT = {
    "below = [0] * (n + 1): 1 -> 2": "An element more than needed.",
    "total = [0] * (n + 1): 1 -> 2": "An element more than needed.",
    "near = [[] for _ in range(n + 1)]: 1 -> 2": "An element more than needed.",
    "parent, length = ([0] * (n + 1), [0] * (n + 1)): 1 -> 2": "An element more than needed.",
    "parent, length = ([0] * (n + 1), [0] * (n + 1)): 1 -> 2 (2)": "An element more than needed.",
    "parent, length = ([0] * (n + 1), [0] * (n + 1)): 0 -> 1 (2)": "The length of the root is never read.",
    "parent, length = ([0] * (n + 1), [0] * (n + 1)): 0 -> 1": (
        "Only the root keeps it, and it is no neighbour of itself."
    ),
    "if len(near[v]) >= a and (best < 0 or total[v] < best): total[v] < best -> total[v] <= best": (
        "The same sum is taken once more."
    ),
}
