"""A term → the skill whose quantity or datum its value is."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from agentprop.composition.terms.nodes import Apply, Combine, Sought, Term, Variable
from agentprop.composition.terms.walking import walk
from agentprop.skills import Output, Package, Spec


def owner_of(term: Sought, library: Mapping[str, Package]) -> tuple[Spec, str]:
    """The skill whose datum is sought, and its parameter. Raises ValueError if no skill has the variable."""
    for node in walk(term.body):
        if isinstance(node, Apply):
            for name, value in node.arguments:
                if value == Variable(term.variable):
                    return library[node.skill].spec, name
    raise ValueError(f"no skill takes {term.variable}")


def bounds_of(term: Sought, library: Mapping[str, Package]) -> tuple[float, float]:
    """Between what the datum that is sought lies. Raises ValueError if its parameter has no bounds."""
    spec, name = owner_of(term, library)
    p = spec.parameters[name]
    if p.min is None or p.max is None or p.kind != "decimal":
        raise ValueError(f"{name} of {spec.name} is no decimal with bounds")
    return float(p.min), float(p.max)


@lru_cache(maxsize=4096)
def _datum(unit: str) -> Output:
    return Output(kind="quantity", unit=unit, figures=3)


def measured(term: Term, library: Mapping[str, Package]) -> Spec | None:
    """The skill whose quantity the value of a term is, or two of whose kind it combines; None for anything else."""
    match term:
        case Apply(skill):
            spec = library[skill].spec
            return spec if spec.output is not None and spec.output.kind == "quantity" else None
        case Combine(op, left, right) if op != "product":
            return measured(left, library) and measured(right, library) and measured(left, library)
        case Sought():
            spec, name = owner_of(term, library)
            return spec.model_copy(update={"output": _datum(spec.parameters[name].unit or "1")})
    return None
