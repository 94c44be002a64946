"""train-solver as a person runs it: from judged problems to a solver that answers them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from toy_solver import STATEMENTS, guessing, problem, run_of
from transformers import AutoModelForCausalLM

from agentprop.config import TrainSolverConfig
from agentprop.errors import ConfigError, InputError
from agentprop.records import Attempt, Certificate, Problem
from agentprop.stages.common.accepted import join
from agentprop.stages.train import solver as train_solver
from agentprop.storage.run import open_run
from agentprop.training.rl.solver_env import exercise

CLOCKED = ("seconds/", "speed/", "memory")
PROBLEMS = [problem(statement) for statement in STATEMENTS]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return guessing(tmp_path_factory.mktemp("guessing"))


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rates = [0, 4, 8, 16]
    return run_of(tmp_path_factory.mktemp("judged") / "run", PROBLEMS, rates=rates)


def settings(model: Path, **changed: Any) -> TrainSolverConfig:
    chosen: dict[str, Any] = {
        "model": str(model),
        "device": "cpu",
        "steps": 10,
        "groups": 4,
        "group_size": 12,
        "minibatches": 2,
        "learning_rate": 5e-3,
        "reply_tokens": 24,
        "max_length": 400,
        "sample_every": 4,
    }
    return TrainSolverConfig.model_validate({**chosen, **changed})


def lines(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def timeless(run: Path) -> list[dict[str, Any]]:
    return [{k: v for k, v in line.items() if not k.startswith(CLOCKED)} for line in lines(run)]


@pytest.fixture(scope="module")
def straight(model: Path, judged: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("straight") / "run"
    train_solver.run(settings(model), [str(judged)], str(out), quiet=True)
    return out


def test_the_solver_learns_to_answer(straight: Path) -> None:
    accuracy = [line["reward/accuracy"] for line in lines(straight)]
    assert accuracy[0] < 0.3  # one digit of ten
    assert sum(accuracy[-2:]) / 2 > 0.6, accuracy


def test_the_result_is_a_model_with_a_summary_and_samples(straight: Path) -> None:
    AutoModelForCausalLM.from_pretrained(straight / "model")
    run = open_run(straight)
    assert run.complete and run.summary is not None
    assert run.summary["exercises"] == 4 and run.summary["steps"] == 10
    assert {one.id for one in run.iter(Problem)} == {exercise(one).id for one in PROBLEMS}
    assert {attempt.code for attempt in run.iter(Attempt)} >= {"correct", "wrong"}


def test_nothing_but_question_and_answer_is_in_the_run(straight: Path) -> None:
    for one in open_run(straight).iter(Problem):
        assert "secret" not in one.model_dump_json()


def test_a_run_in_two_parts_is_the_same_run(model: Path, judged: Path, straight: Path, tmp_path: Path) -> None:
    for steps in (3, 10):
        train_solver.run(settings(model, steps=steps), [str(judged)], str(tmp_path / "run"), quiet=True)
    assert timeless(tmp_path / "run") == timeless(straight)


def test_unsure_thinking_is_told_and_paid_less_for_if_it_is_asked(model: Path, judged: Path, tmp_path: Path) -> None:
    train_solver.run(settings(model, pear=1.0, steps=2, group_size=6), [str(judged)], str(tmp_path / "run"), quiet=True)
    told = [line for line in lines(tmp_path / "run") if line["reward/accuracy"] > 0]
    assert told and all(line["update/entropy_answer"] > 0 and 0 <= line["update/pear"] <= 1 for line in told)


def test_only_what_v_accepted_and_the_band_holds_is_learnt_from(model: Path, judged: Path, tmp_path: Path) -> None:
    summary = train_solver.run(
        settings(model, steps=1, difficulty="0.2..0.6"), [str(judged)], str(tmp_path / "band"), quiet=True
    )
    assert summary["exercises"] == 2 and summary["left_out"] == {"outside the band of difficulty": 2}
    source = run_of(tmp_path / "source", PROBLEMS, values=["valid", "invalid", "undetermined", "valid"])
    summary = train_solver.run(settings(model, steps=1), [str(source)], str(tmp_path / "valid"), quiet=True)
    assert summary["exercises"] == 2 and sum(summary["left_out"].values()) == 2


def test_questions_of_an_evaluation_are_not_trained_on(model: Path, judged: Path, tmp_path: Path) -> None:
    chosen = settings(model, steps=4, evaluate_every=4, evaluate_groups=1, groups=3, sample_every=1)
    summary = train_solver.run(chosen, [str(judged)], str(tmp_path / "run"), quiet=True)
    run = open_run(tmp_path / "run")
    assert summary["exercises"] == len({one.id for one in run.iter(Problem)}) == 3
    found = {row["step"]: row["evaluation/accuracy"] for row in lines(tmp_path / "run") if "evaluation/accuracy" in row}
    assert found.keys() == {0, 4} and summary["evaluation_before"] == found[0] and summary["best_step"] == 4
    with pytest.raises(InputError, match="4 problems cannot spare 8"):
        train_solver.run(settings(model, evaluate_every=1), [str(judged)], str(tmp_path / "few"), quiet=True)


def test_two_certificates_of_one_question_are_one_exercise(model: Path, tmp_path: Path) -> None:
    other = {**dict(PROBLEMS[0]), "id": "", "certificate": Certificate(form="program", source="answer = 3 + 4")}
    joined = join([str(run_of(tmp_path / "source", [*PROBLEMS, Problem.model_validate(other)]))])
    found = train_solver.gather(settings(model), joined)
    assert [one.statement for one in found] == list(STATEMENTS) and joined.left_out == {"there before": 1}


def test_nothing_to_learn_from_is_said_with_the_reason(model: Path, judged: Path, tmp_path: Path) -> None:
    refused = run_of(tmp_path / "refused", PROBLEMS, values=["invalid"] * 4)
    with pytest.raises(InputError, match="4 invalid"):
        train_solver.run(settings(model), [str(refused)], str(tmp_path / "a"), quiet=True)
    unmeasured = run_of(tmp_path / "unmeasured", PROBLEMS)
    with pytest.raises(InputError, match="no difficulty"):
        train_solver.run(settings(model, difficulty="0..1"), [str(unmeasured)], str(tmp_path / "b"), quiet=True)
    with pytest.raises(InputError, match="outside the band"):
        train_solver.run(settings(model, difficulty="0.9..0.95"), [str(judged)], str(tmp_path / "c"), quiet=True)
    assert not any((tmp_path / name).exists() for name in "abc")


def test_penalties_do_not_go_with_new_tasks_in_place_of_silent_groups() -> None:
    with pytest.raises(ConfigError, match="which pear learns from"):
        train_solver.check(settings(Path("m"), pear=1.0, refill=0.5))


def test_groups_that_cannot_be_shared_out_are_refused() -> None:
    from agentprop.stages.train.rl_run import check_world
    from agentprop.training.model.distributed import World

    with pytest.raises(ConfigError, match="6 groups"):
        check_world(6, World(0, 4, torch.device("cpu"), None))
