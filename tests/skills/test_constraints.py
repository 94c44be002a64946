"""The constraint language gives Python's values, and no expression is costly or reaches anything."""

from __future__ import annotations

from fractions import Fraction
from math import gcd, isqrt, lcm
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentprop.skills.constraints import ExpressionError, evaluate, holds, is_prime, names

VALUES: dict[str, Any] = {"a": 12, "b": 18, "m": 7, "xs": [3, 1, 4, 1, 5], "q": Fraction(3, 4), "w": "abba"}
SAME_AS_PYTHON = [
    "gcd(a, b) == 6",
    "lcm(a, b)",
    "a ** 2 - b // m * 3 + a % m",
    "1 < m < b",
    "not a or b and m",
    "a in xs",
    "4 in xs",
    "sorted(xs)[1:3]",
    "len(set(xs)) < len(xs)",
    "all(x > 0 for x in xs)",
    "any(x == y for x in xs for y in [9, 5])",
    "max(xs) - min(xs) == 4",
    "sum(x * x for x in xs if x % 2)",
    "len([k for k in range(1, 9) if a < m * k < 3 * a])",
    "all(a % k > 1 for k in (5, 7))",
    "any(k * k == b - 2 for k in range(6)) and sum(k / 2 for k in range(m - m, 3)) > 1",
    "sum(k for k in range(4) if k > (m if all(j < 9 for j in range(k)) else 0))",
    "sum(m for m in range(5)) + m",
    "[x for x in range(2, 9, 3)]",
    "-a + +b",
    "a if m else b",
    "isqrt(b)",
    "w[0] == w[-1]",
    "q > 1",
    "(a, b) == (12, 18)",
    "{1, 2} == {2, 1}",
    "abs(-m)",
    "xs[-1]",
    "a != b",
    "a not in xs",
    "sum([x for x, y in [(1, 2), (3, 4)]])",
    "w in ['abba', 'c']",
]
PYTHON = {"gcd": gcd, "lcm": lcm, "isqrt": isqrt, "Fraction": Fraction}


@pytest.mark.parametrize("text", SAME_AS_PYTHON)
def test_an_expression_means_what_python_says(text: str) -> None:
    assert evaluate(text, VALUES) == eval(text, {**PYTHON, **VALUES})


@pytest.mark.parametrize("xs", ["(2, 3)", "range(1, 9)", "[5]"])
def test_a_loop_over_a_few_constants_stops_for_nothing(xs: str) -> None:
    text = f"all(a % k > 0 for k in {xs} if k > b)"
    assert all(holds(text, {"a": a, "b": b}) == eval(text, {"a": a, "b": b}) for a in range(9) for b in range(-1, 9))
    assert not holds(text, {"a": 7, "b": "w"})
    assert not holds(text.replace("k > b", "k - c"), {"a": 7, "b": 1})


def test_integers_divide_exactly() -> None:
    assert evaluate("a / b", VALUES) == Fraction(2, 3)
    assert evaluate("2 ** -2", {}) == Fraction(1, 4)


@given(st.integers(-5, 3000))
def test_primes_are_those_without_divisors(n: int) -> None:
    assert is_prime(n) == (n > 1 and all(n % d for d in range(2, isqrt(n) + 1)))


@pytest.mark.parametrize("n", [561, 41041, 825265, 3215031751, 3825123056546413051, 318665857834031151167461])
def test_pseudoprimes_are_not_primes(n: int) -> None:
    assert not is_prime(n)


@pytest.mark.parametrize("n", [2**61 - 1, 2**89 - 1, 2**127 - 1, 10**18 + 9])
def test_large_primes_are_primes(n: int) -> None:
    assert is_prime(n)


REFUSED = [
    "__import__('os')",
    "().__class__",
    "a.real",
    "(lambda: 1)()",
    "x := 3",
    "f'{a}'",
    "print(a)",
    "open('x')",
    "eval('1')",
    "gcd(*xs)",
    "gcd(a=1)",
    "[*xs]",
    "{**{}}",
    "{1: 2}",
    "b'x'",
    "1j",
    "...",
    "None",
    "await a",
    "yield a",
    "a; b",
    "import os",
    "unknown > 1",
    "'%s' % a",
    "'ab' * 9",
    "[0] * 9",
    "",
    "(",
    "a b",
    "x" * 2001,
    "1 << 3",
    "~a",
    "a @ b",
    "{x: 1 for x in xs}",
    "[x for xs[0] in xs]",
    "type(a)",
    "getattr(a, 'real')",
]


@pytest.mark.parametrize("text", REFUSED)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        evaluate(text, VALUES)
    assert holds(text, VALUES) is False


HOSTILE = [
    "2 ** 10 ** 9",
    "10 ** 5000",
    "((2 ** 4000) ** 2) > 0",
    "Fraction('1e999999999') > 0",
    "range(10 ** 9)[0]",
    "(((Fraction(2 ** 4000 + 1, 3)) ** 60) ** 60) ** 60 > 0",
    "all(is_prime(10 ** 1000 + i) for i in range(2000))",
    "[sum(range(2000)) for i in range(2000) for j in range(2000)] == 0",
    "lcm(2 ** 4000 - 1, 2 ** 3999 - 1)",
    "[[[1 for a in range(2000)] for b in range(2000)] for c in range(2000)]",
    "-" * 1990 + "1",
    "(" * 900 + "1" + ")" * 900,
    "sorted(range(2000)) == [sorted(range(2000)) for i in range(2000)]",
    "1 / 0",
    "isqrt(-1)",
    "max([])",
    "xs[99]",
    "0.1 ** -4000",
    "9" * 1999,
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:40])
def test_a_hostile_constraint_costs_little_and_does_not_hold(text: str) -> None:
    assert holds(text, VALUES) is False


@given(
    st.one_of(
        st.text(max_size=40),
        st.lists(
            st.sampled_from(
                [
                    "a",
                    "xs",
                    "1",
                    "0",
                    "(",
                    ")",
                    "[",
                    "]",
                    "for",
                    "in",
                    "if",
                    "else",
                    "+",
                    "**",
                    "/",
                    "%",
                    ",",
                    "sum",
                    "gcd",
                    "range",
                    " ",
                ]
            ),
            max_size=14,
        ).map(" ".join),
    )
)
def test_no_text_does_anything_but_fail(text: str) -> None:
    assert holds(text, VALUES) in (True, False)


def test_names_are_the_free_ones() -> None:
    assert names("all(x % m for x in xs) and gcd(a, b) == 1") == {"m", "xs", "a", "b"}
