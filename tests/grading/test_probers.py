"""One attempt of a prober: its question, the grade of its reply, and requests that fail."""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from probe_problems import problem, program_problem

from agentprop.errors import BoundReached
from agentprop.grading.comparison import program_of
from agentprop.grading.probers import PROGRAM_S, Prober, question
from agentprop.models.chat import Sampling
from agentprop.models.client import Model, channel_of
from agentprop.models.costs import Meter
from agentprop.models.failures import FailureKind, ModelFailure
from agentprop.models.retry import Backoff
from agentprop.models.scripted import Scripted, ScriptedReply
from agentprop.models.settings import ModelSettings
from agentprop.records import Attempt, MadeBy, Problem
from agentprop.sandbox import Sandbox

SAMPLING = Sampling(temperature=0.6, top_p=0.95, max_tokens=500)
CASES = tomllib.loads(Path(__file__).with_name("prober_replies.toml").read_text(encoding="utf-8"))
ANSWERS = [(about, *case) for about, cases in CASES["replies"].items() for case in cases]
Answer = Callable[[Mapping[str, Any]], ScriptedReply]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(preload=(), slots=2) as made:
        yield made


def prober(script: Answer | list[ScriptedReply], sandbox: Sandbox, **settings: Any) -> tuple[Prober, Scripted]:
    """A prober that follows a script, and the script's record of the requests."""
    scripted = Scripted(script)
    channel = channel_of(ModelSettings(model="toy", replies="-", **settings), scripted)
    channel.backoff = Backoff(first_s=0.001, most_s=0.002)
    made_by = MadeBy(name="toy", sampling='{"temperature": 0.6}')
    return Prober(Model(channel, Meter()), "toy@here", SAMPLING, made_by, sandbox), scripted


def attempts(
    one: Problem,
    script: Answer | list[ScriptedReply],
    sandbox: Sandbox,
    *,
    start: int = 0,
    count: int = 1,
    **settings: Any,
) -> tuple[list[Attempt], Scripted]:
    who, scripted = prober(script, sandbox, **settings)
    return asyncio.run(who.attempts(one, start, count)), scripted


def outcome(one: Problem, reply: ScriptedReply, sandbox: Sandbox) -> str:
    (attempt,), _ = attempts(one, [reply], sandbox)
    return attempt.code


def test_a_prober_sees_the_statement_and_nothing_else_of_the_problem(sandbox: Sandbox) -> None:
    one = problem(answer="31337", unit="kg", category="secret-category", skills=("secret-skill",))
    _, scripted = attempts(one, ["\\boxed{1}"], sandbox)
    (body,) = scripted.bodies
    (message,) = body["messages"]
    assert message["content"] == question(one)
    assert message["content"].startswith(one.statement) and "step by step" in message["content"]
    assert not any(word in str(body) for word in ("31337", "secret", "kg"))


def test_decoding_is_the_same_for_every_attempt(sandbox: Sandbox) -> None:
    _, scripted = attempts(problem(), lambda body: "\\boxed{42}", sandbox, count=3, n=False)
    drawn = [(body["temperature"], body["top_p"], body["max_tokens"]) for body in scripted.bodies]
    assert drawn == [(0.6, 0.95, 500)] * 3


def test_all_attempts_are_one_request_where_the_server_honours_n(sandbox: Sandbox) -> None:
    replies: list[ScriptedReply] = [f"\\boxed{{{n}}}" for n in (42, 41, 42, 40)]
    found, scripted = attempts(problem(), replies, sandbox, start=12, count=4)
    assert [body["n"] for body in scripted.bodies] == [4]
    assert [(a.number, a.code, a.answer, a.vote) for a in found] == [
        (12, "correct", "42", True),
        (13, "wrong", "41", False),
        (14, "correct", "42", True),
        (15, "wrong", "40", False),
    ]
    assert {(a.role, a.verifier, a.made_by.name, a.made_by.sampling) for a in found} == {
        ("prober", "toy@here", "toy", '{"temperature": 0.6}')
    }
    assert found[0].response == "\\boxed{42}"


@pytest.mark.parametrize(("about", "reply", "expected"), ANSWERS)
def test_answers_meet_the_problems_by_equivalence(about: str, reply: str, expected: str, sandbox: Sandbox) -> None:
    assert outcome(problem(**CASES["problems"][about]), reply, sandbox) == expected


def test_a_reply_that_was_cut_off_is_no_answer_even_where_it_holds_one(sandbox: Sandbox) -> None:
    cut = {"content": "It must be \\boxed{42}, but let me", "finish_reason": "length"}
    (attempt,), _ = attempts(problem(), [cut], sandbox)
    assert (attempt.code, attempt.vote, attempt.finish_reason) == ("truncated", None, "length")


def test_the_reasoning_is_not_searched_for_an_answer(sandbox: Sandbox) -> None:
    reply = {"content": "I give up.", "reasoning_content": "maybe \\boxed{42}"}
    assert outcome(problem(), reply, sandbox) == "wrong"


