"""Trackers: what is shown elsewhere if it is asked for, by the real packages and without a network."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tiny_model import tiny_model
from toy_groups import ALONE, config

from agentprop.errors import ConfigError
from agentprop.stages.train.run_dir import TrainingRun, require
from agentprop.training import tracking


def test_nothing_is_tracked_unless_it_is_asked_for(tmp_path: Path) -> None:
    run = TrainingRun(tmp_path, config(tiny_model(tmp_path / "model")), ALONE, None)
    assert run._trackers() == []


@pytest.mark.parametrize("name", ["tensorboard", "wandb"])
def test_a_package_that_is_missing_is_told_before_anything_is_loaded(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracking, "find_spec", lambda wanted: None if wanted == name else object())
    chosen = {"tensorboard": True} if name == "tensorboard" else {"wandb": "proposer"}
    with pytest.raises(ConfigError, match=name):
        require(config(tmp_path, **chosen))
    require(config(tmp_path))


def test_weights_and_biases_keeps_metrics_and_identity_in_the_run_directory_when_it_is_offline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_API_KEY", "0" * 40)
    folder = tmp_path / "run"
    folder.mkdir()
    run = TrainingRun(folder, config(tiny_model(tmp_path / "model"), wandb="proposer"), ALONE, None, {"model": "f1d0"})
    for session in range(2):
        with run.metrics(2, (), quiet=True) as metrics:
            metrics.write(session + 1, {"reward/r_T": 0.25 + session, "who": "a"})
    offline = sorted((folder / "wandb").glob("offline-run-*/*.wandb"))
    assert len(offline) == 2
    stored = [path.read_bytes() for path in offline]
    number = (folder / "wandb" / tracking.ID).read_bytes()
    assert all(number in data and b"proposer" in data for data in stored)
    assert b"reward/r_T" in stored[0] and b"0.25" in stored[0] and b"1.25" in stored[1]
    assert b'"train-mgpo"' in stored[0] and b"learning_rate" in stored[0] and b'"f1d0"' in stored[0]
    assert not any(b"0" * 40 in data or b"requirements.txt" in data for data in stored)
    metrics_file = (folder / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in metrics_file] == [2]  # each session began without a checkpoint
