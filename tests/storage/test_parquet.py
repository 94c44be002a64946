"""Records to shards and streams and back; every way a shard or a stream can be bad is one clear sentence."""

from __future__ import annotations

import io
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import duckdb
import polars
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from places import ENVIRONMENT
from pydantic import BaseModel
from toy_records import piped, problem, trajectory

from agentprop.errors import RunError, ShardError
from agentprop.records import RECORDS, Judging, PipedProblem, Problem, Record, Reject, Trajectory
from agentprop.storage import (
    PipeClosed,
    StreamWriter,
    arrow_schema,
    read_rows,
    read_shard,
    read_stream,
    write_shard,
    write_stream,
)
from agentprop.storage.durable import write_atomically
from agentprop.storage.tables import read_table


def leaves(data_type: pa.DataType) -> Iterator[pa.DataType]:
    if pa.types.is_struct(data_type):
        for index in range(data_type.num_fields):
            yield from leaves(data_type.field(index).type)
    elif pa.types.is_list(data_type):
        yield from leaves(data_type.value_type)
    else:
        yield data_type


@pytest.mark.parametrize("kind", RECORDS)
def test_every_record_type_has_a_declared_schema_without_null_columns(kind: str) -> None:
    schema = arrow_schema(RECORDS[kind])
    assert schema.names == list(RECORDS[kind].model_fields)
    types = {leaf for field in schema for leaf in leaves(field.type)}
    assert types <= {pa.string(), pa.int64(), pa.float64(), pa.bool_()}
    assert schema.metadata[b"agentprop.kind"] == kind.encode()


def test_optional_fields_are_nullable_and_others_are_not() -> None:
    schema = arrow_schema(Problem)
    assert schema.field("unit").nullable and not schema.field("statement").nullable
    certificate = schema.field("certificate").type
    assert certificate.field("composition").nullable and not certificate.field("source").nullable


def required(fields: Sequence[pa.Field], above: str = "") -> Iterator[str]:
    """The columns that no row may lack, also those within others."""
    for field in fields:
        name, kind = f"{above}{field.name}", field.type
        if not field.nullable:
            yield name
        while pa.types.is_list(kind):
            kind = kind.value_type
        if pa.types.is_struct(kind):
            yield from required(list(kind), f"{name}.")


@pytest.mark.parametrize("kind", RECORDS)
def test_runs_of_earlier_versions_are_readable_because_columns_that_came_later_may_be_null(kind: str) -> None:
    first = json.loads(Path(__file__).with_name("required_columns.json").read_text(encoding="utf-8"))
    assert set(required(list(arrow_schema(RECORDS[kind])))) <= set(first[kind])


@pytest.mark.parametrize("annotation", [dict[str, str], int | str, list, object, tuple[int, str]])
def test_a_field_without_one_column_type_is_refused(annotation: object) -> None:
    odd = type("Odd", (Record,), {"__annotations__": {"field": annotation}, "kind": "odd", "identity": ()})
    assert issubclass(odd, BaseModel)
    with pytest.raises(TypeError, match="a column cannot hold"):
        arrow_schema(odd)


def test_records_come_back_equal(tmp_path: Path) -> None:
    problems = [problem(index) for index in range(600)]
    trajectories = [trajectory(index, sampled=index % 3 == 0) for index in range(40)]
    assert write_shard(tmp_path / "p.parquet", Problem, problems).rows == 600
    write_shard(tmp_path / "t.parquet", Trajectory, trajectories)
    assert list(read_shard(tmp_path / "p.parquet", Problem)) == problems
    assert list(read_shard(tmp_path / "t.parquet", Trajectory)) == trajectories


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(), max_size=5), st.one_of(st.none(), st.text()))
def test_any_text_survives_a_stream(messages: list[str], extra: str | None) -> None:
    records = [Reject(stage="s", item="i", outcome="failed", code="c", message=m, record=extra) for m in messages]
    pipe = io.BytesIO()
    write_stream(pipe, Reject, records)
    assert list(read_stream(io.BytesIO(pipe.getvalue()), Reject)) == records


