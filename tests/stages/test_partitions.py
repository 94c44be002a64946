"""A divided run: each part by itself, in any order, then merged into an ordinary run of exactly n problems."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from propose_process import config

from agentprop.composition.difficulty import spread
from agentprop.config import ProposeConfig, VerifyConfig
from agentprop.config.parts import Partitioned
from agentprop.errors import BoundReached, ConfigError, RunError
from agentprop.records import Problem, Trajectory, Verdict
from agentprop.stages.common.models import named_models
from agentprop.stages.common.partitions import (
    finished,
    numbers_of,
    own_share,
    own_total,
    part_directory,
    part_of,
    stored_parts,
)
from agentprop.stages.propose import merge as merging
from agentprop.stages.propose import run as propose
from agentprop.stages.propose.ledger import BATCH, INDICES
from agentprop.stages.verify import run as verify
from agentprop.stages.verify.merge import merge as merge_verdicts
from agentprop.storage.run import Run, open_run

PARTS = 2


def settings(**changed: Any) -> ProposeConfig:
    return config(**{"n": 160, "partitions": PARTS, "workers": 1, "max_template_repeats": 100_000, **changed})


def digest(run: Path) -> str:
    lines = [record.model_dump_json() for kind in (Problem, Trajectory, Verdict) for record in open_run(run).iter(kind)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both parts of a run, the last one first."""
    out = tmp_path_factory.mktemp("divided") / "run"
    for number in reversed(range(PARTS)):
        propose.run(settings(partition=number), str(out), quiet=True)
    return out


@pytest.fixture
def out(parts: Path, tmp_path: Path) -> Path:
    shutil.copytree(parts, tmp_path / "run")
    return tmp_path / "run"


