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


def steps(A: Matrix, t: int) -> dict[str, int | str]:
    """Trace, sum of principal minors and determinant, each with its calculation, and the middle of Horner's scheme."""
    (a, b, c), (d, e, f), (g, h, i) = A
    minors = [e * i - f * h, a * i - c * g, a * e - b * d]
    trace, second = a + e + i, sum(minors)
    cofactors = [minors[0], f * g - d * i, d * h - e * g]
    determinant = sum(entry * cofactor for entry, cofactor in zip(A[0], cofactors, strict=True))
    products = zip(A[0], cofactors, strict=True)
    return {
        "diagonal": f"{a} + {_term(e)} + {_term(i)}",
        "trace": trace,
        "minors": f"{minors[0]} + {_term(minors[1])} + {_term(minors[2])}",
        "second": second,
        "expansion": " + ".join(rf"{_term(entry)} \cdot {_term(cofactor)}" for entry, cofactor in products),
        "determinant": determinant,
        "signed_trace": _term(trace),
        "signed_second": _term(second),
        "inner": (t - trace) * t + second,
        "signed_determinant": _term(determinant),
    }


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


def _term(number: int) -> str:
    """A number as it stands behind an operator."""
    return str(number) if number >= 0 else f"({number})"
