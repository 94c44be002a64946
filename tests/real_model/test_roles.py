"""Every role by a small real model, as a user would type it: reasons, counts, exit codes and cost."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from places import EXAMPLES
from real_model_wheels import NAME, Command

from agentprop.records import Attempt, Difficulty, Problem, Reject, Trajectory, Verdict
from agentprop.storage.run import StoredRun, open_run

UNUSABLE = {"truncated", "malformed", "turn_limit", "submission_limit"}
"""What becomes of a candidate whose model cannot follow the protocol."""


SKILLS = EXAMPLES / "miniature" / "skills"
LIBRARY = ("--no-bundled-skills", "--skills", str(SKILLS / "digit-sum"), "--skills", str(SKILLS / "multiples"))
"""Traces of these skills are short: with their problem and a reply they fit into the server's context."""


def made(*, name: str = "problems", count: int = 2) -> tuple[str, ...]:
    return ("propose", "--n", str(count), "--seed", "3", "--workers", "1", "--out", name, "--quiet", *LIBRARY)


def check_money(run: StoredRun) -> None:
    """Tokens and money were counted: each token costs one or two millionths."""
    spent = run.summary["spending"]
    assert spent["requests"] > 0 and spent["tokens"] > 0
    assert spent["tokens"] / 1e6 <= spent["cost"] <= 2 * spent["tokens"] / 1e6
    assert not spent["failures"]


def test_check_models_says_what_the_server_can_do_and_what_the_model_reads(agentprop: Command, server: str) -> None:
    told = agentprop("check-models", "small").stdout
    assert f"{NAME}@{server}" in told and "latency" in told
    assert "## Stages" in told and "algebra-factoring-pairs" in told and "parameters: a: integer 2..15" in told


def test_a_model_nobody_serves_is_a_sentence_and_a_hint(agentprop: Command, tmp_path: Path) -> None:
    Path("agentprop.toml").write_text('[models.gone]\nbase_url = "http://127.0.0.1:9/v1"\nmodel = "x"\n')
    done = agentprop("check-models", "gone", code=1)
    assert "Traceback" not in done.stderr and "127.0.0.1:9" in done.stdout + done.stderr


@pytest.mark.parametrize("guidance", ["true", "false"])
def test_a_proposer_that_cannot_follow_ends_at_its_bound_with_every_candidate_accounted_for(
    agentprop: Command, guidance: str
) -> None:
    bounds = ("--n", "1", "--max-candidates", "4", "--set", "max_turns=3", "--set", f"guidance={guidance}")
    done = agentprop("propose", "--proposer", "small", *bounds, "--out", "run", code=3)
    assert "stopped at --max-candidates 4 with 0 of 1 problems accepted" in done.stderr
    run = open_run(Path("run"))
    codes = Counter(reject.code for reject in run.iter(Reject))
    assert codes.total() == 4 and set(codes) <= UNUSABLE
    assert run.summary["candidates"] == 4 == run.summary["rejected"] and run.summary["accepted"] == 0
    assert sum(run.summary["reasons"].values()) == 4
    for trajectory in run.iter(Trajectory):
        assert ("## A whole episode, as an example" in trajectory.system) == (guidance == "true")
        assert all(
            turn.observation.startswith(f"[{turn.stage}]") for turn in trajectory.turns if turn.outcome == "malformed"
        )
    check_money(run)


def test_a_tiny_budget_stops_with_exit_3_and_the_same_command_pays_no_reply_twice(agentprop: Command) -> None:
    line = ("propose", "--proposer", "small", "--n", "1", "--set", "max_turns=2", "--out", "run", "--workers", "1")
    done = agentprop(*line, "--max-tokens", "9000", code=3)
    assert "--max-tokens" in done.stderr
    before = open_run(Path("run")).summary["spending"]
    assert before["tokens"] > 0
    agentprop(*line, "--max-tokens", "9000", code=3)
    assert open_run(Path("run")).summary["spending"]["tokens"] >= before["tokens"]


