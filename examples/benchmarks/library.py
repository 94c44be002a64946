"""Problems as a program asks for them: `agentprop.dataset` beside `agentprop propose`, and reasoning-gym.

    python examples/benchmarks/library.py [--items 400] [--rounds 3] [--smoke] [--json]

Each way runs in an interpreter of its own, in turn. For `dataset` that is the time from the call to the first item, and
the items a second after the first ones, while nothing but reading them is done; for `propose` the whole command, by one
worker, with its start, its files and its worked solutions. reasoning-gym is there where it is installed: its items are
single templates without verification, so its rows say what a reader of such a library is used to, and no more.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

FIRST = 96
"""Items that are read before the count begins: batches grow, and the sandbox compiles the library after so many."""
OURS = """
from agentprop import dataset
called = time.perf_counter()
data = dataset(seed={seed})
"""
GYM = """
import reasoning_gym
called = time.perf_counter()
data = reasoning_gym.create_dataset("chain_sum", seed={seed}, size=10**9)
"""
READ = """
data[0]
first = time.perf_counter() - called
for i in range({first}):
    data[i]
started = time.perf_counter()
for i in range({first}, {first} + {items}):
    data[i]
print(json.dumps({{"first_s": first, "items_s": {items} / (time.perf_counter() - started)}}))
"""


def main() -> None:
    """Time the ways in turn and print medians and ratios."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--items", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--smoke", action="store_true", help="one round of few items: does it run at all")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    items, rounds, first = (8, 1, 8) if options.smoke else (options.items, options.rounds, FIRST)
    gym = importlib.util.find_spec("reasoning_gym") is not None
    found: dict[str, list[dict[str, float]]] = {"dataset": [], "reasoning_gym": []}
    proposed = []
    for seed in range(rounds):
        found["dataset"].append(read(OURS, seed, items, first))
        proposed.append(items / propose(seed, items))
        if gym:
            found["reasoning_gym"].append(read(GYM, seed, items, first))
    report = {f"{way}_{name}": _middle(rows, name) for way, rows in found.items() if rows for name in rows[0]}
    report |= {"propose_items_s": round(median(proposed), 1)}
    report["dataset_to_propose"] = round(report["dataset_items_s"] / report["propose_items_s"], 2)
    print(json.dumps(report) if options.json else "\n".join(f"{key:<24} {value}" for key, value in report.items()))


def read(opening: str, seed: int, items: int, first: int) -> dict[str, float]:
    """Seconds from the call to the first item, and items a second after the first ones, in a fresh interpreter."""
    code = f"import json, time\n{opening}{READ}".format(seed=seed, items=items, first=first)
    done = subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.PIPE, text=True)
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


def propose(seed: int, n: int) -> float:
    """Seconds of the command that proposes n problems with one worker."""
    with tempfile.TemporaryDirectory() as folder:
        out = str(Path(folder, "run"))
        words = ["propose", "--n", str(n), "--seed", str(seed), "--workers", "1", "--out", out, "--quiet"]
        started = time.perf_counter()
        subprocess.run([sys.executable, "-m", "agentprop", *words], check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - started


def _middle(rows: Sequence[dict[str, Any]], name: str) -> float:
    return round(median(row[name] for row in rows), 2)


if __name__ == "__main__":
    main()
