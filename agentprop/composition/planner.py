"""Library + category + random numbers → a composition to try.

The planner knows types and roles, not values: if a value fits its parameter is only known after running the skills, so
failures are real. Shapes and their weights are ours, not the paper's.

A skill that is not of the bundled library can also be posed *alone*: its whole question with new numbers. So one skill
is enough to propose from.

Example, for number-theory with number-theory-factorial-zeros drawn as the skill that asks:

1. `shapes` weighs what it can be part of: {chain: 6, story: 8, combine: 1.2, swept: 1.6, compared: 0.4}. A story has
   probability 8/17.2 ≈ 0.47.
2. A story draws a link into it, e.g. n ← combinatorics-fixed-points, whose output has the role *count*.
3. `givens` draws numbers for the rest until the constraints hold: b = 12 for one skill (n ≥ b), n = 5 and k = 2 for the
   other (k ≤ n − 2).
4. The plan is zeros(n = places(n = 5, k = 2), b = 12). The sandbox finds places(5, 2) = 20, within n's range of 10 to
   5000. With n = 9 drawn it would find places(9, 2) = 66744, a conflict that the proposer has to repair.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from math import prod
from random import Random
from typing import Any

from agentprop.composition import backwards, objects
from agentprop.composition.aims import Aim, AnyDifficulty
from agentprop.composition.difficulty import expected_features
from agentprop.composition.efforts import EFFORTS, USUAL
from agentprop.composition.families import family
from agentprop.composition.freshness import ANY, POSED, TURNED, Freshness
from agentprop.composition.letters import shares_letters
from agentprop.composition.links import Impossible, Link, Links
from agentprop.composition.parts import Parts
from agentprop.composition.shapes import Shapes
from agentprop.composition.structure import structure_digest
from agentprop.composition.terms import Apply, Given, Term, skills, walk
from agentprop.records import Domain
from agentprop.skills import Package, Spec
from agentprop.skills import constraints as expressions
from agentprop.skills.values import parse

__all__ = ["Impossible", "Planner", "skill_count"]

PLANS = 60
"""Compositions tried for a category before it is given up."""
FRESH_PLANS, OF_A_LEVEL = 24, 8
"""Compositions planned until one has a structure that is welcome, and those of one level of effort among them."""
PATIENCE = 2
"""Compositions planned before structures of one share more are welcome."""
MINED_ROOTS = 0.2
"""Share of a category's questions that mined skills ask if it has others too: mined ones are many."""
FAMILY_ROOTS = 0.04
"""Share of a category's questions that each of its families of judged programs asks, if it has other skills too."""
OBJECT_ROOTS: Mapping[Domain, float] = {"mathematics": 0.7, "science": 0.4, "coding": 0.4}
"""Most of a category's questions that are about one object, by domain, if it has object kinds and other skills."""
OBJECTS_OF_A_KIND = 8
"""Other skills that have as many questions as an object kind, where these are fewer than the most."""
MOST_SCENES, MOST_STEPS = 4, 5
"""Skills of a composition in science, where each of them tells a scene, and of any other one."""
RICH_SHAPES = 3.0
"""Weight of all shapes from which on a skill asks as often as others: one that is only told alone asks less often."""
COMPOSING = 6
"""Compositions of a shape that are planned to see if a skill can be composed."""


