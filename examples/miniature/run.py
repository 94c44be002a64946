"""The paper's ablations in miniature: one command from a skill library to a table, on a bare machine.

    python examples/miniature/run.py --out runs/miniature [--seeds 0 1 2] [--jobs 2] [--smoke | --from-scratch]

Once: expert trajectories of the built-in proposer → agentic SFT of a small transformer from scratch. For every seed:
one run of reinforcement per arm → problems of each arm → a solver trained on them → its score on pairs of skills that
nobody trained on. Every step is an agentprop command that a user could type; `plan.py` says which, and in what order.
Steps that are done are not done again: stop it at any time, and run the same command to go on.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

from plan import FROM_SCRATCH, FULL, SMOKE, Step, steps
from results import tell

HERE = Path(__file__).parent


def main() -> int:
    """Run what is not done yet, and tell what came out."""
    parser = argparse.ArgumentParser(description="the ablations in miniature")
    parser.add_argument("--out", type=Path, default=Path("runs/miniature"))
    parser.add_argument("--seeds", type=int, nargs="+", default=None)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="steps that run at once, a core each")
    parser.add_argument("--smoke", action="store_true", help="small: one seed, SFT and MGPO alone, one pair of skills")
    parser.add_argument("--from-scratch", action="store_true", help="as --smoke, and with imitation of its own")
    parser.add_argument("--arms", nargs="+", default=None, help="only these arms")
    asked = parser.parse_args()
    size = FROM_SCRATCH if asked.from_scratch else SMOKE if asked.smoke else FULL
    wanted = steps(size, asked.seeds or size.seeds, asked.out, asked.arms or size.arms)
    asked.out.mkdir(parents=True, exist_ok=True)
    failed = run_all(wanted, asked.out, asked.jobs)
    if failed is not None:
        print(f"error: {failed.name} failed\nhint: read {log_of(failed, asked.out)}", file=sys.stderr)
        return 1
    tell(size, asked.seeds or size.seeds, asked.out, asked.arms or size.arms)
    return 0


def run_all(wanted: Sequence[Step], out: Path, jobs: int) -> Step | None:
    """Run steps as soon as what they need is there, `jobs` at a time; the first that failed, or None."""
    done = {step.name for step in wanted if step.done()}
    left = [step for step in wanted if step.name not in done]
    running: dict[Future[int], Step] = {}
    began = time.monotonic()
    with ThreadPoolExecutor(jobs) as pool:
        while left or running:
            for step in [s for s in left if done.issuperset(s.needs)][: jobs - len(running)]:
                left.remove(step)
                running[pool.submit(run, step, out)] = step
            if not running:
                raise RuntimeError(f"nothing can go on: {[step.name for step in left]}")
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                step = running.pop(future)
                if future.result() != 0:
                    return step
                done.add(step.name)
                minutes = (time.monotonic() - began) / 60
                print(f"{minutes:6.1f} min  {len(done):3} of {len(wanted)}  {step.name}", flush=True)
    return None


def run(step: Step, out: Path) -> int:
    """One step in a process of its own with one thread; 3 says that it stopped at the bound it was given."""
    if step.idle():
        step.mark()
        return 0
    log = log_of(step, out)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as file:
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
        code = subprocess.run([sys.executable, *step.command], env=environment, stdout=file, stderr=file).returncode
    if code == 0 or (code == 3 and step.bounded):
        step.mark()
        return 0
    return code


def log_of(step: Step, out: Path) -> Path:
    """Return the log file of a step."""
    return out / "logs" / f"{step.name.replace('/', '-')}.txt"


if __name__ == "__main__":
    sys.exit(main())
