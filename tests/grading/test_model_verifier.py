"""One model's attempt: the text it is shown, its one correction, and every way to give no vote."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from toy_problems import doubling, opinion, problem, scripted, trace

from agentprop.grading import auditor
from agentprop.grading import model_verifier as verifiers
from agentprop.grading.model_verifier import ModelJudge, reread, worth_repeating
from agentprop.models.chat import Choice, Reply, Request, Sampling
from agentprop.models.failures import FailureKind, ModelFailure
from agentprop.models.scripted import Script
from agentprop.records import Attempt


def tried(script: Script, **judge: Any) -> tuple[Attempt, list[Mapping[str, Any]]]:
    model, transport = scripted(script)
    one = ModelJudge("toy", 0, "verifier", model, **judge)
    question = verifiers.question(problem(2), trace(2))
    return asyncio.run(one.attempt(problem(2), question)), transport.bodies


def fails(kind: FailureKind) -> Any:
    def answer(body: Mapping[str, Any]) -> str:
        raise ModelFailure(kind, f"a {kind}")

    return answer


def test_an_attempt_has_vote_answer_rationale_and_who_made_it() -> None:
    found, asked = tried([opinion()], sampling=Sampling(temperature=0.5, max_tokens=99))
    assert (found.vote, found.answer, found.code, found.rationale) == (True, "4", "valid", "it is so")
    assert (found.verifier, found.number, found.response) == ("toy", 0, opinion())
    assert found.made_by.name == "toy@scripted"
    assert found.made_by.sampling == '{"temperature": 0.5, "max_tokens": 99}'
    assert (asked[0]["temperature"], asked[0]["max_tokens"]) == (0.5, 99)


def test_flags_are_the_code_whatever_the_vote() -> None:
    found, _ = tried([opinion(flags="unsolvable, ambiguous")])
    assert (found.vote, found.code) == (True, "ambiguous,unsolvable")


def test_a_verifier_sees_the_statement_and_the_full_trace() -> None:
    _, asked = tried([opinion()])
    shown = asked[0]["messages"][1]["content"]
    assert problem(2).statement in shown and "Propose problem 2." in shown
    for turn in trace(2).turns:
        assert turn.message in shown and turn.observation in shown


def test_the_form_of_the_answer_is_said() -> None:
    shown = verifiers.question(doubling(), None)
    assert "defines `double`" in shown and "(none was kept)" in shown
    quantity = problem(answer="3.40 m", answer_type="quantity", unit="m", figures=3)
    assert "a quantity in m, to 3 significant figures" in verifiers.question(quantity, None)


def test_hidden_tests_are_not_shown() -> None:
    shown = verifiers.question(doubling(tests=(("[424242]", "848484"),)), trace(2))
    assert "424242" not in shown and "848484" not in shown


def test_a_reply_that_is_no_opinion_gets_one_correction() -> None:
    found, asked = tried(["It is fine.", opinion()])
    assert (found.vote, found.response) == (True, opinion())
    assert [m["role"] for m in asked[1]["messages"]] == ["system", "user", "assistant", "user"]
    assert "lacks <verdict>" in asked[1]["messages"][-1]["content"]


def test_and_only_one() -> None:
    found, asked = tried(["It is fine.", "Really.", opinion()])
    assert (found.vote, found.code, found.response, len(asked)) == (None, "malformed", "Really.", 2)


def test_a_reply_cut_off_is_no_vote_even_where_it_could_be_read() -> None:
    found, asked = tried([{"content": opinion(), "finish_reason": "length"}])
    assert (found.vote, found.answer, found.code, len(asked)) == (None, None, "truncated", 1)


@pytest.mark.parametrize(
    ("kind", "code"), [(FailureKind.CONTEXT_OVERFLOW, "context_overflow"), (FailureKind.REJECTED, "request_refused")]
)
def test_a_request_that_fails_for_good_is_an_attempt_without_a_vote(kind: FailureKind, code: str) -> None:
    found, _ = tried(fails(kind))
    assert (found.vote, found.code, found.response) == (None, code, None)
    assert not worth_repeating(found, None)


def test_an_attempt_that_was_lost_is_owed_again_and_one_that_was_cut_off_at_a_higher_limit() -> None:
    lost = Attempt(problem_id="p", role="verifier", verifier="toy", code="outage")
    cut, _ = tried([{"content": "I", "finish_reason": "length"}], sampling=Sampling(max_tokens=10))
    said, _ = tried([opinion()], sampling=Sampling(max_tokens=10))
    assert [worth_repeating(lost, limit) for limit in (None, 10)] == [True, True]
    assert [worth_repeating(cut, limit) for limit in (5, 10, 11, None)] == [False, False, True, True]
    assert [worth_repeating(said, limit) for limit in (10, 11, None)] == [False, False, False]


@pytest.mark.parametrize("script", [[opinion()], ["no", "no"], [{"content": "x", "finish_reason": "length"}]])
def test_reading_a_stored_attempt_again_changes_nothing(script: Script) -> None:
    found, _ = tried(script)
    assert reread(found) == found


def test_a_stored_reply_is_read_by_the_rules_of_today() -> None:
    found, _ = tried([opinion()])
    before = Attempt.model_validate({**found.model_dump(), "id": "", "vote": None, "code": "malformed", "answer": None})
    assert reread(before) == found


class Says:
    """A model in this process that always gives one reply."""

    identity = "says"

    def __init__(self, text: str) -> None:
        self.text = text

    async def reply(self, request: Request) -> Reply:
        return Reply((Choice(self.text, finish_reason="stop"),), "says")

    async def aclose(self) -> None:
        """Close nothing: no connection is held."""


def test_lone_surrogates_reach_no_record() -> None:
    one = ModelJudge("says", 0, "verifier", Says(opinion(answer="4\ud800", rationale="\udfff!")))
    found = asyncio.run(one.attempt(problem(2), "?"))
    found.model_dump_json().encode("utf-8")
    assert (found.answer, found.rationale) == ("4?", "?!")


def test_the_auditor_sees_every_answer_and_reason_but_no_names_and_no_votes() -> None:
    given = [
        Attempt(problem_id="p", role="verifier", verifier=f"MODEL-{i}", vote=i != 1, answer=answer, rationale=why)
        for i, (answer, why) in enumerate([("4", "doubled"), ("5", "misread"), (None, "lost")])
    ]
    shown = auditor.question(problem(2), given)
    assert all(text in shown for text in (problem(2).statement, "<claimed>\n4\n", "doubled", "misread"))
    assert "MODEL" not in shown and "vote" not in shown and "lost" not in shown
