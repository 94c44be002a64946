"""A model's config.json → its size on each device, before anything is loaded: the model without numbers (meta tensors).

Only what is on this machine is read, a directory or the cache of the hub. Parameters are counted in the real class of
the model with its real adapters, so only the activations assume an architecture (see `memory`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, PretrainedConfig

from agentprop.config.training import TrainConfig
from agentprop.training.model.loading import adapt, dtype, new_model, shape_of
from agentprop.training.model.memory import ModelSize


def planned(config: TrainConfig) -> ModelSize | None:
    """Return the size of the settings' model on each of its devices; None if its config.json is not on this machine.

    Raises InputError for a directory that holds no model.
    """
    shape = _known(config.model)
    if shape is None:
        return None
    with torch.device("meta"):
        model: Any = new_model(config.model, shape, dtype=dtype(config))
        if config.lora_rank:
            adapt(model, config, config.lora_rank)
    model.to(dtype(config))
    trained = [one for one in model.parameters() if one.requires_grad]
    return ModelSize.counted(shape, list(model.parameters()), trained, processes=config.plan_devices)


def positions(config: TrainConfig) -> int:
    """Return the longest sequence that the settings and the model allow, in tokens."""
    shape: Any = AutoConfig.from_pretrained(config.model, local_files_only=True).get_text_config()
    return min(config.max_length, getattr(shape, "max_position_embeddings", None) or config.max_length)


def _known(source: str) -> PretrainedConfig | None:
    if Path(source).exists():
        return shape_of(source)
    try:
        shape: PretrainedConfig = AutoConfig.from_pretrained(source, local_files_only=True)
    except (OSError, ValueError):
        return None
    return shape
