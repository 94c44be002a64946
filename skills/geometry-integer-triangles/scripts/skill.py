"""Count integer-sided triangles of a given perimeter."""


def solve(n: int, family: str) -> int:
    """Alcuin's sequence; taking 1, 2, 3 off the sorted sides turns scalene triangles into all of perimeter n - 6."""
    if family == "scalene triangles":
        n -= 6
    even = n if n % 2 == 0 else n + 3
    return (even * even + 24) // 48


def check(n: int, family: str) -> int:
    """Run through the longest side c and count the shorter sides a <= b <= c with sum n - c > c."""
    apart = 1 if family == "scalene triangles" else 0
    total = 0
    for c in range(1, (n - 1) // 2 + 1):
        rest = n - c
        total += max(0, min(c - apart, rest - 1) - (rest + apart + 1) // 2 + 1)
    return total
