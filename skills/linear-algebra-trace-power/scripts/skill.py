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


def steps(A: Matrix, n: int, m: int) -> dict[str, int | str]:
    """Trace and determinant with their calculations, and the last doubling of the index modulo m."""
    (a, b), (c, d) = A
    trace, det, half = a + d, a * d - b * c, n // 2
    low, high, power = solve(A, half, m), solve(A, half + 1, m), pow(det, half, m)
    last = rf"{low} \cdot {high} - {_term(trace)} \cdot {power}" if n % 2 else rf"{low}^2 - 2 \cdot {power}"
    return {
        "diagonal": f"{a} + {_term(d)}",
        "trace": trace,
        "products": rf"{a} \cdot {_term(d)} - {_term(b)} \cdot {_term(c)}",
        "determinant": det,
        "half": half,
        "low": low,
        "high": high,
        "power": power,
        "last": last,
    }


def check(A: Matrix, n: int, m: int) -> int:
    """Raise the matrix itself to the power by repeated squaring and add the diagonal entries."""
    power = [[1, 0], [0, 1]]
    while n:
        if n % 2:
            power = _product(power, A, m)
        A = _product(A, A, m)
        n //= 2
    return (power[0][0] + power[1][1]) % m


def _product(left: Matrix, right: Matrix, m: int) -> Matrix:
    columns = list(zip(*right, strict=True))
    return [[sum(x * y for x, y in zip(row, column, strict=True)) % m for column in columns] for row in left]


def _term(number: int) -> str:
    """A number as it stands behind an operator."""
    return str(number) if number >= 0 else f"({number})"
