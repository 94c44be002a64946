r"""A formula → whether its equations of plain numbers hold, as a reader who recalculates them finds.

Both sides of `=`, `\approx` and `\equiv … \pmod{…}`, and of inequalities, are evaluated exactly, and decimals within
the rounding of what is written: five significant digits or more are taken as rounded in the last one, fewer as exact. A
side with a letter, or with a notation that is not known here, is no claim about numbers and is passed over.

    >>> list(false_equations(r"$2^{10} - 24 = 1000$, and $\binom{5}{2} = 10 = 3 \cdot 4$."))
    ['\\binom{5}{2} = 10 = 3 \\cdot 4: 10 is not 12']
    >>> list(false_equations(r"$\max(2,\,5) > 4 \ge 3^2$"))
    ['\\max(2,\\,5) > 4 \\ge 3^2: 4 is not \\ge 9']
    >>> list(false_equations(r"$x = 7$ and $1.5 \cdot 2.1333 = 3.2$"))
    []
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import Any

MAX_POWER = 4000
"""Largest exponent, and largest number whose factorial is taken."""
ROUNDED = 5
"""Significant digits from which a decimal counts as rounded."""
_TOKEN = re.compile(
    r"\s*(?:(\d+(?:\.\d+)?)|\\(frac|dfrac|tfrac|binom|dbinom|sqrt|cdot|times|div|bmod|lfloor|rfloor|lceil|rceil|pi|ln|"
    r"log|exp|sin|cos|tan|min|max|gcd)(?![A-Za-z])|([-+*/^!(){}\[\]|%,]))"
)
_SPACES = re.compile(r"\\[,;:! ]|\\quad|\\left(?![a-z])|\\right(?![a-z])|~")
_SPLIT = re.compile(r"(=|<|>|\\(?:approx|equiv|le|ge|ne)(?![a-z]))")
_FORMULA = re.compile(r"\$([^$]+)\$")
_MODULUS = re.compile(r"\\pmod\{?\s*(\d+)\s*\}?")
_FUNCTIONS: dict[str, Callable[[float], float]] = {
    "ln": math.log, "log": math.log10, "exp": math.exp, "sin": math.sin, "cos": math.cos, "tan": math.tan,
}  # fmt: skip
_INEQUALITIES: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, ">": operator.gt, r"\le": operator.le, r"\ge": operator.ge, r"\ne": operator.ne,
}  # fmt: skip
_OF_SEVERAL: dict[str, Callable[..., Any]] = {
    "min": min, "max": max, "gcd": lambda *numbers: Fraction(math.gcd(*map(int, numbers))),
}  # fmt: skip
_FACTORS = frozenset({"(", "frac", "dfrac", "tfrac", "binom", "sqrt", "pi", "lfloor", *_FUNCTIONS, *_OF_SEVERAL})
"""What stands behind a factor without a sign between them."""


class NotArithmetic(ValueError):
    """The text is no expression in numbers alone."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A number, and by how much it may be off because its decimals were rounded."""

    value: Fraction | float
    error: float = 0.0


def false_equations(text: str) -> Iterator[str]:
    """Yield the equations in the formulas of a text that do not hold."""
    for formula in _FORMULA.findall(text.replace(r"\$", "")):
        for part in re.split(r",\s|;|\\Rightarrow|\\text", formula):
            yield from _false_in(part)


def _false_in(formula: str) -> Iterator[str]:
    if _SPLIT.search(formula) is None:  # a lone value claims nothing
        return
    found = _MODULUS.search(formula)
    modulus = int(found[1]) if found else None
    parts = _SPLIT.split(_MODULUS.sub("", formula))
    sides = [_value_or_none(side) for side in parts[::2]]
    for (left, right), sign in zip(pairwise(sides), parts[1::2], strict=True):
        if left is None or right is None:
            continue
        unequal = sign in _INEQUALITIES
        if not (_ordered(left, right, sign) if unequal else _same(left, right, modulus)):
            yield f"{formula.strip()}: {_brief(left)} is not {f'{sign} ' if unequal else ''}{_brief(right)}"
            return


