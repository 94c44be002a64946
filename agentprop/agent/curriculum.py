"""The mastery of each category so far → the probabilities with which candidates draw theirs.

The paper's curriculum draws categories with p(c) ∝ 1/(m_c + ε). Ours: the value of ε, the uniform share, the novelty
factor, and the cap on mined arithmetic.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agentprop.agent.bundles import Bundles
from agentprop.composition.planner import Planner
from agentprop.records import Domain

UNIFORM = 0.05
"""Share of candidates whose category ignores mastery, so that no category is starved (ours)."""
NOVELTY = 8
"""Power of novelty in the weights: a category whose skills combine in few ways is drawn less as it repeats itself."""


@dataclass(frozen=True)
class MasteryState:
    """Mastery and novelty of every category after a batch."""

    mastery: Mapping[str, float]
    """m_c, the EMA of the success rate."""
    novelty: Mapping[str, float]
    """EMA of the share of successes with a structure that is new to the run."""


@dataclass(frozen=True)
class Curriculum:
    """Probabilities of the categories, updated from the results of each batch."""

    categories: tuple[str, ...]
    """The categories in play, in order."""
    mined: frozenset[str] = frozenset()
    """Those made of mined skills."""
    mined_share: float = 0.2
    """Largest share of the problems that may come from mined categories."""
    alpha: float = 0.04
    """Weight α of one candidate in the mastery EMA."""
    epsilon: float = 0.1
    """ε of p(c) ∝ 1/(m_c + ε)."""
    initial: MasteryState | None = None
    """Mastery learnt from earlier runs."""

    def start(self) -> MasteryState:
        """Mastery at the start: that of earlier runs, or else m_c = 0.5 and novelty 1 for every category."""
        if self.initial is not None:
            return self.initial
        return MasteryState(dict.fromkeys(self.categories, 0.5), dict.fromkeys(self.categories, 1.0))

    def probabilities(self, state: MasteryState) -> list[float]:
        """p(c) in the order of the categories. Mined categories together get at most three quarters of their cap."""
        raw = [state.novelty[c] ** NOVELTY / (state.mastery[c] + self.epsilon) for c in self.categories]
        mixed = [(1 - UNIFORM) * r / sum(raw) + UNIFORM / len(raw) for r in raw]
        mined = sum(p for c, p in zip(self.categories, mixed, strict=True) if c in self.mined)
        cap = 0.75 * self.mined_share  # a margin: beyond the share itself a run rejects mined problems
        if mined <= cap or self.mined >= set(self.categories):
            return mixed
        return [
            p * (cap / mined if c in self.mined else (1 - cap) / (1 - mined))
            for c, p in zip(self.categories, mixed, strict=True)
        ]

    def updated(self, before: MasteryState, tallies: Mapping[str, Sequence[int]]) -> MasteryState:
        """Move the means by every candidate of a batch: n of a category leave (1 − α)ⁿ of m_c, and their success rate
        has the rest; novelty likewise, by the successes.

        `tallies` maps a category to (candidates, successes, successes that count and have a new structure).
        """
        mastery, novelty = dict(before.mastery), dict(before.novelty)
        for category, (total, successes, distinct) in tallies.items():
            mastery[category] += self._weight(total) * (successes / total - mastery[category])
            if successes:
                share = max(distinct / successes, 0.05)
                novelty[category] += self._weight(successes) * (share - novelty[category])
        return MasteryState(mastery, novelty)

    def _weight(self, count: int) -> float:
        """Weight of the latest outcomes in a moving average."""
        return 1 - (1 - self.alpha) ** count


def categories_of(planner: Planner | Bundles, domain: Domain | None, wanted: Sequence[str]) -> tuple[str, ...]:
    """Categories that a run draws from: all that have a skill that can ask, narrowed by domain and by name."""
    return tuple(
        c
        for c in sorted(planner.categories)
        if (domain is None or planner.domain(c) == domain) and (not wanted or c in wanted)
    )
