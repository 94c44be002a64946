"""A skill that asks → the shapes that its question can have, with weights, and a composition of a shape. Ours.

A shape says how skills hang together: a chain of suppliers, a story whose scenes follow each other, a sum of two
values, a sweep over a range.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from random import Random

from agentprop.composition import backwards, objects
from agentprop.composition.links import Impossible, Link, can_tell_story
from agentprop.composition.parts import SWEEP_WIDTH, Parts
from agentprop.composition.pipelines import Pipelines
from agentprop.composition.scenes import CONDITIONAL
from agentprop.composition.terms import (
    Apply,
    Combine,
    Count,
    LowestTerms,
    Operation,
    Relation,
    Term,
    skills,
)
from agentprop.records import Domain
from agentprop.skills import Spec

NEAR_PEERS = 0.8
"""Share of partners of a skill's own category in a sum, difference or product, if it has any."""
MINED_PEERS = 0.5
"""Share of mined partners of a mined skill in a sum, difference or product."""
ADDITIVE = frozenset({"J", "W", "mol", "g", "mg", "kg", "MBq"})
"""Units of quantities of which a sum is asked for; of others, such as temperatures, only a difference."""
OPERATIONS: tuple[Operation, ...] = ("sum", "difference", "product")
PRODUCTS = 0.2
"""Share of products among the sums and products that a skill takes: they soon exceed what it accepts."""


