"""The end of a training run → its result, or the reason why there is none.

A run publishes `model/` only if it holds something that was learnt: at least one optimiser step was applied, not every
episode was cut off, and all weights are finite. Otherwise it ends with an error that says what happened and what to
change; its checkpoints and metrics are kept. A step whose gradient is zero counts as applied. A group whose episodes
all earn the same gives no step at all (unless constant_groups is kl_only), so a run of nothing but such groups is one
that learnt nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from agentprop.config.reinforce import ReinforceConfig
from agentprop.config.training import TrainConfig
from agentprop.errors import AgentpropError

if TYPE_CHECKING:
    from agentprop.training.model.distributed import World
    from agentprop.training.model.optimiser import Optimiser
    from agentprop.training.model.policy import PolicyModel


class NothingLearnt(AgentpropError):
    """The run ended without anything that its model could have learnt."""


def check_weights(policy: PolicyModel, world: World) -> None:
    """Check that the trained weights are finite. Raises NothingLearnt, in all processes, if some are not."""
    from agentprop.inference.weights import not_finite
    from agentprop.training.model.distributed import local_part

    own = ((name, local_part(tensor)) for name, tensor in policy.trainable())
    if world.any(next(not_finite(own), None) is not None):
        raise NothingLearnt(
            "the trained weights hold NaN or infinite values, so no model is published",
            hint="lower learning_rate or lengthen warmup_steps, and start over with --fresh",
        )


def check_steps(config: TrainConfig, optimiser: Optimiser) -> None:
    """Check that an optimiser step was applied. Raises NothingLearnt where all were skipped."""
    if optimiser.applied or not optimiser.steps:
        return
    raise NothingLearnt(
        f"none of the {optimiser.steps} optimiser steps was applied, because no gradient was finite, or none had a "
        "token to learn from; the model has not changed and is not published",
        hint="set precision=float32" if config.precision != "float32" else "look at the metrics, and check the data",
    )


def check_episodes(config: ReinforceConfig, optimiser: Optimiser, episodes: int, ends: Mapping[str, int]) -> None:
    """Check that episodes could be learnt from, and were. Raises NothingLearnt with the reason.

    `ends` counts the episodes that were `truncated`, `out_of_turns` or `lost`.
    """
    if episodes and ends.get("truncated", 0) >= episodes:
        raise NothingLearnt(
            f"all {episodes} episodes were cut off by the limit of a reply or of the context, so there is nothing to "
            "learn from, and no model is published",
            hint=_longer(config),
        )
    check_steps(config, optimiser)
    if not optimiser.applied:
        raise NothingLearnt(
            f"no optimiser step was taken: {_account(episodes, ends)}; the model has not changed and is not published",
            hint=_remedy(config, episodes, ends),
        )


def _account(episodes: int, ends: Mapping[str, int]) -> str:
    """Say what became of the episodes."""
    words = {
        "truncated": "cut off by the limit of a reply or of the context",
        "out_of_turns": "out of turns",
        "lost": "lost to failures of models or tools",
    }
    told = [f"{ends[end]} {said}" for end, said in words.items() if ends.get(end)]
    rest = episodes - sum(ends.get(end, 0) for end in words)
    if rest > 0:
        told.append(f"{rest} that earned the same as the rest of their group")
    return f"of {episodes} episodes, " + ", ".join(told) if told else "there were no episodes"


def _remedy(config: ReinforceConfig, episodes: int, ends: Mapping[str, int]) -> str:
    """Return what to change, by the commonest reason."""
    counts = {end: ends.get(end, 0) for end in ("truncated", "out_of_turns", "lost")}
    counts["silent"] = episodes - sum(counts.values())
    commonest = max(counts, key=lambda end: counts[end])
    if commonest == "truncated":
        return _longer(config)
    if commonest == "out_of_turns":
        return f"raise max_turns (now {getattr(config, 'max_turns', None)}), or set mask_cut_off=false to learn from it"
    if commonest == "lost":
        return "look at the rejects and at log.txt, and at whether verifiers and probers answer (`check-models`)"
    return (
        "start from a model that sometimes succeeds (train-sft), or raise group_size or steps, so that the episodes of "
        "a group differ"
    )


def _longer(config: ReinforceConfig) -> str:
    masked = ", or set mask_cut_off=false to learn to be brief" if config.mask_cut_off else ""
    return (
        f"raise reply_tokens (now {config.reply_tokens}) and max_length (now {config.max_length}), or start from a "
        f"model that ends its replies{masked}"
    )
