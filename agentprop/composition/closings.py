"""A term → what ends its statement: constants, and the form of the answer."""

from __future__ import annotations

from collections.abc import Mapping

from agentprop.composition import grammar
from agentprop.composition.terms import Apply, Term, measured, walk
from agentprop.skills import Package


def closing(term: Term, library: Mapping[str, Package]) -> str:
    """What ends a statement: its constants, and the form of its answer; empty for most."""
    return _closing(term, library, grammar.FRACTION_NOTE)


def closings(term: Term, library: Mapping[str, Package]) -> set[str]:
    """Every ending with which a statement means the term."""
    return {_closing(term, library, note) for note in (grammar.FRACTION_NOTE, grammar.OLD_FRACTION_NOTE)}


def _closing(term: Term, library: Mapping[str, Package], fraction: str) -> str:
    used = {name for node in walk(term) if isinstance(node, Apply) for name in library[node.skill].spec.constants}
    spec = library[term.skill].spec if isinstance(term, Apply) else measured(term, library)
    output = spec.output if spec is not None else None
    note = ""
    if output is not None and output.kind == "quantity":
        note = grammar.quantity_note(output.unit or "1", output.figures, output.decimals)
    elif output is not None and output.kind == "rational":
        note = fraction
    return " ".join(part for part in (grammar.constants_note(used), note) if part)
