"""Lessons → an improved policy: log-probs at the weights that sampled, weights of the tokens, minibatches, steps.

    old, ref   log-probs of every action token, by the trainer itself: an engine's own would let its rounding into r
    w          MGPO: zero-sum weights over each group; GRPO: the advantages as they are
    step       whole groups at a time, so that every optimiser step is zero-sum; the loss is a sum over its tokens
               divided by N, their number over all processes, whatever the micro-batches
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor

from agentprop.training.advantages import GroupAdvantages
from agentprop.training.distributed import World
from agentprop.training.grpo import grpo_loss
from agentprop.training.lessons import Lesson
from agentprop.training.logprobs import Scores
from agentprop.training.losses import Loss, Sums, Tokens, measured, rollout_correction
from agentprop.training.mgpo import Actions, Form, Granularity, mgpo_loss, zero_sum_weights
from agentprop.training.optimiser import Optimiser, Step
from agentprop.training.policy import Policy
from agentprop.training.sheet import Sheet, in_step


@dataclass(frozen=True)
class Objective:
    """What is optimised."""

    algorithm: Literal["mgpo", "grpo"] = "mgpo"
    """Gated zero-sum weights, or clipped ratios."""
    beta: float = 0.01
    """β of R_θ (MGPO) or of the KL term (GRPO); 0 needs no reference."""
    granularity: Granularity = "action"
    """What R_θ is summed over."""
    constant_groups: Literal["drop", "kl_only"] = "drop"
    """Whether groups without a signal are still pulled to the reference."""
    gate: Form = "paper"
    """Form of MGPO's gate."""
    tau_pos: float = 1.0
    """τ of the gate where w > 0."""
    tau_neg: float = 1.05
    """τ of the gate where w ≤ 0."""
    clip_low: float = 0.2
    """ε of GRPO's clip below 1."""
    clip_high: float = 0.2
    """ε of GRPO's clip above 1."""
    correction: float | None = None
    """Cap of the correction π_old/π_engine; None where the trainer's own weights sampled."""
    minibatches: int = 4
    """Optimiser steps per rollout batch."""

    def silent(self, group: GroupAdvantages) -> bool:
        """Whether nothing can be learnt from a group: it takes no part in a step, and in no N."""
        return group.singleton or (group.constant and self.constant_groups == "drop")

    def loss(self, tokens: Tokens, n_tokens: float) -> Loss:
        """The loss of some of the tokens of a step."""
        if self.algorithm == "grpo":
            clips = {"clip_low": self.clip_low, "clip_high": self.clip_high}
            return grpo_loss(tokens, n_tokens=n_tokens, beta=self.beta, **clips)
        return mgpo_loss(tokens, n_tokens=n_tokens, tau_pos=self.tau_pos, tau_neg=self.tau_neg, form=self.gate)


class Frozen(NamedTuple):
    """What is known of every action token before the weights change, [A]."""

    old: Tensor
    """log π_old, nats."""
    ref: Tensor | None
    """log π_ref, nats."""
    engine: Tensor
    """The sampler's own log-prob, nats; NaN where it gave none."""
    entropy: Tensor
    """Entropy of the policy's distribution, nats."""


def learn(
    policy: Policy, optimiser: Optimiser, lessons: Sequence[Lesson], objective: Objective, world: World, *,
    pack_tokens: int, seed: str,
) -> dict[str, float]:  # fmt: skip
    """Take up to `minibatches` optimiser steps; their metrics. Every process calls it, each with lessons of its own.

    Where no group has a signal nothing is computed and no step is taken.

    Raises TrainingDiverged where the gradient stays infinite, and InputError where tokens are missing.
    """
    telling = [lesson for lesson in lessons if not objective.silent(lesson.advantages)]
    if not world.any(bool(telling)):
        return {"steps": 0.0}
    sheet = Sheet.of(telling, pack_tokens)
    frozen = freeze(policy, sheet, objective, world)
    weight, metrics = weigh(telling, frozen, objective)
    correction = None if objective.correction is None else corrections(frozen, objective.correction)
    policy.train()
    sums: list[Sums] = []
    steps: list[Step] = []
    for numbers in minibatches(sheet, len(telling), objective.minibatches, seed):
        n_tokens = world.sum([sum(sheet.sequences[number].n_actions for number in numbers)])[0]
        if not n_tokens:
            continue  # a step without a gradient would still move the weights by its momentum
        for batch, places in in_step(sheet.rows(numbers), world):
            tokens = _tokens(policy(batch.to(policy.device)), places, weight, frozen, correction)
            loss = objective.loss(tokens, n_tokens)
            loss.loss.backward()  # type: ignore[no-untyped-call]
            sums.append(loss.sums)
        steps.append(optimiser.step())
    told = metrics | described(frozen, correction)
    return averaged(told, world) | (measured(sums, _over(world)) if sums else {}) | _of_steps(steps)


