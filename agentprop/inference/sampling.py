"""Logits and one uniform number per row → sampled tokens and the model's log-probs of them.

The uniform number of a token is a hash of (key of its request, position). So a request's tokens depend neither on the
other rows nor on what was sampled before. Tokens are drawn by inverting the cumulative distribution.
"""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Uint64s = npt.NDArray[np.uint64]
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
"""Constants of SplitMix64 (Steele, Lea and Flood 2014), a bijection of 64 bits that passes BigCrush as a generator."""


def key_of(seed: int, sample: int, prompt: npt.NDArray[np.int64]) -> int:
    """Hash a request to 64 bits."""
    head = f"{seed} {sample} ".encode()
    return int.from_bytes(hashlib.blake2b(head + prompt.tobytes(), digest_size=8).digest(), "little")


def uniforms(keys_B: Uint64s, positions_B: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return one number in [0, 1) for each row."""
    with np.errstate(over="ignore"):
        z = keys_B + (positions_B.astype(np.uint64) + np.uint64(1)) * GOLDEN
        z = (z ^ (z >> np.uint64(30))) * MIX[0]
        z = (z ^ (z >> np.uint64(27))) * MIX[1]
        z = z ^ (z >> np.uint64(31))
    fractions_B: npt.NDArray[np.float64] = (z >> np.uint64(12)) * 2.0**-52
    return fractions_B


def draw(logits_BV: Tensor, uniforms_B: Tensor, temperature_B: Tensor, top_p_B: Tensor) -> tuple[Tensor, Tensor]:
    """Draw tokens [B]; return them with the model's own log-probs [B], at temperature 1 and without a nucleus.

    Temperature 0 is greedy. The nucleus holds the most likely tokens, up to the one at which `top_p` is reached.
    """
    logprobs_BV = torch.log_softmax(logits_BV.float(), -1)
    greedy_B = temperature_B == 0
    if bool(greedy_B.all()):
        tokens_B = logprobs_BV.argmax(-1)
    else:
        tokens_B = _drawn(logprobs_BV, uniforms_B, temperature_B.masked_fill(greedy_B, 1.0), top_p_B)
        if bool(greedy_B.any()):
            tokens_B = torch.where(greedy_B, logprobs_BV.argmax(-1), tokens_B)
    return tokens_B, logprobs_BV.gather(1, tokens_B[:, None])[:, 0]


def annealed_logprobs(logits_BV: Tensor, tokens_B: Tensor, temperature_B: Tensor) -> Tensor:
    """Return the log-probs [B] of the distribution that tokens were drawn from: log softmax(z/τ), τ > 0."""
    scaled_BV = torch.log_softmax(logits_BV.float() / temperature_B[:, None], -1)
    return scaled_BV.gather(1, tokens_B[:, None])[:, 0]


def _drawn(logprobs_BV: Tensor, uniforms_B: Tensor, temperature_B: Tensor, top_p_B: Tensor) -> Tensor:
    if bool((temperature_B != 1).any()):
        logprobs_BV = logprobs_BV / temperature_B[:, None]
        logprobs_BV = logprobs_BV - logprobs_BV.amax(-1, keepdim=True)
    weights_BV = logprobs_BV.exp()
    if bool((top_p_B < 1).all()):
        return _from_nucleus(weights_BV, uniforms_B, top_p_B)
    tokens_B = _inverted(weights_BV.cumsum(-1, dtype=torch.float64), uniforms_B)
    if bool((top_p_B < 1).any()):
        tokens_B = torch.where(top_p_B < 1, _from_nucleus(weights_BV, uniforms_B, top_p_B), tokens_B)
    return tokens_B


def _from_nucleus(weights_BV: Tensor, uniforms_B: Tensor, top_p_B: Tensor) -> Tensor:
    sorted_BV, order_BV = weights_BV.sort(stable=True, dim=-1, descending=True)
    sums_BV = sorted_BV.cumsum(-1, dtype=torch.float64)
    before_BV = sums_BV - sorted_BV
    inside_BV = before_BV < top_p_B[:, None] * sums_BV[:, -1:]
    sums_BV = (sorted_BV * inside_BV).cumsum(-1, dtype=torch.float64)
    return order_BV.gather(1, _inverted(sums_BV, uniforms_B)[:, None])[:, 0]


def _inverted(sums_BV: Tensor, uniforms_B: Tensor) -> Tensor:
    """Return the first token whose cumulative weight exceeds the uniform share of the total."""
    wanted_B1 = uniforms_B[:, None] * sums_BV[:, -1:]
    found_B1: Tensor = torch.searchsorted(sums_BV, wanted_B1, right=True)
    return found_B1[:, 0].clamp_(max=sums_BV.shape[-1] - 1)
