"""Token sequences → packed rows: several sequences in one row, almost no padding, no attention between sequences.

The hidden state at position t−1 predicts the token at t, so an action token at t is scored at t−1. Arrays over action
tokens [A] are in the order of `Batch.targets`: sequence by sequence, and token by token. Position ids restart with
every sequence. Two sequences, with the sampled tokens in capitals, in one row:

    sequences        a b C d    e F
    ids              a b C d e F
    position_ids     0 1 2 3 0 1
    action_index     1 4              the states of b and e predict …
    targets          C F              … these
    sequence         0 1

Which sequences share a row is best-fit decreasing: lengths 5, 3, 6, 2 in rows of 8 give the rows [6, 2] and [5, 3].
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
    """One packed row of T tokens from S sequences; A of the tokens were sampled by the policy."""

    ids: torch.Tensor
    """Token ids [1, T]."""
    position_ids: torch.Tensor
    """Positions [1, T], from 0 in every sequence."""
    action_index: torch.Tensor
    """Positions in the row whose hidden state predicts an action token [A]."""
    targets: torch.Tensor
    """Action tokens [A]."""
    sequence: torch.Tensor
    """Index in `sequences` of the sequence of each action token [A]."""
    sequences: tuple[TokenSequence, ...]
    """Packed sequences, in the order of the row [S]."""

    @property
    def n_tokens(self) -> int:
        """Number of tokens, T."""
        return self.ids.shape[1]

    @property
    def n_actions(self) -> int:
        """Number of action tokens, A."""
        return self.targets.shape[0]

    def to(self, device: torch.device | str) -> Batch:
        """Return a copy on a device."""
        names = ("ids", "position_ids", "action_index", "targets", "sequence")
        return replace(self, **{name: getattr(self, name).to(device, non_blocking=True) for name in names})


def pack(lengths: Sequence[int], max_tokens: int) -> list[list[int]]:
    """Group the indices of sequences into rows of at most `max_tokens` tokens; a longer sequence gets its own row.

    Best-fit decreasing: longest first, each into the row with the least free space that fits. It needs at most 11/9 of
    the fewest rows possible, plus one, and the same lengths always give the same rows.
    """
    rows: list[list[int]] = []
    free: list[tuple[int, int]] = []  # (free tokens, row), sorted, so that the tightest fit is found by bisection
    for index in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        # −1 sorts before every row, so this is the first row with at least that much free.
        fits = bisect_left(free, (lengths[index], -1))
        space, row = free.pop(fits) if fits < len(free) else (max_tokens, len(rows))
        if row == len(rows):
            rows.append([])
        rows[row].append(index)
        insort(free, (space - lengths[index], row))
    return rows


def batch_of(sequences: Sequence[TokenSequence]) -> Batch:
    """Pack sequences into one row, in this order."""
    lengths = [len(s) for s in sequences]
    mask = np.concatenate([s.mask for s in sequences])
    ids = np.concatenate([s.ids for s in sequences])
    number = np.repeat(np.arange(len(sequences)), lengths)
    sampled_at = np.flatnonzero(mask)
    return Batch(
        ids=torch.from_numpy(ids)[None],
        position_ids=torch.from_numpy(np.concatenate([np.arange(n) for n in lengths]))[None],
        action_index=torch.from_numpy(sampled_at - 1),  # never before a sequence: its first token is not sampled
        targets=torch.from_numpy(ids[sampled_at]),
        sequence=torch.from_numpy(number[sampled_at]),
        sequences=tuple(sequences),
    )
