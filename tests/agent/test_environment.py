"""The environment owns the rules: stages, limits, edits, stop reasons, and observations that replay."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from agentprop.agent.environment import ActionKind, next_stage
from agentprop.records import Stage, StopReason, Submission
from agentprop.records import action_text as protocol

THINK = protocol.think("Let me see.")
RUNS = protocol.execute("from skills import toy_square\nprint(toy_square.solve(n=7))")
FAILS = protocol.execute("from tools import need\nneed(1 > 2, '1 > 2')")
GOOD = Submission(
    statement=r"Find the square of 7, that is $\frac{98}{2}$ <x> & more.",
    answer="49",
    answer_type="integer",
    certificate="from skills import toy_square\nanswer = toy_square.solve(n=7)",
)
WRONG = GOOD.model_copy(update={"answer": "48"})
SUBMIT, REFUSED = protocol.submit(GOOD), protocol.submit(WRONG)

D, C, R, F = Stage.DRAFT, Stage.CHECK, Stage.REFINE, Stage.FINALIZE
TABLE: list[tuple[ActionKind, bool, dict[Stage, Stage]]] = [
    ("think", True, {D: D, C: C, R: R, F: F}),
    ("think", False, {D: D, C: C, R: R, F: F}),
    ("malformed", False, {D: D, C: C, R: R, F: F}),
    ("exec", True, {D: C, C: F, R: C, F: F}),
    ("exec", False, {D: R, C: R, R: R, F: R}),
    ("edit", True, {D: R, C: R, R: R, F: R}),
    ("edit", False, {D: R, C: R, R: R, F: R}),
    ("submit", True, {D: D, C: C, R: R, F: F}),
    ("submit", False, {D: R, C: R, R: R, F: R}),
]


@pytest.mark.parametrize(("action", "ok", "stages"), TABLE)
def test_the_stage_is_a_function_of_stage_action_and_result(
    action: ActionKind, ok: bool, stages: dict[Stage, Stage]
) -> None:
    assert {stage: next_stage(stage, action, ok) for stage in Stage} == stages


def test_the_table_is_complete() -> None:
    assert {(a, ok) for a, ok, _ in TABLE} >= set(itertools.product(("think", "exec", "edit", "submit"), (True, False)))


def test_a_good_submission_becomes_a_problem(play: Any) -> None:
    episode = play(THINK, RUNS, RUNS, SUBMIT)
    trajectory, problem = episode.trajectory, episode.problem
    assert trajectory.stop == StopReason.SUBMITTED
    assert [t.stage for t in trajectory.turns] == [D, D, C, F]
    assert [t.action for t in trajectory.turns] == ["think", "exec", "exec", "submit"]
    assert [t.outcome for t in trajectory.turns] == ["ok"] * 4
    assert trajectory.turns[1].observation == "[check] 49"
    assert problem is not None
    assert problem.statement == GOOD.statement  # LaTeX and angle brackets unescaped
    assert (problem.answer, problem.trajectory_id, trajectory.problem_id) == ("49", trajectory.id, problem.id)
    assert problem.skills == ("toy-square",)  # the one that its certificate calls
    assert problem.certificate.form == "program"


def test_a_conflict_sends_back_to_refine(play: Any) -> None:
    turns = play(RUNS, FAILS, RUNS, protocol.execute("1 / 0")).trajectory.turns
    assert [t.outcome for t in turns] == ["ok", "conflict", "ok", "error"]
    assert [t.stage for t in turns] == [D, C, R, C]
    assert "1 > 2 does not hold" in turns[1].observation
    assert "ZeroDivisionError" in turns[3].observation


def test_the_turn_limit_ends_a_trajectory(play: Any) -> None:
    trajectory = play(*[THINK] * 9, max_turns=4).trajectory
    assert (len(trajectory.turns), trajectory.stop) == (4, StopReason.TURN_LIMIT)


def test_a_submission_in_the_last_turn_counts(play: Any) -> None:
    episode = play(THINK, SUBMIT, max_turns=2)
    assert episode.trajectory.stop == StopReason.SUBMITTED
    assert episode.problem is not None


def test_a_policy_may_give_up(play: Any) -> None:
    episode = play(THINK)
    assert (episode.trajectory.stop, episode.problem) == (StopReason.ABANDONED, None)


def test_malformed_messages_are_told_why_and_limited(play: Any) -> None:
    trajectory = play("hello", THINK, "<action:exec>", SUBMIT + THINK, SUBMIT).trajectory
    assert trajectory.stop == StopReason.MALFORMED
    assert [t.action for t in trajectory.turns] == ["malformed", "think", "malformed", "malformed"]
    assert "exactly one" in trajectory.turns[0].observation
    assert "never closed" in trajectory.turns[2].observation
    assert "2 action blocks" in trajectory.turns[3].observation


def test_refused_submissions_are_limited(play: Any) -> None:
    trajectory = play(*[REFUSED] * 5, max_submissions=2).trajectory
    assert (len(trajectory.turns), trajectory.stop) == (2, StopReason.SUBMISSION_LIMIT)
    assert {t.outcome for t in trajectory.turns} == {"refused:certificate_differs"}


def test_code_that_loops_prints_much_or_dies_is_an_observation(play: Any) -> None:
    turns = play(
        protocol.execute("while True: pass"),
        protocol.execute("print('x' * 50_000)"),
        protocol.execute("raise Exception('\\ud800')"),
        protocol.execute("import os; os._exit(3)"),
        protocol.execute("x = 1"),
        timeout_s=0.5,
    ).trajectory.turns
    assert [t.outcome for t in turns] == ["timeout", "ok", "error", "error", "ok"]
    assert len(turns[1].observation) < 5_000
    assert all(t.observation.encode("utf-8") for t in turns)  # storable
    assert turns[4].observation == "[check] (no output)"


def test_messages_with_lone_surrogates_can_be_stored(play: Any) -> None:
    trajectory = play(protocol.think("\ud800"), "\udfff").trajectory
    assert all(f"{t.message}{t.observation}".encode() for t in trajectory.turns)


# --- edits ---


def edit(command: str) -> str:
    return protocol.edit(command, "because")


@pytest.mark.parametrize(
    ("commands", "outcomes", "active"),
    [
        (["prune toy-double"], ["ok"], ("toy-square",)),
        (["add toy-successor"], ["ok"], ("toy-square", "toy-double", "toy-successor")),
        (["replace toy-double with toy-successor"], ["ok"], ("toy-square", "toy-successor")),
        (["prune toy-successor"], ["refused:inactive"], ("toy-square", "toy-double")),
        (["prune toy-nothing"], ["refused:inactive"], ("toy-square", "toy-double")),
        (["replace toy-successor with toy-double"], ["refused:inactive"], ("toy-square", "toy-double")),
        (["add toy-double"], ["refused:unknown"], ("toy-square", "toy-double")),
        (["add toy-nothing"], ["refused:unknown"], ("toy-square", "toy-double")),
        (["replace toy-double with toy-square"], ["refused:unknown"], ("toy-square", "toy-double")),
        (["replace toy-double with toy-double"], ["refused:unknown"], ("toy-square", "toy-double")),
        (["prune toy-double", "prune toy-square"], ["ok", "refused:last"], ("toy-square",)),
        (["prune toy-double", "add toy-double"], ["ok", "ok"], ("toy-square", "toy-double")),
    ],
)
def test_edits_change_the_active_skills_or_are_refused(
    commands: list[str], outcomes: list[str], active: tuple[str, ...], play: Any
) -> None:
    trajectory = play(*map(edit, commands), THINK).trajectory
    assert [t.outcome for t in trajectory.turns[:-1]] == outcomes
    assert trajectory.turns[-1].skills == active
    done = [c.split()[0] for c, outcome in zip(commands, outcomes, strict=True) if outcome == "ok"]
    assert (trajectory.pruned, trajectory.replaced) == (done.count("prune"), len(done) - done.count("prune"))


def test_edits_can_be_forbidden(play: Any) -> None:
    trajectory = play(edit("prune toy-double"), THINK, prune=False).trajectory
    assert trajectory.turns[0].outcome == "refused:edits"
    assert trajectory.turns[1].skills == ("toy-square", "toy-double")


def test_a_pruned_skill_can_no_longer_be_imported(play: Any) -> None:
    code = protocol.execute("from skills import toy_double")
    turns = play(code, edit("prune toy-double"), code).trajectory.turns
    assert [t.outcome for t in turns] == ["ok", "ok", "error"]


# --- replaying ---


def test_the_recorded_messages_give_the_same_observations_again(play: Any) -> None:
    messages = [THINK, "nonsense", RUNS, FAILS, edit("replace toy-double with toy-successor"), REFUSED, RUNS, SUBMIT]
    first = play(*messages).trajectory
    again = play(*[t.message for t in first.turns]).trajectory
    assert again.id == first.id
    assert again.messages() == first.messages()
    assert [t.skills for t in again.turns] == [t.skills for t in first.turns]


def test_a_conversation_is_system_user_and_then_assistant_and_tool_by_turns(play: Any) -> None:
    messages = play(THINK, RUNS, SUBMIT).trajectory.messages()
    assert [m["role"] for m in messages] == ["system", "user", *["assistant", "tool"] * 3]
    assert messages[2]["content"] == THINK
    assert "toy-square (n: integer) → integer" in messages[1]["content"]
