"""Token sequences → packed rows: several sequences in one row, next to no padding, and no sequence sees another.

The hidden state at position t−1 predicts the token at t, so an action token at t is scored at t−1; every array over
action tokens [A] has the order of `Batch.targets`: that of the sequences, and in each that of its tokens. Positions
restart with every sequence, which is how attention knows the border between them.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from agentprop.training.data.sequences import TokenSequence


@dataclass(frozen=True, eq=False)
class Batch:
    """One packed row of T tokens, A of them sampled by the policy, from S sequences."""

    ids: torch.Tensor
    """Token ids [1, T]."""
    position_ids: torch.Tensor
    """Positions [1, T], from 0 in every sequence."""
    action_index: torch.Tensor
    """Positions in the row whose hidden state predicts an action token [A]."""
    targets: torch.Tensor
    """The action tokens [A]."""
    sequence: torch.Tensor
    """Number of the action token's sequence in this batch [A]."""
    sequences: tuple[TokenSequence, ...]
    """What is packed, in the row's order [S]."""

    @property
    def n_tokens(self) -> int:
        """T."""
        return self.ids.shape[1]

    @property
    def n_actions(self) -> int:
        """A."""
        return self.targets.shape[0]

    def to(self, device: torch.device | str) -> Batch:
        """The same on a device."""
        names = ("ids", "position_ids", "action_index", "targets", "sequence")
        return replace(self, **{name: getattr(self, name).to(device, non_blocking=True) for name in names})


def pack(lengths: Sequence[int], max_tokens: int) -> list[list[int]]:
    """Indices of sequences that share a row of at most `max_tokens`: longest first, each where it leaves least free.

    Best-fit decreasing: at most 11/9 of the fewest rows possible; the same lengths give the same rows. A sequence that
    is longer than a row has one to itself.
    """
    rows: list[list[int]] = []
    free: list[tuple[int, int]] = []
    for index in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        fits = bisect_left(free, (lengths[index], -1))
        room, row = free.pop(fits) if fits < len(free) else (max_tokens, len(rows))
        if row == len(rows):
            rows.append([])
        rows[row].append(index)
        insort(free, (room - lengths[index], row))
    return rows


def batch_of(sequences: Sequence[TokenSequence]) -> Batch:
    """One row of these sequences, in this order."""
    lengths = [len(s) for s in sequences]
    mask = np.concatenate([s.mask for s in sequences])
    ids = np.concatenate([s.ids for s in sequences])
    number = np.repeat(np.arange(len(sequences)), lengths)
    sampled_at = np.flatnonzero(mask)
    return Batch(
        ids=torch.from_numpy(ids)[None],
        position_ids=torch.from_numpy(np.concatenate([np.arange(n) for n in lengths]))[None],
        action_index=torch.from_numpy(sampled_at - 1),
        targets=torch.from_numpy(ids[sampled_at]),
        sequence=torch.from_numpy(number[sampled_at]),
        sequences=tuple(sequences),
    )
