"""Number formats: what is saved has the format of what was loaded, and a run goes on exactly all the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny_model import random_sequence, tiny_model
from toy_groups import ALONE
from transformers import AutoModelForCausalLM

from agentprop.config import TrainSftConfig
from agentprop.training.data.packing import batch_of
from agentprop.training.model import checkpoint
from agentprop.training.model.formats import StoredFormats
from agentprop.training.model.optimiser import Optimiser
from agentprop.training.model.policy import PolicyModel
from agentprop.training.model.saving import merged

ROW = batch_of([random_sequence(30, 1), random_sequence(20, 2)])
KEPT = "model.norm.weight"


def config(model: Path, precision: str = "float32", rank: int | None = None) -> TrainSftConfig:
    chosen = {"model": str(model), "device": "cpu", "precision": precision, "lora_rank": rank, "learning_rate": 1e-2}
    return TrainSftConfig.model_validate(chosen)


def trainer(settings: TrainSftConfig) -> tuple[PolicyModel, Optimiser]:
    policy = PolicyModel.load(settings).distribute(ALONE)
    return policy, Optimiser(policy.trainable(), settings)


def learn(policy: PolicyModel, optimiser: Optimiser, steps: int = 2) -> list[float]:
    losses = []
    for _ in range(steps):
        loss = -policy(ROW).logprob.mean()
        loss.backward()
        losses.append(loss.item())
        optimiser.step()
    return losses


def stored(folder: Path, kind: torch.dtype) -> Path:
    """A model directory in a number format, but for one weight in float32."""
    blank = tiny_model(folder / "blank")
    policy = PolicyModel.load(config(blank))
    policy.model.to(kind)
    policy.model.save_pretrained(folder / "model")
    policy.tokenizer.save_pretrained(folder / "model")
    weights = load_file(folder / "model" / "model.safetensors")
    weights[KEPT] = weights[KEPT].float()
    save_file(weights, folder / "model" / "model.safetensors", metadata={"format": "pt"})
    return folder / "model"


@pytest.mark.parametrize("rank", [None, 4], ids=["whole", "adapters"])
@pytest.mark.parametrize("computed", ["float32", "bfloat16"])
@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float32, torch.float16])
def test_a_checkpoint_has_the_formats_of_what_was_loaded_and_goes_on_exactly(
    kind: torch.dtype, computed: str, rank: int | None, tmp_path: Path
) -> None:
    model = stored(tmp_path, kind)
    settings = config(model, computed, rank)
    policy, optimiser = trainer(settings)
    learn(policy, optimiser)
    path = checkpoint.save(tmp_path / "c", 2, policy, optimiser, {}, ALONE, keep=1)
    before, after = load_file(model / "model.safetensors"), load_file(path / "model.safetensors")
    assert {name: one.dtype for name, one in after.items()} == {name: one.dtype for name, one in before.items()}
    assert after[KEPT].dtype == torch.float32 and "lm_head.weight" not in after
    assert json.loads((path / "config.json").read_text())["dtype"] == str(kind).removeprefix("torch.")
    assert AutoModelForCausalLM.from_pretrained(path, dtype="auto").dtype == kind
    again, fresh = trainer(settings)
    checkpoint.restore(path, fresh, ALONE)
    for one, other in zip(policy.parameters(), again.parameters(), strict=True):
        assert torch.equal(one, other)
    assert learn(again, fresh) == learn(policy, optimiser)


def test_a_format_with_more_digits_than_the_computation_gets_the_exact_weights(tmp_path: Path) -> None:
    policy, optimiser = trainer(config(stored(tmp_path, torch.float32), "bfloat16"))
    learn(policy, optimiser, 3)
    path = checkpoint.save(tmp_path / "c", 3, policy, optimiser, {}, ALONE, keep=1)
    exact = dict(optimiser.tensors())
    for name, saved in load_file(path / "model.safetensors").items():
        assert torch.equal(saved, exact[f"weight/model.{name}"])
    assert all(one.dtype == torch.bfloat16 for _, one in merged(policy))  # what a sampler gets


def test_what_is_saved_is_what_was_trained_rounded_once(tmp_path: Path) -> None:
    policy, optimiser = trainer(config(stored(tmp_path, torch.bfloat16), rank=4))
    learn(policy, optimiser, 3)
    path = checkpoint.save(tmp_path / "c", 3, policy, optimiser, {}, ALONE, keep=1)
    wanted = dict(merged(policy))
    for name, saved in load_file(path / "model.safetensors").items():
        assert torch.equal(saved, wanted[name].to(saved.dtype))


def test_formats_are_read_from_all_files_of_the_index_and_from_no_others(tmp_path: Path) -> None:
    one, two = {"a": torch.zeros(2, dtype=torch.bfloat16)}, {"b": torch.zeros(2), "c": torch.zeros(1).bfloat16()}
    save_file(one, tmp_path / "model-00001-of-00002.safetensors")
    save_file(two, tmp_path / "model-00002-of-00002.safetensors")
    save_file({"weight/a": torch.zeros(2)}, tmp_path / "optimiser-00000.safetensors")
    index = {"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    found = StoredFormats.read(str(tmp_path))
    assert found.by_name == {"a": torch.bfloat16, "b": torch.float32, "c": torch.bfloat16}
    assert found.commonest == found.of("new", torch.float32) == torch.bfloat16
    assert StoredFormats().commonest is None and StoredFormats().of("a", torch.float16) == torch.float16
