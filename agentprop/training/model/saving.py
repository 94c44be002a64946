"""A policy → a plain Hugging Face directory that transformers and vLLM load: weights, config, tokenizer.

Adapters are merged into copies of the weights, so the trained model is unchanged. They are also saved separately in
adapter/, in peft's format. Weights are saved in the number format of the files that the model was loaded from, and from
the optimiser's exact copies if that format has more digits than the computation.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import torch
from peft import LoraConfig
from peft.tuners.lora import LoraLayer
from safetensors.torch import save_file
from torch import Tensor

from agentprop.training.model.distributed import first_tensor, full_tensor, is_first
from agentprop.training.model.loading import ADAPTER
from agentprop.training.model.policy import PolicyModel

ADAPTER_FOLDER = "adapter"
BASE, ADAPTED = ".base_layer.", (".lora_A.", ".lora_B.")


def save_model(policy: PolicyModel, path: Path, exact: Mapping[str, Tensor] | None = None) -> None:
    """Write a Hugging Face directory: merged weights, config, tokenizer, and adapter/ if there are adapters.

    `exact` are the optimiser's copies of trained weights, by their names in the policy. Every process of a distributed
    run must call it; the first one writes, to a `path` that exists.
    """
    weights, adapter = dict(_stored(policy, exact or {})), dict(adapters(policy))
    if not is_first():
        return
    policy.model.save_pretrained(path, state_dict=weights)
    config = copy.deepcopy(policy.model.config)
    config.dtype = policy.formats.commonest or config.dtype
    config.save_pretrained(path)
    policy.tokenizer.save_pretrained(path)
    if adapter:
        write_adapter(policy, adapter, path / ADAPTER_FOLDER)


def write_adapter(policy: PolicyModel, weights: Mapping[str, Tensor], folder: Path) -> None:
    """Write adapters in peft's format, for one process to call."""
    folder.mkdir(exist_ok=True, parents=True)
    peft_config(policy).save_pretrained(str(folder))
    save_file(dict(weights), folder / "adapter_model.safetensors", metadata={"format": "pt"})


@torch.no_grad()
def merged(
    policy: PolicyModel, *, everywhere: bool = True, adapted: bool = True, device: str | torch.device = "cpu"
) -> Iterator[tuple[str, Tensor]]:
    """Yield every weight by its name in the plain model, unsharded, on a device, with adapters merged if `adapted`.

    They are in the precision of the computation: samplers load them. Every process of a distributed run must exhaust
    the iterator; unless they are wanted `everywhere` they are gathered in the first process, and empty in the others.
    """
    layers = _adapted_layers(policy) if adapted else {}
    gather = full_tensor if everywhere else first_tensor
    for name, tensor in _plain(policy):
        full = gather(tensor.detach())
        if name in layers:
            delta = _delta(layers[name], gather)
            full = full if delta is None else full + delta.to(full.dtype)
        yield name.replace(BASE, "."), full.to(device)


@torch.no_grad()
def _stored(policy: PolicyModel, exact: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    """Yield every weight in the number format of the files that the model was loaded from; empty but in the first."""
    layers = _adapted_layers(policy)
    made: dict[int, Tensor] = {}  # weights that are tied stay one tensor, which is saved once
    for name, tensor in _plain(policy):
        wanted = (
            policy.formats.of(name.replace(BASE, "."), tensor.dtype) if tensor.is_floating_point() else tensor.dtype
        )
        if id(tensor) not in made:
            better = exact.get(f"model.{name}") if wanted.itemsize > tensor.dtype.itemsize else None
            full = first_tensor((tensor if better is None else better).detach())
            delta = _delta(layers[name], first_tensor) if name in layers else None
            if delta is not None:
                full = full.to(torch.promote_types(full.dtype, wanted))
                full = full + delta.to(full.dtype)
            made[id(tensor)] = full.to(wanted).cpu()
        yield name.replace(BASE, "."), made[id(tensor)]


def _plain(policy: PolicyModel) -> Iterator[tuple[str, Tensor]]:
    """Yield the model's own weights, without those of adapters, by their names in the policy's model."""
    for name, tensor in policy.model.state_dict(keep_vars=True).items():
        if not any(part in name for part in ADAPTED):
            yield name, tensor


def _adapted_layers(policy: PolicyModel) -> dict[str, LoraLayer]:
    """Return the layers that have adapters, by the names of their own weights."""
    layers = ((name, part) for name, part in policy.model.named_modules() if isinstance(part, LoraLayer))
    return {f"{name}{BASE}weight": part for name, part in layers}


def adapters(policy: PolicyModel) -> Iterator[tuple[str, Tensor]]:
    """Yield the adapters' weights by their names in peft's files; they are empty in all processes but the first."""
    for name, tensor in policy.model.state_dict().items():
        if any(part in name for part in ADAPTED):
            yield f"base_model.model.{name.replace(f'.{ADAPTER}.', '.')}", first_tensor(tensor).cpu().contiguous()


def peft_config(policy: PolicyModel) -> LoraConfig:
    """Return the configuration of the adapters."""
    config: Any = policy.model.peft_config[ADAPTER]
    config.inference_mode = True
    return cast(LoraConfig, config)


def _delta(layer: LoraLayer, gather: Callable[[Tensor], Tensor]) -> Tensor | None:
    """Return scale · B·A in float32, which an adapter adds to its weight; None in a process that gathers nothing."""
    down, up = (gather(cast(Tensor, part[ADAPTER].weight)) for part in (layer.lora_A, layer.lora_B))
    if not down.numel():
        return None
    delta: Tensor = (up.float() @ down.float()) * layer.scaling[ADAPTER]
    return delta
