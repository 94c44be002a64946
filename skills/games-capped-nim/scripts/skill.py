"""Count the positions of three capped heaps in which the second player wins."""


def solve(m: int, n: int) -> int:
    """Match nimbers, the remainders modulo m + 1, by exclusive or."""
    sizes = _frequencies(m, n)
    return sum(
        sizes[a] * sizes[b] * sizes[a ^ b] for a in range(len(sizes)) for b in range(len(sizes)) if a ^ b < len(sizes)
    )


def steps(m: int, n: int) -> dict[str, object]:
    """The modulus, how many sizes have each remainder, and the pairs of remainders that a third one cancels."""
    sizes = _frequencies(m, n)
    matched = sum(a ^ b < len(sizes) for a in range(len(sizes)) for b in range(len(sizes)))
    return {"modulus": m + 1, "sizes_by_remainder": sizes, "matched_pairs": matched}


def _frequencies(m: int, n: int) -> list[int]:
    modulus = min(m, n) + 1
    return [n // modulus + (0 < r <= n % modulus) for r in range(modulus)]


def check(m: int, n: int) -> int:
    """Pair the first two heaps with the third heaps from which the second player wins, found by the rules alone.

    A position is lost if no move leads to another lost one. So beside heaps of x and y a heap of z is lost if it is
    lost beside no smaller x or y that one move reaches, and if no smaller z within reach is lost. Bit z of
    `lost[x][y]` says so.
    """
    lost = [[0] * (n + 1) for _ in range(n + 1)]
    total = 0
    for x in range(n + 1):
        for y in range(x, n + 1):
            barred = 0
            for earlier in range(max(0, x - m), x):
                barred |= lost[earlier][y]
            for smaller in range(max(0, y - m), y):
                barred |= lost[x][smaller]
            lost[x][y] = lost[y][x] = found = _lost_heaps(~barred & ((2 << n) - 1), m)
            if x:
                total += (found >> 1).bit_count() * (1 if x == y else 2)
    return total


def _lost_heaps(free: int, m: int) -> int:
    """The lost heaps among those that no other heap's move wins: each is more than m above the one before."""
    found = 0
    while free:
        lowest = free & -free
        found |= lowest
        free &= -(lowest << (m + 1))
    return found
