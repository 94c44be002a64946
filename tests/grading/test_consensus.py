"""The acceptance rule: a table of cases with their reasons, and what must hold for all of them."""

from __future__ import annotations

import tomllib
from itertools import permutations, product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from toy_problems import problem

from agentprop.answers.outcome import Equivalence, undetermined
from agentprop.grading.comparison import TextAnswers
from agentprop.grading.consensus import CompareAnswers, Tally, quorum, tally_votes, verdict
from agentprop.grading.reports import FLAGS
from agentprop.records import Attempt, MadeBy

CASES = tomllib.loads((Path(__file__).parent / "consensus_cases.toml").read_text(encoding="utf-8"))["case"]
LOST = ("truncated", "timeout", "outage", "malformed", "context_overflow")
WRITTEN = [
    "valid: 5",
    "valid: 5.0",
    "valid: 7",
    "invalid:",
    "invalid: 5",
    "invalid: 7",
    "valid+ambiguous: 5",
    "invalid+unsolvable:",
    *LOST,
]


def attempt(written: str, number: int, role: Any = "verifier") -> Attempt:
    """`valid+ambiguous: 5` → an attempt."""
    said, colon, answer = written.partition(":")
    vote, _, flags = said.partition("+")
    return Attempt(
        problem_id="p",
        role=role,
        number=number,
        verifier="toy",
        code=(flags or vote),
        rationale=f"because {said}",
        vote={"valid": True, "invalid": False}[vote] if colon else None,
        answer=answer.strip() or None,
    )


def attempts(written: list[str], auditor: str | None = None) -> list[Attempt]:
    found = [attempt(text, number) for number, text in enumerate(written)]
    return found + ([attempt(auditor, 0, "auditor")] if auditor is not None else [])


def alike(undecided: tuple[list[str], ...] = (), unit: str | None = None) -> CompareAnswers:
    compare = TextAnswers(problem(unit=unit), timeout_s=20.0)

    def same(gold: str, pred: str) -> Equivalence:
        pairs = [set(pair) for pair in undecided]
        return undetermined("timeout", "not decided") if {gold, pred} in pairs else compare(gold, pred)

    return same


def tallied(case: dict[str, Any]) -> Tally:
    found = attempts(case["verifiers"], case.get("auditor"))
    for place, rationale in enumerate(case.get("rationales", ())):
        found[place] = found[place].model_copy(update={"rationale": rationale})
    return tally_votes(case["claimed"], found, alike(tuple(case.get("undecided", ())), case.get("unit")))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["why"])
def test_the_rule(case: dict[str, Any]) -> None:
    tally = tallied(case)
    assert f"{tally.value} {tally.code}" == case["verdict"], tally.message
    assert tally.disputed == case.get("disputed", False)
    assert "answer" not in case or tally.answer == case["answer"]
    assert tally.message


def test_every_verdict_of_the_rule_is_in_the_table() -> None:
    found = {case["verdict"] for case in CASES}
    assert len(CASES) >= 25
    assert {verdict.split()[0] for verdict in found} == {"valid", "invalid", "undetermined"}
    assert {f"invalid {flag}" for flag in FLAGS} | {f"undetermined {code}" for code in LOST} <= found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["why"])
def test_the_order_of_the_verifiers_does_not_matter(case: dict[str, Any]) -> None:
    values = {tallied({**case, "verifiers": list(order)}).value for order in permutations(case["verifiers"][:4])}
    if len(case["verifiers"]) <= 4:
        assert len(values) == 1


def test_the_text_of_an_unreadable_reply_reports_too() -> None:
    found = attempts(["valid: 5", "malformed", "valid: 5"])
    for response, value in [
        ("The problem is ambiguous.", "invalid"),
        ("<think>Is it ambiguous? It is ambiguous.</think> It is 5.", "undetermined"),
        ("<think>The problem is ambiguous. Or", "undetermined"),
    ]:
        found[1] = found[1].model_copy(update={"response": response})
        assert tally_votes("5", found, alike()).value == value


@given(st.lists(st.sampled_from(WRITTEN), min_size=1, max_size=4), st.sampled_from(LOST), st.data())
def test_losing_an_attempt_never_makes_a_valid_problem_invalid(written: list[str], lost: str, data: Any) -> None:
    if tally_votes("5", attempts(written), alike()).value == "valid":
        place = data.draw(st.integers(0, len(written) - 1))
        less = [*written[:place], lost, *written[place + 1 :]]
        assert tally_votes("5", attempts(less), alike()).value in ("valid", "undetermined")


@pytest.mark.parametrize("written", list(product(["valid: 5", "valid: 7", "invalid:", "timeout"], repeat=3)))
def test_invalid_is_said_only_if_nothing_that_was_lost_could_have_changed_it(written: tuple[str, ...]) -> None:
    if tally_votes("5", attempts(list(written)), alike()).value != "invalid":
        return
    choices = [["valid: 5", "invalid:"] if text == "timeout" else [text] for text in written]
    for completed in product(*choices):
        assert tally_votes("5", attempts(list(completed)), alike()).value == "invalid"


def test_of_three_two_suffice_and_otherwise_more_than_half() -> None:
    assert [quorum(voters) for voters in (1, 2, 3, 4, 5, 6, 7)] == [1, 2, 2, 3, 3, 4, 4]


def test_the_record_keeps_every_attempt_and_the_evidence_of_what_is_valid() -> None:
    found = attempts(["valid: 4", "valid: 4", "timeout"])
    tally = tally_votes("4", found, alike())
    record = verdict(problem(2), found, tally, MadeBy(name="panel"))
    assert record.attempt_ids == tuple(a.id for a in found)
    assert (record.value, record.evidence, record.made_by.name) == ("valid", "certificate", "panel")
    refused = verdict(problem(2), found, tally_votes("5", found, alike()), MadeBy())
    assert (refused.value, refused.evidence) == ("invalid", "none")
