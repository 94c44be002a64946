"""A whole number to the number with its digits in reverse order."""


def solve(n: int) -> int:
    """Reverse the text."""
    return int(str(n)[::-1])


def check(n: int) -> int:
    """Move the digits over one by one."""
    result = 0
    while n:
        n, digit = divmod(n, 10)
        result = 10 * result + digit
    return result
