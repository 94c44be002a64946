"""The propose stage: the same problems whatever the workers, the pauses, the kills and the resumes."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from places import ROOT, SUPPORT
from propose_process import config

from agentprop.agent.candidates import Candidate
from agentprop.agent.curriculum import Curriculum
from agentprop.config import ProposeConfig
from agentprop.errors import BoundReached, ConfigError
from agentprop.records import RECORDS, Certificate, Problem, Reject, Trajectory, Verdict, content_id
from agentprop.stages.propose import run as propose
from agentprop.stages.propose.digest import Digest
from agentprop.stages.propose.ledger import BATCH, WINDOW, Ledger
from agentprop.storage.run import StoredRun, open_run

PROCESS = SUPPORT / "propose_process.py"


def proposed(out: Path) -> list[tuple[int | None, str]]:
    """(candidate, problem id) in stored order."""
    return [(p.index, p.id) for p in open_run(out, warn=False).iter(Problem)]


def start(*arguments: object) -> subprocess.Popen[bytes]:
    """The stage in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, str(PROCESS), *map(str, arguments)]
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE)


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nothing disturbed, made by one worker."""
    out = tmp_path_factory.mktemp("straight") / "run"
    propose.run(config(n=250, workers=1, max_template_repeats=100_000), str(out), quiet=True)
    return out


# --- the same work ---


def test_two_workers_and_other_timing_give_the_same_problems_in_the_same_order(straight: Path, tmp_path: Path) -> None:
    process = start(tmp_path / "run", 250, 2, 0.7)
    assert process.wait() == 0, process.stderr and process.stderr.read().decode()
    assert proposed(tmp_path / "run") == proposed(straight)


def test_raising_n_goes_on_where_it_stopped(straight: Path, tmp_path: Path) -> None:
    for n in (1, 97, 120):
        propose.run(config(n=n, workers=2, max_template_repeats=100_000), str(tmp_path / "run"), quiet=True)
        assert proposed(tmp_path / "run") == proposed(straight)[:n]


def test_another_seed_gives_other_problems(straight: Path, tmp_path: Path) -> None:
    propose.run(config(n=20, seed=4, workers=2), str(tmp_path / "run"), quiet=True)
    assert not {i for _, i in proposed(tmp_path / "run")} & {i for _, i in proposed(straight)}


# --- kills ---


def holds_together(run: StoredRun) -> Counter[str]:
    """Read every record of every shard; ids are recomputed on reading."""
    rows = Counter({kind: len(list(run.iter(record))) for kind, record in RECORDS.items()})
    assert dict(+rows) == dict(Counter(run.rows))
    return rows


def kill_at_random(out: Path, n: int, kills: int, longest_s: float, rng: random.Random, *extra: object) -> int:
    """Start the stage again and again, and kill it at random moments; how many kills hit it at work."""
    hits, seen = 0, set[str]()
    while hits < kills:
        process = start(out, n, rng.choice((1, 2)), *extra)
        try:
            process.wait(rng.uniform(0.5, longest_s))
            return hits
        except subprocess.TimeoutExpired:
            if (out / ".agentprop").exists() and (out / ".agentprop" / "run.json").exists():
                holds_together(open_run(out, warn=False))  # while it is being written
            process.kill()
            process.wait()
            hits += 1
        if (out / ".agentprop" / "run.json").exists():
            run = open_run(out, warn=False)
            holds_together(run)
            found = [p.id for p in run.iter(Problem)]
            assert len(set(found)) == len(found)
            assert seen <= set(found)  # what was there once stays
            seen = set(found)
    return hits


def accounted_for(out: Path) -> None:
    """in = accepted + rejected + failed, in the summary and in the shards."""
    run = open_run(out)
    assert run.complete and run.summary is not None
    summary, rows = run.summary, run.rows
    assert summary["candidates"] == summary["accepted"] + summary["rejected"] + summary["failed"]
    assert (rows["problem"], rows.get("reject", 0)) == (summary["accepted"], summary["rejected"] + summary["failed"])
    assert sum(summary["reasons"].values()) == rows.get("reject", 0)
    accepted = {p.index for p in run.iter(Problem)}
    refused = {int(r.item) for r in run.iter(Reject)}
    assert not accepted & refused
    assert accepted | refused == set(range(summary["candidates"]))
    trajectories = {t.id for t in run.iter(Trajectory)}
    assert {p.trajectory_id for p in run.iter(Problem)} <= trajectories


def test_killed_and_resumed_runs_end_like_undisturbed_ones(straight: Path, tmp_path: Path) -> None:
    out, rng = tmp_path / "run", random.Random(time.time_ns())
    hits = kill_at_random(out, 250, 6, 4.0, rng, 0.6, 30)
    process = start(out, 250, 2)
    assert process.wait() == 0, process.stderr and process.stderr.read().decode()
    assert hits >= 3
    assert proposed(out) == proposed(straight)
    accounted_for(out)


@pytest.mark.slow
def test_twenty_five_kills_of_two_thousand_problems(tmp_path: Path) -> None:
    straight, out = tmp_path / "straight", tmp_path / "killed"
    assert start(straight, 2000, 2).wait() == 0
    hits = kill_at_random(out, 2000, 25, 9.0, random.Random(time.time_ns()), 0.4)
    assert start(out, 2000, 2).wait() == 0
    print(f"{hits} kills")
    assert proposed(out) == proposed(straight)
    accounted_for(out)


# --- what is counted, and the bounds ---


def test_everything_that_went_in_came_out(straight: Path) -> None:
    accounted_for(straight)
    run = open_run(straight)
    assert {v.value for v in run.iter(Verdict) if v.problem_id in {p.id for p in run.iter(Problem)}} == {"valid"}


def test_no_more_problems_of_a_template_than_allowed(tmp_path: Path) -> None:
    summary = propose.run(config(n=40, workers=2, max_template_repeats=1), str(tmp_path / "run"), quiet=True)
    templates = Counter(p.template for p in open_run(tmp_path / "run").iter(Problem))
    assert summary["largest_template"] == max(templates.values()) == 1
    assert summary["templates"] == len(templates) == 40


def test_without_a_verifier_nothing_is_judged(tmp_path: Path) -> None:
    propose.run(config(n=20, workers=1, verifier="none"), str(tmp_path / "run"), quiet=True)
    assert open_run(tmp_path / "run").rows.get("verdict", 0) == 0
    assert len(proposed(tmp_path / "run")) == 20


def test_a_bound_stops_and_a_higher_one_goes_on(straight: Path, tmp_path: Path) -> None:
    out = str(tmp_path / "run")
    with pytest.raises(BoundReached, match="--max-candidates 130") as stopped:
        propose.run(config(n=150, workers=2, max_candidates=130, max_template_repeats=100_000), out, quiet=True)
    assert stopped.value.exit_code == 3
    run = open_run(out, warn=False)
    assert not run.complete and run.summary is not None and run.summary["candidates"] == 130
    propose.run(config(n=150, workers=2, max_template_repeats=100_000), out, quiet=True)
    assert proposed(tmp_path / "run") == proposed(straight)[:150]


def test_minutes_are_a_bound_too(tmp_path: Path) -> None:
    with pytest.raises(BoundReached, match="--max-minutes"):
        propose.run(config(n=100_000, workers=1, max_minutes=0.001), str(tmp_path / "run"), quiet=True)


def test_a_category_nobody_knows_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="unknown category alchemy"):
        propose.run(config(n=1, categories=["alchemy"]), str(tmp_path / "run"), quiet=True)
    with pytest.raises(ConfigError, match="no category is left"):
        propose.run(config(n=1, domain="science"), str(tmp_path / "run"), quiet=True)


def test_pruning_can_be_switched_off(tmp_path: Path) -> None:
    propose.run(config(n=40, workers=2, prune=False), str(tmp_path / "run"), quiet=True)
    trajectories = list(open_run(tmp_path / "run").iter(Trajectory))
    assert {t.pruned + t.replaced for t in trajectories} == {0}
    assert not any(turn.action == "edit" for t in trajectories for turn in t.turns)


# --- the ledger alone ---


def candidate(index: int, statement: str, *, mined: bool = False, category: str = "a") -> Digest:
    """A candidate whose problem was accepted."""
    from agentprop.records import StopReason, Task

    task = Task(seed=0, index=index, domain="mathematics", category=category, skill_ids=())
    problem = Problem(
        statement=statement,
        answer="7",
        answer_type="integer",
        domain="mathematics",
        category=category,
        skills=(),
        skill_ids=(),
        certificate=Certificate(form="none"),
        evidence="self-consistent" if mined else "independent",
        template=content_id(statement.split("#")[0]),
        index=index,
    )
    trajectory = Trajectory(
        task_id=task.id, task=task, system="s", prompt="p", turns=(), stop=StopReason.SUBMITTED, problem_id=problem.id
    )
    return Digest.of(Candidate(index, category, task, trajectory, problem))


def ledger(share: float = 0.2, **settings: object) -> Ledger:
    return Ledger(ProposeConfig.model_validate({"n": 10_000, **settings}), Curriculum(("a", "b"), mined_share=share))


def test_mined_problems_never_exceed_their_share() -> None:
    book = ledger()
    for index in range(300):
        book.commit(candidate(index, f"statement {index}", mined=index % 2 == 0))
        assert book.mined <= 0.2 * book.accepted
    assert book.mined > 30
    assert book.counts["rejected: mined_share"] > 50


def test_where_only_mined_skills_are_asked_for_all_problems_may_be_mined() -> None:
    book = ledger(share=1.0)
    for index in range(30):
        book.commit(candidate(index, f"statement {index}", mined=True))
    assert (book.accepted, book.mined) == (30, 30)


def test_the_same_statement_counts_once_and_a_template_as_often_as_allowed() -> None:
    book = ledger(max_template_repeats=3)
    for index, statement in enumerate(["one", "one", "two #1", "two #2", "two #2", "two #3", "two #4", "three"]):
        book.commit(candidate(index, statement))
    assert book.accepted == 5
    assert (book.counts["rejected: duplicate"], book.counts["rejected: template_repeats"]) == (2, 1)
    assert book.summary()["candidates"] == 8


def test_a_ledger_restored_goes_on_as_if_nothing_had_happened() -> None:
    def commits(book: Ledger, indices: Iterator[int]) -> None:
        for index in indices:
            book.commit(candidate(index, f"s{index % 700} #{index % 90}", category="ab"[index % 2]))
            if (index + 1) % BATCH == 0:
                book.close_batch()

    whole, first = ledger(), ledger()
    numbers = BATCH * (WINDOW + 4) + 17
    commits(whole, iter(range(numbers)))
    for stop in (0, 1, BATCH - 1, BATCH, BATCH + 1, BATCH * WINDOW, BATCH * (WINDOW + 2) + 5):
        first = ledger()
        commits(first, iter(range(stop)))
        stored = iter([(f"s{i % 700} #{i % 90}", content_id(f"s{i % 700} ")) for i in _accepted(first, stop)])
        second = ledger()
        second.restore(first.state(), stored)
        assert second.state() == first.state()
        ahead = range(second.next // BATCH, second.next // BATCH + WINDOW)
        assert [second.mastery_for(b) for b in ahead] == [first.mastery_for(b) for b in ahead]
        commits(second, iter(range(stop, numbers)))
        assert second.state() == whole.state()
        assert (second.accepted, second.templates) == (whole.accepted, whole.templates)


def _accepted(book: Ledger, stop: int) -> list[int]:
    """The indices a fresh ledger accepts, in order."""
    again, out = ledger(), []
    for index in range(stop):
        before = again.accepted
        again.commit(candidate(index, f"s{index % 700} #{index % 90}", category="ab"[index % 2]))
        out += [index] if again.accepted > before else []
    assert again.accepted == book.accepted
    return out


def test_the_mastery_of_a_batch_is_that_of_a_window_before() -> None:
    book = ledger()
    seen = [book.curriculum.start()]
    for batch in range(WINDOW + 3):
        assert book.mastery_for(batch + WINDOW - 1) == seen[-1]  # the newest batch in flight
        for index in range(batch * BATCH, (batch + 1) * BATCH):
            book.commit(candidate(index, f"statement {index}"))
        book.close_batch()
        seen.append(book.latest)
    assert len({tuple(s.mastery.values()) for s in seen}) == len(seen)
