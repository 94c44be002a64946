"""Ferry lines that are given up one after another -> the number of large groups of islands after each closure."""

from collections import Counter


def solve(n, lines, closed, a):
    parent = list(range(n + 1))
    size = [1] * (n + 1)
    large = 0

    def root(island):
        while parent[island] != island:
            parent[island] = parent[parent[island]]
            island = parent[island]
        return island

    gone = set(closed)
    kept = [number for number in range(len(lines)) if number not in gone]
    groups = []
    for number in kept + closed[::-1]:
        if number in gone:
            groups.append(large)
        u, v = root(lines[number][0]), root(lines[number][1])
        if u != v:
            if size[u] < size[v]:
                u, v = v, u
            large -= (size[u] >= a) + (size[v] >= a)
            parent[v] = u
            size[u] += size[v]
            large += size[u] >= a
    return groups[::-1]


def check(n, lines, closed, a):
    """Walk through the islands anew after each closure."""
    found = []
    for count in range(1, len(closed) + 1):
        seen, large = set(), 0
        for start in range(1, n + 1):
            group, todo = 0, [start]
            while todo:
                island = todo.pop()
                if island in seen:
                    continue
                seen.add(island)
                group += 1
                for number, (u, v) in enumerate(lines):
                    if number not in closed[:count] and island in (u, v):
                        todo.append(u + v - island)
            large += group >= a
        found.append(large)
    return found


def fits(n, lines, closed):
    return (
        1 <= n <= 400
        and len(lines) <= 700
        and all(1 <= u <= n and 1 <= v <= n for u, v in lines)
        and 1 <= len(closed) == len(set(closed))
        and all(0 <= number < len(lines) for number in closed)
    )


def inputs(rng, size):
    if size == "edge":
        return [
            (1, [(1, 1)], [0]),
            (2, [(1, 2)], [0]),
            (2, [(1, 2), (2, 1)], [1, 0]),
            (3, [(1, 2), (2, 3)], [0, 1]),
            (3, [(1, 2), (2, 3), (3, 1)], [0, 1, 2]),
            (5, [(1, 2), (2, 3), (3, 4), (4, 5)], [1]),
            (6, [(1, 2), (2, 3), (4, 5), (5, 6), (3, 4)], [4, 0, 3]),
            (4, [(1, 2), (1, 2), (3, 4), (2, 3)], [3, 2, 0, 1]),
            (7, [(1, 2), (3, 4), (5, 6)], [2, 1, 0]),
        ]
    if size == "small":
        made = []
        for _ in range(150):
            n, m = rng.randint(1, 8), rng.randint(1, 10)
            lines = [(rng.randint(1, n), rng.randint(1, n)) for _ in range(m)]
            made.append((n, lines, rng.sample(range(m), rng.randint(1, m))))
        return made
    if size == "medium":
        made = []
        for _ in range(6):
            n = rng.randint(12, 25)
            lines = [(i, rng.randint(max(1, i - 3), i - 1)) for i in range(n, 1, -1)]
            lines += [(rng.randint(1, n), rng.randint(1, n)) for _ in range(5)]
            made.append((n, lines, rng.sample(range(len(lines)), len(lines) - 4)))
        return made
    n, m = 400, 700
    row = [(i, i + 1) for i in range(1, n)] + [(rng.randint(1, n), rng.randint(1, n)) for _ in range(m - n + 1)]
    star = [(1, i) for i in range(2, n + 1)] * 2
    pairs = [(rng.randint(1, n), rng.randint(1, n)) for _ in range(m)]
    return [
        (n, row, rng.sample(range(m), m)),
        (n, star[:m], list(range(m))),
        (n, pairs, rng.sample(range(m), m - 50)),
    ]


WRONG = {
    "counted before the closure": (
        "        if number in gone:\n            groups.append(large)\n        u, v = root(lines[number][0]), "
        "root(lines[number][1])\n        if u != v:",
        "        u, v = root(lines[number][0]), root(lines[number][1])\n        if number in gone and u == v:\n"
        "            groups.append(large)\n        if u != v:",
    ),
    "time runs forward": ("kept + closed[::-1]", "kept + closed"),
    "not turned round again": ("return groups[::-1]", "return groups"),
    "lines never closed are forgotten": ("for number in kept + closed[::-1]", "for number in closed[::-1]"),
    "a joint group counts twice": ("large -= (size[u] >= a) + (size[v] >= a)", "large -= size[v] >= a"),
    "always one group fewer": ("large -= (size[u] >= a) + (size[v] >= a)", "large -= 2"),
    "parents, not roots": ("if u != v:", "if lines[number][0] != lines[number][1]:"),
    "the size stays with the smaller group": ("size[u] += size[v]", "size[v] += size[u]"),
}


