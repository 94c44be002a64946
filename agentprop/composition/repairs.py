"""A composition with a conflict → others without it, perhaps: new numbers, one skill fewer, or one exchanged."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

from agentprop.composition.objects import SEEDS, is_undrawn
from agentprop.composition.planner import Impossible, Planner
from agentprop.composition.terms import (
    Apply,
    Combine,
    Count,
    Given,
    Least,
    LowestTerms,
    Printed,
    Program,
    Remainder,
    Term,
    Total,
    Variable,
    body_data,
    children,
    is_link,
    rebuilt,
    walk,
)
from agentprop.skills.values import draw, render

REDRAWS = 12
"""Draws of a given, of a skill's givens without its data, and a part of those with its data and of all givens, among
which to choose: of graphs one in fifteen may be such that a limit on a walk matters."""


@dataclass(frozen=True)
class Repairs:
    """Repairs of compositions, made of the skills and links of a planner."""

    planner: Planner
    """The planner whose library and links are used."""

    def redrawn(self, term: Term, rng: Random) -> Term:
        """Draw new numbers for the same composition."""
        match term:
            case Apply() if is_undrawn(term, self.planner.library):
                return term.with_argument("seed", Given(str(rng.randrange(SEEDS))))
            case Apply():
                fresh = self.planner.givens(term.skill, rng)
                pairs = zip(term.arguments, fresh.arguments, strict=True)
                new = [(k, new if isinstance(old, Given) else self.redrawn(old, rng)) for (k, old), (_, new) in pairs]
                return Apply(term.skill, tuple(new))
            case Combine():
                return replace(term, left=self.redrawn(term.left, rng), right=self.redrawn(term.right, rng))
            case Least():
                relation = term.relation
                if relation.value is not None:
                    relation = replace(relation, value=max(2, relation.value + rng.randint(-3, 6)))
                return replace(term, body=self.redrawn(term.body, rng), relation=relation)
            case Total() | Count() | LowestTerms() | Remainder() | Program() | Printed():
                return replace(term, body=self.redrawn(term.body, rng))
            case _:
                return term

    def choices(self, term: Term, skill: str, parameter: str, rng: Random) -> list[Term]:
        """The composition with another value of a skill's given, other givens of the skill, other data of it, all new.

        Raises Impossible if the parameter is none of the skill's givens, or the constraints allow no values.
        """
        node = next((t for t in walk(term) if isinstance(t, Apply) and t.skill == skill), None)
        if node is None or not isinstance(dict(node.arguments).get(parameter), Given):
            raise Impossible(f"{parameter} of {skill} is not a given")
        spec = self.planner.library[skill].spec
        p = spec.parameters[parameter]
        alone = [node.with_argument(parameter, Given(render(p, draw(p, rng)))) for _ in range(REDRAWS)]
        fresh = [node.with_givens(self._givens(skill, rng, kept=spec.data)) for _ in range(REDRAWS)]
        data = [node.with_givens(self._givens(skill, rng)) for _ in range(4 * REDRAWS)]
        nodes = dict.fromkeys(one for one in (*alone, *fresh, *data) if one != node and self.planner.holds(one))
        return [rebuilt(term, {node: one}) for one in nodes] + [self._renewed(term, rng) for _ in range(2 * REDRAWS)]

    def _givens(self, skill: str, rng: Random, kept: str | None = None) -> dict[str, Term]:
        return {name: value for name, value in self.planner.givens(skill, rng).arguments if name != kept}

    def _renewed(self, term: Term, rng: Random) -> Term:
        """The same composition with new givens; unlike `redrawn` it leaves the bounds of operators as they are."""
        if isinstance(term, Apply):
            fresh = term.with_givens(self._givens(term.skill, rng))
            renewed = [(k, v if isinstance(v, Given) else self._renewed(v, rng)) for k, v in fresh.arguments]
            return Apply(term.skill, tuple(renewed))
        return rebuilt(term, {child: self._renewed(child, rng) for child in children(term)}) if children(term) else term

    def pruned(self, term: Term, skill: str, rng: Random) -> Term | None:
        """Remove a skill: its value becomes a given. None if nothing sensible is left."""
        match term:
            case Apply():
                return self._prune_apply(term, skill, rng)
            case Combine():
                if any(isinstance(t, Apply) and t.skill == skill for t in (term.left, term.right)):
                    return None
                sides = [self.pruned(t, skill, rng) for t in (term.left, term.right)]
                return None if None in sides else replace(term, left=sides[0], right=sides[1])  # type: ignore[arg-type]
            case Least() | Total() | Count():
                return None
            case LowestTerms() | Remainder() | Program() | Printed():
                body = self.pruned(term.body, skill, rng)
                if isinstance(term, Program) and isinstance(body, Apply):
                    return self._named_after_data(term.variable, body)
                return None if body is None else replace(term, body=body)
            case _:
                return term

    def _named_after_data(self, variable: str, body: Apply) -> Program:
        """The program of a body whose data another skill takes now, and calls something else."""
        _, name = body_data(body, self.planner.library)
        renamed = rebuilt(body, {Variable(variable): Variable(name)})
        assert isinstance(renamed, Apply)  # as the body was
        return Program(name, renamed)

    def _prune_apply(self, term: Apply, skill: str, rng: Random) -> Term | None:
        if term.skill == skill:
            return None
        fresh = dict(self.planner.givens(term.skill, rng).arguments)
        arguments: list[tuple[str, Term]] = []
        lost = False
        for name, value in term.arguments:
            if isinstance(value, Given | Variable):
                arguments.append((name, value))
                continue
            kept = self.pruned(value, skill, rng)
            if kept is None and isinstance(value, Apply) and value.skill == skill:
                inner = next((v for _, v in value.arguments if isinstance(v, Apply | Variable)), None)
                kept = inner if inner is not None and self._accepts(term.skill, name, inner) else None
            arguments.append((name, fresh[name] if kept is None else kept))
            lost |= kept is None
        if lost or not any(is_link(value) for _, value in arguments):  # the givens must suit each other
            arguments = [(name, fresh[name] if isinstance(value, Given) else value) for name, value in arguments]
        return replace(term, arguments=tuple(arguments))

    def _accepts(self, consumer: str, parameter: str, value: Term) -> bool:
        if isinstance(value, Variable):
            return self.planner.library[consumer].spec.parameters[parameter].input
        return isinstance(value, Apply) and any(
            link.parameter == parameter and link.producer == value.skill for link in self.planner.index.into[consumer]
        )

    def substitute(self, term: Term, skill: str, rng: Random) -> str | None:
        """Draw a skill that could take the place of a supplier; None if there is none."""
        for node in walk(term):
            if isinstance(node, Apply):
                for name, value in node.arguments:
                    if isinstance(value, Apply) and value.skill == skill:
                        story = any(
                            link.story
                            for link in self.planner.index.into[node.skill]
                            if (link.parameter, link.producer) == (name, skill)
                        )
                        used = {n.skill for n in walk(term) if isinstance(n, Apply)}
                        links = [
                            link
                            for link in self.planner.index.into[node.skill]
                            if link.parameter == name
                            and link.story == story
                            and link.producer not in used
                            and self.planner.allowed(used - {skill} | {link.producer})
                        ]
                        return self.planner.index.pick(links, rng).producer if links else None
        return None

    def exchanged(self, term: Term, old: str, new: str, rng: Random) -> Term:
        """Exchange one supplier of the composition for another, whose parameters are all given."""
        if isinstance(term, Apply):
            if term.skill == old:
                return self.planner.givens(new, rng)
            return replace(term, arguments=tuple((k, self.exchanged(v, old, new, rng)) for k, v in term.arguments))
        if isinstance(term, Combine):
            return replace(
                term, left=self.exchanged(term.left, old, new, rng), right=self.exchanged(term.right, old, new, rng)
            )
        if isinstance(term, LowestTerms | Remainder | Program | Printed):
            return replace(term, body=self.exchanged(term.body, old, new, rng))
        return term
