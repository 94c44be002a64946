"""A number and a base to the sum of the number's digits in that base."""


def solve(n: int, b: int) -> int:
    """Divide by the base repeatedly and add the remainders."""
    total = 0
    while n:
        n, digit = divmod(n, b)
        total += digit
    return total


def check(n: int, b: int) -> int:
    """Pack greedily into the largest full containers: sizes 1, b, b^2, ..., fewest containers first."""
    sizes = [1]
    while sizes[-1] <= n:
        sizes.append(sizes[-1] * b)
    containers = 0
    for size in reversed(sizes):
        while n >= size:
            n -= size
            containers += 1
    return containers
