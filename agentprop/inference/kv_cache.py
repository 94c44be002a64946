"""Keys and values of many conversations → one static cache, a slot for each, written in place.

A transformers `Cache`, so that any decoder that calls `past_key_values.update` works with it. Where the tokens of a
pass go is said before it (`places`); `update` is called by every layer of the model and gives the whole cache back,
of which the attention of the pass reads what it needs. Layout [slot, head, position, width].
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import torch
from torch import Tensor, nn
from transformers import Cache


class SlotCache(Cache):
    """The cache of one model. `shapes` holds (heads, width) of keys and of values for each layer.

    What has the same shape lies in one tensor, so that a prefix is copied by one operation and not by one per layer.
    """

    def __init__(self, shapes: list[tuple[torch.Size, torch.Size]], dtype: torch.dtype, device: torch.device) -> None:
        super().__init__(layers=[])
        self.shapes, self.dtype, self.device = shapes, dtype, device
        self.bytes_per_token = sum(k.numel() + v.numel() for k, v in shapes) * dtype.itemsize
        """Memory of one position of one slot, over all layers."""
        self.slots = self.length = 0
        self.keys: list[Tensor] = []
        """Of each layer, [slot, head, position, width]."""
        self.values: list[Tensor] = []
        self.places: tuple[Tensor, Tensor] | None = None
        """(slot, position) of each token of the pass; further tokens only fill it up and are not stored."""
        self._blocks: dict[torch.Size, Tensor] = {}
        self.resize(0, 0)

    @classmethod
    def of(cls, model: nn.Module) -> SlotCache:
        """An empty cache for a causal language model, whose shapes are seen by passing it one token."""
        seen = _Shapes()
        token = torch.zeros((1, 1), dtype=torch.long, device=next(model.parameters()).device)
        with torch.no_grad():
            model(input_ids=token, position_ids=token, past_key_values=seen, use_cache=True)
        return cls(seen.shapes, seen.dtype, token.device)

    def resize(self, slots: int, length: int) -> None:
        """Make room for so many slots of so many positions; what fits both is kept."""
        counts = Counter(shape for pair in self.shapes for shape in pair)
        common = (slice(None), slice(min(slots, self.slots)), slice(None), slice(min(length, self.length)))
        for shape, count in counts.items():
            new = torch.zeros((count, slots, shape[0], length, shape[1]), dtype=self.dtype, device=self.device)
            if shape in self._blocks:
                new[common] = self._blocks[shape][common]
            self._blocks[shape] = new
        parts = {shape: iter(block) for shape, block in self._blocks.items()}
        pairs = [(next(parts[key]), next(parts[value])) for key, value in self.shapes]
        self.keys, self.values = [key for key, _ in pairs], [value for _, value in pairs]
        self.slots, self.length = slots, length

    def copy(self, source: int, target: int, length: int) -> None:
        """The first positions of one slot, into another one."""
        for block in self._blocks.values():
            block[:, target, :, :length] = block[:, source, :, :length]

    def swap(self, a: int, b: int, length: int) -> None:
        """Exchange the first positions of two slots."""
        for block in self._blocks.values():
            kept = block[:, a, :, :length].clone()
            block[:, a, :, :length] = block[:, b, :, :length]
            block[:, b, :, :length] = kept

    def write(self, key_THd: Tensor, value_THd: Tensor, layer: int) -> tuple[Tensor, Tensor]:
        """Write keys and values of the tokens of the pass; the whole cache of the layer comes back."""
        assert self.places is not None  # the generator sets them before every pass
        slots_T, positions_T = self.places
        keys, values, size = self.keys[layer], self.values[layer], len(slots_T)
        keys[slots_T, :, positions_T] = key_THd[:size]
        values[slots_T, :, positions_T] = value_THd[:size]
        return keys, values

    # --- called by the model ---

    def update(
        self, key_states: Tensor, value_states: Tensor, layer_idx: int, *args: Any, **kwargs: Any
    ) -> tuple[Tensor, Tensor]:
        """Write keys and values [1, heads, T, width] of the tokens; the whole cache of the layer comes back."""
        return self.write(key_states[0].transpose(0, 1), value_states[0].transpose(0, 1), layer_idx)

    def get_seq_length(self, layer_idx: int = 0) -> int:
        """Positions of a slot."""
        return self.length


class _Shapes(Cache):
    """A cache that only notes what it is given."""

    def __init__(self) -> None:
        super().__init__(layers=[])
        self.shapes: list[tuple[torch.Size, torch.Size]] = []
        self.dtype = torch.float32

    def update(
        self, key_states: Tensor, value_states: Tensor, layer_idx: int, *args: Any, **kwargs: Any
    ) -> tuple[Tensor, Tensor]:
        """Note the shapes without batch and length."""
        assert layer_idx == len(self.shapes)  # layers come in order, each once
        self.shapes.append((key_states.shape[1::2], value_states.shape[1::2]))
        self.dtype = key_states.dtype
        return key_states, value_states

    def get_seq_length(self, layer_idx: int = 0) -> int:
        """Nothing is stored."""
        return 0

    def get_mask_sizes(self, query_length: int, layer_idx: int) -> tuple[int, int]:
        """As for a first token."""
        return query_length, 0
