"""Prompts → slots of a cache: the content of every slot, and the slot where a prompt has least left to compute.

Plain arrays with one row per slot. Slots do not belong to conversations: a prompt is matched by its ids alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int64]

WORTH_WAITING = 32
"""Fewest tokens that make it worth waiting for a slot that is about to hold them, to copy rather than compute them."""


@dataclass(frozen=True)
class SlotPlace:
    """Slot assigned to a prompt."""

    slot: int
    """Slot for the prompt."""
    source: int
    """Slot to copy a prefix from; the same slot if there is nothing to copy."""
    cached: int
    """Positions that need no computing after the copy."""
    evicts: bool
    """Other content of the slot is lost."""


class Slots:
    """Contents and state of all slots."""

    def __init__(self) -> None:
        self.count = self.length = 0
        self.resize(0, 0)

    def resize(self, count: int, length: int) -> None:
        """Change the number of slots and their length; a slot whose content no longer fits is emptied."""
        old, shared = dict(vars(self)), (min(count, self.count), min(length, self.length))
        self.ids_SL = np.zeros((count, length), np.int64)
        self.logprobs_SL = np.zeros((count, length), np.float32)
        self.known_S, self.computed_S, self.start_S, self.limit_S, self.used_S = np.zeros((5, count), np.int64)
        self.key_S = np.zeros(count, np.uint64)
        self.temperature_S, self.top_p_S = np.ones((2, count), np.float32)
        self.active_S, self.annealed_S = np.zeros((2, count), np.bool_)
        self.owner_S = np.empty(count, np.object_)
        for name, array in self._arrays():
            part = tuple(slice(n) for n in shared[: array.ndim])
            if name in old:
                array[part] = old[name][part]
        self.count, self.length = count, length
        lost_S = self.known_S > length
        self.known_S[lost_S] = self.computed_S[lost_S] = 0

    def swap(self, a: int, b: int) -> None:
        """Exchange two slots."""
        for _, array in self._arrays():
            array[[a, b]] = array[[b, a]]

    def forget(self) -> None:
        """Empty all slots."""
        self.known_S[:] = self.computed_S[:] = self.used_S[:] = 0

    @property
    def span(self) -> int:
        """Index of the last slot at work, plus one."""
        found = np.flatnonzero(self.active_S)
        return int(found[-1]) + 1 if len(found) else 0

    def place(self, shared_S: Ids) -> SlotPlace | None:
        """Choose an idle slot for a prompt; None if there is none.

        `shared_S` is the length of the prefix that each slot's ids share with the prompt. The best choice is a slot
        whose whole content is such a prefix; otherwise the least recently used one, with the longest prefix copied.
        """
        idle_S = ~self.active_S
        if not idle_S.any():
            return None
        have_S = np.minimum(shared_S, self.computed_S)
        goes_on_S = idle_S & (self.computed_S > 0) & (have_S == self.computed_S)
        goes_on = bool(goes_on_S.any())
        slot = _first(have_S, goes_on_S) if goes_on else _first(-self._age_S, idle_S)
        source = int(have_S.argmax())
        if have_S[source] <= (have_S[slot] if goes_on else 0):
            source = slot
        return SlotPlace(slot, source, int(have_S[source]), not goes_on and bool(self.known_S[slot]))

    def worth_waiting(self, shared_S: Ids) -> bool:
        """Return True if a slot at work will soon hold a prefix of the prompt long enough to wait for and copy."""
        have = np.minimum(shared_S, self.computed_S).max(initial=0)
        return bool(shared_S[self.active_S].max(initial=0) >= have + WORTH_WAITING)

    def take(self, place: SlotPlace, owner: object, prompt: Ids, start: int, limit: int) -> None:
        """Fill a slot with an owner's prompt; sampled tokens begin at position `start` and end before `limit`."""
        slot, self.owner_S[place.slot] = place.slot, owner
        self.ids_SL[slot, : len(prompt)] = prompt
        self.known_S[slot], self.computed_S[slot] = len(prompt), place.cached
        self.start_S[slot], self.limit_S[slot] = start, limit
        self.active_S[slot] = True

    def shared(self, prompt: Ids) -> Ids:
        """Return the length of the common prefix of each slot's ids and a prompt without its last token."""
        length = min(len(prompt) - 1, self.length)
        if not length:
            return np.zeros(self.count, np.int64)
        same_SL = self.ids_SL[:, :length] == prompt[:length]
        return np.minimum(np.where(same_SL.all(1), length, same_SL.argmin(1)), self.known_S)

    @property
    def _age_S(self) -> Ids:
        """Order of eviction: empty slots first, then the least recently used."""
        return np.where(self.known_S == 0, -1, self.used_S)

    def _arrays(self) -> list[tuple[str, npt.NDArray[Any]]]:
        return [(name, value) for name, value in vars(self).items() if isinstance(value, np.ndarray)]


def _first(score_S: Ids, among_S: npt.NDArray[np.bool_]) -> int:
    """Return the first slot with the best score among those in `among_S`."""
    return int(np.where(among_S, score_S, np.iinfo(np.int64).min).argmax())
