"""Whole MGPO steps with judging as episodes end, and with judging after the last one: sampled tokens per second.

    python examples/benchmarks/training_loop.py [--smoke] [--steps 4] [--rounds 2] [--median 1.0] [--sigma 0.5]

The real training command runs with the small model of `examples/miniature/start` and a prober behind a server whose
replies take a log-normal time. Judging after the last episode is agentprop's own judging, held back in that process.
Both take turns, round by round; sampled tokens, episodes and weights are the same, so the ratio is that of seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median

from loopback import Server, model_server

MINIATURE = Path(__file__).resolve().parents[1] / "miniature"
AFTER = "after the last episode"
ORDERS = (AFTER, "as episodes end")
HELD_BACK = """
from agentprop.training.rl.judgement import Judgement

take, all_verdicts = Judgement.take, Judgement._all_verdicts


async def late(self, members):
    for member in members:
        take(self, member)
    return await all_verdicts(self, members)


Judgement.take, Judgement._all_verdicts = (lambda self, member: None), late
"""
COMMAND = "import runpy\nrunpy.run_module('agentprop', run_name='__main__')"


@dataclass(frozen=True)
class Measured:
    """One run of the command; its first step, which warms up, left out."""

    tokens: float
    """Tokens sampled."""
    seconds: float
    """Seconds of the steps: sampling with judging, scoring, update."""
    judging: float
    """Seconds of them that sampling and what was still to be judged after it took."""
    weights: bytes
    """The model that came out."""

    @property
    def speed(self) -> float:
        """Tokens per second."""
        return self.tokens / self.seconds


def main() -> None:
    """Print one table."""
    options = arguments()
    found: dict[str, list[Measured]] = {order: [] for order in ORDERS}
    delays = ("--median", str(options.median), "--sigma", str(options.sigma))
    with model_server("--script", "answer", *delays) as server, tempfile.TemporaryDirectory() as folder:
        for number in range(options.rounds):
            for order in ORDERS if number % 2 == 0 else reversed(ORDERS):
                found[order].append(
                    trained(order, server, Path(folder, f"{number}-{len(found[order])}-{order[:5]}"), options)
                )
    print("| judging | tokens/s of the loop | s a step | of them sampling and judging |\n|---|---|---|---|")
    for order, runs in found.items():
        steps = options.steps - 1
        cells = (
            fmean(one.speed for one in runs),
            *(fmean(getattr(one, key) for one in runs) / steps for key in ("seconds", "judging")),
        )
        print(f"| {order} | " + " | ".join(f"{cell:.1f}" for cell in cells) + " |")
    ratios = [after.speed / before.speed for before, after in zip(*found.values(), strict=True)]
    print(f"\nratio {median(ratios):.2f}, by round {', '.join(f'{ratio:.2f}' for ratio in ratios)}")
    same = len({one.weights for runs in found.values() for one in runs}) == 1
    print(f"weights of all runs: {'the same' if same else 'NOT the same'}")


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--steps", type=int, default=4, help="steps of a run; the first is not counted")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--groups", type=int, default=8, help="groups of 8 episodes in a step")
    parser.add_argument("--median", type=float, default=1.0, help="seconds of the prober's reply")
    parser.add_argument("--sigma", type=float, default=0.5, help="of the logarithm")
    parser.add_argument("--concurrency", type=int, default=16, help="prober's requests at once")
    parser.add_argument("--smoke", action="store_true", help="two steps of one group, a reply of 20 ms")
    options = parser.parse_args()
    if options.smoke:
        options.steps, options.rounds, options.groups, options.median = 2, 1, 1, 0.02
    return options


def trained(order: str, server: Server, out: Path, options: argparse.Namespace) -> Measured:
    """Run the training command in a directory of its own."""
    out.mkdir()
    settings = {"base_url": server.base_url, "model": "prober", "max_concurrency": options.concurrency}
    lines = "".join(f"{key} = {json.dumps(value)}\n" for key, value in settings.items())
    (out / "agentprop.toml").write_text(f"[models.prober]\n{lines}", encoding="utf-8")
    code = (HELD_BACK if order == AFTER else "") + COMMAND
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
    command = [sys.executable, "-c", code, *words(options)]
    ended = subprocess.run(command, cwd=out, env=environment, capture_output=True, text=True)
    if ended.returncode:
        raise SystemExit(f"train-mgpo failed: {ended.stderr[-2000:]}")
    rows = [json.loads(line) for line in (out / "run" / "metrics.jsonl").read_text(encoding="utf-8").splitlines()][1:]
    seconds = sum(value for row in rows for key, value in row.items() if key.startswith("seconds/"))
    weights = (out / "run" / "model" / "model.safetensors").read_bytes()
    sampling = sum(row["seconds/rollout"] + row["seconds/score"] for row in rows)
    return Measured(sum(row["tokens/sampled"] for row in rows), seconds, sampling, weights)


def words(options: argparse.Namespace) -> Iterator[str]:
    """Yield the words of the command."""
    yield from ("train-mgpo", "--model", str(MINIATURE / "start"), "--out", "run", "--seed", "0", "--quiet")
    settings: dict[str, object] = {
        "skills": [str(MINIATURE / "skills" / name) for name in ("digit-sum", "multiples")],
        "bundled_skills": False,
        "min_skills": 2,
        "max_skills": 2,
        "max_turns": 12,
        "reply_tokens": 192,
        "pack_tokens": 8192,
        "learning_rate": 2e-4,
        "minibatches": 4,
        "k": 4,
        "steps": options.steps,
        "groups": options.groups,
        "group_size": 8,
        "prober": "prober",
    }
    for key, value in settings.items():
        yield from ("--set", f"{key}={value if isinstance(value, str) else json.dumps(value)}")


if __name__ == "__main__":
    main()
