"""A term ↔ the JSON in which a certificate holds it."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any, TypeVar, cast

from agentprop.composition.terms.nodes import NODES, Apply, Comparison, Given, Relation, Term, Variable

MAX_NESTING = 64
"""Deepest nesting of a composition that `from_json` accepts."""
T = TypeVar("T")


def to_json(term: Term) -> str:
    """Write a term as compact JSON."""
    return json.dumps(_encode(term), ensure_ascii=False, separators=(",", ":"))


def _encode(term: Any) -> Any:
    match term:
        case Given(text):
            return text
        case Variable(name):
            return {"var": name}
        case Apply(skill, arguments):
            return {"apply": skill, "to": {k: _encode(v) for k, v in arguments}}
        case Relation(comparison, value, other):
            return {"is": comparison, "value": value, "other": None if other is None else _encode(other)}
        case None | int() | str():
            return term
    # The other nodes are stored under their class name and field names: renaming one breaks stored compositions.
    fields = {name: _encode(getattr(term, name)) for name in term.__dataclass_fields__}
    return {"node": type(term).__name__.lower(), **fields}


@lru_cache(maxsize=512)  # a submission is read where it is contracted for, tried, told, declared and judged
def from_json(text: str) -> Term:
    """Read the text that `to_json` writes. Raises ValueError for anything else."""
    try:
        term = _decode_term(json.loads(text), MAX_NESTING)
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"not a composition: {error}") from None
    return term


def _decode_term(data: Any, depth: int) -> Term:
    # A language model may have written the text, so every type is checked and the recursion is bounded.
    if depth == 0:
        raise ValueError("a composition of absurd depth")
    if isinstance(data, str):
        return Given(data)
    if "var" in data:
        return Variable(_of(str, data["var"]))
    if "apply" in data:
        arguments = ((_of(str, k), _decode_term(v, depth - 1)) for k, v in data["to"].items())
        return Apply(_of(str, data["apply"]), tuple(arguments))
    cls = NODES[data["node"]]
    return cast(Term, cls(**{k: _decode_field(k, data[k], depth - 1) for k in cls.__dataclass_fields__}))


def _decode_field(name: str, data: Any, depth: int) -> Any:
    if name in ("low", "high", "modulus"):
        return _of(int, data)
    if name in ("variable", "op", "value"):
        return _of(str, data)
    return _decode_relation(data, depth) if name == "relation" else _decode_term(data, depth)


def _decode_relation(data: Any, depth: int) -> Relation:
    value, other = data["value"], data["other"]
    return Relation(
        cast(Comparison, _of(str, data["is"])),
        None if value is None else _of(int, value),
        None if other is None else _decode_term(other, depth),
    )


def _of(kind: type[T], value: Any) -> T:
    if type(value) is not kind:  # not isinstance, to which True is an int
        raise TypeError(f"{str(value)[:40]!r} is not of type {kind.__name__}")
    return value
