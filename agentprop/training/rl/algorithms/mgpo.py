"""Advantages and log-probs → MGPO's zero-sum weights and gated loss.

Paper (arXiv 2602.03279): w = (A − mean A) − (R_θ − mean R_θ) with R_θ = β·log(π_θ/π_ref), each token's update scaled by
an asymmetric gate sech²(τ/2·(r − 1)) with τ_neg > τ_pos, and a loss over the tokens of a batch. w is the residual of
GVPO (arXiv 2504.19599), the gate is the derivative of SAPO's (4/τ)·σ(τ(r − 1)) (arXiv 2511.20347).
Ours: R_θ is taken at π_old, frozen with the rollouts, per action, clamped to ±5; w and gate are detached; τ is 1.0 and
1.05, an asymmetry of at most 2.3 % for r ≤ 2; the sign of w picks τ; groups without a signal are dropped.

Weights of a group of two actions with A = 1 and −1, and β = 0.5:

    action   log π_old − log π_ref of its tokens     R_θ    A − mean   R_θ − mean      w
    1                0.4, 0.2                        0.3        1          0.2        0.8   for both its tokens
    2               −0.2                            −0.1       −1         −0.2       −0.8

The policy has already moved towards action 1 and away from 2, so both are pushed less; w sums to 0 over the actions.
The gate then scales each token by its ratio r = π_θ/π_old as the minibatches go on:

    r               0       0.5     1       1.5     3
    paper, w > 0    0.786   0.940   1       0.940   0.420
    paper, w ≤ 0    0.768   0.934   1       0.934   0.389
    sapo,  w ≤ 0    0       0.467   1       1.401   1.166
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Self, cast

import torch
from torch import Tensor

from agentprop.config import TrainMgpoConfig
from agentprop.training.rl.actions import Actions
from agentprop.training.rl.algorithms.base import Weighed
from agentprop.training.rl.losses import Loss, Tokens, ratio, ratio_sums

Granularity = Literal["action", "token", "trajectory"]
"""Unit that R_θ is summed over and w is centred over."""
Form = Literal["paper", "sapo", "none"]
"""Form of the gate: sech²; r·sech², which releases tokens that are already suppressed; or none."""

MAX_IMPLICIT = 5.0
"""Clamp of |R_θ|, so that one runaway action does not outweigh its group (ours)."""


@dataclass(frozen=True)
class Mgpo:
    """MGPO: zero-sum weights with a gate on the ratio."""

    beta: float = 0.01
    """Weight β of the implicit reward R_θ; 0 needs no reference."""
    omega: float = 0.5
    """Weight ω of the stage advantage."""
    granularity: Granularity = "action"
    """Unit that R_θ is summed over."""
    constant_groups: Literal["drop", "kl_only"] = "drop"
    """Treatment of groups without a signal: drop them, or still pull them to the reference."""
    gate: Form = "paper"
    """Form of the gate."""
    tau_pos: float = 1.0
    """Temperature τ of the gate for w > 0."""
    tau_neg: float = 1.05
    """Temperature τ of the gate for w ≤ 0."""

    @classmethod
    def of(cls, config: TrainMgpoConfig) -> Self:
        """Build from the settings of the stage."""
        return cls(
            beta=config.beta,
            omega=config.omega,
            granularity=config.granularity,
            constant_groups=config.constant_groups,
            gate=config.gate,
            tau_pos=config.tau_pos,
            tau_neg=config.tau_neg,
        )

    def weigh(self, actions: Actions, old: Tensor, ref: Tensor | None) -> Weighed:
        """Return zero-sum weights over each group, [A]."""
        found = zero_sum_weights(
            actions,
            old,
            ref,
            beta=self.beta,
            granularity=self.granularity,
            constant_groups=self.constant_groups,
        )
        reported = ("implicit_mean", "implicit_over_advantage", "implicit_clamped", "weight_abs")
        return Weighed(found.weight_A, {name: found.metrics[name] for name in reported}, len(found.unit_weight))

    def loss(self, tokens: Tokens, n_tokens: float) -> Loss:
        """Return the gated loss."""
        return mgpo_loss(tokens, n_tokens=n_tokens, tau_pos=self.tau_pos, tau_neg=self.tau_neg, form=self.gate)


class Weights(NamedTuple):
    """Zero-sum weights of a rollout batch."""

    weight_A: Tensor
    """Weight w of each action token, float32, detached."""
    unit_weight: Tensor
    """Weight w of each unit (action, token or trajectory), float64; sums to 0 over every group, less its branches."""
    unit_group: Tensor
    """Index of each unit's group."""
    metrics: dict[str, float]
    """Means over the batch, by name."""


