"""Multiply a - c cos(2 pi k / n) over k = 1, ..., n."""


def solve(a: int, c: int, n: int) -> int:
    """Sums of powers of the two numbers with sum a and product (c / 2)^2, less twice the power of c / 2."""
    return _power_sums(a, c, n)[n] - 2 * (c // 2) ** n


def steps(a: int, c: int, n: int) -> dict[str, object]:
    """The product of the two numbers, their power sums up to n, and what is taken off in the end."""
    return {
        "half": c // 2,
        "root_product": (c // 2) ** 2,
        "root_factor": f"{(c // 2) ** 2} " if c > 2 else "",
        "power_sums": _power_sums(a, c, n)[2:],
        "taken_off": 2 * (c // 2) ** n,
    }


def _power_sums(a: int, c: int, n: int) -> list[int]:
    sums = [2, a]
    while len(sums) <= n:
        sums.append(a * sums[-1] - (c // 2) ** 2 * sums[-2])
    return sums


def check(a: int, c: int, n: int) -> int:
    """Take the determinant of the circulant matrix with a on the diagonal and -c / 2 on both sides of it."""
    matrix = [[0] * n for _ in range(n)]
    for i in range(n):
        matrix[i][i] += a
        matrix[i][(i + 1) % n] -= c // 2
        matrix[i][(i - 1) % n] -= c // 2
    return _determinant(matrix)


def _determinant(matrix: list[list[int]]) -> int:
    """Fraction-free elimination after Bareiss; the pivots are leading minors, which dominance keeps positive."""
    last = 1
    for k in range(len(matrix) - 1):
        for i in range(k + 1, len(matrix)):
            for j in range(k + 1, len(matrix)):
                matrix[i][j] = (matrix[i][j] * matrix[k][k] - matrix[i][k] * matrix[k][j]) // last
        last = matrix[k][k]
    return matrix[-1][-1]
