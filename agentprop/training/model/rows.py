"""Sequences → packed rows, the same number of them in every process.

With sharded weights all processes must call the model together. So every process packs all sequences in the same way
and takes its share, and one that runs out of rows is given a row of `EMPTY_SEQUENCE`, whose weight is 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import ceil

import torch
from torch import Tensor

from agentprop.training.data.packing import Batch, batch_of, pack
from agentprop.training.data.sequences import EMPTY_SEQUENCE, TokenSequence
from agentprop.training.model.distributed import World
from agentprop.training.model.undo import Interrupted


def even_rows(sequences: Sequence[TokenSequence], pack_tokens: int, world: World) -> Iterator[Batch]:
    """Yield this process's rows of at most `pack_tokens` tokens; a longer sequence gets its own row."""
    lengths = [len(sequence) for sequence in sequences]
    rows = pack(lengths, max([pack_tokens, *lengths]))
    own = world.share(rows)
    for number in range(ceil(len(rows) / world.size)):
        yield batch_of([sequences[place] for place in sorted(own[number])] if number < len(own) else [EMPTY_SEQUENCE])


def until(stop: Callable[[], bool], rows: Iterable[Batch], world: World) -> Iterator[Batch]:
    """Yield the rows. Raises Interrupted, in all processes, before a row at which one of them was asked to stop."""
    for row in rows:
        if world.any(stop()):
            raise Interrupted
        yield row


def per_token(batch: Batch, values: Mapping[str, float]) -> Tensor:
    """Expand values by trajectory id to the action tokens [A], float64; 0 for trajectories without a value."""
    found = [values.get(sequence.trajectory_id, 0.0) for sequence in batch.sequences]
    return torch.tensor(found, dtype=torch.float64)[batch.sequence]
