"""Whole stages against a server that fails in every way, killed at random: nothing is lost, nothing counts twice."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
from fault_server import FAULTS, JUMBLED, ONLY_WHEN_ASKED
from model_runs import Workplace, check_ids, check_proposals, content
from servers import running

from agentprop.records import Attempt, Problem, Reject, StopReason, Trajectory, Verdict
from agentprop.storage.run import open_run

EVERY = {name for name in FAULTS if name not in (*ONLY_WHEN_ASKED, JUMBLED)}
SETTINGS = {"timeout_s": 1.5, "patience_s": 60.0}
MANY = 60
"""Problems of the run with frequent faults: push-backs keep it at a few requests at once."""
UNDER_WAY = 48
"""Most requests under way at once, of three judges that may each have sixteen."""
RARE, OFTEN = "0.015", "0.05"
"""Share of the requests that each of the twelve faults happens to. With the first one no request is given up, but for
one run in a thousand, so runs can be compared; with the second one a few are."""


def accounts_match(place: Workplace, out: str, kills: int = 0) -> None:
    """Every reply is paid for once; what was answered and not stored was late, or under way at a kill or at the end."""
    summary = open_run(place.folder / out).summary
    assert summary is not None
    spending = summary["spending"]
    assert spending["requests"] == place.stored(out)
    late = place.answered() - place.stored(out)
    failures = spending["failures"]
    assert 0 <= late <= UNDER_WAY * (kills + 1) + failures.get("timeout", 0) + failures.get("connection", 0)


@pytest.mark.slow
def test_propose_and_verify_end_the_same_whatever_the_server_does_and_however_often_they_are_killed(
    tmp_path: Path,
) -> None:
    rng = random.Random(time.time_ns())
    contents, verdicts = [], []
    for name, kills in (("whole", 0), ("killed", 6)):
        (tmp_path / name).mkdir()
        with running("stage_server.py", "7", RARE) as base_url:
            place = Workplace(tmp_path / name, base_url, **SETTINGS)
            hits = place.killed(place.propose("p", 150, workers=2), kills, rng, 4.0)
            place.run(place.propose("p", 150, workers=2))
            check_proposals(open_run(tmp_path / name / "p"))
            accounts_match(place, "p", hits)
            contents.append(content(open_run(tmp_path / name / "p")))
        with running("stage_server.py", "8", RARE) as base_url:
            place = Workplace(tmp_path / name, base_url, **SETTINGS)
            hits = place.killed(place.verify("p", "v"), kills, rng, 3.0)
            place.run(place.verify("p", "v"))
            accounts_match(place, "v", hits)
            run = open_run(tmp_path / name / "v")
            assert run.rows["verdict"] == 150 and run.rows["attempt"] == 450
            verdicts.append([(record.problem_id, record.value, record.code) for record in run.iter(Verdict)])
    assert contents[0] == contents[1]
    assert verdicts[0] == verdicts[1]
    assert {value for _, value, _ in verdicts[0]} == {"valid"}


@pytest.mark.slow
def test_where_requests_are_given_up_too_every_candidate_and_problem_is_accounted_for(tmp_path: Path) -> None:
    rng = random.Random(time.time_ns())
    with running("stage_server.py", "9", OFTEN) as base_url:
        place = Workplace(tmp_path, base_url, timeout_s=1.0)
        hits = place.killed(place.propose("p", MANY, workers=2), 4, rng, 8.0)
        place.run(place.propose("p", MANY, workers=2))
        summary = check_proposals(open_run(tmp_path / "p"))
        accounts_match(place, "p", hits)
        hits = place.killed(place.verify("p", "v"), 4, rng, 5.0)
        place.run(place.verify("p", "v"))
        assert set(place.ledger()["faults"]) == EVERY
    proposed, judged = open_run(tmp_path / "p"), open_run(tmp_path / "v")
    stops = [trajectory.stop for trajectory in proposed.iter(Trajectory)]
    assert summary["failed"] == stops.count(StopReason.INFRASTRUCTURE)
    assert {r.code for r in proposed.iter(Reject) if r.outcome == "failed"} <= {"infrastructure"}
    check_ids(judged)
    assert judged.summary is not None
    totals = judged.summary
    assert totals["problems"] == totals["valid"] + totals["invalid"] + totals["undetermined"] == MANY
    assert [v.problem_id for v in judged.iter(Verdict)] == [p.id for p in proposed.iter(Problem)]
    for problem in proposed.iter(Problem):
        assert problem.trajectory_id
    attempts = list(judged.iter(Attempt))
    assert len({a.id for a in attempts}) == len(attempts) >= 3 * MANY
