"""Keys and values of many conversations → one static cache with a slot for each, written in place.

It is a transformers `Cache`, so it works with any decoder that calls `past_key_values.update`. `places` says before a
pass where its tokens go. Every layer of the model calls `update`, which returns the whole cache, and the attention of
the pass reads the parts it needs. Layout: [slot, head, position, width].
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import torch
from torch import Tensor, nn
from transformers import Cache


class SlotCache(Cache):
    """Cache of one model. `shapes` holds (heads, width) of keys and of values for each layer.

    Layers of equal shape share one tensor, so that a prefix is copied by one operation and not by one per layer. Only
    the part of it that was opened is ever touched, so on a CPU the rest takes no memory.
    """

    def __init__(self, shapes: list[tuple[torch.Size, torch.Size]], dtype: torch.dtype, device: torch.device) -> None:
        super().__init__(layers=[])
        self.shapes, self.dtype, self.device = shapes, dtype, device
        self.bytes_per_token = sum(k.numel() + v.numel() for k, v in shapes) * dtype.itemsize
        """Bytes of one position of one slot, over all layers."""
        self.slots = self.length = 0
        self.opened = (0, 0)
        """Slots and positions that hold numbers; what lies beyond them is memory as it was found."""
        self.keys: list[Tensor] = []
        """Keys of each layer, [slot, head, position, width]."""
        self.values: list[Tensor] = []
        self.places: tuple[Tensor, Tensor] | None = None
        """(slot, position) of each token of the pass; tokens beyond these are padding and not stored."""
        self._blocks: dict[torch.Size, Tensor] = {}
        self.resize(0, 0)

    @classmethod
    def of(cls, model: nn.Module) -> SlotCache:
        """Make an empty cache for a causal language model, whose shapes are found by running it on one token."""
        seen = _ShapeRecorder()
        token = torch.zeros((1, 1), dtype=torch.long, device=next(model.parameters()).device)
        with torch.no_grad():
            model(input_ids=token, position_ids=token, past_key_values=seen, use_cache=True)
        return cls(seen.shapes, seen.dtype, token.device)

    def resize(self, slots: int, length: int) -> None:
        """Change the number of slots and their positions; what was opened is kept if it fits."""
        counts = Counter(shape for pair in self.shapes for shape in pair)
        self.opened = min(slots, self.opened[0]), min(length, self.opened[1])
        kept = (slice(None), slice(self.opened[0]), slice(None), slice(self.opened[1]))
        for shape, count in counts.items():
            new = torch.empty((count, slots, shape[0], length, shape[1]), dtype=self.dtype, device=self.device)
            if shape in self._blocks:
                new[kept] = self._blocks[shape][kept]
            self._blocks[shape] = new
        parts = {shape: iter(block) for shape, block in self._blocks.items()}
        pairs = [(next(parts[key]), next(parts[value])) for key, value in self.shapes]
        self.keys, self.values = [key for key, _ in pairs], [value for _, value in pairs]
        self.slots, self.length = slots, length

    def open(self, slots: int, length: int) -> None:
        """Clear so many positions of so many slots, but for what was open: it must come before they are written.

        Attention reads masked positions too, and a NaN found there would spread.
        """
        before_slots, before_length = self.opened
        self.opened = slots, length = max(slots, before_slots), max(length, before_length)
        for block in self._blocks.values():
            block[:, before_slots:slots, :, :length] = 0
            block[:, :before_slots, :, before_length:length] = 0

    def copy(self, source: int, target: int, length: int) -> None:
        """Copy the first positions of one slot to another."""
        self.open(target + 1, length)
        for block in self._blocks.values():
            block[:, target, :, :length] = block[:, source, :, :length]

    def swap(self, a: int, b: int, length: int) -> None:
        """Exchange the first positions of two slots."""
        self.open(max(a, b) + 1, length)
        for block in self._blocks.values():
            kept = block[:, a, :, :length].clone()
            block[:, a, :, :length] = block[:, b, :, :length]
            block[:, b, :, :length] = kept

    def write(self, key_THd: Tensor, value_THd: Tensor, layer: int) -> tuple[Tensor, Tensor]:
        """Write keys and values [T, heads, width] of the pass; return the whole cache of the layer."""
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
        """Write keys and values [1, heads, T, width] of the pass; return the whole cache of the layer."""
        return self.write(key_states[0].transpose(0, 1), value_states[0].transpose(0, 1), layer_idx)

    def get_seq_length(self, layer_idx: int = 0) -> int:
        """Return the number of positions of a slot."""
        return self.length


class _ShapeRecorder(Cache):
    """Cache that only records the shapes it is given."""

    def __init__(self) -> None:
        super().__init__(layers=[])
        self.shapes: list[tuple[torch.Size, torch.Size]] = []
        self.dtype = torch.float32

    def update(
        self, key_states: Tensor, value_states: Tensor, layer_idx: int, *args: Any, **kwargs: Any
    ) -> tuple[Tensor, Tensor]:
        """Record the shapes, without batch and length."""
        assert layer_idx == len(self.shapes)  # layers come in order, each once
        self.shapes.append((key_states.shape[1::2], value_states.shape[1::2]))
        self.dtype = key_states.dtype
        return key_states, value_states

    def get_seq_length(self, layer_idx: int = 0) -> int:
        """Return 0: nothing is stored."""
        return 0

    def get_mask_sizes(self, query_length: int, layer_idx: int) -> tuple[int, int]:
        """Return the sizes for a first token."""
        return query_length, 0
