"""Add up the rounded logarithms of the integers from 1 to n."""


def solve(b: int, n: int, way: str) -> int:
    """Add up group by group; in a group the rounded logarithm does not change."""
    return sum(value * members for value, members in _groups(b, n, way))


def steps(b: int, n: int, way: str) -> dict[str, object]:
    """The largest rounded logarithm, how many integers have it, and the sum of all others."""
    groups = _groups(b, n, way)
    return {
        "largest_value": groups[-1][0],
        "last_group": groups[-1][1],
        "terms": " + ".join(rf"{members} \cdot {value}" for value, members in groups[:-1] if value) or "0",
        "complete_groups": sum(value * members for value, members in groups[:-1]),
    }


def _groups(b: int, n: int, way: str) -> list[tuple[int, int]]:
    """Pairs of a rounded logarithm and the number of integers up to n that have it."""
    if b < 2:
        raise ValueError("no base of logarithms")
    groups, value, done = [], 0, 0
    while done < n:
        last = b**value if way == "up" else b ** (value + 1) - 1
        groups.append((value, min(last, n) - done))
        done, value = min(last, n), value + 1
    return groups


def check(b: int, n: int, way: str) -> int:
    """Each integer counts 1 for every power of b that it reaches, from b on, or exceeds, from 1 on."""
    total, power = 0, b if way == "down" else 1
    while power <= n:
        total += n - power + (1 if way == "down" else 0)
        power *= b
    return total
