"""The solver's environment: contents and order of exercises, rewards of attempts, and attempts that are left out."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from toy_groups import ALONE
from toy_solver import STATEMENTS, problem, program

from agentprop.errors import InputError
from agentprop.grading.probers import Prober
from agentprop.inference.chat_template import Renderer
from agentprop.models.chat import Choice, Reply, Request, Sampling
from agentprop.models.failures import FailureKind, ModelFailure
from agentprop.records import Attempt, MadeBy, Problem
from agentprop.sandbox.executor import Executor
from agentprop.training.rl.examples import ComparisonRule
from agentprop.training.rl.loop import Experience
from agentprop.training.rl.solver_env import SolverEnv, exercise

RIGHT, WRONG, CUT = "\\boxed{7}", "\\boxed{8}", "Let me see, first of"
DOUBLES = "```python\ndef solve(n):\n    return n + n\n```"


@dataclass
class Replies:
    """A chat model whose attempts are these texts, in turn; `CUT` is cut off."""

    renderer: Renderer
    texts: Sequence[str]
    exact: bool = True
    asked: list[Request] = field(default_factory=list)
    identity: str = "replies"

    async def reply(self, request: Request) -> Reply:
        self.asked.append(request)
        if not self.texts:
            raise ModelFailure(FailureKind.SERVER, "it broke")
        said = [self.texts[(request.sample + i) % len(self.texts)] for i in range(request.n)]
        choices = tuple(
            Choice(
                text,
                finish_reason="length" if text == CUT else "stop",
                token_ids=self.renderer.reply_ids(text) if self.exact else None,
            )
            for text in said
        )
        prompt = self.renderer.prompt(request.messages) if self.exact else None
        return Reply(choices, self.identity, prompt_token_ids=prompt)

    async def aclose(self) -> None:
        return


def env_of(
    renderer: Renderer,
    executor: Executor,
    texts: Sequence[str],
    problems: Sequence[Problem] = (problem(),),
    *,
    groups: int = 1,
    exact: bool = True,
    wrong_reward: float = 0.0,
    masking: bool = False,
    seed: int = 0,
) -> SolverEnv:
    model = Replies(renderer, texts, exact)
    solver = Prober(model, "me", Sampling(temperature=1.0), MadeBy(name="me"), executor.sandbox)
    return SolverEnv(
        [exercise(one) for one in problems],
        solver,
        ComparisonRule(omega=0.0, std="none", floor_episode=0.0),
        wrong_reward,
        masking,
        groups,
        max(len(texts), 2),
        seed,
        ALONE,
    )


def test_an_exercise_has_no_place_for_what_its_proposer_did() -> None:
    one = problem()
    kept = exercise(one)
    assert (kept.statement, kept.answer, kept.answer_type) == (one.statement, one.answer, "integer")
    assert "secret" in one.model_dump_json()
    assert "secret" not in kept.model_dump_json()
    assert (kept.skills, kept.operators, kept.trajectory_id, kept.category) == ((), (), None, "")
    assert exercise(program()).tests == program().tests


def test_all_exercises_come_once_before_any_comes_twice(renderer: Renderer, executor: Executor) -> None:
    problems = [problem(statement) for statement in STATEMENTS]
    drawn = [env_of(renderer, executor, [RIGHT], problems).question(number).statement for number in range(12)]
    for start in (0, 4, 8):
        assert Counter(drawn[start : start + 4]) == Counter(STATEMENTS)
    other = [env_of(renderer, executor, [RIGHT], problems, seed=1).question(number).statement for number in range(12)]
    assert other != drawn == [env_of(renderer, executor, [RIGHT], problems).question(n).statement for n in range(12)]


def test_a_right_answer_earns_one_and_a_wrong_one_what_is_said(renderer: Renderer, executor: Executor) -> None:
    one = env_of(renderer, executor, [RIGHT, WRONG, WRONG, RIGHT], wrong_reward=-0.5)
    found = asyncio.run(_experience(one))
    [group] = found.groups
    assert [member.episode for member in group.advantages.members] == [0.75, -0.75, -0.75, 0.75]
    assert found.metrics["reward/accuracy"] == 0.5 and found.metrics["reward/solved"] == 1.0
    assert group.lengths == [[len(renderer.reply_ids(text))] for text in (RIGHT, WRONG, WRONG, RIGHT)]


@pytest.mark.parametrize(("masking", "earned"), [(True, 0.0), (False, -1.0)])
def test_what_was_cut_off_is_wrong_or_masked(
    renderer: Renderer, executor: Executor, masking: bool, earned: float
) -> None:
    one = env_of(renderer, executor, [RIGHT, CUT], wrong_reward=-1.0, masking=masking)
    found = asyncio.run(_experience(one))
    [group] = found.groups
    assert [example.in_loss for example in group.examples] == [True, not masking]
    half = (1 - earned) / 2
    assert [member.episode for member in group.advantages.members] == [half, -half]
    assert found.metrics["fate/masked"] == masking / 2 and found.metrics["outcome/truncated"] == 0.5


def test_programs_run_their_hidden_tests(renderer: Renderer, executor: Executor) -> None:
    one = env_of(renderer, executor, [DOUBLES, DOUBLES.replace("n + n", "3 * n")], [program()])
    found = asyncio.run(_experience(one))
    assert [member.episode for member in found.groups[0].advantages.members] == [0.5, -0.5]


def test_a_question_that_was_not_answered_teaches_nothing(renderer: Renderer, executor: Executor) -> None:
    found = asyncio.run(_experience(env_of(renderer, executor, [])))
    assert found.groups[0].examples == () and found.groups[0].advantages.singleton
    assert found.metrics["fate/unanswered"] == 1.0


def test_attempts_have_numbers_of_their_own_over_the_run(renderer: Renderer, executor: Executor) -> None:
    one = env_of(renderer, executor, [RIGHT, WRONG], [problem(statement) for statement in STATEMENTS], groups=3)
    asyncio.run(one.roll_out(0))
    asyncio.run(one.roll_out(1))
    assert isinstance(one.solver.model, Replies)
    samples = [request.sample + i for request in one.solver.model.asked for i in range(request.n)]
    assert samples == list(range(12))
    assert all(request.exact and request.messages[0].role == "user" for request in one.solver.model.asked)


def test_a_sampler_without_token_ids_is_refused(renderer: Renderer, executor: Executor) -> None:
    with pytest.raises(InputError, match="no token ids"):
        asyncio.run(_experience(env_of(renderer, executor, [RIGHT, WRONG], exact=False)))


def test_what_is_kept_are_the_question_and_the_attempts(renderer: Renderer, executor: Executor, tmp_path: Path) -> None:
    found = asyncio.run(_experience(env_of(renderer, executor, [RIGHT, WRONG])))
    asked, *attempts = found.records
    assert isinstance(asked, Problem) and "secret" not in asked.model_dump_json()
    assert [(a.code, a.response) for a in attempts if isinstance(a, Attempt)] == [("correct", RIGHT), ("wrong", WRONG)]


async def _experience(one: SolverEnv) -> Experience:
    return await one.score(await one.roll_out(0))
