"""A whole number to the number with its first digit at the end."""


def solve(n: int) -> int:
    """Cut the text."""
    text = str(n)
    return int(text[1:] + text[0])


def check(n: int) -> int:
    """Take the first digit off by the power of ten that it stands for."""
    power = 1
    while 10 * power <= n:
        power *= 10
    first, rest = divmod(n, power)
    return 10 * rest + first
