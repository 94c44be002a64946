"""A policy → a plain Hugging Face directory that transformers and vLLM load: weights, config, tokenizer.

Adapters are merged into copies of the weights, so the trained model is unchanged. They are also saved separately in
adapter/, in peft's format.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import torch
from peft import LoraConfig
from peft.tuners.lora import LoraLayer
from safetensors.torch import save_file
from torch import Tensor

from agentprop.training.model.distributed import full_tensor, is_first
from agentprop.training.model.loading import ADAPTER
from agentprop.training.model.policy import PolicyModel

ADAPTER_FOLDER = "adapter"
BASE, ADAPTED = ".base_layer.", (".lora_A.", ".lora_B.")


def save_model(policy: PolicyModel, path: Path) -> None:
    """Write a Hugging Face directory: merged weights, config, tokenizer, and adapter/ if there are adapters.

    Every process of a distributed run must call it; the first one writes, to a `path` that exists.
    """
    weights = {name: tensor for name, tensor in merged(policy) if is_first()}
    adapter = {name: tensor for name, tensor in adapters(policy) if is_first()}
    if not is_first():
        return
    policy.model.save_pretrained(path, state_dict=weights)
    policy.tokenizer.save_pretrained(path)
    if adapter:
        folder = path / ADAPTER_FOLDER
        folder.mkdir(exist_ok=True)
        peft_config(policy).save_pretrained(str(folder))
        save_file(adapter, folder / "adapter_model.safetensors", metadata={"format": "pt"})


@torch.no_grad()
def merged(policy: PolicyModel) -> Iterator[tuple[str, Tensor]]:
    """Yield every weight by its name in the plain model, unsharded, on the CPU, with adapters merged.

    Samplers load these weights too. Every process of a distributed run must exhaust the iterator.
    """
    layers = {name: part for name, part in policy.model.named_modules() if isinstance(part, LoraLayer)}
    for name, tensor in policy.model.state_dict().items():
        if any(part in name for part in ADAPTED):
            continue
        full = full_tensor(tensor)
        layer = layers.get(name.removesuffix(".base_layer.weight"))
        if layer is not None and name.endswith(f"{BASE}weight"):
            full = full + _delta(layer).to(full.dtype)
        yield name.replace(BASE, "."), full.cpu()


def adapters(policy: PolicyModel) -> Iterator[tuple[str, Tensor]]:
    """Yield the adapters' weights by their names in peft's files."""
    for name, tensor in policy.model.state_dict().items():
        if any(part in name for part in ADAPTED):
            yield f"base_model.model.{name.replace(f'.{ADAPTER}.', '.')}", full_tensor(tensor).cpu().contiguous()


def peft_config(policy: PolicyModel) -> LoraConfig:
    """Return the configuration of the adapters."""
    config: Any = policy.model.peft_config[ADAPTER]
    config.inference_mode = True
    return cast(LoraConfig, config)


def _delta(layer: LoraLayer) -> Tensor:
    """Return scale · B·A in float32, which an adapter adds to its weight."""
    down, up = (full_tensor(cast(Tensor, part[ADAPTER].weight)) for part in (layer.lora_A, layer.lora_B))
    delta: Tensor = (up.float() @ down.float()) * layer.scaling[ADAPTER]
    return delta
