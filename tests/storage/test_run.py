"""Run directories: resumed after anything, exact in content, never mixed, never somebody else's."""

from __future__ import annotations

import json
import logging
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ClassVar

import pytest
from places import ENVIRONMENT, SUPPORT
from toy_records import problem, trajectory

from agentprop.config import StageConfig
from agentprop.errors import AgentpropError, ConfigError, RunError, ShardError
from agentprop.records import RECORDS, Problem, Reject, Trajectory
from agentprop.storage import read_rows
from agentprop.storage import run as runs
from agentprop.storage.reader import FOLDERS
from agentprop.storage.run import Run, add_up, open_run

TOY = [sys.executable, str(SUPPORT / "toy_stage.py")]


class Settings(StageConfig):
    stage: ClassVar[str] = "toy"
    renamed: ClassVar[Mapping[str, str]] = {"maximum": "n"}

    seed: int = 1
    n: int = 10
    domain: str | None = None
    model: Mapping[str, float] = {}


def toy(out: Path, n: int, *options: object) -> subprocess.CompletedProcess[str]:
    command = [*TOY, str(out), str(n), *map(str, options)]
    return subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, timeout=60)


def reject(index: int) -> Reject:
    return Reject(stage="toy", item=str(index), outcome="rejected", code="no")


def fill(run: Run, start: int, stop: int) -> None:
    for index in range(start, stop):
        run.add(problem(index))
        run.add(trajectory(index))
        run.commit({"next": index + 1})


def files(path: Path) -> dict[str, bytes]:
    return {str(file.relative_to(path)): file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file()}


def refusal(error: type[AgentpropError], action: Callable[[], object]) -> AgentpropError:
    with pytest.raises(error) as caught:
        action()
    assert caught.value.hint and "\n" not in caught.value.message
    return caught.value


# --- the contract ---


