"""A whole number to its largest decimal digit."""


def solve(n: int) -> int:
    """The largest character."""
    return int(max(str(n)))


def check(n: int) -> int:
    """Peel the digits off from the right and keep the larger."""
    best = 0
    while n:
        n, digit = divmod(n, 10)
        best = digit if digit > best else best
    return best
