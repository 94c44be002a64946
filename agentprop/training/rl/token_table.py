"""Lessons → one order of all their sequences, and packed rows of any of them that find their own values.

All arrays over action tokens [A] are in the order of the lessons, their members and their turns; a row knows the places
of its tokens in it. So values are computed once, before anything is shuffled, sharded or left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

import torch
from torch import Tensor

from agentprop.training.data.packing import Batch, batch_of, pack
from agentprop.training.data.sequences import EMPTY_SEQUENCE, TokenSequence
from agentprop.training.model.distributed import World
from agentprop.training.rl.examples import TrainingGroup


@dataclass(frozen=True, eq=False)
class TokenTable:
    """The sequences of a rollout batch in one order, and where the action tokens of each are in [A]."""

    sequences: tuple[TokenSequence, ...]
    group: tuple[int, ...]
    """Number of each sequence's lesson."""
    in_loss: tuple[bool, ...]
    """Whether each sequence is in the loss."""
    ends: tuple[int, ...]
    """One past the last action token of each sequence."""
    pack_tokens: int
    """Tokens of a row; a longer sequence has a row to itself."""

    @classmethod
    def of(cls, groups: Sequence[TrainingGroup], pack_tokens: int) -> TokenTable:
        """In the order of lessons, examples and turns: that of `Actions.of`."""
        found = [(s, n, e.in_loss) for n, group in enumerate(groups) for e in group.examples for s in e.sequences]
        ends = tuple(accumulate(s.n_actions for s, _, _ in found))
        sequences, group, in_loss = zip(*found, strict=True) if found else ((), (), ())
        return cls(sequences, group, in_loss, ends, pack_tokens)

    @property
    def n_actions(self) -> int:
        """A."""
        return self.ends[-1] if self.ends else 0

    def action_span(self, number: int) -> range:
        """The action tokens of a sequence."""
        return range(self.ends[number] - self.sequences[number].n_actions, self.ends[number])

    def rows(self, numbers: Sequence[int]) -> Iterator[tuple[Batch, Tensor]]:
        """Packed rows of some sequences, and the places of their action tokens in [A]."""
        lengths = [len(self.sequences[number]) for number in numbers]
        for row in pack(lengths, max([self.pack_tokens, *lengths])):
            chosen = sorted(numbers[place] for place in row)
            places = [at for number in chosen for at in self.action_span(number)]
            yield batch_of([self.sequences[number] for number in chosen]), torch.tensor(places)


def padded_rows(rows: Iterable[tuple[Batch, Tensor]], world: World) -> Iterator[tuple[Batch, Tensor]]:
    """The rows, and after them empty ones for as long as another process has more: all must call the model together."""
    mine = iter(rows)
    while True:
        row = next(mine, None)
        if not world.any(row is not None):
            return
        yield row if row is not None else (batch_of([EMPTY_SEQUENCE]), torch.zeros(0, dtype=torch.int64))
