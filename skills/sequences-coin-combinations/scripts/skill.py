"""Three part sizes and a total to the number of combinations with that total."""

from math import gcd


def solve(a: int, b: int, c: int, n: int) -> int:
    """Fix the number of largest parts; the other two then lie along a line with evenly spaced points."""
    g = gcd(a, b)
    step = a // g
    inverse = pow(b // g, -1, step)
    total = 0
    for rest in range(n, -1, -c):
        if rest % g == 0:
            first = rest // g * inverse % step
            if b * first <= rest:
                total += (rest // b - first) // step + 1
    return total


def steps(a: int, b: int, c: int, n: int) -> dict[str, int | str]:
    """The range of the largest parts, the spacing of the solutions, and the combinations of the first cases."""
    up_to = [solve(a, b, c, n - c * z) if n >= c * z else 0 for z in range(4)]
    counts = [up_to[j] - up_to[j + 1] for j in range(3)]
    cases = f"For $j = 0, 1, 2$ there are ${counts[0]}$, ${counts[1]}$ and ${counts[2]}$ combinations"
    if n >= 3 * c:
        counts.append(up_to[3])
        cases += f", and all larger $j$ together have ${up_to[3]}$ more"
    return {
        "most": n // c,
        "common": gcd(a, b),
        "step": a // gcd(a, b),
        "cases": cases,
        "sum": " + ".join(map(str, counts)),
    }


def check(a: int, b: int, c: int, n: int) -> int:
    """Build up the number of combinations of every smaller total, one part size after another."""
    ways = [1] + [0] * n
    for size in (a, b, c):
        for total in range(size, n + 1):
            ways[total] += ways[total - size]
    return ways[n]
