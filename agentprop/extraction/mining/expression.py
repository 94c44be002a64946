"""Arithmetic as people write it (`$12 x 1.5`, `3\\cdot 4`, `\\frac{72}{6}`, `20% of`) to an exact expression tree.

Nothing is evaluated by Python: a hand-written tokeniser and precedence parser read the text, and values are Fractions.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

Operator = Literal["+", "-", "*", "/", "^"]

MAX_TOKENS = 60
"""Longer runs are not an equation of a worked solution."""
MAX_NESTING = 4
"""LaTeX commands inside each other that are still read."""
MAX_EXPONENT = 6
"""Higher powers do not occur in word problems and would make bounds useless."""


@dataclass(frozen=True)
class Leaf:
    """A number as written."""

    value: Fraction


@dataclass(frozen=True)
class Binary:
    """left operator right."""

    operator: Operator
    left: Expression
    right: Expression


@dataclass(frozen=True)
class Unknown:
    """A letter that stands for a number to be found."""

    name: str


Expression = Leaf | Binary | Unknown


class NotArithmetic(ValueError):
    """The text is not an arithmetic expression this parser reads."""


NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+"
_TOKEN = re.compile(rf"\s*(?:(?P<number>{NUMBER})|(?P<symbol>[-+*/^()%])|(?P<letter>[A-Za-z](?![A-Za-z])))")
_PLAIN = str.maketrans(
    {"×": "*", "·": "*", "⋅": "*", "∗": "*", "÷": "/", "⁄": "/", "−": "-", "–": "-", "[": "(", "]": ")", "$": " "}
)
_LATEX = (
    (re.compile(r"\\[dtc]?frac\s*(\d)\s*(\d)"), r"((\1)/(\2))"),
    (re.compile(r"\\[dt]?frac\s*(\d)\s*\{([^{}]*)\}"), r"((\1)/(\2))"),
    (re.compile(r"\\(?:times|cdot|ast)(?![a-zA-Z])"), "*"),
    (re.compile(r"\\div(?![a-zA-Z])"), "/"),
    (re.compile(r"\\(?:left|right|displaystyle|[,!;: ])"), " "),
    (re.compile(r"\\([%$])"), r"\1"),
    (re.compile(r"\\(?:boxed|text|mathrm|mbox)\s*\{([^{}]*)\}"), r" \1 "),
    (re.compile(r"\^\s*\{([^{}]*)\}"), r"^(\1)"),
    (re.compile(r"\\[dtc]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}"), r"((\1)/(\2))"),
)


def plain(text: str) -> str:
    """LaTeX and typographic arithmetic as plain characters; text that holds neither comes back unchanged."""
    for _ in range(MAX_NESTING if "\\" in text or "^" in text else 0):
        before = text
        for pattern, replacement in _LATEX:
            text = pattern.sub(replacement, text)
        if text == before:
            break
    text = re.sub(r"(?<=[\d)%])\s*[xX]\s*(?=[$\d(.])", " * ", text)
    return text.translate(_PLAIN)


def number(text: str) -> Fraction:
    """The exact value of `1,250.50` or `.5`."""
    return Fraction(text.replace(",", "") if not text.startswith(".") else "0" + text)


def parse(text: str) -> Expression:
    """The tree of an arithmetic text; raises `NotArithmetic`. A single letter is an unknown, which has no value."""
    parser = _ExpressionParser(_tokens(plain(text)))
    tree = parser.sum()
    if parser.peek() is not None:
        raise NotArithmetic(f"unexpected {parser.peek()!r}")
    return tree


def evaluate(tree: Expression) -> Fraction:
    """The exact value; raises `NotArithmetic` where there is none."""
    if isinstance(tree, Leaf):
        return tree.value
    if isinstance(tree, Unknown):
        raise NotArithmetic(f"{tree.name} is not known")
    return apply(tree.operator, evaluate(tree.left), evaluate(tree.right))


def apply(operator: Operator, left: Fraction, right: Fraction) -> Fraction:
    """left operator right, exactly."""
    if operator == "+":
        return left + right
    if operator == "-":
        return left - right
    if operator == "*":
        return left * right
    if operator == "/":
        if right == 0:
            raise NotArithmetic("division by zero")
        return left / right
    if right.denominator != 1 or not 0 <= right <= MAX_EXPONENT:
        raise NotArithmetic(f"exponent {right}")
    return left ** int(right)


def _tokens(text: str) -> list[str]:
    tokens, position = [], 0
    text = text.strip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise NotArithmetic(f"unexpected {text[position]!r}")
        tokens.append(match.group().strip())
        position = match.end()
        if len(tokens) > MAX_TOKENS:
            raise NotArithmetic("too long")
    return tokens


class _ExpressionParser:
    """Precedence: sum < product < power < atom; juxtaposition with parentheses multiplies."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._next = 0

    def peek(self) -> str | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _take(self) -> str:
        token = self.peek()
        if token is None:
            raise NotArithmetic("ends early")
        self._next += 1
        return token

    def sum(self) -> Expression:
        tree = self._product()
        while (token := self.peek()) in ("+", "-"):
            self._take()
            tree = Binary("+" if token == "+" else "-", tree, self._product())
        return tree

    def _product(self) -> Expression:
        tree = self._power()
        while (token := self.peek()) is not None:
            if token in ("*", "/"):
                self._take()
                tree = Binary("*" if token == "*" else "/", tree, self._power())
            elif token == "(" or token.isalpha() or self._multiplies(token):
                tree = Binary("*", tree, self._power())
            else:
                break
        return tree

    def _multiplies(self, token: str) -> bool:
        """Whether two neighbours are factors: `(3)(4)`, `x(4)`."""
        before = self._tokens[self._next - 1]
        return (before == ")" or (before.isalpha() and token == "(")) and token not in "+-^)%"

    def _power(self) -> Expression:
        base = self._percent()
        if self.peek() == "^":
            self._take()
            return Binary("^", base, self._percent())
        return base

    def _percent(self) -> Expression:
        tree = self._atom()
        if self.peek() == "%":
            self._take()
            return Binary("/", tree, Leaf(Fraction(100)))
        return tree

    def _atom(self) -> Expression:
        token = self._take()
        if token == "(":
            tree = self.sum()
            if self._take() != ")":
                raise NotArithmetic("unbalanced parentheses")
            return tree
        if token == "-" and (operand := self._atom()) is not None:
            return Leaf(-operand.value) if isinstance(operand, Leaf) else Binary("-", Leaf(Fraction(0)), operand)
        if token[0].isdigit() or token[0] == ".":
            return Leaf(number(token))
        if token.isalpha():
            return Unknown(token)
        raise NotArithmetic(f"unexpected {token!r}")