def test_verifiers_judge_every_problem_and_an_unreadable_reply_is_no_vote(agentprop: Command) -> None:
    agentprop(*made())
    done = agentprop("verify", "problems", "--verifier", "small", "--verifier", "small", "--out", "judged")
    run = open_run(Path("judged"))
    attempts, verdicts = list(run.iter(Attempt)), list(run.iter(Verdict))
    assert len(attempts) == 4 and len(verdicts) == 2
    assert all(one.code and one.rationale for one in attempts)
    assert all((one.vote is None) == (one.code in ("malformed", "truncated")) for one in attempts)
    counts = run.summary
    assert counts["problems"] == 2 == counts["valid"] + counts["invalid"] + counts["undetermined"]
    assert "problems" in done.stderr
    check_money(run)


def test_a_structured_verdict_is_always_readable(agentprop: Command) -> None:
    agentprop(*made(count=1))
    tokens = ("--reply-tokens", "700")  # the server keeps the reply to the schema, unless it is cut off
    agentprop("verify", "problems", "--verifier", "small", *tokens, "--out", "judged", "--quiet")
    (attempt,) = open_run(Path("judged")).iter(Attempt)
    if attempt.code != "truncated":
        assert attempt.response is not None and {"verdict", "answer"} <= json.loads(attempt.response).keys()


def test_a_prober_makes_k_attempts_and_those_that_count_are_the_difficulty(agentprop: Command) -> None:
    agentprop(*made())
    agentprop("probe", "problems", "--prober", "small", "--k", "2", "--out", "probed", "--quiet")
    run = open_run(Path("probed"))
    attempts, found = list(run.iter(Attempt)), list(run.iter(Difficulty))
    asked = {p.id for p in open_run(Path("problems")).iter(Problem)}
    assert Counter(one.problem_id for one in attempts) == dict.fromkeys(asked, 2)
    assert {one.code for one in attempts} <= {"correct", "wrong", "truncated", "undetermined"}
    counted = {one.problem_id for one in attempts if one.code in ("correct", "wrong")}
    assert {one.problem_id for one in found} == counted and all(0 <= one.c <= one.k <= 2 for one in found)
    unmeasured = {reject.item: reject for reject in run.iter(Reject)}
    assert unmeasured.keys() == asked - counted
    assert all(one.code == "unmeasured" and "none of 2 attempts counts" in one.message for one in unmeasured.values())
    check_money(run)


def test_a_benchmark_is_scored_row_by_row(agentprop: Command) -> None:
    rows = [{"question": f"What is {n} + {n}?", "answer": str(2 * n)} for n in range(2, 6)]
    Path("sums.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    line = ("evaluate", "sums.jsonl", "--model", "small", "--k", "2", "--out", "measured", "--quiet")
    agentprop(*line)
    run = open_run(Path("measured"))
    assert run.rows["attempt"] == 8 and run.rows["problem"] == 4
    tokens = run.summary["spending"]["tokens"]
    agentprop(*line)
    assert open_run(Path("measured")).summary["spending"]["tokens"] == tokens
    check_money(run)


def test_a_teacher_that_writes_no_skill_leaves_a_reason_for_every_passage(agentprop: Command) -> None:
    Path("notes.md").write_text(
        "# Trains\n\nA train travels 120 km in 2 hours. Its speed is 120 / 2 = 60 km per hour.\n", encoding="utf-8"
    )
    done = agentprop("extract", "notes.md", "--teacher", "small", "--out", "skills", code=1)
    assert "no skill was extracted from 1 documents" in done.stderr
    run = open_run(Path("skills"))
    codes = Counter(reject.code for reject in run.iter(Reject))
    assert codes and set(codes) <= {"truncated", "malformed", "nothing-proposed", "unrated", "low-quality"}
    assert "Traceback" not in done.stderr
    check_money(run)