@pytest.fixture
def small_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Segments of 256 records, so that a small run has several."""
    monkeypatch.setattr(runs, "SEGMENT_RECORDS", 256)


@pytest.mark.usefixtures("small_segments")
def test_a_finished_run_has_the_promised_shape(tmp_path: Path) -> None:
    out = tmp_path / "runs" / "toy"
    with Run.open(out, "toy", Settings(), inputs={"skills": "abc"}) as run:
        fill(run, 0, 300)
        run.add(reject(1))
        run.commit({})
        run.finish({"accepted": 300}, inputs={"corpus": "def"})
    visible = sorted(str(file.relative_to(out)) for file in out.glob("[!.]*/*"))
    assert visible == [
        "problems/part-00000.parquet",
        "problems/part-00001.parquet",
        "rejects/part-00001.parquet",
        "trajectories/part-00000.parquet",
        "trajectories/part-00001.parquet",
    ]
    assert json.loads((out / "config.json").read_text()) == Settings().model_dump()
    assert json.loads((out / "summary.json").read_text()) == {"accepted": 300}
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["rows"] == {"problem": 300, "trajectory": 300, "reject": 1}
    assert manifest["inputs"] == {"skills": "abc", "corpus": "def"}
    assert {shard["path"] for shard in manifest["shards"]} == set(visible)
    assert (out / "log.txt").exists()


def test_a_run_reads_back_what_was_added_in_order(tmp_path: Path) -> None:
    with Run.open(tmp_path, "toy", Settings()) as run:
        fill(run, 0, 600)
        run.finish({})
    stored = open_run(tmp_path)
    assert stored.complete and stored.stage == "toy" and stored.rows == {"problem": 600, "trajectory": 600}
    assert list(stored.iter(Problem)) == [problem(index) for index in range(600)]
    assert stored.done_ids(Trajectory, "task_id") == {trajectory(index).task_id for index in range(600)}
    assert [row["index"] for row in stored.iter_rows(Problem, ["index"])] == list(range(600))
    wanted = problem(444)
    assert list(stored.find(Problem, wanted.id[:12])) == [wanted]
    assert list(stored.find(Problem, "no such id")) == []
    for segment in stored.segments:
        problems = [record.index for record in stored.iter(Problem, segment)]
        assert problems == [record.task.index for record in stored.iter(Trajectory, segment)]


def test_what_was_added_after_the_last_commit_is_not_kept(tmp_path: Path) -> None:
    with Run.open(tmp_path, "toy", Settings()) as run:
        fill(run, 0, 5)
        run.add(problem(5))
    with Run.open(tmp_path, "toy", Settings()) as run:
        assert run.resumed and run.state == {"next": 5} and run.rows == {"problem": 5, "trajectory": 5}


def test_a_run_cannot_finish_with_uncommitted_records(tmp_path: Path) -> None:
    with Run.open(tmp_path, "toy", Settings()) as run:
        run.add(problem(0))
        with pytest.raises(ValueError, match="after the last commit"):
            run.finish({})


def test_an_exception_keeps_what_was_committed(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), Run.open(tmp_path, "toy", Settings()) as run:
        fill(run, 0, 5)
        _ = 1 / 0
    assert open_run(tmp_path).rows == {"problem": 5, "trajectory": 5}


@pytest.mark.usefixtures("small_segments")
def test_a_segment_is_written_when_it_is_full_or_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Run.open(tmp_path, "toy", Settings()) as run:
        fill(run, 0, 255)
        assert run.rows == {}
        fill(run, 255, 256)
        assert run.rows["problem"] == 256
        fill(run, 256, 257)
        run.tick()
        assert run.rows["problem"] == 256
        monkeypatch.setattr(runs, "SEGMENT_SECONDS", 0.0)
        run.tick()
        assert run.rows["problem"] == 257


def test_a_segment_is_written_when_it_is_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Run.open(tmp_path, "toy", Settings()) as run:
        fill(run, 0, 1)
        run.flush()
        monkeypatch.setattr(runs, "SEGMENT_BYTES", 10 * len(problem(0).model_dump_json()))
        for number in range(1, 31):
            run.add(problem(number))
            run.commit({"next": number})
        sizes = [shard.rows for segment in run.segments[1:] for shard in segment.shards]
        assert set(sizes) <= {9, 10, 11} and len(sizes) >= 2


def test_more_work_reopens_a_complete_run(tmp_path: Path) -> None:
    with Run.open(tmp_path, "toy", Settings(n=10), outside_identity=["n"]) as run:
        fill(run, 0, 10)
        run.finish({"accepted": 10})
    with Run.open(tmp_path, "toy", Settings(n=20), outside_identity=["n"]) as run:
        assert run.complete and run.state == {"next": 10}
        fill(run, 10, 20)
        run.flush()
        assert not run.complete
        run.finish({"accepted": 20})
    assert open_run(tmp_path).rows["problem"] == 20 and open_run(tmp_path).config["n"] == 20


def test_opening_a_complete_run_with_nothing_owed_changes_nothing(tmp_path: Path) -> None:
    with Run.open(tmp_path, "toy", Settings()) as run:
        fill(run, 0, 10)
        run.finish({"accepted": 10})
    before = files(tmp_path)
    with Run.open(tmp_path, "toy", Settings()) as run:
        assert run.complete
    assert files(tmp_path) == before


def test_an_interrupted_run_has_a_summary_and_no_manifest(tmp_path: Path) -> None:
    with Run.open(tmp_path, "toy", Settings()) as run:
        fill(run, 0, 3)
        run.summarise({"accepted": 3})
    stored = open_run(tmp_path)
    assert stored.summary == {"accepted": 3} and not stored.complete and stored.manifest is None


def test_costs_add_up() -> None:
    assert add_up({"tokens": {"in": 1}, "usd": 0.5}, {"tokens": {"in": 2, "out": 3}, "usd": 0.25}) == {
        "tokens": {"in": 3, "out": 3},
        "usd": 0.75,
    }
    assert add_up({}, {"a": {"b": 1}}) == {"a": {"b": 1}}


def test_log_records_of_the_package_go_to_the_log_file(tmp_path: Path) -> None:
    with Run.open(tmp_path, "toy", Settings()):
        logging.getLogger("agentprop.toy").info("half way")
    logging.getLogger("agentprop.toy").warning("too late")
    assert "INFO half way" in (tmp_path / "log.txt").read_text()
    assert "too late" not in (tmp_path / "log.txt").read_text()


def test_a_log_that_cannot_be_written_is_the_runs_error_and_releases_the_lock(tmp_path: Path) -> None:
    code = (
        "import logging, resource, sys; from agentprop.storage.run import Run\n"
        "from agentprop.errors import RunError\n"
        "try:\n"
        "    with Run.open(sys.argv[1], 'toy', {}):\n"
        "        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "        logging.getLogger('agentprop').info('x' * 5000)\n"
        "except RunError as error:\n"
        "    print(error)\n"
        "Run.open(sys.argv[1], 'toy', {}).close()"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    process = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT)
    assert process.stdout == f"cannot write {tmp_path}/log.txt: the file-size limit was reached\n", process.stderr
    assert process.returncode == 0 and process.stderr == ""


def test_the_fingerprint_follows_the_content(tmp_path: Path) -> None:
    for name, stop in (("a", 10), ("b", 10), ("c", 11)):
        with Run.open(tmp_path / name, "toy", Settings()) as run:
            fill(run, 0, stop)
    a, b, c = (open_run(tmp_path / name, warn=False).fingerprint for name in "abc")
    assert a == b != c


# --- refusals ---


def test_changed_settings_are_refused_with_the_keys_and_the_command(tmp_path: Path) -> None:
    Run.open(tmp_path, "toy", Settings(model={"temperature": 1.0})).close()
    changed = Settings(seed=2, domain="science", model={"temperature": 0.5}, n=99)
    error = refusal(ConfigError, lambda: Run.open(tmp_path, "toy", changed, outside_identity=["n"]))
    assert "seed was 1, now 2" in error.message and 'domain was null, now "science"' in error.message
    assert "model.temperature was 1.0, now 0.5" in error.message and "; n was" not in error.message
    assert f"agentprop toy --config {tmp_path}/config.json --out {tmp_path}" in (error.hint or "")


def test_the_server_of_a_model_may_change_and_the_model_may_not(tmp_path: Path) -> None:
    mistyped, mended, other = "m@http://hots:1/v1", "m@http://host:1/v1", "n@http://host:1/v1"
    Run.open(tmp_path, "toy", {"prober": [mistyped]}, models={mistyped: "m"}).close()
    Run.open(tmp_path, "toy", {"prober": [mended]}, models={mended: "m"}).close()
    Run.open(tmp_path, "toy", {"prober": ["small"]}, models={"small": "m"}).close()
    for name, model in ((other, "n"), ("small", "n")):
        error = refusal(ConfigError, lambda: Run.open(tmp_path, "toy", {"prober": [name]}, models={name: model}))  # noqa: B023
        assert 'prober was ["m"], now ["n"]' in error.message


def test_a_run_that_does_not_tell_the_names_of_its_models_goes_on_under_the_names_of_its_settings(
    tmp_path: Path,
) -> None:
    Run.open(tmp_path, "toy", {"proposer": "small"}).close()
    Run.open(tmp_path, "toy", {"proposer": "small"}, models={"small": "m"}).close()


def test_somebodys_own_readme_is_left_alone(tmp_path: Path) -> None:
    with Run.open(tmp_path, "toy", {}) as run:
        fill(run, 0, 3)
        run.finish({})
    assert "config_name: problems" in (tmp_path / "README.md").read_text()
    (tmp_path / "README.md").write_text("mine")
    with Run.open(tmp_path, "toy", {}) as run:
        run.finish({})
    assert (tmp_path / "README.md").read_text() == "mine"
    error = refusal(RunError, lambda: Run.open(tmp_path, "toy", {}, fresh=True))
    assert "README.md" in error.message


def test_settings_outside_the_identity_may_change(tmp_path: Path) -> None:
    Run.open(tmp_path, "toy", {"seed": 1, "workers": 1, "paths": ("a",)}, outside_identity=["workers"]).close()
    Run.open(tmp_path, "toy", {"seed": 1, "workers": 2, "paths": ("a",)}, outside_identity=["workers"]).close()
    assert json.loads((tmp_path / "config.json").read_text()) == {"seed": 1, "workers": 2, "paths": ["a"]}


def test_a_run_of_an_older_version_goes_on_under_present_names_and_with_defaults_for_what_it_did_not_know(
    tmp_path: Path,
) -> None:
    with Run.open(tmp_path, "toy", {"maximum": 10, "domain": None}) as run:
        fill(run, 0, 3)
    with Run.open(tmp_path, "toy", Settings()) as run:
        assert run.state == {"next": 3}
    error = refusal(ConfigError, lambda: Run.open(tmp_path, "toy", Settings(n=11)))
    assert "n was 10, now 11" in error.message


def test_another_stage_and_changed_inputs_are_refused(tmp_path: Path) -> None:
    Run.open(tmp_path, "toy", Settings(), inputs={"skills": "abc"}).close()
    assert (
        "holds a run of toy, not of verify"
        in refusal(RunError, lambda: Run.open(tmp_path, "verify", Settings())).message
    )
    error = refusal(RunError, lambda: Run.open(tmp_path, "toy", Settings(), inputs={"skills": "xyz"}))
    assert "have changed: skills" in error.message


def test_fresh_starts_over(tmp_path: Path) -> None:
    own = ["skills", "found.json"]
    with Run.open(tmp_path, "toy", Settings(), folders=own) as run:
        fill(run, 0, 300)
        (tmp_path / "skills" / "one").mkdir(parents=True)
        (tmp_path / "found.json").write_text("{}")
        run.finish({})
    with Run.open(tmp_path, "toy", Settings(seed=2), fresh=True, folders=own) as run:
        assert not run.resumed and run.state == {} and not run.complete
    assert sorted(files(tmp_path)) == [".agentprop/lock", ".agentprop/run.json", "config.json", "log.txt"]
    assert not (tmp_path / "skills").exists()


@pytest.mark.parametrize("look", [Run.open, Run.check])
def test_fresh_never_deletes_a_run_of_another_stage(tmp_path: Path, look: Callable[..., object]) -> None:
    with Run.open(tmp_path, "toy", Settings()) as run:
        fill(run, 0, 3)
    before = files(tmp_path)
    error = refusal(RunError, lambda: look(tmp_path, "verify", Settings(), fresh=True))
    assert "holds a run of toy, not of verify, and --fresh would delete it" in error.message
    assert files(tmp_path) == before


@pytest.mark.parametrize("inside", ["", "model", "model/weights"])
def test_fresh_never_deletes_what_the_new_run_reads(tmp_path: Path, inside: str) -> None:
    with Run.open(tmp_path / "run", "toy", Settings(), folders=["model"]) as run:
        fill(run, 0, 3)
    (tmp_path / "run" / "model" / "weights").mkdir(parents=True)
    before, read = files(tmp_path), tmp_path / "run" / ".." / "run" / inside
    error = refusal(RunError, lambda: Run.open(tmp_path / "run", "toy", {"teach": {"from": [str(read)]}}, fresh=True))
    assert error.message == f"--fresh would delete {read}, which this command reads"
    assert files(tmp_path) == before


def test_fresh_starts_over_where_nobody_can_read_what_the_run_was(tmp_path: Path) -> None:
    Run.open(tmp_path, "toy", Settings()).close()
    (tmp_path / ".agentprop" / "run.json").write_text("{")
    Run.open(tmp_path, "verify", Settings(), fresh=True).close()
    Run.open(tmp_path, "verify", Settings()).close()


@pytest.mark.parametrize("fresh", [False, True])
def test_a_directory_of_somebody_else_is_never_touched(tmp_path: Path, fresh: bool) -> None:
    (tmp_path / "problems").mkdir()
    (tmp_path / "problems" / "part-00000.parquet").write_text("mine")
    (tmp_path / "config.json").write_text("{}")
    before = files(tmp_path)
    error = refusal(RunError, lambda: Run.open(tmp_path, "toy", Settings(), fresh=fresh))
    assert "not an agentprop run" in error.message
    assert files(tmp_path) == before and not (tmp_path / ".agentprop").exists()


@pytest.mark.parametrize("name", ["notes.md", "problems/notes.md", "problems/part-old.csv"])
def test_fresh_refuses_to_remove_files_that_no_stage_wrote(tmp_path: Path, name: str) -> None:
    with Run.open(tmp_path, "toy", Settings()) as run:
        fill(run, 0, 3)
    (tmp_path / name).write_text("mine")
    before = files(tmp_path)
    error = refusal(RunError, lambda: Run.open(tmp_path, "toy", Settings(), fresh=True))
    assert name in error.message and files(tmp_path) == before
    Run.open(tmp_path, "toy", Settings()).close()
    assert (tmp_path / name).read_text() == "mine"


def test_a_file_or_a_path_below_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "is a file" in refusal(RunError, lambda: Run.open(tmp_path / "file", "toy", Settings())).message
    error = refusal(RunError, lambda: Run.open(tmp_path / "file" / "run", "toy", Settings()))
    assert "a part of the path is a file" in error.message
    assert "too long" in refusal(RunError, lambda: Run.open(tmp_path / ("x" * 300), "toy", Settings())).message


def test_an_unwritable_place_is_refused(tmp_path: Path) -> None:
    error = refusal(RunError, lambda: Run.open("/proc/agentprop", "toy", Settings()))
    assert "cannot write /proc/agentprop" in error.message
    if os.geteuid() != 0:
        tmp_path.chmod(0o500)
        error = refusal(RunError, lambda: Run.open(tmp_path / "run", "toy", Settings()))
        assert "permission denied" in error.message


def test_two_runs_in_one_directory_are_refused_until_the_first_ends(tmp_path: Path) -> None:
    first = Run.open(tmp_path, "toy", Settings())
    error = refusal(RunError, lambda: Run.open(tmp_path, "toy", Settings()))
    assert "another agentprop process is working in" in error.message
    first.close()
    Run.open(tmp_path, "toy", Settings()).close()


def test_two_processes_in_one_directory_are_refused(tmp_path: Path) -> None:
    with Run.open(tmp_path, "toy", {}):
        process = toy(tmp_path, 10)
    assert process.returncode == 1 and "another agentprop process" in process.stderr and "hint:" in process.stderr


def test_what_is_not_a_run_cannot_be_read_as_one(tmp_path: Path) -> None:
    assert "there is no run directory" in refusal(RunError, lambda: open_run(tmp_path / "nothing")).message
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "manifest.json").write_text('{"name": "a browser extension"}')
    assert "is not a run directory" in refusal(RunError, lambda: open_run(tmp_path / "other")).message
    with Run.open(tmp_path / "run", "toy", Settings()) as run:
        fill(run, 0, 3)
        run.finish({})
    error = refusal(RunError, lambda: open_run(tmp_path / "run" / "problems"))
    assert str(tmp_path / "run") in (error.hint or "")


def test_a_run_without_its_hidden_directory_can_still_be_read(tmp_path: Path) -> None:
    with Run.open(tmp_path, "toy", Settings()) as run:
        fill(run, 0, 300)
        run.finish({})
    shutil.rmtree(tmp_path / ".agentprop")
    assert list(open_run(tmp_path).iter(Problem)) == [problem(index) for index in range(300)]


def test_an_unfinished_run_is_read_with_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with Run.open(tmp_path, "toy", Settings()) as run:
        fill(run, 0, 3)
    assert len(list(open_run(tmp_path).iter(Problem))) == 3
    assert "is not finished" in caplog.text


@pytest.mark.parametrize("name", ["manifest.json", ".agentprop/run.json"])
@pytest.mark.parametrize("text", ["{", "[]", '{"schema_version": 1}', '{"schema_version": 2}'])
def test_damaged_run_files_are_named(tmp_path: Path, name: str, text: str) -> None:
    with Run.open(tmp_path, "toy", Settings()) as run:
        fill(run, 0, 3)
        if name == "manifest.json":
            run.finish({})
    (tmp_path / name).write_text(text)
    error = refusal(RunError, lambda: open_run(tmp_path))
    assert name in error.message or ("schema_version" not in text and "not a run" in error.message)


# --- damaged shards ---


def test_a_shard_changed_after_it_was_written_is_refused(tmp_path: Path) -> None:
    with Run.open(tmp_path, "toy", Settings()) as run:
        fill(run, 0, 3)
    path = tmp_path / "problems" / "part-00000.parquet"
    runs.write_shard(path, Problem, [problem(index) for index in range(4)])
    error = refusal(ShardError, lambda: list(open_run(tmp_path).iter(Problem)))
    assert f"{path} is not the shard that was written" in error.message
    refusal(ShardError, lambda: Run.open(tmp_path, "toy", Settings()))


def test_a_truncated_or_missing_shard_stops_reading_and_resuming(tmp_path: Path) -> None:
    with Run.open(tmp_path, "toy", Settings()) as run:
        fill(run, 0, 3)
    path = tmp_path / "problems" / "part-00000.parquet"
    os.truncate(path, 100)
    assert "truncated" in refusal(ShardError, lambda: list(open_run(tmp_path).iter(Problem))).message
    assert str(path) in refusal(ShardError, lambda: Run.open(tmp_path, "toy", Settings())).message
    path.unlink()
    assert "missing" in refusal(ShardError, lambda: list(open_run(tmp_path).iter(Problem))).message
    assert str(path) in refusal(ShardError, lambda: Run.open(tmp_path, "toy", Settings())).message


@pytest.mark.usefixtures("small_segments")
def test_a_torn_journal_line_and_orphaned_shards_are_forgotten(tmp_path: Path) -> None:
    with Run.open(tmp_path, "toy", Settings()) as run:
        fill(run, 0, 300)
    whole = open_run(tmp_path, warn=False).fingerprint
    journal = tmp_path / ".agentprop" / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(lines[0] + lines[1][:-20])
    (tmp_path / "problems" / ".part-00002.parquet.tmp").write_bytes(b"half")
    with Run.open(tmp_path, "toy", Settings()) as run:
        assert run.state == {"next": 256} and run.rows == {"problem": 256, "trajectory": 256}
        assert not list(tmp_path.glob("*/part-00001.parquet")) and not list(tmp_path.glob("*/.*.tmp"))
        fill(run, 256, 300)
    assert open_run(tmp_path, warn=False).fingerprint == whole


@pytest.mark.usefixtures("small_segments")
def test_a_journal_damaged_in_the_middle_is_refused(tmp_path: Path) -> None:
    with Run.open(tmp_path, "toy", Settings()) as run:
        fill(run, 0, 600)
    journal = tmp_path / ".agentprop" / "journal.jsonl"
    journal.write_bytes(b"?" + journal.read_bytes()[1:])
    assert "line 1 of" in refusal(RunError, lambda: open_run(tmp_path)).message


# --- crashes ---


def die_at_disk_operation(number: int, out: Path) -> bool:
    """In a forked process: fill and finish a run, and be killed just before one of its disk operations."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] == signal.SIGKILL
    left = [number]

    def counted(operation: Callable[..., object]) -> Callable[..., object]:
        def perform(*args: object) -> object:
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left[0] -= 1
            return operation(*args)

        return perform

    os.fsync, os.replace, os.unlink = counted(os.fsync), counted(os.replace), counted(os.unlink)  # type: ignore
    finish_toy(out, 3)
    os._exit(0)