def test_a_comparison_that_cannot_be_decided_counts_nowhere(sandbox: Sandbox) -> None:
    long = "x" * 30_000
    one = problem(answer=f"{long}y", answer_type="expression")
    assert outcome(one, f"\\boxed{{{long}z}}", sandbox) == "undetermined"


# --- programs ---


@pytest.mark.parametrize("case", CASES["programs"], ids=lambda case: case["outcome"])
def test_programs_run_the_tests_in_the_sandbox(case: Mapping[str, str], sandbox: Sandbox) -> None:
    assert outcome(program_problem(), case["reply"], sandbox) == case["outcome"]


def test_a_program_that_never_ends_is_run_once_more_and_is_then_wrong(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agentprop.grading.probers.PROGRAM_S", 0.5)
    monkeypatch.setattr("agentprop.grading.probers.RERUN_S", 1.0)
    endless = "```python\ndef solve(n):\n    while True:\n        pass\n```"
    (attempt,), _ = attempts(program_problem(), [endless], sandbox)
    assert (attempt.code, attempt.vote) == ("too_slow", False)
    assert attempt.answer == "def solve(n):\n    while True:\n        pass\n"
    assert attempt.isolation.startswith("L")


def test_a_program_that_is_slow_once_gets_its_second_run(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    assert PROGRAM_S == 5.0
    monkeypatch.setattr("agentprop.grading.probers.PROGRAM_S", 0.3)
    monkeypatch.setattr("agentprop.grading.probers.RERUN_S", 60.0)
    slow = "```python\nimport time\ndef solve(n):\n    time.sleep(0.1)\n    return n * n\n```"  # six tests
    assert outcome(program_problem(), slow, sandbox) == "correct"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("```python\ndef f():\n    pass\n```", "def f():\n    pass\n"),
        ("```\ndef f(x): return x\n```", "def f(x): return x\n"),
        ("```python\ndef f(): 1\n", "def f(): 1\n"),
        ("use `def f` here", None),
        ("```python\ndef ff(): 1\n```", None),
    ],
)
def test_the_program_is_the_last_block_that_defines_the_function(text: str, expected: str | None) -> None:
    assert program_of(text, "f") == expected


# --- requests that fail ---


def failing(kind: FailureKind, *, only: Callable[[Mapping[str, Any]], bool] = lambda body: True) -> Answer:
    """A model that fails some requests and answers the others."""

    def answer(body: Mapping[str, Any]) -> ScriptedReply:
        if only(body):
            raise ModelFailure(kind, "on purpose")
        return "\\boxed{42}"

    return answer


def test_a_request_that_times_out_is_a_time_out_and_not_a_wrong_answer(sandbox: Sandbox) -> None:
    (attempt,), _ = attempts(problem(), failing(FailureKind.TIMEOUT), sandbox)
    assert (attempt.code, attempt.vote, attempt.response, attempt.answer) == ("timeout", None, None, None)


def test_a_statement_that_does_not_fit_the_context_counts_as_cut_off(sandbox: Sandbox) -> None:
    assert attempts(problem(), failing(FailureKind.CONTEXT_OVERFLOW), sandbox)[0][0].code == "truncated"


def test_where_a_request_for_many_takes_too_long_each_is_asked_for_by_itself(sandbox: Sandbox) -> None:
    script = failing(FailureKind.TIMEOUT, only=lambda body: body.get("n", 1) > 1)
    found, scripted = attempts(problem(), script, sandbox, start=3, count=3, n=True)
    assert [(a.number, a.code) for a in found] == [(3, "correct"), (4, "correct"), (5, "correct")]
    assert [body.get("n", 1) for body in scripted.bodies][-3:] == [1, 1, 1]


@pytest.mark.parametrize("n", [True, False])
@pytest.mark.parametrize("kind", [FailureKind.SERVER, FailureKind.CONNECTION])
def test_a_broken_server_makes_no_attempts(kind: FailureKind, n: bool, sandbox: Sandbox) -> None:
    with pytest.raises(ModelFailure) as caught:
        attempts(problem(), failing(kind), sandbox, count=3, n=n)
    assert caught.value.kind is kind


def test_a_bound_that_is_met_among_many_requests_is_seen_as_one(sandbox: Sandbox) -> None:
    def answer(body: Mapping[str, Any]) -> ScriptedReply:
        raise BoundReached("--max-tokens 1 is reached", hint="raise it")

    with pytest.raises(BoundReached):
        attempts(problem(), answer, sandbox, count=3, n=False)


def test_a_reply_that_stays_empty_says_nothing_about_the_problem(sandbox: Sandbox) -> None:
    (attempt,), scripted = attempts(problem(), ["", " ", ""], sandbox)
    assert (attempt.code, attempt.vote, attempt.response) == ("undetermined", None, None)
    assert "empty" in attempt.rationale and len(scripted.bodies) == 3
