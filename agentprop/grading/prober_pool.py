"""How a prober fares → when the next stronger one takes over.

Paper (arXiv 2602.03279): every 500 problems the EMA of the prober's accuracy is updated; when it has stabilised below
30 % the next stronger prober takes over. Ours: the rate of the EMA, what stabilised means, at least 100 measured
problems since the last switch, and never back. A switch comes into force `lag` problems after it was decided, because
so many may be under way by then, and never inside a group of problems that are compared with each other: so who probes
a problem depends on the problems before it alone, not on how fast replies come.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

RATE = 0.5
"""Weight of the newest window in the EMA: it remembers about two windows."""
SETTLED = 0.02
"""Largest change of a stabilised EMA from one window to the next: the standard error of a window of 500 problems."""


@dataclass(frozen=True)
class SwitchRule:
    """When to switch."""

    probers: int
    """How many there are, weak → strong."""
    every: int = 500
    """Problems of a window; the EMA is updated, and a switch decided, at its end."""
    below: float = 0.3
    """EMA of the pass rate under which the prober is too weak."""
    samples: int = 100
    """Measured problems since the last switch without which nothing is decided."""
    lag: int = 0
    """Problems between the decision and its coming into force."""


@dataclass(frozen=True)
class PoolState:
    """How far the pool has come; stored in the run's state."""

    problems: int = 0
    """Problems seen, in order."""
    prober: int = 0
    """The prober decided on last, as its place in the pool."""
    since: tuple[int, ...] = ()
    """Problem numbers from which the second, third, … prober is in force."""
    ema: float | None = None
    """EMA of that prober's pass rate; None before its first window."""
    window: tuple[float, int] = (0.0, 0)
    """Sum and number of the pass rates of the open window."""
    samples: int = 0
    """Problems that prober has measured."""

    def at(self, problem: int) -> int:
        """The prober of a problem, by its number."""
        return sum(problem >= start for start in self.since)

    def advanced(self, rule: SwitchRule, prober: int, rate: float | None) -> PoolState:
        """After one more problem: who probed it, and its pass rate, if it has one.

        Results of a prober that is already being replaced say nothing about the one that follows.
        """
        state = replace(self, problems=self.problems + 1)
        if rate is not None and prober == self.prober:
            total, count = self.window
            state = replace(state, window=(total + rate, count + 1), samples=self.samples + 1)
        return state._closed(rule) if state.problems % rule.every == 0 else state

    def _closed(self, rule: SwitchRule) -> PoolState:
        """After a whole window."""
        total, count = self.window
        if not count:
            return self
        before, mean = self.ema, total / count
        ema = mean if before is None else (1 - RATE) * before + RATE * mean
        settled = before is not None and abs(ema - before) <= SETTLED
        weak = settled and ema < rule.below and self.samples >= rule.samples
        if weak and self.prober + 1 < rule.probers:
            start = self.problems + rule.lag
            return PoolState(self.problems, self.prober + 1, (*self.since, start))
        return replace(self, ema=ema, window=(0.0, 0))

    def stored(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    @classmethod
    def restored(cls, state: Mapping[str, Any] | None) -> PoolState:
        """From JSON; a pool at its start where there is none."""
        if state is None:
            return cls()
        total, count = state["window"]
        return cls(**{**state, "since": tuple(state["since"]), "window": (total, count)})


@dataclass
class Turns:
    """Who probes each problem, in order; a group keeps the prober of its first problem."""

    prober: int = 0
    group: str | None = None

    def next(self, problem: int, group: str | None, state: PoolState) -> int:
        """The prober of the next problem, by its number and its group."""
        if group is None or group != self.group:
            self.prober = state.at(problem)
        self.group = group
        return self.prober
