"""Branches with hints: they recover, learn from their own turns alone, and change nothing for anybody else."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from math import sqrt

import numpy as np
import pytest
from test_proposer_env import Fixed, ToyEnv
from test_update import FLAT, gradients, model, policy, same, sequence, training_group, written_out
from toy_groups import ALONE, FAILS, GARBAGE, GOOD, RUNS, THINK, Advised, submission

from agentprop.agent.hinting import HINTS
from agentprop.inference.chat_template import Renderer
from agentprop.sandbox.executor import Executor
from agentprop.training.data.sequences import from_turn
from agentprop.training.model.policy import PolicyModel
from agentprop.training.rl.advantages import ActionReturn, ReturnedEpisode, advantages, beside
from agentprop.training.rl.algorithms.grpo import Grpo
from agentprop.training.rl.algorithms.mgpo import Mgpo
from agentprop.training.rl.examples import Example
from agentprop.training.rl.frozen import freeze
from agentprop.training.rl.hints import Hints, branchings
from agentprop.training.rl.loop import Experience
from agentprop.training.rl.objective import Correction
from agentprop.training.rl.proposer_env import ProposerEnv
from agentprop.training.rl.token_table import TokenTable

__all__ = ["model", "policy"]

STUCK = [FAILS, FAILS, RUNS, THINK]
SCRIPTS = [GOOD, STUCK, [RUNS, THINK, RUNS, THINK], STUCK]
"""Of four turns each; the third has no dead end."""


def env_of(
    toy: ToyEnv, hints: Hints | None, said: str = submission(), scripts: Sequence[Sequence[str]] = SCRIPTS
) -> ProposerEnv:
    made = toy.of(scripts, groups=2)
    return replace(made, sampler=Fixed(Advised(toy.renderer, scripts, said=said)), hints=hints)


def experience(env: ProposerEnv, step: int = 0) -> Experience:
    async def run() -> Experience:
        return await env.score(await env.roll_out(step))

    return asyncio.run(run())


@pytest.fixture
def toy(renderer: Renderer, executor: Executor) -> ToyEnv:
    return ToyEnv(renderer, executor)


# --- what branches, and what becomes of it ---


def test_an_episode_that_failed_recovers_with_a_hint_and_its_group_is_told_nothing_of_it(toy: ToyEnv) -> None:
    plain, hinted = experience(env_of(toy, None)), experience(env_of(toy, Hints(1.0, 10)))
    assert hinted.metrics["hints/branches"] == 1 / 4  # one of four or eight episodes at most
    assert hinted.metrics["hints/recovered"] == 1.0
    assert {name: value for name, value in hinted.metrics.items() if not name.startswith("hints/")} == plain.metrics
    assert hinted.state == plain.state and hinted.episodes == plain.episodes == 8
    for without, group in zip(plain.groups, hinted.groups, strict=True):
        assert group.advantages.members == without.advantages.members
        [branch] = group.advantages.branches
        assert branch.id.endswith("/1+2")
        # Rewards 0.5, 0, 0, 0: mean 0.125; with the branch's 0.5 the deviation is √(0.3/4) = 0.2739.
        assert branch.episode == pytest.approx(0.375 / sqrt(0.075), rel=1e-5)
        assert len(branch.fused) == 1
        *_, example = group.examples
        assert example.in_loss and example.lengths(1) == [example.n_actions]
        assert example.n_actions == len(toy.renderer.reply_ids(submission()))
        [own] = example.sequences
        assert toy.renderer.decode(own.ids[own.mask].tolist()).strip().startswith("<action:submit>")
        before = toy.renderer.decode(own.ids[: own.mask.argmax()].tolist())
        assert "1 / 0" in before and any(hint in before for hint in HINTS)  # context, and no action


def test_a_branch_that_fails_counts_against_what_it_did_and_one_that_is_cut_off_is_left_out(toy: ToyEnv) -> None:
    cut = experience(env_of(toy, Hints(1.0, 10), said=submission(claim="48")))
    assert cut.metrics["hints/branches"] == 1 / 4 and cut.metrics["hints/recovered"] == 0.0
    assert cut.groups[0].advantages.branches == () and cut.metrics["hints/tokens"] == 0  # out of turns, as the member
    wrong = experience(env_of(toy, Hints(1.0, 10), said=GARBAGE[0], scripts=[GOOD, *[GARBAGE] * 3]))
    [branch] = wrong.groups[0].advantages.branches
    assert wrong.metrics["hints/recovered"] == 0.0 and wrong.metrics["hints/tokens"] > 0
    assert branch.episode == pytest.approx(-0.125 / sqrt(0.05), rel=1e-5)  # 0.5, 0, 0, 0, 0 deviate by √(0.2/4)


def test_records_of_branches_are_kept_beside_their_parents(toy: ToyEnv) -> None:
    plain, hinted = experience(env_of(toy, None)), experience(env_of(toy, Hints(1.0, 10)))
    more = {record.id for record in hinted.records} - {record.id for record in plain.records}
    kinds = sorted(record.kind for record in hinted.records if record.id in more)
    assert kinds.count("trajectory") == 2


def test_the_chance_falls_to_nothing_and_a_draw_depends_on_the_episode_alone(toy: ToyEnv) -> None:
    groups = asyncio.run(env_of(toy, None).roll_out(0)).groups
    assert [one.member.number for one in branchings(groups[0], 1.0, 4)] == [1]
    assert branchings(groups[0], 0.0, 4) == []
    assert branchings(groups[0], 1.0, 4) == branchings(groups[0], 1.0, 4)
    assert experience(env_of(toy, Hints(1.0, 4)), step=4).metrics["hints/branches"] == 0


# --- numbers by hand ---


def test_a_branch_is_compared_with_a_group_that_it_does_not_move() -> None:
    group = [ReturnedEpisode(str(n), reward, (ActionReturn("check", 0.0),)) for n, reward in enumerate((1.0, 0, 0, 0))]
    branch = ReturnedEpisode("b", 1.0, (ActionReturn("check", 1.0), ActionReturn("draft", 1.0)))
    found, without = advantages(group, branches=[branch], omega=0.5), advantages(group, omega=0.5)
    assert found.members == without.members
    # Mean 0.25; 1, 0, 0, 0, 1 deviates by √(1.2/4) = 0.5477. r_proc: mean 0, deviation of 0, 0, 0, 0, 1 is 0.4472.
    assert found.branches[0].episode == pytest.approx(0.75 / sqrt(0.3), rel=1e-5)
    assert found.branches[0].stages == pytest.approx((sqrt(5), 0.0), rel=1e-4)  # no member has a draft
    assert found.branches[0].fused[0] == pytest.approx(1.36931 + 0.5 * 2.23607, rel=1e-4)
    lost = advantages([replace(one, reward=0.0) for one in group], branches=[branch])
    assert not lost.constant, "a group that only failed learns from the branch that did not"
    assert beside(0.5, [0.5, 0.5]) == 0.0


def test_only_the_branchs_own_tokens_are_learnt_from_each_corrected_for_who_sampled_it(policy: PolicyModel) -> None:
    """Members with A = ±0.5 and a branch with A = 0.5 whose engine was e^−0.4 times as sure: w = 0.5·1.4918 = 0.7459.

    The branch has the ten tokens of the failed member as context. Their log-probs are no engine's here, far off, and
    must have no say: neither in the gradient, nor in N, nor in the effective share.
    """
    group = training_group([1.0, 0.0], omega=0.0)
    whole = sequence("branch", (4, 6, 5), 7)
    members = [
        ReturnedEpisode(e.id, r, (ActionReturn("check", 0.0),) * 2) for e, r in zip(group.examples, (1, 0), strict=True)
    ]
    after = ReturnedEpisode("branch", 1.0, (ActionReturn("check", 0.0),))
    compared = advantages(members, branches=[after], omega=0.0, std="none")
    own = from_turn(replace(whole, logprobs=np.full(len(whole), -9, np.float32)), 2)
    assert own.n_actions == 5 and own.logprobs is not None and own.logprobs.sum() == -45
    examples = (*group.examples, Example("branch", (own,), True))
    branched = replace(group, advantages=compared, examples=examples)
    weights = [[0.5, 0.5], [-0.5, -0.5], [0.5]]
    for algorithm in (Mgpo(beta=0.0, gate="none"), Grpo()):
        unseen = [replace(e, sequences=tuple(replace(s, logprobs=None) for s in e.sequences)) for e in examples]
        plain = replace(branched, examples=tuple(unseen))
        [found] = gradients(policy, [plain], replace(FLAT, algorithm=algorithm))
        same(found, written_out(policy, [plain], weights))
    old = freeze(policy, TokenTable.of([branched], 512), FLAT, ALONE).old
    assert len(old) == 25
    heard = np.where(own.mask, 0, -9).astype(np.float32)
    heard[own.mask] = (old[20:] - 0.4).numpy()
    engine = replace(branched, examples=(*group.examples, Example("branch", (replace(own, logprobs=heard),), True)))
    [found] = gradients(policy, [engine], replace(FLAT, correction=Correction(2.0)))
    same(found, written_out(policy, [engine], [*weights[:2], [0.5 * float(np.exp(0.4))]]))
