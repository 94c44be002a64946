"""Two limits to the number of odd numbers from one to the other, ends included."""


def solve(a: int, n: int) -> int:
    """Odd numbers up to n less those below a."""
    return (n + 1) // 2 - a // 2


def check(a: int, n: int) -> int:
    """List them."""
    return sum(number % 2 for number in range(a, n + 1))