@torch.no_grad()
def zero_sum_weights(
    actions: Actions,
    logp_old_A: Tensor,
    logp_ref_A: Tensor | None,
    *,
    beta: float = 0.01,
    granularity: Granularity = "action",
    clamp: float = MAX_IMPLICIT,
    constant_groups: Literal["drop", "kl_only"] = "drop",
) -> Weights:
    """Compute w = (A − mean A) − (R_θ − mean R_θ) of every unit, with means over the units of its group's members.

    A unit is an action (with its own A), a token (A of its action) or a trajectory (mean A of its actions). R_θ is β
    times the sum of log π_old − log π_ref over the unit's tokens; β = 0 needs no reference. Log-probs are [A] in nats,
    in the order of `actions.action_A`. With log π_θ in place of log π_old this is GVPO's live R_θ. Raises ValueError if
    β > 0 and there is no reference.
    """
    # In float64: the weights of a group must sum to 0, and differences of long sums of log-probs are small.
    units = _units(actions, granularity)
    advantage = units.advantage - units.group_mean(units.advantage)
    implicit, clamped = _implicit(units, logp_old_A, logp_ref_A, beta, clamp)
    pull = implicit - units.group_mean(implicit)
    # With kl_only a constant group keeps w = −(R_θ − mean R_θ): no preference, only the pull to the reference.
    skipped = actions.singleton_G | (actions.constant_G if constant_groups == "drop" else False)
    weight = torch.where(skipped[units.group], 0.0, advantage - pull)
    metrics = {
        "implicit_mean": _mean(implicit),
        "implicit_over_advantage": _ratio(pull, advantage),
        "implicit_clamped": _mean(clamped.double()),
        "weight_abs": _mean(weight.abs()),
        "groups_constant": _mean(actions.constant_G.double()),
        "groups_singleton": _mean(actions.singleton_G.double()),
    }
    if logp_ref_A is not None:
        metrics["kl_ref"] = _mean((logp_old_A - logp_ref_A).double())
    return Weights(weight[units.unit_A].float(), weight, units.group, metrics)


@dataclass(frozen=True)
class _WeightUnits:
    """Units that R_θ is summed over: the advantage and group of each, and the unit of each action token."""

    advantage: Tensor
    group: Tensor
    unit_A: Tensor
    groups: int
    counted: Tensor
    """1 for units of members, 0 for those of branches, which have no part in the means."""

    def total(self, values_A: Tensor) -> Tensor:
        """Return the sum over the tokens of each unit."""
        return _totals(values_A.double(), self.unit_A, len(self.group))

    def group_mean(self, values: Tensor) -> Tensor:
        """Return, for each unit, the mean over the units of its group."""
        count = _totals(self.counted, self.group, self.groups).clamp(min=1)
        return (_totals(values * self.counted, self.group, self.groups) / count)[self.group]


def _units(actions: Actions, granularity: Granularity) -> _WeightUnits:
    groups = len(actions.constant_G)
    group_J = actions.group_I[actions.trajectory_J]
    counted_I = (~actions.branch_I).double()
    counted_J = counted_I[actions.trajectory_J]
    if granularity == "action":
        return _WeightUnits(actions.advantage_J, group_J, actions.action_A, groups, counted_J)
    if granularity == "token":
        of_A = actions.action_A
        every = torch.arange(len(of_A), device=of_A.device)
        return _WeightUnits(actions.advantage_J[of_A], group_J[of_A], every, groups, counted_J[of_A])
    # Trajectories without an action have no token to weigh, so they must not shift the mean of their group either.
    acting, trajectory_J = cast(Any, actions.trajectory_J).unique(return_inverse=True)
    count = torch.bincount(trajectory_J, minlength=len(acting))
    mean = _totals(actions.advantage_J, trajectory_J, len(acting)) / count
    return _WeightUnits(mean, actions.group_I[acting], trajectory_J[actions.action_A], groups, counted_I[acting])


