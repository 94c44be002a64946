"""Faults that a row itself shows: found on evidence, by checks that others can add to."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agentprop.errors import ConfigError
from agentprop.grading.claims import Claim
from agentprop.grading.lints import LINTS, LintFault, first_fault
from agentprop.records import Certificate, Problem

CASES: list[dict[str, Any]] = tomllib.loads(Path(__file__).with_name("lints.toml").read_text(encoding="utf-8"))["case"]


def row(case: dict[str, Any]) -> tuple[Problem, Claim]:
    problem = Problem(
        statement=case["question"],
        answer=case.get("answer", case["gold"]),
        answer_type=case.get("kind", "expression"),
        domain="mathematics",
        category="benchmark",
        skills=(),
        skill_ids=(),
        certificate=Certificate(form="none"),
        evidence="none",
    )
    options = tuple(case.get("options", ()))
    return problem, Claim(case["question"], case["gold"], options=options, lacks=case.get("lacks", ""))


@pytest.mark.parametrize("case", CASES, ids=[case["question"][:40] for case in CASES])
def test_a_fault_is_found_by_its_check_and_by_no_other(case: dict[str, Any]) -> None:
    fault = first_fault(*row(case))
    assert (fault.name if fault else None) == case.get("fault"), fault


def test_every_check_finds_a_fault_of_the_table() -> None:
    assert {case["fault"] for case in CASES if "fault" in case} == set(LINTS.names())


@pytest.fixture
def registered() -> Iterator[str]:
    name = "says-please"
    LINTS.register(name, lambda problem, claim: "it says please" if "please" in claim.question else None)
    yield name
    del LINTS._registered[name]


def test_a_check_of_somebody_else_joins_the_others(registered: str) -> None:
    polite = row({"question": "Find $6 \\cdot 7$, please.", "gold": "42"})
    assert first_fault(*polite) == LintFault(registered, "it says please")
    assert first_fault(*polite, ["tells-answer"]) is None


def test_an_unknown_check_is_an_error_of_settings() -> None:
    with pytest.raises(ConfigError, match="no lint check"):
        first_fault(*row(CASES[1]), ["tells-anwser"])
