"""Every role, by a real vLLM server that a path given as MODEL starts."""

from __future__ import annotations

import base64
import gzip
import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from conftest import Command
from demonstrations import CHUNK_CHARACTERS, LIBRARY, REPLY_TOKENS

from agentprop.records import Attempt, Difficulty, Problem, Reject, Skill, Trajectory, Verdict
from agentprop.skills import load
from agentprop.storage.run import open_run
from agentprop.training.data.sequences import sequences_of

WANTED = 5


@pytest.fixture(scope="module")
def proposed(model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Problems that the taught model proposed."""
    out = tmp_path_factory.mktemp("proposed") / "run"
    line = [sys.executable, "-m", "agentprop", "propose", "--proposer", model_folder / "taught", *LIBRARY]
    bounds = [
        "--n",
        str(WANTED),
        "--max-candidates",
        "200",
        "--set",
        f"reply_tokens={REPLY_TOKENS}",
        "--set",
        "guidance=false",
        "--verifier",
        "none",  # the built-in one leaves these statements undetermined, which are not probed
        "--set",
        "strict=true",  # replies as they were sampled, with their tokens
        "--quiet",
    ]
    subprocess.run([*line, *bounds, "--out", out], check=True)
    return out


def test_a_model_proposes_problems_that_are_accepted_with_every_token_on_record(
    proposed: Path, model_folder: Path
) -> None:
    run = open_run(proposed)
    problems = list(run.iter(Problem))
    assert len({problem.statement for problem in problems}) == WANTED
    assert {problem.evidence for problem in problems} == {"certificate"}
    trajectories = [t for t in run.iter(Trajectory) if t.problem_id is not None]
    for trajectory in trajectories:
        assert [turn.action for turn in trajectory.turns] == ["exec", "submit"]
        assert trajectory.token_exact
        assert trajectory.made_by.name.startswith(f"{model_folder / 'taught'}@")
        for turn in trajectory.turns:
            assert turn.prompt_token_ids and turn.token_ids and turn.logprobs
            assert len(turn.token_ids) == len(turn.logprobs)
            assert turn.finish_reason == "stop"
    spent = open_run(proposed).summary["spending"]["by_role"]
    assert [entry["requests"] >= 2 * WANTED and entry["tokens"] > 0 for entry in spent.values()] == [True]


def test_a_model_that_talks_nonsense_is_refused_and_every_candidate_accounted_for(
    model_folder: Path, tmp_path: Path, agentprop: Command
) -> None:
    bounds = (
        "--n",
        1,
        "--max-candidates",
        16,
        "--set",
        "reply_tokens=30",
        "--set",
        "strict=true",
        "--set",
        "guidance=false",
        *LIBRARY,
    )
    done = agentprop("propose", "--proposer", model_folder / "random", *bounds, "--out", "run", code=3)
    assert "stopped at --max-candidates 16 with 0 of 1" in done.stderr
    run = open_run(tmp_path / "run")
    codes = Counter(reject.code for reject in run.iter(Reject))
    assert codes.total() == 16
    assert set(codes) == {"malformed", "truncated"}
    conversations = [trajectory for trajectory in run.iter(Trajectory) if len(trajectory.turns) > 1]
    assert conversations
    for trajectory in conversations:
        found = sequences_of(trajectory)  # nonsense seldom encodes to the ids it was decoded from: never patched
        assert sorted(int(t) for s in found for t in set(s.action) - {-1}) == list(range(len(trajectory.turns)))
        assert len(found) > 1
        sampled = [s.ids[s.action == turn].tolist() for s in found for turn in sorted(set(s.action) - {-1})]
        assert sampled == [list(turn.token_ids or ()) for turn in trajectory.turns]


def test_a_model_extracts_skills_and_its_script_holds_in_the_sandbox(
    model_folder: Path, tmp_path: Path, agentprop: Command
) -> None:
    chosen = (f"chunk_characters={CHUNK_CHARACTERS}", "merge_similarity=0.99", "temperature=0")
    settings = [word for one in chosen for word in ("--set", one)]
    agentprop("extract", model_folder / "corpus.jsonl", "--teacher", model_folder / "taught", *settings, "--out", "run")
    skills = sorted(open_run(tmp_path / "run").iter(Skill), key=lambda skill: skill.name)
    assert [skill.name.rpartition("-")[0] for skill in skills] == ["counting-multiples", "counting-paths"]
    assert [skill.script is not None for skill in skills] == [True, False]
    assert all(skill.quality == 1.0 and skill.lineage for skill in skills)
    assert set(load([tmp_path / "run" / "skills"], bundled=False)) == {skill.name for skill in skills}


def test_models_judge_and_the_auditor_settles_what_one_of_them_doubts(
    proposed: Path, model_folder: Path, tmp_path: Path, agentprop: Command
) -> None:
    taught, doubter = model_folder / "taught", model_folder / "doubter"
    seats = [word for judge in (taught, taught, doubter) for word in ("--verifier", judge)]
    agentprop(
        "verify",
        proposed,
        *seats,
        "--auditor",
        taught,
        "--set",
        "temperature=0",
        "--set",
        "blind=false",
        "--out",
        "run",
    )
    run = open_run(tmp_path / "run")
    problems = {problem.id: problem for problem in open_run(proposed).iter(Problem)}
    verdicts = {verdict.problem_id: verdict for verdict in run.iter(Verdict)}
    assert {v.code for v in verdicts.values()} == {"settled"}
    assert {v.value for v in verdicts.values()} == {"valid"}
    assert set(verdicts) == set(problems)
    attempts = Counter((a.role, a.vote, a.answer == problems[a.problem_id].answer) for a in run.iter(Attempt))
    assert attempts == {
        ("verifier", True, True): 2 * WANTED,
        ("verifier", True, False): WANTED,
        ("auditor", True, True): WANTED,
    }
    assert len(list((tmp_path / "run" / "models").glob("*.log"))) == 2  # one server for each checkpoint


def test_a_model_is_probed_sixteen_times_a_problem(
    proposed: Path, model_folder: Path, tmp_path: Path, agentprop: Command
) -> None:
    agentprop(
        "probe",
        proposed,
        "--prober",
        model_folder / "taught",
        "--set",
        "temperature=1",
        "--set",
        "top_p=1",
        "--out",
        "run",
    )
    difficulties = list(open_run(tmp_path / "run").iter(Difficulty))
    assert len(difficulties) == WANTED
    assert {difficulty.k for difficulty in difficulties} == {16}
    right = sum(difficulty.c for difficulty in difficulties)
    assert 0 < right < 16 * WANTED  # it has learnt to err one time in four
    spent = open_run(tmp_path / "run").summary["spending"]["by_role"]
    assert [entry["requests"] for entry in spent.values()] == [WANTED]  # all sixteen in one request


def test_a_report_shows_what_the_models_did(proposed: Path, tmp_path: Path, agentprop: Command) -> None:
    agentprop("report", proposed, "--out", "page.html")
    packed = re.findall(r'id="details">([A-Za-z0-9+/=]+)<', (tmp_path / "page.html").read_text())
    shown = gzip.decompress(base64.b64decode(packed[0])).decode()
    assert "marbles" in shown
    assert "print(" in shown


def test_check_models_says_what_the_server_can_do(model_folder: Path, agentprop: Command) -> None:
    (found,) = json.loads(agentprop("check-models", model_folder / "taught", "--json").stdout)
    abilities = found["abilities"]
    assert (abilities["context_length"], abilities["usage"]) == (4096, True)
    able = {name: abilities[name] for name in ("n", "structured", "logprobs", "token_ids")}
    assert able == dict.fromkeys(able, "yes")
    assert abilities["tools"] == "no"  # not without a parser for this model's calls
    assert found["prompt"].startswith("<|im_start|>system\nYou propose hard reasoning problems")
    assert found["prompt"].endswith("<|im_start|>assistant\n")
