"""Sequences → packed rows, the same number of them in every process.

With sharded weights all processes must call the model together. Everybody packs all sequences alike and takes its part,
and a process that runs out of rows is given one of `EMPTY_SEQUENCE`, whose weight is nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import ceil

import torch
from torch import Tensor

from agentprop.training.data.packing import Batch, batch_of, pack
from agentprop.training.data.sequences import EMPTY_SEQUENCE, TokenSequence
from agentprop.training.model.distributed import World


def even_rows(sequences: Sequence[TokenSequence], pack_tokens: int, world: World) -> Iterator[Batch]:
    """This process's rows of at most `pack_tokens`; a longer sequence has a row to itself."""
    lengths = [len(sequence) for sequence in sequences]
    rows = pack(lengths, max([pack_tokens, *lengths]))
    own = world.share(rows)
    for number in range(ceil(len(rows) / world.size)):
        yield batch_of([sequences[place] for place in sorted(own[number])] if number < len(own) else [EMPTY_SEQUENCE])


def per_token(batch: Batch, values: Mapping[str, float]) -> Tensor:
    """Values by trajectory id → values of the action tokens [A], float64; 0 where there is none."""
    found = [values.get(sequence.trajectory_id, 0.0) for sequence in batch.sequences]
    return torch.tensor(found, dtype=torch.float64)[batch.sequence]
