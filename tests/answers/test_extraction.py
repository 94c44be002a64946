"""What of a response counts as its answer, under each policy."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from agentprop.answers import ExtractionPolicy, equivalent, final_answer
from agentprop.answers.reading.extract import gold_answer

RESPONSES: dict[str, list[list[Any]]] = tomllib.loads(Path(__file__).with_name("responses.toml").read_text("utf-8"))
BOXED = ExtractionPolicy(box="required")
THOUGHT = ExtractionPolicy(thinking="required")
LAST_NUMBER = ExtractionPolicy(last_number=True)


@pytest.mark.parametrize(("response", "answer"), RESPONSES["answer"])
def test_the_marked_answer_is_taken(response: str, answer: str) -> None:
    assert final_answer(response) == answer


@pytest.mark.parametrize("verdict", ["right", "wrong"])
def test_responses_earn_what_their_answer_is_worth(verdict: str) -> None:
    unexpected = []
    for gold, response, *options in RESPONSES[verdict]:
        found = equivalent(gold=gold, pred=response, **(options[0] if options else {}))
        if found.status != {"right": "same", "wrong": "different"}[verdict]:
            unexpected.append((gold, response, final_answer(response), found))
    assert not unexpected


def test_a_required_box_lets_nothing_else_count() -> None:
    assert final_answer("The answer is 5.", BOXED) == "" == final_answer("5", BOXED)
    assert final_answer("so \\boxed{5}", BOXED) == "5"
    assert equivalent(gold="5", pred="The answer is 5.", policy=BOXED).status == "different"


def test_what_is_said_outside_a_required_box_takes_it_back_and_puts_nothing_in_its_place() -> None:
    response = "\\boxed{12}. Wait, that is wrong, it should be 15."
    assert final_answer(response) == "15"
    assert final_answer(response, BOXED) == ""
    assert final_answer(f"{response} \\boxed{{16}}", BOXED) == "16"


@pytest.mark.parametrize("remark", ["Sorry if that was long.", "Wait, is that right? 3·4 = 12, so it is correct."])
def test_a_remark_behind_an_answer_leaves_it_as_it_stands(remark: str) -> None:
    assert final_answer(f"\\boxed{{12}}\n\n{remark}") == "12"


def test_a_required_thought_must_have_been_closed() -> None:
    assert final_answer("\\boxed{5}", THOUGHT) == ""
    assert final_answer("<think>hm</think>\\boxed{5}", THOUGHT) == "5"
    assert final_answer("hm</think>\\boxed{5}", THOUGHT) == "5", "the chat template may have opened it"


@pytest.mark.parametrize("opening", ["<think>", "<thinking>", "<THINK>", "a</think>b<think>"])
@pytest.mark.parametrize("rest", ["\\boxed{5}", "The answer is 5", "<answer>5</answer>", "5"])
@pytest.mark.parametrize("policy", [ExtractionPolicy(), BOXED, THOUGHT, LAST_NUMBER])
def test_an_unfinished_thought_never_holds_an_answer(opening: str, rest: str, policy: ExtractionPolicy) -> None:
    assert final_answer(f"{opening}{rest}", policy) == ""
    assert equivalent(gold="5", pred=f"{opening}{rest}", policy=policy).status == "different"


def test_the_last_number_counts_only_on_demand() -> None:
    response = "3 apples and 4 pears make 7 pieces of fruit."
    assert final_answer(response) == response
    assert final_answer(response, LAST_NUMBER) == "7"
    assert final_answer("That is 1,250 then", LAST_NUMBER) == "1,250"
    assert final_answer("first 3, then \\boxed{4}, not 5", LAST_NUMBER) == "4"
    assert final_answer("no number at all", LAST_NUMBER) == ""


@pytest.mark.parametrize(
    "token", ["<|im_end|>", "<|endoftext|>", "</s>", "<|eot_id|>", "<eos>", "<｜end▁of▁sentence｜>"]
)
def test_control_tokens_are_no_part_of_an_answer(token: str) -> None:
    assert final_answer(f"The answer is 12.{token}") == "12"
    assert equivalent(gold="12", pred=f"12{token}").status == "same"


def test_a_right_answer_is_never_a_fragment_of_a_longer_statement() -> None:
    assert gold_answer("The answer is 5. It is unique.") != "5"
    assert gold_answer("Answer: $5$") == "$5$"
    assert gold_answer("x = 3, so that the answer is 5") == "x = 3, so that the answer is 5"


def test_a_box_that_is_a_bound_counts_where_the_question_asks_for_the_extreme_value() -> None:
    reply, asked = "She needs at least \\boxed{12} cups.", "What is the least number of cups?"
    assert equivalent(gold="12", pred=reply).status == "undetermined"
    assert equivalent(gold="12", pred=reply, question=asked).status == "same"
    assert equivalent(gold="13", pred=reply, question=asked).status == "different"


def test_the_box_of_a_reference_solution_is_its_answer_whatever_stands_before_it() -> None:
    assert gold_answer("So we need at least $\\boxed{12}$ of them.") == "12"
