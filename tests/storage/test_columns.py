"""Columns that another process made are stored exactly as the records would be."""

from __future__ import annotations

import pickle
from random import Random

import pytest
from toy_records import problem, trajectory

from agentprop.errors import ShardError
from agentprop.records import Problem, Reject
from agentprop.storage.columns import Columns, Storable, packed, rebuilt, size_of
from agentprop.storage.parquet import encode_shard


def test_packed_records_come_back_in_order_whatever_their_kinds() -> None:
    records = [problem(0), trajectory(0), problem(1), problem(2), trajectory(2)]
    sent = pickle.loads(pickle.dumps(list(packed(records))))
    assert [rebuilt(one) for one in sent] == records
    assert [one.kind for one in sent] == [record.kind for record in records]
    assert len({id(one.columns) for one in sent}) == 2  # those of one kind share their columns, after the pipe too


@pytest.mark.parametrize("seed", range(5))
def test_a_shard_has_the_same_bytes_however_its_records_came(seed: int) -> None:
    random = Random(seed)
    records = [problem(number) for number in range(600)]
    batches: list[Storable] = []
    while len(batches) < len(records):
        some = records[len(batches) : len(batches) + random.choice((1, 7, 96))]
        batches += packed(some) if random.random() < 0.7 else some
    kept = [number for number in range(600) if random.random() < 0.8]  # a commit refuses some rows of a batch
    assert bytes(encode_shard(Problem, [batches[n] for n in kept])[0]) == bytes(
        encode_shard(Problem, [records[n] for n in kept])[0]
    )


def test_nothing_to_pack_is_nothing_and_what_cannot_be_stored_is_named() -> None:
    assert list(packed([])) == []
    unfit = Reject(stage="propose", item="1", outcome="failed", code="c", message="\ud800")
    with pytest.raises(ShardError, match=unfit.id):
        Columns.of([unfit])


def test_a_packed_record_counts_its_share_of_the_columns() -> None:
    one, *_ = some = list(packed([problem(number) for number in range(100)]))
    assert sum(map(size_of, some)) == pytest.approx(len(one.columns.data), abs=100)
    assert size_of(problem(0)) == len(problem(0).model_dump_json())
