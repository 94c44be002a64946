"""Replies that were cut off: left out by default, or kept as the last turn, whose tokens then count everywhere."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from toy_groups import ALONE, GARBAGE, GOOD, LIBRARY, RUNS, ScriptedPolicy, config, policy_of, rollout_setup, task

from agentprop.agent.sources import tools
from agentprop.grading import builtin_verifier as builtin
from agentprop.inference.chat_template import Renderer
from agentprop.models.chat import Sampling
from agentprop.records import Attempt, MadeBy, Problem, StopReason, Trajectory, Verdict
from agentprop.sandbox.executor import Executor
from agentprop.training.data.packing import batch_of
from agentprop.training.data.sequences import drift, rendered, sequences_of
from agentprop.training.model.optimiser import Optimiser
from agentprop.training.rl.algorithms.mgpo import Mgpo
from agentprop.training.rl.examples import ComparisonRule, TrainingGroup, encode_exactly, training_groups
from agentprop.training.rl.judgement import Judgement
from agentprop.training.rl.objective import Objective
from agentprop.training.rl.proposer_env import ends_of, proposer_means
from agentprop.training.rl.rollout import Group, roll_out
from agentprop.training.rl.scoring import Rewards, ScoredGroup, score
from agentprop.training.rl.update import learn

CUT = "<action:think>It goes on and on and on"
STRICT = Rewards(cut_off=frozenset(), malformed=-0.1)


def rolled(
    renderer: Renderer, executor: Executor, *scripts: Sequence[str], keep_cut: bool, exact: bool = True
) -> list[Group]:
    setup = replace(rollout_setup(executor, max_turns=4), keep_cut=keep_cut)
    model = ScriptedPolicy(renderer, scripts, exact=exact, cut=CUT)
    return asyncio.run(roll_out([task()], len(scripts), setup, model, Sampling()))


def scored(groups: list[Group], executor: Executor, rewards: Rewards) -> list[ScoredGroup]:
    async def verify(problem: Problem, trajectory: Trajectory) -> tuple[Sequence[Attempt], Verdict]:
        attempt, verdict = (await builtin.judge(problem, LIBRARY, tools(), executor)).records(problem, MadeBy())
        return (attempt,), verdict

    return asyncio.run(score(groups, Judgement(verify, None, 16), rewards))


def trained(groups: list[Group], executor: Executor, rewards: Rewards) -> TrainingGroup:
    [group] = training_groups(scored(groups, executor, rewards), encode_exactly, ComparisonRule())
    return group


def test_a_cut_turn_is_kept_with_its_ids_only_if_it_is_to_be_learnt_from(
    renderer: Renderer, executor: Executor
) -> None:
    [without] = rolled(renderer, executor, [RUNS], [], keep_cut=False)
    assert [len(member.trajectory.turns) for member in without.members] == [1, 0]
    [group] = rolled(renderer, executor, [RUNS], [], keep_cut=True)
    for member, before in zip(group.members, ([RUNS], []), strict=True):
        *whole, cut = member.trajectory.turns
        assert [turn.message for turn in whole] == before and not any(turn.cut_off for turn in whole)
        assert (cut.message, cut.outcome, cut.action, cut.observation) == (CUT, "truncated", "malformed", "")
        assert cut.cut_off and cut.finish_reason == "length"
        assert cut.token_ids == renderer.reply_ids(CUT)[:-1] and cut.prompt_token_ids
        assert member.trajectory.stop == StopReason.TRUNCATED and member.trajectory.token_exact
        assert Trajectory.model_validate_json(member.trajectory.model_dump_json()) == member.trajectory


def test_its_tokens_are_in_the_mask_and_in_the_loss(renderer: Renderer, executor: Executor) -> None:
    group = trained(rolled(renderer, executor, GOOD, [RUNS], keep_cut=True), executor, STRICT)
    said = [[len(renderer.reply_ids(text)) for text in GOOD], [len(renderer.reply_ids(RUNS)), len(cut_ids(renderer))]]
    assert group.lengths == said
    assert [example.in_loss for example in group.examples] == [True, True]
    [sequence] = group.examples[1].sequences
    assert tuple(sequence.ids[sequence.action == 1]) == cut_ids(renderer)
    assert sequence.mask[-1] and sequence.action[-1] == 1  # nothing follows it, least of all an end of the turn


def cut_ids(renderer: Renderer) -> tuple[int, ...]:
    return renderer.reply_ids(CUT)[:-1]


def test_training_makes_a_reply_that_was_cut_off_less_likely(
    renderer: Renderer, executor: Executor, tmp_path: Path
) -> None:
    policy = policy_of(tmp_path / "model")
    own = Renderer(policy.tokenizer)
    group = trained(rolled(own, executor, GOOD, [RUNS], keep_cut=True), executor, STRICT)
    optimiser = Optimiser(policy.trainable(), config(tmp_path / "model", learning_rate=1e-2))
    objective = Objective(Mgpo(beta=0.0, gate="none"), minibatches=1)

    def cut_logprob() -> float:
        [sequence] = group.examples[1].sequences
        batch = batch_of([sequence])
        with torch.no_grad():
            return float(policy(batch).logprob[torch.from_numpy(sequence.action[sequence.mask] == 1)].sum())

    before = cut_logprob()
    for step in range(3):
        told = learn(policy, optimiser, [group], objective, ALONE, n_groups=1, pack_tokens=2048, seed=str(step))
        assert told["steps"] == 1
    assert cut_logprob() < before


def test_it_counts_in_the_metrics(renderer: Renderer, executor: Executor) -> None:
    groups = scored(rolled(renderer, executor, GOOD, [], GARBAGE, keep_cut=True), executor, STRICT)
    found = training_groups(groups, encode_exactly, ComparisonRule())
    told = proposer_means(groups, found).reduce(ALONE)
    turns = len(GOOD) + 1 + len(GARBAGE)
    assert told["turns/truncated"] == pytest.approx(1 / turns)
    assert told["turns/malformed"] == pytest.approx(len(GARBAGE) / turns)
    assert told["fate/counted"] == 1 and told["stop/truncated"] == pytest.approx(1 / 3)
    sampled = [*(renderer.reply_ids(text) for text in (*GOOD, *GARBAGE)), cut_ids(renderer)]
    assert told["tokens/action"] == pytest.approx(sum(map(len, sampled)) / turns)
    assert ends_of(groups[0].members) == {"truncated": 1, "out_of_turns": 0, "lost": 0}
    assert groups[0].members[1].r_proc == (-0.1,)


def test_without_ids_it_is_rendered_without_an_end_of_the_turn(renderer: Renderer, executor: Executor) -> None:
    [group] = rolled(renderer, executor, [RUNS], keep_cut=True, exact=False)
    sequence = rendered(group.members[0].trajectory, renderer)
    assert tuple(sequence.ids[sequence.action == 1]) == cut_ids(renderer)
    [exact] = rolled(renderer, executor, [RUNS], keep_cut=True)
    assert drift(exact.members[0].trajectory, renderer).drifted == 0
    [same] = sequences_of(exact.members[0].trajectory)
    assert (same.ids == sequence.ids).all() and (same.mask == sequence.mask).all()
