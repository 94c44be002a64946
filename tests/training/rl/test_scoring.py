"""Scores of judged episodes, members that are masked or lost, and training groups token by token."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import pytest
from toy_groups import (
    FAILS,
    GARBAGE,
    GOOD,
    LIBRARY,
    RUNS,
    THINK,
    UNREADABLE,
    WRONG,
    ScriptedPolicy,
    rolled_out,
    submission,
)

from agentprop.agent.sources import tools
from agentprop.errors import InputError
from agentprop.grading import builtin_verifier as builtin
from agentprop.grading.probers import Prober
from agentprop.inference.chat_template import Renderer
from agentprop.models.chat import Choice, Reply, Request, Sampling
from agentprop.models.failures import FailureKind, ModelFailure, ModelOutage
from agentprop.records import Attempt, MadeBy, Problem, StopReason, Trajectory, Verdict
from agentprop.sandbox.executor import Executor
from agentprop.training.rl.examples import ComparisonRule, encode_exactly, encode_or_render, training_groups
from agentprop.training.rl.judgement import Judgement, ValidityJudge
from agentprop.training.rl.scoring import CUT_OFF, Rewards, Scored, score

OTHER = [submission(9)]
PAY = Rewards()


@dataclass
class Judge:
    """The built-in verifier."""

    executor: Executor
    judged: list[str] = field(default_factory=list)

    async def __call__(self, problem: Problem, trajectory: Trajectory) -> tuple[Sequence[Attempt], Verdict]:
        self.judged.append(problem.id)
        found = await builtin.judge(problem, LIBRARY, tools(), self.executor)
        attempt, verdict = found.records(problem, MadeBy())
        return (attempt,), verdict


def saying(value: str, code: str) -> ValidityJudge:
    """A verifier with one opinion."""

    async def verify(problem: Problem, trajectory: Trajectory) -> tuple[Sequence[Attempt], Verdict]:
        return (), Verdict.model_validate({"problem_id": problem.id, "value": value, "code": code})

    return verify


@dataclass
class Solver:
    """A chat model that is right in the first so many of its attempts."""

    right: int
    asked: list[Request] = field(default_factory=list)
    identity: str = "solver"

    async def reply(self, request: Request) -> Reply:
        self.asked.append(request)
        if self.right < 0:
            raise ModelFailure(FailureKind.SERVER, "it broke")
        number = int("".join(c for c in request.messages[0].text.partition("\n")[0] if c.isdigit()))
        answers = [number * number if i < self.right else 0 for i in range(request.n)]
        choices = tuple(Choice(f"\\boxed{{{answer}}}", finish_reason="stop") for answer in answers)
        return Reply(choices, self.identity)

    async def aclose(self) -> None:
        return


def prober(right: int, executor: Executor) -> Prober:
    return Prober(Solver(right), "solver", Sampling(temperature=0.6), MadeBy(name="solver"), executor.sandbox)


Scoring = Callable[..., list[Scored]]


@pytest.fixture
def scored(renderer: Renderer, executor: Executor) -> Scoring:
    """Scores of one group, whose members follow scripts."""

    def run(
        *scripts: Sequence[str], verify: ValidityJudge | None = None, right: int | None = None, rewards: Rewards = PAY
    ) -> list[Scored]:
        groups = rolled_out(executor, ScriptedPolicy(renderer, scripts), max_turns=4)
        by = None if right is None else prober(right, executor)
        found = score(groups, Judgement(verify or Judge(executor), by, 16), rewards)
        [group] = asyncio.run(found)
        return list(group.members)

    return run


# --- what is earned ---


@pytest.mark.parametrize(("right", "earned"), [(0, 0.5), (1, 0.5 + 0.5 * 15 / 16), (8, 0.75), (16, 0.5)])
def test_difficulty_pays_where_somebody_solved_it(scored: Scoring, right: int, earned: float) -> None:
    [good] = scored(GOOD, right=right)
    assert (good.fate, good.valid, good.rho) == ("counted", True, right / 16)
    assert good.r_T == pytest.approx(earned)
    assert good.difficulty is not None
    assert (good.difficulty.k, good.difficulty.c, good.difficulty.prober) == (16, right, "solver")


def test_without_a_prober_validity_alone_pays(scored: Scoring) -> None:
    good, wrong, unreadable = scored(GOOD, WRONG, UNREADABLE)
    assert [one.r_T for one in (good, wrong, unreadable)] == [0.5, 0.0, 0.0]
    assert [one.fate for one in (good, wrong, unreadable)] == ["counted"] * 3
    assert (good.verdict is not None, wrong.verdict, unreadable.valid) == (True, None, False)


def test_the_parts_of_the_reward_are_settings(scored: Scoring) -> None:
    rewards = Rewards(r_base=0.2, lam=0.8, malformed=-0.1)
    good, garbage = scored(GOOD, GARBAGE, right=4, rewards=rewards)
    assert good.r_T == pytest.approx(0.2 + 0.8 * 0.75)
    assert garbage.r_proc == (-0.1,) * 3
    assert good.r_proc == (1.0, 0.0)  # the check told something new; a submission is paid by r_T alone


# --- three fates ---


def test_who_was_cut_off_is_masked_and_who_met_a_broken_world_is_lost(scored: Scoring) -> None:
    members = scored(GOOD, [RUNS, FAILS] * 4, [RUNS], ["down"], GARBAGE)
    assert [one.fate for one in members] == ["counted", "masked", "masked", "lost", "counted"]
    assert [one.r_T for one in members] == [0.5, 0.0, 0.0, 0.0, 0.0]


def test_being_cut_off_may_count_as_a_failure(scored: Scoring) -> None:
    strict = Rewards(cut_off=frozenset())
    members = scored(GOOD, [RUNS, FAILS] * 4, [RUNS], [], ["down"], rewards=strict)
    assert [one.fate for one in members] == ["counted"] * 4 + ["lost"]
    assert [one.r_T for one in members] == [0.5, 0.0, 0.0, 0.0, 0.0]


def test_running_out_of_a_single_turn_is_a_failure(scored: Scoring) -> None:
    rewards = Rewards(cut_off=CUT_OFF - {StopReason.TURN_LIMIT})
    assert [one.fate for one in scored([THINK] * 4, [THINK], rewards=rewards)] == ["counted", "masked"]


@pytest.mark.parametrize(
    ("value", "code", "fate"),
    [
        ("undetermined", "timeout", "lost"),
        ("undetermined", "outage", "lost"),
        ("undetermined", "not_in_grammar", "counted"),
        ("invalid", "mismatch", "counted"),
        ("valid", "agrees", "counted"),
    ],
)
def test_a_verdict_that_failed_says_nothing_and_one_that_refuses_says_no(
    scored: Scoring, value: str, code: str, fate: str
) -> None:
    [one] = scored(GOOD, verify=saying(value, code))
    assert (one.fate, one.r_T) == (fate, 0.5 if value == "valid" else 0.0)


def test_a_prober_that_breaks_loses_the_valid_ones_alone(scored: Scoring) -> None:
    assert [one.fate for one in scored(GOOD, WRONG, GARBAGE, right=-1)] == ["lost", "counted", "counted"]


def test_a_verifier_that_cannot_be_reached_loses_what_it_should_have_judged(scored: Scoring) -> None:
    async def down(problem: Problem, trajectory: Trajectory) -> tuple[Sequence[Attempt], Verdict]:
        raise ModelFailure(FailureKind.SERVER, "it broke")

    assert [one.fate for one in scored(GOOD, GARBAGE, verify=down)] == ["lost", "counted"]


def test_an_outage_ends_the_step(scored: Scoring) -> None:
    async def gone(problem: Problem, trajectory: Trajectory) -> tuple[Sequence[Attempt], Verdict]:
        raise ModelOutage("nobody answers", cause=ModelFailure(FailureKind.CONNECTION, "refused"))

    with pytest.raises(ModelOutage):
        scored(GOOD, GARBAGE, verify=gone)


def test_a_problem_is_measured_once_by_one_prober(renderer: Renderer, executor: Executor) -> None:
    groups = rolled_out(executor, ScriptedPolicy(renderer, [GOOD, [THINK, *GOOD], OTHER]), groups=2)
    by, judge = prober(4, executor), Judge(executor)
    found = asyncio.run(score(groups, Judgement(judge, by, 16), Rewards()))
    assert isinstance(by.model, Solver)
    assert len(by.model.asked) == 2
    rates = [{one.rho for one in group.members} for group in found]
    assert rates == [{0.25}, {0.25}]
    assert len({one.difficulty.prober for group in found for one in group.members if one.difficulty}) == 1


# --- training groups ---


def test_the_masked_stay_in_the_statistics_and_the_lost_do_not(renderer: Renderer, executor: Executor) -> None:
    def episodes(*scripts: Sequence[str]) -> list[float]:
        groups = rolled_out(executor, ScriptedPolicy(renderer, scripts), max_turns=4)
        scores = asyncio.run(score(groups, Judgement(Judge(executor), None, 16), Rewards()))
        [group] = training_groups(scores, encode_exactly, ComparisonRule(std="none"))
        assert [e.id for e in group.examples] == [m.id for m in group.advantages.members]
        return [member.episode for member in group.advantages.members]

    assert episodes(GOOD, GARBAGE) == [0.25, -0.25]
    assert episodes(GOOD, GARBAGE, [RUNS]) == pytest.approx([1 / 3, -1 / 6, -1 / 6])
    assert episodes(GOOD, GARBAGE, ["down"]) == [0.25, -0.25]


def test_a_training_group_has_the_tokens_of_every_action(renderer: Renderer, executor: Executor) -> None:
    groups = rolled_out(executor, ScriptedPolicy(renderer, [GOOD, GARBAGE, [RUNS]]), max_turns=4)
    scores = asyncio.run(score(groups, Judgement(Judge(executor), None, 16), Rewards()))
    [group] = training_groups(scores, encode_exactly, ComparisonRule())
    said = [[len(renderer.reply_ids(text)) for text in script] for script in (GOOD, GARBAGE, [RUNS])]
    assert group.lengths == said
    assert [example.in_loss for example in group.examples] == [True, True, False]
    for example in group.examples:
        assert {sequence.trajectory_id for sequence in example.sequences} == {example.id}


def test_stages_are_compared_among_the_actions_of_the_group(renderer: Renderer, executor: Executor) -> None:
    groups = rolled_out(executor, ScriptedPolicy(renderer, [[RUNS, submission()], [FAILS, submission()]]))
    scores = asyncio.run(score(groups, Judgement(Judge(executor), None, 16), Rewards()))
    [with_stages], [without] = (
        training_groups(scores, encode_exactly, ComparisonRule(omega=omega)) for omega in (0.5, 0.0)
    )
    better, worse = with_stages.advantages.members
    assert better.episode == worse.episode == 0.0
    assert better.fused[0] > 0 > worse.fused[0]  # the call that told something, against the one that failed
    assert without.advantages.constant and not with_stages.advantages.constant


def test_text_without_ids_is_refused_unless_it_is_allowed(renderer: Renderer, executor: Executor) -> None:
    groups = rolled_out(executor, ScriptedPolicy(renderer, [GOOD, GARBAGE], exact=False))
    scores = asyncio.run(score(groups, Judgement(Judge(executor), None, 16), Rewards()))
    with pytest.raises(InputError, match="no token ids"):
        training_groups(scores, encode_exactly, ComparisonRule())
    [group] = training_groups(scores, encode_or_render(renderer), ComparisonRule())
    assert group.lengths == [[len(renderer.reply_ids(text)) for text in script] for script in (GOOD, GARBAGE)]


def test_a_group_without_a_member_left_gives_no_training_group(renderer: Renderer, executor: Executor) -> None:
    groups = rolled_out(executor, ScriptedPolicy(renderer, [["down"], ["down"]]))
    scores = asyncio.run(score(groups, Judgement(Judge(executor), None, 16), Rewards()))
    assert training_groups(scores, encode_exactly, ComparisonRule()) == []
    one = replace(scores[0], members=scores[0].members[:1])
    assert training_groups([one], encode_exactly, ComparisonRule()) == []