def _implicit(
    units: _WeightUnits, logp_old_A: Tensor, logp_ref_A: Tensor | None, beta: float, clamp: float
) -> tuple[Tensor, Tensor]:
    """Return R_θ of each unit, and the mask of units whose R_θ was clamped."""
    if beta == 0:
        return torch.zeros_like(units.advantage), torch.zeros_like(units.group, dtype=torch.bool)
    if logp_ref_A is None:
        raise ValueError("an implicit reward with β > 0 needs the reference's log-probs")
    # Clamped after the sum: a long action drifts a little at every token.
    free = beta * units.total(logp_old_A.double() - logp_ref_A.double())
    return free.clamp(-clamp, clamp), free.abs() > clamp


def _totals(values: Tensor, index: Tensor, size: int) -> Tensor:
    return values.new_zeros(size).index_add_(0, index, values)


def _mean(values: Tensor) -> float:
    return float(values.mean()) if len(values) else 0.0


def _ratio(above: Tensor, below: Tensor) -> float:
    """Return the ratio of the standard deviations of two centred tensors; 0 if the second is 0."""
    size = float(below.square().sum())
    return (float(above.square().sum()) / size) ** 0.5 if size else 0.0


# --- the loss ---


def gate(
    ratio_A: Tensor, weight_A: Tensor, *, tau_pos: float = 1.0, tau_neg: float = 1.05, form: Form = "paper"
) -> Tensor:
    """Return g = sech²(τ/2·(r − 1)) of each token, [A], computed as 4·σ(x)·σ(−x) with x = τ·(r − 1).

    For r < 1 it never falls below sech²(τ/2) = 0.786 (τ = 1), because r ≥ 0: a token that the update has already
    suppressed is pushed down further. `sapo` multiplies by r, as SAPO's own gradient does, and releases such tokens.
    """
    if form == "none":
        return torch.ones_like(ratio_A)
    # 1/cosh² itself would overflow for large r; the product of sigmoids underflows to 0.
    x = torch.where(weight_A > 0, tau_pos * (ratio_A - 1), tau_neg * (ratio_A - 1))
    g = 4 * torch.sigmoid(x) * torch.sigmoid(-x)
    return g * ratio_A if form == "sapo" else g


def mgpo_loss(
    tokens: Tokens, *, n_tokens: float, tau_pos: float = 1.0, tau_neg: float = 1.05, form: Form = "paper"
) -> Loss:
    """Compute L = −(1/N) Σ stopgrad(c·g·w)·log π_θ.

    `n_tokens` is N, the unmasked action tokens of the optimiser step over all micro-batches and ranks. The sums hold r
    and its histogram, the gate, w before and after it, the tokens still pushed down at r < 0.5, and c.
    """
    # Gate and weight are factors of the gradient and not of the objective, so neither has a graph.
    w = tokens.weight_A.detach()
    r = ratio(tokens.logp_A.detach(), tokens.logp_old_A.detach())
    g = gate(r, w, tau_pos=tau_pos, tau_neg=tau_neg, form=form)
    # The gate breaks the zero sum, which `w_sum_pre` and `w_sum_post` make visible.
    gated = g * w
    scale = gated if tokens.correction_A is None else gated * tokens.correction_A.detach()
    sums = ratio_sums(tokens, r) | {
        "gate": g.sum(),
        "w_sum_pre": w.sum(),
        "w_sum_post": gated.sum(),
        "frac_neg_suppressed": ((w < 0) & (r < 0.5)).sum(),
        "correction": (scale.new_tensor(len(w)) if tokens.correction_A is None else tokens.correction_A.sum()),
    }
    return Loss(-(scale * tokens.logp_A).sum() / n_tokens, sums)
