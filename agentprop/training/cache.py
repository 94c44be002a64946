"""Keys and values of many conversations → one static cache, a slot for each, written in place and read as a view.

A transformers `Cache`, so that any decoder that calls `past_key_values.update` works with it: before a forward pass the
caller says where the new tokens go (`Places`) and which slots are read; `update` is called once per layer by the model.
Layout [slot, position, head, width]: a token is one run of memory, and so is a prefix.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers import Cache


@dataclass(frozen=True)
class Places:
    """Where one forward pass writes and reads. M rows of Q tokens are passed, N of these M·Q tokens are kept."""

    slots_N: Tensor
    """Slot of each token kept."""
    positions_N: Tensor
    """Its position."""
    kept_N: Tensor | None
    """Which of the M·Q tokens are kept; None means all of them."""
    read_M: Tensor | int
    """Slots of the rows; a number m means the slots 0 … m − 1, which needs no copy."""
    length: int
    """Positions that are read."""


class SlotCache(Cache):
    """The cache of one model. `shapes` holds (heads, width) of keys and of values for each layer."""

    def __init__(self, shapes: list[tuple[torch.Size, torch.Size]], dtype: torch.dtype, device: torch.device) -> None:
        super().__init__(layers=[])
        self.shapes, self.dtype, self.device = shapes, dtype, device
        self.slots = self.length = 0
        self.keys: list[Tensor] = []
        self.values: list[Tensor] = []
        self.places: Places | None = None
        self.resize(0, 0)

    @classmethod
    def of(cls, model: nn.Module) -> SlotCache:
        """An empty cache for a causal language model, whose shapes are seen by passing it one token."""
        seen = _Shapes()
        token = torch.zeros((1, 1), dtype=torch.long, device=next(model.parameters()).device)
        with torch.no_grad():
            model(input_ids=token, attention_mask=torch.zeros((1, 1, 1, 1), device=token.device, dtype=_dtype(model)),
                  position_ids=token, past_key_values=seen, use_cache=True, logits_to_keep=1)  # fmt: skip
        return cls(seen.shapes, seen.dtype, token.device)

    @property
    def bytes_per_token(self) -> int:
        """Memory of one position of one slot, over all layers."""
        return sum(k.numel() + v.numel() for k, v in self.shapes) * self.dtype.itemsize

    def resize(self, slots: int, length: int) -> None:
        """Make room for so many slots of so many positions; what fits both is kept."""
        common = (min(slots, self.slots), min(length, self.length))
        for layer, pair in enumerate(self.shapes):
            for tensors, shape in zip((self.keys, self.values), pair, strict=True):
                new = torch.zeros((slots, length, *shape), dtype=self.dtype, device=self.device)
                if layer < len(tensors):
                    new[: common[0], : common[1]] = tensors[layer][: common[0], : common[1]]
                    tensors[layer] = new
                else:
                    tensors.append(new)
        self.slots, self.length = slots, length

    def copy(self, source: int, target: int, length: int) -> None:
        """The first positions of one slot, into another one."""
        for tensor in (*self.keys, *self.values):
            tensor[target, :length] = tensor[source, :length]

    def swap(self, a: int, b: int, length: int) -> None:
        """Exchange the first positions of two slots."""
        for tensor in (*self.keys, *self.values):
            kept = tensor[a, :length].clone()
            tensor[a, :length] = tensor[b, :length]
            tensor[b, :length] = kept

    # --- called by the model ---

    def update(
        self, key_states: Tensor, value_states: Tensor, layer_idx: int, *args: Any, **kwargs: Any
    ) -> tuple[Tensor, Tensor]:
        """Write keys and values [M, heads, Q, width] of new tokens; all that the rows may attend to comes back."""
        return self._through(self.keys[layer_idx], key_states), self._through(self.values[layer_idx], value_states)

    def _through(self, stored: Tensor, new: Tensor) -> Tensor:
        places = self.places
        assert places is not None  # the generator sets them before every pass
        tokens = new.transpose(1, 2).flatten(0, 1)
        kept = tokens if places.kept_N is None else tokens[places.kept_N]
        stored[places.slots_N, places.positions_N] = kept
        rows = stored[: places.read_M] if isinstance(places.read_M, int) else stored[places.read_M]
        return rows[:, : places.length].transpose(1, 2)

    def get_seq_length(self, layer_idx: int = 0) -> int:
        """Positions that the current pass reads."""
        return self.places.length if self.places is not None else 0


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


def _dtype(model: nn.Module) -> torch.dtype:
    return next(model.parameters()).dtype
