"""Skills and their links → bundles that are paths: the value of each skill may be a parameter of the next.

SciAgents (arXiv 2409.05556) takes the concepts along a random path between two concepts of a graph, not the shortest
one, as the material of a hypothesis. Here the graph has an edge a → b if a value of a fits some parameter of b: the
types agree and, if values of a were sampled, one of them is in the range. A chain needs that, but may fail all the
same. Ours: no embeddings; from a start the end is drawn among the skills that a walk of two or more edges leads to
(links by type are so dense that few skills are two edges apart), and a step goes to

    p(next) ∝ e^(−d(next, end)/T) · fit(edge)        T = 1; T → 0 walks the shortest path

with d in edges and fit the share of sampled values that fit. Of the line a → b → c → d and at most three skills, the
only end of a is c, and the only bundle is a, b, c.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from random import Random
from typing import Self

from agentprop.composition.links import Links

FEWEST = 2
"""Fewest edges of a path."""
TEMPERATURE = 1.0
"""Temperature T of the walk."""


@dataclass(frozen=True)
class SkillGraph:
    """Graph of skills."""

    edges: Mapping[str, Mapping[str, float]]
    """Skill → skill that its value can feed → share of its values that fit, above 0."""

    @classmethod
    def of(cls, links: Links) -> Self:
        """Build the graph from a library's links, with the best fit of several parameters."""
        edges: dict[str, dict[str, float]] = {}
        for producer in sorted(links.out_of):
            for link in links.out_of[producer]:
                fit = max(links.fit(link), edges.get(producer, {}).get(link.consumer, 0.0))
                if fit > 0:
                    edges.setdefault(producer, {})[link.consumer] = fit
        return cls(edges)

    @cached_property
    def _reversed(self) -> Mapping[str, Sequence[str]]:
        found: dict[str, list[str]] = {}
        for start, ends in self.edges.items():
            for end in ends:
                found.setdefault(end, []).append(start)
        return found

    def distances(self, skill: str, *, to: bool = False) -> dict[str, int]:
        """Return the number of edges from a skill to all that can be reached, or, with `to`, from them to it."""
        step: Mapping[str, Sequence[str] | Mapping[str, float]] = self._reversed if to else self.edges
        found, queue = {skill: 0}, deque([skill])
        while queue:
            one = queue.popleft()
            for other in step.get(one, ()):
                if other not in found:
                    found[other] = found[one] + 1
                    queue.append(other)
        return found

    def holds(self, path: Sequence[str]) -> bool:
        """Return True if the skills are a path with two edges or more, in this order."""
        return len(path) > FEWEST and all(b in self.edges.get(a, {}) for a, b in pairwise(path))

    def path(self, start: str, rng: Random, most: int, temperature: float = TEMPERATURE) -> tuple[str, ...] | None:
        """Draw a path from a skill with at most `most` skills; None if no walk was long enough."""
        ends = sorted(name for name, far in self.distances(start).items() if 0 < far < most)
        rng.shuffle(ends)
        walks = (self.walk(start, end, rng, most, temperature) for end in ends)
        return next((path for path in walks if path is not None), None)

    def walk(self, start: str, end: str, rng: Random, most: int, temperature: float) -> tuple[str, ...] | None:
        """Walk from a skill to another, over two edges or more and without a repeat; None at a dead end."""
        left, path = self.distances(end, to=True), [start]
        while path[-1] != end:
            near = {
                other: fit
                for other, fit in self.edges.get(path[-1], {}).items()
                if other not in path
                and len(path) + 1 + left.get(other, most) <= most
                and (other != end or len(path) >= FEWEST)
            }
            if not near:
                return None
            closest = min(left[other] for other in near)
            weights = [math.exp((closest - left[other]) / temperature) * fit for other, fit in near.items()]
            path += rng.choices(list(near), weights)
        return tuple(path)
