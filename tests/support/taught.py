"""A tiny proposer that has learnt a few conversations by heart: some end in a valid problem, some do not.

Its two skills make four tasks, together in either order and each alone; what it says is one of `SCRIPTS`. One that was
`advised` also knows what to do if it is given a hint after two failures.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import torch
from tiny_model import TEMPLATE, tiny_model
from toy_groups import (
    ALONE,
    GARBAGE,
    LIBRARY,
    RUNS,
    Advised,
    ScriptedPolicy,
    config,
    rolled_out,
    rollout_setup,
    submission,
    task,
)

from agentprop.agent.hinting import HINTS, go_on
from agentprop.inference.chat_template import Renderer, load_tokenizer
from agentprop.models.chat import Sampling
from agentprop.records import Trajectory
from agentprop.sandbox.executor import Executor
from agentprop.training.data.packing import batch_of
from agentprop.training.data.sequences import TokenSequence, sequences_of
from agentprop.training.model.optimiser import Optimiser
from agentprop.training.model.policy import PolicyModel
from agentprop.training.model.saving import save_model
from agentprop.training.rl.rollout import play

GOOD, BAD = submission(7), submission(7, claim="48")
SCRIPTS = ([RUNS, GOOD], [GOOD], [BAD, BAD, BAD], GARBAGE)
TASK = f"Propose one problem in mathematics, category toy, that needs these skills:\n\n{LIBRARY['toy-square'].skill_md}"


def skills(folder: Path) -> Path:
    """The library as a directory of packages."""
    for package in LIBRARY.values():
        place = folder / package.name
        (place / "scripts").mkdir(parents=True)
        (place / "SKILL.md").write_text(package.skill_md, encoding="utf-8")
        (place / "scripts" / "skill.py").write_text(package.script or "", encoding="utf-8")
    return folder


def taught(folder: Path, executor: Executor, steps: int = 120, *, advised: bool = False) -> Path:
    """Write the model's directory."""
    texts = [TASK, *(HINTS if advised else ()), *(text for script in SCRIPTS for text in script)]
    chosen = config(tiny_model(folder / "blank", texts=texts * 9, vocabulary=500), learning_rate=1e-2)
    tokenizer = load_tokenizer(chosen.model)
    tokenizer.chat_template = TEMPLATE.replace("in messages", "in messages if m.role != 'system'")
    tokenizer.save_pretrained(chosen.model)
    policy = PolicyModel.load(chosen).distribute(ALONE)
    sequences = heard(Renderer(policy.tokenizer), executor, advised=advised)
    optimiser = Optimiser(policy.trainable(), chosen)
    for step in range(steps):
        batch = batch_of(sequences[step % 2 :: 2])
        (-policy(batch).logprob.mean()).backward()
        optimiser.step()
    with torch.no_grad():
        assert policy(batch).logprob.mean() > -0.1, "the conversations were not learnt"
    (folder / "model").mkdir()
    save_model(policy, folder / "model")
    return folder / "model"


def heard(renderer: Renderer, executor: Executor, *, advised: bool = False) -> list[TokenSequence]:
    """The conversations as they would be sampled in the real environment."""
    bundles = (("toy-square", "toy-double"), ("toy-double", "toy-square"), ("toy-square",), ("toy-double",))
    tasks = [task(number, names) for number, names in enumerate(bundles)]
    groups = rolled_out(executor, ScriptedPolicy(renderer, SCRIPTS), tasks=tasks)
    told = [m.trajectory for group in groups for m in group.members]
    if advised:
        told += asyncio.run(mended(renderer, executor, [one for one in told if len(one.turns) == 3]))
    return [sequence for one in told for sequence in sequences_of(one)]


async def mended(renderer: Renderer, executor: Executor, failed: Sequence[Trajectory]) -> list[Trajectory]:
    """The failed conversations, each ended well after every hint."""
    model, setup = Advised(renderer, SCRIPTS), rollout_setup(executor)
    found = []
    for one in failed:
        for hint in HINTS:
            begin = partial(go_on, trajectory=one, kept=2, hint=hint)
            episode, _, _ = await play(one.task, 0, 1, setup, model, Sampling(), begin)
            found.append(episode.trajectory)
    return found
