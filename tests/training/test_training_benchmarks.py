"""The benchmarks of training, small: both ways ran, on the same tokens, and said the same."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[2] / "examples" / "benchmarks"


def report(script: str, folder: Path) -> dict[str, Any]:
    """The report of a script in its small form; both measure with `benchmarks/measuring.py`."""
    command = [sys.executable, str(BENCHMARKS.parent / script), "--smoke", "--json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def test_the_benchmark_of_log_probs_compares_ways_that_agree(tmp_path: Path) -> None:
    found = report("benchmarks/logprobs.py", tmp_path)
    ways = found["ways"]
    assert {"plain", "agentprop"} <= ways.keys()
    assert all(way["apart"] < 1e-5 and way["forward_s"] > 0 and way["mib"] > 0 for way in ways.values())
    assert found["memory_ratio"] == pytest.approx(ways["agentprop"]["mib"] / ways["plain"]["mib"], abs=1e-3)


def test_the_benchmark_of_the_update_phase_runs_both_trainers_on_the_same_tokens(tmp_path: Path) -> None:
    pytest.importorskip("trl")
    found = report("benchmarks/update.py", tmp_path)
    ours, trl = found["ways"]["agentprop"], found["ways"]["trl"]
    assert ours["tokens_per_s"] * ours["seconds"] == pytest.approx(found["tokens"], rel=0.01)
    assert trl["tokens_per_s"] * trl["seconds"] == pytest.approx(found["tokens"], rel=0.01)
    assert found["speed_ratio"] == pytest.approx(ours["tokens_per_s"] / trl["tokens_per_s"], abs=1e-3)


def test_the_benchmark_of_streaming_judgement_compares_both_orders(tmp_path: Path) -> None:
    command = [sys.executable, str(BENCHMARKS / "streaming.py"), "--smoke", "--episodes", "8"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    rows = [line.split("|") for line in done.stdout.splitlines()[2:]]
    assert len(rows) == 2 and all(float(row[4]) > 0 and "%" in row[2] and "%" in row[3] for row in rows)


def test_the_benchmark_of_the_training_loop_trains_the_same_weights_in_both_orders(tmp_path: Path) -> None:
    command = [sys.executable, str(BENCHMARKS / "training_loop.py"), "--smoke"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    _, _, one, other, _, ratio, weights = done.stdout.splitlines()
    speeds = [float(row.split("|")[2]) for row in (one, other)]
    assert float(ratio.split()[1].rstrip(",")) == pytest.approx(speeds[1] / speeds[0], rel=0.1)
    assert weights == "weights of all runs: the same"
