"""`preregistered.toml` → the steps of the experiment, each an agentprop command or a script beside this one.

    library ── expert of start s ── student ── begin (imitation and gate) ── RL of each arm ── two exams
                                                         │          └──────── continued imitation ──┘
                                             └── two exams

Arms differ in nothing but what `[arms]` names and in their learning rate: same starts, tasks, names, episodes and
optimiser steps. What a start that failed its gate would go on with is left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from design import DISTRACTORS, HELD_OUT, IMITATED, NAMES, POOL, PRACTISED, SKILLS, UNUSED, Pair, named
from plan import CONTINUED, RL, SFT, Step, examine, propose, script, train, world
from preregistered import registered

EXPERT_SEED, MORE_SEED, LONGEST = 1000, 2000, 1024
BEFORE = "before"
"""The exams of what a start's arms begin with stand where those of an arm stand."""
TITLES = {
    BEFORE: "before: imitation",
    "sft": "SFT only, continued",
    "grpo": "GRPO",
    "grpo-actions": "GRPO, centred over actions",
    "no-stage": "MGPO without stage advantage",
    "mgpo": "full MGPO",
}


def all_but(pairs: Sequence[Pair]) -> list[str]:
    """Return every other pair, as a setting forbids them."""
    return named(pair for pair in HELD_OUT + IMITATED + UNUSED if pair not in pairs)


def tasks(library: Path, held_out: Sequence[str], share: float) -> dict[str, object]:
    """Return the settings of tasks with two skills, and in some of them a third that fits nothing."""
    packages = [library / NAMES[skill] for skill in (*SKILLS, *DISTRACTORS)]
    idle = [NAMES[skill] for skill in DISTRACTORS]
    rules = {"repeat_skills": registered()["tasks"]["repeat_skills"]}
    return {**world(packages, 2, held_out), **rules, "distractors": idle, "distractor_share": share}


def training_tasks(library: Path, pairs: Sequence[Pair]) -> dict[str, object]:
    """Return the settings of tasks with these pairs."""
    return tasks(library, all_but(pairs), registered()["tasks"]["distractor_share"])


def exam_tasks(library: Path, exam: str) -> dict[str, object]:
    """Return the settings of an exam's tasks: held-out pairs alone, or practised ones; categories equally likely."""
    share = registered()["tasks"]["exam_distractor_share"]
    wanted = named(HELD_OUT) if exam == "held_out" else all_but(PRACTISED)
    even = {"mastery_epsilon": 1e6, "names": list(POOL), "held_out_only": exam == "held_out"}
    return {**tasks(library, wanted, share), **even}


