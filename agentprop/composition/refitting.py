"""A composition with a linked value that does not fit → one in which a single skill has other numbers.

What was computed before the conflict is known and stays. A constraint that a linked value breaks is met by other
numbers beside that value. A value out of range gets other numbers of the skill that computes it: several are tried at
once, and one that fits is taken. So a composition of four skills is fitted link by link; if all of it were drawn anew,
all its links would have to fit at once. Ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from agentprop.composition import draft_code
from agentprop.composition.planner import Planner
from agentprop.composition.terms import Apply, Combine, Given, LowestTerms, Remainder, Term, children, rebuilt, walk
from agentprop.skills.values import draw, misfit, render

DRAWS = 200
"""Random draws that may go into meeting the constraints of a skill beside known values."""
OPTIONS = 6
"""Numbers of a skill that are tried at once."""
RANGES = frozenset({"too-small", "too-large", "not-whole", "not-allowed"})
"""Conflicts of a value with the range of a parameter."""
CONSTRAINT = "constraint"
"""Conflict of a value with what stands beside it."""


@dataclass(frozen=True)
class Options:
    """Other numbers for the skill that a value out of range comes from."""

    term: Term
    """The composition."""
    target: Term
    """The value in it that is out of range."""
    node: Apply
    """The skill, as it is in the composition."""
    drawn: tuple[Apply, ...]
    """The skill with other numbers."""
    known: Mapping[Term, Any]
    """The values that were computed before the conflict."""

    def targets(self) -> list[Term]:
        """Return the value that is out of range, with each of the other numbers."""
        return [rebuilt(self.target, {self.node: one}) for one in self.drawn]


@dataclass(frozen=True)
class Refitting:
    """Fits compositions made of the skills of a planner."""

    planner: Planner
    """The planner whose library is used."""

    def met(self, term: Term, computed: Mapping[str, Any], rng: Random) -> tuple[str, Term] | None:
        """Meet the constraint that the values v1, v2, … break: the skill, and the composition with its other numbers.

        None if no constraint is broken, or no numbers meet it.
        """
        known = _known(draft_code.named(term, self.planner.library), computed)
        for node in _applied(term):
            if not self._holds(node, known):
                drawn = self._drawn(node, known, rng, 1)
                return (node.skill, rebuilt(term, {node: drawn[0]})) if drawn else None
        return None

    def options(self, term: Term, computed: Mapping[str, Any], about: str, rng: Random) -> Options | None:
        """Return other numbers for the skill that the value `about`, one of v1, v2, …, comes from; None without any."""
        names = draft_code.named(term, self.planner.library)
        target, known = names.get(about), _known(names, computed)
        node = _source(target, known)
        if target is None or node is None:
            return None
        drawn = self._drawn(node, known, rng, OPTIONS)
        return Options(term, target, node, tuple(drawn), known) if drawn else None

    def chosen(self, options: Options, found: Sequence[Any]) -> Term | None:
        """Return the composition with the first numbers whose value, one of those found, fits; None if none does.

        A value that could not be read is None.
        """
        target = options.target
        takers = [n for n in walk(options.term) if isinstance(n, Apply) and target in dict(n.arguments).values()]
        for one, value in zip(options.drawn, found, strict=False):
            valued = {**options.known, target: value}
            if value is not None and all(self._takes(taker, target, valued) for taker in takers):
                return rebuilt(options.term, {options.node: one})
        return None

    def _takes(self, taker: Apply, target: Term, known: Mapping[Term, Any]) -> bool:
        parameters = self.planner.library[taker.skill].spec.parameters
        fits = all(misfit(parameters[k], known[v]) is None for k, v in taker.arguments if v == target)
        return fits and self._holds(taker, known)

    def _holds(self, node: Apply, known: Mapping[Term, Any]) -> bool:
        return self.planner.holds(node, {name: known[value] for name, value in node.arguments if value in known})

    def _drawn(self, node: Apply, known: Mapping[Term, Any], rng: Random, count: int) -> list[Apply]:
        """The skill with other givens that meet its constraints beside what is known, at most so many."""
        spec, found = self.planner.library[node.skill].spec, list[Apply]()
        givens = {name: spec.parameters[name] for name, value in node.arguments if isinstance(value, Given)}
        for _ in range(DRAWS if givens and not spec.is_object else 0):
            one = node.with_givens({name: Given(render(p, draw(p, rng))) for name, p in givens.items()})
            if self._holds(one, known):
                found.append(one)
            if len(found) == count:
                break
        return found


def _known(names: Mapping[str, Term], computed: Mapping[str, Any]) -> dict[Term, Any]:
    return {node: computed[name] for name, node in names.items() if name in computed}


def _applied(term: Term) -> Iterator[Apply]:
    """Yield the applications in the order in which their arguments are computed."""
    for inner in children(term):
        yield from _applied(inner)
    if isinstance(term, Apply):
        yield term


def _source(term: Term | None, known: Mapping[Term, Any]) -> Apply | None:
    """The application that a value comes from; of the two sides of a combination the larger one."""
    match term:
        case Apply():
            return term
        case Combine():
            sides = [side for side in (term.left, term.right) if side in known]
            return _source(max(sides, key=lambda side: abs(known[side]), default=None), known)
        case LowestTerms() | Remainder():
            return _source(term.body, known)
        case _:
            return None
