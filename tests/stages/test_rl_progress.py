"""Evaluations in the progress of a run of reinforcement learning: which policy is the best one."""

from __future__ import annotations

from dataclasses import replace

from agentprop.config import TrainSolverConfig
from agentprop.stages.train.rl_run import RlProgress


def evaluated(*values: float | None) -> RlProgress:
    """Progress with an evaluation before the first step and after each one."""
    progress = RlProgress()
    for step, value in enumerate(values):
        progress = replace(progress, step=step).after_evaluation(value)
    return progress


def test_of_equal_evaluations_the_earlier_policy_is_the_best() -> None:
    found = evaluated(0.9, 0.2, 0.5, 0.5, 0.4)
    assert (found.began_at, found.best, found.best_step) == (0.9, 0.5, 2)


def test_an_evaluation_in_which_no_reward_is_known_is_no_evaluation_of_zero() -> None:
    found = evaluated(None, None, 0.0, None)
    assert (found.began_at, found.best, found.best_step) == (None, 0.0, 2)
    nothing = evaluated(0.5, None, None)
    assert nothing.best_step is None, "the last policy is published then, and not the first one that was not measured"


def test_an_evaluation_that_does_not_count_is_not_repeated() -> None:
    found = evaluated(None, None)
    assert not found.due(TrainSolverConfig(model="m", evaluate_every=1, steps=4))
