"""A model and the memory of its device → the tokens of a forward pass, the size of the sampler's cache, an estimate.

    fixed        weights, reference, a full copy for sampling if they are sharded
    optimiser    AdamW's two means, and exact copies of weights of lower precision; float32 gradients
    activations  what the backward pass needs of a row, and the logits of a chunk of its tokens
    cache        keys and values of the replies under way

The formula of the activations counts what a decoder layer of the Llama kind keeps per token, by its widths h (hidden),
q (queries), kv (keys, and values) and i (feed-forward): 4(h + q + kv + i) numbers in the precision of the computation,
and 4h + 2(q + kv) in float32, in which norms compute. It is an estimate (ours), which a test compares with what torch
keeps for a small Qwen3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from agentprop.config.training import PACK_TOKENS
from agentprop.training.model.distributed import local_part
from agentprop.training.model.policy import HEAD_CHUNK, PolicyModel

FEWEST_TOKENS = 1024
"""Fewest tokens of a forward pass that a small device is given."""
SHARE = 0.9
"""Share of the free memory that may be planned for; the rest is for what no formula knows."""
CACHE_SHARE = 0.4
"""Share of what is left that the sampler's cache may take: while it grows, the old one and the new one both exist."""
FLOAT = 4
"""Bytes of a float32."""


@dataclass(frozen=True)
class ModelSize:
    """Numbers of a model that its use of memory follows from."""

    weights: int
    """Bytes of this process's weights."""
    whole: int
    """Bytes of all weights, unsharded."""
    active: int
    """Number of weights that a token passes: of the experts of a mixture those that it is sent to."""
    trained: int
    """Number of this process's trained weights."""
    width: int
    """Bytes of one number of the computation."""
    layers: int
    """Decoder layers."""
    hidden: int
    """Width of the hidden states, h."""
    queries: int
    """Width of all queries of a token in a layer, q."""
    keys: int
    """Width of all keys of a token in a layer, kv."""
    feed_forward: int
    """Width of the feed-forward layer, i."""
    vocabulary: int
    """Rows of the head."""

    @classmethod
    def of(cls, policy: PolicyModel) -> ModelSize:
        """Measure a policy that is on its device."""
        trained = [tensor for _, tensor in policy.trainable()]
        return cls.counted(policy.model.config, list(policy.parameters()), trained)

    @classmethod
    def counted(
        cls, config: Any, parameters: Sequence[Tensor], trained: Sequence[Tensor], *, processes: int = 1
    ) -> ModelSize:
        """Count a model's parameters, which will be sharded over so many processes if they are not yet."""
        shape: Any = config.get_text_config()
        heads = shape.num_attention_heads
        width = getattr(shape, "head_dim", None) or shape.hidden_size // heads
        keys = (getattr(shape, "num_key_value_heads", None) or heads) * width
        return cls(
            weights=-(-sum(local_part(one).nbytes for one in parameters) // processes),
            whole=sum(one.nbytes for one in parameters),
            active=sum(_active(one, shape) for one in parameters),
            trained=-(-sum(local_part(one).numel() for one in trained) // processes),
            width=parameters[0].itemsize,
            layers=shape.num_hidden_layers,
            hidden=shape.hidden_size,
            queries=heads * width,
            keys=keys,
            feed_forward=getattr(shape, "intermediate_size", None) or 4 * shape.hidden_size,
            vocabulary=shape.vocab_size,
        )

    @property
    def cache_per_token(self) -> int:
        """Bytes of the keys and values of one token."""
        return 2 * self.keys * self.layers * self.width

    @property
    def gradients(self) -> int:
        """Bytes of the gradients, which are a part of `optimiser`."""
        return self.trained * FLOAT

    def forward(self, length: int) -> int:
        """Return the operations of a forward pass per token, in sequences of this length (2·active, 2·q·s a layer)."""
        return 2 * self.active + 2 * self.layers * self.queries * length

    @property
    def optimiser(self) -> int:
        """Bytes of AdamW's means, exact copies and gradients."""
        copies = 0 if self.width >= FLOAT else FLOAT
        return self.trained * (3 * FLOAT + copies)

    def activations(self, tokens: int, *, recomputed: bool) -> int:
        """Return the bytes that a forward pass of so many tokens keeps; `recomputed` is gradient checkpointing."""
        own = 4 * (self.hidden + self.queries + self.keys + self.feed_forward) * self.width
        norms = (4 * self.hidden + 2 * (self.queries + self.keys)) * FLOAT
        layer = own + norms
        kept = self.layers * self.hidden * self.width + layer if recomputed else self.layers * layer
        logits = 3 * FLOAT * self.vocabulary * min(tokens, HEAD_CHUNK)
        return tokens * kept + logits


def _active(parameter: Tensor, shape: Any) -> int:
    """Return the numbers of a parameter that a token meets; the experts of a layer are stacked in one."""
    experts: int = getattr(shape, "num_experts", None) or 1
    chosen: int = getattr(shape, "num_experts_per_tok", None) or experts
    stacked = parameter.ndim == 3 and parameter.shape[0] == experts
    return parameter.numel() * chosen // experts if stacked else parameter.numel()


@dataclass(frozen=True)
class MemoryPlan:
    """Settings that follow from the memory of a device; a run keeps those that it began with."""

    pack_tokens: int
    """Tokens of one forward pass."""
    cache_bytes: int = 4 << 30
    """Memory of the in-process sampler's keys and values."""


@dataclass(frozen=True)
class SamplerNeeds:
    """What the in-process sampler could use."""

    length: int
    """Longest conversation, in tokens."""
    slots: int
    """Most replies under way."""


def plan(size: ModelSize, free: int, *, recomputed: bool, sampler: SamplerNeeds | None) -> MemoryPlan:
    """Plan for `free` bytes on the device, on which the weights already are.

    A pass has 8,192 tokens, or half as many until it fits. The cache has what the sampler could ever use, if a share of
    what is left allows it, and at least one conversation of full length.
    """
    usable = int(SHARE * free) - size.optimiser
    tokens = PACK_TOKENS
    while tokens > FEWEST_TOKENS and size.activations(tokens, recomputed=recomputed) > usable:
        tokens //= 2
    if sampler is None:
        return MemoryPlan(tokens)
    one = size.cache_per_token * sampler.length
    left = int(CACHE_SHARE * (usable - size.activations(tokens, recomputed=recomputed)))
    return MemoryPlan(tokens, max(one, min(sampler.slots * one, left)))


def estimate(
    size: ModelSize, chosen: MemoryPlan, *, longest: int, recomputed: bool, cached: bool, copies: int = 0
) -> dict[str, int]:
    """Return the bytes that training needs at most, by part; `copies` are other whole models on the device.

    `longest` is the length of the longest sequence: it is one row even if it is longer than `pack_tokens`.
    """
    parts = {
        "weights": size.weights + copies,
        "optimiser": size.optimiser,
        "activations": size.activations(max(chosen.pack_tokens, longest), recomputed=recomputed),
    }
    return parts | ({"cache": chosen.cache_bytes} if cached else {})
