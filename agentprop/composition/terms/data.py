"""A term of coding skills → its pipeline, and the data that it begins with."""

from __future__ import annotations

from collections.abc import Mapping

from agentprop.composition.terms.nodes import Apply, Term, Variable
from agentprop.composition.terms.walking import is_link
from agentprop.skills import Package


def pipeline(body: Term, library: Mapping[str, Package]) -> list[Apply]:
    """Applications of a chain along the data parameter, innermost first; empty if the body is no chain."""
    chain: list[Apply] = []
    node = body
    while isinstance(node, Apply):
        data = library[node.skill].spec.data
        if data is None or any(is_link(v) for k, v in node.arguments if k != data):
            return []
        chain.append(node)
        node = node.argument(data)
    return chain[::-1] if isinstance(node, Variable) else []


def body_data(body: Apply, library: Mapping[str, Package]) -> tuple[Apply, str]:
    """Innermost application of a pipeline, and its data parameter."""
    node = body
    while True:
        data = library[node.skill].spec.data
        assert data is not None  # pipelines are made of skills with data
        inner = node.argument(data)
        if not isinstance(inner, Apply):
            return node, data
        node = inner
