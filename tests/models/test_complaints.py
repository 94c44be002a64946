"""Errors of servers → kinds of failure, by the table."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from agentprop.models.chat import Exchange
from agentprop.models.complaints import complaint_of, delay_s, failure_of, row_of, table
from agentprop.models.failures import SCOPES, FailureKind, ModelFailure, Scope
from agentprop.models.wire import read

CASES: list[dict[str, Any]] = tomllib.loads((Path(__file__).parent / "failure_cases.toml").read_text("utf-8"))["case"]


@pytest.mark.parametrize("case", CASES, ids=[f"{c['server']} {c['status']} {c['row']}" for c in CASES])
def test_what_a_server_says_is_of_its_kind(case: dict[str, Any]) -> None:
    said = complaint_of(case["body"].encode(), case["status"])
    failure = failure_of(said)
    assert (row_of(said).name, failure.kind) == (case["row"], FailureKind(case["kind"]))
    if "advice" in case:
        assert failure.advice == case["advice"] and case["advice"] in str(failure.hint)
    if "says" in case:
        assert failure.message == case["says"]
    if "wait_s" in case:
        assert failure.retry_after_s == pytest.approx(case["wait_s"])


def test_every_row_of_the_table_has_a_case() -> None:
    assert {row.name for row in table()} == {case["row"] for case in CASES}


def test_every_kind_says_what_it_is_about() -> None:
    assert set(SCOPES) == set(FailureKind) and set(SCOPES.values()) == set(Scope)


@pytest.mark.parametrize("case", [case for case in CASES if case["status"] == 200], ids=lambda case: case["server"])
def test_an_error_that_came_with_status_200_is_an_error(case: dict[str, Any]) -> None:
    with pytest.raises(ModelFailure) as caught:
        read(Exchange(case["body"].encode()))
    assert caught.value.kind is FailureKind(case["kind"])


def test_the_servers_own_words_are_quoted() -> None:
    body = json.dumps({"error": {"message": "the  moon is\nfull", "type": "lunar"}}).encode()
    assert failure_of(complaint_of(body, 400)).message == "status 400: the moon is full"


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        ("try again in 7.66s", 7.66),
        ("Please try again in 1m2.5s.", 62.5),
        ("retry after 20 seconds", 20.0),
        ("try again in 250ms", 0.25),
        ("come back later", None),
    ],
)
def test_a_wait_that_is_told_in_words_is_read(words: str, seconds: float | None) -> None:
    assert delay_s(words) == (None if seconds is None else pytest.approx(seconds))