class Planner:
    """Draws compositions. The library is indexed once; everything random comes from the generator handed in.

    `survey` maps skills to values on random parameters, by which links are weighed; `mined_roots` is the share of a
    category's questions that mined skills ask if it has others too; `allowed` says if skills may be composed with each
    other; `aim` is the difficulty asked for.
    """

    def __init__(
        self,
        library: Mapping[str, Package],
        survey: Mapping[str, Sequence[Any]] | None = None,
        *,
        links: bool = True,
        mined_roots: float = MINED_ROOTS,
        allowed: Callable[[Collection[str]], bool] = lambda names: True,
        aim: Aim | None = None,
    ) -> None:
        self.allowed, self.mined_roots, self.aim = allowed, mined_roots, aim or AnyDifficulty()
        self.library = {name: p for name, p in library.items() if p.executable and _composable(p.spec) and _posable(p)}
        self.index = Links(self.library, survey or {}, linked=links)
        self._levels = [Shapes(Parts(self.library, self.index, effort)) for effort in EFFORTS]
        self._usual = self._levels[USUAL]
        self.categories: dict[str, list[str]] = {}
        for name, package in self.library.items():
            self.categories.setdefault(package.spec.category, []).append(name)
        # A category in which no skill can ask a question is not drawn at all.
        for name in [c for c in self.categories if not any(map(self.shapes, self.categories[c]))]:
            del self.categories[name]

    def domain(self, category: str) -> Domain:
        """The domain a category belongs to."""
        return self.library[self.categories[category][0]].spec.domain

    def mined(self, category: str) -> bool:
        """True if a category consists of mined skills only."""
        return all(self.index.mined(name) for name in self.categories[category])

    def most(self, categories: Collection[str], repeats: int) -> int | None:
        """Most different problems, if all that the categories' skills can do is to be posed alone; None otherwise.

        `repeats` is the most problems that may differ only in their numbers.
        """
        total = 0
        for name in (name for category in categories for name in self.categories[category]):
            if set(self.shapes(name)) - {"alone"}:
                return None
            spec = self.library[name].spec
            total += len(spec.phrasings) * (repeats if spec.parameters else 1) * prod(map(len, spec.flavour.values()))
        return total

    def once(self, names: Collection[str]) -> int:
        """Number of skills with one problem each: they have no number to vary, and nothing composes them."""
        found = (name for name in names if name in self.library and not self.library[name].spec.parameters)
        return sum(set(self.shapes(name)) == {"alone"} for name in found)

    def shapes(self, root: str) -> dict[str, float]:
        """Shapes that a question of the skill can have, with their weights."""
        return self._usual.weights(root)

    # --- planning ---

    def plan(self, category: str, rng: Random, fresh: Freshness = ANY) -> Term:
        """Draw a composition whose question belongs to the category. Raises Impossible if none is found.

        Of a few that are planned it is the one that is expected to be as difficult as asked for, or the nearest; of
        those that are as near, the one with the freshest structure. The more are planned, the less fresh it must be.
        """
        level = self.aim.level(rng)
        names = self._of_one_kind(category, rng)
        found, least = list[Term](), (math.inf, 0)
        for number in range(max(self.aim.plans, FRESH_PLANS if fresh.asks else 1)):
            if fresh.asks and number and number % OF_A_LEVEL == 0:  # at some levels skills combine in few ways
                level = self.aim.level(rng)
            try:
                term = self._planned_once(category, names, level, rng)
            except Impossible:
                if found:
                    break
                names = [name for name in self.categories.get(category, []) if name not in names]  # the other kinds
                term = self._planned_once(category, names, level, rng)
            rank = self._miss(term, level), self._staleness(term, fresh)
            if rank[1] == POSED and (rank[0], TURNED) < least and self._asks_anew(term, fresh):
                rank = rank[0], TURNED
            if rank < least:
                found, least = [term], rank
            if least[0] == 0 and least[1] <= number // PATIENCE:
                break
        return found[0]

    def _miss(self, term: Term, level: int) -> float:
        """By how much a composition is expected to miss the difficulty asked for; 0 if none is."""
        if self.aim.plans == 1:
            return 0.0
        return self.aim.miss(level, expected_features(term, self.library, self.index.survey))

    def structure(self, term: Term) -> bytes:
        """Digest of a composition's structure; none of an object's, which is settled when its model is constructed.

        A family of judged programs has none either: its problems differ in what is asked about the program.
        """
        if objects.is_undrawn(term, self.library) or family(term, self.library) is not None:
            return b""
        return structure_digest(term, self.library)

    def _staleness(self, term: Term, fresh: Freshness) -> int:
        digest = self.structure(term) if fresh.asks else b""
        rank = fresh.rank(digest) if digest else 0
        single = bool(digest) and rank < TURNED and backwards.is_single(term, self.library)
        return POSED if single and not self._asks_anew(term, fresh) else rank  # only its questions are problems

    def _asks_anew(self, term: Term, fresh: Freshness) -> bool:
        """True if one of a composition's questions for a datum is new."""
        return any(fresh.rank(digest) < TURNED for digest in self._turned(term))

    def _turned(self, term: Term) -> Iterator[bytes]:
        """Structures of a composition's questions for a datum."""
        return (structure_digest(question, self.library) for question in backwards.questions(term, self.library))

    def _of_one_kind(self, category: str, rng: Random) -> list[str]:
        """The skills that compete for a question: a category's families of judged programs, its object kinds, or the
        others, settled before compositions do.

        Otherwise families, which are few and soon known, would lose to whatever is new, and object kinds, whose
        structure shows only once a model is drawn, would win over all that is known.
        """
        names = self.categories.get(category, [])
        families = [name for name in names if self.library[name].spec.judged is not None]
        kinds = [name for name in names if self.library[name].spec.is_object]
        others = [name for name in names if name not in families and name not in kinds and self.shapes(name)]
        if not others:
            return names
        if families and rng.random() < FAMILY_ROOTS * len(families):
            return families
        share = OBJECTS_OF_A_KIND * len(kinds) / (OBJECTS_OF_A_KIND * len(kinds) + len(others))
        if kinds and rng.random() < min(OBJECT_ROOTS[self.domain(category)], share):
            return kinds
        return others

    def _planned_once(self, category: str, names: Sequence[str], level: int, rng: Random) -> Term:
        for number in range(PLANS if names else 0):
            if number == PLANS // 2:  # what may be composed is perhaps too little for the level
                level = 0
            root = self._root(names, rng)
            shapes = self.shapes(root)
            if self.aim.alone and level == 0:
                shapes = {**shapes, "alone": max(1.0, sum(shapes.values()))}
            if not shapes:
                continue
            kinds = list(shapes)
            shape = rng.choices(kinds, [shapes[kind] for kind in kinds])[0]
            try:
                term = self._levels[level].draw(shape, root, rng)
            except Impossible:
                continue
            used = skills(term)
            if self.allowed(used) and not (shares_letters(term, self.library) or self._strays(used)):
                return term
        raise Impossible(f"no composition found for {category}")

    def _strays(self, names: Sequence[str]) -> bool:
        """True if a story of science goes on through several of mathematics, in which plants turn into lines and cards,
        or if there are more scenes or steps than a reader keeps in mind.
        """
        domains = [self.library[name].spec.domain for name in names]
        if len(domains) > MOST_STEPS:
            return True
        return "science" in domains and (domains.count("mathematics") > 1 or len(domains) > MOST_SCENES)

    def _root(self, names: Sequence[str], rng: Random) -> str:
        """Draw the skill that asks. Mined ones would crowd out the others of their category."""
        mined = [name for name in names if self.index.mined(name)]
        if mined and len(mined) < len(names):
            wanted = rng.random() < self.mined_roots
            names = [name for name in names if self.index.mined(name) == wanted]
        return rng.choices(names, [min(sum(self.shapes(name).values()), RICH_SHAPES) for name in names])[0]

    def composes(self, name: str, rng: Random) -> bool:
        """True if a composition can be planned in which the skill asks, or supplies what another one takes."""
        composed = [shape for shape in self.shapes(name) if shape != "alone"]
        return any(self._planned(shape, name, rng) for shape in composed for _ in range(COMPOSING)) or any(
            not shares_letters(self._fed(link, rng), self.library) for link in self.index.out_of[name][:COMPOSING]
        )

    def _planned(self, shape: str, root: str, rng: Random) -> bool:
        try:
            return not shares_letters(self._usual.draw(shape, root, rng), self.library)
        except Impossible:
            return False

    def _fed(self, link: Link, rng: Random) -> Term:
        return self.givens(link.consumer, rng).with_argument(link.parameter, self.givens(link.producer, rng))

    # --- numbers ---

    def givens(self, name: str, rng: Random) -> Apply:
        """Draw every parameter of a skill so that its constraints hold. Raises Impossible if none are found."""
        return self._usual.parts.givens(name, rng)

    def holds(self, node: Apply, supplied: Mapping[str, Any] | None = None) -> bool:
        """True if the constraints among a skill's givens, and what it is known to be supplied with, hold."""
        spec = self.library[node.skill].spec
        known = {k: parse(spec.parameters[k], v.text) for k, v in node.arguments if isinstance(v, Given)}
        known |= supplied or {}
        tests = (text for text in spec.constraints if expressions.names(text) <= set(known))
        return all(expressions.holds(text, known) for text in tests)


def _composable(spec: Spec) -> bool:
    """True if a skill has a question, or a noun phrase for its value."""
    return spec.output is not None and bool(spec.phrasings or spec.value)


def _posable(package: Package) -> bool:
    """True unless it is a family of judged programs whose tests are not there, as in a library read from records."""
    return package.spec.judged is None or package.suite is not None


def skill_count(term: Term) -> int:
    """Number of different skills that a term applies."""
    return len({t.skill for t in walk(term) if isinstance(t, Apply)})
