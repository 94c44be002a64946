"""Three coin values to the largest amount that they cannot pay."""

from math import gcd


def solve(a: int, b: int, c: int) -> int:
    """Find the cheapest payable amount of each remainder modulo a, adding one kind of coin at a time."""
    if gcd(a, b, c) != 1:
        raise ValueError("infinitely many amounts cannot be paid")
    never = a * (b + c)
    cheapest = [0] + [never] * (a - 1)
    for coin in (b, c):
        cycles = gcd(a, coin)
        for start in range(cycles):
            residue = min(range(start, a, cycles), key=lambda r: cheapest[r])
            amount = cheapest[residue]
            for _ in range(a // cycles - 1):
                residue, amount = (residue + coin) % a, amount + coin
                amount = min(amount, cheapest[residue])
                cheapest[residue] = amount
    return max(cheapest) - a


def steps(a: int, b: int, c: int) -> dict[str, int | str]:
    """The cheapest payable amount of every remainder modulo a, and the largest of them with its coins."""
    cheapest: dict[int, tuple[int, int, int]] = {}
    for amount, bs, cs in sorted((x * b + y * c, x, y) for x in range(a) for y in range(a)):
        cheapest.setdefault(amount % a, (amount, bs, cs))
    latest, bs, cs = max(cheapest.values())
    return {
        "top": a - 1,
        "cheapest": ", ".join(str(cheapest[remainder][0]) for remainder in range(a)),
        "latest": latest,
        "bs": bs,
        "cs": cs,
    }


def check(a: int, b: int, c: int) -> int:
    """Mark payable amounts upwards until as many in a row as the smallest coin is worth are payable."""
    if gcd(a, b, c) != 1:
        raise ValueError("infinitely many amounts cannot be paid")
    coins = (a, b, c)
    smallest = min(coins)
    payable, amount, last_gap = {0}, 0, -1
    while amount - last_gap <= smallest:
        amount += 1
        if any(amount - coin in payable for coin in coins):
            payable.add(amount)
        else:
            last_gap = amount
    return last_gap
