"""A policy → the Hugging Face directory that vLLM servers load."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from agentprop.training.model.policy import PolicyModel
from agentprop.training.model.saving import merged

HEAD, EMBEDDING = "lm_head.weight", "embed_tokens.weight"
"""Name of the head, and end of the embedding's name: the two weights that may be tied."""


def untied(
    policy: PolicyModel, *, adapted: bool = True, device: str | torch.device = "cpu"
) -> Iterator[tuple[str, Tensor]]:
    """Yield the plain model's weights, with adapters merged if `adapted` and the head untied from the embedding.

    Every process must exhaust it; the weights are empty in all but the first. Found with vLLM 0.32: on a CPU a head
    that is tied to the embedding keeps its first values when weights are reloaded.
    """
    tied = getattr(policy.model.config, "tie_word_embeddings", False)
    for name, tensor in merged(policy, everywhere=False, adapted=adapted, device=device):
        if tied and name.endswith(EMBEDDING):
            yield HEAD, tensor.clone()
        if not (tied and name == HEAD):
            yield name, tensor.contiguous()


def write_model(policy: PolicyModel, weights: Mapping[str, Tensor], path: Path) -> None:
    """Write a Hugging Face directory with one file of weights, complete at any moment."""
    path.mkdir(parents=True, exist_ok=True)
    config = copy.deepcopy(policy.model.config)
    config.tie_word_embeddings = False
    config.save_pretrained(path)
    policy.tokenizer.save_pretrained(path)
    save_file(dict(weights), path / "new", metadata={"format": "pt"})
    (path / "new").replace(path / "model.safetensors")
