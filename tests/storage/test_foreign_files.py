"""Anyone's Parquet and Arrow files, whole or damaged, and Zstandard streams."""

from __future__ import annotations

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from agentprop.errors import ShardError
from agentprop.storage import read_foreign_arrow, read_foreign_parquet, zstd_stream

ROWS = [{"n": n, "text": f"row {n}", "inner": {"list": [n]}} for n in range(700)]


def arrow(path: Path, *, stream: bool) -> Path:
    data = pa.Table.from_pylist(ROWS)
    opened = pa.ipc.new_stream if stream else pa.ipc.new_file
    with pa.OSFile(str(path), "wb") as sink, opened(sink, data.schema) as writer:
        writer.write_table(data, max_chunksize=300)
    return path


@pytest.mark.parametrize("stream", [True, False])
def test_arrow_streams_and_files_are_read_from_paths_and_from_bytes(tmp_path: Path, stream: bool) -> None:
    path = arrow(tmp_path / "a.arrow", stream=stream)
    assert list(read_foreign_arrow(path, "a")) == ROWS
    assert list(read_foreign_arrow(io.BytesIO(path.read_bytes()), "a")) == ROWS


def test_a_file_that_breaks_off_is_an_error_after_its_whole_batches(tmp_path: Path) -> None:
    path = arrow(tmp_path / "a.arrow", stream=True)
    path.write_bytes(path.read_bytes()[:-4000])
    rows = read_foreign_arrow(path, "a.arrow")
    assert [next(rows)["n"] for _ in range(300)] == list(range(300))
    with pytest.raises(ShardError, match=r"a\.arrow is truncated or damaged"):
        list(rows)


def test_offsets_that_point_outside_are_an_error_and_no_crash(tmp_path: Path) -> None:
    data = pa.Table.from_pydict({"text": ["aa", "bb", "cc"]})
    path = tmp_path / "a.arrow"
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, data.schema) as writer:
        writer.write_table(data)
    content = path.read_bytes()
    offsets = b"".join(n.to_bytes(4, "little") for n in (0, 2, 4, 6))
    assert offsets in content
    path.write_bytes(content.replace(offsets, offsets[:12] + (10**9).to_bytes(4, "little")))
    with pytest.raises(ShardError, match="truncated or damaged"):
        list(read_foreign_arrow(path, "a.arrow"))


def test_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    data = pa.table([["a"], ["b"]], names=["text", "text"])
    pq.write_table(data, tmp_path / "a.parquet")
    with pytest.raises(ShardError, match="two columns called text"):
        list(read_foreign_parquet(tmp_path / "a.parquet", "a.parquet"))


def test_a_zstandard_stream_is_read_line_by_line_and_must_be_whole() -> None:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(b"line\n" * 10_000)
    data = bytes(sink.getvalue())
    assert sum(1 for _ in zstd_stream(io.BytesIO(data))) == 10_000
    with pytest.raises(OSError, match="Truncated"):
        zstd_stream(io.BytesIO(data[:-3])).read()
