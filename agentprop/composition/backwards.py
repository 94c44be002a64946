"""A composition of quantities told by scenes → its questions for a datum: its value is given, and a datum sought. Ours.

>>> from random import Random
>>> from agentprop.composition.planner import Planner
>>> from agentprop.skills import load
>>> planner = Planner(load([]))
>>> term = planner.givens("waves-stopped-pipe", Random(1))
>>> [question.variable for question in questions(term, planner.library)]
['x', 'd', 't']
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from agentprop.composition.free_letters import free_letter
from agentprop.composition.terms import Apply, Given, Sought, Term, Variable, rebuilt, walk
from agentprop.skills import Package


def questions(term: Term, library: Mapping[str, Package]) -> Iterator[Sought]:
    """Yield a question for each datum, the value still to be filled in; none unless scenes tell the whole term.

    None of a sum or difference either: nobody wonders for which datum of a story the value of another one is exceeded.
    """
    if not (isinstance(term, Apply) and library[term.skill].spec.tells):
        return
    for node in (node for node in walk(term) if isinstance(node, Apply)):
        for name in _data(node, library):
            letter = free_letter(term, library[node.skill].spec, name, library)
            if letter is not None:
                yield Sought(letter, rebuilt(term, {node: node.with_argument(name, Variable(letter))}), "")


def is_single(term: Term, library: Mapping[str, Package]) -> bool:
    """True if a term is one scene of science with numbers alone: only its questions for a datum are problems."""
    if not isinstance(term, Apply) or not all(isinstance(value, Given) for _, value in term.arguments):
        return False
    spec = library[term.skill].spec
    return spec.domain == "science" and spec.tells and library[term.skill].origin == "bundled"


def _data(node: Apply, library: Mapping[str, Package]) -> list[str]:
    """The given decimals of a skill, which have bounds."""
    parameters = library[node.skill].spec.parameters
    bounded = {name for name, p in parameters.items() if p.kind == "decimal" and None not in (p.min, p.max)}
    return [name for name, value in node.arguments if isinstance(value, Given) and name in bounded]
