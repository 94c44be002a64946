"""Judging episodes as they end beside judging them after the last one has ended: seconds of a step, and idle time.

    python examples/benchmarks/streaming.py

The class that judges is agentprop's own; episodes, verifier and prober are simulated, so the numbers say what the order
of the work is worth and not how fast a model is. Lengths of episodes are log-normal (σ = 1). *Idle* is the share of the
step in which the judges wait for episodes or the sampler waits for judges: 1 − (busy seconds of both)/(2 · seconds of
the step).
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from time import perf_counter
from types import SimpleNamespace
from typing import Any

from agentprop.training.rl.judgement import Judgement

SETTINGS = {
    "judges of 0 to 200 ms": (0.3, 0.0, 0.2),
    "a server: verifier of 0.5 to 1.5 s, 16 at once": (1.0, 0.5, 1.5),
}
"""Name → median seconds of an episode, least and most seconds of a judge."""


@dataclass
class Clock:
    """Seconds in which at least one of something is under way."""

    under_way: int = 0
    since: float = 0.0
    busy: float = 0.0

    def __enter__(self) -> None:
        if not self.under_way:
            self.since = perf_counter()
        self.under_way += 1

    def __exit__(self, *_: object) -> None:
        self.under_way -= 1
        if not self.under_way:
            self.busy += perf_counter() - self.since


@dataclass
class Judges:
    """A verifier that accepts everything and a prober, both of so many places at once."""

    low: float
    high: float
    random: Random
    clock: Clock = field(default_factory=Clock)
    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(16))

    async def verify(self, problem: Any, trajectory: Any) -> tuple[Sequence[Any], Any]:
        with self.clock:
            async with self.places:
                await asyncio.sleep(self.random.uniform(self.low, self.high))
        return (), SimpleNamespace(value="valid", code="")


async def step(streamed: bool, median: float, low: float, high: float, episodes: int, seed: int) -> tuple[float, float]:
    """Return the seconds of a step and the idle share."""
    random, judges, sampler = Random(seed), Judges(low, high, Random(seed + 1)), Clock()
    judgement = Judgement(judges.verify, None, 16)
    lengths = [median * random.lognormvariate(0, 1) for _ in range(episodes)]

    async def episode(number: int) -> Any:
        with sampler:
            await asyncio.sleep(lengths[number])
        member = SimpleNamespace(trajectory=SimpleNamespace(id=str(number)), problem=SimpleNamespace(id=str(number)))
        if streamed:
            judgement.take(member)
        return member

    began = perf_counter()
    members = await asyncio.gather(*[episode(number) for number in range(episodes)])
    await judgement.results(members)
    seconds = perf_counter() - began
    return seconds, 1 - (sampler.busy + judges.clock.busy) / (2 * seconds)


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--episodes", type=int, default=64, help="episodes of a step")
    parser.add_argument("--steps", type=int, default=3, help="steps of each kind")
    parser.add_argument("--smoke", action="store_true", help="a twentieth of the seconds, one step")
    given = parser.parse_args()
    scale, steps = (0.05, 1) if given.smoke else (1.0, given.steps)
    print("| judges | after the last episode, s (idle) | as episodes end, s (idle) | ratio |\n|---|---|---|---|")
    for name, (median, low, high) in SETTINGS.items():
        rows = {}
        for streamed in (False, True):
            found = [
                asyncio.run(step(streamed, median * scale, low * scale, high * scale, given.episodes, seed))
                for seed in range(steps)
            ]
            rows[streamed] = [sum(values) / len(values) for values in zip(*found, strict=True)]
        (before, idle), (after, still) = rows[False], rows[True]
        print(f"| {name} | {before:.2f} ({idle:.0%}) | {after:.2f} ({still:.0%}) | {before / after:.2f} |")


if __name__ == "__main__":
    main()
