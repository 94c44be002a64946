"""A verifier that solves the statement before it sees claim and trace; its structured reply; its checklist."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest
from toy_problems import opinion, problem, scripted, trace

from agentprop.grading.json_reply import SCHEMA, blind_answer, sectioned
from agentprop.grading.model_verifier import ModelJudge, reread
from agentprop.grading.verifier_reply import Opinion, ReplyFault, read
from agentprop.models.failures import FailureKind, ModelFailure
from agentprop.models.scripted import Script
from agentprop.prompts import prompt, prompt_hash
from agentprop.records import Attempt

SOLVED = "Twice two is four.\n\n<answer>4</answer>"
VERDICT = json.dumps({"rationale": "it is so", "answer": "4", "flags": [], "verdict": "valid"})

FLAGGED = '{"verdict": "invalid", "flags": ["unsolvable", "ambiguous"], "answer": "", "rationale": "no"}'


def judged(script: Script, **settings: Any) -> tuple[Attempt, list[Mapping[str, Any]]]:
    model, transport = scripted(script)
    judge = ModelJudge("toy", 0, "verifier", model, **{"blind": True, **settings})
    return asyncio.run(judge.judge(problem(2), trace(2))), transport.bodies


def test_it_solves_the_statement_before_it_is_shown_claim_and_trace() -> None:
    found, asked = judged([SOLVED, opinion()])
    first, second = (body["messages"] for body in asked)
    assert [m["role"] for m in second] == ["system", "user", "assistant", "user"] and second[:2] == first
    assert problem(2).statement in first[1]["content"] and "Propose problem 2." not in first[1]["content"]
    assert second[2]["content"] == SOLVED
    assert "<claimed>\n4\n</claimed>" in second[3]["content"] and "Propose problem 2." in second[3]["content"]
    assert (found.vote, found.answer, found.blind_answer, found.response) == (True, "4", "4", opinion())


def test_the_answer_before_the_claim_is_kept_when_the_claim_changes_it() -> None:
    found, _ = judged(["<answer>5</answer>", opinion()])
    assert (found.answer, found.blind_answer) == ("4", "5")


def test_a_first_reply_cut_off_is_no_vote_and_asks_nothing_more() -> None:
    found, asked = judged([{"content": "Twice", "finish_reason": "length"}, opinion()])
    assert (found.vote, found.code, len(asked)) == (None, "truncated", 1)
    assert reread(found) == found


def test_an_opinion_that_cannot_be_read_gets_its_correction_in_the_same_conversation() -> None:
    found, asked = judged([SOLVED, "It is fine.", opinion()])
    assert found.vote is True and len(asked[2]["messages"]) == 6


def test_a_server_that_can_is_asked_for_json_and_only_for_the_verdict() -> None:
    found, asked = judged([SOLVED, VERDICT], schema=True)
    assert "response_format" not in asked[0]
    assert asked[1]["response_format"]["json_schema"]["schema"] == SCHEMA
    assert prompt("verdict_json") in asked[1]["messages"][3]["content"]
    assert (found.vote, found.answer, found.code, found.response) == (True, "4", "valid", VERDICT)
    assert reread(found) == found


FAULTS: dict[str, ModelFailure | dict[str, str]] = {
    "a server that refuses it": ModelFailure(FailureKind.REJECTED, "response_format is not supported"),
    "a model that fills it with blanks": {"content": '{"rationale":' + "\n" * 400, "finish_reason": "length"},
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_where_the_schema_fails_sections_are_asked_for_instead_and_never_again_json(
    fault: ModelFailure | dict[str, str],
) -> None:
    def answer(body: Mapping[str, Any]) -> str | dict[str, str]:
        if "response_format" in body:
            if isinstance(fault, ModelFailure):
                raise fault
            return fault
        return opinion() if len(body["messages"]) > 2 else SOLVED

    model, transport = scripted(answer)
    judge = ModelJudge("toy", 0, "verifier", model, blind=True, schema=True)
    votes = [asyncio.run(judge.judge(problem(number), trace(number))).vote for number in (2, 3)]
    assert votes == [True, True]
    assert sum("response_format" in body for body in transport.bodies) == 1


def test_a_verdict_by_schema_that_is_cut_off_while_it_says_something_is_no_vote() -> None:
    found, asked = judged([SOLVED, {"content": VERDICT[:30], "finish_reason": "length"}], schema=True)
    assert (found.vote, found.code, len(asked)) == (None, "truncated", 2)


def test_the_checklist_is_part_of_the_system_text_and_of_the_hash() -> None:
    plain, _ = judged([SOLVED, opinion()])
    listed, asked = judged([SOLVED, opinion()], checklist=True)
    assert asked[0]["messages"][0]["content"].endswith(prompt("verifier_checklist"))
    assert plain.made_by.prompt_hash != listed.made_by.prompt_hash != prompt_hash("verifier")


@pytest.mark.parametrize(
    ("text", "vote", "answer", "flags"),
    [
        (VERDICT, True, "4", ()),
        (f"```json\n{VERDICT}\n```", True, "4", ()),
        (FLAGGED, False, None, ("ambiguous", "unsolvable")),
        ('{"verdict": "valid", "flags": null, "answer": 4, "rationale": "so"}', True, "4", ()),
        (
            '{"verdict": "valid", "flags": "none", "answer": "\\\\frac{1}{2}", "rationale": "so"}',
            True,
            r"\frac{1}{2}",
            (),
        ),
    ],
)
def test_a_verdict_in_json_is_read_as_sections_are(
    text: str, vote: bool, answer: str | None, flags: tuple[str, ...]
) -> None:
    found = read(sectioned(text))
    assert isinstance(found, Opinion)
    assert (found.valid, found.answer, found.flags) == (vote, answer, flags)


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"verdict": "valid"}', '{"answer": "4"}', "null", "[" * 100_000])
def test_json_that_is_no_verdict_is_a_fault(text: str) -> None:
    assert isinstance(read(sectioned(text)), ReplyFault)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("<answer>3</answer> No: <answer>4</answer>", "4"),
        ("<answer>\n</answer>", None),
        ("the answer is 4", None),
        ("<answer>a <answer>4</answer>", "4"),
    ],
)
def test_the_last_answer_before_the_claim_counts(text: str, answer: str | None) -> None:
    assert blind_answer(text) == answer
