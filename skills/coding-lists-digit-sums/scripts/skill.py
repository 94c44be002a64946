"""Integers and a base -> the digit sum of each absolute value in that base."""


def solve(xs: list[int], b: int) -> list[int]:
    if b < 2:
        raise ValueError("no base of digits")
    sums = []
    for x in xs:
        n, total = abs(x), 0
        while n:
            n, digit = divmod(n, b)
            total += digit
        sums.append(total)
    return sums


def steps(xs: list[int], b: int) -> dict[str, list[int]]:
    """The numbers without their signs."""
    return {"sizes": [abs(x) for x in xs]}


def check(xs: list[int], b: int) -> list[int]:
    """Legendre: n less (b - 1) times the sum of floor(n / b), floor(n / b^2), ..."""
    sums = []
    for x in xs:
        quotients, power = 0, b
        while power <= abs(x):
            quotients += abs(x) // power
            power *= b
        sums.append(abs(x) - (b - 1) * quotients)
    return sums
