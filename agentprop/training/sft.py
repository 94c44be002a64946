"""Sequences to imitate → a policy that imitates them: the loop of supervised fine-tuning.

    L = −1/N Σ log π_θ(a_t | o_t)  +  skill_weight · −1/M Σ log π_θ(k | D_corpus)

N counts the action tokens of a step's trajectories and M those of its skills, over all processes and rows, so packing
does not affect the loss. Both losses are the paper's (arXiv 2602.03279); the weight that mixes them is ours. The data
of a step follow from the seed and the step's number alone, so a run can be resumed at any step.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch

from agentprop.config import TrainSftConfig
from agentprop.training.data.imitation import Material
from agentprop.training.data.sequences import TokenSequence
from agentprop.training.memory_errors import memory_errors, peak_memory_mib
from agentprop.training.model.distributed import World
from agentprop.training.model.optimiser import Optimiser
from agentprop.training.model.policy import PolicyModel
from agentprop.training.model.rows import even_rows, per_token, until
from agentprop.training.model.undo import Interrupted, Undo

Values = dict[str, float]


class StepSequences(NamedTuple):
    """Sequences of one optimiser step."""

    trajectories: list[TokenSequence]
    """Sequences of trajectories to imitate."""
    skills: list[TokenSequence]
    """Sequences of skills to learn."""


@dataclass(frozen=True)
class SftProgress:
    """Progress of a run, as a checkpoint stores it beside the weights."""

    step: int = 0
    """Number of optimiser steps done."""
    tokens: int = 0
    """Number of action tokens trained on."""
    seconds: float = 0.0
    """Seconds spent in steps and evaluations."""
    loss: float | None = None
    """Loss of the last step, nats per action token."""
    held_out_loss: float | None = None
    """Held-out loss of the last evaluation, nats per action token."""
    best: float | None = None
    """Lowest held-out loss that counted as an improvement."""
    best_step: int | None = None
    """Step of the lowest held-out loss."""
    stale: int = 0
    """Evaluations since then."""


@dataclass(frozen=True)
class Hooks:
    """Callbacks of the loop, for all that is done with a run directory."""

    record: Callable[[int, Values], None]
    """Record the metrics of a step."""
    save: Callable[[SftProgress], None]
    """Save a checkpoint."""
    stop: Callable[[], bool]
    """Return True to save and end."""


class EpochOrder:
    """Order of trajectories and skills over the steps, shuffled anew in every epoch."""

    def __init__(self, material: Material, config: TrainSftConfig) -> None:
        self._material, self._seed, self._size = material, config.seed, config.batch_size
        self.per_epoch = math.ceil(len(material.train) / config.batch_size)
        """Number of steps in which every trajectory is seen once."""
        self.total = self.per_epoch * config.epochs
        """Number of steps of all epochs."""
        wanted = bool(material.skills and config.skill_weight)
        self._skills_per_step = math.ceil(len(material.skills) / self.per_epoch) if wanted else 0
        self._shuffled = lru_cache(maxsize=4)(self._shuffle)

    def sequences(self, step: int) -> StepSequences:
        """Return the sequences of a step's trajectories and skills."""
        epoch, place = divmod(step, self.per_epoch)
        numbers = self._shuffled("train", epoch, len(self._material.train))
        chosen = numbers[place * self._size : (place + 1) * self._size]
        first = step * self._skills_per_step
        skills = [self._skill(number) for number in range(first, first + self._skills_per_step)]
        return StepSequences([sequence for number in chosen for sequence in self._material.train[number]], skills)

    def _skill(self, number: int) -> TokenSequence:
        round_, place = divmod(number, len(self._material.skills))
        return self._material.skills[self._shuffled("skills", round_, len(self._material.skills))[place]]

    def _shuffle(self, what: str, round_: int, count: int) -> list[int]:
        generator = np.random.default_rng([self._seed, round_, len(what)])
        return [int(number) for number in generator.permutation(count)]


def imitate(
    policy: PolicyModel,
    optimiser: Optimiser,
    material: Material,
    config: TrainSftConfig,
    world: World,
    progress: SftProgress,
    hooks: Hooks,
) -> SftProgress:
    """Train from `progress` to the end. Raises Interrupted if asked to stop, after saving the steps until then."""
    order = EpochOrder(material, config)
    last = min(order.total, config.max_steps or order.total)
    policy.train()
    while progress.step < last and not plateaued(progress, config):
        undo = Undo(optimiser, policy.device)
        try:
            progress, values = _step(policy, optimiser, material, order, config, world, progress, undo, hooks.stop)
        except Interrupted:
            if not world.any(not undo.back()):
                hooks.save(progress)
            raise
        if progress.step % config.log_every == 0 or "held_out_loss" in values:
            hooks.record(progress.step, {"epoch": progress.step / order.per_epoch, **values})
        if progress.step % config.save_every == 0 or _pinned(progress, config) or progress.step == last:
            hooks.save(progress)
    return progress


