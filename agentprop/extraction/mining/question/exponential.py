"""Equations between products of powers, such as 9^(18n) = 27^24, to equations between their exponents.

Both sides must be products, quotients and powers of numbers with the unknowns in exponents alone; then the logarithms
to one of the bases are compared, which are rational if the bases are powers of one number.
"""

from __future__ import annotations

from agentprop.extraction.mining.question.latex.tree import Node, Numeral, Tree, node, symbols

ONE = Numeral("1")


def in_exponents(equation: Node) -> Tree | None:
    """The sum that is zero where the equation holds, or None for other equations."""
    left, right = (_factors(side, ONE) for side in equation.args)
    if left is None or right is None:
        return None
    factors = [*left, *((base, node("neg", exponent)) for base, exponent in right)]
    if not any(symbols(exponent) for _, exponent in factors):
        return None
    first = next(base for base, exponent in factors if symbols(exponent))
    return node("add", *(node("mul", node("paren", exponent), node("log", first, base)) for base, exponent in factors))


def _factors(tree: Tree, exponent: Tree) -> list[tuple[Tree, Tree]] | None:
    """(base, exponent) of a product of powers of numbers."""
    if not symbols(tree):
        return [(tree, exponent)]
    if not isinstance(tree, Node):
        return None
    if tree.head == "paren":
        return _factors(tree.args[0], exponent)
    if tree.head == "mul":
        return _joined([_factors(arg, exponent) for arg in tree.args])
    if tree.head == "div":
        return _joined([_factors(tree.args[0], exponent), _factors(tree.args[1], node("neg", exponent))])
    if tree.head == "pow":
        return _factors(tree.args[0], node("mul", node("paren", exponent), node("paren", tree.args[1])))
    if tree.head == "root":
        return _factors(tree.args[0], node("div", node("paren", exponent), tree.args[1]))
    return None


def _joined(parts: list[list[tuple[Tree, Tree]] | None]) -> list[tuple[Tree, Tree]] | None:
    found: list[tuple[Tree, Tree]] = []
    for part in parts:
        if part is None:
            return None
        found += part
    return found
