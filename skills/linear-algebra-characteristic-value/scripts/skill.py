"""Value of the characteristic polynomial of an integer matrix at an integer."""

from itertools import permutations

Matrix = list[list[int]]


def solve(A: Matrix, t: int) -> int:
    """Faddeev-LeVerrier gives the coefficients, Horner evaluates them."""
    size = len(A)
    value, coefficient = 1, 1
    auxiliary = [[0] * size for _ in range(size)]
    for step in range(1, size + 1):
        for i in range(size):
            auxiliary[i][i] += coefficient
        auxiliary = [[sum(A[i][k] * auxiliary[k][j] for k in range(size)) for j in range(size)] for i in range(size)]
        coefficient = -sum(auxiliary[i][i] for i in range(size)) // step
        value = value * t + coefficient
    return value


def check(A: Matrix, t: int) -> int:
    """Expand the determinant of tI - A over all permutations."""
    size = len(A)
    total = 0
    for order in permutations(range(size)):
        product = 1
        for i, j in enumerate(order):
            product *= (t if i == j else 0) - A[i][j]
        inversions = sum(order[i] > order[j] for i in range(size) for j in range(i + 1, size))
        total += -product if inversions % 2 else product
    return total
