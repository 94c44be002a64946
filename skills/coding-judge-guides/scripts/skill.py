"""Costs of guides for tours -> a cheapest assignment in which neighbours get tours far enough apart."""

from functools import cache
from itertools import pairwise, permutations


def solve(costs, k):
    n = len(costs)
    best = {(0, -k): (0, ())}
    for row in costs:
        longer = {}
        for (used, last), (total, tours) in best.items():
            for tour in range(n):
                if row[tour] < 0 or used >> tour & 1 or abs(tour - last) < k:
                    continue
                state = (used | 1 << tour, tour)
                if state not in longer or total + row[tour] < longer[state][0]:
                    longer[state] = (total + row[tour], (*tours, tour + 1))
        best = longer
    return list(min(best.values())[1]) if best else []


def check(costs, k):
    """Try all orders of the tours."""
    n = len(costs)
    best, found = None, []
    for order in permutations(range(n)):
        if any(abs(order[i] - order[i + 1]) < k for i in range(n - 1)):
            continue
        if any(costs[i][order[i]] < 0 for i in range(n)):
            continue
        total = sum(costs[i][order[i]] for i in range(n))
        if best is None or total < best:
            best, found = total, [tour + 1 for tour in order]
    return found


def accepts(costs, found, expected, k):
    """An assignment that keeps the rules and costs no more than the reference's; none only if there is none."""
    return _total(costs, found, k) == _total(costs, expected, k)


def _total(costs, tours, k):
    """What an assignment costs: -1 for the empty list, None for what is no assignment."""
    if type(tours) not in (list, tuple) or any(type(tour) is not int for tour in tours):
        return None
    if not tours:
        return -1
    if sorted(tours) != list(range(1, len(costs) + 1)):
        return None
    if any(abs(one - other) < k for one, other in pairwise(tours)):
        return None
    paid = [row[tour - 1] for row, tour in zip(costs, tours, strict=True)]
    return sum(paid) if min(paid) >= 0 else None


def fits(costs):
    return 1 <= len(costs) <= 10 and all(
        len(row) == len(costs) and all(-1 <= cost <= 10**9 for cost in row) for row in costs
    )


def inputs(rng, size):
    if size == "edge":
        return [
            ([[5]],),
            ([[-1]],),
            ([[0]],),
            ([[1, 1], [1, 1]],),
            ([[0, 5, 5], [5, 0, 5], [5, 5, 0]],),
            ([[1, 2, 3, 4]] * 4,),
            ([[0, 9, 9, 1], [9, 1, 0, 9], [9, 0, 1, 9], [1, 9, 9, 0]],),
            ([[-1, 3, -1, 3], [3, -1, -1, 0], [2, -1, -1, 2], [-1, 0, 3, -1]],),
            ([[10**9] * 7 for _ in range(7)],),
            ([[-1] * 5 for _ in range(5)],),
            ([[0 if (2 * i + 1) % 6 == j or (2 * i) % 6 == j else 7 for j in range(6)] for i in range(6)],),
        ]
    if size == "small":
        made = []
        for _ in range(160):
            n, top = rng.choice((2, 3, 4, 4, 5, 5, 5, 6, 6)), rng.choice((3, 30))
            part = rng.choice((0, 0.2))
            made.append(([[-1 if rng.random() < part else rng.randint(0, top) for _ in range(n)] for _ in range(n)],))
        return made
    if size == "medium":
        return [([[rng.randint(0, 60) for _ in range(7)] for _ in range(7)],) for _ in range(6)]
    return [
        ([[rng.randint(0, 10**9) for _ in range(10)] for _ in range(10)],),
        ([[(3 * i + 7 * j) % 11 for j in range(10)] for i in range(10)],),
    ]


