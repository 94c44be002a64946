"""Formulas of logic to their truth tables over the letters of both."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from agentprop.answers.reading.nodes import Tree
from agentprop.answers.reading.propositions import MAX_ATOMS, atoms


def truth_tables(left: Tree, right: Tree) -> tuple[list[bool], list[bool]] | None:
    """The values of both for every choice of their letters; None with quantifiers, or with too many letters."""
    names = sorted(atoms(left) | atoms(right))
    if len(names) > MAX_ATOMS or _quantified(left) or _quantified(right):
        return None
    rows = [dict(zip(names, row, strict=True)) for row in itertools.product((False, True), repeat=len(names))]
    return [_value(left, row) for row in rows], [_value(right, row) for row in rows]


def _quantified(tree: Tree) -> bool:
    return not isinstance(tree, str) and (tree[0] in ("forall", "exists") or any(map(_quantified, tree[1])))


def _value(tree: Tree, row: Mapping[str, bool]) -> bool:
    if isinstance(tree, str):
        return row[tree]
    values = [_value(part, row) for part in tree[1]]
    match tree[0]:
        case "not":
            return not values[0]
        case "and":
            return all(values)
        case "or":
            return any(values)
        case "implies":
            return not values[0] or values[1]
        case "xor":
            return sum(values) % 2 == 1
        case _:  # iff, of several in turn
            return sum(not value for value in values) % 2 == 0
