"""The kind of answer that a question asks for, and what it makes of the readings of a text.

Strings are no mathematics: they lose their wrapping and are compared letter by letter. Lists keep their order, sets
have none, and of several readings only those of the stated kind count.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal, get_args

from agentprop.answers.algebra.real_sets import is_condition, is_set
from agentprop.answers.outcome import Equivalence, different, same
from agentprop.answers.reading.nodes import (
    Cases,
    Clock,
    Collection,
    Constant,
    Day,
    Family,
    Formula,
    Labelled,
    Matrix,
    Node,
    Proposition,
    Quantity,
    Reaction,
    Relational,
    Statement,
    Symbol,
    Truth,
    Words,
    is_scalar,
)

AnswerKind = Literal[
    "number", "expression", "formula", "equation", "string", "text", "list", "set", "interval", "matrix", "label",
    "truth", "date", "time",
]  # fmt: skip
KINDS: tuple[str, ...] = get_args(AnswerKind)

_QUOTES = "\"'`“”‘’"
_WRAPPED = re.compile(
    r"\\(?:text|texttt|textbf|textit|textrm|textsf|mathrm|mathtt|mathbf|mathit|mathsf|mbox|hbox|emph|verb|operatorname)\s*"
    r"\{(.*)\}",
    re.DOTALL,
)
_SAID = re.compile(r"[A-Z][A-Za-z ,']{0,100} (?<!not )is:? (`[^`]+`|\"[^\"]+\"|\*\*[^*]+\*\*|“[^”]+”)\.?")
_ESCAPED = re.compile(r"\\([_%#&${}])")


def as_kind(nodes: tuple[Node, ...], kind: AnswerKind | None) -> tuple[Node, ...]:
    """The readings that are of the kind, in its shape; all of them where no kind is stated."""
    if kind is None:
        return nodes
    accept, change = _KINDS[kind]
    return tuple(change(node) for node in nodes if accept(node))


def is_exact(node: Node) -> bool:
    """A reading so specific that it excludes others where both sides have it: chemistry, dates and times."""
    return isinstance(node, Formula | Reaction | Day | Clock)


def _named(node: Node) -> bool:
    return isinstance(node, Relational) and node.op == "="


def _is_number(node: Node) -> bool:
    return is_scalar(node) or isinstance(node, Quantity) or _named(node) or _is_several(node, Collection("ratio", ()))


def _is_several(node: Node, example: Collection) -> bool:
    return isinstance(node, Collection) and node.kind == example.kind


def _is_expression(node: Node) -> bool:
    return _is_number(node) or isinstance(node, Cases | Family | Relational | Proposition)


def _is_formula(node: Node) -> bool:
    return isinstance(node, Formula | Reaction | Proposition | Words) or _is_expression(node)


def _is_set(node: Node) -> bool:
    return is_set(node) or is_condition(node) or isinstance(node, Collection | Constant | Family) or is_scalar(node)


def _as_set(node: Node) -> Node:
    if isinstance(node, Collection) and node.kind in ("list", "tuple", "bare"):
        return Collection("set", node.items)
    return Collection("set", (node,)) if is_scalar(node) and not isinstance(node, Constant) else node


def _as_list(node: Node) -> Node:
    return Collection("list", node.items) if isinstance(node, Collection) and node.kind in ("tuple", "bare") else node


def _as_label(node: Node) -> Node:
    return Symbol(node.label.upper()) if isinstance(node, Labelled) else node


def _unchanged(node: Node) -> Node:
    return node


_KINDS: dict[str, tuple[Callable[[Node], bool], Callable[[Node], Node]]] = {
    "number": (_is_number, _unchanged),
    "expression": (_is_expression, _unchanged),
    "formula": (_is_formula, _unchanged),
    "equation": (lambda node: isinstance(node, Relational | Collection | Cases | Family), _unchanged),
    "string": (lambda node: True, _unchanged),
    "text": (lambda node: isinstance(node, Words | Statement | Truth), _unchanged),
    "list": (lambda node: isinstance(node, Collection | Matrix) or _named(node), _as_list),
    "set": (_is_set, _as_set),
    "interval": (lambda node: is_set(node) or is_condition(node) or isinstance(node, Collection), _unchanged),
    "matrix": (lambda node: isinstance(node, Matrix | Collection) or _named(node), _unchanged),
    "label": (lambda node: isinstance(node, Symbol | Labelled), _as_label),
    "truth": (lambda node: isinstance(node, Truth), _unchanged),
    "date": (lambda node: isinstance(node, Day), _unchanged),
    "time": (lambda node: isinstance(node, Clock | Quantity), _unchanged),
}


# -- strings ---------------------------------------------------------------------------------------------------------


def compare_strings(gold: str, pred: str, *, ignore_case: bool) -> Equivalence:
    """The same letters, once both have lost their wrapping; a full stop may end the sentence, not the string."""
    left = unwrapped(gold)
    said = _SAID.fullmatch(pred.strip())
    candidates = {unwrapped(text) for text in (pred, pred.strip().rstrip("."), *([said[1]] if said else ()))}
    if ignore_case:
        left, candidates = left.casefold(), {text.casefold() for text in candidates}
    if left in candidates:
        return same("text", "the same string")
    return different("text", "the strings differ")


def unwrapped(text: str) -> str:
    """A string without fonts, boxes of text, emphasis, code marks, dollars and one pair of quotes around it."""
    previous = None
    while previous != text:
        previous, text = text, _without_layer(text.strip())
    return _ESCAPED.sub(r"\1", text).replace("\\textbackslash", "\\").replace("~", " ") if "\\" in text else text


def _without_layer(text: str) -> str:
    match = _WRAPPED.fullmatch(text)
    if match is not None and _balanced(match[1]):
        return match[1]
    for mark in ("```", "**", "__", "``", "*", "`", "$$", "$"):
        if (
            len(text) > 2 * len(mark)
            and text.startswith(mark)
            and text.endswith(mark)
            and mark not in text[len(mark) : -len(mark)]
        ):
            return text[len(mark) : -len(mark)]
    if text[:2] in ("\\(", "\\[") and text[-2:] in ("\\)", "\\]"):
        return text[2:-2]
    if len(text) > 1 and text[0] in _QUOTES and text[-1] in _QUOTES:
        return text[1:-1]
    return text


def _balanced(text: str) -> bool:
    depth = 0
    for char in text:
        depth += (char == "{") - (char == "}")
        if depth < 0:
            return False
    return depth == 0
