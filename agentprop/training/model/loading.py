"""A Hugging Face directory, a hub id, or a config without weights → a trainable model and its tokenizer."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, inject_adapter_in_model
from peft.tuners.lora import LoraLayer
from safetensors import SafetensorError
from transformers import AutoConfig, AutoModelForCausalLM, PretrainedConfig, PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils import logging as transformers_logging

from agentprop.config.training import TrainConfig
from agentprop.errors import InputError
from agentprop.inference.chat_template import load_tokenizer
from agentprop.inference.weights import check_finite
from agentprop.storage.durable import digest_file
from agentprop.training.model import packed_attention as attention

ADAPTER = "default"
"""Name of the trained adapter."""
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
WEIGHTS = ("*.safetensors", "*.safetensors.index.json", "*.bin")
WHOLE = "train all weights: leave lora_rank out"
COMPLETE = "the directory must hold complete .safetensors files of the model in its config.json"
SCALED = ("final_logit_softcapping", "logit_scale", "logits_scaling", "lm_head_multiplier")
"""Settings of models that scale or cap their logits after the head, which `logprobs` does not compute."""


def load(source: str, config: TrainConfig, *, frozen: bool = False) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Load a model on the CPU, and its tokenizer. Raises InputError if they cannot be read or do not fit together.

    Unless `frozen`, the model is in training mode and has the adapters of the settings.
    """
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    tokenizer = load_tokenizer(source)
    shape = shape_of(source)
    _check(shape, tokenizer, source)
    torch.manual_seed(config.seed)
    model = _model(source, shape, dtype(config))
    if frozen:
        model.train(False)
        return model, tokenizer
    if config.lora_rank:
        adapt(model, config, config.lora_rank)
        for parameter in model.parameters():
            parameter.data = parameter.data.to(dtype(config))
    if config.gradient_checkpointing:
        enable: Any = getattr(model, "activation_checkpointing_enable", None) or model.gradient_checkpointing_enable
        enable({"use_reentrant": False})
    model.train()
    return model, tokenizer


def dtype(config: TrainConfig) -> torch.dtype:
    """Return the number format of weights and computation."""
    if config.precision == "auto":
        wanted = config.device == "auto" or config.device.startswith("cuda")
        cuda = wanted and torch.cuda.is_available() and torch.cuda.is_bf16_supported()
        return torch.bfloat16 if cuda else torch.float32
    return DTYPES[config.precision]


def adapt(model: PreTrainedModel, config: TrainConfig, rank: int) -> None:
    """Put LoRA adapters on every linear layer but the head.

    The experts of a mixture are no linear layers but stacks of matrices, which servers and files know without adapters
    alone: they stay as they are. Raises InputError for a model without linear layers, such as GPT-2, which has others
    of its own, and for one whose experts would get adapters all the same.
    """
    head: Any = model.get_output_embeddings()  # type: ignore[no-untyped-call]
    linear = {
        name.rpartition(".")[2]
        for name, part in model.named_modules()
        if isinstance(part, torch.nn.Linear) and part is not head
    }
    if not linear:
        raise InputError(f"{config.model} has no linear layers for adapters", hint=WHOLE)
    inject_adapter_in_model(_lora(config, rank, sorted(linear)), model, ADAPTER)
    layers = [(name, part) for name, part in model.named_modules() if isinstance(part, LoraLayer)]
    stacked = [name for name, part in layers if not isinstance(part.get_base_layer(), torch.nn.Linear)]
    if stacked:
        raise InputError(f"adapters on {stacked[0]} cannot be merged, since it is no linear layer", hint=WHOLE)


def _lora(config: TrainConfig, rank: int, layers: list[str]) -> LoraConfig:
    return LoraConfig(
        r=rank,
        lora_alpha=config.lora_alpha,
        lora_dropout=config.lora_dropout,
        target_modules=layers,
        bias="none",
        task_type="CAUSAL_LM",
    )


def new_model(source: str, shape: PretrainedConfig, **options: Any) -> PreTrainedModel:
    """Make the model of a config with random weights. Raises InputError if it is not one that writes text."""
    try:
        model: PreTrainedModel = AutoModelForCausalLM.from_config(shape, **options)  # type: ignore[no-untyped-call]
    except ValueError as error:
        raise InputError(
            f"{source} is of the kind {shape.model_type}, which is no language model that continues a text",
            hint="use a causal language model, such as Qwen3, Llama or Mistral",
        ) from error
    return model


def from_scratch(source: str) -> bool:
    """Return True for a directory with a config.json but no weights."""
    path = Path(source)
    return (path / "config.json").is_file() and not any(next(path.glob(name), None) for name in WEIGHTS)


def fingerprint(source: str) -> str:
    """Return a hash over all files of a model directory, or the commit of a hub id."""
    path = Path(source)
    if not path.is_dir():
        return str(getattr(shape_of(source), "_commit_hash", None))
    files = sorted(file for file in path.rglob("*") if file.is_file())
    digests = [f"{file.relative_to(path)} {digest_file(file)}" for file in files]
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()


def shape_of(source: str) -> PretrainedConfig:
    """Read the config of a model directory or hub id. Raises InputError if there is none."""
    try:
        shape: PretrainedConfig = AutoConfig.from_pretrained(source)
    except (OSError, ValueError) as error:
        raise InputError(
            f"no model can be read from {source}: {_first_line(error)}",
            hint="give a Hugging Face directory or hub id, or a directory with a config.json and a tokenizer",
        ) from error
    return shape


def _check(shape: PretrainedConfig, tokenizer: PreTrainedTokenizerBase, source: str) -> None:
    rows = int(getattr(shape, "vocab_size", 0))
    highest = max(tokenizer.get_vocab().values(), default=0)
    if highest >= rows:
        raise InputError(
            f"{source} has a tokenizer with ids up to {highest}, but a model of only {rows} tokens",
            hint="use the tokenizer that the model was trained with, or raise vocab_size in a new model's config.json",
        )
    changed = [name for name in SCALED if getattr(shape, name, None) not in (None, 1, 1.0)]
    if changed:
        raise InputError(
            f"{source} scales or caps its logits ({', '.join(changed)}), which training does not support",
            hint="use a model without that, such as Qwen3, Llama or Mistral",
        )


def _model(source: str, shape: PretrainedConfig, number: torch.dtype) -> PreTrainedModel:
    kind = attention.NAME if attention.suits(shape) else "sdpa"
    options: dict[str, Any] = {"dtype": number, "attn_implementation": kind}
    if from_scratch(source):
        return new_model(source, shape, **options)
    try:
        loaded: Any = AutoModelForCausalLM.from_pretrained(
            source, use_safetensors=True, output_loading_info=True, **options
        )
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise InputError(f"the weights of {source} cannot be read: {_first_line(error)}", hint=COMPLETE) from error
    model: PreTrainedModel
    model, found = loaded
    if found["missing_keys"]:
        raise InputError(f"the weights of {source} lack {min(found['missing_keys'])}", hint=COMPLETE)
    check_finite(model, source)
    return model


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
