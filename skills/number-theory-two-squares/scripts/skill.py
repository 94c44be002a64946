"""Count the sums of two squares from 1 to n."""

from math import isqrt


def solve(n: int, kind: str) -> int:
    """Fermat's criterion; without zero the squares that have no prime factor 4k + 1 drop out."""
    fitting = _fitting(n)
    return len(fitting) - (len(_lonely_squares(n, fitting)) if kind == "positive" else 0)


def steps(n: int, kind: str) -> dict[str, object]:
    """Numbers that fulfil the criterion, and what becomes of the squares among them that need a zero."""
    fitting = _fitting(n)
    lonely = _lonely_squares(n, fitting)
    if kind != "positive":
        return {"with_zero": len(fitting), "zeros": "As a $0$ is allowed, all of them count"}
    zeros = (
        "Squares without a prime factor that leaves the remainder $1$ modulo $4$ need a $0$ and do not count. "
        f"They are {', '.join(map(str, lonely[:5]))} and so on: "
        f"${len(fitting)} - {len(lonely)} = {len(fitting) - len(lonely)}$"
    )
    return {"with_zero": len(fitting), "zeros": zeros}


def _fitting(n: int) -> dict[int, bool]:
    """Numbers whose primes 4k + 3 have even exponents, and whether they have a prime 4k + 1."""
    least = list(range(n + 1))
    for p in range(2, isqrt(n) + 1):
        if least[p] == p:
            for multiple in range(p * p, n + 1, p):
                least[multiple] = min(least[multiple], p)
    odd_part = [1] * (n + 1)  # product of the primes 4k + 3 with odd exponents
    splits = [False] * (n + 1)
    for m in range(2, n + 1):
        p = least[m]
        rest = m // p
        splits[m] = splits[rest] or p % 4 == 1
        odd_part[m] = odd_part[rest]
        if p % 4 == 3:
            odd_part[m] = odd_part[rest] // p if odd_part[rest] % p == 0 else odd_part[rest] * p
    return {m: splits[m] for m in range(1, n + 1) if odd_part[m] == 1}


def _lonely_squares(n: int, fitting: dict[int, bool]) -> list[int]:
    return [m * m for m in range(1, isqrt(n) + 1) if not fitting[m * m]]


def check(n: int, kind: str) -> int:
    """Mark every sum of two squares."""
    low = 1 if kind == "positive" else 0
    marked = {x * x + y * y for x in range(low, isqrt(n) + 1) for y in range(x, isqrt(n - x * x) + 1)}
    return len(marked - {0})
