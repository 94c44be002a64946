"""Which data of a skill may have negative elements, so that its wording has to say what becomes of their signs."""

from __future__ import annotations

from collections.abc import Mapping

from agentprop.composition.terms import Apply, Given, Term, Variable
from agentprop.skills import Package
from agentprop.skills.values import parse


def may_be_negative(term: Apply, library: Mapping[str, Package]) -> bool:
    """True unless no element of the data that a skill is applied to can be negative."""
    spec = library[term.skill].spec
    if spec.data is None or spec.parameters[spec.data].kind != "list":
        return True
    return _has_negative(term.argument(spec.data), term, library)


def _has_negative(data: Term, consumer: Apply, library: Mapping[str, Package]) -> bool:
    spec = library[consumer.skill].spec
    parameter = spec.parameters[spec.data or ""]
    match data:
        case Given():
            return any(element < 0 for element in parse(parameter, data.text))
        case Variable():  # the limits of a program are those of the parameter that takes its data
            return parameter.low < 0
        case Apply():
            output = library[data.skill].spec.output
            elements = output.elements if output is not None else "any"
            return elements == "any" or (elements == "of the data" and may_be_negative(data, library))
        case _:
            return True
