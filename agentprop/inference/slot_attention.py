"""One row of tokens from many conversations → attention of each token to its own slot of a cache.

So a pass needs no padding: the next token of every reply under way and parts of new prompts stand side by side.

    tokens of the row           x    y    h    i          x, y decoded; h, i prefilled after the four tokens of slot 1
    slots_T                     0    2    1    1
    positions_T                 3    5    4    5
    positions attended to     0…3  0…5  0…4  0…5          each in the token's own slot

Here D = 2 tokens are decoded, span = 3 slots are read for them, and the last two tokens are the chunk (slot 1, start 4,
count 2). Decoded tokens, one per slot, take two batched products over views of the cache. On a CPU that is several
times as fast as the general kernels, which copy keys and values or read them in an unfavourable order. Slot 1 is read
along with 0 and 2 and its result thrown away, which costs less than gathering the slots.

Registered with transformers as an attention implementation that is in force only during a pass, because the model may
belong to a trainer. Suffixes name axes: S slots, T tokens, D decoded, C tokens of a chunk, H heads, d head width,
N = span · key heads, G query heads per key head, L positions read.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface

from agentprop.errors import ConfigError

NAME = "slots"
"""Name under which transformers knows the implementation."""


@dataclass(frozen=True)
class PrefillChunk:
    """Consecutive tokens of one slot that a pass prefills."""

    slot: int
    """Slot of the tokens."""
    start: int
    """Position of the first token."""
    count: int
    """Number of tokens."""


@dataclass(frozen=True)
class ForwardPass:
    """Layout of a forward pass over T tokens: D decoded ones in the order of their slots, then those of the chunks."""

    slots_T: Tensor
    """Slot of each token."""
    positions_T: Tensor
    """Position of each token in its slot."""
    span: int
    """Number of slots read for the decoded tokens: 0 … span − 1."""
    reach_S: Tensor
    """Last position attended to in each of those slots."""
    length: int
    """Number of positions read of each of those slots."""
    decoded: int
    """Number of decoded tokens, D."""
    chunks: tuple[PrefillChunk, ...]
    """Chunks of prompts to prefill."""
    _biases: dict[tuple[int, int, int | None], Tensor] = field(default_factory=dict, compare=False)

    @classmethod
    def single(cls, count: int, device: torch.device) -> Self:
        """Lay out a pass over the first tokens of slot 0 and nothing else."""
        slots_T, positions_T = torch.zeros(count, dtype=torch.long, device=device), torch.arange(count, device=device)
        return cls(slots_T, positions_T, 0, slots_T[:0], 0, 0, (PrefillChunk(0, 0, count),))

    def bias(self, groups: int, window: int | None, dtype: torch.dtype) -> Tensor:
        """Return the additive mask [span · groups, 1, length] of the decoded tokens."""
        return self._cached_bias((-1, groups, window), self.reach_S[:, None], self.length, groups, dtype)

    def chunk_bias(self, number: int, window: int | None, dtype: torch.dtype) -> Tensor | None:
        """Return the additive mask [count, start + count] of a chunk; None if plain causal attention is the same."""
        chunk = self.chunks[number]
        end = chunk.start + chunk.count
        if chunk.start == 0 and (window is None or end <= window):
            return None
        reach_C1 = torch.arange(chunk.start, end, device=self.reach_S.device)[:, None]
        return self._cached_bias((number, 1, window), reach_C1, end, 1, dtype)[:, 0]

    def _cached_bias(
        self, key: tuple[int, int, int | None], reach_R1: Tensor, length: int, groups: int, dtype: torch.dtype
    ) -> Tensor:
        """Return the additive mask of R rows, made once for all layers that need the same one."""
        if key not in self._biases:
            distance_RL = reach_R1 - torch.arange(length, device=reach_R1.device)
            hidden_RL = distance_RL < 0 if key[2] is None else (distance_RL < 0) | (distance_RL >= key[2])
            # Finite instead of −inf, so that no sum or softmax can become NaN.
            bias_RL = torch.zeros_like(hidden_RL, dtype=dtype).masked_fill_(hidden_RL, torch.finfo(dtype).min)
            self._biases[key] = bias_RL.repeat_interleave(groups, 0)[:, None]
        return self._biases[key]


_current: ContextVar[ForwardPass] = ContextVar("pass")


@contextmanager
def use_slot_attention(model: nn.Module, current: ForwardPass) -> Iterator[None]:
    """Let a model attend as `current` lays out, inside the block."""
    config: Any = model.config
    config = config.get_text_config()
    # Set for the block only: outside it a trainer uses the model with its own attention.
    before, config._attn_implementation = config._attn_implementation, NAME
    token = _current.set(current)
    try:
        yield
    finally:
        _current.reset(token)
        config._attn_implementation = before


def attend(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    _: Tensor | None,
    *,
    scaling: float | None = None,
    sliding_window: int | None = None,
    softcap: float | None = None,
    s_aux: Tensor | None = None,
    **__: Any,
) -> tuple[Tensor, None]:
    """Attend, as transformers calls it: queries [1, H, T, d], cache of a layer [S, K, length, d] → [1, T, H, d].

    Raises ConfigError for models that need more than scaled dot products.
    """
    if softcap is not None or s_aux is not None:
        raise ConfigError(
            "a model with capped attention scores or attention sinks cannot be sampled in process",
            hint='run it on a server: MODEL@BASE_URL, or engine = "vllm"',
        )
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    return attention(_current.get(), query[0].transpose(0, 1), key, value, scale, sliding_window)[None], None


AttentionInterface.register(NAME, attend)


def attention(
    current: ForwardPass, query_THd: Tensor, key: Tensor, value: Tensor, scale: float, window: int | None = None
) -> Tensor:
    """Attend from each query to its own slot of the cache [S, K, length, d], up to its own position → [T, H, d]."""
    found = [_decoded(current, query_THd[: current.decoded], key, value, scale, window)] if current.decoded else []
    at = current.decoded
    for number, chunk in enumerate(current.chunks):
        found.append(_prefilled(current, number, query_THd[at : at + chunk.count], key, value, scale, window))
        at += chunk.count
    if at < len(query_THd):  # padding tokens
        found.append(value.new_zeros(len(query_THd) - at, query_THd.shape[1], value.shape[-1]))
    return found[0] if len(found) == 1 else torch.cat(found)


def _decoded(
    current: ForwardPass, query_DHd: Tensor, key: Tensor, value: Tensor, scale: float, window: int | None
) -> Tensor:
    """Attend from one query per slot → [D, H, d]."""
    decoded, heads, width = query_DHd.shape
    groups = key.shape[1]
    if decoded < current.span:
        # Some slots in the span are not decoded: leave their rows zero, to use the cache without copying it.
        query_DHd = query_DHd.new_zeros(current.span, heads, width).index_copy_(0, current.slots_T[:decoded], query_DHd)
    # One product per (slot, key head), with the query heads that share that key head as rows.
    query_NGd = query_DHd.reshape(current.span * groups, heads // groups, width)
    key_NLd = key[: current.span, :, : current.length].flatten(0, 1)
    value_NLd = value[: current.span, :, : current.length].flatten(0, 1)
    bias_NGL = current.bias(groups, window, query_NGd.dtype).expand(-1, heads // groups, -1)
    scores_NGL = torch.baddbmm(bias_NGL, query_NGd, key_NLd.mT, alpha=scale)
    out_SHd = torch.bmm(scores_NGL.softmax(-1), value_NLd).view(current.span, heads, -1)
    return out_SHd if decoded == current.span else out_SHd[current.slots_T[:decoded]]


def _prefilled(
    current: ForwardPass, number: int, query_CHd: Tensor, key: Tensor, value: Tensor, scale: float, window: int | None
) -> Tensor:
    """Attend from the queries of a chunk → [C, H, d]."""
    chunk = current.chunks[number]
    rows, end = slice(chunk.slot, chunk.slot + 1), chunk.start + chunk.count
    # From position 0 the kernel's own causal mask is right; further on it would align the queries with the first keys.
    bias = current.chunk_bias(number, window, query_CHd.dtype)
    out = scaled_dot_product_attention(
        query_CHd.transpose(0, 1)[None],
        key[rows, :, :end],
        value[rows, :, :end],
        attn_mask=bias,
        is_causal=bias is None,
        scale=scale,
        enable_gqa=key.shape[1] != query_CHd.shape[1],
    )
    return out[0].transpose(0, 1)