class Shapes:
    """Draws compositions of one level of effort."""

    def __init__(self, parts: Parts) -> None:
        self.parts, self.pipelines = parts, Pipelines(parts)
        self.library, self.index, self.effort = parts.library, parts.index, parts.effort
        self._telling = [package.spec for package in self.library.values() if package.spec.tells]
        self._known = dict[str, dict[str, float]]()
        self._akin = dict[str, list[str]]()

    def draw(self, shape: str, root: str, rng: Random) -> Term:
        """Draw a composition of a shape in which a skill asks. Raises Impossible if none is found."""
        if shape in PIPED:
            return PIPED[shape](self.pipelines, root, rng)
        return DRAWN[shape](self, root, rng)

    def weights(self, root: str) -> dict[str, float]:
        """Shapes that a question of the skill can have, with their weights."""
        if root not in self._known:
            self._known[root] = self._weights(root)
        return self._known[root]

    def _weights(self, root: str) -> dict[str, float]:
        package = self.library[root]
        if package.spec.is_object:
            return {"model": 1.0}
        composed = self._composed(root, package.spec)
        if package.origin == "bundled" and package.spec.judged is None:
            return composed
        return composed | {"alone": 3.0 if self.index.mined(root) else 1.0}

    def _composed(self, root: str, spec: Spec) -> dict[str, float]:
        """Shapes in which other skills have a part."""
        weights = dict[str, float]()
        output = spec.output
        assert output is not None
        links = self.index.into[root]
        if self.index.mined(root):
            return self._mined(root, spec, links)
        if spec.domain == "coding":
            return self.pipelines.weights(spec, links)
        if links:
            weights["chain"] = 6.0 if any(not link.story for link in links) else 4.0
            if len({link.parameter for link in links}) > 1:
                weights["fork"] = 1.2
            if any(self._joinable(link) for link in links):
                weights["joined"] = 0.1
        if any(link.story for link in links):
            weights["story"] = 8.0
        if output.role and output.subject and self.index.onward(root, story=True) and can_tell_story(spec):
            weights["before_story"] = 2.0
        if spec.tells and self.alike(spec):
            weights["contrast"] = 0.5
        if backwards.is_single(Apply(root, ()), self.library):
            weights["single"] = 0.5
        if spec.tells and any(self._within(link, spec.domain) for link in self.index.onward(root, story=False)):
            weights["feeds"] = 3.0
        if spec.value and output.kind == "integer":
            weights["combine"] = 0.1
            if spec.sweep:
                weights |= {"swept": 0.8, "compared": 0.4}
        if spec.value and output.kind == "rational" and links:
            weights["lowest"] = 3.0
        return weights

    def _mined(self, root: str, spec: Spec, links: Sequence[Link]) -> dict[str, float]:
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

    def model(self, root: str, rng: Random) -> Term:
        """An object kind's operator; the facts and the question are constructed in the sandbox."""
        return objects.any_undrawn(root, self.library, rng)

    def alone(self, root: str, rng: Random) -> Term:
        """Pose the skill's own question with new numbers."""
        return self.parts.givens(root, rng)

    def chain(self, root: str, rng: Random) -> Term:
        """Let other skills, in a row, supply a parameter."""
        links = [link for link in self.index.into[root] if not link.story]
        return self.parts.linked(root, self.index.pick(links, rng), rng, depth=self.effort.depth(rng))

    def fork(self, root: str, rng: Random) -> Term:
        """Let two other skills supply a parameter each."""
        links = [link for link in self.index.into[root] if not link.story]
        first = self.index.pick(links, rng)
        second = self.index.pick(
            [link for link in links if link.parameter != first.parameter and link.producer != first.producer], rng
        )
        depth = self.effort.depth(rng)
        term = self.parts.linked(root, first, rng, depth)
        used = frozenset(skills(term))
        return term.with_argument(second.parameter, self.parts.supply(second.producer, rng, depth - 1, used=used))

    def lowest(self, root: str, rng: Random) -> Term:
        """Ask for p + q if the value of a chain is p/q in lowest terms."""
        links = [link for link in self.index.into[root] if not link.story]
        return LowestTerms(self.parts.linked(root, self.index.pick(links, rng), rng, self.effort.depth(rng)))

    def story(self, root: str, rng: Random) -> Term:
        """Let the scene of another skill lead to the question."""
        depth = self.effort.depth(rng)
        links = [link for link in self.index.into[root] if link.story]
        deeper = [link for link in links if self._told_before(link.producer, {root})] if depth > 1 else []
        return self.parts.linked(root, self.index.pick(deeper or links, rng), rng, depth, story=True)

    def before_story(self, root: str, rng: Random) -> Term:
        """Let the root open the story and another skill, perhaps of another category, ask the question."""
        term, used = self.parts.givens(root, rng), {root}
        last: Link | None = None
        for left in range(self.effort.depth(rng), 0, -1):
            links = [link for link in self.index.onward(term.skill, story=True) if link.consumer not in used]
            further = [link for link in links if left > 1 and self._goes_on(link, used)]
            if not links or (last is not None and not self.parts.continues(self.library[term.skill].spec, last)):
                break
            last = self.index.pick(further or links, rng)
            term = self.parts.givens(last.consumer, rng).with_argument(last.parameter, term)
            used.add(last.consumer)
        return term

    def _told_before(self, name: str, used: Collection[str]) -> bool:
        """True if a story can lead to a skill's scene, by a skill that has no part in it yet."""
        spec, links = self.library[name].spec, self.index.into[name]
        return any(link.story and link.producer not in used and self.parts.continues(spec, link) for link in links)

    def _goes_on(self, link: Link, used: Collection[str]) -> bool:
        """True if the story goes on behind a link's consumer."""
        onward = self.index.onward(link.consumer, story=True)
        fresh = any(after.consumer not in used for after in onward)
        return fresh and self.parts.continues(self.library[link.consumer].spec, link)

    def feeds(self, root: str, rng: Random) -> Term:
        """Let another skill, perhaps of another category, ask a question about the root's value."""
        spec, onward = self.library[root].spec, self.index.onward(root, story=False)
        link = self.index.pick([one for one in onward if self._within(one, spec.domain)], rng)
        if spec.tells:
            return self.parts.linked(link.consumer, link, rng, 1 + self.effort.depth(rng))
        return self.parts.givens(link.consumer, rng).with_argument(link.parameter, self.parts.supply(root, rng, 0))

    def _within(self, link: Link, domain: Domain) -> bool:
        return self.library[link.consumer].spec.domain == domain

    def combine(self, root: str, rng: Random) -> Term:
        """Ask for the sum, difference or product of two values."""
        peers = [n for n in self._peers(root, rng) if n != root]
        if not peers:
            raise Impossible("no partner")
        depth = self.effort.depth(rng)
        return self._combined((root, depth), (rng.choice(peers), depth - 1), rng, frozenset())

    def _combined(self, left: tuple[str, int], right: tuple[str, int], rng: Random, used: frozenset[str]) -> Combine:
        """The sum, difference or product of the values of two skills, each supplied to a depth."""
        one = self.parts.supply(left[0], rng, left[1], used=used)
        two = self.parts.supply(right[0], rng, right[1], used=used | {*skills(one)})
        op: Operation = rng.choices(OPERATIONS, (2, 3, 1))[0]
        return Combine(op, one, two)

    def _peers(self, root: str, rng: Random) -> list[str]:
        """Skills whose integers are combined with those of a root: mostly of its category."""
        if not self.index.mined(root):
            found = self._producers("integer", self.library[root].spec)
            category = self.library[root].spec.category
            near = [name for name in found if name != root and self.library[name].spec.category == category]
            return near if near and rng.random() < NEAR_PEERS else found
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

    def _producers(self, kind: str, near: Spec) -> list[str]:
        """Skills of the domain with a noun phrase and the kind of output; mined ones if there are no others."""
        found = [
            n
            for n, p in self.library.items()
            if p.spec.output and p.spec.output.kind == kind and p.spec.value and p.spec.domain == near.domain
        ]
        return [n for n in found if not self.index.mined(n)] or found

    def contrast(self, root: str, rng: Random) -> Combine:
        """Ask by how much a quantity exceeds another of its kind, or for their sum if they can be added."""
        spec = self.library[root].spec
        assert spec.output is not None  # executable packages have one
        peer = rng.choice(self.alike(spec))
        depth = self.effort.depth(rng)
        one = self.parts.supply(root, rng, depth - rng.randint(0, 1), rng.random() < 0.5, frozenset({root, peer}))
        two = self.parts.supply(peer, rng, depth - 1, rng.random() < 0.5, frozenset({root, peer, *skills(one)}))
        op: Operation = "sum" if spec.output.unit in ADDITIVE and rng.random() < 0.4 else "difference"
        return Combine(op, *((one, two) if rng.random() < 0.5 else (two, one)))

    def alike(self, spec: Spec) -> list[str]:
        """The other skills whose scenes tell a quantity of the same role and unit, and of a thing of the same name.

        Nobody takes the time of a tank from that of a reaction, nor computes the same thing twice for a difference.
        """
        if spec.name not in self._akin:
            self._akin[spec.name] = self._alike(spec)
        return self._akin[spec.name]

    def _alike(self, spec: Spec) -> list[str]:
        output, found = spec.output, list[str]()
        for peer in self._telling:
            other = peer.output
            if output is not None and other is not None:
                same = (other.kind, other.unit, other.decimals) == (output.kind, output.unit, None)
                shared = None not in (other.role, other.subject)
                shared = shared and (other.role, other.subject) == (output.role, output.subject)
                if same and shared and peer is not spec:
                    found.append(peer.name)
        return found

    def swept(self, root: str, rng: Random) -> Term:
        """Draw a sweep of the root inside another skill: the smallest n, a total or a count as its argument."""
        sweep = self.parts.sweep(root, rng)
        consumers = [
            link
            for link in self.index.onward(root, story=False)
            if self.library[link.consumer].spec.domain == "mathematics"
        ]
        link = self.index.pick(consumers, rng)
        return self.parts.givens(link.consumer, rng).with_argument(link.parameter, sweep)

    def compared(self, root: str, rng: Random) -> Term:
        """Count the numbers of a range for which one value exceeds another."""
        peers = [n for n in self._producers("integer", self.library[root].spec) if n != root]
        peers = [n for n in peers if self.library[n].spec.sweep]
        if not peers:
            raise Impossible("no partner")
        other = rng.choice(peers)
        low = rng.randint(1, 5)
        high = low + rng.randint(*SWEEP_WIDTH)
        # Both sides share the variable and its range.
        body, low, high = self.parts.swept_body(root, "n", low, high, rng)
        right, low, high = self.parts.swept_body(other, "n", low, high, rng)
        return Count("n", low, high, body, Relation("exceeds", None, right))

    def joined(self, root: str, rng: Random) -> Term:
        """Let the sum or product of two skills' values be what the root takes."""
        links = [link for link in self.index.into[root] if self._joinable(link)]
        first = self.index.pick(links, rng)
        second = self.index.pick(
            [link for link in links if link.parameter == first.parameter and link.producer != first.producer], rng
        )
        depth, used = self.effort.depth(rng), frozenset({root})
        one = self.parts.supply(first.producer, rng, depth - 2, used=used)
        two = self.parts.supply(second.producer, rng, 0, used=used | {*skills(one)})
        op: Operation = "product" if rng.random() < PRODUCTS else "sum"
        return self.parts.givens(root, rng).with_argument(first.parameter, Combine(op, one, two))

    def _joinable(self, link: Link) -> bool:
        """True if a sum with another integer can take the place of a link's value."""
        output = self.library[link.producer].spec.output
        consumer = self.library[link.consumer].spec.parameters[link.parameter]
        if link.story or consumer.kind != "integer" or output is None or output.kind != "integer":
            return False
        return not self.index.mined(link.producer) or _is_short(self.library[link.producer].spec)


