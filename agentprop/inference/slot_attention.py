"""One row of tokens from many conversations → attention of each token to what its own slot of a cache holds.

So a pass has no padding: the next token of every reply under way and whole prompts stand side by side. Registered with
transformers as an attention implementation that is in force only during a pass; the model may be somebody else's.
Tokens that are decoded (one per slot) are attended to together, in two batched products over views of the cache: on a
CPU several times as fast as the general kernels, which copy keys and values or walk them in an unlucky order.
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
"""Name of the implementation among transformers' own."""


@dataclass(frozen=True)
class Piece:
    """Tokens of one slot that are prefilled."""

    slot: int
    """Slot they belong to."""
    start: int
    """Position of the first one."""
    count: int
    """How many they are."""


@dataclass(frozen=True)
class Pass:
    """One forward pass over T tokens: D that are decoded, in the order of their slots, and then those of the pieces."""

    slots_T: Tensor
    """Slot of each token."""
    positions_T: Tensor
    """Its position there."""
    span: int
    """Slots 0 … span − 1 are read for the tokens that are decoded."""
    reach_S: Tensor
    """Last position that is seen in each of them."""
    length: int
    """Positions that are read of them."""
    decoded: int
    """D."""
    pieces: tuple[Piece, ...]
    """What is prefilled."""
    _biases: dict[tuple[int, int, int | None], Tensor] = field(default_factory=dict, compare=False)

    @classmethod
    def alone(cls, count: int, device: torch.device) -> Self:
        """The first tokens of slot 0 and nothing else."""
        slots_T, positions_T = torch.zeros(count, dtype=torch.long, device=device), torch.arange(count, device=device)
        return cls(slots_T, positions_T, 0, slots_T[:0], 0, 0, (Piece(0, 0, count),))

    def bias(self, groups: int, window: int | None, dtype: torch.dtype) -> Tensor:
        """Additive mask [span · groups, 1, length] of the tokens that are decoded."""
        return self._kept((-1, groups, window), self.reach_S[:, None], self.length, groups, dtype)

    def piece_bias(self, number: int, window: int | None, dtype: torch.dtype) -> Tensor | None:
        """Additive mask [count, start + count] of a piece; None where it is plainly causal."""
        piece = self.pieces[number]
        end = piece.start + piece.count
        if piece.start == 0 and (window is None or end <= window):
            return None
        reach_C1 = torch.arange(piece.start, end, device=self.reach_S.device)[:, None]
        return self._kept((number, 1, window), reach_C1, end, 1, dtype)[:, 0]

    def _kept(
        self, key: tuple[int, int, int | None], reach_R1: Tensor, length: int, groups: int, dtype: torch.dtype
    ) -> Tensor:
        """Made once for all layers that ask for the same."""
        if key not in self._biases:
            distance_RL = reach_R1 - torch.arange(length, device=reach_R1.device)
            hidden_RL = distance_RL < 0 if key[2] is None else (distance_RL < 0) | (distance_RL >= key[2])
            bias_RL = torch.zeros_like(hidden_RL, dtype=dtype).masked_fill_(hidden_RL, torch.finfo(dtype).min)
            self._biases[key] = bias_RL.repeat_interleave(groups, 0)[:, None]
        return self._biases[key]


_now: ContextVar[Pass] = ContextVar("pass")


@contextmanager
def passing(model: nn.Module, now: Pass) -> Iterator[None]:
    """Inside, a model attends as `now` says."""
    config: Any = model.config
    config = config.get_text_config()
    before, config._attn_implementation = config._attn_implementation, NAME
    token = _now.set(now)
    try:
        yield
    finally:
        _now.reset(token)
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
    """Queries [1, H, T, d], the whole cache of a layer [S, K, length, d] → [1, T, H, d]."""
    if softcap is not None or s_aux is not None:
        raise ConfigError(
            "a model with capped attention scores or attention sinks cannot be sampled in process",
            hint='serve it: MODEL@BASE_URL, or engine = "vllm"',
        )
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    return attention(_now.get(), query[0].transpose(0, 1), key, value, scale, sliding_window)[None], None


AttentionInterface.register(NAME, attend)


def attention(
    now: Pass, query_THd: Tensor, key: Tensor, value: Tensor, scale: float, window: int | None = None
) -> Tensor:
    """Each query attends to its own slot of the cache [S, K, length, d], up to its own position → [T, H, d]."""
    found = [_decoded(now, query_THd[: now.decoded], key, value, scale, window)] if now.decoded else []
    at = now.decoded
    for number, piece in enumerate(now.pieces):
        found.append(_prefilled(now, number, query_THd[at : at + piece.count], key, value, scale, window))
        at += piece.count
    if at < len(query_THd):  # tokens that only fill the pass up
        found.append(value.new_zeros(len(query_THd) - at, query_THd.shape[1], value.shape[-1]))
    return found[0] if len(found) == 1 else torch.cat(found)


def _decoded(now: Pass, query_DHd: Tensor, key: Tensor, value: Tensor, scale: float, window: int | None) -> Tensor:
    """One query per slot → [D, H, d]."""
    decoded, heads, width = query_DHd.shape
    groups = key.shape[1]
    if decoded < now.span:
        query_DHd = query_DHd.new_zeros(now.span, heads, width).index_copy_(0, now.slots_T[:decoded], query_DHd)
    query_NGd = query_DHd.reshape(now.span * groups, heads // groups, width)
    key_NLd = key[: now.span, :, : now.length].flatten(0, 1)
    value_NLd = value[: now.span, :, : now.length].flatten(0, 1)
    bias_NGL = now.bias(groups, window, query_NGd.dtype).expand(-1, heads // groups, -1)
    scores_NGL = torch.baddbmm(bias_NGL, query_NGd, key_NLd.mT, alpha=scale)
    out_SHd = torch.bmm(scores_NGL.softmax(-1), value_NLd).view(now.span, heads, -1)
    return out_SHd if decoded == now.span else out_SHd[now.slots_T[:decoded]]


def _prefilled(
    now: Pass, number: int, query_CHd: Tensor, key: Tensor, value: Tensor, scale: float, window: int | None
) -> Tensor:
    """The queries of a piece → [C, H, d]."""
    piece = now.pieces[number]
    rows, end = slice(piece.slot, piece.slot + 1), piece.start + piece.count
    bias = now.piece_bias(number, window, query_CHd.dtype)
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
