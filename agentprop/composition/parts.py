"""A skill and a depth → an application of it, with numbers drawn and some of them supplied by other skills."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from agentprop.composition.efforts import Effort, size
from agentprop.composition.links import Impossible, Link, Links
from agentprop.composition.scenes import complete_follow, story_wordings
from agentprop.composition.terms import (
    Apply,
    Count,
    Given,
    Least,
    Relation,
    Term,
    Total,
    Variable,
    skills,
)
from agentprop.skills import Package, Spec
from agentprop.skills import constraints as expressions
from agentprop.skills.values import draw, render

DRAWS = 400
"""Random draws that may go into satisfying a skill's constraints."""
BRANCHES = 0.3
"""Least share of the skills that take quantities from scenes in which a second one comes from a scene too."""
SWEEP_WIDTH = (12, 60)
"""Least and greatest width of the range of a sweep: every value in it costs a call of the skill."""
SWEPT = 0.12
"""Share of the suppliers at the end of a chain that are swept over a range if they can be."""


@dataclass(frozen=True)
class Parts:
    """Draws parts of compositions of one level of effort."""

    library: Mapping[str, Package]
    """Name → package."""
    index: Links
    """Which skills can supply which parameters."""
    effort: Effort
    """How much work a composition takes."""

    def givens(self, name: str, rng: Random) -> Apply:
        """Draw every parameter of a skill so that its constraints hold. Raises Impossible after DRAWS draws."""
        if self.effort.numbers == 0:
            return self._drawn_givens(name, rng)
        draws = [self._drawn_givens(name, rng) for _ in range(abs(self.effort.numbers))]
        return max(draws, key=size) if self.effort.numbers > 0 else min(draws, key=size)

    def _drawn_givens(self, name: str, rng: Random) -> Apply:
        spec = self.library[name].spec
        for _ in range(DRAWS):
            values = {key: draw(p, rng) for key, p in spec.parameters.items()}
            if all(expressions.holds(text, values) for text in spec.constraints):
                texts = {key: render(p, values[key]) for key, p in spec.parameters.items()}
                return Apply(name, tuple((key, Given(text)) for key, text in texts.items()))
        raise Impossible(f"{name}: its constraints were not met in {DRAWS} draws")

    def linked(
        self,
        consumer: str,
        link: Link,
        rng: Random,
        depth: int,
        story: bool = False,
        used: frozenset[str] = frozenset(),
    ) -> Apply:
        """A consumer with one parameter supplied, and perhaps a second one."""
        used |= {consumer}  # no skill feeds itself
        supplier = self.supply(link.producer, rng, depth - 1, story, used)
        term = self.givens(consumer, rng).with_argument(link.parameter, supplier)
        if story and not self.library[consumer].spec.tells:
            return term
        return self._branched(term, link.parameter, rng, depth - 1, used | {*skills(supplier)})

    def supply(
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
                if link.story == story and link.producer not in used and (not story or self.continues(spec, link))
            ]
            if links:
                return self.linked(name, self.index.pick(links, rng), rng, depth, story, used)
        if not story and not used and spec.sweep and rng.random() < SWEPT:
            return self.sweep(name, rng)
        return self.givens(name, rng)

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
        return term.with_argument(link.parameter, self.supply(link.producer, rng, min(depth, 1), used=used))

    def continues(self, spec: Spec, link: Link) -> bool:
        """True if a story that a link's producer opens can go on through a skill."""
        role = self.library[link.producer].spec.output
        assert role is not None and role.role is not None
        return any(complete_follow(spec, w, link.parameter) for w in story_wordings(spec, link.parameter, role.role))

    def sweep(self, name: str, rng: Random) -> Term:
        """A total, a count or a smallest n over a range of one parameter."""
        spec = self.library[name].spec
        if spec.output is None or spec.output.kind != "integer":
            raise Impossible("only integers are swept")
        low = rng.randint(1, 8)
        body, low, high = self.swept_body(name, "n", low, low + rng.randint(*SWEEP_WIDTH), rng)
        kind = rng.choice(("least", "total", "count"))
        if kind == "total":
            return Total("n", low, high, body)
        divisor = rng.randint(2, 12)
        if kind == "count":
            relation = Relation("odd") if rng.random() < 0.3 else Relation("divisible", divisor)
            return Count("n", low, high, body, relation)
        # For a smallest n the condition must be rarer, or the first n tried already satisfies it; and it must be met
        # below the bound too, or the bound is idle.
        return Least("n", min(low + rng.randint(*SWEEP_WIDTH), high), body, Relation("divisible", divisor + 5))

    def swept_body(self, name: str, variable: str, low: int, high: int, rng: Random) -> tuple[Apply, int, int]:
        """A skill with one parameter swept, and the range clipped to the values that the parameter accepts."""
        spec = self.library[name].spec
        swept = rng.choice(spec.sweep)
        p = spec.parameters[swept]
        low = max(low, p.low)
        high = min(max(high, low + SWEEP_WIDTH[0]), p.high, low + 120)  # every value of n costs a call
        if high - low < 4:
            raise Impossible("the range is too narrow")
        return self.givens(name, rng).with_argument(swept, Variable(variable)), low, high
