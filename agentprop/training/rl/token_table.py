"""Training groups → a table of their sequences in one order, and packed rows that know their tokens' places in it.

Arrays over action tokens [A] are in the order of groups, members and turns. They are computed once, before anything is
shuffled, sharded or left out, and a packed row looks up its values by place. For two groups:

    number   group   trajectory             action tokens   places in [A]   in the loss
    0        0       a, first sequence      3               0 … 2           yes
    1        0       a, second sequence     2               3 … 4           yes
    2        0       b, masked              4               5 … 8           no
    3        1       c                      2               9 … 10          yes

A row of the sequences 3 and 0 holds them as 0, 3 and has the places 0, 1, 2, 9, 10.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

import torch
from torch import Tensor

from agentprop.training.data.packing import Batch, batch_of, pack
from agentprop.training.data.sequences import EMPTY_SEQUENCE, TokenSequence
from agentprop.training.model.distributed import World
from agentprop.training.model.undo import Interrupted
from agentprop.training.rl.examples import TrainingGroup


@dataclass(frozen=True, eq=False)
class TokenTable:
    """Sequences of a rollout batch in one order, and the places of their action tokens in [A]."""

    sequences: tuple[TokenSequence, ...]
    """Sequences, in the order of groups, members and turns."""
    group: tuple[int, ...]
    """Index of each sequence's group."""
    in_loss: tuple[bool, ...]
    """The sequence is in the loss, for each sequence."""
    accepted: tuple[bool, ...]
    """A valid problem or a correct answer came out of it, for each sequence."""
    ends: tuple[int, ...]
    """End of each sequence's action tokens in [A], exclusive."""
    pack_tokens: int
    """Most tokens in a row; a longer sequence gets its own row."""

    @classmethod
    def of(cls, groups: Sequence[TrainingGroup], pack_tokens: int) -> TokenTable:
        """Build the table in the order of groups, members and turns, which is also that of `Actions.of`."""
        found = [(s, n, e) for n, group in enumerate(groups) for e in group.examples for s in e.sequences]
        # Masked sequences have their places too, since R_θ is centred over the whole group.
        ends = tuple(accumulate(s.n_actions for s, _, _ in found))
        sequences, group, examples = zip(*found, strict=True) if found else ((), (), ())
        in_loss, accepted = (e.in_loss for e in examples), (e.accepted for e in examples)
        return cls(sequences, group, tuple(in_loss), tuple(accepted), ends, pack_tokens)

    @property
    def n_actions(self) -> int:
        """Number of action tokens, A."""
        return self.ends[-1] if self.ends else 0

    def action_span(self, number: int) -> range:
        """Return the places of a sequence's action tokens in [A]."""
        return range(self.ends[number] - self.sequences[number].n_actions, self.ends[number])

    def tokens_of(self, chosen: Sequence[bool]) -> Tensor:
        """Return the mask of the action tokens of the chosen sequences, [A]."""
        counts = torch.tensor([s.n_actions for s in self.sequences], dtype=torch.int64)
        return torch.tensor(chosen, dtype=torch.bool).repeat_interleave(counts)

    def rows(self, numbers: Sequence[int]) -> Iterator[tuple[Batch, Tensor]]:
        """Yield packed rows of some sequences, with the places of their action tokens in [A]."""
        lengths = [len(self.sequences[number]) for number in numbers]
        for row in pack(lengths, max([self.pack_tokens, *lengths])):
            # In table order, so that a row's action tokens come in the order in which `batch_of` lists them.
            chosen = sorted(numbers[place] for place in row)
            places = [at for number in chosen for at in self.action_span(number)]
            yield batch_of([self.sequences[number] for number in chosen]), torch.tensor(places)


def padded_rows(
    rows: Iterable[tuple[Batch, Tensor]], world: World, stop: Callable[[], bool] = bool
) -> Iterator[tuple[Batch, Tensor]]:
    """Yield the rows, then empty rows while another process has more, since all must call the model together.

    Raises Interrupted, in all processes, before a row at which one of them was asked to stop.
    """
    mine = iter(rows)
    while True:
        row = next(mine, None)
        # Every process reaches this call the same number of times, since it is collective.
        left, stopped = world.sum([float(row is not None), float(stop())])
        if not left:
            return
        if stopped:
            raise Interrupted
        yield row if row is not None else (batch_of([EMPTY_SEQUENCE]), torch.zeros(0, dtype=torch.int64))
