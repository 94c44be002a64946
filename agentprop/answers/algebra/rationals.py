"""A closed tree to the rational number it stands for, where it is one and stays within a size limit."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

from agentprop.answers.reading.nodes import Matrix, Node, Number, Operation, Symbol, substitute

QUICK_BITS = 20_000
"""Largest numerator or denominator computed in the caller's own thread: a millisecond or so."""

WORKER_BITS = 2_000_000
"""Largest one computed in a worker, about 600,000 digits; beyond, numbers are compared by their logarithms."""


QUICK_TERMS = 200
"""Terms of a sum that are added up in the caller's own thread."""

MAX_TERMS = 20_000
"""Terms of a sum that are added up at all."""


class UndefinedValue(Exception):
    """The expression has no value, such as a division by zero."""


class TooManyBits(Exception):
    """The exact value needs more bits than allowed."""


def rational(node: Node, bits: int = QUICK_BITS) -> Fraction | None:
    """The exact value; None where it is irrational, complex, symbolic or beyond `bits`. Raises `UndefinedValue`."""
    try:
        return _value(node, bits)
    except TooManyBits:
        return None


def _value(node: Node, bits: int) -> Fraction | None:
    if isinstance(node, Number):
        return node.value
    if not isinstance(node, Operation):
        return None
    if node.head == "det" and isinstance(node.args[0], Matrix):
        return _determinant(node.args[0], bits)
    if node.head in ("sum", "prod"):
        return _iterated(node, bits)
    if node.head == "mod":
        remainder = _modular(node, bits)
        if remainder is not None:
            return remainder
    rule = _RULES.get(node.head)
    if rule is None:
        return None
    values = []
    for arg in node.args:
        value = _value(arg, bits)
        if value is None:
            return None
        values.append(value)
    result = rule(values, bits)
    if result is not None and max(result.numerator.bit_length(), result.denominator.bit_length()) > bits:
        raise TooManyBits
    return result


def _iterated(node: Operation, bits: int) -> Fraction | None:
    """A sum or a product over an index with whole bounds, term by term."""
    body, index, lower, upper = node.args
    bounds = [_value(part, bits) for part in (lower, upper)]
    whole = [int(value) for value in bounds if value is not None and value.denominator == 1]
    if len(whole) < 2 or not isinstance(index, Symbol):
        return None
    if whole[1] - whole[0] >= (QUICK_TERMS if bits <= QUICK_BITS else MAX_TERMS):
        raise TooManyBits
    total = Fraction(0 if node.head == "sum" else 1)
    for k in range(whole[0], whole[1] + 1):
        value = _value(substitute(body, {index.name: Number(Fraction(k))}), bits)
        if value is None:
            return None
        total = total + value if node.head == "sum" else total * value
        if max(total.numerator.bit_length(), total.denominator.bit_length()) > bits:
            raise TooManyBits
    return total


def _modular(node: Operation, bits: int) -> Fraction | None:
    """A whole power modulo a whole number, without writing the power out."""
    match node.args:
        case Operation("^", (base, exponent)), modulus:
            values = [_value(part, bits) for part in (base, exponent, modulus)]
            whole = [int(value) for value in values if value is not None and value.denominator == 1]
            if len(whole) == 3 and whole[1] >= 0 and whole[2] > 0:
                return Fraction(pow(whole[0], whole[1], whole[2]))
    return None


def _divide(values: list[Fraction], bits: int) -> Fraction:
    if values[1] == 0:
        raise UndefinedValue("division by zero")
    return values[0] / values[1]


def _product(values: list[Fraction], bits: int) -> Fraction:
    total = Fraction(1)
    for value in values:
        total *= value
        if max(total.numerator.bit_length(), total.denominator.bit_length()) > bits:
            raise TooManyBits
    return total


def power(values: list[Fraction], bits: int) -> Fraction | None:
    base, exponent = values
    if base == 0 and exponent <= 0:
        if exponent < 0:
            raise UndefinedValue("zero to a negative power")
        return Fraction(1)
    if base in (0, 1):
        return base
    if base == -1 and exponent.denominator == 1:
        return Fraction(-1 if exponent.numerator % 2 else 1)
    if exponent.denominator != 1:
        return _rational_root(base, exponent, bits)
    size = max(base.numerator.bit_length(), base.denominator.bit_length())
    if abs(exponent) * (size - 1) > bits:
        raise TooManyBits
    return base ** int(exponent)


def _rational_root(base: Fraction, exponent: Fraction, bits: int) -> Fraction | None:
    """The real root where it is rational; odd roots of negative numbers are left to the complex branch."""
    if base < 0 or exponent.denominator > 64:
        return None
    top, bottom = (
        integer_root(base.numerator, exponent.denominator),
        integer_root(base.denominator, exponent.denominator),
    )
    if top is None or bottom is None:
        return None
    return power([Fraction(top, bottom), Fraction(exponent.numerator)], bits)


