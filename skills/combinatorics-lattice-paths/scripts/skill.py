"""Count monotone lattice paths that avoid blocked points."""

from math import comb

Point = tuple[int, int]


def solve(a: int, b: int, blocked: list[Point]) -> int:
    """Count paths by their first blocked point, working outwards from the origin."""
    stops = [*sorted(set(blocked)), (a, b)]
    free: list[int] = []
    for i, (x, y) in enumerate(stops):
        routes = comb(x + y, x)
        for (u, v), reached in zip(stops[:i], free, strict=True):
            if u <= x and v <= y:
                routes -= reached * comb(x - u + y - v, x - u)
        free.append(routes)
    return free[-1]


def steps(a: int, b: int, blocked: list[Point]) -> dict[str, int | str]:
    """All routes, those first blocked at each point in turn, and their continuations as a formula to subtract."""
    firsts: list[str] = []
    bad: list[str] = []
    reached: dict[Point, int] = {}
    for x, y in sorted(set(blocked)):
        earlier = [(u, v) for u, v in reached if u <= x and v <= y]
        less = "".join(rf" - {reached[u, v]} \cdot \binom{{{x - u + y - v}}}{{{x - u}}}" for u, v in earlier)
        reached[x, y] = solve(x, y, earlier)
        firsts.append(rf"f({x}, {y}) = \binom{{{x + y}}}{{{x}}}{less} = {reached[x, y]}")
        if x <= a and y <= b:
            bad.append(rf"- {reached[x, y]} \cdot \binom{{{a - x + b - y}}}{{{a - x}}}")
    return {"all": comb(a + b, a), "firsts": r";\; ".join(firsts) or "f = 0", "bad": " ".join(bad)}


def check(a: int, b: int, blocked: list[Point]) -> int:
    """Fill the grid row by row: each point is reached from its left and lower neighbours."""
    holes = set(blocked)
    row = [1] + [0] * a
    for y in range(b + 1):
        for x in range(a + 1):
            left = row[x - 1] if x else 0
            row[x] = 0 if (x, y) in holes else row[x] + left
    return row[a]
