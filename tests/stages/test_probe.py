"""The probe stage against a real server: it measures, stores, resumes, leaves out and passes on."""

from __future__ import annotations

import io
import json
import signal
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from probe_commands import Served, probers, start
from probe_problems import problem, store, trajectory
from prober_server import spread

from agentprop import __version__
from agentprop.composition.calibration import FEWEST, Calibration
from agentprop.composition.difficulty import declaration
from agentprop.config import ProbeConfig
from agentprop.errors import AgentpropError, BoundReached, ConfigError, RunError
from agentprop.grading.wilson import wilson
from agentprop.prompts import prompt_hash
from agentprop.records import Attempt, Difficulty, Features, PipedProblem, Problem, Reject, Trajectory, Verdict
from agentprop.stages.common.aims import CALIBRATION
from agentprop.stages.probe import run as probe
from agentprop.storage import read_stream, write_stream
from agentprop.storage.run import StoredRun, open_run

COUNT = 20


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with twenty problems; the answer of problem i is i."""
    problems = [problem(number, answer=str(number)) for number in range(COUNT)]
    return store(tmp_path_factory.mktemp("proposed") / "p", problems)


def number_of(one: Problem) -> int:
    return int(one.answer)


def run(source: Path, out: Path, *models: str, **settings: Any) -> StoredRun:
    """A finished probe run."""
    probe.run(ProbeConfig(prober=models, **settings), str(source), str(out), quiet=True)
    return open_run(out)


def solved(run: StoredRun, source: Path) -> dict[int, tuple[int, int]]:
    """Problem number → (c, k); of several measurements the last one counts."""
    numbers = {one.id: number_of(one) for one in open_run(source).iter(Problem)}
    return {numbers[d.problem_id]: (d.c, d.k) for d in run.iter(Difficulty)}


def attempts_of(run: StoredRun) -> Counter[str]:
    return Counter(attempt.problem_id for attempt in run.iter(Attempt))


EXPECTED = {number: (number % 17, 16) for number in range(COUNT)}


@pytest.mark.parametrize(("options", "requests"), [((), COUNT), (("--ignore-n",), COUNT * 16)])
def test_every_problem_is_tried_sixteen_times_and_measured(
    options: tuple[str, ...], requests: int, source: Path, tmp_path: Path
) -> None:
    with probers(*options) as server:
        out = run(source, tmp_path / "d", server.model("plain"))
        assert (server.ledger["requests"], server.ledger["replies"]) == (requests, COUNT * 16)
    assert solved(out, source) == EXPECTED
    assert set(attempts_of(out).values()) == {16}
    numbers = [a.number for a in out.iter(Attempt)]
    assert numbers == list(range(16)) * COUNT
    assert out.summary is not None
    assert out.summary["problems"] == out.summary["accepted"] == COUNT
    assert out.summary["spending"]["requests"] == requests


def test_workers_grade_as_the_threads_of_this_process_do(source: Path, tmp_path: Path) -> None:
    found = []
    with probers() as server:
        for workers in (None, 1):
            out = run(source, tmp_path / f"{workers}", server.model("plain"), limit=6, workers=workers)
            kinds = (Attempt, Difficulty)
            found.append([[one.model_dump(exclude={"duration_s"}) for one in out.iter(kind)] for kind in kinds])
    assert found[0] == found[1] and len(found[0][0]) == 6 * 16


def test_a_difficulty_says_by_whom_and_how_it_was_measured(source: Path, tmp_path: Path) -> None:
    with probers() as server:
        out = run(source, tmp_path / "d", server.model("plain"), k=8, reply_tokens=100, limit=3)
        found = list(out.iter(Difficulty))[-1]
        assert found.prober == server.model("plain")
    assert (found.low, found.high) == wilson(1, 8)
    assert json.loads(found.sampling or "") == {"temperature": 0.6, "top_p": 0.95, "max_tokens": 100}
    assert (found.made_by.name, found.made_by.prompt_hash) == ("plain", prompt_hash("prober"))
    assert found.made_by.version == __version__
    assert {(a.verifier, a.made_by.sampling) for a in out.iter(Attempt)} == {(found.prober, found.sampling)}


def test_the_summary_is_what_the_counts_give(source: Path, tmp_path: Path) -> None:
    with probers() as server:
        summary = run(source, tmp_path / "d", server.model("plain")).summary
        assert summary is not None
        (measured,) = summary["probers"].values()
    rates = [c / k for c, k in EXPECTED.values()]
    assert measured["pass_rate"] == summary["pass_at"]["1"] == pytest.approx(sum(rates) / COUNT)
    assert (measured["never"], measured["always"]) == (2, 1)  # problems 0 and 17; problem 16
    assert summary["pass_at"]["16"] == pytest.approx(18 / COUNT)
    assert list(summary["pass_at"]) == ["1", "2", "4", "8", "16"]
    assert summary["attempts"]["correct"] == sum(c for c, _ in EXPECTED.values())


def test_replies_that_were_cut_off_are_counted_apart(source: Path, tmp_path: Path) -> None:
    with probers() as server:
        out = run(source, tmp_path / "d", server.model("cut"), limit=8)
    found = {row.problem_id: row for row in out.iter(Difficulty)}
    seventh = found[next(one.id for one in open_run(source).iter(Problem) if number_of(one) == 7)]
    right = [attempt for attempt in range(0, 16, 2) if spread(attempt, 7)]
    assert (seventh.c, seventh.k, seventh.truncated, seventh.timeouts) == (len(right), 8, 8, 0)


# --- missing attempts ---


def test_a_finished_run_is_left_as_it_is(source: Path, tmp_path: Path) -> None:
    with probers() as server:
        run(source, tmp_path / "d", server.model("plain"))
        before, asked = (tmp_path / "d/manifest.json").read_bytes(), server.ledger["requests"]
        run(source, tmp_path / "d", server.model("plain"))
        assert (tmp_path / "d/manifest.json").read_bytes() == before
        assert server.ledger["requests"] == asked


def test_more_attempts_are_added_to_those_that_were_made(source: Path, tmp_path: Path) -> None:
    with probers() as server:
        run(source, tmp_path / "d", server.model("plain"), k=4)
        out = run(source, tmp_path / "d", server.model("plain"), k=16)
        assert server.ledger["replies"] == COUNT * 16
    assert solved(out, source) == EXPECTED
    assert set(attempts_of(out).values()) == {16}


def test_more_problems_are_added_to_those_that_were_tried(source: Path, tmp_path: Path) -> None:
    with probers() as server:
        assert len(solved(run(source, tmp_path / "d", server.model("plain"), limit=5), source)) == 5
        assert solved(run(source, tmp_path / "d", server.model("plain")), source) == EXPECTED
        assert server.ledger["replies"] == COUNT * 16


def test_probing_again_with_another_prober_needs_only_the_problems(source: Path, tmp_path: Path) -> None:
    with probers() as server:
        run(source, tmp_path / "weak", server.model("weak"))
        strong = run(source, tmp_path / "strong", server.model("strong"))
    assert set(solved(strong, source).values()) == {(16, 16)}


def test_a_run_with_another_prober_is_not_mixed_in(source: Path, tmp_path: Path) -> None:
    with probers() as server:
        run(source, tmp_path / "d", server.model("plain"), limit=1)
        with pytest.raises(ConfigError, match="started with other settings: prober"):
            run(source, tmp_path / "d", server.model("strong"), limit=1)


def command(server: Served, source: Path, *more: object) -> list[object]:
    return ["probe", source, "--out", "d", "--prober", server.model("plain"), "-q", *more]


@pytest.mark.parametrize("options", [("--delay", "0.05"), ("--delay", "0.02", "--ignore-n")])
def test_a_run_that_was_killed_goes_on_and_pays_for_nothing_twice(
    options: tuple[str, ...], source: Path, tmp_path: Path
) -> None:
    with probers(*options) as server:
        (tmp_path / "agentprop.toml").write_text(
            f'[models.slow]\nmodel = "plain"\nbase_url = "http://127.0.0.1:{server.port}/v1"\nmax_concurrency = 2\n'
        )
        line = ["probe", source, "--out", "d", "--prober", "slow", "-q"]
        for _ in range(2):
            asked = server.ledger["requests"]
            with start(tmp_path, *line) as process:
                while server.ledger["requests"] < asked + 5:
                    assert process.poll() is None, process.stderr.read() if process.stderr else ""
                    time.sleep(0.01)
                process.kill()
        with start(tmp_path, *line) as process:
            output = process.communicate(timeout=120)
        assert process.returncode == 0, output
        # two kills with two requests under way; if n is ignored, the reply to a request for sixteen is no reply to the
        # first of sixteen requests, so the first attempt at a problem that was under way may be made once more
        under_way = 2 * 2 * 16 if "--ignore-n" not in options else 2 * 2 + COUNT
        assert COUNT * 16 <= server.ledger["replies"] <= COUNT * 16 + under_way
    out = open_run(tmp_path / "d")
    assert out.complete
    assert set(attempts_of(out).values()) == {16} and len(attempts_of(out)) == COUNT
    assert len({attempt.id for attempt in out.iter(Attempt)}) == COUNT * 16
    right = Counter(attempt.problem_id for attempt in out.iter(Attempt) if attempt.code == "correct")
    assert {d.problem_id: (d.c, d.k) for d in out.iter(Difficulty)} == {
        problem_id: (right[problem_id], 16) for problem_id in attempts_of(out)
    }


def test_ctrl_c_keeps_what_is_finished(source: Path, tmp_path: Path) -> None:
    with probers("--delay", "0.2") as server:
        with start(tmp_path, *command(server, source)) as process:
            while server.ledger["requests"] < 5:
                assert process.poll() is None
                time.sleep(0.01)
            process.send_signal(signal.SIGINT)
            output = process.communicate(timeout=60)
        assert process.returncode == 130, output
        assert b"interrupted" in output[1] and b"Traceback" not in output[1]
        with start(tmp_path, *command(server, source)) as process:
            assert process.wait(60) == 0
    assert {k for _, k in solved(open_run(tmp_path / "d"), source).values()} == {16}


def test_a_bound_keeps_what_is_finished_and_raising_it_goes_on(source: Path, tmp_path: Path) -> None:
    with probers() as server:
        with pytest.raises(BoundReached):
            run(source, tmp_path / "d", server.model("plain"), max_tokens=300)
        assert (tmp_path / "d/summary.json").exists() and not (tmp_path / "d/manifest.json").exists()
        assert solved(run(source, tmp_path / "d", server.model("plain"), max_tokens=10**6), source) == EXPECTED
        assert server.ledger["replies"] == COUNT * 16


def test_a_problem_whose_request_fails_is_probed_by_the_next_session(source: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.touch()
    with probers("--broken", broken) as server:
        out = run(source, tmp_path / "d", server.model("plain"), limit=6)
        assert out.summary is not None
        assert (out.summary["accepted"], out.summary["failed"]) == (5, 1)
        (refused,) = out.iter(Reject)
        assert (refused.outcome, refused.code) == ("failed", "infrastructure") and "not this one" in refused.message
        assert Problem.model_validate_json(refused.record or "").answer == "3"
        assert 3 not in solved(out, source)
        broken.unlink()
        healed = run(source, tmp_path / "d", server.model("plain"), limit=6)
    assert solved(healed, source) == {number: EXPECTED[number] for number in range(6)}
    assert healed.summary is not None and healed.summary["failed"] == 0


def test_a_server_that_is_not_there_ends_the_run_with_a_sentence(source: Path, tmp_path: Path) -> None:
    with probers() as server:
        gone = server.model("plain")
    (tmp_path / "agentprop.toml").write_text(
        f'[models.gone]\nmodel = "plain"\nbase_url = "{gone.partition("@")[2]}"\npatience_s = 0.2\n'
    )
    with start(tmp_path, "probe", source, "--out", "d", "--prober", "gone", "-q") as process:
        output = process.communicate(timeout=120)
    assert process.returncode == 1
    assert b"error: " in output[1] and b"hint: " in output[1] and b"Traceback" not in output[1]


# --- bands ---


def test_a_band_saves_attempts_and_refuses_what_is_outside(source: Path, tmp_path: Path) -> None:
    with probers("--ignore-n") as server:
        out = run(source, tmp_path / "d", server.model("plain"), band="0.25..0.75")
        assert server.ledger["replies"] < 0.95 * COUNT * 16
    inside = {number for number, (c, k) in EXPECTED.items() if 0.25 <= c / k <= 0.75}
    codes = {int(Problem.model_validate_json(r.record or "").answer): r.code for r in out.iter(Reject)}
    assert out.summary is not None and out.summary["accepted"] + len(codes) == COUNT
    assert codes[0] == codes[17] == "too_hard" and codes[16] == "too_easy"
    assert {number for number in range(COUNT) if number not in codes} == inside
    assert all(len([a for a in out.iter(Attempt) if a.problem_id == d.problem_id]) == d.k for d in out.iter(Difficulty))


# --- pools ---


def pool(server: Served, source: Path, out: Path, **settings: Any) -> StoredRun:
    models = [server.model(name) for name in ("weak", "plain", "strong")]
    return run(source, out, *models, k=2, switch_every=2, switch_samples=2, switch_below=0.5, **settings)


def test_a_stronger_prober_takes_over_and_every_difficulty_names_its_own(source: Path, tmp_path: Path) -> None:
    with probers() as server:
        out = pool(server, source, tmp_path / "d")
    names = [found.prober.partition("@")[0] for found in out.iter(Difficulty)]
    assert names == ["weak"] * 6 + ["plain"] * (COUNT - 6)  # decided after four problems, two were under way
    assert out.summary is not None
    assert {name.partition("@")[0]: row["problems"] for name, row in out.summary["probers"].items()} == {
        "weak": 6,
        "plain": COUNT - 6,
    }


@pytest.mark.parametrize("cut", [1, 3, 4, 5, 7])
def test_a_resumed_pool_chooses_as_if_nothing_had_happened(cut: int, source: Path, tmp_path: Path) -> None:
    with probers() as server:
        whole = [(d.problem_id, d.prober) for d in pool(server, source, tmp_path / "whole").iter(Difficulty)]
        pool(server, source, tmp_path / "d", limit=cut)
        assert [(d.problem_id, d.prober) for d in pool(server, source, tmp_path / "d").iter(Difficulty)] == whole


def test_problems_of_one_task_are_never_split_between_probers(tmp_path: Path) -> None:
    """Groups of five, switches every two: each group has one prober."""
    together = [problem(n, answer=str(n), task_id=trajectory(n // 5).task_id) for n in range(COUNT)]
    path = tmp_path / "stream"
    path.write_bytes(stream(together))
    with probers() as server, path.open("rb") as pipe:
        models = [flag for name in ("weak", "strong") for flag in ("--prober", server.model(name))]
        rule = ["--set", "switch_every=2", "--set", "switch_samples=2", "--k", "1", "--set", "temperature=1"]
        with start(tmp_path, "probe", "-", "--out", "d", "-q", *models, *rule, stdin=pipe) as process:
            output = process.communicate(timeout=60)
    assert process.returncode == 0, output
    names = [found.prober.partition("@")[0] for found in open_run(tmp_path / "d").iter(Difficulty)]
    assert names == ["weak"] * 10 + ["strong"] * 10  # decided after four, in force from six on, begun with a new group


# --- pipes ---


def stream(problems: list[Problem]) -> bytes:
    pipe = io.BytesIO()
    records = [PipedProblem(problem=one, trajectory=trajectory(n)) for n, one in enumerate(problems)]
    write_stream(pipe, PipedProblem, records)
    return pipe.getvalue()


def test_a_stream_is_probed_and_kept_with_its_difficulties(tmp_path: Path) -> None:
    problems = [problem(number, answer=str(number)) for number in range(5)]
    with probers() as server:
        line = ["probe", "-", "--out", "d", "--prober", server.model("plain"), "-q"]
        with start(tmp_path, *line, stdin=-1) as process:
            output = process.communicate(stream(problems), timeout=60)
        assert (process.returncode, output) == (0, (b"d\n", b""))
    out = open_run(tmp_path / "d")
    assert [one.id for one in out.iter(Problem)] == [one.id for one in problems]
    assert out.rows["trajectory"] == out.rows["difficulty"] == 5
    assert [d.c for d in out.iter(Difficulty)] == [0, 1, 2, 3, 4]


def test_probing_begins_before_the_stream_ends(tmp_path: Path) -> None:
    """A proposer may think for minutes about its next problem."""
    data = stream([problem(number, answer=str(number)) for number in range(5)])
    with probers() as server:
        line = ["probe", "-", "--out", "d", "--prober", server.model("plain"), "-q"]
        with start(tmp_path, *line, stdin=-1) as process:
            assert process.stdin is not None
            process.stdin.write(data[:-8])  # all but the end mark
            process.stdin.flush()
            while server.ledger["replies"] < 5 * 16:
                assert process.poll() is None
                time.sleep(0.02)
            process.stdin.write(data[-8:])
            process.communicate(timeout=60)
        assert process.returncode == 0


def test_a_stream_that_breaks_off_is_an_error_without_a_manifest(tmp_path: Path) -> None:
    data = stream([problem(number, answer=str(number)) for number in range(5)])
    with probers() as server:
        line = ["probe", "-", "--out", "d", "--prober", server.model("plain"), "-q"]
        with start(tmp_path, *line, stdin=-1) as process:
            output = process.communicate(data[:-8], timeout=60)
    assert process.returncode == 1 and b"stopped before its end" in output[1]
    assert not (tmp_path / "d/manifest.json").exists()


def test_only_problems_inside_the_band_are_passed_on_with_all_they_came_with(source: Path, tmp_path: Path) -> None:
    with probers() as server:
        with start(tmp_path, *command(server, source, "--out", "-", "--band", "0.5..0.7")) as process:
            output = process.communicate(timeout=60)
        assert process.returncode == 0, output
    passed = list(read_stream(io.BytesIO(output[0]), PipedProblem))
    assert [number_of(p.problem) for p in passed] == [8, 9, 10, 11]
    stored = {t.id: t for t in open_run(source).iter(Trajectory)}
    assert all(p.trajectory == stored[p.problem.trajectory_id or ""] for p in passed)


# --- refusals ---


def test_problems_that_a_verdict_refused_are_left_out(tmp_path: Path) -> None:
    problems = [problem(number, answer=str(number)) for number in range(3)]
    verdicts = [
        Verdict(problem_id=one.id, value=value, code="c")
        for one, value in zip(problems, ("valid", "invalid", "undetermined"), strict=True)
    ]
    source = store(tmp_path / "p", problems, verdicts)
    with probers() as server:
        out = run(source, tmp_path / "d", server.model("plain"))
    assert solved(out, source) == {0: (0, 16)}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"temperature": 0}, "at temperature 0 all attempts are equal"),
        ({"max_cost": 1.0}, "--max-cost needs the prices"),
        ({"prober": ("nobody",)}, "there is no model nobody"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_asked(
    settings: dict[str, Any], message: str, source: Path, tmp_path: Path
) -> None:
    with probers() as server:
        config = ProbeConfig(**{"prober": (server.model("plain"),), **settings})
        with pytest.raises(AgentpropError, match=message):
            probe.run(config, str(source), str(tmp_path / "d"), quiet=True)
        assert server.ledger["requests"] == 0


def test_a_run_without_problems_is_refused(source: Path, tmp_path: Path) -> None:
    with probers() as server:
        run(source, tmp_path / "d", server.model("plain"), limit=1)
        with pytest.raises(RunError, match="a run of probe, holds no problems"):
            run(tmp_path / "d", tmp_path / "e", server.model("plain"))


@pytest.mark.parametrize("band", ["0.2", "0.8..0.2", "0..1.5", "a..b", "-1..1"])
def test_a_band_that_is_none_is_refused_with_an_example(band: str, source: Path, tmp_path: Path) -> None:
    with start(tmp_path, "probe", source, "--out", "d", "--prober", "m@h:1", "--band", band, "--dry-run") as process:
        output = process.communicate(timeout=60)
    assert process.returncode in (1, 2)
    assert b"LO..HI" in output[1]


# --- calibration ---


def with_features(number: int) -> Problem:
    """Problem whose declared difficulty grows as the server solves it less often."""
    features = Features(steps=1 + 16 - number % 17, skills=2, depth=2, work=5.0, digits=3.0, length=1.0)
    return problem(number, answer=str(number), difficulty=declaration(features))


def test_calibration_orders_problems_as_the_prober_does_and_needs_enough_of_them(tmp_path: Path) -> None:
    source = store(tmp_path / "p", [with_features(number) for number in range(FEWEST)])
    with probers() as server:
        out = run(source, tmp_path / "d", server.model("plain"), k=4, calibrate=True)
        few = run(source, tmp_path / "few", server.model("plain"), k=4, calibrate=True, limit=5)
    found = Calibration.model_validate_json((out.path / CALIBRATION).read_text())
    assert (found.problems, found.prober) == (FEWEST, next(out.iter(Difficulty)).prober)
    easy, hard = (found.estimate(one.difficulty.features) for one in map(with_features, (15, 1)) if one.difficulty)
    assert easy is not None and hard is not None and easy > hard
    assert (out.summary or {})["calibration"]["problems"] == FEWEST
    assert "at least" in (few.summary or {})["calibration"] and not (few.path / CALIBRATION).exists()


def test_calibration_takes_one_prober_and_all_attempts() -> None:
    for settings in ({"prober": ("a", "b")}, {"prober": ("a",), "band": "0.2..0.8"}):
        with pytest.raises(ValueError, match="one prober, no band"):
            ProbeConfig(calibrate=True, **settings)