def minibatches(sheet: Sheet, lessons: int, count: int, seed: str) -> list[list[int]]:
    """The numbers of the sequences of each optimiser step: whole groups, shuffled; there may be empty ones."""
    order = list(range(lessons))
    Random(seed).shuffle(order)
    parts = [set(order[start::count]) for start in range(count)]
    places = range(len(sheet.sequences))
    return [[n for n in places if sheet.in_loss[n] and sheet.lesson[n] in part] for part in parts]


# --- before the weights change ---


@torch.no_grad()
def freeze(policy: Policy, sheet: Sheet, objective: Objective, world: World) -> Frozen:
    """What the trainer and the engine say of every action token at the weights that sampled."""
    policy.eval()
    old, entropy = _scores(policy, sheet, world)
    ref = None
    if objective.beta:
        with policy.reference() as reference:
            ref, _ = _scores(reference, sheet, world)
    unknown = [np.full(s.n_actions, np.nan, np.float32) if s.logprobs is None else s.logprobs[s.mask]
               for s in sheet.sequences]  # fmt: skip
    engine = torch.from_numpy(np.concatenate(unknown)) if unknown else torch.zeros(0)
    return Frozen(old, ref, engine, entropy)


def _scores(policy: Policy, sheet: Sheet, world: World) -> tuple[Tensor, Tensor]:
    """Log-probs and entropies [A], on the CPU."""
    logprob, entropy = torch.zeros(2, sheet.n_actions)
    for batch, places in in_step(sheet.rows(range(len(sheet.sequences))), world):
        found = policy(batch.to(policy.device))
        logprob[places] = found.logprob[: len(places)].float().cpu()
        entropy[places] = found.entropy[: len(places)].float().cpu()
    return logprob, entropy


def weigh(lessons: Sequence[Lesson], frozen: Frozen, objective: Objective) -> tuple[Tensor, dict[str, float]]:
    """What the log-prob of each action token is multiplied with [A], and what is worth knowing about it."""
    actions = Actions.of([lesson.advantages for lesson in lessons], [lesson.lengths for lesson in lessons])
    if objective.algorithm == "grpo":
        return actions.advantage_J[actions.action_A].float(), {}
    found = zero_sum_weights(
        actions, frozen.old, frozen.ref, beta=objective.beta, granularity=objective.granularity,
        constant_groups=objective.constant_groups,
    )  # fmt: skip
    return found.weight_A, found.metrics


def corrections(frozen: Frozen, cap: float) -> Tensor:
    """c of each action token [A]; 1 where the engine said nothing."""
    return rollout_correction(frozen.old, torch.where(frozen.engine.isnan(), frozen.old, frozen.engine), cap=cap)


def _tokens(live: Scores, places: Tensor, weight: Tensor, frozen: Frozen, correction: Tensor | None) -> Tokens:
    """The action tokens of a row; none of an empty one, whose graph still reaches every weight."""

    def of(values: Tensor) -> Tensor:
        return values[places].to(live.logprob.device)

    return Tokens(
        live.logprob[: len(places)], of(frozen.old), of(weight), None if correction is None else of(correction),
        None if frozen.ref is None else of(frozen.ref),
    )  # fmt: skip


# --- what is worth knowing ---


def described(frozen: Frozen, correction: Tensor | None) -> dict[str, float]:
    """Entropy, and how far the engine that sampled is from the trainer."""
    known = ~frozen.engine.isnan()
    found = {
        "entropy": _mean(frozen.entropy),
        "engine_gap": _mean((frozen.old - frozen.engine)[known].abs()),
    }
    return found if correction is None else found | {"correction_mean": _mean(correction)}


def averaged(values: Mapping[str, float], world: World) -> dict[str, float]:
    """The mean of each value over the processes."""
    return {name: total / world.size for name, total in zip(values, world.sum(list(values.values())), strict=True)}


def _over(world: World) -> Callable[[Tensor], Tensor]:
    return lambda totals: torch.tensor(world.sum(totals.tolist()), dtype=torch.float64)


def _of_steps(steps: Sequence[Step]) -> dict[str, float]:
    if not steps:
        return {"steps": 0.0}
    return {
        "steps": float(len(steps)),
        "grad_norm": sum(step.grad_norm for step in steps) / len(steps),
        "learning_rate": steps[-1].learning_rate,
        "clipped": sum(step.clipped for step in steps) / len(steps),
        "skipped": float(sum(not step.applied for step in steps)),
    }


def _mean(values: Tensor) -> float:
    return float(values.double().mean()) if len(values) else 0.0
