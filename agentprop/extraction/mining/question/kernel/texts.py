"""Values as the LaTeX of an answer: one text for one value, whichever way it was found."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from agentprop.extraction.mining.question.kernel.exact import Exact, TermKey, decimal_of, is_rational
from agentprop.extraction.mining.question.kernel.forms import Polynomial, QuotientForm, settled
from agentprop.extraction.mining.question.kernel.limits import NotExact, Undefined
from agentprop.extraction.mining.question.kernel.matrices import ExactMatrix
from agentprop.extraction.mining.question.kernel.plain import rational_near
from agentprop.extraction.mining.question.kernel.ranges import Intervals

LETTERS = "xyzabc"


def text_of(value: Any, letters: Sequence[str] = LETTERS) -> str:
    """The LaTeX of a value."""
    value = settled(value)
    if isinstance(value, str):
        return value
    if isinstance(value, Intervals):
        return interval_text(value)
    if isinstance(value, ExactMatrix):
        rows = r" \\ ".join(" & ".join(text_of(one) for one in row) for row in value)
        return rf"\begin{{pmatrix}} {rows} \end{{pmatrix}}"
    if isinstance(value, tuple):
        return "(" + ", ".join(text_of(one) for one in value) + ")"
    if isinstance(value, list):
        return ", ".join(text_of(one) for one in sorted_values(value))
    if isinstance(value, QuotientForm):
        return form_text(value, letters)
    if isinstance(value, Exact):
        return exact_text(value)
    if is_rational(value):
        return rational_text(Fraction(value))
    return text_of(rational_near(value))


def sorted_values(values: list[Any]) -> list[Any]:
    """Values ascending where they have an order."""
    try:
        return sorted(values)
    except (Undefined, TypeError):
        return values


def rational_text(value: Fraction) -> str:
    """`-\\frac{3}{4}`."""
    if value.denominator == 1:
        return str(value.numerator)
    sign = "-" if value < 0 else ""
    return rf"{sign}\frac{{{abs(value.numerator)}}}{{{value.denominator}}}"


def exact_text(value: Exact) -> str:
    """A sum of terms, the rational one first, then by size of what is under the root."""
    parts = sorted(value.terms.items(), key=lambda item: (item[0][0], item[0][1], size_of_key(item[0])))
    text = ""
    for key, factor in parts:
        piece = term_text(key, abs(factor))
        sign = "-" if factor < 0 else "+"
        text += f" {sign} {piece}" if text else (f"-{piece}" if factor < 0 else piece)
    return text


def size_of_key(key: TermKey) -> float:
    """How large a product of roots is."""
    size = 1.0
    for prime, exponent in key[2]:
        size *= prime ** float(exponent)
    return size


def term_text(key: TermKey, factor: Fraction) -> str:
    """`\\frac{3\\sqrt{2}}{4}`."""
    imaginary, pi, roots = key
    top = roots_text(roots) + (r"\pi" + (f"^{{{pi}}}" if pi > 1 else "") if pi > 0 else "") + ("i" if imaginary else "")
    bottom = "" if pi >= 0 else r"\pi" + (f"^{{{-pi}}}" if pi < -1 else "")
    if not top:
        top = str(factor.numerator)
    elif factor.numerator != 1:
        top = f"{factor.numerator}{top}"
    if factor.denominator != 1:
        bottom = f"{factor.denominator}{bottom}"
    return rf"\frac{{{top}}}{{{bottom}}}" if bottom else top


def roots_text(roots: Sequence[tuple[int, Fraction]]) -> str:
    """Roots of one degree under one sign, others apart."""
    by_degree: dict[int, int] = {}
    for prime, exponent in roots:
        by_degree[exponent.denominator] = by_degree.get(exponent.denominator, 1) * prime**exponent.numerator
    return "".join(
        rf"\sqrt{{{inside}}}" if degree == 2 else rf"\sqrt[{degree}]{{{inside}}}"
        for degree, inside in sorted(by_degree.items())
    )


def interval_text(intervals: Intervals) -> str:
    """`(-\\infty, 2] \\cup (3, 5)`."""
    if not intervals:
        return r"\emptyset"
    parts = []
    for low, high, closed_low, closed_high in intervals:
        if low is not None and low == high:
            parts.append(rf"\{{{text_of(low)}\}}")
            continue
        left = r"-\infty" if low is None else text_of(low)
        right = r"\infty" if high is None else text_of(high)
        parts.append(f"{'[' if closed_low else '('}{left}, {right}{']' if closed_high else ')'}")
    return r" \cup ".join(parts)


def form_text(form: QuotientForm, letters: Sequence[str]) -> str:
    """A polynomial by falling powers, or a quotient of polynomials."""
    if set(form.bottom) != {()}:
        top, bottom = polynomial_text(form.top, letters), polynomial_text(form.bottom, letters)
        return rf"\frac{{{top}}}{{{bottom}}}"
    if form.bottom[()] != 1:
        raise NotExact("a form with a number below")
    return polynomial_text(form.top, letters)


def polynomial_text(polynomial: Polynomial, letters: Sequence[str]) -> str:
    """`3x^2y - 1`."""
    text = ""
    for key in sorted(polynomial, key=lambda key: (-sum(e for _, e in key), [-dict(key).get(i, 0) for i in range(9)])):
        value = polynomial[key]
        negative = decimal_of(value) < 0
        size = -value if negative else value
        shown = text_of(size)
        if isinstance(size, Exact) and len(size.terms) > 1:
            shown = f"({shown})"
        monomial = "".join(letters[index] + (f"^{{{e}}}" if e != 1 else "") for index, e in key)
        piece = shown if not monomial else monomial if size == 1 else shown + monomial
        sign = "-" if negative else "+"
        text += f" {sign} {piece}" if text else (f"-{piece}" if negative else piece)
    return text or "0"
