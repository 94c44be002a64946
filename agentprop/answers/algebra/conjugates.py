"""Absolute values of complex variables: `|z|^2` is z times its conjugate, and is z² only where z is real."""

from __future__ import annotations

from agentprop.answers.reading.nodes import Node, Number, Operation, Symbol, apply, mapped, symbols, walk

_MAYBE_COMPLEX = frozenset(("z", "w", "zeta", "omega"))
"""Letters that usually name complex numbers."""


def with_conjugates(gold: Node, pred: Node) -> tuple[Node, Node]:
    """Both sides with |z|² as z·z̄, for every z whose conjugate is named on one of them."""
    found = symbols(gold) | symbols(pred)
    names = {name[4:-1] for name in found if name.startswith("bar(")} & found
    return (_multiplied_out(gold, names), _multiplied_out(pred, names)) if names else (gold, pred)


def _multiplied_out(node: Node, names: set[str]) -> Node:
    match node:
        case Operation("^", (Operation("abs", (Symbol(name),)), Number(power))) if name in names and power % 2 == 0:
            square = apply("*", Symbol(name), Symbol(f"bar({name})"))
            return apply("^", square, Number(power / 2)) if power != 2 else square
        case Operation("abs", (Symbol(name),)) if name in names:
            return apply("sqrt", apply("*", Symbol(name), Symbol(f"bar({name})")))
        case Operation("conj", (Symbol(name),)) if name in names:
            return Symbol(f"bar({name})")
    return mapped(node, lambda part: _multiplied_out(part, names))


def may_be_complex(gold: Node, pred: Node) -> bool:
    """An absolute value, or a real part, of a letter for complex numbers stands on one side alone."""
    return _taken(gold) != _taken(pred)


def _taken(node: Node) -> frozenset[str]:
    return frozenset(
        part.args[0].name
        for part in walk(node)
        if isinstance(part, Operation) and part.head in ("abs", "re", "im", "conj")
        and isinstance(part.args[0], Symbol) and part.args[0].name in _MAYBE_COMPLEX
    )  # fmt: skip