DRAWN: Mapping[str, Callable[[Shapes, str, Random], Term]] = {
    "model": Shapes.model,
    "alone": Shapes.alone,
    "single": Shapes.alone,  # one scene, which the proposer turns round to ask for a datum of it
    "chain": Shapes.chain,
    "fork": Shapes.fork,
    "lowest": Shapes.lowest,
    "story": Shapes.story,
    "before_story": Shapes.before_story,
    "feeds": Shapes.feeds,
    "combine": Shapes.combine,
    "contrast": Shapes.contrast,
    "swept": Shapes.swept,
    "compared": Shapes.compared,
    "joined": Shapes.joined,
}
"""Shape → what draws it."""
PIPED: Mapping[str, Callable[[Pipelines, str, Random], Term]] = {
    "program": Pipelines.program,
    "printed": Pipelines.printed,
    "onward_program": Pipelines.onward_program,
    "onward_printed": Pipelines.onward_printed,
}
"""Shape of a pipeline → what draws it."""


def reducible(spec: Spec) -> bool:
    """True if the remainder of a skill's value can be asked for, and is not the remainder of a remainder."""
    return bool(spec.value) and "remainder" not in spec.name


def _is_short(spec: Spec) -> bool:
    """True if a skill's noun phrases have no condition behind them, so that more words can follow."""
    return bool(spec.value) and not any(CONDITIONAL.search(text) for text in spec.value)