def wrong_pairs_closed_with_all_their_lines(n, lines, closed, a):
    found = []
    for count in range(1, len(closed) + 1):
        gone = {frozenset(lines[number]) for number in closed[:count]}
        label = list(range(n + 1))
        for line in lines:
            if frozenset(line) not in gone:
                one, other = label[line[0]], label[line[1]]
                label = [one if name == other else name for name in label]
        found.append(sum(count >= a for count in Counter(label[1:]).values()))
    return found


def wrong_islands_without_a_line_are_gone(n, lines, closed, a):
    found = []
    for count in range(1, len(closed) + 1):
        label = {u: u for line in lines for u in line}
        for number, (u, v) in enumerate(lines):
            if number not in closed[:count]:
                one, other = label[u], label[v]
                label = {island: one if name == other else name for island, name in label.items()}
        found.append(sum(count >= a for count in Counter(label.values()).values()))
    return found


def slow_searches_after_each_closure(n, lines, closed, a):
    open_ = [True] * len(lines)
    near = [[] for _ in range(n + 1)]
    for number, (u, v) in enumerate(lines):
        near[u].append((v, number))
        near[v].append((u, number))
    found = []
    for gone in closed:
        open_[gone] = False
        seen, large = [False] * (n + 1), 0
        for start in range(1, n + 1):
            if seen[start]:
                continue
            seen[start] = True
            group = [start]
            for island in group:
                for other, number in near[island]:
                    if open_[number] and not seen[other]:
                        seen[other] = True
                        group.append(other)
            large += len(group) >= a
        found.append(large)
    return found


def slow_relabels_every_island(n, lines, closed, a):
    label = list(range(n + 1))
    gone, found = set(closed), []
    for number in [k for k in range(len(lines)) if k not in gone] + closed[::-1]:
        if number in gone:
            count = [0] * (n + 1)
            for name in label[1:]:
                count[name] += 1
            found.append(sum([1 for members in count if members and members >= a]))
        one, other = label[lines[number][0]], label[lines[number][1]]
        label = [one if name == other else name for name in label]
    return found[::-1]


def other_smaller_group_moves(n, lines, closed, a):
    members = {island: [island] for island in range(1, n + 1)}
    home = list(range(n + 1))
    large = 0
    missing = set(closed)
    found = [0] * len(closed)
    order = [(number, -1) for number in range(len(lines)) if number not in missing]
    order += [(closed[place], place) for place in range(len(closed) - 1, -1, -1)]
    for number, place in order:
        if place >= 0:
            found[place] = large
        one, other = home[lines[number][0]], home[lines[number][1]]
        if one == other:
            continue
        if len(members[one]) < len(members[other]):
            one, other = other, one
        large -= sum(len(members[name]) >= a for name in (one, other))
        for island in members[other]:
            home[island] = one
        members[one] += members.pop(other)
        large += len(members[one]) >= a
    return found


def other_negative_sizes(n, lines, closed, a):
    up = [-1] * (n + 1)

    def find(island):
        path = []
        while up[island] >= 0:
            path.append(island)
            island = up[island]
        for passed in path:
            up[passed] = island
        return island

    sizes, found = Counter({1: n}), []
    large = 0

    def join(u, v):
        nonlocal large
        u, v = find(u), find(v)
        if u == v:
            return
        for island in (u, v):
            sizes[-up[island]] -= 1
            large -= -up[island] >= a
        up[u] += up[v]
        up[v] = u
        sizes[-up[u]] += 1
        large += -up[u] >= a

    gone = set(closed)
    for number, (u, v) in enumerate(lines):
        if number not in gone:
            join(u, v)
    for number in reversed(closed):
        found.append(large)
        join(*lines[number])
    found.reverse()
    return found


EQUIVALENT = {
    "parent = list(range(n + 1)): 1 -> 2": "An element more than needed.",
    "size = [1] * (n + 1): 1 -> 2 (2)": "An element more than needed.",
    "if size[u] < size[v]: if size[u] < size[v] -> if True": "The smaller group may stand for the joint one too.",
    "if size[u] < size[v]: size[u] < size[v] -> size[u] <= size[v]": "Of equal groups either may stand for both.",
}
