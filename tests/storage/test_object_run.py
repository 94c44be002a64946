"""Runs on object stores: exact after any death and any lost reply, and never written by two processes at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from faulty_store import AsksTwice, Counted, Died, DiesAfter, DiesBefore, DropsReply, Unconditional
from toy_records import problem, trajectory

from agentprop.cli.ending import next_commands
from agentprop.config import ExtractConfig
from agentprop.config.parts import Partitioned
from agentprop.errors import AgentpropError, ConfigError, RunError, ShardError
from agentprop.records import Problem, Trajectory
from agentprop.stages.common.partitions import part_of, stage_of_parts
from agentprop.stages.extract import run as extract
from agentprop.storage.compaction import compact
from agentprop.storage.run import Run, open_run
from agentprop.storage.run_readme import README
from agentprop.storage.stores import LocalStore, Store, check_here, is_url

pytest.importorskip("obstore")

from obstore import exceptions as failed
from obstore.store import MemoryStore

from agentprop.storage.object_run import ObjectRun
from agentprop.storage.object_store import ObjectStore, StoreError, open_store, store_errors

NAME = "s3://bucket/run"
STEPS = 5
EACH = 3
CONTENT = [problem(index) for index in range(STEPS * EACH)]


def memory(_: Path) -> Store:
    return ObjectStore(MemoryStore(), NAME)


def local(path: Path) -> Store:
    return LocalStore(path)


def work(store: Store, steps: int = STEPS, *, fresh: bool = False, seed: int = 1) -> None:
    """A stage: resumes, adds what is missing segment by segment, and completes the run."""
    config = {"seed": seed, "steps": steps}
    with Run.open(store, "toy", config, outside_identity=["steps"], fresh=fresh) as run:
        for step in range(run.state.get("next", 0), steps):
            add(run, step)
        run.finish({"steps": steps})


def add(run: Run, step: int) -> None:
    for index in range(EACH * step, EACH * (step + 1)):
        run.add(problem(index))
        run.add(trajectory(index))
    run.commit({"next": step + 1})
    run.flush()


def refusal(error: type[AgentpropError], action: Callable[[], object]) -> AgentpropError:
    with pytest.raises(error) as caught:
        action()
    assert caught.value.hint and "\n" not in caught.value.message
    return caught.value


def assert_whole(store: Store) -> None:
    """All problems are there once and in order, and no object is there that nothing lists."""
    stored = open_run(store)
    assert stored.complete and list(stored.iter(Problem)) == CONTENT
    assert len(list(stored.iter(Trajectory))) == len(CONTENT)
    listed = {shard.path for segment in stored.segments for shard in segment.shards}
    assert {key for key in store.list() if key.endswith(".parquet")} == listed


@pytest.mark.parametrize("make", [memory, local])
def test_a_run_on_a_store_reads_back_and_has_its_promised_shape(make: Callable[[Path], Store], tmp_path: Path) -> None:
    store = make(tmp_path)
    work(store)
    assert_whole(store)
    stored = open_run(store)
    assert stored.stage == "toy" and stored.summary == {"steps": STEPS} and stored.config["seed"] == 1
    assert list(stored.find(Problem, CONTENT[7].id[:12])) == [CONTENT[7]]
    keys = list(store.list())
    assert f"manifest-001-{STEPS:08d}.json" in keys and ".agentprop/journal-001/00000004.json" in keys
    assert not [key for key in keys if "probe-" in key or key.endswith((".tmp", "lock"))]
    shard = stored.segments[0].shards[0]
    assert shard.path == f"problems/part-00000-001-{shard.sha256[:12]}.parquet"
    if isinstance(store, ObjectStore):
        assert refusal(RunError, lambda: stored.path).message.startswith(NAME)


@pytest.mark.parametrize("make", [memory, local])
def test_more_work_revokes_completeness_and_nothing_owed_changes_nothing(
    make: Callable[[Path], Store], tmp_path: Path
) -> None:
    store = make(tmp_path)
    work(store, 2)
    before = store.list()
    with Run.open(store, "toy", {"seed": 1, "steps": 2}, outside_identity=["steps"]) as run:
        assert run.complete and run.resumed and run.state == {"next": 2}
    assert store.list() == before
    with Run.open(store, "toy", {"seed": 1, "steps": 3}, outside_identity=["steps"]) as run:
        add(run, 2)
        assert not run.complete and not open_run(store, warn=False).complete
    work(store)
    assert_whole(store)
    assert [key for key in store.list() if key.startswith("manifest")] == [f"manifest-001-{STEPS:08d}.json"]


@pytest.mark.parametrize("fault", [DiesBefore, DiesAfter])
def test_a_process_that_dies_at_any_operation_is_resumed_to_the_same_content(fault: type[Counted]) -> None:
    whole = Counted(memory(Path()))
    work(whole)
    assert whole.done > 25
    for at in range(1, whole.done + 1):
        store = memory(Path())
        with pytest.raises(Died):
            work(fault(store, at))
        work(store)
        assert_whole(store)


@pytest.mark.parametrize("fault", [DropsReply, AsksTwice])
def test_a_lost_reply_at_any_operation_loses_nothing_and_is_never_taken_for_somebody_else(fault: type[Counted]) -> None:
    whole = Counted(memory(Path()))
    work(whole)
    ended = 0
    for at in range(1, whole.done + 1):
        store = memory(Path())
        try:
            work(fault(store, at))
        except RunError as error:
            assert "timed out" in error.message, error.message
            ended += 1
        work(store)
        assert_whole(store)
    assert fault is DropsReply or not ended


def test_of_two_processes_on_one_run_the_slower_is_stopped_and_spoils_nothing() -> None:
    store = memory(Path())
    first = Run.open(store, "toy", {"seed": 1, "steps": STEPS}, outside_identity=["steps"])
    add(first, 0)
    second = Run.open(store, "toy", {"seed": 1, "steps": STEPS}, outside_identity=["steps"])
    add(second, 1)
    error = refusal(RunError, lambda: add(first, 1))
    assert "another agentprop process is working in" in error.message and "segment 1" in error.message
    first.close()
    for step in range(2, STEPS):
        add(second, step)
    second.finish({"steps": STEPS})
    second.close()
    assert_whole(store)


def test_a_slower_process_with_other_content_leaves_litter_that_the_next_one_removes() -> None:
    store = memory(Path())
    first, second = (Run.open(store, "toy", {"seed": 1, "steps": STEPS}, outside_identity=["steps"]) for _ in "ab")
    add(first, 0)
    second.add(problem(999))
    second.commit({"next": 1})
    refusal(RunError, second.flush)
    refusal(RunError, lambda: second.finish({}))
    second.close()
    first.close()
    assert len([key for key in store.list("problems")]) == 2
    work(store)
    assert_whole(store)


def test_fresh_starts_over_and_a_process_of_the_earlier_start_changes_nothing() -> None:
    store = memory(Path())
    earlier = Run.open(store, "toy", {"seed": 7, "steps": STEPS}, outside_identity=["steps"])
    add(earlier, 4)
    error = refusal(ConfigError, lambda: work(store))
    assert "seed was 7, now 1" in error.message and f"--out {NAME}" in (error.hint or "")
    work(store, fresh=True)
    assert_whole(store)
    add(earlier, 3)
    assert "started over" in refusal(RunError, lambda: earlier.finish({})).message
    earlier.close()
    work(store)
    assert_whole(store)
    assert open_run(store).summary == {"steps": STEPS}


def test_a_store_without_conditional_writes_is_refused_before_anything_is_written() -> None:
    store = Unconditional(memory(Path()))
    error = refusal(RunError, lambda: work(store))
    assert "one object replace another" in error.message and "If-None-Match" in (error.hint or "")
    assert store.list() == {}


def test_objects_of_somebody_else_and_places_without_a_run_are_refused() -> None:
    store = memory(Path())
    assert f"there is no run at {NAME}" in refusal(RunError, lambda: open_run(store)).message
    store.put("notes.md", b"mine")
    assert "not an agentprop run (notes.md" in refusal(RunError, lambda: work(store)).message
    assert store.list() == {"notes.md": 4}


def test_a_changed_or_missing_object_is_named() -> None:
    store = memory(Path())
    work(store)
    path = open_run(store).segments[2].shards[0].path
    data = store.get(path) or b""
    store.put(path, data[:-1] + b"?")
    error = refusal(ShardError, lambda: list(open_run(store).iter(Problem)))
    assert f"{NAME}/{path} is not the shard that was written" in error.message
    store.delete(path)
    assert "is missing" in refusal(ShardError, lambda: list(open_run(store).iter(Problem))).message
    assert f"{NAME}/{path} is missing" in refusal(ShardError, lambda: work(store)).message
    store.put(".agentprop/journal-001/00000004.json", b"{")
    work_more = refusal(RunError, lambda: work(store, STEPS + 1))
    assert "00000004.json is damaged" in work_more.message


def test_an_exception_leaves_only_whole_objects() -> None:
    store = memory(Path())
    with (
        pytest.raises(ZeroDivisionError),
        Run.open(store, "toy", {"seed": 1, "steps": STEPS}, outside_identity=["steps"]) as run,
    ):
        add(run, 0)
        run.add(problem(99))
        _ = 1 / 0
    assert open_run(store, warn=False).rows == {"problem": EACH, "trajectory": EACH}
    work(store)
    assert_whole(store)


def test_logs_of_sessions_are_objects_of_their_own_and_hold_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "kept-to-myself")
    store = memory(Path())
    work(store)
    assert all(b"kept-to-myself" not in (store.get(key) or b"") for key in store.list())
    commit = json.loads(store.get(".agentprop/journal-001/00000000.json") or b"")
    assert set(commit) == {"writer", "segment"}


def test_a_readme_lies_beside_the_records_unless_somebody_wrote_another() -> None:
    store = memory(Path())
    work(store)
    assert b"problems/*.parquet" in (store.get(README) or b"") and b"# run\n" in (store.get(README) or b"")
    store.put(README, b"my own text")
    work(store, STEPS + 1)
    work(store, fresh=True)
    assert store.get(README) == b"my own text"


def test_records_are_read_from_a_store_as_a_table() -> None:
    store = memory(Path())
    work(store)
    table = open_run(store).table(Problem, ["id"])
    assert table.column("id").to_pylist() == [one.id for one in CONTENT]


@pytest.mark.parametrize("judged", [True, False])
def test_the_commands_named_after_a_run_write_pages_and_exports_to_the_disk(judged: bool) -> None:
    commands = [command.split() for command, _ in next_commands("s3://bucket/runs/made/", judged=judged)]
    outs = {words[1]: words[words.index("--out") + 1] for words in commands if "--out" in words}
    last = {"export": "made.jsonl"} if judged else {"verify": "s3://bucket/runs/made-verified"}
    assert outs == {"report": "made.html", **last}


def test_only_stages_that_need_records_alone_are_written_there() -> None:
    assert is_url("gs://b/x") and not is_url("/s3:/x") and not is_url("hf:gsm8k")
    for stage in ("extract", "curate", "evaluate", "train-sft"):
        error = refusal(RunError, lambda stage=stage: Run.open(NAME, stage, {}))  # type: ignore[misc]
        assert f"a run of {stage} cannot be written to {NAME}" in error.message
    refusal(RunError, lambda: check_here("gs://b/report.html", "a report"))
    for action in (
        lambda: extract.run(ExtractConfig(sources=("corpus.jsonl",)), NAME),
        lambda: part_of(Partitioned(partitions=2, partition=0), NAME),
        lambda: stage_of_parts(NAME),
        lambda: compact(NAME),
    ):
        assert NAME in refusal(RunError, action).message
    check_here("report.html", "a report")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("s3://bucket", "names a whole bucket"),
        ("s3://key:secret@bucket/run", "is not of the form"),
        ("s3://bucket/run?versionId=1", "is not of the form"),
    ],
)
def test_urls_that_name_no_place_are_refused_without_repeating_a_secret(url: str, said: str) -> None:
    error = refusal(ConfigError, lambda: open_store(url))
    assert said in error.message and "secret" not in error.message


@pytest.mark.parametrize("url", ["hdfs://user:secret@a/b", "file:///a/b", "S3://bucket/run", "s3:/bucket/run"])
def test_other_urls_never_become_folders_with_odd_names(
    url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for action in (
        lambda: Run.open(url, "propose", {}),
        lambda: open_run(url),
        lambda: check_here(url, "an export"),
    ):
        error = refusal(RunError, action)
        assert "neither a path nor a URL" in error.message and "secret" not in f"{error.message}{error.hint}"
    assert not list(tmp_path.iterdir())
    (tmp_path / "s3:").mkdir()
    check_here("s3:/", "an export")


def test_an_unreachable_store_is_an_error_of_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    from agentprop.storage import object_store

    monkeypatch.setattr(object_store, "RETRIES", 0)
    for name, value in {"ENDPOINT_URL": "http://127.0.0.1:9", "ALLOW_HTTP": "true", "REGION": "us-east-1"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "kept-to-myself")
    error = refusal(RunError, lambda: open_run(NAME))
    assert "cannot list s3://bucket/run/.agentprop" in error.message and "kept-to-myself" not in error.message


def test_each_start_has_a_folder_of_its_own_on_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    store = memory(Path())
    work(store, 1)
    first = ObjectRun(store).folder("models")
    work(store, 1, fresh=True)
    assert first.is_relative_to(tmp_path) and first != ObjectRun(store).folder("models")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("url", "address", "credentials"),
    [
        ("s3://box/a", "AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID"),
        ("gs://box/a", "GOOGLE_BASE_URL", "GOOGLE_APPLICATION_CREDENTIALS"),
        ("az://box/a", "AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_ACCOUNT_KEY"),
    ],
)
def test_hints_name_the_variables_of_the_store_that_was_asked(url: str, address: str, credentials: str) -> None:
    for error, told in ((failed.GenericError("refused"), address), (failed.PermissionDeniedError("no"), credentials)):
        with pytest.raises(StoreError) as raised, store_errors(url, "read"):
            raise error
        assert told in str(raised.value.hint)
    with pytest.raises(StoreError, match="there is no such bucket"), store_errors(url, "list"):
        raise failed.GenericError("<Code>NoSuchBucket</Code>")
