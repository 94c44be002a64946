"""A term → the one form that it shares with all other ways to write it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from operator import itemgetter
from typing import Any, cast

from agentprop.composition.terms.nodes import (
    Apply,
    Combine,
    Count,
    Given,
    Least,
    LowestTerms,
    Printed,
    Program,
    Relation,
    Remainder,
    Sought,
    Term,
    Total,
    Variable,
)
from agentprop.composition.terms.stored import to_json


def canonical(term: Term) -> Term:
    """The term in one form for all ways to write it: letters renamed, arguments, summands and factors in order.

    >>> from agentprop.composition.terms import from_json
    >>> one = from_json('{"node":"combine","op":"sum","left":"2","right":"1"}')
    >>> canonical(one)
    Combine(op='sum', left=Given(text='1'), right=Given(text='2'))
    """
    return cast(Term, _canonical(term, {}))


def _canonical(term: Any, names: Mapping[str, str]) -> Any:
    match term:
        case Variable(name):
            return Variable(names.get(name, name))
        case Apply(skill, arguments):
            ordered = sorted(arguments, key=itemgetter(0))
            return Apply(skill, tuple([(k, v if isinstance(v, Given) else _canonical(v, names)) for k, v in ordered]))
        case Combine(op, left, right):
            pair = _canonical(left, names), _canonical(right, names)
            return Combine(op, *(pair if op == "difference" else sorted(pair, key=to_json)))
        case Relation(other=other):
            return replace(term, other=None if other is None else _canonical(other, names))
        case Least() | Total() | Count() | Sought() | Program():
            inner = {**names, term.variable: f"#{len(names)}"}
            parts = {"body": _canonical(term.body, inner), "variable": inner[term.variable]}
            if isinstance(term, Least | Count):
                parts["relation"] = _canonical(term.relation, inner)
            return replace(term, **parts)
        case LowestTerms() | Remainder() | Printed():
            return replace(term, body=_canonical(term.body, names))
    return term
