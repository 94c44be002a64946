"""Count k-element subsets of {1, ..., n} whose sum is divisible by m."""

from itertools import combinations_with_replacement
from math import comb


def solve(n: int, k: int, m: int) -> int:
    """Only residues matter: pick how many elements come from each residue class."""
    states = {(0, 0): 1}
    for residue in range(m):
        size = n // m + (0 < residue <= n % m)
        grown: dict[tuple[int, int], int] = {}
        for (used, total), ways in states.items():
            for take in range(min(size, k - used) + 1):
                key = used + take, (total + take * residue) % m
                grown[key] = grown.get(key, 0) + ways * comb(size, take)
        states = grown
    return states.get((k, 0), 0)


def steps(n: int, k: int, m: int) -> dict[str, int | str]:
    """The sizes of the residue classes, the fitting choices of residues, and their subsets of two kinds."""
    rounds, rest = divmod(n, m)
    multisets, kinds = 0, [0] * (k + 1)
    for chosen in combinations_with_replacement(range(m), k - 1):
        last = -sum(chosen) % m
        if last >= chosen[-1]:
            multisets += 1
            taken = {*chosen, last}
            if len(taken) == k:
                kinds[sum(0 < residue <= rest for residue in taken)] += 1
    terms = [
        r" \cdot ".join([str(count), *_powers(rounds, k - more), *_powers(rounds + 1, more)])
        for more, count in enumerate(kinds)
        if count
    ]
    distinct = sum(count * rounds ** (k - more) * (rounds + 1) ** more for more, count in enumerate(kinds))
    return {
        "rounds": rounds,
        "rest": rest,
        "classes": _classes(rounds, rest),
        "multisets": multisets,
        "sorted": " + ".join(terms) or "0",
        "distinct": distinct,
        "repeated": solve(n, k, m) - distinct,
    }


def _powers(base: int, exponent: int) -> list[str]:
    """The factor of a product, if it is one."""
    return [f"{base}^{{{exponent}}}"] if base > 1 and exponent else []


def _classes(rounds: int, rest: int) -> str:
    """How often the residues occur."""
    each = "every residue occurs " + ("once" if rounds == 1 else f"${rounds}$ times") + " among the numbers"
    if rest == 0:
        return each
    more = "the residue $1$" if rest == 1 else f"each of the residues $1$ to ${rest}$"
    return f"{each}, and {more} once more"


def check(n: int, k: int, m: int) -> int:
    """Offer the numbers 1, 2, ..., n one by one; table[j][s] counts j-element subsets with sum s modulo m."""
    table = [[0] * m for _ in range(k + 1)]
    table[0][0] = 1
    for number in range(1, n + 1):
        cut = -number % m
        for used in range(min(k, number), 0, -1):
            smaller = table[used - 1]
            table[used] = [old + new for old, new in zip(table[used], smaller[cut:] + smaller[:cut], strict=True)]
    return table[k][0]