def _ordered(left: Measured, right: Measured, sign: str) -> bool:
    """Whether an inequality holds; one of rounded numbers that are the same for all one sees may."""
    rounded = left.error or right.error
    return bool(_INEQUALITIES[sign](left.value, right.value)) or bool(rounded and _same(left, right, None))


def _brief(number: Measured) -> str:
    value = number.value
    return str(value) if isinstance(value, Fraction) and value.denominator < 10**6 else f"{float(value):.6g}"


def _same(left: Measured, right: Measured, modulus: int | None) -> bool:
    try:
        gap: Any = left.value - right.value
        if modulus is not None and isinstance(gap, Fraction):
            return bool(gap % modulus == 0)
        slack = left.error + right.error
        if slack or isinstance(gap, float):
            return float(abs(gap)) <= slack + 1e-6 * max(abs(float(left.value)), abs(float(right.value)))
        return bool(gap == 0)
    except OverflowError:
        return True  # too large to compare as floats: no evidence against it


@lru_cache(maxsize=1 << 13)  # a solution is checked where it is written and where it is judged
def _value_or_none(text: str) -> Measured | None:
    try:
        return evaluate(text)
    except (NotArithmetic, ZeroDivisionError, OverflowError, ValueError, IndexError):
        return None


def evaluate(text: str) -> Measured:
    """Evaluate a LaTeX expression in numbers. Raises NotArithmetic for anything else."""
    tokens, position = [], 0
    text = _SPACES.sub(" ", text).strip().rstrip(".")
    while position < len(text.rstrip()):
        found = _TOKEN.match(text, position)
        if found is None:
            raise NotArithmetic(text)
        tokens.append(next(group for group in found.groups() if group is not None))
        position = found.end()
    reader = _Reader(tokens)
    value = reader.sum()
    if reader.position < len(tokens):
        raise NotArithmetic(text)
    return value


