"""Hidden states and the head → log-prob and entropy of each action token, without ever holding [tokens × vocabulary].

Logits exist a tile at a time (some tokens by some vocabulary), in float32, folded into an online logsumexp. The slope
of a token's log-prob by its hidden state is head[target] − Σ p·head, and the mean of the head under the softmax is what
attention computes, the head being keys and values: the same sweep adds it up, and backward only scales the slope by the
token's gradient. So a head that does not learn is swept once; one that does is swept a second time, its softmax
computed again. Ours; fused cross-entropies do as much for one weight per batch, here every token has its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn.functional import embedding

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
    learning = torch.is_grad_enabled() and hidden.requires_grad
    logprob, entropy = apply(hidden, head, bias, targets, chunk, 1.0 / temperature, learning)
    return Scores(logprob, entropy)


class _TokenScores(torch.autograd.Function):
    """(hidden, head, bias) → (log-prob, entropy); only the first has a gradient."""

    @staticmethod
    def forward(
        ctx: Any,
        hidden: Tensor,
        head: Tensor,
        bias: Tensor | None,
        targets: Tensor,
        chunk: int,
        scale: float,
        learning: bool,
    ) -> tuple[Tensor, Tensor]:
        tiles = _Tiles(hidden, head, bias, chunk, scale)
        lse = torch.full_like(targets, -torch.inf, dtype=tiles.dtype)
        mean, chosen = torch.zeros_like(lse), torch.full_like(lse, torch.nan)
        mean_head = torch.zeros_like(hidden, dtype=tiles.dtype) if learning else None
        for columns, entries in tiles.columns():
            for rows, z in tiles.logits(columns, entries):
                at, inside = _positions(targets[rows], columns)
                chosen[rows] = torch.where(inside, z.gather(1, at).squeeze(1), chosen[rows])
                peak, e, total = _exponentials(z, tiles.spare)
                tile_lse = peak + total.log()
                both = torch.logaddexp(lse[rows], tile_lse)
                kept, added = (lse[rows] - both).exp(), (tile_lse - both).exp() / total
                mean[rows] = mean[rows] * kept + (torch.linalg.vecdot(e, z) + peak * total) * added
                if mean_head is not None:
                    product = e.to(entries.dtype) @ entries
                    mean_head[rows] = mean_head[rows] * kept[:, None] + product * added[:, None]
                lse[rows] = both
        entropy = lse - mean
        ctx.mark_non_differentiable(entropy)
        _keep(ctx, (hidden, head, bias, targets), chosen, lse, mean_head)
        ctx.chunk, ctx.scale = chunk, scale
        return chosen - lse, entropy

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
        slope, lse, hidden, head, bias, targets = ctx.saved_tensors
        weight = grad * ctx.scale
        into_hidden = None if slope is None else (slope * weight[:, None]).to(slope.dtype)
        into_head, into_bias = None, None
        if lse is not None:
            tiles = _Tiles(hidden, head, bias, ctx.chunk, ctx.scale)
            into_head, into_bias = _into_head(tiles, targets, lse, weight)
        return into_hidden, into_head, into_bias, None, None, None, None


def _keep(
    ctx: Any,
    inputs: tuple[Tensor, Tensor, Tensor | None, Tensor],
    chosen: Tensor,
    lse: Tensor,
    mean_head: Tensor | None,
) -> None:
    """What backward needs: the slope by each hidden state, and the inputs where the head has a gradient of its own."""
    hidden, head, bias, targets = inputs
    slope = None
    if mean_head is not None:
        own = embedding(targets.clamp(0, len(head) - 1), head)
        slope = (own - mean_head).masked_fill_(chosen.isnan()[:, None], torch.nan).to(hidden.dtype)
    if any(ctx.needs_input_grad[1:3]):
        ctx.save_for_backward(slope, lse, hidden, head, bias, targets)
    else:
        ctx.save_for_backward(slope, None, None, None, None, None)


def _into_head(tiles: _Tiles, targets: Tensor, lse: Tensor, weight: Tensor) -> tuple[Tensor, Tensor | None]:
    """Gradients of head [V, d] and bias [V]: Σ weight·(1[target] − p) ⊗ hidden over the tokens."""
    into_head = torch.empty_like(tiles.head)
    into_bias = None if tiles.bias is None else torch.empty_like(tiles.bias)
    for columns, entries in tiles.columns():
        total = torch.zeros_like(entries, dtype=tiles.dtype)
        plain = total.new_zeros(len(entries))
        for rows, z in tiles.logits(columns, entries):
            at, inside = _positions(targets[rows], columns)
            slope = z.sub_(lse[rows, None]).exp_().mul_(-weight[rows, None])
            slope.scatter_add_(1, at, (weight[rows] * inside)[:, None])
            plain += slope.sum(0)
            if total.dtype == entries.dtype:
                total.addmm_(slope.T, tiles.states(rows))
            else:
                total += slope.to(entries.dtype).T @ tiles.states(rows)
        into_head[columns] = total
        if into_bias is not None:
            into_bias[columns] = plain
    return into_head, into_bias


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


def _slices(size: int, step: int) -> list[slice]:
    return [slice(start, min(start + step, size)) for start in range(0, size, step)]


def _positions(targets: Tensor, columns: slice) -> tuple[Tensor, Tensor]:
    """Where each target stands in a tile, [rows, 1], and whether it does."""
    at = targets - columns.start
    width = columns.stop - columns.start
    return at.clamp(0, width - 1)[:, None], (at >= 0) & (at < width)


def _exponentials(z: Tensor, spare: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Largest logit of each row, e^(z − it) and its sum; the logits are left less the largest."""
    peak = z.amax(1)
    z -= peak[:, None]
    e = torch.exp(z, out=spare[: z.numel()].view_as(z))
    return peak, e, e.sum(1)
