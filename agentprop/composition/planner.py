"""Library + category + random numbers → a composition to try.

The planner knows types and roles, not values: if a value fits its parameter is only known after running the skills, so
failures are real. Shapes and their weights are ours, not the paper's.

A skill that is not of the bundled library can also be posed *alone*: its whole question with new numbers. So one skill
is enough to propose from.

Example, for number-theory with number-theory-factorial-zeros drawn as the skill that asks:

1. `_shapes` weighs what it can be part of: {chain: 6, story: 8, combine: 1.2, swept: 1.6, compared: 0.4}. A story has
   probability 8/17.2 ≈ 0.47.
2. `_plan_story` draws a link into it, e.g. n ← combinatorics-fixed-points, whose output has the role *count*.
3. `givens` draws numbers for the rest until the constraints hold: b = 12 for one skill (n ≥ b), n = 5 and k = 2 for the
   other (k ≤ n − 2).
4. The plan is zeros(n = places(n = 5, k = 2), b = 12). The sandbox finds places(5, 2) = 20, within n's range of 10 to
   5000. With n = 9 drawn it would find places(9, 2) = 66744, a conflict that the proposer has to repair.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from copy import copy
from dataclasses import replace
from math import prod
from random import Random
from typing import Any, cast

from agentprop.composition import objects
from agentprop.composition.aims import Aim, AnyDifficulty
from agentprop.composition.difficulty import expected_features
from agentprop.composition.efforts import EFFORTS, USUAL, size
from agentprop.composition.freshness import ANY, Freshness
from agentprop.composition.letters import shares_letters
from agentprop.composition.links import Impossible, Link, Links, can_tell_story
from agentprop.composition.program_tasks import ProgramTask
from agentprop.composition.structure import structure_digest
from agentprop.composition.terms import (
    Apply,
    Combine,
    Count,
    Given,
    Least,
    LowestTerms,
    Operation,
    Printed,
    Program,
    Relation,
    Remainder,
    Term,
    Total,
    Variable,
    body_data,
    skills,
    walk,
)
from agentprop.composition.writer import complete_follow, story_wordings
from agentprop.records import Domain
from agentprop.skills import Package, Spec
from agentprop.skills import constraints as expressions
from agentprop.skills.values import draw, parse, render

__all__ = ["Impossible", "Planner", "reducible", "skill_count"]

DRAWS = 400
"""Random draws that may go into satisfying a skill's constraints."""
PLANS = 60
"""Compositions tried for a category before it is given up."""
FRESH_PLANS, OF_A_LEVEL = 24, 8
"""Compositions planned until one has a structure that is welcome, and those of one level of effort among them."""
MINED_ROOTS = 0.2
"""Share of a category's questions that mined skills ask if it has others too: mined ones are many."""
FEW, FEW_FEED = 8, 1
"""Skills below which a choice among those that feed a step is a small one, and how many such steps come on top."""
FAMILY_ROOTS = 0.15
"""Share of a category's questions that families of judged programs ask if it has others too: each is one structure."""
OBJECT_ROOTS = 0.75
"""Share of a category's questions that are about one object if it has object kinds."""
PROGRAM_TASKS: dict[ProgramTask, float] = {"write": 0.6, "repair": 0.2, "optimise": 0.1, "edge": 0.1}
"""Shares of what is asked about programs; a program that has no such task is to be written."""
COMPOSING = 6
"""Compositions of a shape that are planned to see if a skill can be composed."""
MINED_PEERS = 0.5
"""Share of mined partners of a mined skill in a sum, difference or product."""
ADDITIVE = frozenset({"J", "W", "mol", "g", "mg", "kg", "MBq"})
"""Units of quantities of which a sum is asked for; of others, such as temperatures, only a difference."""
BRANCHES = 0.3
"""Least share of the skills that take quantities from scenes in which a second one comes from a scene too."""
OPERATIONS: tuple[Operation, ...] = ("sum", "difference", "product")
PRODUCTS = 0.2
"""Share of products among the sums and products that a skill takes: they soon exceed what it accepts."""
SWEEP_WIDTH = (12, 60)
"""Least and greatest width of the range of a sweep: every value in it costs a call of the skill."""


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
        self.effort = EFFORTS[USUAL]
        self.library = {name: p for name, p in library.items() if p.executable and _composable(p.spec) and _posable(p)}
        self.index = Links(self.library, survey or {}, linked=links)
        self._known_shapes: dict[str, dict[str, float]] = {}
        self._telling = [package.spec for package in self.library.values() if package.spec.tells]
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

    # --- planning ---

    def at(self, level: int) -> Planner:
        """The same planner, for compositions of a level of effort."""
        planner = copy(self)
        planner.effort = EFFORTS[level]
        return planner

    def plan(self, category: str, rng: Random, fresh: Freshness = ANY) -> Term:
        """Draw a composition whose question belongs to the category. Raises Impossible if none is found.

        Of a few that are planned it is the first that is expected to be as difficult as asked for, or the nearest;
        of those that are as near, the first with the freshest structure.
        """
        level = self.aim.level(rng)
        found, least = list[Term](), (math.inf, 0)
        for number in range(max(self.aim.plans, FRESH_PLANS if fresh.asks else 1)):
            if fresh.asks and number and number % OF_A_LEVEL == 0:  # at some levels skills combine in few ways
                level = self.aim.level(rng)
            term = self.at(level)._planned_once(category, rng)
            rank = self._miss(term, level), self.staleness(term, fresh)
            if rank < least:
                found, least = [term], rank
            if rank == (0, 0):
                break
        return found[0]

    def _miss(self, term: Term, level: int) -> float:
        """By how much a composition is expected to miss the difficulty asked for; 0 if none is."""
        if self.aim.plans == 1:
            return 0.0
        return self.aim.miss(level, expected_features(term, self.library, self.index.survey))

    def staleness(self, term: Term, fresh: Freshness) -> int:
        """Rank of a structure, 0 for the freshest; an object's is settled later, when its model is constructed."""
        if not fresh.asks or objects.is_undrawn(term, self.library):
            return 0
        return fresh.rank(structure_digest(term, self.library))

    def _planned_once(self, category: str, rng: Random) -> Term:
        for _ in range(PLANS if category in self.categories else 0):
            root = self._root(category, rng)
            shapes = self.shapes(root)
            if self.aim.alone and self.effort is EFFORTS[0]:
                shapes = {**shapes, "alone": max(1.0, sum(shapes.values()))}
            if not shapes:
                continue
            names = list(shapes)
            shape = rng.choices(names, [shapes[n] for n in names])[0]
            try:
                term = cast(Term, getattr(self, f"_plan_{shape}")(root, rng))
            except Impossible:
                continue
            if self.allowed(skills(term)) and not (shares_letters(term, self.library) or self._strays(term)):
                return term
        raise Impossible(f"no composition found for {category}")

    def _strays(self, term: Term) -> bool:
        """True if a story of science goes on through several of mathematics: plants turn into lines and cards."""
        domains = [self.library[name].spec.domain for name in skills(term)]
        return "science" in domains and domains.count("mathematics") > 1

    def _root(self, category: str, rng: Random) -> str:
        """Draw the skill that asks. Mined ones would crowd out the others of their category; object kinds are few."""
        names = self.categories[category]
        mined = [name for name in names if self.index.mined(name)]
        if mined and len(mined) < len(names):
            wanted = rng.random() < self.mined_roots
            names = [name for name in names if self.index.mined(name) == wanted]
        kinds = [name for name in names if self.library[name].spec.is_object]
        if kinds and len(kinds) < len(names):
            wanted = rng.random() < OBJECT_ROOTS
            names = [name for name in names if (name in kinds) == wanted]
        families = [name for name in names if self.library[name].spec.judged is not None]
        others = [name for name in names if name not in families and self.shapes(name)]
        if families and others:
            names = families if rng.random() < FAMILY_ROOTS else others
        return rng.choice(names)

    def composes(self, name: str, rng: Random) -> bool:
        """True if a composition can be planned in which the skill asks, or supplies what another one takes."""
        composed = [shape for shape in self.shapes(name) if shape != "alone"]
        return any(self._planned(shape, name, rng) for shape in composed for _ in range(COMPOSING)) or any(
            not shares_letters(self._fed(link, rng), self.library) for link in self.index.out_of[name][:COMPOSING]
        )

    def _planned(self, shape: str, root: str, rng: Random) -> bool:
        try:
            return not shares_letters(cast(Term, getattr(self, f"_plan_{shape}")(root, rng)), self.library)
        except Impossible:
            return False

    def shapes(self, root: str) -> dict[str, float]:
        """Shapes that a question of the skill can have, with their weights; each is drawn by `_plan_<shape>`."""
        if root not in self._known_shapes:
            package = self.library[root]
            if package.spec.is_object:
                self._known_shapes[root] = {"model": 1.0}
                return self._known_shapes[root]
            alone = (
                {}
                if package.origin == "bundled" and package.spec.judged is None
                else {"alone": 3.0 if self.index.mined(root) else 1.0}
            )
            self._known_shapes[root] = self._composed_shapes(root, package.spec) | alone
        return self._known_shapes[root]

    def _composed_shapes(self, root: str, spec: Spec) -> dict[str, float]:
        """Shapes in which other skills have a part."""
        weights = dict[str, float]()
        output = spec.output
        assert output is not None
        links = self.index.into[root]
        if self.index.mined(root):
            return self._mined_shapes(root, spec, links)
        if spec.domain == "coding":
            return self._coding_shapes(spec, links)
        if links:
            weights["chain"] = 6.0 if any(not link.story for link in links) else 4.0
            if len({link.parameter for link in links}) > 1:
                weights["fork"] = 1.2
            if any(self._joinable(link) for link in links):
                weights["joined"] = 2.5
        if any(link.story for link in links):
            weights["story"] = 8.0
        if output.role and output.subject and self.index.onward(root, story=True) and can_tell_story(spec):
            weights["before_story"] = 2.0
        if spec.tells and self._alike(spec):
            weights["contrast"] = 5.0
        if spec.tells and any(self._within(link, spec.domain) for link in self.index.onward(root, story=False)):
            weights["feeds"] = 3.0
        if spec.value and output.kind == "integer":
            weights["combine"] = 1.2
            if spec.sweep:
                weights |= {"swept": 1.6, "compared": 0.4}
        if spec.value and output.kind == "rational" and links:
            weights["lowest"] = 3.0
        return weights

    def _mined_shapes(self, root: str, spec: Spec, links: Sequence[Link]) -> dict[str, float]:
        """A mined question takes a value that a noun phrase names, or has one that another question takes."""
        weights = dict[str, float]()
        output = spec.output
        assert output is not None  # executable packages have one
        ports = {link.parameter for link in links if not link.story}
        if ports:
            weights |= {"chain": 6.0, **({"fork": 1.0} if len(ports) > 1 else {})}
        if any(self.library[link.consumer].spec.domain == spec.domain for link in self.index.onward(root, story=False)):
            weights["feeds"] = 4.0
        if _is_short(spec) and output.kind == "integer":
            weights["combine"] = 1.2
        if output.role and self.index.onward(root, story=True):
            weights["before_story"] = 1.0
        return weights

    def _coding_shapes(self, spec: Spec, links: Sequence[Link]) -> dict[str, float]:
        """A pipeline ends with the skill, or begins with it if its data or its value is a graph."""
        data = spec.data
        if data is None or spec.output is None:
            return {}
        if "graph" in (spec.parameters[data].kind, spec.output.kind) and self._passed_on(spec.name):
            return {"onward_program": 5.0, "onward_printed": 3.0}
        if spec.output.kind == "graph" or not any(link.parameter == data and not link.story for link in links):
            return {}
        return {"program": 5.0, "printed": 3.0, "chain": 0.4}

    def _passed_on(self, name: str) -> list[Link]:
        """Links by which a skill's value becomes the data of another one."""
        onward = self.index.onward(name, story=False)
        return [link for link in onward if link.parameter == self.library[link.consumer].spec.data]

    def _plan_model(self, root: str, rng: Random) -> Term:
        """An object kind's operator; the facts and the question are constructed in the sandbox."""
        return objects.undrawn(root, objects.any_operator(self.library[root].spec, rng), rng.randrange(objects.SEEDS))

    def _plan_alone(self, root: str, rng: Random) -> Term:
        return self.givens(root, rng)

    def _plan_chain(self, root: str, rng: Random) -> Term:
        links = [link for link in self.index.into[root] if not link.story]
        term = self._linked(root, self.index.pick(links, rng), rng, depth=self.effort.depth(rng))
        return self._capped(term, rng)

    def _plan_fork(self, root: str, rng: Random) -> Term:
        links = [link for link in self.index.into[root] if not link.story]
        first = self.index.pick(links, rng)
        second = self.index.pick(
            [link for link in links if link.parameter != first.parameter and link.producer != first.producer], rng
        )
        depth = self.effort.depth(rng)
        term = self._linked(root, first, rng, depth)
        used = frozenset(skills(term))
        return self._capped(
            term.with_argument(second.parameter, self._supply(second.producer, rng, depth - 1, used=used)), rng
        )

    def _plan_story(self, root: str, rng: Random) -> Term:
        depth = self.effort.depth(rng)
        links = [link for link in self.index.into[root] if link.story]
        deeper = [link for link in links if self._told_before(link.producer, {root})] if depth > 1 else []
        return self._linked(root, self.index.pick(deeper or links, rng), rng, depth, story=True)

    def _plan_before_story(self, root: str, rng: Random) -> Term:
        """Let the root open the story and another skill, perhaps of another category, ask the question."""
        term, used = self.givens(root, rng), {root}
        last: Link | None = None
        for left in range(self.effort.depth(rng), 0, -1):
            links = [link for link in self.index.onward(term.skill, story=True) if link.consumer not in used]
            further = [link for link in links if left > 1 and self._goes_on(link, used)]
            if not links or (last is not None and not self._continues(self.library[term.skill].spec, last)):
                break
            last = self.index.pick(further or links, rng)
            term = self.givens(last.consumer, rng).with_argument(last.parameter, term)
            used.add(last.consumer)
        return term

    def _told_before(self, name: str, used: Collection[str]) -> bool:
        """True if a story can lead to a skill's scene, by a skill that has no part in it yet."""
        spec, links = self.library[name].spec, self.index.into[name]
        return any(link.story and link.producer not in used and self._continues(spec, link) for link in links)

    def _goes_on(self, link: Link, used: Collection[str]) -> bool:
        """True if the story goes on behind a link's consumer."""
        onward = self.index.onward(link.consumer, story=True)
        fresh = any(after.consumer not in used for after in onward)
        return fresh and self._continues(self.library[link.consumer].spec, link)

    def _fed(self, link: Link, rng: Random) -> Term:
        return self.givens(link.consumer, rng).with_argument(link.parameter, self.givens(link.producer, rng))

    def _plan_feeds(self, root: str, rng: Random) -> Term:
        """Let another skill, perhaps of another category, ask a question about the root's value."""
        spec, onward = self.library[root].spec, self.index.onward(root, story=False)
        link = self.index.pick([one for one in onward if self._within(one, spec.domain)], rng)
        if spec.tells:
            return self._linked(link.consumer, link, rng, 1 + self.effort.depth(rng))
        return self.givens(link.consumer, rng).with_argument(link.parameter, self._supply(root, rng, 0))

    def _within(self, link: Link, domain: Domain) -> bool:
        return self.library[link.consumer].spec.domain == domain

    def _plan_combine(self, root: str, rng: Random) -> Term:
        peers = [n for n in self._peers(root, rng) if n != root]
        if not peers:
            raise Impossible("no partner")
        depth = self.effort.depth(rng)
        return self._combined((root, depth), (rng.choice(peers), depth - 1), rng, frozenset())

    def _plan_contrast(self, root: str, rng: Random) -> Combine:
        """Ask by how much a quantity exceeds another of its kind, or for their sum if they can be added."""
        spec = self.library[root].spec
        assert spec.output is not None  # executable packages have one
        peer = rng.choice(self._alike(spec))
        depth = self.effort.depth(rng)
        one = self._supply(root, rng, depth - rng.randint(0, 1), rng.random() < 0.5, frozenset({root, peer}))
        two = self._supply(peer, rng, depth - 1, rng.random() < 0.5, frozenset({root, peer, *skills(one)}))
        op: Operation = "sum" if spec.output.unit in ADDITIVE and rng.random() < 0.4 else "difference"
        return Combine(op, *((one, two) if rng.random() < 0.5 else (two, one)))

    def _alike(self, spec: Spec) -> list[str]:
        """The skills whose scenes tell a quantity of the same role and unit; the skill itself among them."""
        output, found = spec.output, list[str]()
        for peer in self._telling:
            other = peer.output
            if output is not None and other is not None:
                same = (other.kind, other.unit, other.decimals) == (output.kind, output.unit, None)
                shared = other.role is not None and other.role == output.role
                if same and (shared or (peer is spec and output.unit != "1")):
                    found.append(peer.name)
        return found

    def _combined(self, left: tuple[str, int], right: tuple[str, int], rng: Random, used: frozenset[str]) -> Combine:
        """The sum, difference or product of the values of two skills, each supplied to a depth."""
        one = self._supply(left[0], rng, left[1], used=used)
        two = self._supply(right[0], rng, right[1], used=used | {*skills(one)})
        op: Operation = rng.choices(OPERATIONS, (2, 3, 1))[0]
        return Combine(op, one, two)

    def _plan_swept(self, root: str, rng: Random) -> Term:
        """Draw a sweep of the root inside another skill: the smallest n, a total or a count as its argument."""
        sweep = self._sweep(root, rng)
        consumers = [
            link
            for link in self.index.onward(root, story=False)
            if self.library[link.consumer].spec.domain == "mathematics"
        ]
        link = self.index.pick(consumers, rng)
        return self.givens(link.consumer, rng).with_argument(link.parameter, sweep)

    def _plan_joined(self, root: str, rng: Random) -> Term:
        """Let the sum or product of two skills' values be what the root takes."""
        links = [link for link in self.index.into[root] if self._joinable(link)]
        first = self.index.pick(links, rng)
        second = self.index.pick(
            [link for link in links if link.parameter == first.parameter and link.producer != first.producer], rng
        )
        depth, used = self.effort.depth(rng), frozenset({root})
        one = self._supply(first.producer, rng, depth - 2, used=used)
        two = self._supply(second.producer, rng, 0, used=used | {*skills(one)})
        op: Operation = "product" if rng.random() < PRODUCTS else "sum"
        return self.givens(root, rng).with_argument(first.parameter, Combine(op, one, two))

    def _joinable(self, link: Link) -> bool:
        """True if a sum with another integer can take the place of a link's value."""
        output = self.library[link.producer].spec.output
        consumer = self.library[link.consumer].spec.parameters[link.parameter]
        if link.story or consumer.kind != "integer" or output is None or output.kind != "integer":
            return False
        return not self.index.mined(link.producer) or _is_short(self.library[link.producer].spec)

    def _plan_compared(self, root: str, rng: Random) -> Term:
        peers = [n for n in self._producers("integer", self.library[root].spec) if n != root]
        peers = [n for n in peers if self.library[n].spec.sweep]
        if not peers:
            raise Impossible("no partner")
        other = rng.choice(peers)
        low = rng.randint(1, 5)
        high = low + rng.randint(*SWEEP_WIDTH)
        body, low, high = self._body(root, "n", low, high, rng)  # both sides share the variable and its range
        right, low, high = self._body(other, "n", low, high, rng)
        return Count("n", low, high, body, Relation("exceeds", None, right))

    def _plan_lowest(self, root: str, rng: Random) -> Term:
        links = [link for link in self.index.into[root] if not link.story]
        return LowestTerms(self._linked(root, self.index.pick(links, rng), rng, self.effort.depth(rng)))

    def _plan_program(self, root: str, rng: Random) -> Term:
        return self._program(self._pipeline([self.givens(root, rng)], rng, self.effort.depth(rng)))

    def _plan_printed(self, root: str, rng: Random) -> Term:
        return Printed(self._pipeline([self.givens(root, rng)], rng, self.effort.depth(rng)))

    def _plan_onward_program(self, root: str, rng: Random) -> Term:
        return self._program(self._onward(root, rng))

    def _plan_onward_printed(self, root: str, rng: Random) -> Term:
        return Printed(self._onward(root, rng))

    def _program(self, body: Apply) -> Program:
        node, name = body_data(body, self.library)
        return Program(name, _with_data(body, node.with_argument(name, Variable(name))))

    def _onward(self, root: str, rng: Random) -> Apply:
        """Let other skills, perhaps of another category, go on with the root's value, and some feed it."""
        length = self.effort.depth(rng)
        chain = [self.givens(root, rng)]
        for _ in range(rng.randint(1, length)):
            taken = {node.skill for node in chain}
            links = [link for link in self._passed_on(chain[0].skill) if link.consumer not in taken]
            if not links:
                break
            chain.insert(0, self.givens(rng.choice(links).consumer, rng))
        output = self.library[chain[0].skill].spec.output
        if output is None or output.kind == "graph":
            raise Impossible("a pipeline does not end with a graph")
        return self._pipeline(chain, rng, length + 1 - len(chain))

    def _pipeline(self, chain: list[Apply], rng: Random, length: int) -> Apply:
        """Feed a chain, whose last skill takes the data, by up to `length` further skills."""
        spec, used = self.library[chain[-1].skill].spec, {node.skill for node in chain}
        spare = FEW_FEED
        while length > 0:
            data = spec.data
            links = [
                link
                for link in self.index.into[chain[-1].skill]
                if link.parameter == data
                and not link.story
                and link.producer not in used
                and self.library[link.producer].spec.domain == "coding"
            ]
            if not links:
                break
            # Unweighted by the survey, which holds numbers: pipelines pass lists and graphs. What others feed goes on.
            link = rng.choices(links, [math.sqrt(1 + len(self.index.into[link.producer])) for link in links])[0]
            used.add(link.producer)
            chain.append(self.givens(link.producer, rng))
            spec = self.library[link.producer].spec
            # A step of which there are few kinds comes on top, or pipelines of strings would repeat each other.
            few = len(links) < FEW and spare > 0
            spare -= few
            length -= not few
        if len(chain) < 2:
            raise Impossible("nothing feeds it")
        term = chain[-1]
        for outer in reversed(chain[:-1]):
            data = self.library[outer.skill].spec.data
            assert data is not None  # coding links go through the data
            term = outer.with_argument(data, term)
        return term

    # --- parts ---

    def _linked(
        self,
        consumer: str,
        link: Link,
        rng: Random,
        depth: int,
        story: bool = False,
        used: frozenset[str] = frozenset(),
    ) -> Apply:
        used |= {consumer}  # no skill feeds itself
        supplier = self._supply(link.producer, rng, depth - 1, story, used)
        term = self.givens(consumer, rng).with_argument(link.parameter, supplier)
        if story and not self.library[consumer].spec.tells:
            return term
        return self._branched(term, link.parameter, rng, depth - 1, used | {*skills(supplier)})

    def _branched(self, term: Apply, linked: str, rng: Random, depth: int, used: frozenset[str]) -> Apply:
        """Now and then let another skill supply a second parameter too."""
        tells = self.library[term.skill].spec.tells
        share = max(BRANCHES, self.effort.branches) if tells else self.effort.branches
        if rng.random() >= share or len(used) >= self.effort.most + tells:
            return term
        links = [
            link
            for link in self.index.into[term.skill]
            if not link.story and link.parameter != linked and link.producer not in used
        ]
        if not links:
            return term
        link = self.index.pick(links, rng)
        return term.with_argument(link.parameter, self._supply(link.producer, rng, min(depth, 1), used=used))

    def _supply(
        self, name: str, rng: Random, depth: int, story: bool = False, used: frozenset[str] = frozenset()
    ) -> Term:
        """The producer, itself supplied by another skill if the depth allows it."""
        spec = self.library[name].spec
        if depth > 0 and spec.tells and rng.random() < 0.5:
            story = not story  # scenes follow each other by stories or by letters
        if depth > 0:
            links = [
                link
                for link in self.index.into[name]
                if link.story == story and link.producer not in used and (not story or self._continues(spec, link))
            ]
            if links:
                return self._linked(name, self.index.pick(links, rng), rng, depth, story, used)
        if not story and not used and spec.sweep and rng.random() < 0.12:
            return self._sweep(name, rng)
        return self.givens(name, rng)

    def _continues(self, spec: Spec, link: Link) -> bool:
        role = self.library[link.producer].spec.output
        assert role is not None and role.role is not None
        return any(complete_follow(spec, w, link.parameter) for w in story_wordings(spec, link.parameter, role.role))

    def _sweep(self, name: str, rng: Random) -> Term:
        spec = self.library[name].spec
        if spec.output is None or spec.output.kind != "integer":
            raise Impossible("only integers are swept")
        low = rng.randint(1, 8)
        body, low, high = self._body(name, "n", low, low + rng.randint(*SWEEP_WIDTH), rng)
        kind = rng.choice(("least", "total", "count"))
        if kind == "total":
            return Total("n", low, high, body)
        divisor = rng.randint(2, 12)
        if kind == "count":
            relation = Relation("odd") if rng.random() < 0.3 else Relation("divisible", divisor)
            return Count("n", low, high, body, relation)
        # For a smallest n the condition must be rarer, or the first n tried already satisfies it.
        relation = Relation("divisible", divisor + 5) if rng.random() < 0.6 else Relation("at_least", 10 * divisor)
        return Least("n", low, body, relation)

    def _body(self, name: str, variable: str, low: int, high: int, rng: Random) -> tuple[Apply, int, int]:
        """A skill with one parameter swept, and the range clipped to the values that the parameter accepts."""
        spec = self.library[name].spec
        swept = rng.choice(spec.sweep)
        p = spec.parameters[swept]
        low = max(low, p.low)
        high = min(max(high, low + SWEEP_WIDTH[0]), p.high, low + 120)  # every value of n costs a call
        if high - low < 4:
            raise Impossible("the range is too narrow")
        return self.givens(name, rng).with_argument(swept, Variable(variable)), low, high

    def _capped(self, term: Term, rng: Random) -> Term:
        """Now and then ask for the remainder modulo 1000 only, as contests do with large numbers."""
        if isinstance(term, Apply):
            spec = self.library[term.skill].spec
            plain = not self.index.mined(term.skill) or _is_short(spec)
            if (
                spec.output is not None
                and spec.output.kind == "integer"
                and reducible(spec)
                and rng.random() < 0.04
                and plain
            ):
                return Remainder(term, 1000)
        return term

    def givens(self, name: str, rng: Random) -> Apply:
        """Draw every parameter of a skill so that its constraints hold. Raises Impossible after DRAWS draws."""
        draws = [self._drawn_givens(name, rng) for _ in range(abs(self.effort.numbers) or 1)]
        return max(draws, key=size) if self.effort.numbers > 0 else min(draws, key=size)

    def _drawn_givens(self, name: str, rng: Random) -> Apply:
        spec = self.library[name].spec
        for _ in range(DRAWS):
            values = {key: draw(p, rng) for key, p in spec.parameters.items()}
            if all(expressions.holds(text, values) for text in spec.constraints):
                texts = {key: render(p, values[key]) for key, p in spec.parameters.items()}
                return Apply(name, tuple((key, Given(text)) for key, text in texts.items()))
        raise Impossible(f"{name}: its constraints were not met in {DRAWS} draws")

    def _peers(self, root: str, rng: Random) -> list[str]:
        """Skills whose integers are combined with those of a root."""
        if not self.index.mined(root):
            return self._producers("integer", self.library[root].spec)
        integers = self._integers(self.library[root].spec.domain)
        mined = [name for name in integers if self.index.mined(name)]
        others = [name for name in integers if not self.index.mined(name)]
        return mined if len(mined) > 1 and (not others or rng.random() < MINED_PEERS) else others

    def _integers(self, domain: Domain) -> list[str]:
        return [
            name
            for name, package in self.library.items()
            if package.spec.output and package.spec.output.kind == "integer" and package.spec.value
            if package.spec.domain == domain and (package.spec.evidence != "self-consistent" or _is_short(package.spec))
        ]

    def holds(self, node: Apply) -> bool:
        """True if the constraints among a skill's givens hold."""
        spec = self.library[node.skill].spec
        known = {k: parse(spec.parameters[k], v.text) for k, v in node.arguments if isinstance(v, Given)}
        tests = (text for text in spec.constraints if expressions.names(text) <= set(known))
        return all(expressions.holds(text, known) for text in tests)

    def _producers(self, kind: str, near: Spec) -> list[str]:
        """Skills of the domain with a noun phrase and the kind of output; mined ones if there are no others."""
        found = [
            n
            for n, p in self.library.items()
            if p.spec.output and p.spec.output.kind == kind and p.spec.value and p.spec.domain == near.domain
        ]
        return [n for n in found if not self.index.mined(n)] or found


def reducible(spec: Spec) -> bool:
    """True if the remainder of a skill's value can be asked for, and is not the remainder of a remainder."""
    return bool(spec.value) and "remainder" not in spec.name


def _with_data(body: Apply, innermost: Apply) -> Apply:
    if body.skill == innermost.skill:
        return innermost
    return replace(
        body, arguments=tuple((k, _with_data(v, innermost) if isinstance(v, Apply) else v) for k, v in body.arguments)
    )


_CONDITION = re.compile(r" (?:if|for|where|when|given|such that) ")


def _is_short(spec: Spec) -> bool:
    """True if a skill's noun phrases have no condition behind them, so that more words can follow."""
    return bool(spec.value) and not any(_CONDITION.search(text) for text in spec.value)


def _composable(spec: Spec) -> bool:
    """True if a skill has a question, or a noun phrase for its value."""
    return spec.output is not None and bool(spec.phrasings or spec.value)


def _posable(package: Package) -> bool:
    """True unless it is a family of judged programs whose tests are not there, as in a library read from records."""
    return package.spec.judged is None or package.suite is not None


def skill_count(term: Term) -> int:
    """Number of different skills that a term applies."""
    return len({t.skill for t in walk(term) if isinstance(t, Apply)})
