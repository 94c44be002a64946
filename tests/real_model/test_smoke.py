"""A small real model in the roles of a first afternoon: what the user sees, not how good the model is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from real_model_wheels import NAME, Command

from agentprop.records import Attempt, Problem, Reject, Trajectory, Verdict
from agentprop.storage.run import open_run


def test_a_model_is_checked_proposes_judges_and_is_measured(agentprop: Command, server: str) -> None:
    checked = agentprop("check-models", "small", "--no-prompts")
    assert f"{NAME}@{server}" in checked.stdout + checked.stderr

    bounds = ("--n", "1", "--max-candidates", "2", "--set", "max_turns=2", "--category", "algebra", "--workers", "1")
    bounds += ("--set", "exemplar=false")
    told = agentprop("propose", "--proposer", "small", *bounds, "--out", "made", code=3).stderr
    assert "stopped at --max-candidates 2 with 0 of 1 problems accepted" in told
    made = open_run(Path("made"))
    trajectories, rejects = list(made.iter(Trajectory)), list(made.iter(Reject))
    assert len(trajectories) == len(rejects) == 2
    assert all(one.code in ("truncated", "malformed", "turn_limit") and one.message for one in rejects)
    assert all("## Stages" in one.system for one in trajectories)
    spent = made.summary["spending"]
    assert spent["requests"] >= 2 and spent["tokens"] > 1000 and spent["cost"] > 0

    agentprop("propose", "--n", "1", "--seed", "3", "--workers", "1", "--out", "problems", "--quiet")
    agentprop("verify", "problems", "--verifier", "small", "--out", "judged", "--quiet")
    judged = open_run(Path("judged"))
    assert [one.role for one in judged.iter(Attempt)] == ["verifier"]
    assert {one.problem_id for one in judged.iter(Verdict)} == {p.id for p in open_run(Path("problems")).iter(Problem)}

    Path("sums.jsonl").write_text(
        "".join(json.dumps({"question": f"What is {n} + {n}?", "answer": str(2 * n)}) + "\n" for n in (2, 3)),
        encoding="utf-8",
    )
    agentprop("evaluate", "sums.jsonl", "--model", "small", "--k", "1", "--out", "measured", "--quiet")
    measured = open_run(Path("measured"))
    assert measured.rows["attempt"] == 2
    assert measured.summary["spending"]["cost"] == pytest.approx(cost_of(measured.summary["spending"]))


def cost_of(spending: dict[str, float]) -> float:
    """The cost is between that of prompt tokens alone (1 per million) and of generated ones alone (2)."""
    low, high = spending["tokens"] / 1e6, 2 * spending["tokens"] / 1e6
    assert low < spending["cost"] < high
    return spending["cost"]