def imitation(*, again: bool = False) -> dict[str, object]:
    """Return the settings of imitation; `again` is for going on by half the passes."""
    found = registered()["imitation"]
    epochs = max(1, found["epochs"] // 2) if again else found["epochs"]
    own = {"learning_rate": found["learning_rate"], "batch_size": found["batch_size"], "epochs": epochs}
    return {**SFT, **own, "max_length": LONGEST, "names": list(POOL), "validation_share": 0.0}


def reinforcement(library: Path, arm: str, rate: float) -> dict[str, object]:
    """Return the settings of an arm's reinforcement."""
    found = dict(registered()["reinforcement"])
    prober = found.pop("prober")
    common = {**training_tasks(library, PRACTISED), **RL, **found, "prober": prober, "allow_simulated": True}
    return {**common, "names": list(POOL), "learning_rate": rate, **registered()["arms"][arm]}


# --- steps ---


def start_steps(out: Path, start: int) -> Iterator[Step]:
    """Yield the steps of a start: its expert trajectories, its student, its imitation and gate."""
    here, library, found = out / f"start-{start}", out / "library", registered()["imitation"]
    expert, student = here / "expert", here / "student"
    command = imitated(expert, EXPERT_SEED + start, found["problems"], library, IMITATED)
    yield Step(f"start-{start}/expert", command, expert, ("library",))
    shape = [word for key in ("vocabulary", "hidden", "layers") for word in (f"--{key}", found[key])]
    command = script("student.py", expert, "--out", student, *shape, "--names", *POOL)
    yield Step(f"start-{start}/student", command, student, (f"start-{start}/expert",))
    where = ("--library", library, "--expert", expert, "--student", student)
    command = script("begin.py", "--seed", start, "--out", here, *where)
    yield Step(f"start-{start}/gate", command, here / "gate.json", (f"start-{start}/student",))


def imitated(out: Path, seed: int, n: int, library: Path, pairs: Sequence[Pair]) -> tuple[str, ...]:
    """Return the command that makes expert trajectories with these pairs."""
    tries = registered()["imitation"]["tries"]
    return propose("builtin", out, seed, n, workers=1, tries=tries, **training_tasks(library, pairs))


def library_step(out: Path) -> Step:
    """Return the step that writes the library under the names of the pool."""
    return Step("library", script("library.py", "--out", out / "library"), out / "library")


def start_of(seed: int) -> int:
    """Return the start that a counted seed begins with."""
    return int(seed // registered()["seeds"]["per_start"])


def steps(out: Path, seeds: Sequence[int], arms: Sequence[str]) -> Iterator[Step]:
    """Yield every step of the counted runs. Raises ValueError as long as no learning rates are registered."""
    rates = registered()["rates"]["chosen"]
    missing = sorted(arm for arm in arms if arm not in rates and arm != "sft")
    if missing:
        raise ValueError(f"no learning rate is registered for {', '.join(missing)}: run --tune, and register them")
    yield library_step(out)
    for start in dict.fromkeys(map(start_of, seeds)):
        yield from start_steps(out, start)
        yield from (_before(out, start, exam) for exam in registered()["exams"])
        if "sft" in arms:
            yield _more(out, start)
    for seed in seeds:
        for arm in arms:
            yield _arm(out, seed, start_of(seed), arm, rates.get(arm, 0.0))
            for exam in registered()["exams"]:
                yield _exam(out, seed, start_of(seed), arm, exam)


def tuning_steps(out: Path, arms: Sequence[str]) -> Iterator[Step]:
    """Yield the steps that choose learning rates: every arm with every rate on every tuning seed, without an exam."""
    yield library_step(out)
    for seed in registered()["seeds"]["tuning"]:
        yield from start_steps(out, seed)
        for arm in arms:
            for rate in registered()["rates"]["tried"] if arm != "sft" else ():
                yield _arm(out, seed, seed, arm, rate, name=f"{seed}/{arm}-{rate:g}")


def _arm(out: Path, seed: int, start: int, arm: str, rate: float, name: str = "") -> Step:
    name, gate = name or f"{seed}/{arm}", out / f"start-{start}" / "gate.json"
    command = script("after_gate.py", "--gate", gate, "--out", out / name, "--seed", seed, "--arm", arm, "--rate", rate)
    needs = (f"start-{start}/gate", *([f"start-{start}/more"] if arm == "sft" else []))
    return Step(name, command, out / name, needs, idle=partial(failed, gate))


def arm_command(out: Path, library: Path, model: Path, seed: int, arm: str, rate: float) -> tuple[str, ...]:
    """Return the training of an arm from a start's model: reinforcement, or as many expert trajectories more."""
    if arm == "sft":
        batch = registered()["imitation"]["batch_size"]
        return train("train-sft", library.parent / f"start-{start_of(seed)}" / "more", model, out, seed, **CONTINUED,
                     batch_size=batch, max_length=LONGEST, names=list(POOL), validation_share=0.0)  # fmt: skip
    return train("train-mgpo", None, model, out, seed, **reinforcement(library, arm, rate))


def _more(out: Path, start: int) -> Step:
    """Return the step that makes as many expert trajectories on practised pairs as reinforcement rolls out."""
    rl, place = registered()["reinforcement"], out / f"start-{start}" / "more"
    n = rl["steps"] * rl["groups"] * rl["group_size"]
    command = imitated(place, MORE_SEED + start, n, out / "library", PRACTISED)
    return Step(f"start-{start}/more", command, place, ("library",))


def _exam(out: Path, seed: int, start: int, arm: str, exam: str) -> Step:
    name, gate = f"{seed}/{arm}-{exam}", out / f"start-{start}" / "gate.json"
    command = exam_command(out / f"{seed}/{arm}" / "model", out / "library", out / name, seed, exam)
    return Step(name, command, out / name, (f"{seed}/{arm}",), bounded=True, idle=partial(failed, gate))


def _before(out: Path, start: int, exam: str) -> Step:
    """Return an exam of the model with which a start's arms begin, on the tasks of its first seed."""
    seed, gate = start * registered()["seeds"]["per_start"], out / f"start-{start}" / "gate.json"
    name = f"start-{start}/{BEFORE}-{exam}"
    command = script("after_gate.py", "--gate", gate, "--exam", exam, "--seed", seed, "--out", out / name)
    return Step(name, command, out / name, (f"start-{start}/gate",), bounded=True, idle=partial(failed, gate))


def exam_command(model: Path, library: Path, out: Path, seed: int, exam: str) -> tuple[str, ...]:
    """Return the exam of a model."""
    rule = registered()["exams"][exam]
    return examine(model, out, rule["first_seed"] + seed, 2 * rule["candidates"], **exam_tasks(library, exam))


def failed(gate: Path) -> bool:
    """Return True if a start has failed its gate: it is excluded before reinforcement, and named."""
    return not gate_of(gate)["passed"]


def gate_of(gate: Path) -> dict[str, Any]:
    """Return what the gate of a start found."""
    found: dict[str, Any] = json.loads(gate.read_text(encoding="utf-8"))
    return found
