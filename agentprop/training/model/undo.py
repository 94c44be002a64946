"""A step under way → the state before it, so that training can be stopped between two rows and resumed exactly.

undo = Undo(optimiser, device)        # remembers random state and counts
…rows, backward…                      # undo.back() here only drops gradients
undo.keep()                           # before weights change: copies them, if memory allows
…optimiser.step(), more rows…         # undo.back() here puts the copies back
"""

from __future__ import annotations

import torch
from torch import Tensor

from agentprop.training.model.hardware import free_memory
from agentprop.training.model.optimiser import Optimiser

SHARE = 0.5
"""Largest share of the free main memory that the copies may take."""


class Interrupted(KeyboardInterrupt):
    """Training was asked to stop in the middle of a step."""

    def __init__(self, *, clean: bool = False) -> None:
        super().__init__()
        self.clean = clean
        """The trainer is again as it was before the step, so that it can be saved."""


class Undo:
    """State of a trainer before a step."""

    def __init__(self, optimiser: Optimiser, device: torch.device) -> None:
        self._optimiser, self._device = optimiser, device
        self._counts = optimiser.counts()
        self._kept: dict[str, Tensor] | None = None
        self._random = torch.get_rng_state()
        self._device_random = torch.cuda.get_rng_state(device) if device.type == "cuda" else None

    def keep(self) -> None:
        """Copy weights and AdamW's means to main memory, unless that would take too much of it."""
        if self._optimiser.state_bytes() <= SHARE * free_memory(torch.device("cpu")):
            self._kept = self._optimiser.copies()

    def back(self) -> bool:
        """Return to the state before the step; False if weights have changed since and there is no copy of them."""
        self._optimiser.abandon()
        torch.set_rng_state(self._random)
        if self._device_random is not None:
            torch.cuda.set_rng_state(self._device_random, self._device)
        if self._optimiser.steps == self._counts["steps"]:
            return True
        if self._kept is None:
            return False
        self._optimiser.put_back(self._kept, self._counts)
        return True
