"""A term of coding skills → the data that its pipeline begins with."""

from __future__ import annotations

from collections.abc import Mapping

from agentprop.composition.terms.nodes import Apply
from agentprop.skills import Package


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