def integer_root(value: int, degree: int) -> int | None:
    """The exact degree-th root of a non-negative integer, or None."""
    if degree == 1 or value in (0, 1):
        return value
    if degree == 2:
        root = math.isqrt(value)
    else:
        root = 1 << -(-value.bit_length() // degree)
        while True:
            better = ((degree - 1) * root + value // root ** (degree - 1)) // degree
            if better >= root:
                break
            root = better
    return root if root**degree == value else None


def _factorial(values: list[Fraction], bits: int, step: int = 1) -> Fraction | None:
    if values[0].denominator != 1:
        return None
    if values[0] < 0:
        raise UndefinedValue("factorial of a negative integer")
    n = int(values[0])
    if n.bit_length() > 40 or (n > 20 and n * (n.bit_length() - 2) > bits * step):
        raise TooManyBits
    return Fraction(math.factorial(n) if step == 1 else math.prod(range(n, 0, -2)))


def _binomial(values: list[Fraction], bits: int) -> Fraction | None:
    if any(value.denominator != 1 or value < 0 for value in values):
        return None
    n, k = int(values[0]), int(values[1])
    k = min(k, n - k)
    if k < 0:
        return Fraction(0)
    if k * n.bit_length() > bits * 2:
        raise TooManyBits
    return Fraction(math.comb(n, k))


def _modulo(values: list[Fraction], bits: int) -> Fraction:
    if values[1] == 0:
        raise UndefinedValue("modulo zero")
    return values[0] % values[1]


def _whole_numbers(combine: Callable[..., int]) -> Callable[[list[Fraction], int], Fraction | None]:
    def rule(values: list[Fraction], bits: int) -> Fraction | None:
        if any(value.denominator != 1 for value in values):
            return None
        return Fraction(combine(*map(int, values)))

    return rule


def _log(values: list[Fraction], bits: int) -> Fraction | None:
    """log_b of a power of b, found by repeated division."""
    base, value = values
    if base <= 0 or base == 1 or value <= 0:
        raise UndefinedValue("logarithm outside its domain")
    if base < 1:
        base, sign = 1 / base, -1
    else:
        sign = 1
    if value < 1:
        value, sign = 1 / value, -sign
    count = 0
    while value > 1:
        value /= base
        count += 1
    return Fraction(sign * count) if value == 1 else None


def _determinant(matrix: Matrix, bits: int) -> Fraction | None:
    rows = [[_value(entry, bits) for entry in row] for row in matrix.rows]
    if len(rows) != len(rows[0]) or len(rows) > 30:
        return None
    table = [[entry for entry in row if entry is not None] for row in rows]
    if any(len(row) != len(rows) for row in table):
        return None
    total = Fraction(1)
    for k in range(len(table)):
        pivot = next((r for r in range(k, len(table)) if table[r][k]), None)
        if pivot is None:
            return Fraction(0)
        if pivot != k:
            table[k], table[pivot], total = table[pivot], table[k], -total
        total *= table[k][k]
        for r in range(k + 1, len(table)):
            ratio = table[r][k] / table[k][k]
            table[r] = [a - ratio * b for a, b in zip(table[r], table[k], strict=True)]
    return total


_RULES: dict[str, Callable[[list[Fraction], int], Fraction | None]] = {
    "+": lambda values, bits: sum(values, Fraction(0)),
    "*": _product,
    "neg": lambda values, bits: -values[0],
    "/": _divide,
    "^": power,
    "sqrt": lambda values, bits: power([values[0], Fraction(1, 2)], bits),
    "cbrt": lambda values, bits: _odd_root(values[0], Fraction(3), bits),
    "root": lambda values, bits: _odd_root(values[0], values[1], bits),
    "abs": lambda values, bits: abs(values[0]),
    "sgn": lambda values, bits: Fraction((values[0] > 0) - (values[0] < 0)),
    "floor": lambda values, bits: Fraction(math.floor(values[0])),
    "ceil": lambda values, bits: Fraction(math.ceil(values[0])),
    "factorial": _factorial,
    "factorial2": lambda values, bits: _factorial(values, bits, step=2),
    "binomial": _binomial,
    "mod": _modulo,
    "gcd": _whole_numbers(math.gcd),
    "lcm": _whole_numbers(math.lcm),
    "min": lambda values, bits: min(values),
    "max": lambda values, bits: max(values),
    "logbase": _log,
    "based": lambda values, bits: values[0],
    "conj": lambda values, bits: values[0],
    "re": lambda values, bits: values[0],
    "im": lambda values, bits: Fraction(0),
    "gamma": lambda values, bits: _factorial([values[0] - 1], bits) if values[0] >= 1 else None,
}


def _odd_root(value: Fraction, degree: Fraction, bits: int) -> Fraction | None:
    """Real roots: the odd root of a negative number is negative, as school mathematics has it."""
    if degree == 0:
        raise UndefinedValue("a zeroth root")
    if value < 0 and degree.denominator == 1 and degree.numerator % 2 == 1:
        root = power([-value, 1 / degree], bits)
        return None if root is None else -root
    return power([value, 1 / degree], bits)
