"""A term → the Python that computes it by either route, and the modules which that imports."""

from __future__ import annotations

from collections.abc import Mapping, Set
from fractions import Fraction
from functools import lru_cache
from typing import Literal

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
    Relation,
    Remainder,
    Sought,
    Term,
    Total,
    Variable,
)
from agentprop.composition.terms.quantities import bounds_of
from agentprop.composition.terms.walking import children, rebuilt, skills, walk
from agentprop.skills import Package, sources_of
from agentprop.skills.values import Parameter, parse

Route = Literal["solve", "check"]


@lru_cache(maxsize=1 << 14)  # each is written several times for a candidate, and those of data and choices again
def literal(p: Parameter, text: str) -> str:
    """Python literal of a given's text."""
    value = parse(p, text)
    return f"Fraction({value.numerator}, {value.denominator})" if isinstance(value, Fraction) else repr(value)


def expression(term: Term, library: Mapping[str, Package], route: Route) -> str:
    """Python expression for the value of a term, over the modules `skills.<name>` and `tools`.

    Raises ValueError for a given by itself, because only a parameter says how to read its text.
    """
    match term:
        case Variable(text) | Code(text):
            return text
        case Apply(skill, arguments):
            spec = library[skill].spec
            given = ", ".join(
                f"{name}={_argument(spec.parameters[name], value, library, route)}" for name, value in arguments
            )
            return f"{library[skill].module}.{route}({given})"
        case Combine(op, left, right):
            sides = expression(left, library, route), expression(right, library, route)
            if op == "difference":  # `excess` refuses a difference that is not positive
                return f"excess({sides[0]}, {sides[1]})"
            return f"({sides[0]} {'+' if op == 'sum' else '*'} {sides[1]})"
        case Least(low=low):
            return f"least({_function(term, library, route)}, {low})"
        case Total(variable, low, high, body):
            return f"sum({expression(body, library, route)} for {variable} in range({low}, {high + 1}))"
        case Count(low=low, high=high):
            return f"count({_function(term, library, route)}, {low}, {high})"
        case LowestTerms(body):
            return f"lowest_terms_sum({expression(body, library, route)})"
        case Remainder(body, modulus):
            return f"{expression(body, library, route)} % {modulus}"
        case Sought(value=value):
            quantity = _function(term, library, route)
            least, most = bounds_of(term, library)
            # Formulas have values beyond a datum's bounds; what counts or simulates may never come to an end there.
            beyond = ", beyond=True" if route == "solve" else ""
            return f"sought({quantity}, {float(value)!r}, {least!r}, {most!r}{beyond})"
        case Program() | Printed():  # the value is that of the body; its function or its listing is written elsewhere
            return expression(term.body, library, route)
        case Given():
            raise ValueError("a given has no value outside a skill's parameter")


def _function(term: Least | Count | Sought, library: Mapping[str, Package], route: Route) -> str:
    """Python function of a sweep's variable; what holds no variable is computed once, when the function is made."""
    fixed = {node: Variable(f"fixed{number}") for number, node in enumerate(_closed(term, {term.variable}), 1)}
    inner = rebuilt(term, fixed)
    given = "".join(f", {name.name}={expression(node, library, route)}" for node, name in fixed.items())
    match inner:
        case Least(body=body, relation=relation) | Count(body=body, relation=relation):
            value = condition(body, relation, library, route)
        case Sought(body=body):
            value = expression(body, library, route)
    return f"lambda {term.variable}{given}: {value}"


def _closed(term: Term, bound: Set[str]) -> dict[Term, None]:
    """The largest parts of a term that apply a skill and hold no bound variable, each once, in order."""
    found: dict[Term, None] = {}
    for child in children(term):
        nodes = list(walk(child))
        # What is in code cannot be seen: it may use a bound variable.
        if any(isinstance(node, Code) or (isinstance(node, Variable) and node.name in bound) for node in nodes):
            found |= _closed(
                child, bound | {child.variable} if isinstance(child, Least | Total | Count | Sought) else bound
            )
        elif any(isinstance(node, Apply) for node in nodes):
            found[child] = None
    return found


def _argument(p: Parameter, term: Term, library: Mapping[str, Package], route: Route) -> str:
    return literal(p, term.text) if isinstance(term, Given) else expression(term, library, route)


def condition(body: Term, relation: Relation, library: Mapping[str, Package], route: Route) -> str:
    """Python condition that a body stands in a relation."""
    left = expression(body, library, route)
    if relation.other is not None:
        sign = ">" if relation.comparison == "exceeds" else "=="
        return f"{left} {sign} {expression(relation.other, library, route)}"
    # Divisibility and parity use Python's %, whose result is never negative for a positive divisor.
    match relation.comparison:
        case "at_least":
            return f"{left} >= {relation.value}"
        case "divisible":
            return f"{left} % {relation.value} == 0"
        case "odd":
            return f"{left} % 2 == 1"
        case _:
            return f"{left} == {relation.value}"


def imports(term: Term, library: Mapping[str, Package]) -> str:
    """Import line of the skills that a term applies."""
    return "from skills import " + ", ".join(library[name].module for name in skills(term))


def modules(term: Term, library: Mapping[str, Package]) -> dict[str, str]:
    """Module name → source, for every skill that the term's Python imports, and for what these import."""
    return sources_of(library[name] for name in skills(term))
