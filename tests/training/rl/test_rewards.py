"""Rewards of a judged trajectory."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentprop.agent.environment import Environment, rollout
from agentprop.agent.sources import tools
from agentprop.records import Move, Observation, Stage, Task, Turn
from agentprop.records import action_text as protocol
from agentprop.sandbox.executor import Executor
from agentprop.skills import Package
from agentprop.training.rl.rewards import process, terminal

STAGES = st.sampled_from(list(Stage))
ACTIONS = st.sampled_from(["think", "exec", "edit", "submit", "malformed"])
OUTCOMES = st.sampled_from(["ok", "ok", "error", "conflict", "timeout", "read", "refused:inactive"])


def turn(
    action: str, outcome: str = "ok", *, stage: Stage = Stage.CHECK, message: str = "", observation: str = "[check] x"
) -> Turn:
    """A turn as the environment records it; its message is unique unless given."""
    turn.count += 1  # type: ignore[attr-defined]
    text = message or f"<action:{action}>\nprint({turn.count} + 0)\n</action:{action}>"  # type: ignore[attr-defined]
    return Turn.model_validate(
        {"index": 0, "stage": stage, "action": action, "message": text, "observation": observation, "outcome": outcome}
    )


turn.count = 0  # type: ignore[attr-defined]


def call(code: str, printed: str, outcome: str = "ok", stage: Stage = Stage.CHECK) -> Turn:
    return turn("exec", outcome, stage=stage, message=protocol.execute(code), observation=f"[{stage}] {printed}")


# --- r_T ---


@pytest.mark.parametrize(
    ("valid", "rho", "reward"),
    [
        (False, None, 0.0),
        (False, 0.0, 0.0),
        (False, 0.5, 0.0),
        (True, None, 0.5),
        (True, 0.0, 0.5),
        (True, 1 / 16, 0.96875),
        (True, 0.5, 0.75),
        (True, 15 / 16, 0.53125),
        (True, 1.0, 0.5),
    ],
)
def test_the_terminal_reward_is_the_papers_formula(valid: bool, rho: float | None, reward: float) -> None:
    assert terminal(valid, rho) == reward


def test_base_and_bonus_are_what_they_are_set_to() -> None:
    assert terminal(True, 0.25, r_base=1.0, lam=2.0) == 2.5
    assert terminal(True, 0.0, r_base=1.0, lam=2.0) == 1.0


def test_the_harder_of_two_solved_problems_earns_more() -> None:
    rewards = [terminal(True, c / 16) for c in range(1, 17)]
    assert rewards == sorted(rewards, reverse=True) and len(set(rewards)) == 16


def test_a_literal_pass_at_16_would_never_pay_a_bonus() -> None:
    """With a literal pass@16 of 0 or 1 the bonus 1[ρ > 0]·(1 − ρ) would be 0 at both, so ρ has to be the rate."""
    assert {terminal(True, float(c > 0)) for c in range(17)} == {0.5}
    assert max(terminal(True, c / 16) for c in range(17)) > 0.9


@pytest.mark.parametrize("rho", [-0.1, 1.01, 16.0, float("nan")])
def test_a_count_is_not_a_rate(rho: float) -> None:
    with pytest.raises(ValueError, match="pass rate"):
        terminal(True, rho)


# --- r_proc: calls ---


def test_a_call_that_ran_and_told_something_is_paid() -> None:
    assert process([call("print(solve(n=6))", "42")]) == (1.0,)


@pytest.mark.parametrize("outcome", ["error", "conflict", "timeout", "memory", "sandbox-unavailable"])
def test_a_call_that_failed_is_not(outcome: str) -> None:
    assert process([call("print(solve(n=6))", "42", outcome)]) == (0.0,)


def test_a_call_that_prints_nothing_or_only_its_own_literals_is_not() -> None:
    silent, echo, padded = call("x = 1", "(no output)"), call('print("ok")', "ok"), call('x = 2\nprint("a", 7)', "a 7")
    assert process([silent, echo, padded]) == (0, 0, 0)


def test_what_was_computed_may_be_a_number_that_stands_in_the_code() -> None:
    written = call("import sys\nsys.stdout.write(str(6 // 1))", "6")
    assert process([call("print(6 // 1)", "6"), call('print(f"{6 // 1}")', "6"), written]) == (1, 1, 1)


def test_reading_about_a_skill_is_not_a_call() -> None:
    assert process([call('read_skill("digit-sum")', "# Digit sum", "read")]) == (0.0,)


def test_the_same_call_again_tells_nothing_but_a_second_route_to_the_same_value_does() -> None:
    first, second = call("print(solve(n=6))", "42"), call("print(check(n=6))", "42")
    assert process([first, first, second]) == (1, 0, 1)


def test_at_most_three_turns_of_a_stage_are_paid() -> None:
    checks = [call(f"print(solve(n={n}))", str(100 + n)) for n in range(5)]
    drafts = [call(f"print(solve(m={n}))", str(200 + n), stage=Stage.DRAFT) for n in range(2)]
    assert process([*checks, *drafts]) == (1, 1, 1, 0, 0, 1, 1)
    assert process(checks, per_stage=1) == (1, 0, 0, 0, 0)


def test_code_that_python_warns_about_is_read_without_a_word(recwarn: pytest.WarningsRecorder) -> None:
    assert process([call(r"import re; print(re.findall('\d', 'a1'))", "['1']")]) == (1.0,)
    assert not recwarn.list


# --- r_proc: reflections ---


def test_a_reflection_is_paid_where_the_next_check_passes_and_the_last_one_failed() -> None:
    failed, passed = call("print(solve(n=6))", "conflict", "conflict"), call("print(solve(n=7))", "43")
    assert process([failed, turn("think"), passed]) == (0, 1, 1)
    assert process([failed, turn("think"), failed, turn("think"), passed]) == (0, 0, 0, 1, 1)


def test_a_reflection_is_not_paid_where_nothing_failed_or_nothing_was_mended() -> None:
    failed, passed = call("print(solve(n=6))", "conflict", "conflict"), call("print(solve(n=7))", "43")
    assert process([turn("think"), passed, turn("think"), call("print(1 + 1)", "2")]) == (0, 1, 0, 1)
    assert process([failed, turn("think")]) == (0, 0)
    assert process([call("print(solve(n=6))", "", "sandbox-unavailable"), turn("think"), passed]) == (0, 0, 1)


def test_a_check_that_tells_nothing_does_not_show_that_something_was_mended() -> None:
    failed = call("print(solve(n=6))", "conflict", "conflict")
    assert process([failed, turn("think"), call('print("fine")', "fine")]) == (0, 0, 0)


def test_reading_about_a_skill_between_failure_and_repair_changes_nothing() -> None:
    failed, passed = call("print(solve(n=6))", "conflict", "conflict"), call("print(solve(n=7))", "43")
    read = call('read_skill("digit-sum")', "# Digit sum", "read")
    assert process([failed, read, turn("think"), read, passed]) == (0, 0, 1, 0, 1)


def test_a_repair_pays_one_thought_and_one_edit_that_was_carried_out() -> None:
    failed, passed = call("print(solve(n=6))", "conflict", "conflict"), call("print(solve(n=7))", "43")
    refused = turn("edit", "refused:inactive")
    assert process([failed, turn("think"), turn("think"), refused, turn("edit"), passed]) == (0, 1, 0, 0, 1, 1)


# --- r_proc: all of it ---


def test_a_malformed_message_costs_what_is_asked_and_nothing_by_default() -> None:
    assert process([turn("malformed", "malformed"), turn("think")]) == (0, 0)
    assert process([turn("malformed", "malformed"), turn("think")], malformed=-0.1) == (-0.1, 0)


def test_a_trajectory_without_turns_earns_nothing() -> None:
    assert process([]) == ()


@given(st.lists(st.tuples(ACTIONS, OUTCOMES, STAGES, st.integers(0, 3)), max_size=20))
def test_no_trajectory_earns_more_than_the_cap_allows(drawn: Iterable[tuple[str, str, Stage, int]]) -> None:
    turns = [turn(a, o, stage=s, message=f"<action:{a}>\nprint({n} + 1)\n</action:{a}>") for a, o, s, n in drawn]
    rewards = process(turns)
    assert len(rewards) == len(turns) and set(rewards) <= {0.0, 1.0}
    paid = Counter(t.stage for t, reward in zip(turns, rewards, strict=True) if reward)
    assert all(count <= 3 for count in paid.values())
    assert all(t.action in ("think", "exec", "edit") for t, reward in zip(turns, rewards, strict=True) if reward)


class Recited:
    """A policy that follows a script."""

    def __init__(self, *messages: str) -> None:
        self.messages = iter(messages)

    async def act(self, observation: Observation) -> Move:
        return Move(message=next(self.messages, None))


def test_turns_of_the_real_environment_are_understood(library: Mapping[str, Package], executor: Executor) -> None:
    name = sorted(library)[0]
    task = Task(seed=0, index=0, domain="mathematics", category="arithmetic", skill_ids=(), skill_names=(name,))
    policy = Recited(
        protocol.think("A plan."),
        protocol.execute(f'read_skill("{name}")'),
        protocol.execute("from tools import need\nneed(6 % 4 == 0, 'divides')"),
        protocol.think("6 is not divisible; 8 is."),
        protocol.execute("from tools import need\nneed(8 % 4 == 0, 'divides')\nprint(8 // 4)"),
        protocol.execute("print('done')"),
        "no action at all",
    )
    episode = asyncio.run(rollout(Environment(task, library, executor, tools()), policy))
    outcomes = [t.outcome for t in episode.trajectory.turns]
    assert outcomes == ["ok", "read", "conflict", "ok", "ok", "ok", "malformed"]
    assert process(episode.trajectory.turns) == (0, 0, 0, 1, 1, 0, 0)
