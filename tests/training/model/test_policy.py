"""A policy: what it says of packed rows, what it is trained on, and what stands on the disk afterwards."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny_model import random_sequence, tiny_model
from torch import Tensor
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, GPT2Config, Qwen3MoeConfig

from agentprop.config import TrainSftConfig
from agentprop.errors import InputError
from agentprop.training.data.packing import batch_of
from agentprop.training.data.sequences import TokenSequence
from agentprop.training.model import packed_attention as attention
from agentprop.training.model.policy import PolicyModel
from agentprop.training.model.saving import merged, save_model

SEQUENCES = [random_sequence(length, seed) for seed, length in enumerate((21, 2, 34, 13))]
KINDS: dict[str, dict[str, Any]] = {
    "whole": {},
    "adapters": {"lora_rank": 4},
    "half precision": {"precision": "bfloat16"},
    "checkpointed adapters": {"lora_rank": 4, "gradient_checkpointing": True},
}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("model"))


def config(model: Path, **settings: Any) -> TrainSftConfig:
    return TrainSftConfig(model=str(model), device="cpu", **settings)


def moved(policy: PolicyModel) -> PolicyModel:
    """The policy with what is trained changed, adapters' zero halves too."""
    torch.manual_seed(1)
    with torch.no_grad():
        for _, parameter in policy.trainable():
            parameter.add_(0.05 * torch.randn_like(parameter))
    return policy


def plain(policy: PolicyModel, sequence: TokenSequence) -> Tensor:
    """Log-probs of a sequence's action tokens by the model's own logits."""
    ids, where = torch.from_numpy(sequence.ids)[None], np.flatnonzero(sequence.mask)
    with torch.no_grad():
        table = torch.log_softmax(policy.model(ids).logits[0].float(), -1)
    return table[where - 1, sequence.ids[where]]


@pytest.mark.parametrize("kind", KINDS)
def test_packed_rows_say_what_the_model_says_of_each_sequence_alone(model: Path, kind: str) -> None:
    policy = moved(PolicyModel.load(config(model, **KINDS[kind])))
    packed = policy(batch_of(SEQUENCES)).logprob
    expected = torch.cat([plain(policy, sequence) for sequence in SEQUENCES])
    assert len(packed) > 20
    tolerance = 0.02 if policy.model.dtype == torch.bfloat16 else 1e-5
    torch.testing.assert_close(packed, expected, atol=tolerance, rtol=0)


def test_what_stands_before_a_sequence_in_its_row_does_not_change_it(model: Path) -> None:
    policy = PolicyModel.load(config(model))
    first = policy(batch_of([random_sequence(50, 8), SEQUENCES[2]])).logprob[-SEQUENCES[2].n_actions :]
    other = policy(batch_of([random_sequence(50, 9), SEQUENCES[2]])).logprob[-SEQUENCES[2].n_actions :]
    assert torch.equal(first, other)


def test_layers_that_look_back_a_window_only_are_masked_and_not_cut(tmp_path: Path) -> None:
    folder = tiny_model(tmp_path)
    shape = AutoConfig.from_pretrained(folder)
    shape.layer_types, shape.sliding_window, shape.use_sliding_window = ["sliding_attention"] * 2, 5, True
    shape.save_pretrained(folder)
    policy = PolicyModel.load(config(folder))
    assert policy.model.config._attn_implementation != attention.NAME
    expected = torch.cat([plain(policy, sequence) for sequence in SEQUENCES])
    torch.testing.assert_close(policy(batch_of(SEQUENCES)).logprob, expected, atol=1e-5, rtol=0)


def test_generation_and_masks_of_others_pass_through_the_packed_attention(model: Path) -> None:
    """Sampling from the trained module gives what transformers' own attention gives."""
    policy = PolicyModel.load(config(model)).eval()
    ids = torch.tensor([[0, 0, 70, 71, 72], [73, 74, 75, 76, 77]])
    mask = torch.tensor([[0, 0, 1, 1, 1], [1, 1, 1, 1, 1]])
    options: dict[str, Any] = {"attention_mask": mask, "max_new_tokens": 6, "do_sample": False, "pad_token_id": 0}
    found = policy.model.generate(ids, **options)
    policy.model.set_attn_implementation("sdpa")
    assert torch.equal(found, policy.model.generate(ids, **options))


