"""PEAR against hand-computed cases, on the solver's path: from replies to the gradient."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from test_solver_env import env_of
from test_update import FLAT, gradients, model, policy, same, training_group, written_out
from toy_groups import ALONE, config

from agentprop.inference.chat_template import Renderer
from agentprop.sandbox.executor import Executor
from agentprop.training.model.optimiser import Optimiser
from agentprop.training.model.policy import PolicyModel
from agentprop.training.rl.advantages import ActionReturn, ReturnedEpisode, advantages
from agentprop.training.rl.algorithms.grpo import Grpo
from agentprop.training.rl.examples import ComparisonRule, TrainingGroup
from agentprop.training.rl.frozen import freeze
from agentprop.training.rl.pear import Pear, thinking_tokens
from agentprop.training.rl.token_table import TokenTable
from agentprop.training.rl.update import learn

__all__ = ["model", "policy"]

PEAR = Pear(1.0, ComparisonRule(omega=0.0, std="none"))
PLAIN = replace(FLAT, algorithm=Grpo())
SHAPED = replace(PLAIN, pear=PEAR)


def answered(*rewards: float, thinking: int = 7) -> TrainingGroup:
    """A group of replies of ten tokens, of which some come before the answer."""
    group = training_group(rewards, turns=(10,), omega=0.0)
    returned = tuple(
        ReturnedEpisode(one.id, reward, (ActionReturn("answer", 0.0),))
        for one, reward in zip(group.examples, rewards, strict=True)
    )
    examples = tuple(replace(one, thinking=thinking) for one in group.examples)
    return replace(group, examples=examples, returned=returned)


def test_the_penalty_by_hand() -> None:
    entropy = torch.tensor([0.5, 0.7, 0.1, 0.3])
    assert PEAR.penalty(entropy, 2) == pytest.approx(0.4)
    assert replace(PEAR, alpha=2.0).penalty(entropy, 2) == pytest.approx(0.2)
    assert PEAR.penalty(entropy.flip(0), 2) == 0.0, "an answer less sure than its thinking costs nothing"
    assert PEAR.penalty(entropy, 4) == pytest.approx(0.4), "all thinking: nothing is taken off"
    assert PEAR.penalty(entropy, 0) == 0.0 and PEAR.penalty(10 * entropy, 2) == 1.0


def test_a_right_answer_earns_0_6_and_a_wrong_one_nothing() -> None:
    groups, means = PEAR.shaped([answered(1.0, 0.0, thinking=5)], torch.tensor([0.6] * 5 + [0.2] * 5 + [0.9] * 10))
    assert [one.episode for one in groups[0].advantages.members] == pytest.approx([0.3, -0.3])
    found = means.reduce(ALONE)
    assert found["pear"] == pytest.approx(0.4)
    assert found["entropy_think"] == pytest.approx(0.75) and found["entropy_answer"] == pytest.approx(0.55)


@pytest.mark.parametrize(
    ("text", "before"),
    [
        ("Three and four. \\boxed{7}", "Three and four. "),
        ("First \\boxed{8}, no: \\boxed{7}", "First \\boxed{8}, no: "),
        ("<think>\\boxed{1}?</think>It is \\boxed{7}", "<think>\\boxed{1}?</think>"),
        ("Doubled:\n```python\ndef solve(n):\n    return 2 * n\n```", "Doubled:\n"),
        ("Seven, surely", "Seven, surely"),
    ],
)
def test_the_answer_begins_at_its_mark(renderer: Renderer, text: str, before: str) -> None:
    ids = renderer.reply_ids(text)[:-1]
    found = renderer.decode(ids[: thinking_tokens(ids, renderer.decode)])
    assert before.startswith(found) and len(before) - len(found) < 12  # within the token that the mark begins in
    assert thinking_tokens(ids, renderer.decode) == len(ids) or "Seven" not in text


def test_the_solvers_environment_says_where_answers_begin_if_it_is_asked(
    renderer: Renderer, executor: Executor
) -> None:
    texts = ["Let me see. \\boxed{7}", "\\boxed{8}"]

    def thinking(decode: bool) -> list[int]:
        env = replace(env_of(renderer, executor, texts), decode=renderer.decode if decode else None)

        async def run() -> list[int]:
            [group] = (await env.score(await env.roll_out(0))).groups
            assert [one.reward for one in group.returned] == [1.0, 0.0]
            return [example.thinking for example in group.examples]

        return asyncio.run(run())

    long, short = thinking(True)
    assert long > 3 > short == 0 and thinking(False) == [0, 0]


def test_the_gradient_is_that_of_the_shaped_rewards(policy: PolicyModel) -> None:
    group = answered(1.0, 0.0, 1.0)
    entropy = freeze(policy, TokenTable.of([group], 512), PLAIN, ALONE).entropy.view(3, 10)
    gaps = [float(row[:7].mean() - row[7:].mean()) for row in entropy.double()]
    rewards = [1 - max(0.0, min(1.0, gaps[0])), 0.0, 1 - max(0.0, min(1.0, gaps[2]))]
    assert rewards[0] != rewards[2], "the random model must tell the two right answers apart"
    mean = sum(rewards) / 3
    [found] = gradients(policy, [group], SHAPED)
    same(found, written_out(policy, [group], [[reward - mean] for reward in rewards]))


def test_a_group_that_is_always_right_learns_to_be_sure_and_one_that_is_always_wrong_nothing(model: Path) -> None:
    policy = PolicyModel.load(config(model)).distribute(ALONE)
    with torch.no_grad():
        for parameter in policy.parameters():
            parameter.mul_(4)
    right, wrong = answered(1.0, 1.0), answered(0.0, 0.0)
    table = TokenTable.of([right], 512)
    before = freeze(policy, table, PLAIN, ALONE)
    costs = [PEAR.penalty(row, 7) for row in before.entropy.view(2, 10)]
    assert costs[0] != costs[1]
    optimiser = Optimiser(policy.trainable(), config(model, learning_rate=0.003))

    def step(groups: list[TrainingGroup], seed: str, shaped: bool = True) -> dict[str, float]:
        objective = SHAPED if shaped else PLAIN
        return learn(policy, optimiser, groups, objective, ALONE, n_groups=6, pack_tokens=512, seed=seed)

    assert step([wrong], "0") == {"steps": 0.0} and step([right], "0", shaped=False) == {"steps": 0.0}
    told = [step([right, replace(wrong, number=1)], str(n)) for n in range(3)]
    assert told[0]["pear"] == pytest.approx(sum(costs) / 2) and told[0]["tokens"] == 20
    moved = (freeze(policy, table, PLAIN, ALONE).old - before.old).view(2, 10).mean(1)
    surer, other = sorted(range(2), key=costs.__getitem__)
    assert moved[surer] > moved[other]
    assert advantages(right.returned).constant
