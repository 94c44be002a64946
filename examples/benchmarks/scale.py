"""How a run would grow from 1 node to 1,000: a simulation, with constants that it measures on this machine.

One node has 64 cores. Four designs are compared by candidates per second:

- one run with the default window of 16 batches, which keeps at most 16 workers busy;
- one run with a window of 1.5 times the workers, whose single process commits everything;
- partitions of 64 cores: one run per node (--partitions NODES --window 96), and a merge at the end;
- partitions of 16 cores: four runs per node (--partitions 4·NODES --window 24), and likewise a merge.

Simulated are workers whose batches take uneven time, the order of commits, the window, and the committing process.
Left out are stragglers among partitions, the file system, start-up (about half a second a partition), and the
exhaustion of templates, which ends very long runs before the cores do. Speeds are those of this machine's cores.

    scale.py                        measures for a minute or so, then simulates
    scale.py --make-ms 10 --commit-us 340 --merge-us 400     simulates with given constants
"""

from __future__ import annotations

import argparse
import heapq
import resource
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

CORES = 64
NODES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000)
BATCH = 32
SPREAD = 0.25
"""Coefficient of variation of a batch's time: an assumption."""


@dataclass(frozen=True)
class Constants:
    """Processor time, in seconds."""

    make: float
    """A candidate, in a worker and its sandbox."""
    commit: float
    """A candidate, in the process that commits."""
    merge: float
    """A problem, in the merge."""


def committed_after(workers: int, window: int, constants: Constants, batches: int) -> float:
    """Seconds until `batches` batches are committed in order, by one process, with at most `window` under way."""
    rng = Random(1)
    free = [0.0] * min(workers, window)  # when each worker is free
    commits = [0.0] * batches
    committer = 0.0
    for number in range(batches):
        released = commits[number - window] if number >= window else 0.0
        start = max(released, heapq.heappop(free))
        end = start + BATCH * constants.make * max(0.3, rng.gauss(1, SPREAD))
        heapq.heappush(free, end)
        committer = max(committer, end) + BATCH * constants.commit
        commits[number] = committer
    return committer


def rate(workers: int, window: int, constants: Constants) -> float:
    """Candidates per second of one run, far from its start."""
    batches = max(400, 8 * min(workers, 2000), 6 * window)
    return batches * BATCH / committed_after(workers, window, constants, batches)


def table(constants: Constants) -> Iterator[str]:
    """Yield the lines of the comparison."""
    heads = ("window 16", "1.5 workers", "parts of 64", "parts of 16")
    yield f"{'nodes':>6}{'cores':>8} |{''.join(f'{head:>13}' for head in heads)} | efficiency"
    by_cores = {cores: rate(cores, cores * 3 // 2, constants) for cores in (64, 16)}
    for nodes in NODES:
        workers = nodes * CORES
        one_run = [rate(workers, window, constants) for window in (16, workers * 3 // 2)]
        found = [*one_run, *(speed * workers / cores for cores, speed in by_cores.items())]
        shares = " · ".join(f"{100 * one * constants.make / workers:.0f} %" for one in found)
        yield f"{nodes:>6}{workers:>8} |{''.join(f'{one:>13,.0f}' for one in found)} | {shares}"
    yield f"merging a million problems takes one core {constants.merge * 1e6 / 60:.0f} minutes, whatever made them"


def measured(small: int, large: int) -> Constants:
    """Measure on this machine: what the problems beyond the first `small` ones take, by processor time."""
    from agentprop.config import ProposeConfig
    from agentprop.stages.propose import merge
    from agentprop.stages.propose import run as propose

    with tempfile.TemporaryDirectory() as place:
        spent = []
        for n in (small, large):
            before = _clocks()
            config = ProposeConfig(n=n, workers=1, partitions=2, partition=0)
            made = propose.run(config, str(Path(place) / str(n)), quiet=True)["candidates"]
            spent.append((made, *(after - one for after, one in zip(_clocks(), before, strict=True))))
        candidates, own, others = (b - a for a, b in zip(*spent, strict=True))
        out = str(Path(place) / str(small))
        propose.run(ProposeConfig(n=small, workers=1, partitions=2, partition=1), out, quiet=True)
        began = time.process_time()
        kept = merge.merge(out, small, quiet=True)["accepted"]
        return Constants(others / candidates, own / candidates, (time.process_time() - began) / kept)


def _clocks() -> tuple[float, float]:
    """Processor time of this process, and of its children that have ended, in seconds."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time(), children.ru_utime + children.ru_stime


def main() -> None:
    """Measure or take the constants, and print them with the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--make-ms", type=float, help="processor time for making a candidate")
    parser.add_argument("--commit-us", type=float, help="processor time for committing a candidate")
    parser.add_argument("--merge-us", type=float, help="processor time for merging a problem")
    parser.add_argument("--sizes", type=int, nargs=2, default=(400, 2000), help="problems of the two measured runs")
    given = parser.parse_args()
    if None in (given.make_ms, given.commit_us, given.merge_us):
        constants = measured(*given.sizes)
    else:
        constants = Constants(given.make_ms / 1e3, given.commit_us / 1e6, given.merge_us / 1e6)
    print(
        f"make {1e3 * constants.make:.1f} ms, commit {1e6 * constants.commit:.0f} µs a candidate; "
        f"merge {1e6 * constants.merge:.0f} µs a problem"
    )
    for line in table(constants):
        print(line)


if __name__ == "__main__":
    main()
