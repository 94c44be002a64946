"""Slots and the tensors behind them: they grow together as far as memory allows, and change places together."""

from __future__ import annotations

import numpy as np

from agentprop.inference.kv_cache import SlotCache
from agentprop.inference.slots import Ids, SlotPlace, Slots

STEP = 64
"""Positions that are read, and that slots have, are a multiple of it."""
FEWEST = 8
"""Slots to begin with."""
SPAN_WASTE = 0.25
"""Share of idle slots among those decoded from which on slots are exchanged."""


class CacheMemory:
    """Slots with their keys and values: at most so many, of at most such a length, in at most so many bytes."""

    def __init__(self, cache: SlotCache, *, slots: int, length: int, size_bytes: int) -> None:
        self.cache, self.slots = cache, Slots()
        self.most_slots, self.most_length, self.most_bytes = slots, rounded(length), size_bytes

    def most(self, length: int) -> int:
        """Slots of such a length that memory allows."""
        return self.most_bytes // (self.cache.bytes_per_token * rounded(length))

    def fit(self, length: int, count: int | None = None) -> bool:
        """Have slots of such a length, and so many as memory allows; False where those at work would not fit.

        Slots at the end that are idle are given up where length matters more.
        """
        slots = self.slots
        wanted = max(slots.count, min(FEWEST, self.most_slots)) if count is None else count
        needed = max(rounded(length), slots.length)
        roomy = max(needed, min(2 * slots.length, self.most_length)) if needed > slots.length else needed
        for found in (roomy, needed):
            fitting = min(wanted, self.most(found))
            if fitting >= max(slots.span, 1):
                self._resize(fitting, found)
                return True
        return False

    def place(self, prompt: Ids, shared_S: Ids) -> SlotPlace | None:
        """Find a slot for a prompt that shares so much with the slots, and copy there what another one has of it."""
        slots, before = self.slots, (self.slots.count, self.slots.length)
        if not self.fit(len(prompt) + 1):
            return None
        place = slots.place(shared_S if before == (slots.count, slots.length) else slots.shared(prompt))
        if (place is None or place.costs) and slots.count < self.most_slots:
            self.fit(slots.length, min(2 * slots.count, self.most_slots))
            place = slots.place(slots.shared(prompt))
        if place is not None and place.source != place.slot:
            self.cache.copy(place.source, place.slot, place.have)
        return place

    def compact(self) -> None:
        """Exchange slots until hardly any of those decoded is idle."""
        slots = self.slots
        span, working = slots.span, int(slots.active_S.sum())
        if not working or span - working <= SPAN_WASTE * span:
            return
        holes = np.flatnonzero(~slots.active_S[:working])
        high = np.flatnonzero(slots.active_S[working:]) + working
        for a, b in zip(holes.tolist(), high.tolist(), strict=True):
            self.cache.swap(a, b, int(max(slots.computed_S[a], slots.computed_S[b])))
            slots.swap(a, b)

    def _resize(self, count: int, length: int) -> None:
        if (count, length) != (self.slots.count, self.slots.length):
            self.cache.resize(count, length)
            self.slots.resize(count, length)


def rounded(length: int) -> int:
    """Up to a multiple of STEP."""
    return -(-length // STEP) * STEP
