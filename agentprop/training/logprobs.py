"""Hidden states and the head → log-prob and entropy of each action token, without ever holding [tokens × vocabulary].

Logits exist a tile at a time (some tokens by some vocabulary), in float32, folded into an online logsumexp. Backward
recomputes each tile's softmax and multiplies it with the incoming gradient of each token, which for a loss linear in
log π is a weighted cross-entropy: the head runs twice, the body of the model once, and what is kept between the passes
is two numbers a token. Ours; the tiling is that of fused cross-entropies, with a weight per token, which they lack.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

TILE = {"cpu": 4096}
"""Vocabulary entries of a tile by kind of device: a CPU's stays in its cache, a larger one keeps others busy."""
LARGE_TILE = 32_768


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

    `hidden` holds the states that *predict* the targets; a target outside the vocabulary has log-prob NaN. Gradients
    reach hidden, head and bias, as far as they ask for them. All that exists of the logits is two tiles of `chunk`
    tokens by TILE entries. A CPU multiplies in float32; elsewhere bfloat16 logits are rounded to bfloat16 before they
    become float32, as in the model's own forward.
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
        tiles = _Tiles(hidden, head, bias, chunk, scale)
        lse = torch.full_like(targets, -torch.inf, dtype=tiles.dtype)
        mean, chosen = torch.zeros_like(lse), torch.full_like(lse, torch.nan)
        for columns, entries in tiles.columns():
            for rows, z in tiles.logits(columns, entries):
                at, inside = _positions(targets[rows], columns)
                chosen[rows] = torch.where(inside, z.gather(1, at).squeeze(1), chosen[rows])
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
        tiles = _Tiles(hidden, head, bias, ctx.chunk, ctx.scale)
        into_hidden = torch.zeros_like(hidden, dtype=tiles.dtype) if need_hidden else None
        into_head = torch.empty_like(head) if need_head else None
        into_bias = torch.zeros_like(bias, dtype=tiles.dtype) if need_bias else None
        weight = grad * ctx.scale
        for columns, entries in tiles.columns():
            into_entries = torch.zeros_like(entries, dtype=tiles.dtype)
            for rows, z in tiles.logits(columns, entries):
                at, inside = _positions(targets[rows], columns)
                slope = z.sub_(lse[rows, None]).exp_().mul_(-weight[rows, None])
                slope.scatter_add_(1, at, (weight[rows] * inside)[:, None])
                rounded = slope.to(entries.dtype)
                if into_hidden is not None:
                    _add_product(into_hidden[rows], rounded, entries)
                if into_head is not None:
                    _add_product(into_entries, rounded.T, tiles.states(rows))
                if into_bias is not None:
                    into_bias[columns] += slope.sum(0)
            if into_head is not None:
                into_head[columns] = into_entries
        return _as(into_hidden, hidden), into_head, _as(into_bias, bias), None, None, None


class _Tiles:
    """The logits tile by tile, vocabulary outermost; each tile overwrites the one before."""

    def __init__(self, hidden: Tensor, head: Tensor, bias: Tensor | None, chunk: int, scale: float) -> None:
        self.hidden, self.head, self.bias, self.chunk, self.scale = hidden, head, bias, chunk, scale
        self.dtype = torch.float64 if hidden.dtype == torch.float64 else torch.float32
        self.operand = self.dtype if hidden.device.type == "cpu" else hidden.dtype
        self.width = TILE.get(hidden.device.type, LARGE_TILE)
        size = min(chunk, len(hidden)) * min(self.width, len(head))
        self.buffer, self.spare = hidden.new_empty(2, size, dtype=self.dtype)

    def columns(self) -> Iterator[tuple[slice, Tensor]]:
        """Slices of the vocabulary, and their rows of the head."""
        for columns in _slices(len(self.head), self.width):
            yield columns, self.head[columns].to(self.operand)

    def logits(self, columns: slice, entries: Tensor) -> Iterator[tuple[slice, Tensor]]:
        """Slices of the tokens, and the tile's logits, [rows, columns]."""
        for rows in _slices(len(self.hidden), self.chunk):
            states = self.states(rows)
            z = self.buffer[: len(states) * len(entries)].view(len(states), len(entries))
            if self.operand == self.dtype:
                torch.mm(states, entries.T, out=z)
            else:
                z.copy_(states @ entries.T)
            if self.bias is not None:
                z += self.bias[columns]
            yield rows, z if self.scale == 1.0 else z.mul_(self.scale)

    def states(self, rows: slice) -> Tensor:
        """Hidden states of a slice of the tokens."""
        return self.hidden[rows].to(self.operand)


def _as(grad: Tensor | None, of: Tensor) -> Tensor | None:
    return None if grad is None else grad.to(of.dtype)


def _slices(size: int, step: int) -> list[slice]:
    return [slice(start, min(start + step, size)) for start in range(0, size, step)]


def _positions(targets: Tensor, columns: slice) -> tuple[Tensor, Tensor]:
    """Where each target stands in a tile, [rows, 1], and whether it does."""
    at = targets - columns.start
    width = columns.stop - columns.start
    return at.clamp(0, width - 1)[:, None], (at >= 0) & (at < width)


def _add_product(into: Tensor, left: Tensor, right: Tensor) -> None:
    """into += left·right, without a product of its own where the types are one."""
    if into.dtype == left.dtype:
        into.addmm_(left, right)
    else:
        into += left @ right


def _statistics(z: Tensor, spare: Tensor) -> tuple[Tensor, Tensor]:
    """logsumexp and softmax-weighted mean of each row of logits, which are overwritten."""
    peak = z.amax(1)
    z -= peak[:, None]
    e = torch.exp(z, out=spare[: z.numel()].view_as(z))
    total = e.sum(1)
    return peak + total.log(), peak + torch.linalg.vecdot(e, z) / total
