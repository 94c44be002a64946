"""Pass rates of a prober, problem by problem → the moment at which the next stronger prober takes over.

Paper (arXiv 2602.03279): every 500 problems the EMA of the prober's accuracy is updated; when it has stabilised below
30 % the next stronger prober takes over. Ours: the rate of the EMA, the meaning of stabilised, at least 100 measured
problems since the last switch, and no way back. A switch takes effect `lag` problems after it was decided, because up
to that many may already be under way, and never inside a group of problems that are compared with each other. So the
prober of a problem depends on the problems before it alone, not on the speed of replies.

Example, with windows of one problem: the EMA is (previous + rate)/2. After 0.24 it has moved by 0.08, then by 0.045,
then by 0.0175: at most 0.02, and it is below 0.3, so prober 1 follows, from problem 4 + 3 on.

    >>> rule, state = SwitchRule(probers=2, every=1, samples=4, lag=3), PoolState()
    >>> for rate in (0.40, 0.24, 0.23):
    ...     state = state.advanced(rule, 0, rate)
    ...     print(round(state.ema, 4), state.prober)
    0.4 0
    0.32 0
    0.275 0
    >>> state = state.advanced(rule, 0, 0.24)
    >>> state.prober, state.since, [state.at(problem) for problem in (6, 7)]
    (1, (7,), [0, 1])
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

RATE = 0.5
"""Weight of the newest window in the EMA: it remembers about two windows."""
STABLE = 0.02
"""Largest change of a stabilised EMA from one window to the next: the standard error of a window of 500 problems."""


@dataclass(frozen=True)
class SwitchRule:
    """Condition of a switch."""

    probers: int
    """Number of probers, weak → strong."""
    every: int = 500
    """Problems of a window; the EMA is updated, and a switch decided, at its end."""
    below: float = 0.3
    """EMA of the pass rate under which the prober is too weak."""
    samples: int = 100
    """Measured problems since the last switch that a decision needs."""
    lag: int = 0
    """Problems between a decision and its taking effect."""


@dataclass(frozen=True)
class PoolState:
    """Progress of the pool; stored in the run's state."""

    problems: int = 0
    """Problems seen, in order."""
    prober: int = 0
    """The prober decided on last, as its index in the pool."""
    since: tuple[int, ...] = ()
    """Numbers of the first problems of the second, third, … prober."""
    ema: float | None = None
    """EMA of that prober's pass rate; None before its first window."""
    window: tuple[float, int] = (0.0, 0)
    """Sum and number of the pass rates of the open window."""
    samples: int = 0
    """Problems that the prober has measured."""

    def at(self, problem: int) -> int:
        """Index of the prober of a problem, by the problem's number."""
        return sum(problem >= start for start in self.since)

    def advanced(self, rule: SwitchRule, prober: int, rate: float | None) -> PoolState:
        """The state after one more problem: the index of its prober, and its pass rate, if it has one."""
        state = replace(self, problems=self.problems + 1)
        # Within the lag the replaced prober still measures problems, which say nothing about its successor.
        if rate is not None and prober == self.prober:
            total, count = self.window
            state = replace(state, window=(total + rate, count + 1), samples=self.samples + 1)
        return state._window_closed(rule) if state.problems % rule.every == 0 else state

    def _window_closed(self, rule: SwitchRule) -> PoolState:
        """The state after a whole window: a new EMA, or the next prober."""
        total, count = self.window
        if not count:
            return self  # no problem of the window had a pass rate: the EMA stays
        before, mean = self.ema, total / count
        # The first window is the EMA; one window alone cannot show that it is stable.
        ema = mean if before is None else (1 - RATE) * before + RATE * mean
        stable = before is not None and abs(ema - before) <= STABLE
        weak = stable and ema < rule.below and self.samples >= rule.samples
        if weak and self.prober + 1 < rule.probers:
            start = self.problems + rule.lag
            return PoolState(self.problems, self.prober + 1, (*self.since, start))  # the successor's EMA starts afresh
        return replace(self, ema=ema, window=(0.0, 0))

    def stored(self) -> dict[str, Any]:
        """Write the state as JSON."""
        return asdict(self)

    @classmethod
    def restored(cls, state: Mapping[str, Any] | None) -> PoolState:
        """Read a state from JSON; None gives the state at the start."""
        if state is None:
            return cls()
        total, count = state["window"]
        return cls(**{**state, "since": tuple(state["since"]), "window": (total, count)})


@dataclass
class ProberSchedule:
    """Assigns probers to problems in order; a group keeps the prober of its first problem."""

    prober: int = 0
    group: str | None = None

    def next(self, problem: int, group: str | None, state: PoolState) -> int:
        """Index of the next problem's prober, by the problem's number and group."""
        if group is None or group != self.group:
            self.prober = state.at(problem)
        self.group = group
        return self.prober
