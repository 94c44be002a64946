"""Count the integers up to n with exactly k divisors."""


def solve(k: int, n: int) -> int:
    """Count every shape of prime factorisation on its own."""
    primes = _primes(n)
    return sum(_members(shape, n, primes, ()) for shape in _shapes(k, k))


def steps(k: int, n: int) -> dict[str, object]:
    """The shapes, as lists of exponents, and how many integers have each of them."""
    primes, shapes = _primes(n), _shapes(k, k)
    return {
        "exponents": [str(list(shape)) for shape in shapes],
        "integers_by_exponents": [_members(shape, n, primes, ()) for shape in shapes],
    }


def _shapes(k: int, largest: int) -> list[tuple[int, ...]]:
    """Descending exponents whose successors have the product k and are at most `largest`."""
    if k == 1:
        return [()]
    return [(d - 1, *rest) for d in range(min(k, largest), 1, -1) if k % d == 0 for rest in _shapes(k // d, d)]


def _members(shape: tuple[int, ...], bound: int, primes: list[int], used: tuple[tuple[int, int], ...]) -> int:
    """Integers of a shape up to a bound, apart from the primes that are used, each with its exponent."""
    if not shape:
        return 1
    total = 0
    for p in primes:
        if p ** shape[0] > bound:
            break
        taken = any(p == q or (p < q and shape[0] == exponent) for q, exponent in used)
        if not taken:
            total += _members(shape[1:], bound // p ** shape[0], primes, (*used, (p, shape[0])))
    return total


def _primes(n: int) -> list[int]:
    marked = bytearray(n + 1)
    primes = []
    for p in range(2, n + 1):
        if not marked[p]:
            primes.append(p)
            marked[p * p :: p] = b"\x01" * len(range(p * p, n + 1, p))
    return primes


def check(k: int, n: int) -> int:
    """Add 1 to every multiple of every integer: what a number has collected is its number of divisors."""
    divisors = [0] * (n + 1)
    for d in range(1, n + 1):
        for multiple in range(d, n + 1, d):
            divisors[multiple] += 1
    return divisors.count(k)
