"""Matrices and vectors as lists of rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agentprop.extraction.mining.question.kernel.exact import div, integer_power
from agentprop.extraction.mining.question.kernel.limits import NotExact, Undefined


class ExactMatrix(tuple[tuple[Any, ...], ...]):
    """Rows of equal length with the arithmetic of matrices; a list of rows to everything else."""

    def __add__(self, other: Any) -> Any:
        if not isinstance(other, ExactMatrix) or shape(self) != shape(other):
            raise Undefined("matrices of different shapes")
        return ExactMatrix(tuple(a + b for a, b in zip(r, s, strict=True)) for r, s in zip(self, other, strict=True))

    def __sub__(self, other: Any) -> Any:
        return self + -1 * other

    def __neg__(self) -> ExactMatrix:
        return ExactMatrix(tuple(-entry for entry in row) for row in self)

    def __mul__(self, other: Any) -> Any:
        if not isinstance(other, ExactMatrix):
            return self.__rmul__(other)
        if shape(self) == shape(other) and shape(self)[1] == 1:
            return sum(a * b for (a,), (b,) in zip(self, other, strict=True))
        if shape(self)[1] != shape(other)[0]:
            raise Undefined("matrices that do not fit")
        columns = list(zip(*other, strict=True))
        return ExactMatrix(tuple(sum(a * b for a, b in zip(r, c, strict=True)) for c in columns) for r in self)

    def __rmul__(self, other: Any) -> Any:
        return ExactMatrix(tuple(other * entry for entry in row) for row in self)

    def __pow__(self, exponent: Any) -> Any:
        return matrix_power(self, exponent)


def shape(matrix: Sequence[Sequence[Any]]) -> tuple[int, int]:
    """(rows, columns)."""
    return len(matrix), len(matrix[0])


def matrix(rows: Sequence[Sequence[Any]]) -> ExactMatrix:
    """Rows as a matrix."""
    if len({len(row) for row in rows}) != 1:
        raise Undefined("rows of different lengths")
    return ExactMatrix(map(tuple, rows))


def identity(size: int) -> ExactMatrix:
    """The matrix that changes nothing."""
    return ExactMatrix(tuple(int(i == j) for j in range(size)) for i in range(size))


def matrix_power(base: Any, exponent: Any) -> Any:
    """A power of a matrix, or of a number."""
    if not isinstance(base, ExactMatrix):
        return integer_power(base, exponent)
    rows, columns = shape(base)
    if rows != columns or not isinstance(exponent, int) or abs(exponent) > 5000:
        raise Undefined("no such power")
    if exponent < 0:
        return matrix_power(inverse_matrix(base), -exponent)
    result = identity(rows)
    while exponent:
        if exponent & 1:
            result = result * base
        base, exponent = base * base, exponent >> 1
    return result


def determinant(rows: Sequence[Sequence[Any]]) -> Any:
    """The determinant by the first row."""
    if len(rows) != len(rows[0]):
        raise Undefined("no square matrix")
    if len(rows) > 5:
        raise NotExact("too large a matrix")
    if len(rows) == 1:
        return rows[0][0]
    total: Any = 0
    for column, entry in enumerate(rows[0]):
        minor = [[*row[:column], *row[column + 1 :]] for row in rows[1:]]
        total = total + (-1) ** column * entry * determinant(minor)
    return total


def plain_determinant(rows: Sequence[Sequence[Any]]) -> Any:
    """The determinant by elimination in floats."""
    table = [[complex(entry) for entry in row] for row in rows]
    if len(table) != len(table[0]):
        raise Undefined("no square matrix")
    total: complex = 1
    for column in range(len(table)):
        pivot = max(range(column, len(table)), key=lambda row: abs(table[row][column]))
        if abs(table[pivot][column]) < 1e-13:
            return 0
        if pivot != column:
            table[column], table[pivot] = table[pivot], table[column]
            total = -total
        total *= table[column][column]
        for row in range(column + 1, len(table)):
            factor = table[row][column] / table[column][column]
            table[row] = [a - factor * b for a, b in zip(table[row], table[column], strict=True)]
    return total.real if total.imag == 0 else total


def inverse_matrix(rows: Any) -> ExactMatrix:
    """The inverse by cofactors."""
    whole_ = determinant(rows)
    if whole_ == 0:
        raise Undefined("no inverse")
    size = len(rows)
    if size == 1:
        return ExactMatrix([(div(1, rows[0][0]),)])

    def minor(i: int, j: int) -> list[list[Any]]:
        return [[*row[:j], *row[j + 1 :]] for place, row in enumerate(rows) if place != i]

    return ExactMatrix(
        tuple(div((-1) ** (i + j) * determinant(minor(j, i)), whole_) for j in range(size)) for i in range(size)
    )


def transposed(rows: Sequence[Sequence[Any]]) -> ExactMatrix:
    """Rows as columns."""
    return ExactMatrix(zip(*rows, strict=True))


def entries(vector: Any) -> list[Any]:
    """The numbers of a vector, whether it is a column, a row or a list."""
    if isinstance(vector, ExactMatrix):
        return [entry for row in vector for entry in row]
    return list(vector)


def dot(left: Any, right: Any) -> Any:
    """The dot product."""
    a, b = entries(left), entries(right)
    if len(a) != len(b):
        raise Undefined("vectors of different lengths")
    return sum(x * y for x, y in zip(a, b, strict=True))


def cross(left: Any, right: Any) -> Any:
    """The cross product as a column."""
    a, b = entries(left), entries(right)
    if len(a) != 3 or len(b) != 3:
        raise Undefined("no vectors of space")
    made = (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])
    return ExactMatrix((one,) for one in made) if isinstance(left, ExactMatrix) else made


def projection(of: Any, onto: Any) -> Any:
    """The projection of one vector onto another."""
    factor = div(dot(of, onto), dot(onto, onto))
    return (
        ExactMatrix((factor * one,) for one in entries(onto))
        if isinstance(onto, ExactMatrix)
        else tuple(factor * one for one in entries(onto))
    )


def trace(rows: Sequence[Sequence[Any]]) -> Any:
    """The sum of the diagonal."""
    return sum(rows[place][place] for place in range(len(rows)))
