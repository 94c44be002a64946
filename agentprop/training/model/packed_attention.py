"""Attention over a row of packed sequences: exact attention within each sequence, without a mask in memory.

Registered with transformers as the implementation `packed`. If a call carries `segments`, the lengths of the row's
sequences, queries, keys and values are cut there, and each sequence is attended to causally on its own. The row
a b c | d e, with segments [3, 2], takes two causal calls instead of one with a mask of 5 × 5:

    a → a                             d → d
    b → a b                           e → d e
    c → a b c

So nothing is computed across sequences (9 products of a query and a key, not 25), and the fast causal kernels can be
used, which do not accept a mask. Calls without segments, such as generation with a cache, go to `sdpa` unchanged.
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
"""Name under which transformers knows the implementation."""

_unmasked: ContextVar[bool] = ContextVar("unmasked", default=False)


def packed_attention(
    module: torch.nn.Module, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None, **options: Any
) -> tuple[Tensor, None]:
    """Attend within each sequence of a row: queries [1, H, T, d], keys and values [1, K, T, d] → [1, T, H, d]."""
    segments: Sequence[int] | None = options.pop("segments", None)
    if segments is None:
        found: tuple[Tensor, None] = sdpa_attention_forward(module, query, key, value, attention_mask, **options)
        return found
    # Views, not copies. Lengths come as numbers from the CPU: reading them off a tensor would wait for the GPU.
    pieces = [torch.split(part, list(segments), dim=2) for part in (query, key, value)]
    grouped = query.shape[1] != key.shape[1]
    dropout, scale = options.get("dropout") or 0.0, options.get("scaling")
    attended = [
        scaled_dot_product_attention(q, k, v, dropout_p=dropout, is_causal=True, scale=scale, enable_gqa=grouped)
        for q, k, v in zip(*pieces, strict=True)
    ]
    return torch.cat(attended, dim=2).transpose(1, 2).contiguous(), None


def packed_mask(*arguments: Any, **options: Any) -> Tensor | None:
    """Return no mask while a packed row runs, and the mask of `sdpa` otherwise."""
    mask: Tensor | None = None if _unmasked.get() else sdpa_mask(*arguments, **options)
    return mask


@contextmanager
def unmasked() -> Iterator[None]:
    """Keep forward passes inside the block from making a mask; their layers get `segments` instead."""
    # A context variable, since transformers makes the mask in a call that carries no options of ours.
    token = _unmasked.set(True)
    try:
        yield
    finally:
        _unmasked.reset(token)


def suits(config: PretrainedConfig) -> bool:
    """Return True if every layer has full causal attention without windows, caps or other extras."""
    # A window or a cap on scores would have to be applied here too; such models keep their own attention.
    kinds = set(getattr(config, "layer_types", None) or ["full_attention"])
    windowed = getattr(config, "sliding_window", None) and getattr(config, "use_sliding_window", True)
    return kinds == {"full_attention"} and not windowed and getattr(config, "attn_logit_softcapping", None) is None


AttentionInterface.register(NAME, packed_attention)
AttentionMaskInterface.register(NAME, packed_mask)
