"""Attention over a row of packed sequences: each sequence by itself, exactly, with no mask in memory.

Registered with transformers as the implementation `packed`. A call that carries `segments` (the lengths of the row's
sequences) is cut there and every piece is attended to causally on its own: nothing is computed across sequences, and
the fast causal kernels stay usable, which a mask would forbid. Any other call, such as generation with a cache or
with a mask of its own, is passed on to `sdpa` untouched.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface, AttentionMaskInterface, PretrainedConfig
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

NAME = "packed"
"""Name of the implementation among transformers' own."""

_unmasked: ContextVar[bool] = ContextVar("unmasked", default=False)


def packed_attention(
    module: torch.nn.Module, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None, **options: Any
) -> tuple[Tensor, None]:
    """Queries [1, H, T, d], keys and values [1, K, T, d] → [1, T, H, d], a sequence at a time."""
    segments: Sequence[int] | None = options.pop("segments", None)
    if segments is None:
        found: tuple[Tensor, None] = sdpa_attention_forward(module, query, key, value, attention_mask, **options)
        return found
    pieces = [torch.split(part, list(segments), dim=2) for part in (query, key, value)]
    grouped = query.shape[1] != key.shape[1]
    dropout, scale = options.get("dropout") or 0.0, options.get("scaling")
    attended = [
        scaled_dot_product_attention(q, k, v, dropout_p=dropout, is_causal=True, scale=scale, enable_gqa=grouped)
        for q, k, v in zip(*pieces, strict=True)
    ]
    return torch.cat(attended, dim=2).transpose(1, 2).contiguous(), None


def packed_mask(*arguments: Any, **options: Any) -> Tensor | None:
    """No mask while a packed row runs, and that of `sdpa` otherwise."""
    mask: Tensor | None = None if _unmasked.get() else sdpa_mask(*arguments, **options)
    return mask


@contextmanager
def unmasked() -> Iterator[None]:
    """A forward pass inside makes no mask: its layers are told the segments instead."""
    token = _unmasked.set(True)
    try:
        yield
    finally:
        _unmasked.reset(token)


def suits(config: PretrainedConfig) -> bool:
    """Whether every layer attends to all that came before it, with nothing that only its own code knows."""
    kinds = set(getattr(config, "layer_types", None) or ["full_attention"])
    windowed = getattr(config, "sliding_window", None) and getattr(config, "use_sliding_window", True)
    return kinds == {"full_attention"} and not windowed and getattr(config, "attn_logit_softcapping", None) is None


AttentionInterface.register(NAME, packed_attention)
AttentionMaskInterface.register(NAME, packed_mask)
