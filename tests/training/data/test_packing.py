"""Packed rows: nothing is lost, little is padding, and every value finds its token whatever the order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from tiny_model import random_sequence
from transformers import Qwen3Config, Qwen3ForCausalLM

from agentprop.training.data.packing import Batch, batch_of, pack
from agentprop.training.data.sequences import TokenSequence

LENGTHS = st.lists(st.integers(1, 120), max_size=60)


def sequences(lengths: Sequence[int]) -> list[TokenSequence]:
    return [random_sequence(length, seed) for seed, length in enumerate(lengths)]


@given(LENGTHS)
def test_every_sequence_is_in_one_row_and_no_row_is_too_long(lengths: list[int]) -> None:
    rows = pack(lengths, 100)
    assert sorted(i for row in rows for i in row) == list(range(len(lengths)))
    assert all(len(row) == 1 or sum(lengths[i] for i in row) <= 100 for row in rows)
    assert rows == pack(lengths, 100)


@given(st.lists(st.integers(1, 100), min_size=1, max_size=60))
def test_two_rows_never_fit_into_one(lengths: list[int]) -> None:
    filled = sorted(sum(lengths[i] for i in row) for row in pack(lengths, 100))
    assert len(filled) == 1 or filled[0] + filled[1] > 100


def test_trajectories_of_usual_lengths_leave_hardly_any_padding() -> None:
    lengths = [int(n) for n in np.random.default_rng(0).lognormal(7, 0.5, 500)]
    rows = pack(lengths, 8192)
    assert sum(lengths) / (8192 * len(rows)) > 0.97


def test_a_sequence_longer_than_a_row_has_one_to_itself() -> None:
    assert pack([5, 30, 4], 10) == [[1], [0, 2]]


def test_a_batch_scores_each_action_token_at_the_position_before_it() -> None:
    found = sequences([5, 9, 2])
    batch = batch_of(found)
    row, mask = batch.ids[0], np.concatenate([s.mask for s in found])
    assert torch.equal(row, torch.from_numpy(np.concatenate([s.ids for s in found])))
    assert torch.equal(batch.action_index + 1, torch.from_numpy(np.flatnonzero(mask)))
    assert torch.equal(batch.targets, row[batch.action_index + 1])
    assert batch.n_tokens == 16 and batch.n_actions == mask.sum()


def test_positions_restart_with_every_sequence() -> None:
    assert batch_of(sequences([3, 1, 2])).position_ids.tolist() == [[0, 1, 2, 0, 0, 1]]


def test_action_tokens_know_their_sequence() -> None:
    one = TokenSequence(np.arange(4), np.array([False, True, False, True]), np.array([-1, 0, -1, 1]), None, "a")
    assert batch_of([one, one]).sequence.tolist() == [0, 0, 1, 1]


def test_packed_sequences_do_not_see_each_other() -> None:
    torch.manual_seed(0)
    config = Qwen3Config(
        vocab_size=256,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=16,
    )
    model = Qwen3ForCausalLM(config).eval()
    found = sequences([11, 23, 6])

    def hidden(batch: Batch) -> torch.Tensor:
        ids, positions = batch.ids, batch.position_ids
        with torch.no_grad():
            states: torch.Tensor = model.model(input_ids=ids, position_ids=positions, use_cache=False)[0]
        return states[0]

    alone = torch.cat([hidden(batch_of([s])) for s in found])
    assert torch.allclose(hidden(batch_of(found)), alone, atol=1e-5)
