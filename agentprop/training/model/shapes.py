"""A model's config.json → its size on each device, before anything is loaded: the model without numbers (meta tensors).

Only what is on this machine is read, a directory or the cache of the hub. Parameters are counted in the real class of
the model with its real adapters, so only the activations assume an architecture (see `memory`).
"""

from __future__ import annotations

from typing import Any

import torch
from peft import inject_adapter_in_model
from transformers import AutoConfig, AutoModelForCausalLM

from agentprop.config.training import TrainConfig
from agentprop.training.model.loading import ADAPTER, dtype, lora
from agentprop.training.model.memory import ModelSize


def planned(config: TrainConfig) -> ModelSize | None:
    """Return the size of the settings' model on each of its devices; None if its config.json is not on this machine."""
    try:
        shape = AutoConfig.from_pretrained(config.model, local_files_only=True)
    except (OSError, ValueError):
        return None
    with torch.device("meta"):
        model: Any = AutoModelForCausalLM.from_config(shape, dtype=dtype(config))  # type: ignore[no-untyped-call]
        if config.lora_rank:
            inject_adapter_in_model(lora(config, config.lora_rank), model, ADAPTER)
    model.to(dtype(config))
    trained = [one for one in model.parameters() if one.requires_grad]
    return ModelSize.counted(shape, list(model.parameters()), trained, processes=config.plan_devices)


def positions(config: TrainConfig) -> int:
    """Return the longest sequence that the settings and the model allow, in tokens."""
    shape: Any = AutoConfig.from_pretrained(config.model, local_files_only=True).get_text_config()
    return min(config.max_length, getattr(shape, "max_position_embeddings", None) or config.max_length)
