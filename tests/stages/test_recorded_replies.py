"""Replies that a file has already: every form in which others store them is graded, and no model is asked."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from agentprop.config.evaluate import EvaluateConfig
from agentprop.errors import InputError
from agentprop.records import Attempt, Problem, Question
from agentprop.stages.evaluate import run as evaluate
from agentprop.stages.evaluate.recorded import replies_in
from agentprop.storage.run import StoredRun, open_run

SUM = {"question": "What is 1 + 1?", "answer": "2"}


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def graded(
    rows: Sequence[Mapping[str, Any]], field: str = "response", out: str = "run", **settings: Any
) -> tuple[dict[str, Any], StoredRun]:
    Path("rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    summary = evaluate.run(EvaluateConfig(reply_field=field, **settings), "rows.jsonl", out, quiet=True)
    return summary, open_run(out)


# --- forms ---

CHAT = [{"role": "user", "content": "2 + 2?"}, {"role": "assistant", "content": "4"}]
THOUGHT, SAID = {"type": "reasoning", "summary": []}, {"type": "output_text", "text": "4"}


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        ("It is 4.", ["It is 4."]),
        (["4", "5"], ["4", "5"]),
        ('["4", "5"]', ["4", "5"]),
        ([["4"], ["5"]], ["4", "5"]),
        (4, ["4"]),
        (CHAT, ["4"]),
        ([CHAT, CHAT[:1]], ["4", ""]),
        ([*CHAT, *CHAT[:1], {"role": "assistant", "content": "5"}], ["5"]),
        ([{"from": "human", "value": "2 + 2?"}, {"from": "gpt", "value": "4"}], ["4"]),
        ({"choices": [{"index": 0, "message": {"role": "assistant", "content": "4"}, "finish_reason": "stop"}]}, ["4"]),
        ({"choices": [{"text": "4"}, {"text": "5"}]}, ["4", "5"]),
        ({"outputs": [{"text": "4"}, {"text": "5"}]}, ["4", "5"]),
        ({"content": [{"type": "thinking", "thinking": "5?"}, {"type": "text", "text": "4"}]}, ["4"]),
        ({"body": {"choices": [{"message": {"role": "assistant", "content": "4"}}]}}, ["4"]),
        ({"output": [THOUGHT, {"type": "message", "role": "assistant", "content": [SAID]}]}, ["4"]),
        ('{"answer": 4}', ['{"answer": 4}']),
        ({"score": 1.0}, []),
        (None, []),
        ([], []),
    ],
)
def test_a_field_holds_replies_in_any_form_that_others_store(value: Any, texts: list[str]) -> None:
    assert [choice.text for choice in replies_in(value)] == texts


@pytest.mark.parametrize("reason", [{"finish_reason": "length"}, {"stop_reason": "max_tokens"}])
def test_a_reply_says_itself_that_it_was_cut_off(reason: dict[str, str]) -> None:
    summary, _ = graded([{**SUM, "response": [{"text": r"\boxed{2}", **reason}, {"text": r"\boxed{2}"}]}])
    assert summary["attempts"] == {"correct": 1, "truncated": 1}


# --- numbers and records ---


def test_recorded_replies_are_counted_as_those_of_a_model() -> None:
    rows = [
        {**SUM, "response": [r"\boxed{2}", r"\boxed{3}"]},
        {"question": "What is 3 - 1/2?", "answer": "5/2", "response": ["So it is 2.5.", "<think>3</think> $x = 5/2$"]},
    ]
    summary, stored = graded(rows)
    assert summary["mean"]["value"] == 3 / 4 and summary["k"] == 2
    assert {k: found["value"] for k, found in summary["pass_at"].items()} == {"1": 3 / 4, "2": 1.0}
    assert "spending" not in summary and summary["model"] == "replies in response"
    said = {attempt.response for attempt in stored.iter(Attempt)}
    assert said == {reply for row in rows for reply in row["response"]}
    assert {question.prompt for question in stored.iter(Question)} == {"[]"}  # how it was asked is not known


def test_rows_that_ask_the_same_put_their_replies_together() -> None:
    rows = [{**SUM, "response": rf"\boxed{{{n}}}"} for n in (2, 3, 2)]
    summary, stored = graded(rows)
    assert summary["problems"] == 1 and summary["repeated"] == 0 and summary["k"] == 3
    assert [attempt.vote for attempt in sorted(stored.iter(Attempt), key=lambda a: a.number)] == [True, False, True]


def test_replies_beyond_k_are_counted_and_a_larger_k_grades_them() -> None:
    rows = [{**SUM, "response": [r"\boxed{2}"] * 5}]
    summary, _ = graded(rows, k=2)
    assert summary["replies_beyond_k"] == 3 and summary["attempts"] == {"correct": 2}
    summary, stored = graded(rows, k=8)
    assert "replies_beyond_k" not in summary and len(list(stored.iter(Attempt))) == 5


def test_a_problem_without_a_reply_stays_unmeasured_and_an_empty_reply_is_none() -> None:
    rows = [{**SUM, "response": ["", r"\boxed{2}"]}, {"question": "What is 2 + 4?", "answer": "6", "response": None}]
    summary, _ = graded(rows)
    assert (summary["accepted"], summary["failed"], summary["reasons"]) == (1, 1, {"unmeasured": 1})
    assert summary["mean"]["value"] == 1.0 and summary["attempts"] == {"correct": 1, "lost": 1}


PROGRAM = {
    "prompt": "Write a function double(n) that returns twice n.",
    "test_list": ["assert double(2) == 4", "assert double(-1) == -2"],
    "code": "def double(n):\n    return 2 * n",
}


def test_recorded_programs_run_the_tests_of_their_row() -> None:
    right, wrong = (
        "```python\ndef double(n):\n    return n + n\n```",
        "```python\ndef double(n):\n    return n * n\n```",
    )
    summary, _ = graded([{**PROGRAM, "samples": [right, wrong]}], "samples")
    assert summary["attempts"] == {"correct": 1, "wrong": 1}


# --- what a reply is not ---


@pytest.mark.parametrize("field", ["response", "solution", "completion", "output", "prediction", "code", "generated"])
def test_a_reply_is_never_taken_for_a_part_of_the_problem(field: str) -> None:
    summary, stored = graded([{**SUM, field: r"\boxed{3}"}, {**SUM, "question": "What is 4/2?", field: "2"}], field)
    assert {problem.answer for problem in stored.iter(Problem)} == {"2"}
    assert summary["attempts"] == {"correct": 1, "wrong": 1}


def test_a_recorded_conversation_holds_the_question_and_never_the_gold() -> None:
    messages = [{"role": "user", "content": "What is 1 + 1?"}, {"role": "assistant", "content": r"\boxed{3}"}]
    summary, stored = graded([{"messages": messages, "answer": "2"}], "messages")
    assert [(p.statement, p.answer) for p in stored.iter(Problem)] == [("What is 1 + 1?", "2")]
    assert summary["attempts"] == {"wrong": 1}
    with pytest.raises(InputError):
        graded([{"messages": messages}], "messages", "other")


def test_a_log_of_requests_and_replies_is_graded_without_its_replies_as_golds() -> None:
    ends = {"choices": [{"message": {"role": "assistant", "content": r"\boxed{3}"}, "finish_reason": "stop"}]}
    asked = {"messages": [{"role": "user", "content": "What is 1 + 1?"}]}
    for out, row in (("one", {"request": asked, "response": {"body": ends}}), ("other", {**asked, "response": ends})):
        summary, stored = graded([{**row, "answer": "2"}], out=out)
        assert [(p.statement, p.answer) for p in stored.iter(Problem)] == [("What is 1 + 1?", "2")]
        assert summary["attempts"] == {"wrong": 1}


def test_a_path_leads_to_replies_inside_an_object() -> None:
    row = {"doc": SUM, "sample": {"resps": [[r"\boxed{2}"]], "target": "9"}}
    summary, _ = graded([row], "sample.resps", question_field="doc.question", answer_field="doc.answer")
    assert summary["attempts"] == {"correct": 1}


# --- refusals ---


def test_a_field_without_replies_and_a_run_are_refused() -> None:
    with pytest.raises(InputError, match="has a reply in the field respons"):
        graded([{**SUM, "response": "2"}], "respons")
    graded([{**SUM, "response": "2"}])
    with pytest.raises(InputError, match="run is a run"):
        evaluate.run(EvaluateConfig(reply_field="response"), "run", "again", quiet=True)


def test_replies_come_from_a_model_or_from_a_field() -> None:
    for given in ({}, {"model": "m", "reply_field": "response"}):
        with pytest.raises(ValidationError) as refused:
            EvaluateConfig(**given)
        assert refused.value.errors()[0]["loc"] == ("model",)
