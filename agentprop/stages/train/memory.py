"""A loaded policy → the memory plan of its run, kept in memory.json, and an estimate that is printed before training.

A run that is resumed has the plan that it began with, whatever is free by then: with rows and slots of other sizes it
would round differently. Runs that began before there was a plan had 8,192 tokens and 4 GiB. Settings that are given
take precedence over the plan.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from agentprop.config.reinforce import IN_PROCESS, ReinforceConfig
from agentprop.config.training import PACK_TOKENS, TrainConfig
from agentprop.stages.train.run_dir import MEMORY
from agentprop.storage.durable import write_json

if TYPE_CHECKING:
    from agentprop.stages.train.run_dir import TrainingRun
    from agentprop.training.model.memory import MemoryPlan, ModelSize
    from agentprop.training.model.policy import PolicyModel

log = logging.getLogger("agentprop")

GIB = 1 << 30


def memory_plan(config: TrainConfig, policy: PolicyModel, run_dir: TrainingRun) -> MemoryPlan:
    """Return the plan of a run, of its first session if there was one. Every process must call it."""
    from agentprop.training.model.hardware import free_memory
    from agentprop.training.model.memory import MemoryPlan, ModelSize, SamplerNeeds, plan
    from agentprop.training.rl.samplers import SLOTS, context_length

    path = run_dir.path / MEMORY
    stored = _stored(path, begun=run_dir.begun)
    if stored is None:
        sampled = isinstance(config, ReinforceConfig) and config.sampler == IN_PROCESS
        needs = SamplerNeeds(context_length(policy, config), SLOTS) if sampled else None
        free, size = free_memory(policy.device), ModelSize.of(policy)
        own = plan(size, free, recomputed=config.gradient_checkpointing, sampler=needs)
        stored = MemoryPlan(*run_dir.world.least([own.pack_tokens, own.cache_bytes]))  # rows are the same everywhere
    if run_dir.world.first:
        write_json(path, asdict(stored))
    chosen = replace(stored, pack_tokens=config.pack_tokens or stored.pack_tokens)
    given = getattr(config, "cache_gib", None)
    return chosen if given is None else replace(chosen, cache_bytes=int(given * GIB))


def _stored(path: Path, *, begun: bool) -> MemoryPlan | None:
    from agentprop.training.model.memory import MemoryPlan

    if path.is_file():
        return MemoryPlan(**json.loads(path.read_text(encoding="utf-8")))
    return MemoryPlan(PACK_TOKENS) if begun else None


def tell_memory(
    config: TrainConfig, policy: PolicyModel, chosen: MemoryPlan, run_dir: TrainingRun, *, longest: int, quiet: bool
) -> None:
    """Print the estimate, and a warning with the settings to change if it exceeds what the device has."""
    from agentprop.training.model.hardware import free_memory
    from agentprop.training.model.memory import ModelSize, estimate

    if not run_dir.world.first:
        return
    size = ModelSize.of(policy)
    cached = isinstance(config, ReinforceConfig) and config.sampler == IN_PROCESS
    copies, to_come = _copies(config, policy, size, sharded=run_dir.world.size > 1 and cached)
    parts = estimate(
        size, chosen, longest=longest, recomputed=config.gradient_checkpointing, cached=cached, copies=copies
    )
    there = free_memory(policy.device) + parts["weights"] - to_come
    lines = said(config, chosen, parts, there, device=str(policy.device), longest=longest)
    for line in lines:
        log.info(line)
        if not quiet or line is not lines[0]:  # a warning is for quiet runs, too
            print(line, file=sys.stderr, flush=True)


def _copies(config: TrainConfig, policy: PolicyModel, size: ModelSize, *, sharded: bool) -> tuple[int, int]:
    """Return the bytes of the reference and of a copy for sampling, and how many of them are still to be loaded."""
    reference = size.weights if policy.keeps_reference else 0
    return reference + (size.whole if sharded else 0), size.whole if sharded else 0


def said(
    config: TrainConfig, chosen: MemoryPlan, parts: Mapping[str, int], there: int, *, device: str, longest: int
) -> list[str]:
    """Return the lines that tell of an estimate: one, or with a warning and a hint if the device has less."""
    needed = sum(parts.values())
    shares = ", ".join(f"{name} {_gib(size)}" for name, size in parts.items())
    rows = f"rows of {chosen.pack_tokens:,} tokens" + (
        f", or one of {longest:,}" if longest > chosen.pack_tokens else ""
    )
    lines = [f"memory on {device}: at most about {_gib(needed)} of {_gib(there)} GiB ({shares}; {rows})"]
    if needed > there:
        lines.append(f"warning: training may need about {_gib(needed)} GiB, and {device} has {_gib(there)} GiB")
        lines.append(f"hint: {_remedies(config, parts)}")
    return lines


def _remedies(config: TrainConfig, parts: Mapping[str, int]) -> str:
    """Name the settings that would lower the largest parts."""
    tips = {
        "activations": [
            *([] if config.gradient_checkpointing else ["set gradient_checkpointing=true"]),
            f"lower max_length (now {config.max_length}) or pack_tokens",
        ],
        "optimiser": [] if config.lora_rank else ["train adapters with lora_rank"],
        "weights": ["use precision=bfloat16"] if config.precision == "float32" else [],
        "cache": ["lower cache_gib"],
    }
    ordered = sorted(parts, key=lambda name: -parts[name])
    found = [tip for name in ordered for tip in tips.get(name, [])]
    return ", ".join([*found, "or use more GPUs with torchrun"])


def _gib(size: int) -> str:
    return f"{size / GIB:.2f}" if size < GIB else f"{size / GIB:.1f}"