def test_a_field_that_came_later_is_null_in_what_was_stored_before(tmp_path: Path) -> None:
    judging = Judging(form="stdio", signature="", ticks=9)
    one = problem(0).model_copy(update={"judging": judging})
    write_shard(tmp_path / "p.parquet", Problem, [one, problem(1)])
    table = pq.read_table(tmp_path / "p.parquet")
    at = table.schema.get_field_index("judging")
    older = pa.struct([field for field in table.schema.field(at).type if field.name != "checker"])
    rows = [row and {key: row[key] for key in row if key != "checker"} for row in table["judging"].to_pylist()]
    table = table.set_column(at, pa.field("judging", older), pa.array(rows, older))
    pq.write_table(table, tmp_path / "older.parquet")
    assert list(read_shard(tmp_path / "older.parquet", Problem)) == [one, problem(1)]
    found = read_table([tmp_path / "older.parquet"], Problem)["judging"].to_pylist()
    assert found[0]["checker"] is None and found[1] is None


def test_rows_can_be_read_as_json_and_by_column(tmp_path: Path) -> None:
    records = [trajectory(index) for index in range(3)]
    write_shard(tmp_path / "t.parquet", Trajectory, records)
    rows = [json.loads(json.dumps(row)) for row in read_rows(tmp_path / "t.parquet", Trajectory)]
    assert rows == [json.loads(record.model_dump_json()) for record in records]
    assert list(read_rows(tmp_path / "t.parquet", Trajectory, ["id"])) == [{"id": record.id} for record in records]


def test_reading_holds_one_row_group_at_a_time(tmp_path: Path) -> None:
    write_shard(tmp_path / "p.parquet", Problem, [problem(index) for index in range(1000)])
    assert pq.ParquetFile(tmp_path / "p.parquet").metadata.num_row_groups == 4
    rows = read_rows(tmp_path / "p.parquet", Problem)
    assert [row["index"] for row in itertools.islice(rows, 300)] == list(range(300))


def test_shards_of_different_content_load_as_one_table_elsewhere(tmp_path: Path) -> None:
    write_shard(tmp_path / "part-00000.parquet", Trajectory, [trajectory(0)])
    write_shard(tmp_path / "part-00001.parquet", Trajectory, [trajectory(1, sampled=True)])
    write_shard(tmp_path / "part-00002.parquet", Trajectory, [])
    glob = str(tmp_path / "*.parquet")
    assert pq.read_table(tmp_path).num_rows == 2
    assert polars.read_parquet(glob)["turns"].list.len().to_list() == [2, 2]
    query = f"select turns[2].token_ids, task.seed from read_parquet('{glob}') order by id"
    assert sorted(duckdb.sql(query).fetchall(), key=str) == [(None, 1), ([1, 2], 1)]


def test_a_text_that_no_file_can_hold_is_refused_by_name(tmp_path: Path) -> None:
    bad = Reject(stage="s", item="i", outcome="failed", code="c", message="half a pair: \ud83d")
    good = Reject(stage="s", item="j", outcome="failed", code="c")
    with pytest.raises(ShardError, match=f"reject {bad.id} cannot be stored"):
        write_shard(tmp_path / "r.parquet", Reject, [good, bad])
    assert list(tmp_path.iterdir()) == []


# --- bad shards ---


def truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def flip_a_page(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[200] ^= 0xFF
    path.write_bytes(data)


def make_text(path: Path) -> None:
    path.write_text('{"statement": "?"}\n')


def make_foreign(path: Path) -> None:
    pq.write_table(pa.table({"statement": ["?"]}), path)


def make_newer(path: Path) -> None:
    table = pq.read_table(path)
    metadata = {**table.schema.metadata, b"agentprop.schema_version": b"99"}
    pq.write_table(table.replace_schema_metadata(metadata), path)


def make_rejects(path: Path) -> None:
    write_shard(path, Reject, [Reject(stage="s", item="i", outcome="failed", code="c")])


def drop_a_column(path: Path) -> None:
    pq.write_table(pq.read_table(path).drop_columns(["answer"]), path)


def change_an_answer(path: Path) -> None:
    table = pq.read_table(path)
    at = table.schema.get_field_index("answer")
    pq.write_table(table.set_column(at, table.schema.field(at), pa.array(["99"] * table.num_rows)), path)


def remove(path: Path) -> None:
    path.unlink()


def make_directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


BAD = {
    truncate: "is truncated or damaged",
    empty: "is truncated or damaged",
    flip_a_page: "is truncated or damaged",
    make_text: "is truncated or damaged",
    make_directory: "is truncated or damaged",
    make_foreign: "was not written by agentprop",
    make_newer: "has schema version 99, and this agentprop reads up to 2",
    make_rejects: "holds records of kind reject, not problem",
    drop_a_column: "has columns other than those of a problem",
    change_an_answer: "holds a damaged problem",
    remove: "does not exist",
}


@pytest.mark.parametrize("spoil", BAD, ids=lambda spoil: spoil.__name__)
def test_a_bad_shard_is_one_sentence_with_its_path_and_a_hint(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    path = tmp_path / "part-00000.parquet"
    write_shard(path, Problem, [problem(index) for index in range(5)])
    spoil(path)
    with pytest.raises(ShardError) as caught:
        list(read_shard(path, Problem))
    assert str(path) in caught.value.message and BAD[spoil] in caught.value.message
    assert caught.value.hint and "\n" not in caught.value.message


def test_no_flipped_byte_goes_unnoticed_in_a_page_or_breaks_the_reader(tmp_path: Path) -> None:
    path = tmp_path / "part-00000.parquet"
    problems = [problem(index) for index in range(20)]
    write_shard(path, Problem, problems)
    whole = path.read_bytes()
    noticed = 0
    for at in range(0, len(whole), 11):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        try:
            # the footer has no checksum of its own: what a flipped byte there may change is not what is read
            assert list(read_shard(path, Problem)) == problems
        except ShardError:
            noticed += 1
    assert noticed > len(whole) / 37 / 2


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomically(path, b"old")
    code = (
        "import resource, sys; from pathlib import Path; from agentprop.storage.durable import write_atomically\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "write_atomically(Path(sys.argv[1]), bytes(5000))"
    )
    process = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, env=ENVIRONMENT)
    assert "RunError: cannot write" in process.stderr and "the file-size limit was reached" in process.stderr
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]


def test_writing_below_a_file_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(RunError, match="a part of the path is a file"):
        write_atomically(tmp_path / "file" / "x", b"")


# --- streams ---


def stream_of(count: int) -> bytes:
    pipe = io.BytesIO()
    assert write_stream(pipe, PipedProblem, [piped(index) for index in range(count)]) == count
    return pipe.getvalue()


def test_piped_problems_come_back_equal_and_load_in_pyarrow() -> None:
    data = stream_of(600)
    assert list(read_stream(io.BytesIO(data), PipedProblem)) == [piped(index) for index in range(600)]
    assert pa.ipc.open_stream(data).read_all().num_rows == 600


def test_a_stream_without_records_is_complete() -> None:
    assert list(read_stream(io.BytesIO(stream_of(0)), PipedProblem)) == []


def test_a_stream_cut_anywhere_is_noticed() -> None:
    data = stream_of(3)
    for size in [*range(0, len(data), 41), len(data) - 8, len(data) - 4, len(data) - 1]:
        with pytest.raises(ShardError, match=r"stopped before its end|is empty"):
            list(read_stream(io.BytesIO(data[:size]), PipedProblem))


def messages(count: int) -> tuple[pa.Schema, list[pa.RecordBatch], dict[bytes, bytes]]:
    """A stream of one record to a message, taken apart: its records and what it says at its end."""
    pipe = io.BytesIO()
    with StreamWriter(pipe, Problem) as writer:
        for index in range(count):
            writer.write(problem(index))
            writer.send()
    reader = pa.ipc.open_stream(pipe.getvalue())
    found = [reader.read_next_batch_with_custom_metadata() for _ in range(count + 1)]
    return reader.schema, [batch for batch, _ in found[:-1]], dict(found[-1][1])


def put_together(schema: pa.Schema, batches: Sequence[pa.RecordBatch], end: dict[bytes, bytes] | None) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
        if end is not None:
            writer.write_batch(batches[0].slice(0, 0), custom_metadata=end)
    return sink.getvalue()


def test_a_stream_whose_end_was_mended_by_somebody_else_is_not_taken_for_a_whole_one() -> None:
    schema, batches, end = messages(3)
    assert list(read_stream(io.BytesIO(put_together(schema, batches, end)), Problem)) == [problem(i) for i in range(3)]
    with pytest.raises(ShardError, match="is damaged"):
        list(read_stream(io.BytesIO(put_together(schema, batches, None)), Problem))


