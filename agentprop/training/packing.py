"""Token sequences → packed rows: several sequences in one row, next to no padding, and no sequence sees another.

The hidden state at position t−1 predicts the token at t, so an action token at t is scored at t−1; every array over
action tokens [A] has the order of `Batch.targets`. Values that belong to tokens are kept per sequence (`split`) and
brought into a batch's order by `gather`; values that belong to actions are found by trajectory id and turn (`spread`).
Positions restart with every sequence: transformers takes that for the border between packed sequences.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch

from agentprop.training.sequences import TokenSequence


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
    action: torch.Tensor
    """Index of the action token's turn in its trajectory [A]."""
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
        names = ("ids", "position_ids", "action_index", "targets", "sequence", "action")
        return replace(self, **{name: getattr(self, name).to(device, non_blocking=True) for name in names})

    def gather(self, per_sequence: Sequence[npt.NDArray[np.float32]]) -> torch.Tensor:
        """Values per token, one array [T_s] for each of `sequences` → values of the action tokens [A]."""
        parts = [values[s.mask] for values, s in zip(per_sequence, self.sequences, strict=True)]
        return torch.from_numpy(np.concatenate(parts)).to(self.targets.device)

    def split(self, values: torch.Tensor) -> list[npt.NDArray[np.float32]]:
        """The reverse of `gather`: values [A] → one array [T_s] for each sequence, 0 where nothing was sampled."""
        flat = values.detach().float().cpu().numpy()
        ends = np.cumsum([s.n_actions for s in self.sequences])
        return [_placed(s, part) for s, part in zip(self.sequences, np.split(flat, ends[:-1]), strict=True)]

    def spread(self, per_action: Mapping[tuple[str, int], float]) -> torch.Tensor:
        """Values by (trajectory id, turn) → values of the action tokens [A]. Raises KeyError for one missing."""
        parts = [_of_actions(s, per_action) for s in self.sequences]
        return torch.from_numpy(np.concatenate(parts)).to(self.targets.device)


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
    action = np.concatenate([s.action for s in sequences])
    where = np.flatnonzero(mask)
    return Batch(
        ids=torch.from_numpy(ids)[None],
        position_ids=torch.from_numpy(np.concatenate([np.arange(n) for n in lengths]))[None],
        action_index=torch.from_numpy(where - 1),
        targets=torch.from_numpy(ids[where]),
        sequence=torch.from_numpy(number[where]),
        action=torch.from_numpy(action[where]),
        sequences=tuple(sequences),
    )


def batches(sequences: Sequence[TokenSequence], max_tokens: int) -> list[Batch]:
    """All sequences in as few rows as `pack` finds; rows in the order of their first sequence."""
    rows = sorted(sorted(row) for row in pack([len(s) for s in sequences], max_tokens))
    return [batch_of([sequences[i] for i in row]) for row in rows]


def _placed(sequence: TokenSequence, values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    out = np.zeros(len(sequence), dtype=np.float32)
    out[sequence.mask] = values
    return out


def _of_actions(sequence: TokenSequence, per_action: Mapping[tuple[str, int], float]) -> npt.NDArray[np.float32]:
    turns, where = np.unique(sequence.action[sequence.mask], return_inverse=True)
    values = [per_action[sequence.trajectory_id, int(turn)] for turn in turns]
    return np.asarray(values, dtype=np.float32)[where]
