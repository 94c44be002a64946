"""A small training run, the same in however many processes; what came out is written by the first of them.

python sharded_trainer.py MODEL OUT [FROM]      under torchrun or alone; FROM is a checkpoint to go on from
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from tiny_model import random_sequence
from torch import Tensor
from torch.distributed.tensor import Shard, distribute_tensor

from agentprop.config import TrainSftConfig
from agentprop.training.model import checkpoint
from agentprop.training.model.distributed import World, first_tensor, full_tensor, join
from agentprop.training.model.optimiser import Optimiser
from agentprop.training.model.policy import PolicyModel
from agentprop.training.model.rows import even_rows
from agentprop.training.model.saving import adapters, merged

SEQUENCES = [random_sequence(length, length) for length in (30, 12, 25, 18, 9)]
KINDS: dict[str, dict[str, Any]] = {
    "whole": {"clip": 0.1},
    "adapters": {"lora_rank": 4, "gradient_checkpointing": True},
    "half": {"precision": "bfloat16"},
}


def gradients(policy: PolicyModel, world: World) -> float:
    """Backward through the mean over all action tokens, in rows of 32 tokens; the loss."""
    n = sum(sequence.n_actions for sequence in SEQUENCES)
    total = 0.0
    for batch in even_rows(SEQUENCES, 32, world):
        own = torch.tensor([float(s.trajectory_id != "") for s in batch.sequences])[batch.sequence]
        loss = -(policy(batch).logprob @ own) / n
        loss.backward()
        total += loss.item()
    return world.sum([total])[0]


def gathered_by_the_first(policy: PolicyModel, world: World) -> bool:
    """The first process alone gathers weights, and gathers what all could."""
    apart = [
        *merged(policy, everywhere=False),
        *adapters(policy),
        *((name, first_tensor(tensor)) for name, tensor in policy.named_parameters()),
    ]
    uneven = torch.arange(15, dtype=torch.float32).reshape(3, 5)  # with two processes: two rows and one
    if world.mesh is not None:
        apart.append(("uneven", first_tensor(distribute_tensor(uneven, world.mesh, [Shard(0)]))))
        apart.append(("short", first_tensor(distribute_tensor(uneven[:1], world.mesh, [Shard(0)]))))
    if not world.first:
        return not any(tensor.numel() for _, tensor in apart)
    last = dict(apart[-2:])
    return world.mesh is None or (torch.equal(last["uneven"], uneven) and torch.equal(last["short"], uneven[:1]))


def run(kind: str, model: str, out: Path, world: World, start: Path | None) -> None:
    config = TrainSftConfig(model=model, device="cpu", learning_rate=1e-2, **KINDS[kind])
    policy = PolicyModel.load(config).distribute(world)
    if not policy.adapted:
        policy.keep_reference(PolicyModel.load(config, frozen=True).distribute(world))
    optimiser = Optimiser(policy.trainable(), config, total_steps=20)
    if start is not None:
        checkpoint.restore(start / kind / "step-000003", optimiser, world)
    found: dict[str, Tensor] = {}
    norms, losses = [], []
    for step in range(3):
        losses.append(gradients(policy, world))
        if step == 0 and kind != "half":  # in half precision the gradients are already with their exact copies
            found |= {
                f"gradient/{name}": full_tensor(p.grad).clone() for name, p in policy.trainable() if p.grad is not None
            }
        norms.append(optimiser.step().grad_norm)
    (row,) = even_rows(SEQUENCES, 4096, World(0, 1, world.device, None))  # the same in every process
    with torch.no_grad():
        found["policy"] = policy(row).logprob
        with policy.reference() as reference:
            found["reference"] = reference(row).logprob
    assert gathered_by_the_first(policy, world)
    everywhere, first = dict(merged(policy)), dict(merged(policy, everywhere=False))
    assert not world.first or all(torch.equal(first[name], tensor) for name, tensor in everywhere.items())
    checkpoint.save(out / kind, 3, policy, optimiser, {}, world, keep=2)
    found |= {"losses": torch.tensor(losses), "norms": torch.tensor(norms)}
    found |= {f"state/{name}": full_tensor(tensor) for name, tensor in optimiser.tensors()}
    if world.first:
        save_file({name: tensor.float().contiguous() for name, tensor in found.items()}, out / f"{kind}.safetensors")


def main(model: str, out: str, start: str | None = None) -> None:
    torch.set_num_threads(1)
    Path(out).mkdir(exist_ok=True)
    with join("cpu") as world:
        assert world.any(world.rank == world.size - 1) and not world.any(False)
        for kind in KINDS:
            run(kind, model, Path(out), world, Path(start) if start else None)


if __name__ == "__main__":
    main(*sys.argv[1:])
