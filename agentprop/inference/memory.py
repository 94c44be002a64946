"""Slots and the cache tensors behind them: they grow together as far as memory allows, and move together.

An example with 1 KiB per token, 1 MiB of memory and at most 64 slots:

    a first prompt of 30 tokens                       8 slots × 64 positions    half of the memory
    a ninth reply while eight are under way          16 slots × 64 positions    all of it
    a reply reaches 65 tokens, nine under way        refused: 128 positions leave memory for 8 slots only
    the same once the slots 8 … 15 are idle           8 slots × 128 positions

Decoding reads all slots up to the last one at work, so idle slots among them cost time. Once more than a quarter of
them is idle, slots are exchanged: of 0 … 7 with 0, 4, 6 and 7 at work, 1 ↔ 4, 2 ↔ 6 and 3 ↔ 7, and four are read.
"""

from __future__ import annotations

import numpy as np

from agentprop.inference.kv_cache import SlotCache
from agentprop.inference.slots import Ids, SlotPlace, Slots

STEP = 64
"""Lengths of slots, and of what is read of them, are multiples of this."""
MIN_SLOTS = 8
"""Number of slots at the start."""
SPAN_WASTE = 0.25
"""Share of idle slots among those read that is tolerated before slots are exchanged."""


class CacheMemory:
    """Slots with their keys and values: at most `slots` of them, of at most `length` positions, within `size_bytes`."""

    def __init__(self, cache: SlotCache, *, slots: int, length: int, size_bytes: int) -> None:
        self.cache, self.slots = cache, Slots()
        self.max_slots, self.max_length, self.max_bytes = slots, rounded(length), size_bytes

    def slots_that_fit(self, length: int) -> int:
        """Return the number of slots of this length that fit into memory."""
        return self.max_bytes // (self.cache.bytes_per_token * rounded(length))

    def fit(self, length: int, count: int | None = None) -> bool:
        """Provide slots of at least this length, as many as wanted if memory allows; False if those at work do not fit.

        Idle slots at the end are given up if the length needs their memory.
        """
        slots = self.slots
        wanted = max(slots.count, min(MIN_SLOTS, self.max_slots)) if count is None else count
        needed = max(rounded(length), slots.length)
        # Twice the length if that fits, so that growing copies every position only a few times in all.
        doubled = max(needed, min(2 * slots.length, self.max_length)) if needed > slots.length else needed
        # Short of memory, the exact length may still fit.
        for found in (doubled, needed):
            fitting = min(wanted, self.slots_that_fit(found))
            if fitting >= max(slots.span, 1):
                self._resize(fitting, found)
                return True
        return False

    def place(self, prompt: Ids, shared_S: Ids) -> SlotPlace | None:
        """Find a slot for a prompt, and copy into it the longest prefix that another slot holds; None if none is free.

        `shared_S` is the length of the prefix that each slot's ids share with the prompt.
        """
        slots, before = self.slots, (self.slots.count, self.slots.length)
        if not self.fit(len(prompt) + 1):
            return None
        place = slots.place(shared_S if before == (slots.count, slots.length) else slots.shared(prompt))
        if (place is None or place.evicts) and slots.count < self.max_slots:
            # More slots before anything is evicted: what a slot holds may be wanted again.
            self.fit(slots.length, min(2 * slots.count, self.max_slots))
            place = slots.place(slots.shared(prompt))
        if place is not None and place.source != place.slot:
            self.cache.copy(place.source, place.slot, place.cached)
        return place

    def compact(self) -> None:
        """Exchange slots so that those at work come first, if too many of the slots read are idle."""
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
    """Round a length up to a multiple of STEP."""
    return -(-length // STEP) * STEP
