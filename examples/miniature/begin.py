"""A start of the experiment: imitation until the gate is passed, or until it is shown that this start fails it.

    python examples/miniature/begin.py --seed 0 --out runs/miniature/start-0 --library DIR --expert RUN --student DIR

The gate is an exam on held-out pairs. If too little of it is well formed, imitation goes on by half its passes, at most
so many times as `preregistered.toml` says. `gate.json` has every exam, and the model that reinforcement begins with.
Every part is an agentprop command that resumes, so the script does, too.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from exam import examined
from experiment import exam_tasks, imitation
from plan import examine, train
from preregistered import registered


def main() -> None:
    """Imitate and examine, until the gate is passed or the trials are used up."""
    parser = argparse.ArgumentParser(description="imitation until the gate is passed")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--more", type=int, default=registered()["imitation"]["more"], help="times to go on")
    for name in ("--out", "--library", "--expert", "--student"):
        parser.add_argument(name, type=Path, required=True)
    asked = parser.parse_args()
    rounds: list[dict[str, Any]] = []
    model = asked.student
    for number in range(1 + asked.more):
        place = asked.out / f"round-{number}"
        run(train("train-sft", asked.expert, model, place, asked.seed + number, **imitation(again=number > 0)))
        model = place / "model"
        rounds.append({"model": str(model), **gate(model, asked.out / f"gate-{number}", asked.seed, asked.library)})
        told = {"passed": rounds[-1]["passed"], "model": str(model), "rounds": rounds}
        (asked.out / "gate.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
        print(json.dumps(rounds[-1]), flush=True)
        if rounds[-1]["passed"]:
            return


def gate(model: Path, out: Path, seed: int, library: Path) -> dict[str, Any]:
    """Examine a model on held-out pairs, and say whether it may go on to reinforcement."""
    rule = registered()["gate"]
    tasks = exam_tasks(library, "held_out")
    run(examine(model, out, rule["first_seed"] + seed, most_drawn(rule["candidates"]), **tasks), bounded=True)
    figures = examined(out, most=rule["candidates"]).figures()
    return {"passed": figures["formed"] >= rule["formed"], **figures}


def most_drawn(candidates: int) -> int:
    """Return the candidate numbers to go through: for some of them no composition with a wanted pair is found."""
    return 2 * candidates


def run(command: Sequence[str], *, bounded: bool = False) -> None:
    """Run a command; 3 says that it stopped at a bound that was set on purpose."""
    code = subprocess.run([sys.executable, *command]).returncode
    if code != 0 and not (bounded and code == 3):
        sys.exit(code)


if __name__ == "__main__":
    main()