def test_checkpointed_activations_give_the_same_gradient(model: Path) -> None:
    gradients = []
    for checkpointed in (False, True):
        policy = PolicyModel.load(config(model, gradient_checkpointing=checkpointed))
        policy(batch_of(SEQUENCES)).logprob.sum().backward()
        gradients.append([parameter.grad for _, parameter in policy.trainable()])
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other, atol=1e-6, rtol=1e-5)


# --- what is trained ---


def test_adapters_are_all_that_is_trained(model: Path) -> None:
    policy = PolicyModel.load(config(model, lora_rank=4))
    assert policy.trainable() and all(".lora_" in name for name, _ in policy.trainable())
    layers = {name.split(".lora_")[0].rsplit(".", 1)[1] for name, _ in policy.trainable()}
    assert layers == {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"}


def test_everything_is_trained_without_adapters(model: Path) -> None:
    policy = PolicyModel.load(config(model))
    assert len(policy.trainable()) == len(list(policy.parameters()))


def test_the_reference_of_adapters_is_the_model_without_them(model: Path) -> None:
    policy = PolicyModel.load(config(model, lora_rank=4))
    before = policy(batch_of(SEQUENCES)).logprob.detach()
    moved(policy)
    after = policy(batch_of(SEQUENCES)).logprob.detach()
    with policy.reference() as reference:
        assert torch.equal(reference(batch_of(SEQUENCES)).logprob, before)
    assert not torch.allclose(before, after, atol=1e-3)
    assert torch.equal(policy(batch_of(SEQUENCES)).logprob, after)
    assert all(parameter.requires_grad for _, parameter in policy.trainable()) and policy.trainable()


def test_the_reference_of_a_whole_model_is_a_frozen_copy(model: Path) -> None:
    policy = PolicyModel.load(config(model))
    with pytest.raises(ValueError, match="keep_reference"), policy.reference():
        pass
    policy.keep_reference(PolicyModel.load(config(model), frozen=True))
    before = policy(batch_of(SEQUENCES)).logprob.detach()
    parameters = len(list(policy.parameters()))
    moved(policy)
    with policy.reference() as reference:
        assert torch.equal(reference(batch_of(SEQUENCES)).logprob, before)
        assert not any(parameter.requires_grad for parameter in reference.parameters())
    assert len(list(policy.parameters())) == parameters


# --- from scratch, and to the disk ---


def test_a_directory_without_weights_is_initialised_from_the_seed(model: Path) -> None:
    one, same, other = (PolicyModel.load(config(model, seed=seed)).model.state_dict() for seed in (3, 3, 4))
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not torch.equal(one["model.embed_tokens.weight"], other["model.embed_tokens.weight"])


@pytest.mark.parametrize("kind", KINDS)
def test_a_saved_policy_is_a_model_that_transformers_loads(model: Path, kind: str, tmp_path: Path) -> None:
    policy = moved(PolicyModel.load(config(model, **KINDS[kind])))
    save_model(policy, tmp_path)
    load_policy = AutoModelForCausalLM.from_pretrained(tmp_path)
    assert type(load_policy).__name__ == "Qwen3ForCausalLM" and load_policy.dtype == policy.model.dtype
    ids = torch.from_numpy(SEQUENCES[0].ids)[None]
    with torch.no_grad():
        expected = policy.eval().model(ids).logits
        # a merged weight is rounded once, a product with an adapter twice
        tolerance = 0.05 if policy.model.dtype == torch.bfloat16 else 1e-5
        torch.testing.assert_close(load_policy(ids).logits, expected, atol=tolerance, rtol=0)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    assert tokenizer.chat_template == policy.tokenizer.chat_template
    assert not list(tmp_path.glob("*.bin")) and not list(tmp_path.glob("*.pt"))


def test_an_adapter_is_kept_by_itself_too_and_saving_changes_nothing(model: Path, tmp_path: Path) -> None:
    from peft import PeftModel

    policy = moved(PolicyModel.load(config(model, lora_rank=4))).eval()
    before = policy(batch_of(SEQUENCES)).logprob.detach()
    base = tmp_path / "base"
    save_model(PolicyModel.load(config(model)), base)
    save_model(policy, tmp_path / "tuned")
    assert torch.equal(policy(batch_of(SEQUENCES)).logprob, before)
    wrapped = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), tmp_path / "tuned" / "adapter")
    ids = torch.from_numpy(SEQUENCES[0].ids)[None]
    with torch.no_grad():
        torch.testing.assert_close(wrapped(ids).logits, policy.model(ids).logits, atol=1e-5, rtol=0)