@pytest.mark.parametrize("kept", [[0, 1], [1, 2], [0, 2, 1], [0, 1, 2, 2]], ids=["end", "start", "order", "twice"])
def test_a_stream_that_lost_a_part_says_so(kept: list[int]) -> None:
    schema, batches, end = messages(3)
    data = put_together(schema, [batches[n] for n in kept], end)
    with pytest.raises(ShardError, match="a part of it is missing or changed"):
        list(read_stream(io.BytesIO(data), Problem))


def test_no_byte_of_a_text_can_change_on_the_way() -> None:
    pipe = io.BytesIO()
    write_stream(pipe, Reject, [Reject(stage="s", item="i", outcome="failed", code="c", message="a long message")])
    data = pipe.getvalue().replace(b"a long message", b"a bent message")
    assert data != pipe.getvalue()
    with pytest.raises(ShardError, match="a part of it is missing or changed"):
        list(read_stream(io.BytesIO(data), Reject))


def test_a_stream_cut_between_two_messages_is_noticed_after_its_records() -> None:
    pipe = io.BytesIO()
    writer = StreamWriter(pipe, Problem)
    writer.write(problem(1))
    writer.send()
    received = []
    with pytest.raises(ShardError, match="stopped before its end"):
        for record in read_stream(io.BytesIO(pipe.getvalue()), Problem):
            received.append(record)
    assert received == [problem(1)]


def test_a_writer_that_fails_leaves_no_end_mark() -> None:
    pipe = io.BytesIO()
    with pytest.raises(ZeroDivisionError), StreamWriter(pipe, Problem) as writer:
        writer.write(problem(1))
        writer.send()
        _ = 1 / 0
    del writer
    with pytest.raises(ShardError, match="stopped before its end"):
        list(read_stream(io.BytesIO(pipe.getvalue()), Problem))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the input stream is empty"),
        (b'{"statement": "What is 1 + 1?"}\n' * 100, "is not an Arrow stream"),
        (b"PAR1" + bytes(100), "is not an Arrow stream"),
        (b"\xff\xff\xff\xff" + b"\x10\x00\x00\x00" + bytes(100), "is damaged|stopped before its end"),
        (b"\xff\xff\xff\xff" + b"\xff\xff\xff\x7f" + bytes(100), "stopped before its end"),
    ],
)
def test_a_foreign_stream_is_one_sentence(data: bytes, message: str) -> None:
    with pytest.raises(ShardError, match=message):
        list(read_stream(io.BytesIO(data), PipedProblem))


def test_a_stream_of_another_kind_is_refused() -> None:
    pipe = io.BytesIO()
    write_stream(pipe, Problem, [problem(1)])
    with pytest.raises(ShardError, match="holds records of kind problem, not piped_problem"):
        list(read_stream(io.BytesIO(pipe.getvalue()), PipedProblem))


def test_a_reader_sees_what_was_sent_while_the_writer_goes_on() -> None:
    read_end, write_end = os.pipe()
    with os.fdopen(write_end, "wb") as out, os.fdopen(read_end, "rb") as into:
        writer = StreamWriter(out, Problem)
        records = read_stream(into, Problem)
        for index in range(3):
            writer.write(problem(index))
            writer.send()
            assert next(records) == problem(index)
        writer.close()
        assert list(records) == []


def test_records_are_sent_at_the_latest_when_256_wait() -> None:
    pipe = io.BytesIO()
    writer = StreamWriter(pipe, Reject)
    before = len(pipe.getvalue())
    reject = Reject(stage="s", item="i", outcome="failed", code="c")
    sizes = []
    for _ in range(256):
        writer.write(reject)
        sizes.append(len(pipe.getvalue()))
    assert sizes[-1] > before


def test_a_reader_that_leaves_is_a_closed_pipe_and_not_an_error_of_arrow() -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    with pytest.raises(PipeClosed), os.fdopen(write_end, "wb", buffering=0) as out:
        write_stream(out, Problem, [problem(1)])


def test_a_reader_that_leaves_half_way_is_a_closed_pipe() -> None:
    read_end, write_end = os.pipe()
    with os.fdopen(write_end, "wb", buffering=0) as out:
        writer = StreamWriter(out, Problem)
        os.close(read_end)
        writer.write(problem(1))
        with pytest.raises(PipeClosed):
            writer.close()
