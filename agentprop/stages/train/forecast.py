"""Settings of a trainer → what a run needs at most: memory on each device by part, operations, hours, cost.

`--dry-run` prints it beside the settings. Everything follows from the shapes in the model's config.json and from the
limits in the settings, as if every attempt were as long as it may be: bounds, and no forecast of what a run takes. The
cache of the sampler is what it could use; where less is free a run takes less. Hours need `plan_tflops`, a speed that
somebody measured, and cost needs `plan_price`.

Operations per token, of a forward pass: f = 2·parameters + 2·q·s in each layer, with q the width of its queries and s
the length. Training takes 3f, or 4f where activations are recomputed; sampling f, log-probs before an update f, and a
reference f more. Verifiers and probers are not part of it: `--max-cost` bounds those.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agentprop.config.reinforce import IN_PROCESS, ReinforceConfig
from agentprop.config.train_sft import TrainSftConfig
from agentprop.config.training import PACK_TOKENS, TrainConfig
from agentprop.errors import InputError
from agentprop.stages.common.dry_run import is_path

if TYPE_CHECKING:
    from agentprop.training.model.memory import ModelSize

GIB = 1 << 30


@dataclass(frozen=True)
class Work:
    """Most tokens of a run."""

    trained: int
    """Tokens of sequences that are trained on."""
    sampled: int = 0
    """Tokens of sequences that are sampled and scored before."""
    passes: int = 0
    """Forward passes over each sampled token: sampling, log-probs, those of a reference."""


def memory_of(config: TrainConfig, size: ModelSize, longest: int) -> dict[str, int]:
    """Return the bytes on each device, by part."""
    from agentprop.training.rl.samplers import SLOTS

    pulled = isinstance(config, ReinforceConfig) and config.beta > 0
    in_process = isinstance(config, ReinforceConfig) and config.sampler == IN_PROCESS
    tokens = max(config.pack_tokens or PACK_TOKENS, longest)
    parts = {
        "weights": size.weights,
        "gradients": size.gradients,
        "optimiser": size.optimiser - size.gradients,
        "activations": size.activations(tokens, recomputed=config.gradient_checkpointing),
    }
    if pulled and not config.lora_rank:
        parts["reference"] = size.weights
    if in_process:
        given = getattr(config, "cache_gib", None)
        parts["cache"] = round(given * GIB) if given else SLOTS * longest * size.cache_per_token
        if config.plan_devices > 1:
            parts["copy for sampling"] = size.whole
    return parts


def work_of(config: TrainConfig, longest: int) -> Work | None:
    """Return the most tokens of a run; None if they depend on data that is not read here."""
    if isinstance(config, ReinforceConfig):
        from agentprop.training.rl.hints import most_branches

        groups = config.groups * (1 + config.refill)
        branches = most_branches(config.group_size) if getattr(config, "hints", 0.0) else 0
        tokens = round(config.steps * groups * (config.group_size + branches) * longest)
        return Work(tokens, tokens, 3 if config.beta else 2)
    if isinstance(config, TrainSftConfig) and config.max_steps:
        return Work(config.max_steps * config.batch_size * longest)
    return None


def operations(config: TrainConfig, size: ModelSize, work: Work, longest: int) -> float:
    """Return the operations of a run, at most."""
    times = 4 if config.gradient_checkpointing else 3
    return float(size.forward(longest)) * (times * work.trained + work.passes * work.sampled)


def lines(config: TrainConfig) -> list[str]:
    """Return the lines that `--dry-run` prints; one that says why, if nothing can be estimated.

    Raises InputError if there is no model. One of a hub that is not on this machine cannot be told from none.
    """
    from agentprop.training.model.shapes import planned, positions

    size = planned(config)
    if size is None:
        if is_path(config.model):
            raise InputError(
                f"there is no model at {config.model}",
                hint="give a model directory or a hub id, or make the model first",
            )
        return [f"no estimate: {config.model} is no directory here, and the cache of the hub has no config.json of it"]
    longest = positions(config)
    parts = memory_of(config, size, longest)
    shares = ", ".join(f"{name} {count / GIB:.2f}" for name, count in parts.items())
    each = "the device" if config.plan_devices == 1 else f"each of {config.plan_devices} devices"
    found = [f"memory on {each}, at most: {sum(parts.values()) / GIB:.1f} GiB ({shares})"]
    if isinstance(config, ReinforceConfig) and config.sampler != IN_PROCESS:
        share = "the rest of its share of the memory is for keys and values"
        found.append(f"memory of each server that samples: {size.whole / GIB:.1f} GiB of weights; {share}")
    work = work_of(config, longest)
    if work is None:
        return [*found, "work: depends on the trajectories; set max_steps for a bound"]
    needed = operations(config, size, work, longest)
    tokens = f"{work.trained:,} tokens of {longest:,} at a time"
    return [*found, f"work, at most: {needed:.2e} operations ({tokens}){_hours(config, needed)}"]


def _hours(config: TrainConfig, needed: float) -> str:
    if config.plan_tflops is None:
        return "; set plan_tflops to a speed that was measured for hours"
    hours = needed / (config.plan_tflops * 1e12 * config.plan_devices) / 3600
    cost = f", cost {hours * config.plan_devices * config.plan_price:,.2f}" if config.plan_price else ""
    return f"; {hours:,.1f} hours on {config.plan_devices} x {config.plan_tflops:g} TFLOP/s{cost}"


def tell(config: TrainConfig) -> None:
    """Print the estimate to the error stream, beside the settings that go to the output."""
    for line in lines(config):
        print(line, file=sys.stderr, flush=True)