WRONG = {
    "a tour twice": (" or used >> tour & 1", ""),
    "neighbours are not looked at": (" or abs(tour - last) < k", ""),
    "exactly as far is too near": ("abs(tour - last) < k", "abs(tour - last) <= k"),
    "forbidden tours": ("row[tour] < 0 or ", ""),
    "free tours are forbidden": ("row[tour] < 0 or ", "row[tour] <= 0 or "),
    "the dearest": ("total + row[tour] < longer[state][0]", "total + row[tour] > longer[state][0]"),
    "the first way to a state": ("state not in longer or total + row[tour] < longer[state][0]", "state not in longer"),
    "numbered from 0": ("(*tours, tour + 1)", "(*tours, tour)"),
}


def wrong_the_last_tour_is_no_part_of_the_state(costs, k):
    n = len(costs)
    best = {0: (0, ())}
    for row in costs:
        longer = {}
        for used, (total, tours) in best.items():
            for tour in range(n):
                if row[tour] < 0 or used >> tour & 1 or (tours and abs(tour + 1 - tours[-1]) < k):
                    continue
                state = used | 1 << tour
                if state not in longer or total + row[tour] < longer[state][0]:
                    longer[state] = (total + row[tour], (*tours, tour + 1))
        best = longer
    return list(min(best.values())[1]) if best else []


def wrong_each_guide_the_cheapest_tour_left(costs, k):
    tours = []
    for row in costs:
        free = [
            (cost, tour)
            for tour, cost in enumerate(row, 1)
            if cost >= 0 and tour not in tours and not (tours and abs(tour - tours[-1]) < k)
        ]
        if not free:
            return []
        tours.append(min(free)[1])
    return tours


def slow_backtracking(costs, k):
    n = len(costs)
    best, found = [None], []

    def go(tours, total):
        if len(tours) == n:
            if best[0] is None or total < best[0]:
                best[0] = total
                found[:] = tours
            return
        for tour in range(1, n + 1):
            cost = costs[len(tours)][tour - 1]
            if cost >= 0 and tour not in tours and not (tours and abs(tour - tours[-1]) < k):
                go([*tours, tour], total + cost)

    go([], 0)
    return found


def other_recursion_with_memory(costs, k):
    n = len(costs)

    @cache
    def rest(used, last):
        """The least cost of the guides that follow, and the next tour."""
        guide = bin(used).count("1")
        if guide == n:
            return 0, 0
        best = None
        for tour in range(1, n + 1):
            cost = costs[guide][tour - 1]
            if cost < 0 or used & 1 << tour or (last and abs(tour - last) < k):
                continue
            below = rest(used | 1 << tour, tour)
            if below is not None and (best is None or cost + below[0] < best[0]):
                best = cost + below[0], tour
        return best

    if rest(0, 0) is None:
        return []
    tours, used, last = [], 0, 0
    while len(tours) < n:
        last = rest(used, last)[1]
        used |= 1 << last
        tours.append(last)
    return tours


def other_table_from_the_end(costs, k):
    n = len(costs)
    far = 10**18
    least = [[far] * n for _ in range(1 << n)]
    for tour in range(n):
        if costs[n - 1][tour] >= 0:
            least[1 << tour][tour] = costs[n - 1][tour]
    for used in range(1, 1 << n):
        row = costs[n - used.bit_count()]
        members = [tour for tour in range(n) if used >> tour & 1]
        if len(members) == 1:
            continue
        for tour in members:
            if row[tour] < 0:
                continue
            rest = least[used ^ 1 << tour]
            least[used][tour] = row[tour] + min([rest[o] for o in members if abs(o - tour) >= k], default=far)
    used, tours = (1 << n) - 1, []
    while used:
        fit = [tour for tour in range(n) if not tours or abs(tours[-1] - tour - 1) >= k]
        tour = max(fit, key=lambda tour: (-least[used][tour], tour), default=0)
        if not fit or least[used][tour] >= far:
            return []
        tours.append(tour + 1)
        used ^= 1 << tour
    return tours


EQUIVALENT = {
    "best = {(0, -k): (0, ())}: 0 -> 1 (2)": "All totals grow by one.",
    "if state not in longer or total + row[tour] < longer[state][0]: total + row[tour] < longer[state][0] -> "
    "total + row[tour] <= longer[state][0]": "Another one of the cheapest assignments, which is as right.",
}
