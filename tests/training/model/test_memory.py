"""Memory: an estimate that is near what torch keeps, sizes that fit the device, and a cgroup's limit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tiny_model import random_sequence, tiny_model
from torch import Tensor

from agentprop.config import TrainSftConfig
from agentprop.config.training import PACK_TOKENS
from agentprop.inference.kv_cache import SlotCache
from agentprop.training.data.packing import batch_of
from agentprop.training.model import hardware
from agentprop.training.model.memory import FEWEST_TOKENS, MemoryPlan, ModelSize, SamplerNeeds, estimate, plan
from agentprop.training.model.optimiser import Optimiser
from agentprop.training.model.policy import PolicyModel

GIB = 1 << 30
SMALL = ModelSize(
    weights=8 * GIB,
    whole=8 * GIB,
    active=4 * GIB,
    trained=4 * 10**9,
    width=2,
    layers=36,
    hidden=2560,
    queries=4096,
    keys=1024,
    feed_forward=9728,
    vocabulary=151_936,
)
"""About the shape of a 4B model in bfloat16."""
LORA = replace(SMALL, trained=30 * 10**6)
NEEDS = SamplerNeeds(length=20_480, slots=128)


def config(model: Path, **settings: object) -> TrainSftConfig:
    return TrainSftConfig.model_validate({"model": str(model), "device": "cpu", **settings})


def kept_bytes(policy: PolicyModel, tokens: int) -> int:
    """Bytes that torch keeps for the backward pass of one row, without weights."""
    weights = {parameter.untyped_storage().data_ptr() for parameter in policy.parameters()}
    kept: list[Tensor] = []  # alive, so that no address is used twice

    def keep(tensor: Tensor) -> Tensor:
        kept.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        policy(batch_of([random_sequence(tokens, 1)]))
    found = {one.untyped_storage().data_ptr(): one.untyped_storage().nbytes() for one in kept}
    return sum(size for address, size in found.items() if address not in weights)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_activations_are_estimated_near_what_torch_keeps(precision: str, tmp_path: Path) -> None:
    policy = PolicyModel.load(config(tiny_model(tmp_path, layers=4), precision=precision))
    size = ModelSize.of(policy)
    logits = 12 * size.vocabulary * 256
    found = kept_bytes(policy, 256)
    assert 0.7 < found / (size.activations(256, recomputed=False) - logits) < 1.1
    again = PolicyModel.load(config(tmp_path, precision=precision, gradient_checkpointing=True))
    layers = size.layers * size.hidden * size.width * 256
    assert layers < kept_bytes(again, 256) < size.activations(256, recomputed=True) - logits < found


@pytest.mark.parametrize("settings", [{}, {"precision": "bfloat16"}, {"lora_rank": 4}], ids=["whole", "half", "lora"])
def test_the_other_parts_are_counted_exactly(settings: dict[str, object], tmp_path: Path) -> None:
    chosen = config(tiny_model(tmp_path), **settings)
    policy = PolicyModel.load(chosen)
    size, optimiser = ModelSize.of(policy), Optimiser(policy.trainable(), chosen)
    for step in range(2):
        (-policy(batch_of([random_sequence(30, step)])).logprob.mean()).backward()
        gradients = sum(copy.grad.nbytes for copy in optimiser._copies if copy.grad is not None)
        optimiser.step()
    own = 0 if optimiser.exact() else sum(parameter.nbytes for _, parameter in policy.trainable())
    assert size.optimiser == optimiser.state_bytes() - own + gradients
    assert size.weights == size.whole == sum(parameter.nbytes for parameter in policy.parameters())
    assert size.cache_per_token == SlotCache.of(policy.model).bytes_per_token


def test_a_pass_has_fewer_tokens_on_a_device_with_less_memory() -> None:
    chosen = [plan(SMALL, free * GIB, recomputed=False, sampler=None).pack_tokens for free in (400, 130, 90, 70, 10)]
    assert chosen == sorted(chosen, reverse=True)
    assert chosen[0] == PACK_TOKENS and chosen[-1] == FEWEST_TOKENS and len(set(chosen)) > 2
    lean = plan(LORA, 70 * GIB, recomputed=True, sampler=None).pack_tokens
    assert lean == PACK_TOKENS


def test_the_cache_has_what_could_be_used_or_a_share_of_what_is_left() -> None:
    whole = NEEDS.slots * NEEDS.length * SMALL.cache_per_token
    assert plan(LORA, 4000 * GIB, recomputed=True, sampler=NEEDS).cache_bytes == whole
    some = plan(LORA, 70 * GIB, recomputed=True, sampler=NEEDS).cache_bytes
    assert 4 * GIB < some < 0.4 * 70 * GIB
    one = NEEDS.length * SMALL.cache_per_token
    assert plan(SMALL, 1 * GIB, recomputed=True, sampler=NEEDS).cache_bytes == one  # a conversation always fits
    toy = replace(SMALL, trained=1000, width=4, layers=2, hidden=32, queries=32, keys=16, feed_forward=48)
    for free in (2, 20, 200):  # what a small model does depends on no machine
        small = plan(replace(toy, vocabulary=400), free * GIB, recomputed=False, sampler=SamplerNeeds(640, 128))
        assert small == MemoryPlan(PACK_TOKENS, 128 * 640 * toy.cache_per_token)


def test_an_estimate_has_the_longest_row_and_all_copies() -> None:
    chosen = MemoryPlan(8192, 3 * GIB)
    parts = estimate(SMALL, chosen, longest=20_480, recomputed=True, cached=True, copies=8 * GIB)
    assert parts["weights"] == 16 * GIB and parts["cache"] == 3 * GIB and parts["optimiser"] == 16 * SMALL.trained
    assert parts["activations"] == SMALL.activations(20_480, recomputed=True)
    assert "cache" not in estimate(SMALL, chosen, longest=10, recomputed=True, cached=False)


def test_free_memory_is_that_of_the_machine_within_its_cgroup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = torch.device("cpu")
    monkeypatch.setattr(hardware, "MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(hardware, "CGROUPS", tmp_path)
    (tmp_path / "meminfo").write_text("MemTotal:       200 kB\nMemAvailable:   100 kB\n")
    assert hardware.free_memory(place) == 100 * 1024
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("7000\n")
    assert hardware.free_memory(place) == 100 * 1024
    (tmp_path / "memory.max").write_text("9000\n")
    assert hardware.free_memory(place) == 2000
    (tmp_path / "meminfo").unlink()
    (tmp_path / "memory.max").unlink()
    assert hardware.free_memory(place) > 1 << 28
