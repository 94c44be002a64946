"""A whole number to the number of ones in its binary form."""


def solve(n: int) -> int:
    """Count characters."""
    return bin(n).count("1")


def check(n: int) -> int:
    """Take the largest power of two away until nothing is left."""
    ones = 0
    while n:
        power = 1
        while 2 * power <= n:
            power *= 2
        n, ones = n - power, ones + 1
    return ones
