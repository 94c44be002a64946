"""Hidden states and the head → log-prob and entropy of each action token, without ever holding [tokens × vocabulary].

Logits exist a tile at a time (some tokens by some vocabulary), in float32, folded into an online logsumexp. Backward
recomputes each tile's softmax and multiplies it with the incoming gradient of each token, which for a loss linear in
log π is a weighted cross-entropy: the head runs twice, the body of the model once, and what is kept between the passes
is two numbers a token. Ours; the tiling is that of fused cross-entropies, with a weight per token, which they lack.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

VOCABULARY_TILE = 8192
"""Vocabulary entries of a tile."""


class Scores(NamedTuple):
    """What a policy says of the action tokens."""

    logprob: Tensor
    """log π of each target, nats, [A], float32 (float64 from float64), with its graph."""
    entropy: Tensor
    """Entropy of each distribution, nats, [A], detached."""


def token_scores(
    hidden: Tensor,
    head: Tensor,
    targets: Tensor,
    *,
    chunk: int = 512,
    bias: Tensor | None = None,
    temperature: float = 1.0,
) -> Scores:
    """Log-probs of `targets` [A] under softmax((hidden·headᵀ + bias)/temperature), `hidden` [A, d], `head` [V, d].

    `hidden` holds the states that *predict* the targets. Gradients reach hidden, head and bias, as far as they ask for
    them. `chunk` tokens by VOCABULARY_TILE entries are the largest thing that ever exists.
    """
    apply = cast(Any, _TokenScores.apply)
    logprob, entropy = apply(hidden, head, bias, targets, chunk, 1.0 / temperature)
    return Scores(logprob, entropy)


class _TokenScores(torch.autograd.Function):
    """(hidden, head, bias) → (log-prob, entropy); only the first has a gradient."""

    @staticmethod
    def forward(
        ctx: Any, hidden: Tensor, head: Tensor, bias: Tensor | None, targets: Tensor, chunk: int, scale: float
    ) -> tuple[Tensor, Tensor]:
        tiles = _Tiles.over(hidden, head, bias, chunk, scale)
        lse = hidden.new_full((len(targets),), -torch.inf, dtype=tiles.dtype)
        mean, chosen = torch.zeros_like(lse), torch.zeros_like(lse)
        for rows, columns, z in tiles:
            at, inside = _positions(targets[rows], columns)
            chosen[rows] += z.gather(1, at).squeeze(1) * inside
            tile_lse, tile_mean = _statistics(z, tiles.spare)
            both = torch.logaddexp(lse[rows], tile_lse)
            mean[rows] = mean[rows] * (lse[rows] - both).exp() + tile_mean * (tile_lse - both).exp()
            lse[rows] = both
        ctx.save_for_backward(hidden, head, bias, targets, lse)
        ctx.chunk, ctx.scale = chunk, scale
        entropy = lse - mean
        ctx.mark_non_differentiable(entropy)
        return chosen - lse, entropy

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
        hidden, head, bias, targets, lse = ctx.saved_tensors
        need_hidden, need_head, need_bias = ctx.needs_input_grad[:3]
        tiles = _Tiles.over(hidden, head, bias, ctx.chunk, ctx.scale)
        into_hidden = torch.zeros_like(hidden, dtype=tiles.dtype) if need_hidden else None
        into_head = torch.zeros_like(head, dtype=tiles.dtype) if need_head else None
        into_bias = torch.zeros_like(bias, dtype=tiles.dtype) if need_bias else None
        weight = grad * ctx.scale
        for rows, columns, z in tiles:
            at, inside = _positions(targets[rows], columns)
            slope = z.sub_(lse[rows, None]).exp_().mul_(-weight[rows, None])
            slope.scatter_add_(1, at, (weight[rows] * inside)[:, None])
            cast_slope = slope.to(hidden.dtype)
            if into_hidden is not None:
                into_hidden[rows] += cast_slope @ head[columns]
            if into_head is not None:
                into_head[columns] += cast_slope.T @ hidden[rows]
            if into_bias is not None:
                into_bias[columns] += slope.sum(0)
        return (
            None if into_hidden is None else into_hidden.to(hidden.dtype),
            None if into_head is None else into_head.to(head.dtype),
            None if into_bias is None else into_bias.to(bias.dtype),
            None, None, None,
        )  # fmt: skip


@dataclass
class _Tiles:
    """The logits, tile by tile: (rows, columns, float32 logits of the tile, which the next tile overwrites)."""

    hidden: Tensor
    head: Tensor
    bias: Tensor | None
    chunk: int
    scale: float
    buffer: Tensor
    spare: Tensor
    """A second buffer of the same size."""

    @classmethod
    def over(cls, hidden: Tensor, head: Tensor, bias: Tensor | None, chunk: int, scale: float) -> _Tiles:
        size = min(chunk, len(hidden)) * min(VOCABULARY_TILE, len(head))
        dtype = torch.float64 if hidden.dtype == torch.float64 else torch.float32
        buffer, spare = hidden.new_empty(2, size, dtype=dtype)
        return cls(hidden, head, bias, chunk, scale, buffer, spare)

    @property
    def dtype(self) -> torch.dtype:
        """What is accumulated in."""
        return self.buffer.dtype

    def __iter__(self) -> Iterator[tuple[slice, slice, Tensor]]:
        for rows in _slices(len(self.hidden), self.chunk):
            for columns in _slices(len(self.head), VOCABULARY_TILE):
                yield rows, columns, self._logits(rows, columns)

    def _logits(self, rows: slice, columns: slice) -> Tensor:
        states, entries = self.hidden[rows], self.head[columns]
        z = self.buffer[: len(states) * len(entries)].view(len(states), len(entries))
        if states.dtype == z.dtype:
            torch.mm(states, entries.T, out=z)
        else:
            z.copy_(states @ entries.T)
        if self.bias is not None:
            z += self.bias[columns]
        return z if self.scale == 1.0 else z.mul_(self.scale)


def _slices(size: int, step: int) -> list[slice]:
    return [slice(start, min(start + step, size)) for start in range(0, size, step)]


def _positions(targets: Tensor, columns: slice) -> tuple[Tensor, Tensor]:
    """Where each target stands in a tile, [rows, 1], and whether it does."""
    at = targets - columns.start
    width = columns.stop - columns.start
    return at.clamp(0, width - 1)[:, None], (at >= 0) & (at < width)


def _statistics(z: Tensor, spare: Tensor) -> tuple[Tensor, Tensor]:
    """logsumexp and softmax-weighted mean of each row of logits, which are overwritten."""
    peak = z.amax(1)
    z -= peak[:, None]
    e = torch.exp(z, out=spare[: z.numel()].view_as(z))
    total = e.sum(1)
    return peak + total.log(), peak + torch.linalg.vecdot(e, z) / total