def finish_toy(out: Path, n: int) -> None:
    with Run.open(out, "toy", {"n": n}, outside_identity=["n"]) as run:
        for index in range(run.state.get("next", 0), n):
            run.add(problem(index))
            run.add(trajectory(index))
            run.commit({"next": index + 1})
            if index % 2:
                run.flush()
        run.finish({})


def test_a_run_killed_before_any_disk_operation_goes_on_exactly(tmp_path: Path) -> None:
    operation = 0
    while die_at_disk_operation(operation, tmp_path / str(operation)):
        out = tmp_path / str(operation)
        read_everything_visible(out)
        if (out / "manifest.json").exists():
            assert open_run(out).rows["problem"] == 3
        finish_toy(out, 4)
        assert list(open_run(out).iter(Problem)) == [problem(index) for index in range(4)]
        assert list(open_run(out).iter(Trajectory)) == [trajectory(index) for index in range(4)]
        assert sum(len(list(out.glob(f"{folder}/*"))) for folder in FOLDERS.values()) == 2 * len(open_run(out).segments)
        operation += 1
    assert operation > 25


# --- real processes ---


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> str:
    process = toy(tmp_path_factory.mktemp("whole") / "run", 250)
    assert process.returncode == 0, process.stderr
    return process.stdout


def read_everything_visible(out: Path) -> None:
    """Every shard that can be seen can be read; one that disappears meanwhile was never promised."""
    for kind, folder in FOLDERS.items():
        for path in (out / folder).glob("*.parquet"):
            for _ in read_rows(path, RECORDS[kind]):
                pass


