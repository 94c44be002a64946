"""Base, exponent and modulus to the remainder of the power."""


def solve(a: int, n: int, m: int) -> int:
    """Square repeatedly along the binary digits of the exponent."""
    result, square = 1 % m, a % m
    while n:
        if n & 1:
            result = result * square % m
        square = square * square % m
        n >>= 1
    return result


def steps(a: int, n: int, m: int) -> dict[str, int | str]:
    """The reduced base, the binary digits of the exponent, and the last two doublings of the exponent."""
    base = a % m
    first, second = solve(a, n // 4, m), solve(a, n // 2, m)
    factor = rf" \cdot {base}"
    return {
        "reduced": "" if base == a else rf", and ${a} \equiv {base} \pmod{{{m}}}$",
        "digits": bin(n)[2:],
        "early": n // 4,
        "first": first,
        "late": n // 2,
        "doubled": f"{first}^2" + (factor if n // 2 % 2 else ""),
        "second": second,
        "redoubled": f"{second}^2" + (factor if n % 2 else ""),
    }


def check(a: int, n: int, m: int) -> int:
    """List the residues of a, a^2, a^3, ... until one repeats and read the answer off the cycle."""
    first_seen: dict[int, int] = {}
    residues: list[int] = []
    value = a % m
    while value not in first_seen:
        first_seen[value] = len(residues)
        residues.append(value)
        value = value * a % m
    tail = first_seen[value]
    period = len(residues) - tail
    index = n - 1
    return residues[index] if index < tail else residues[tail + (index - tail) % period]
