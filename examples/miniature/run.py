"""The miniature: one question about MGPO and GRPO, pre-registered, on a bare machine.

    python examples/miniature/run.py --out runs/miniature [--seeds 0 1] [--arms grpo mgpo] [--jobs 2]
    python examples/miniature/run.py --pilot | --tune | --smoke | --from-scratch [--out DIR]

`preregistered.toml` says what is run and measured, `experiment.py` in which steps. `--pilot` makes one start and stops
at its gate; `--tune` chooses the learning rates; `--smoke` is a run of minutes that shows learning. Steps that are done
are not done again: stop it at any time, and run the same command to go on.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

import experiment
import smoke
from plan import Step
from preregistered import registered
from results import tell, tell_rates

HERE = Path(__file__).parent


def main() -> int:
    """Run what is not done yet, and tell what came out."""
    parser = argparse.ArgumentParser(description="one question about MGPO and GRPO, in miniature")
    parser.add_argument("--out", type=Path, default=Path("runs/miniature"))
    parser.add_argument("--seeds", type=int, nargs="+", default=None)
    parser.add_argument("--arms", nargs="+", default=None, help="only these arms")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="steps that run at once, a core each")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--pilot", action="store_true", help="one start alone, up to its gate")
    mode.add_argument("--tune", action="store_true", help="choose the learning rates, on seeds that never count")
    mode.add_argument("--smoke", action="store_true", help="minutes: one seed, one pair of skills, a real prober")
    mode.add_argument("--from-scratch", action="store_true", help="as --smoke, and with imitation of its own")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    try:
        steps, told = chosen(asked)
        failed = run_all(list(steps), asked.out, asked.jobs)
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if failed is not None:
        print(f"error: {failed.name} failed\nhint: read {log_of(failed, asked.out)}", file=sys.stderr)
        return 1
    told()
    return 0


def chosen(asked: argparse.Namespace) -> tuple[Iterator[Step], Callable[[], None]]:
    """Return the steps that a command asks for, and what tells what came out of them."""
    out = asked.out
    if asked.smoke or asked.from_scratch:
        arms = asked.arms or list(smoke.ARMS)
        return smoke.steps(out, arms, scratch=asked.from_scratch), lambda: smoke.tell(out, arms)
    every = registered()["rates"]["tuned"] if asked.tune else list(registered()["arms"])
    arms, seeds = asked.arms or every, asked.seeds or registered()["seeds"]["counted"]
    if asked.pilot:
        start = registered()["seeds"]["tuning"][0]
        steps = (step for part in ([experiment.library_step(out)], experiment.start_steps(out, start)) for step in part)
        return steps, lambda: print((out / f"start-{start}" / "gate.json").read_text(encoding="utf-8"))
    if asked.tune:
        return experiment.tuning_steps(out, arms), lambda: tell_rates(out, arms)
    return experiment.steps(out, seeds, arms), lambda: tell(out, seeds, arms)


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
