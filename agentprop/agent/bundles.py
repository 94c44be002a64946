"""A category → the bundle K_0 that a language model starts with, when the library has skills without scripts.

The planner composes executable skills only, which is all that the built-in proposer can use. A language model can work
from the text of a skill alone. So if w of the category's n skills have no script, then with probability w/n the bundle
is one of those w with one to three companions, as often from its category as from the rest of its domain; otherwise the
planner draws it, or, with `bundles=path`, a walk over the skill graph. This way of drawing is ours; the paper draws
from p_skill.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from random import Random

from agentprop.composition.paths import SkillGraph
from agentprop.composition.planner import Planner
from agentprop.records import Domain
from agentprop.skills import Package

SMALLEST, LARGEST = 2, 4
"""Skills of a bundle, as far as the domain has them."""
TRIES = 60
"""Bundles drawn in search of one that is allowed, before the planner draws instead."""


def written_skills(library: Mapping[str, Package]) -> dict[str, Package]:
    """Select the skills that only a language model can use: those without a script."""
    return {name: package for name, package in library.items() if package.script is None}


def bundle_name(names: Iterable[str]) -> str:
    """Return the name of a bundle, whatever the order of its skills."""
    return "+".join(sorted(names))


@dataclass(frozen=True)
class BundleFilter:
    """Skill names → may they form a bundle? Training avoids the held-out pairs, a test demands one of them."""

    held_out: frozenset[frozenset[str]] = frozenset()
    """Pairs of skill names."""
    wanted: bool = False
    """Only bundles with such a pair, instead of only those without."""
    most: int | None = None
    """Most skills of a bundle; None means as many as are planned."""
    least: int = 1
    """Fewest skills of a bundle."""
    never: frozenset[str] = frozenset()
    """Skills that no bundle may have: distractors, which are added to a task later."""

    @classmethod
    def of(
        cls,
        pairs: Iterable[str],
        wanted: bool = False,
        most: int | None = None,
        least: int = 1,
        never: Iterable[str] = (),
    ) -> BundleFilter:
        """Build the filter from pairs written `ONE+OTHER`."""
        return cls(frozenset(frozenset(pair.split("+")) for pair in pairs), wanted, most, least, frozenset(never))

    def __call__(self, names: Collection[str]) -> bool:
        count = len(set(names))
        if count < self.least or (self.most is not None and count > self.most):
            return False
        if not self.never.isdisjoint(names):
            return False
        if not self.held_out:
            return True
        return any(frozenset(pair) in self.held_out for pair in combinations(names, 2)) == self.wanted


@dataclass(frozen=True)
class Bundles:
    """Bundles that a language model may start with; if every skill has a script, only those of the planner."""

    planner: Planner
    """Composes the executable skills."""
    written: Mapping[str, Package]
    """Skills without a script."""
    paths: bool = False
    """Executable skills come as paths of the skill graph, not as the planner composes them."""

    @cached_property
    def library(self) -> dict[str, Package]:
        """Every skill that can be active."""
        return {**self.planner.library, **self.written}

    @cached_property
    def categories(self) -> dict[str, Domain]:
        """Every category that can be drawn, and its domain."""
        planned = {category: self.planner.domain(category) for category in self.planner.categories}
        return {**{p.spec.category: p.spec.domain for p in self.written.values()}, **planned}

    def domain(self, category: str) -> Domain:
        """The domain a category belongs to."""
        return self.categories[category]

    def mined(self, category: str) -> bool:
        """True if a category consists of mined skills only."""
        return category not in self._written and self.planner.mined(category)

    @cached_property
    def _written(self) -> Mapping[str, Sequence[str]]:
        """Category → its skills without a script."""
        found: dict[str, list[str]] = defaultdict(list)
        for name in sorted(self.written):
            found[self.written[name].spec.category].append(name)
        return found

    def draw(self, category: str, rng: Random) -> tuple[str, ...] | None:
        """Draw a bundle around a script-less skill of the category; None means that the planner draws instead."""
        texts, executable = self._written.get(category, ()), self.planner.categories.get(category, ())
        if not texts or rng.random() * (len(texts) + len(executable)) >= len(texts):
            return self._path(executable, rng) if self.paths else None
        drawn = (self._around(rng.choice(texts), rng) for _ in range(TRIES))
        return next(filter(self.planner.allowed, drawn), None)

    @cached_property
    def graph(self) -> SkillGraph:
        """Graph of the executable skills."""
        return SkillGraph.of(self.planner.index)

    def _path(self, starts: Sequence[str], rng: Random) -> tuple[str, ...] | None:
        """Draw a path from one of the skills; None if none is found, so that the planner draws instead."""
        drawn = (self.graph.path(rng.choice(starts), rng, LARGEST) for _ in range(TRIES if starts else 0))
        return next((path for path in drawn if path is not None and self.planner.allowed(path)), None)

    def _around(self, name: str, rng: Random) -> tuple[str, ...]:
        """A skill with companions, each from its category or from the rest of the domain with equal chance."""
        spec = self.library[name].spec
        others = [other for other in sorted(self.library) if other != name]
        near = [other for other in others if self.library[other].spec.category == spec.category]
        far = [other for other in others if self._is_far(other, spec.category, spec.domain)]
        rng.shuffle(near)
        rng.shuffle(far)
        bundle = [name]
        for _ in range(rng.randint(SMALLEST, LARGEST) - 1):
            pools = [pool for pool in (near, far) if pool]
            if pools:
                bundle.append(rng.choice(pools).pop())
        return tuple(bundle)

    def _is_far(self, name: str, category: str, domain: Domain) -> bool:
        spec = self.library[name].spec
        return spec.domain == domain and spec.category != category
