"""Trace of a power of a 2 x 2 matrix, reduced modulo m."""

Matrix = list[list[int]]


def solve(A: Matrix, n: int, m: int) -> int:
    """Cayley-Hamilton: t(2i) = t(i)^2 - 2 det^i and t(2i+1) = t(i) t(i+1) - tr det^i, read off the bits of n."""
    (a, b), (c, d) = A
    trace, det = (a + d) % m, (a * d - b * c) % m
    low, high, det_power = 2 % m, trace, 1 % m
    for bit in bin(n)[2:]:
        middle = (low * high - trace * det_power) % m
        if bit == "1":
            low, high = middle, (high * high - 2 * det_power * det) % m
            det_power = det_power * det_power * det % m
        else:
            low, high = (low * low - 2 * det_power) % m, middle
            det_power = det_power * det_power % m
    return low


def check(A: Matrix, n: int, m: int) -> int:
    """Multiply the matrix out until the powers repeat, then read the answer off the cycle."""
    (a, b), (c, d) = A
    power = (1 % m, 0, 0, 1 % m)
    seen: dict[tuple[int, ...], int] = {}
    traces: list[int] = []
    for step in range(n + 1):
        if power in seen:
            start = seen[power]
            return traces[start + (n - start) % (step - start)]
        seen[power] = step
        w, x, y, z = power
        traces.append((w + z) % m)
        power = ((w * a + x * c) % m, (w * b + x * d) % m, (y * a + z * c) % m, (y * b + z * d) % m)
    return traces[n]
