"""The benchmark of rollouts in a small form: every engine sampled as many tokens, with correct log-probs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "examples" / "benchmarks" / "rollout.py"  # measures with benchmarks/measuring.py


def test_the_benchmark_of_rollouts_runs_all_ways_on_the_same_conversations(tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPT), "--smoke", "--json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.strip().splitlines()[-1])
    ways = found["ways"]
    assert ways.keys() == {"generate", "kept cache", "continuous", "agentprop"}
    for way in ways.values():
        assert way["error"] < 1e-4
        assert way["tokens_per_s"] * way["seconds"] == pytest.approx(found["sampled_tokens"], rel=0.01)
    ours = ways["agentprop"]["tokens_per_s"]
    assert found["speed_ratios"]["generate"] == pytest.approx(ours / ways["generate"]["tokens_per_s"], abs=0.01)