def test_a_run_killed_again_and_again_ends_with_the_same_content(tmp_path: Path, uninterrupted: str) -> None:
    out = tmp_path / "run"
    chance = random.Random(7)
    kills = 0
    for _ in range(6):
        process = subprocess.Popen([*TOY, str(out), "250", "2", "0.02"], env=ENVIRONMENT, stdout=subprocess.DEVNULL)
        started = time.monotonic()
        life_s = chance.uniform(0.45, 1.1)
        while process.poll() is None and time.monotonic() - started < life_s:
            read_everything_visible(out)
            time.sleep(0.02)
        process.kill()
        kills += process.wait() == -signal.SIGKILL
        read_everything_visible(out)
    assert kills >= 3
    finished = toy(out, 250)
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout == uninterrupted
    assert finished.stdout.split()[:2] == ["250", "250"]


def test_the_content_does_not_depend_on_workers_or_on_raising_n(tmp_path: Path, uninterrupted: str) -> None:
    assert toy(tmp_path / "one", 250, 1).stdout == uninterrupted
    assert toy(tmp_path / "three", 100, 3).returncode == 0
    assert toy(tmp_path / "three", 250, 2).stdout == uninterrupted


def wait_for(process: subprocess.Popen[str], condition: Callable[[], bool]) -> None:
    while not condition():
        assert process.poll() is None
        time.sleep(0.01)


