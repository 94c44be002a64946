"""A compacted run is the same run: records, order and fingerprint; also when the compaction is killed anywhere."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from toy_problems import problem

from agentprop.errors import RunError
from agentprop.records import Problem, Reject
from agentprop.storage import compaction, durable
from agentprop.storage.compaction import compact
from agentprop.storage.run import Run, open_run

SEGMENTS = 6


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A complete run of six segments with two kinds of records."""
    path = tmp_path_factory.mktemp("compaction") / "run"
    with Run.open(path, "toy", {}) as run:
        for number in range(SEGMENTS):
            for place in range(5):
                run.add(problem(5 * number + place))
            run.add(Reject(stage="toy", item=str(number), outcome="rejected", code="odd"))
            run.commit({"segments": number})
            run.flush()
        run.finish({"problems": 5 * SEGMENTS})
    return path


@pytest.fixture
def run(small: Path, tmp_path: Path) -> Path:
    shutil.copytree(small, tmp_path / "run")
    return tmp_path / "run"


def content(path: Path) -> tuple[list[Any], list[Any], str, bool]:
    stored = open_run(path, warn=False)
    return list(stored.iter(Problem)), list(stored.iter(Reject)), stored.fingerprint, stored.complete


def files(path: Path) -> list[str]:
    return sorted(str(file.relative_to(path)) for file in path.rglob("part-*.parquet"))


def test_many_files_become_few_and_nothing_else_changes(run: Path) -> None:
    before = content(run)
    done = compact(run)
    assert (done.shards_before, done.shards, done.records) == (12, 2, 36)
    assert content(run) == before
    assert files(run) == ["problems/part-00006.parquet", "rejects/part-00006.parquet"]
    metadata = pq.read_metadata(run / files(run)[0])
    assert metadata.num_row_groups == 1 and metadata.row_group(0).column(0).has_column_index


def test_compacting_again_changes_nothing(run: Path) -> None:
    compact(run)
    before = {path: path.stat().st_mtime_ns for path in run.rglob("part-*")}
    assert compact(run).shards == 2
    assert {path: path.stat().st_mtime_ns for path in run.rglob("part-*")} == before


def test_segments_end_at_the_target_size(run: Path) -> None:
    before = content(run)
    largest = max((run / name).stat().st_size for name in files(run))
    assert compact(run, target=3 * largest).shards > 2
    assert content(run) == before


def test_a_compacted_run_goes_on_from_its_state(run: Path) -> None:
    compact(run)
    with Run.open(run, "toy", {}) as again:
        assert again.state == {"segments": SEGMENTS - 1}
        again.add(problem())
        again.commit({"segments": SEGMENTS})
        again.finish({})
    assert files(run)[1] == "problems/part-00007.parquet"
    assert len(content(run)[0]) == 5 * SEGMENTS + 1


def test_an_unfinished_run_stays_unfinished(run: Path) -> None:
    (run / "manifest.json").unlink()
    before = content(run)
    compact(run)
    assert content(run) == before and not before[3]


@pytest.mark.parametrize("resume", [compact, lambda path: Run.open(path, "toy", {}).close()], ids=["compact", "stage"])
def test_killed_at_any_write_it_has_lost_nothing(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, resume: Callable[[Path], Any]
) -> None:
    """Every operation that changes the disk is the last one once; then the run is read, and the work goes on."""
    before = content(small)
    kills = 0
    while True:
        path = tmp_path / str(kills)
        shutil.copytree(small, path)
        try:
            with monkeypatch.context() as patched:
                _kill_at(patched, kills)
                compact(path)
            break
        except MemoryError:
            kills += 1
        assert content(path)[:3] == before[:3]
        resume(path)
        assert content(path)[:3] == before[:3]
        compact(path)
        assert content(path)[:3] == before[:3] and len(files(path)) == 2
        assert resume is not compact or content(path)[3]
    assert kills > 6


def _kill_at(patched: pytest.MonkeyPatch, operation: int) -> None:
    """Let `operation` renames and removals of files happen, and no more."""
    left = [operation]

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def once(*arguments: Any, **options: Any) -> Any:
            if not left[0]:
                raise MemoryError
            left[0] -= 1
            return real(*arguments, **options)

        return once

    patched.setattr(Path, "replace", counted(Path.replace))
    patched.setattr(Path, "unlink", counted(Path.unlink))


def test_what_is_no_run_is_left_alone(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="is not a run directory"):
        compact(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_plan_names_what_is_to_be_and_goes_with_its_compaction(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    real = durable.write_atomically

    def watching(path: Path, data: bytes) -> None:
        seen.append(len(json.loads((run / compaction.PLAN).read_text())["segments"]))
        real(path, data)

    monkeypatch.setattr(compaction, "write_atomically", watching)
    compact(run)
    assert seen == [1] and not (run / compaction.PLAN).exists()
