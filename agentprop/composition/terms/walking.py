"""A term → its parts, the skills and composition operators in it, and the term with other parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from agentprop.composition.terms.nodes import (
    Apply,
    Code,
    Combine,
    Count,
    Given,
    Least,
    LowestTerms,
    Printed,
    Program,
    Remainder,
    Sought,
    Term,
    Total,
    Variable,
)
from agentprop.skills.values.models import operator as question_operator


def children(term: Term) -> tuple[Term, ...]:
    """Direct sub-terms, in reading order."""
    return _CHILDREN[type(term)](term)


def _compared(term: Least | Count) -> tuple[Term, ...]:
    other = term.relation.other
    return (term.body,) if other is None else (term.body, other)


# A table and no `match`: terms are walked a thousand times for every candidate.
_CHILDREN: dict[type[Any], Callable[[Any], tuple[Term, ...]]] = {
    **dict.fromkeys((Given, Variable, Code), lambda _: ()),
    Apply: lambda term: tuple([value for _, value in term.arguments]),
    Combine: lambda term: (term.left, term.right),
    **dict.fromkeys((Least, Count), _compared),
    **dict.fromkeys((Total, LowestTerms, Remainder, Sought, Program, Printed), lambda term: (term.body,)),
}


def walk(term: Term) -> Iterator[Term]:
    """Yield the term and all its sub-terms, the outermost first."""
    stack = [term]
    while stack:
        node = stack.pop()
        yield node
        if type(node) is Apply:  # the last one pushed is the next one popped: left before right
            stack += [value for _, value in reversed(node.arguments)]
        elif type(node) is not Given:
            stack += reversed(children(node))


def rebuilt(term: Term, table: Mapping[Term, Term]) -> Term:
    """The term with some of its sub-terms exchanged; what holds none of them stays the same object."""
    for old, new in table.items():  # tables are small, and comparing ends sooner than hashing
        if old == term:
            return new
    match term:
        case Given() | Variable() | Code():
            return term
        case Apply():
            arguments = tuple([(name, rebuilt(value, table)) for name, value in term.arguments])
            same = all(new is old for (_, new), (_, old) in zip(arguments, term.arguments, strict=True))
            return term if same else Apply(term.skill, arguments)
        case Combine():
            left, right = rebuilt(term.left, table), rebuilt(term.right, table)
            return term if left is term.left and right is term.right else Combine(term.op, left, right)
        case Least() | Count():
            other = term.relation.other
            relation = term.relation if other is None else replace(term.relation, other=rebuilt(other, table))
            return replace(term, body=rebuilt(term.body, table), relation=relation)
        case _:
            body = rebuilt(term.body, table)
            return term if body is term.body else replace(term, body=body)


def skills(term: Term) -> tuple[str, ...]:
    """Names of the skills applied, the outermost first, each once."""
    return tuple(dict.fromkeys([node.skill for node in walk(term) if isinstance(node, Apply)]))


def operators(term: Term) -> tuple[str, ...]:
    """Names of the composition operators a term uses."""
    found: dict[str, None] = {}
    for node in walk(term):
        match node:
            case Apply(arguments=arguments) if "question" in dict(arguments) and "facts" in dict(arguments):
                found[_operator_of(dict(arguments)["question"])] = None
            case Apply():
                kinds = {"chain" if isinstance(c, Apply) else "nest" for c in children(node) if is_link(c)}
                found |= dict.fromkeys(sorted(kinds))  # sorted, because the order of a set differs from run to run
            case Combine() | Total():
                found["aggregate"] = None
            case Least() | Sought():
                found["invert"] = None
            case Count():
                found["constrain"] = None
            case LowestTerms() | Remainder():
                found["reduce"] = None
            case Program():
                found["program"] = None
            case Printed():
                found["trace"] = None
            case _:
                pass
    return tuple(found)


def _operator_of(question: Term) -> str:
    return question_operator(question.text) if isinstance(question, Given) else "inverse-unknown"


def is_link(term: Term) -> bool:
    """True if a term is supplied by another skill, not given."""
    return not isinstance(term, Given | Variable)


def supplied(term: Apply) -> dict[str, Term]:
    """The arguments of an application that other skills supply, by parameter."""
    return {name: value for name, value in term.arguments if is_link(value)}
