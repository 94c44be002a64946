"""Hidden states and the head → log-prob and entropy of each action token, without a tensor of [tokens × vocabulary].

Logits exist one tile at a time (some tokens by some of the vocabulary), in float32, and are folded into a running
logsumexp. For one token with logits 1, 2, 0, 3, the last one its target, and tiles of two entries:

    tile              logsumexp of the tile   logsumexp so far   mean logit so far
    1, 2              log(e¹ + e²) = 2.3133             2.3133              1.7311
    0, 3              log(e⁰ + e³) = 3.0486             3.4402              2.4927

    log-prob = 3 − 3.4402 = −0.4402 nats,   entropy = logsumexp − mean logit = 0.9475 nats

The derivative of a token's log-prob by its hidden state is head[target] − Σ p·head. That mean of the head under the
softmax is what attention computes with the head as keys and values, so the same sweep adds it up, and backward only
scales the result by the token's gradient. A frozen head is swept once; a trained head is swept a second time, which
computes its softmax again. The algorithm is ours: fused cross-entropies support one weight per batch, and here every
token has its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn.functional import embedding

TILE = {"cpu": 4096}
"""Vocabulary entries of a tile by kind of device: on a CPU a tile must fit into its cache."""
LARGE_TILE = 32_768
"""Vocabulary entries of a tile on other devices, large enough to keep them busy."""


class Scores(NamedTuple):
    """Log-probs and entropies of action tokens under a policy."""

    logprob: Tensor
    """log π of each target in nats, [A], float32 (float64 for float64 input), with its graph."""
    entropy: Tensor
    """Entropy of each distribution in nats, [A], detached."""
    proxy: Tensor | None = None
    """Log-prob of each target in nats under the distribution without its noise, [A]; None if not asked for."""


def token_scores(
    hidden: Tensor,
    head: Tensor,
    targets: Tensor,
    *,
    chunk: int = 512,
    bias: Tensor | None = None,
    temperature: float = 1.0,
) -> Scores:
    """Score `targets` [A] under softmax((hidden·headᵀ + bias)/temperature), `hidden` [A, d], `head` [V, d], `bias` [V].

    `hidden` holds the states that *predict* the targets; a target outside the vocabulary has log-prob NaN. Gradients
    reach hidden, head and bias if they require them. At any time only two tiles of `chunk` tokens by TILE entries of
    the logits exist. A CPU multiplies in float32; elsewhere bfloat16 logits are rounded to bfloat16 before they become
    float32, as in the model's own forward pass.
    """
    apply = cast(Any, _TokenScores.apply)
    learning = torch.is_grad_enabled() and hidden.requires_grad
    logprob, entropy = apply(hidden, head, bias, targets, chunk, 1.0 / temperature, learning)
    return Scores(logprob, entropy)


@torch.no_grad()
def min_p_logprobs(
    hidden: Tensor, head: Tensor, targets: Tensor, min_p: float, *, chunk: int = 512, bias: Tensor | None = None
) -> Tensor:
    """Score `targets` [A] under the softmax without its noise: log-probs [A] in nats, −∞ for what is noise itself.

    Noise is every entry with less than `min_p` times the probability of the likeliest; the rest is normalised again.
    Two sweeps over the head, because the threshold is known only after the first. Shapes as in `token_scores`.

        p       0.80     0.15     0.04     0.01      min_p = 0.02: the threshold is 0.016
        proxy   0.8081   0.1515   0.0404   0
    """
    tiles = _Tiles(hidden, head, bias, chunk, 1.0)
    peak = torch.full_like(targets, -torch.inf, dtype=tiles.dtype)
    for columns, entries in tiles.columns():
        for rows, z in tiles.logits(columns, entries):
            peak[rows] = torch.maximum(peak[rows], z.amax(1))
    floor, kept, chosen = peak + math.log(min_p), torch.zeros_like(peak), torch.full_like(peak, torch.nan)
    for columns, entries in tiles.columns():
        for rows, z in tiles.logits(columns, entries):
            at, inside = _positions(targets[rows], columns)
            chosen[rows] = torch.where(inside, z.gather(1, at).squeeze(1), chosen[rows])
            kept[rows] += ((z - peak[rows, None]).exp() * (z >= floor[rows, None])).sum(1)
    return torch.where(chosen < floor, -torch.inf, chosen - peak - kept.log())


class _TokenScores(torch.autograd.Function):
    """(hidden, head, bias) → (log-prob, entropy); only the log-prob has a gradient."""

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
        # Vocabulary in the outer loop: a slice of the head is cast once and then used for all tokens.
        for columns, entries in tiles.columns():
            for rows, z in tiles.logits(columns, entries):
                at, inside = _positions(targets[rows], columns)
                chosen[rows] = torch.where(inside, z.gather(1, at).squeeze(1), chosen[rows])
                # From here on z holds the logits less their peak, so nothing overflows.
                peak, e, total = _exponentials(z, tiles.spare)
                tile_lse = peak + total.log()
                both = torch.logaddexp(lse[rows], tile_lse)
                # Weights of the old means and of this tile's sums in the new means: their shares of the softmax so far.
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
        # The sweep of the forward pass left the whole derivative: nothing is computed again for the hidden states.
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
    """Save what backward needs: the derivative by each hidden state, and the inputs if head or bias are trained."""
    hidden, head, bias, targets = inputs
    slope = None
    if mean_head is not None:
        # `chosen` is NaN for targets outside the vocabulary: clamp them here, and let the NaN through below.
        own = embedding(targets.clamp(0, len(head) - 1), head)
        slope = (own - mean_head).masked_fill_(chosen.isnan()[:, None], torch.nan).to(hidden.dtype)
    if any(ctx.needs_input_grad[1:3]):
        ctx.save_for_backward(slope, lse, hidden, head, bias, targets)
    else:
        ctx.save_for_backward(slope, None, None, None, None, None)


def _into_head(tiles: _Tiles, targets: Tensor, lse: Tensor, weight: Tensor) -> tuple[Tensor, Tensor | None]:
    """Return the gradients of head [V, d] and bias [V]: Σ weight·(1[target] − p) ⊗ hidden over the tokens."""
    into_head = torch.empty_like(tiles.head)
    into_bias = None if tiles.bias is None else torch.empty_like(tiles.bias)
    for columns, entries in tiles.columns():
        total = torch.zeros_like(entries, dtype=tiles.dtype)
        plain = total.new_zeros(len(entries))
        for rows, z in tiles.logits(columns, entries):
            at, inside = _positions(targets[rows], columns)
            # −weight·p in place of the logits, and then weight added at the targets.
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
    """Logits tile by tile, with the vocabulary in the outer loop; each tile overwrites the one before."""

    def __init__(self, hidden: Tensor, head: Tensor, bias: Tensor | None, chunk: int, scale: float) -> None:
        self.hidden, self.head, self.bias, self.chunk, self.scale = hidden, head, bias, chunk, scale
        self.dtype = torch.float64 if hidden.dtype == torch.float64 else torch.float32
        self.operand = self.dtype if hidden.device.type == "cpu" else hidden.dtype
        self.width = TILE.get(hidden.device.type, LARGE_TILE)
        size = min(chunk, len(hidden)) * min(self.width, len(head))
        # Allocated once: the tile itself, and its exponentials.
        self.buffer, self.spare = hidden.new_empty(2, size, dtype=self.dtype)

    def columns(self) -> Iterator[tuple[slice, Tensor]]:
        """Yield slices of the vocabulary with their rows of the head [entries, d]."""
        for columns in _slices(len(self.head), self.width):
            yield columns, self.head[columns].to(self.operand)

    def logits(self, columns: slice, entries: Tensor) -> Iterator[tuple[slice, Tensor]]:
        """Yield slices of the tokens with the logits of the tile [rows, columns]."""
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
        """Return the hidden states of a slice of the tokens [rows, d]."""
        return self.hidden[rows].to(self.operand)


def _slices(size: int, step: int) -> list[slice]:
    return [slice(start, min(start + step, size)) for start in range(0, size, step)]


def _positions(targets: Tensor, columns: slice) -> tuple[Tensor, Tensor]:
    """Return the column of each target in a tile [rows, 1], clamped, and the mask of targets inside it [rows]."""
    at = targets - columns.start
    width = columns.stop - columns.start
    return at.clamp(0, width - 1)[:, None], (at >= 0) & (at < width)


def _exponentials(z: Tensor, spare: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the largest logit of each row, e^(z − largest) and its sum; subtracts the largest from `z` in place."""
    peak = z.amax(1)
    z -= peak[:, None]
    e = torch.exp(z, out=spare[: z.numel()].view_as(z))
    return peak, e, e.sum(1)