@pytest.mark.parametrize("group", [False, True])
def test_the_first_interruption_drains_and_the_run_goes_on_later(
    tmp_path: Path, uninterrupted: str, group: bool
) -> None:
    command = [*TOY, str(tmp_path / "run"), "250", "2", "0.05", "2"]
    process = subprocess.Popen(command, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True, start_new_session=True)
    journal = tmp_path / "run" / ".agentprop" / "journal.jsonl"
    wait_for(process, lambda: journal.exists() and journal.stat().st_size > 0)
    (os.killpg if group else os.kill)(process.pid, signal.SIGINT)
    _, talk = process.communicate(timeout=60)
    assert process.returncode == 130 and talk.startswith("stopping: waiting for the items under way")
    stored = open_run(tmp_path / "run", warn=False)
    assert 2 <= sum(stored.rows.values()) < 250 and not stored.complete
    assert toy(tmp_path / "run", 250).stdout == uninterrupted


def test_the_second_interruption_ends_at_once_and_keeps_what_was_stored(tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert toy(out, 4).returncode == 0
    command = [*TOY, str(out), "50", "2", "300"]  # each further item takes five minutes
    process = subprocess.Popen(command, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True)
    assert process.stderr
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    wait_for(process, lambda: children.read_text() != "")
    process.send_signal(signal.SIGINT)
    assert process.stderr.readline().startswith("stopping: ")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert sum(open_run(out, warn=False).rows.values()) == 4


def test_a_file_size_limit_ends_with_a_clear_error_and_a_resumable_run(tmp_path: Path, uninterrupted: str) -> None:
    # Python ignores SIGXFSZ, so that the limit is met as an error in the middle of a write
    script = f'ulimit -f 16; exec "{TOY[0]}" "{TOY[1]}" "{tmp_path}/run" 250 1 0 64'
    process = subprocess.run(["bash", "-c", script], capture_output=True, text=True, env=ENVIRONMENT, timeout=60)
    assert process.returncode == 1
    assert "cannot write" in process.stderr and "the file-size limit was reached" in process.stderr
    assert "Traceback" not in process.stderr and "hint:" in process.stderr
    read_everything_visible(tmp_path / "run")
    assert toy(tmp_path / "run", 250).stdout == uninterrupted


ON_A_SMALL_DISK = """
mount -t tmpfs -o size=4m tmpfs "$1" && "$2" --version > /dev/null || exit 77
head -c 4000000 /dev/zero > "$1/filler"
"$2" "$3" "$1/run" 250 1; echo "first $?"
rm "$1/filler"
"$2" "$3" "$1/run" 250 1
"""


def test_a_full_disk_ends_with_a_clear_error_and_a_resumable_run(tmp_path: Path, uninterrupted: str) -> None:
    command = ["unshare", "--user", "--map-root-user", "--mount", "bash", "-c", ON_A_SMALL_DISK, "-", str(tmp_path)]
    if shutil.which("unshare") is None:
        pytest.skip("unshare is not installed, so no small file system can be mounted")
    process = subprocess.run([*command, *TOY], capture_output=True, text=True, env=ENVIRONMENT, timeout=60)
    if process.returncode == 77 or "unshare" in process.stderr:
        pytest.skip(f"no small file system can be mounted here: {process.stderr.strip()}")
    assert "no space left on the device" in process.stderr and "hint: free some space" in process.stderr
    assert "Traceback" not in process.stderr
    assert process.stdout == "first 1\n" + uninterrupted
