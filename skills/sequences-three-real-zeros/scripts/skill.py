"""The slope term of a cubic to the number of integer shifts that leave it three distinct real zeros."""

from math import isqrt


def solve(p: int) -> int:
    """Count the integers c with 27 c^2 < 4 p^3."""
    return 2 * isqrt((4 * p**3 - 1) // 27) + 1


def steps(p: int) -> dict[str, int]:
    """The bound for 27 c^2, the largest c below it, and 27 c^2 for this c and the next."""
    largest = isqrt((4 * p**3 - 1) // 27)
    return {
        "bound": 4 * p**3,
        "largest": largest,
        "under": 27 * largest**2,
        "over": 27 * (largest + 1) ** 2,
    }


def check(p: int) -> int:
    """Search the height of the hump of p x - x^3 on a grid of step 2^-40; equal heights touch and do not cross."""
    grid = 2**40

    def height(j: int) -> int:
        return p * j * grid**2 - j**3

    low, high = 0, grid * (isqrt(p) + 1)
    while high - low > 2:
        third = (high - low) // 3
        if height(low + third) < height(high - third):
            low += third
        else:
            high -= third
    highest = max(height(j) for j in range(low, high + 1))
    return 2 * ((highest - 1) // grid**3) + 1
