"""A number and a base to the sum of the number's digits in that base."""


def solve(n: int, b: int) -> int:
    """Divide by the base repeatedly and add the remainders."""
    if b < 2:
        raise ValueError("no base of digits")
    total = 0
    while n:
        n, digit = divmod(n, b)
        total += digit
    return total


def steps(n: int, b: int) -> dict[str, int | str]:
    """The first division by the base, and the digits, leading one first, as a list and as a sum."""
    digits: list[str] = []
    rest = n
    while rest or not digits:
        rest, digit = divmod(rest, b)
        digits.insert(0, str(digit))
    return {"quotient": n // b, "last": n % b, "digits": ", ".join(digits), "sum": " + ".join(digits)}


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
