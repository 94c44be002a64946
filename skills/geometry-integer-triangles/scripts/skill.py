"""Count integer-sided triangles of a given perimeter."""

from fractions import Fraction


def solve(n: int, family: str) -> int:
    """Alcuin's sequence; taking 1, 2, 3 off the sorted sides turns scalene triangles into all of perimeter n - 6."""
    if family == "scalene triangles":
        n -= 6
    even = n if n % 2 == 0 else n + 3
    return (even * even + 24) // 48


def steps(n: int, family: str) -> dict[str, int | str | Fraction]:
    """How the question comes to all triangles of an even perimeter, the half of it, and a twelfth of its square."""
    if family == "scalene triangles":
        perimeter = n - 6
        reduction = (
            "Taking $1$, $2$ and $3$ off the sides of a scalene triangle, the smallest first, leaves a triangle whose "
            f"sides may be equal, and this can be undone; the perimeter becomes ${n} - 6 = {perimeter}$"
        )
    else:
        perimeter, reduction = n, f"All triangles of perimeter ${n}$ count, those with equal sides as well"
    parity = f"The perimeter ${perimeter}$ is even"
    if perimeter % 2:
        parity = (
            f"Adding $1$ to each side matches triangles of odd perimeter ${perimeter}$ with those of ${perimeter} + 3$"
        )
    even = perimeter + perimeter % 2 * 3
    return {
        "reduction": reduction,
        "parity": parity,
        "even": even,
        "half": even // 2,
        "quotient": Fraction(even * even, 48),
    }


def check(n: int, family: str) -> int:
    """Run through the longest side c and count the shorter sides a <= b <= c with sum n - c > c."""
    apart = 1 if family == "scalene triangles" else 0
    total = 0
    for c in range(1, (n - 1) // 2 + 1):
        rest = n - c
        total += max(0, min(c - apart, rest - 1) - (rest + apart + 1) // 2 + 1)
    return total
