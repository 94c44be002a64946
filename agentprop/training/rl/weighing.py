"""Training groups → a weighted batch: all that is settled before the first step of an update.

old, ref   log-probs of every action token by the trainer itself: those of another engine would put its rounding into r
weight     token weights from the algorithm: zero-sum weights (MGPO), or the advantages themselves (GRPO); then what the
           mechanisms that are switched on make of them
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass

from torch import Tensor

from agentprop.training.means import RunningMeans
from agentprop.training.model.distributed import World
from agentprop.training.model.logprobs import Scores
from agentprop.training.model.policy import PolicyModel
from agentprop.training.rl.actions import Actions
from agentprop.training.rl.corrections import by_position, check_effective, corrections
from agentprop.training.rl.examples import TrainingGroup
from agentprop.training.rl.explore import Chosen, Explore, choose, draws
from agentprop.training.rl.frozen import FrozenLogprobs, freeze
from agentprop.training.rl.losses import Loss, Tokens
from agentprop.training.rl.lp_reg import held_up, hold
from agentprop.training.rl.objective import Objective
from agentprop.training.rl.stage_weights import by_stage, shares
from agentprop.training.rl.token_table import TokenTable


@dataclass(frozen=True)
class Weighted:
    """A batch of training groups with the weight of every action token; A counts the action tokens."""

    groups: Sequence[TrainingGroup]
    """The groups, some of them without a signal of their own."""
    silent: Set[int]
    """Places of those without one."""
    table: TokenTable
    """Their tokens in rows."""
    frozen: FrozenLogprobs
    """Log-probs at the sampling weights, and those of the reference."""
    actions: Actions
    """The action of each token."""
    weight_A: Tensor
    """What a token's log-prob is multiplied by."""
    correction_A: Tensor | None
    """Importance of a token that older weights sampled."""
    pull_A: Tensor | None
    """How strongly a token is kept near the sampling policy (KL-Cov)."""
    proxy_A: Tensor | None
    """Log-prob below which an unlikely token is not pushed (Lp-Reg)."""
    means: RunningMeans
    """Metrics that are means over tokens or actions."""
    metrics: dict[str, float]
    """Metrics that are reduced already."""

    def sequences(self, part: Set[int]) -> list[int]:
        """Numbers of the sequences in the loss that belong to groups of a part that have a signal."""
        return [n for n, group in enumerate(self.table.group) if self.table.in_loss[n] and group in part - self.silent]

    def loss(self, live: Scores, places: Tensor, objective: Objective, n_tokens: float) -> Loss:
        """The loss of a row whose action tokens have these places, a sum divided by `n_tokens`."""
        tokens = self._tokens(live, places)
        loss = objective.algorithm.loss(tokens, n_tokens)
        if self.pull_A is not None:
            loss = Loss(loss.loss + _pulled(tokens, self.pull_A[places], n_tokens), loss.sums)
        if self.proxy_A is not None and objective.lp_reg is not None:
            held, sums = hold(objective.lp_reg, tokens, self.proxy_A[places], n_tokens)
            loss = Loss(loss.loss + held, loss.sums | sums)
        return loss

    def _tokens(self, live: Scores, places: Tensor) -> Tokens:
        """Collect the action tokens of a row; an empty row has none, but its graph still reaches every weight."""

        def of(values: Tensor) -> Tensor:
            return values[places].to(live.logprob.device)

        return Tokens(
            live.logprob[: len(places)],
            of(self.frozen.old),
            of(self.weight_A),
            None if self.correction_A is None else of(self.correction_A),
            None if self.frozen.ref is None else of(self.frozen.ref),
            of(self.actions.action_A),
        )


def weighted(
    policy: PolicyModel,
    groups: Sequence[TrainingGroup],
    objective: Objective,
    world: World,
    pack_tokens: int,
    seed: str,
    stop: Callable[[], bool],
) -> Weighted | None:
    """Weigh the tokens of the groups that take part; None if no process has one. Every process calls it."""
    pear = objective.pear
    active = [g for g in groups if not objective.skips(g.advantages) or (pear is not None and pear.parts(g))]
    if not world.any(bool(active)):
        return None
    table = TokenTable.of(active, pack_tokens)
    frozen = freeze(policy, table, objective, world, stop)
    metrics: dict[str, float] = {}
    if pear is not None:
        active, shaping = pear.shaped(active, frozen.entropy)
        metrics |= shaping.reduce(world)
    actions = Actions.of([group.advantages for group in active], [group.lengths for group in active])
    weight, means = weigh(actions, frozen, objective)
    if objective.stages:
        weight = by_stage(weight, actions, objective.stages, world)
        metrics |= shares(weight, actions, objective.stages, world)
    correction = None if objective.correction is None else corrections(frozen, objective.correction)
    if objective.annealed and correction is not None:
        check_effective(correction, world)
        by_position(means, correction, actions.action_A)
    pull: Tensor | None = None
    if objective.explore is not None:
        chosen = _explored(objective.explore, active, table, frozen, weight, world, seed)
        weight, pull = chosen.weight_A, chosen.pull_A
        metrics |= chosen.metrics
    proxy: Tensor | None = None
    if objective.lp_reg is not None and frozen.proxy is not None:
        proxy, held = held_up(objective.lp_reg, weight, frozen.old, frozen.proxy, table.tokens_of(table.in_loss), world)
        metrics |= held
    silent = frozenset(n for n, group in enumerate(active) if objective.skips(group.advantages))
    return Weighted(active, silent, table, frozen, actions, weight, correction, pull, proxy, means, metrics)


def weigh(actions: Actions, frozen: FrozenLogprobs, objective: Objective) -> tuple[Tensor, RunningMeans]:
    """Return the weight of each action token's log-prob [A], and metrics about the weights."""
    found = objective.algorithm.weigh(actions, frozen.old, frozen.ref)
    means = RunningMeans()
    for name, value in found.metrics.items():
        means.add_mean(name, value, found.units)
    return found.weight_A, means


def _explored(
    explore: Explore,
    groups: Sequence[TrainingGroup],
    table: TokenTable,
    frozen: FrozenLogprobs,
    weight: Tensor,
    world: World,
    seed: str,
) -> Chosen:
    """Choose the tokens whose covariance of weight and log-prob lowers entropy most."""
    sizes = [sum(example.n_actions for example in group.examples) for group in groups]
    keys = draws(seed, [group.number for group in groups], sizes)
    return choose(explore, weight, frozen.old, table.tokens_of(table.in_loss), keys, world)


def _pulled(tokens: Tokens, pull_A: Tensor, n_tokens: float) -> Tensor:
    """Return (1/N) Σ pull·|log π_θ − log π_old|, the term of KL-Cov."""
    far = (tokens.logp_A - tokens.logp_old_A).abs()
    return (pull_A.to(far.device) * far).sum() / n_tokens