def test_merged_weights_have_the_names_of_the_plain_model(model: Path) -> None:
    plain_names = set(PolicyModel.load(config(model)).model.state_dict())
    assert {name for name, _ in merged(PolicyModel.load(config(model, lora_rank=4)))} == plain_names


def mixture(folder: Path) -> Path:
    """A directory of a mixture of 8 experts, of which a token meets 2, without weights."""
    Qwen3MoeConfig(
        **{"vocab_size": 400, "hidden_size": 32, "intermediate_size": 48, "moe_intermediate_size": 16},
        **{"num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 16},
        **{"num_experts": 8, "num_experts_per_tok": 2, "eos_token_id": 2},
    ).save_pretrained(tiny_model(folder))
    return folder


def test_adapters_leave_the_experts_of_a_mixture_alone_and_are_merged_into_the_rest(tmp_path: Path) -> None:
    policy = moved(PolicyModel.load(config(mixture(tmp_path / "m"), lora_rank=4))).eval()
    assert {name.split(".")[-4] for name, _ in policy.trainable()} == {"q_proj", "k_proj", "v_proj", "o_proj"}
    save_model(policy, tmp_path / "tuned")
    ids = torch.from_numpy(SEQUENCES[0].ids)[None]
    found = AutoModelForCausalLM.from_pretrained(tmp_path / "tuned")
    with torch.no_grad():
        torch.testing.assert_close(found(ids).logits, policy.model(ids).logits, atol=1e-5, rtol=0)


# --- what cannot be loaded ---


def test_adapters_for_a_model_without_linear_layers_are_refused(tmp_path: Path) -> None:
    """Those of GPT-2 have their weights the other way round, so that adapters would be merged wrongly."""
    place = tiny_model(tmp_path)
    GPT2Config(vocab_size=400, n_embd=32, n_layer=1, n_head=2, eos_token_id=2).save_pretrained(place)
    with pytest.raises(InputError, match="has no linear layers for adapters") as refused:
        PolicyModel.load(config(place, lora_rank=4))
    assert refused.value.hint == "train all weights: leave lora_rank out"


def test_a_tokenizer_of_another_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a model of only"):
        PolicyModel.load(config(tiny_model(tmp_path, rows=200)))


def test_logits_that_are_changed_after_the_head_are_refused(tmp_path: Path) -> None:
    folder = tiny_model(tmp_path)
    settings = json.loads((folder / "config.json").read_text()) | {"final_logit_softcapping": 30.0}
    (folder / "config.json").write_text(json.dumps(settings))
    with pytest.raises(InputError, match="final_logit_softcapping"):
        PolicyModel.load(config(folder))


def test_weights_that_are_cut_short_are_refused(model: Path, tmp_path: Path) -> None:
    save_model(PolicyModel.load(config(model)), tmp_path)
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    with pytest.raises(InputError, match=r"weights of .* cannot be read"):
        PolicyModel.load(config(tmp_path))


def test_weights_of_another_shape_are_refused(model: Path, tmp_path: Path) -> None:
    save_model(PolicyModel.load(config(model)), tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    weights["model.norm.weight"] = torch.ones(7)
    save_file(weights, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(InputError, match="cannot be read"):
        PolicyModel.load(config(tmp_path))


def test_weights_that_are_missing_are_refused(model: Path, tmp_path: Path) -> None:
    save_model(PolicyModel.load(config(model)), tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    del weights["model.layers.1.mlp.up_proj.weight"]
    save_file(weights, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(InputError, match=r"up_proj"):
        PolicyModel.load(config(tmp_path))


def test_a_place_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no tokenizer can be read from .*: the directory has none"):
        PolicyModel.load(config(tmp_path))
