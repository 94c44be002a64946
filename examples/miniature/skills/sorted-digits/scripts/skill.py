"""A whole number to the number with its digits from the largest to the smallest."""


def solve(n: int) -> int:
    """Sort the characters."""
    return int("".join(sorted(str(n), reverse=True)))


def check(n: int) -> int:
    """Count each digit, and write the largest ones first."""
    counts = [0] * 10
    while n:
        n, digit = divmod(n, 10)
        counts[digit] += 1
    result = 0
    for digit in range(9, -1, -1):
        for _ in range(counts[digit]):
            result = 10 * result + digit
    return result
