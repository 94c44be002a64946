"""A coding skill that asks → pipelines: programs to write, or what one prints, of skills that pass lists and graphs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from agentprop.composition.links import Impossible, Link
from agentprop.composition.parts import Parts
from agentprop.composition.terms import Apply, Printed, Program, Term, Variable, body_data
from agentprop.skills import Spec

FEW, FEW_FEED = 8, 1
"""Skills below which a choice among those that feed a step is a small one, and how many such steps come on top."""


@dataclass(frozen=True)
class Pipelines:
    """Draws pipelines of parts."""

    parts: Parts
    """The parts, of one level of effort."""

    def weights(self, spec: Spec, links: Sequence[Link]) -> dict[str, float]:
        """A pipeline ends with the skill, or begins with it if its data or its value is a graph."""
        data = spec.data
        if data is None or spec.output is None:
            return {}
        if "graph" in (spec.parameters[data].kind, spec.output.kind) and self.passed_on(spec.name):
            return {"onward_program": 5.0, "onward_printed": 3.0}
        if spec.output.kind == "graph" or not any(link.parameter == data and not link.story for link in links):
            return {}
        return {"program": 5.0, "printed": 3.0, "chain": 0.4}

    def passed_on(self, name: str) -> list[Link]:
        """Links by which a skill's value becomes the data of another one."""
        onward = self.parts.index.onward(name, story=False)
        return [link for link in onward if link.parameter == self.parts.library[link.consumer].spec.data]

    def program(self, root: str, rng: Random) -> Term:
        """Ask for a program that does what a pipeline does with its data."""
        return self._program(self._pipeline([self.parts.givens(root, rng)], rng, self.parts.effort.depth(rng)))

    def printed(self, root: str, rng: Random) -> Term:
        """Ask what a program prints."""
        return Printed(self._pipeline([self.parts.givens(root, rng)], rng, self.parts.effort.depth(rng)))

    def onward_program(self, root: str, rng: Random) -> Term:
        """The same as `program` for a pipeline that begins with the skill."""
        return self._program(self._onward(root, rng))

    def onward_printed(self, root: str, rng: Random) -> Term:
        """The same as `printed` for a pipeline that begins with the skill."""
        return Printed(self._onward(root, rng))

    def _program(self, body: Apply) -> Program:
        node, name = body_data(body, self.parts.library)
        return Program(name, _with_data(body, node.with_argument(name, Variable(name))))

    def _onward(self, root: str, rng: Random) -> Apply:
        """Let other skills, perhaps of another category, go on with the root's value, and some feed it."""
        length = self.parts.effort.depth(rng)
        chain = [self.parts.givens(root, rng)]
        for _ in range(rng.randint(1, length)):
            taken = {node.skill for node in chain}
            links = [link for link in self.passed_on(chain[0].skill) if link.consumer not in taken]
            if not links:
                break
            chain.insert(0, self.parts.givens(rng.choice(links).consumer, rng))
        output = self.parts.library[chain[0].skill].spec.output
        if output is None or output.kind == "graph":
            raise Impossible("a pipeline does not end with a graph")
        return self._pipeline(chain, rng, length + 1 - len(chain))

    def _weight(self, link: Link) -> float:
        """Weight of a link: more for a producer that many others feed, less for one whose values seldom suit."""
        return math.sqrt(1 + len(self.parts.index.into[link.producer])) * self.parts.index.weight(link)

    def _pipeline(self, chain: list[Apply], rng: Random, length: int) -> Apply:
        """Feed a chain, whose last skill takes the data, by up to `length` further skills."""
        spec, used = self.parts.library[chain[-1].skill].spec, {node.skill for node in chain}
        spare = FEW_FEED
        while length > 0:
            data = spec.data
            links = [
                link
                for link in self.parts.index.into[chain[-1].skill]
                if link.parameter == data
                and not link.story
                and link.producer not in used
                and self.parts.library[link.producer].spec.domain == "coding"
            ]
            if not links:
                break
            # What others feed goes on; a list that hardly ever suits the next step is a rare one.
            link = rng.choices(links, [self._weight(link) for link in links])[0]
            used.add(link.producer)
            chain.append(self.parts.givens(link.producer, rng))
            spec = self.parts.library[link.producer].spec
            # A step of which there are few kinds comes on top, or pipelines of strings would repeat each other.
            few = len(links) < FEW and spare > 0
            spare -= few
            length -= not few
        if len(chain) < 2:
            raise Impossible("nothing feeds it")
        term = chain[-1]
        for outer in reversed(chain[:-1]):
            data = self.parts.library[outer.skill].spec.data
            assert data is not None  # coding links go through the data
            term = outer.with_argument(data, term)
        return term


def _with_data(body: Apply, innermost: Apply) -> Apply:
    if body.skill == innermost.skill:
        return innermost
    return replace(
        body, arguments=tuple((k, _with_data(v, innermost) if isinstance(v, Apply) else v) for k, v in body.arguments)
    )
