"""A tree without free symbols to two Python expressions for its value: the exact route, and the other one.

Both are written in terms of the functions of `kernel`; the numerals of the question stand in them by name, so that one
pair of expressions serves every choice of numbers. `check` is never made from `solve`.

    add(7, mul(2, x))  with x bound  →  "7 + 2 * x", "7 + 2 * x";  root(80, 2)  →  "root(80, 2)", "plain_root(80, 2)"
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from agentprop.extraction.mining.question.latex.tree import Node, Tree
from agentprop.extraction.mining.question.routes.arithmetic import is_arithmetic, is_of_numbers
from agentprop.extraction.mining.question.routes.calculus import Calculus


@dataclass(frozen=True)
class RouteProgram:
    """Both expressions of a tree's value."""

    solve: str
    """The exact route."""
    check: str
    """The other route."""


def program(tree: Tree, names: Mapping[int, str]) -> RouteProgram:
    """The expressions, numerals by their names. Raises Unreadable for what has no meaning."""
    solve, check = TreeWriter("solve", names).text(tree), TreeWriter("check", names).text(tree)
    if solve == check and is_arithmetic(tree):
        check = f"from_residues(lambda m: {TreeWriter('check', names, modulus='m').text(tree)})"
    if solve == check and is_of_numbers(tree):
        check = TreeWriter("check", names, floats=True).text(tree)
    return RouteProgram(solve, check)


def in_floats(tree: Tree, names: Mapping[int, str]) -> str:
    """The expression that also takes floats in place of its numerals. Raises Unreadable."""
    return TreeWriter("check", names).text(tree)


def slot_names(count: int) -> dict[int, str]:
    """`n0`, `n1`, … for the numerals of a question."""
    return {slot: f"n{slot}" for slot in range(count)}


class TreeWriter(Calculus):
    """Writes every node: all parts together."""

    @property
    def special(self) -> Mapping[str, Callable[[TreeWriter, Node], str]]:
        """Heads that are written in a way of their own."""
        return _SPECIAL


_SPECIAL: dict[str, Callable[[TreeWriter, Node], str]] = {
    "add": TreeWriter.add,
    "neg": TreeWriter.neg,
    "mul": TreeWriter.mul,
    "div": TreeWriter.div,
    "pow": TreeWriter.pow,
    "factorial": TreeWriter.factorial,
    "paren": TreeWriter.paren,
    "percent": TreeWriter.percent,
    "root": TreeWriter.root,
    "abs": TreeWriter.absolute,
    "norm": TreeWriter.absolute,
    "pi": TreeWriter.constant,
    "imaginary": TreeWriter.constant,
    "euler": TreeWriter.constant,
    "repeating": TreeWriter.repeating,
    "remainder": TreeWriter.remainder,
    "residue": TreeWriter.remainder,
    **dict.fromkeys(("=", "!=", "<", "<=", ">", ">="), TreeWriter.compare),
    "and": TreeWriter.both,
    "or": TreeWriter.any_of,
    "not": TreeWriter.negated,
    "true": TreeWriter.true,
    "domain": TreeWriter.domain,
    "cases": TreeWriter.cases,
    "list": TreeWriter.items,
    "set": TreeWriter.items,
    "row": TreeWriter.items,
    "matrix": TreeWriter.matrix,
    "over_roots": TreeWriter.over_roots,
    "identity": TreeWriter.identity,
    "complex_parts": TreeWriter.complex_parts,
    "real_set": TreeWriter.real_set,
    "defined": TreeWriter.defined,
    "quoted": TreeWriter.quoted,
    "tuple": TreeWriter.tuple_,
    "where": TreeWriter.where,
    "integers": TreeWriter.integers,
    "it": TreeWriter.variable,
    "smallest": TreeWriter.extreme,
    "largest": TreeWriter.extreme,
    "first_few": TreeWriter.first_few,
    "last_few": TreeWriter.first_few,
    "each": TreeWriter.listed,
    "such_that": TreeWriter.kept,
    "sum": TreeWriter.index_sum,
    "product": TreeWriter.index_sum,
    "rows": TreeWriter.rows,
    "integral": TreeWriter.integral,
    "limit": TreeWriter.limit,
}
