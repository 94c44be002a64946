"""A bound and a modulus to the number of integers up to the bound that are coprime to the modulus."""


def solve(n: int, m: int) -> int:
    """Include and exclude over the squarefree products of the modulus's primes."""
    signed_products = [(1, 1)]
    prime, rest = 2, m
    while rest > 1:
        if prime * prime > rest:
            prime = rest
        if rest % prime == 0:
            signed_products += [(-sign, product * prime) for sign, product in signed_products]
            while rest % prime == 0:
                rest //= prime
        prime += 1
    return sum(sign * (n // product) for sign, product in signed_products)


def check(n: int, m: int) -> int:
    """Strike out the multiples of every divisor of the modulus and count what is left."""
    kept = bytearray([1]) * (n + 1)
    kept[0] = 0
    for d in range(2, min(n, m) + 1):
        if m % d == 0 and kept[d]:
            kept[d::d] = bytes(n // d)
    return sum(kept)