class _Reader:
    """Recursive descent over tokens: sums of products of powers."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.position = 0

    @property
    def next(self) -> str:
        return self.tokens[self.position] if self.position < len(self.tokens) else ""

    def take(self, wanted: str | None = None) -> str:
        token = self.next
        if not token or (wanted is not None and token != wanted):
            raise NotArithmetic(f"{token!r} in the place of {wanted!r}")
        self.position += 1
        return token

    def sum(self) -> Measured:
        value = self.product()
        while self.next in ("+", "-"):
            sign = 1 if self.take() == "+" else -1
            other = self.product()
            value = Measured(value.value + sign * other.value, value.error + other.error)
        return value

    def product(self) -> Measured:
        value = self.signed()
        while self.next:
            if self.next in ("cdot", "times", "*"):
                self.take()
                value = _times(value, self.signed())
            elif self.next in ("/", "div"):
                self.take()
                value = _over(value, self.signed())
            elif self.next in ("bmod", "%"):
                self.take()
                other = self.signed()
                value = Measured(value.value % other.value)
            elif self.next in _FACTORS:
                value = _times(value, self.power())
            else:
                break
        return value

    def signed(self) -> Measured:
        if self.next in ("-", "+"):
            sign = -1 if self.take() == "-" else 1
            value = self.signed()
            return Measured(sign * value.value, value.error)
        return self.power()

    def power(self) -> Measured:
        value = self.factorial()
        if self.next == "^":
            self.take()
            exponent = self.group() if self.next == "{" else self.atom()
            value = _raised(value, exponent)
        return value

    def factorial(self) -> Measured:
        value = self.atom()
        while self.next == "!":
            self.take()
            value = Measured(Fraction(math.factorial(_whole(value))))
        return value

    def group(self) -> Measured:
        self.take("{")
        value = self.sum()
        self.take("}")
        return value

    def argument(self) -> Measured:
        return self.group() if self.next == "{" else self.power()

    def atom(self) -> Measured:
        token = self.take()
        if token[0].isdigit():
            return _number(token)
        if token in ("(", "{", "[", "|", "lfloor", "lceil"):
            return self.enclosed(token)
        if token in ("frac", "dfrac", "tfrac"):
            return _over(self.argument(), self.argument())
        if token in ("binom", "dbinom"):
            n, k = _whole(self.argument()), _whole(self.argument())
            return Measured(Fraction(math.comb(n, k)))
        if token == "sqrt":
            return self.root()
        if token == "pi":
            return Measured(math.pi)
        if token in _OF_SEVERAL:
            return Measured(_OF_SEVERAL[token](*(number.value for number in self.several())))
        if token in _FUNCTIONS:
            return _applied(_FUNCTIONS[token], self.argument())
        raise NotArithmetic(token)

    def several(self) -> list[Measured]:
        self.take("(")
        found = [self.sum()]
        while self.next == ",":
            self.take()
            found.append(self.sum())
        self.take(")")
        return found

    def enclosed(self, opening: str) -> Measured:
        value = self.sum()
        self.take({"(": ")", "{": "}", "[": "]", "|": "|", "lfloor": "rfloor", "lceil": "rceil"}[opening])
        match opening:
            case "|":
                return Measured(value.value if value.value >= 0 else -value.value, value.error)
            case "lfloor" | "lceil":
                rounding = math.floor if opening == "lfloor" else math.ceil
                return Measured(Fraction(rounding(value.value)), 1.0 if value.error else 0.0)
        return value

    def root(self) -> Measured:
        degree = Fraction(2)
        if self.next == "[":
            self.take()
            degree = Fraction(_whole(self.sum()))
            self.take("]")
        return _raised(self.argument(), Measured(1 / degree))


@lru_cache(maxsize=1 << 14)  # most occur again and again
def _number(token: str) -> Measured:
    whole, _, decimals = token.partition(".")
    digits = len((whole + decimals).lstrip("0"))
    rounded = bool(decimals) and digits >= ROUNDED
    return Measured(Fraction(token), 0.5 * 10.0 ** -len(decimals) if rounded else 0.0)


def _whole(number: Measured) -> int:
    if number.value != int(number.value) or not 0 <= number.value <= MAX_POWER:
        raise NotArithmetic("not a small whole number")
    return int(number.value)


def _times(a: Measured, b: Measured) -> Measured:
    value = a.value * b.value
    if not (a.error or b.error):
        return Measured(value)
    return Measured(value, abs(float(a.value)) * b.error + abs(float(b.value)) * a.error + a.error * b.error)


def _over(a: Measured, b: Measured) -> Measured:
    if not b.error:
        return Measured(a.value / b.value, a.error / abs(float(b.value)) if a.error else 0.0)
    return _times(a, _applied(lambda x: 1 / x, b))


def _raised(base: Measured, exponent: Measured) -> Measured:
    if isinstance(exponent.value, Fraction) and exponent.value.denominator == 1 and isinstance(base.value, Fraction):
        power = int(exponent.value)
        if abs(power) > MAX_POWER:
            raise NotArithmetic("a huge power")
        value = base.value**power
        return Measured(value, abs(power * float(value / base.value)) * base.error if base.error else 0.0)
    size = float(base.value) ** float(exponent.value)
    if isinstance(size, complex):
        raise NotArithmetic("a root of a negative number")
    error = abs(float(exponent.value) * size / float(base.value)) * base.error if base.error else 0.0
    if exponent.error:
        error += abs(size * math.log(float(base.value))) * exponent.error
    return Measured(size, error)


def _applied(function: Callable[[float], float], number: Measured) -> Measured:
    at = float(number.value)
    error = abs(function(at + number.error) - function(at - number.error)) if number.error else 0.0
    return Measured(function(at), error)
