"""Two coefficients and a right side to the number of integer solutions of xy + ax + by = n."""


def solve(a: int, b: int, n: int) -> int:
    """Complete the product and count the divisors of n + ab of both signs."""
    product, divisors, prime = n + a * b, 1, 2
    while prime * prime <= product:
        exponent = 0
        while product % prime == 0:
            product //= prime
            exponent += 1
        divisors *= exponent + 1
        prime += 1
    return 2 * divisors * (2 if product > 1 else 1)


def check(a: int, b: int, n: int) -> int:
    """Try every x that can leave an integer y: beyond the limits, |y + a| would be less than 1."""
    limit = abs(n) + a * b + b + 1
    return sum(1 for x in range(-limit, limit + 1) if x != -b and (n - a * x) % (x + b) == 0)