def _step(
    policy: PolicyModel,
    optimiser: Optimiser,
    material: Material,
    order: EpochOrder,
    config: TrainSftConfig,
    world: World,
    progress: SftProgress,
    undo: Undo,
    stop: Callable[[], bool],
) -> tuple[SftProgress, Values]:
    """Take one step, with its evaluation if one is due. Raises Interrupted, between two rows, if asked to stop."""
    began = time.perf_counter()
    step = progress.step + 1
    last = min(order.total, config.max_steps or order.total)
    due = bool(material.held_out) and (step % config.eval_every == 0 or step == last)
    with memory_errors("a step of training"):
        before = undo.keep if due else None  # an evaluation that is stopped undoes its step
        values = learn(policy, optimiser, order.sequences(progress.step), config, world, stop=stop, before=before)
    values |= _pace(values, time.perf_counter() - began, policy)
    tokens = progress.tokens + int(values["tokens"])
    progress = replace(progress, step=step, tokens=tokens, loss=values["loss"])
    if due:
        values["held_out_loss"] = evaluate(policy, material, config, world, stop=stop)
        progress = after_evaluation(progress, values["held_out_loss"], config)
    return replace(progress, seconds=progress.seconds + time.perf_counter() - began), values


def learn(
    policy: PolicyModel,
    optimiser: Optimiser,
    chosen: StepSequences,
    config: TrainSftConfig,
    world: World,
    *,
    stop: Callable[[], bool] = bool,
    before: Callable[[], None] | None = None,
) -> Values:
    """Take one optimiser step and return its metrics; `before` is called before the weights change.

    Raises Interrupted, in all processes, before a row at which one of them was asked to stop.
    """
    n, m = (sum(sequence.n_actions for sequence in part) for part in chosen)
    imitated, acquired = (dict.fromkeys((sequence.trajectory_id for sequence in part), 1.0) for part in chosen)
    weights = dict.fromkeys(imitated, 1 / max(1, n)) | dict.fromkeys(acquired, config.skill_weight / max(1, m))
    sums = torch.zeros(3, dtype=torch.float64)
    rows = even_rows([*chosen.trajectories, *chosen.skills], config.tokens_per_pass, world) if n or m else ()
    for batch in until(
        stop, rows, world
    ):  # without a token to learn from there is no gradient, and the step is not applied
        scores = policy(batch.to(policy.device))
        loss = -(scores.logprob @ per_token(batch, weights).to(policy.device, torch.float32))
        loss.backward()
        logprob, entropy = (values.detach().double().cpu() for values in (scores.logprob, scores.entropy))
        mine = per_token(batch, imitated)
        theirs = per_token(batch, acquired)
        sums += torch.stack([-(logprob @ mine), -(logprob @ theirs), entropy @ mine])
    nll, skill_nll, entropy_sum = world.sum(sums.tolist())
    if before is not None:
        before()
    step = optimiser.step()
    values = {"loss": nll / max(1, n), "entropy": entropy_sum / max(1, n), "tokens": float(n)}
    if m:
        values |= {"skill_loss": skill_nll / m, "skill_tokens": float(m)}
    return values | {
        "row_tokens": float(sum(len(sequence) for part in chosen for sequence in part)),
        "grad_norm": step.grad_norm,
        "learning_rate": step.learning_rate,
        "clipped": float(step.clipped),
        "skipped": float(not step.applied),
    }


@torch.no_grad()
def evaluate(
    policy: PolicyModel, material: Material, config: TrainSftConfig, world: World, *, stop: Callable[[], bool] = bool
) -> float:
    """Return the mean of −log π over the action tokens of the held-out trajectories, nats.

    Raises Interrupted, in all processes, before a row at which one of them was asked to stop.
    """
    policy.eval()
    sequences = [sequence for sample in material.held_out for sequence in sample]
    ours = {sequence.trajectory_id: 1.0 for sequence in sequences}
    nll = 0.0
    for batch in until(stop, even_rows(sequences, config.tokens_per_pass, world), world):
        logprob = policy(batch.to(policy.device)).logprob.double().cpu()
        nll -= float(logprob @ per_token(batch, ours))
    policy.train()
    return world.sum([nll])[0] / max(1, sum(sequence.n_actions for sequence in sequences))


def after_evaluation(progress: SftProgress, loss: float, config: TrainSftConfig) -> SftProgress:
    """Update the progress by the held-out loss of an evaluation."""
    if math.isfinite(loss) and (progress.best is None or loss < progress.best - config.min_improvement):
        return replace(progress, held_out_loss=loss, best=loss, best_step=progress.step, stale=0)
    return replace(progress, held_out_loss=loss, stale=progress.stale + 1)


def plateaued(progress: SftProgress, config: TrainSftConfig) -> bool:
    """Return True if the last `patience` evaluations brought no improvement."""
    return config.patience is not None and progress.stale >= config.patience


def _pace(values: Values, seconds: float, policy: PolicyModel) -> Values:
    """Return tokens per second through the model, observations included, and the peak memory so far."""
    return {"tokens_per_s": values["row_tokens"] / seconds, "memory_mib": peak_memory_mib(policy.device)}


def _pinned(progress: SftProgress, config: TrainSftConfig) -> bool:
    """Return True if this step is the best so far, which `patience` may keep as the result."""
    return config.patience is not None and progress.best_step == progress.step
