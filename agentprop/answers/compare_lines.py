"""Equations in a row that are a line: `(x-1)/2 = y/3 = (z+1)/4`, compared as the linear system they are."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from agentprop.answers.algebra.monomials import NoForm, Poly
from agentprop.answers.algebra.normal_form import normal
from agentprop.answers.algebra.rationals import UndefinedValue
from agentprop.answers.outcome import Equivalence, different, same, undetermined
from agentprop.answers.reading.nodes import Collection, Node, Relational, Symbol, apply, is_scalar, symbols

Row = list[Fraction]
MAX_UNKNOWNS = 12


def as_line(node: Node) -> Collection | None:
    """A chain of expressions in different variables, which no value is said again by; None for anything else."""
    if (
        isinstance(node, Relational)
        and node.op == "="
        and isinstance(node.right, Collection)
        and node.right.kind == "chain"
    ):
        node = Collection("chain", (node.left, *node.right.items))
    if not isinstance(node, Collection) or node.kind != "chain" or not all(map(is_scalar, node.items)):
        return None
    found = [symbols(item) for item in node.items]
    return node if all(found) and len(frozenset().union(*found)) == sum(map(len, found)) else None


def equal_names(node: Node) -> frozenset[str] | None:
    """The names that `a = b = c` says are equal, in whatever order; None for anything else."""
    if not isinstance(node, Collection) or node.kind not in ("bare", "chain"):
        return None
    parts = [
        part for item in node.items for part in ((item.left, item.right) if isinstance(item, Relational) else (item,))
    ]
    if not all(isinstance(item, Relational) and item.op == "=" for item in node.items):
        return None
    names = [part.name for part in parts if isinstance(part, Symbol)]
    last = {item.right for item in node.items if isinstance(item, Relational)}
    return frozenset(names) if len(names) == len(parts) and len(last) == 1 else None


def lines(gold: Collection, pred: Collection) -> Equivalence:
    """Decide two lines: the same system of linear equations up to its order and its factors."""
    names = sorted(symbols(gold))
    if names != sorted(symbols(pred)):
        return different("line", "the equations are about different variables")
    systems = [_system(side.items, names) for side in (gold, pred)]
    if systems[0] is None or systems[1] is None:
        return undetermined("line", "equations in a row that are not linear with rational factors")
    if systems[0] == systems[1]:
        return same("line", "the same linear equations")
    return different("line", "the linear equations have other solutions")


def _system(links: Sequence[Node], names: list[str]) -> list[Row] | None:
    """The reduced rows of the equations between neighbours, constants last; None where one is not linear."""
    rows = [_row(apply("+", left, apply("neg", right)), names) for left, right in pairwise(links)]
    return (
        _reduced([row for row in rows if row is not None]) if None not in rows and len(names) < MAX_UNKNOWNS else None
    )


def _row(gap: Node, names: list[str]) -> Row | None:
    try:
        poly: Poly = normal(gap)
    except (NoForm, UndefinedValue):
        return None
    row = [Fraction(0)] * (len(names) + 1)
    for monomial, coefficient in poly.items():
        if monomial == ():
            row[-1] = coefficient
            continue
        atom, power = monomial[0]
        if len(monomial) > 1 or power != 1 or atom[0] != "s" or atom[1] not in names:
            return None
        row[names.index(atom[1])] = coefficient
    return row


def _reduced(rows: list[Row]) -> list[Row]:
    """The reduced row echelon form, without rows of zeros."""
    done = 0
    for column in range(len(rows[0])):
        pivot = next((k for k in range(done, len(rows)) if rows[k][column]), None)
        if pivot is None:
            continue
        rows[done], rows[pivot] = rows[pivot], rows[done]
        rows[done] = [value / rows[done][column] for value in rows[done]]
        for k, row in enumerate(rows):
            if k != done and row[column]:
                rows[k] = [a - row[column] * b for a, b in zip(row, rows[done], strict=True)]
        done += 1
        if done == len(rows):
            break
    return [row for row in rows if any(row)]