def test_parts_end_with_whole_rounds_and_number_their_candidates_apart(parts: Path) -> None:
    for number in range(PARTS):
        stored = open_run(part_directory(parts, number))
        assert stored.complete and stored.summary is not None
        assert stored.summary["candidates"] == BATCH * stored.summary["rounds"]
        indices = [problem.index for problem in stored.iter(Problem)]
        assert all(index is not None and index // INDICES == number for index in indices)


def test_the_merged_run_is_an_ordinary_one_of_exactly_n_problems(out: Path) -> None:
    summary = merging.merge(str(out), 60, quiet=True)
    stored = open_run(out)
    problems = list(stored.iter(Problem))
    assert stored.complete and len(problems) == 60 == summary["accepted"]
    assert len({problem.statement for problem in problems}) == 60
    assert [p.trajectory_id for p in problems] == [t.id for t in stored.iter(Trajectory)]
    assert [p.id for p in problems] == [v.problem_id for v in stored.iter(Verdict)]
    told = [summary[name] for name in ("accepted", "rejected", "failed", "left_in_parts")]
    assert summary["candidates"] == sum(told)
    assert summary["isolation"] == {problems[0].isolation: 60}
    assert sum(summary["reasons"].values()) == summary["rejected"] + summary["failed"]
    assert summary["difficulty"] == spread(
        Counter(problem.difficulty.score for problem in problems if problem.difficulty)
    )


def test_merging_again_killed_or_with_a_larger_n_gives_what_one_merge_gives(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The merge dies at each of its segments in turn, as by a power cut, and is started again."""
    merging.merge(str(out), 100, quiet=True)
    whole = digest(out)
    again = digest_after_kills(out, monkeypatch)
    assert again == whole
    merging.merge(str(out), 100, quiet=True)
    assert digest(out) == whole


def digest_after_kills(out: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    merging.merge(str(out), 30, fresh=True, quiet=True)
    kept = [problem.id for problem in open_run(out).iter(Problem)]
    monkeypatch.setattr("agentprop.storage.run.SEGMENT_RECORDS", 9)
    flush, kills = Run.flush, 0

    def once(run: Run) -> None:
        nonlocal kills
        flush(run)
        kills += 1
        if kills % 2:
            run._incomplete = True  # nothing more is written, as after a kill
            raise MemoryError

    monkeypatch.setattr(Run, "flush", once)
    for _ in range(40):
        try:
            merging.merge(str(out), 100, quiet=True)
            break
        except MemoryError:
            continue
    monkeypatch.undo()
    merging.merge(str(out), 100, quiet=True)
    assert kills > 6
    assert [problem.id for problem in open_run(out).iter(Problem)][:30] == kept
    return digest(out)


def test_a_short_merge_says_what_is_owed_and_the_same_command_goes_on(out: Path) -> None:
    with pytest.raises(BoundReached, match=r"partitions 0-1 of 2 should finish \d+ rounds") as short:
        merging.merge(str(out), 250, quiet=True)
    assert short.value.exit_code == 3
    first = [problem.id for problem in open_run(out).iter(Problem)]
    assert 60 < len(first) < 250
    for number in range(PARTS):
        propose.run(settings(partition=number), str(out), quiet=True)
    summary = merging.merge(str(out), 250, quiet=True)
    assert summary["accepted"] == 250
    assert [problem.id for problem in open_run(out).iter(Problem)][: len(first)] == first


def test_a_finished_part_is_left_alone(out: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    began = time.process_time()
    summary = propose.run(settings(partition=1), str(out), quiet=True)
    assert time.process_time() - began < 1  # the survey of the library alone takes longer
    assert summary["partition"] == 1
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == before


def test_a_part_that_has_not_begun_is_owed(tmp_path: Path, parts: Path) -> None:
    shutil.copytree(part_directory(parts, 1), part_directory(tmp_path / "run", 1))
    (tmp_path / "run" / ".agentprop").mkdir()
    with pytest.raises(BoundReached, match="0 of 160 problems so far; partition 0 of 2"):
        merging.merge(str(tmp_path / "run"), quiet=True)
    owed = json.loads((tmp_path / "run/parts/owed.json").read_text())
    assert owed == {"n": 160, "rounds": 3}


def test_a_server_that_moved_leaves_finished_parts_and_their_merge_as_they_are(tmp_path: Path) -> None:
    for number, port in enumerate((8001, 8002)):
        made = VerifyConfig(verifier=(f"small@http://localhost:{port}/v1",), partitions=2, partition=number)
        part = part_directory(tmp_path, number)
        with Run.open(part, "verify", made, models=named_models(made)) as run:
            run.finish({"judged": 0})
        moved = made.model_copy(update={"verifier": ("small@http://localhost:9000/v1",)})
        assert finished(made, str(part)) is not None
        Run.check(part, "verify", moved, models=named_models(moved))
    assert len([one for one in stored_parts(tmp_path) if one is not None]) == 2


def test_parts_are_made_only_where_their_merge_can_lie(parts: Path, tmp_path: Path) -> None:
    undivided, part = tmp_path / "undivided", part_directory(parts, 1)
    Run.open(undivided, "propose", settings(partitions=1).model_dump()).close()
    merged = tmp_path / "merged"
    Run.open(merged, "propose", settings(partitions=3).model_dump()).close()
    for place, told in ((undivided, "not divided"), (part, "part 1 of"), (merged, "3 partitions")):
        with pytest.raises(ConfigError, match=told):
            part_of(settings(partition=0), str(place))
        assert not (place / "parts").exists()


def test_the_command_that_continues_a_part_names_the_whole(parts: Path) -> None:
    with pytest.raises(ConfigError, match="seed was") as caught:
        propose.run(settings(partition=1, seed=99), str(parts), quiet=True)
    place = part_directory(parts, 1)
    assert f"agentprop propose --config {place}/config.json --out {parts};" in (caught.value.hint or "")


def test_parts_of_other_settings_are_not_mixed(out: Path) -> None:
    shutil.rmtree(part_directory(out, 1))
    propose.run(settings(partition=1, seed=4, n=1), str(out), quiet=True)
    with pytest.raises(RunError, match="made with other settings or inputs than the other parts: seed"):
        merging.merge(str(out), quiet=True)


@pytest.mark.parametrize(
    ("environment", "given", "number"),
    [
        ({"SLURM_ARRAY_TASK_ID": "3"}, "auto", 3),
        ({"JOB_COMPLETION_INDEX": "0"}, "auto", 0),
        ({"SLURM_ARRAY_TASK_ID": "3"}, 2, 2),
        ({"SLURM_ARRAY_TASK_ID": "9"}, "auto", None),
        ({}, "auto", None),
        ({}, None, None),
        ({}, 4, None),
    ],
    ids=str,
)
def test_where_the_number_of_a_part_comes_from(
    environment: Mapping[str, str], given: Any, number: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    divided = ProposeConfig(n=1, partitions=4, partition=given)
    if number is None:
        with pytest.raises(ConfigError):
            part_of(divided, "o", claimed=False)
    else:
        part, out = part_of(divided, "o", claimed=False)
        assert (part.partition, out) == (number, f"o/parts/0000{number}")


@pytest.mark.parametrize("count", [0, 1, 63, 64, 65, 1000])
def test_every_item_is_the_work_of_one_part(count: int) -> None:
    divided = [Partitioned(partitions=3, partition=number) for number in range(3)]
    shares = [list(own_share(range(count), one)) for one in divided]
    assert sorted(item for share in shares for item in share) == list(range(count))
    assert [len(share) for share in shares] == [own_total(count, one) for one in divided]


def test_parts_of_verify_give_the_verdicts_of_one_run(parts: Path, tmp_path: Path) -> None:
    source, whole, out = str(part_directory(parts, 0)), tmp_path / "whole", tmp_path / "divided"
    library = {"skills": settings().skills, "bundled_skills": False, "workers": 1}
    verify.run(VerifyConfig(**library), source, str(whole), quiet=True)
    verify.run(VerifyConfig(**library, partitions=2, partition=1), source, str(out), quiet=True)
    with pytest.raises(BoundReached, match=r"partition 0 of 2 under .* is not finished"):
        merge_verdicts(str(out))
    for number in (0, 1):
        verify.run(VerifyConfig(**library, partitions=2, partition=number), source, str(out), quiet=True)
    summary = merge_verdicts(str(out))
    assert merge_verdicts(str(out)) == summary
    ids = [[verdict.id for verdict in open_run(run).iter(Verdict)] for run in (whole, out)]
    assert ids[0] == ids[1]
    before = open_run(whole).summary or {}
    assert {name: summary[name] for name in before} == before


def test_numbers_are_told_as_array_jobs_take_them() -> None:
    assert numbers_of([5, 1, 2, 3]) == "1-3,5"
