"""Metrics: a line per step, none twice after a resume, TensorBoard if asked for, and the live table."""

from __future__ import annotations

import io
import json
import math
from pathlib import Path

import pytest
from rich.console import Console

from agentprop.training import progress_table as live
from agentprop.training.metrics import Metrics
from agentprop.training.progress_table import ProgressTable, curve
from agentprop.training.tracking import TensorBoard


def lines(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def test_a_step_is_a_line_and_what_is_no_number_is_null(tmp_path: Path) -> None:
    with Metrics(tmp_path) as metrics:
        metrics.write(1, {"loss": 0.5, "bad": math.nan, "endless": math.inf, "who": "a", "none": None})
    assert lines(tmp_path) == [{"step": 1, "loss": 0.5, "bad": None, "endless": None, "who": "a", "none": None}]


def test_what_came_after_the_checkpoint_is_cut_off(tmp_path: Path) -> None:
    with Metrics(tmp_path) as metrics:
        metrics.write(1, {"loss": 1.0})
        size = metrics.sync()
        metrics.write(2, {"loss": 2.0})
    with Metrics(tmp_path, size=size) as metrics:
        metrics.write(2, {"loss": 3.0})
    assert [line["loss"] for line in lines(tmp_path)] == [1.0, 3.0]


def test_a_fresh_run_begins_with_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "metrics.jsonl").write_text("{}\n")
    with Metrics(tmp_path):
        pass
    assert lines(tmp_path) == []


def test_a_file_that_lost_its_end_is_not_padded(tmp_path: Path) -> None:
    (tmp_path / "metrics.jsonl").write_text('{"step": 1}\n')
    with Metrics(tmp_path, size=1000) as metrics:
        metrics.write(2, {})
    assert [line["step"] for line in lines(tmp_path)] == [1, 2]


def test_processes_without_a_folder_write_nothing(tmp_path: Path) -> None:
    with Metrics(None) as metrics:
        metrics.write(1, {"loss": 1.0})
        assert metrics.sync() == 0
    assert list(tmp_path.iterdir()) == []


def test_tensorboard_reads_what_was_written(tmp_path: Path) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    with Metrics(tmp_path, trackers=[TensorBoard(tmp_path)]) as metrics:
        for step in (1, 2):
            metrics.write(step, {"loss": 1.0 / step, "who": "a"})
    found = accumulator.EventAccumulator(str(tmp_path / "tensorboard"))
    found.Reload()
    assert found.Tags()["scalars"] == ["loss"]
    assert [(event.step, event.value) for event in found.Scalars("loss")] == [(1, 1.0), (2, 0.5)]


# --- for a person ---


def test_a_curve_is_drawn_in_eighths() -> None:
    assert curve([0, 1, 2]) == "▁▅█"
    assert curve([3, 3]) == "▁▁" and curve([]) == ""


def test_lines_are_said_now_and_then_where_there_is_no_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LOG_SECONDS", 0.0)
    with ProgressTable("train-sft", 10, watch=("loss", "held_out_loss")) as view:
        view.update(1, {"loss": 2.5, "other": 1})
        view.update(2, {"held_out_loss": 12345.6})
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.splitlines() == [
        "train-sft: step 1/10 · loss 2.5",
        "train-sft: step 2/10 · loss 2.5 · held_out_loss 12,346",
    ]


def test_a_quiet_run_says_nothing(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "LOG_SECONDS", 0.0)
    with ProgressTable("train-sft", None, watch=("loss",), quiet=True) as view:
        view.update(1, {"loss": 2.5})
    assert capsys.readouterr().err == ""


def test_a_terminal_shows_every_number_and_the_curve_of_the_watched_ones() -> None:
    view = ProgressTable("train-sft", 20, watch=("loss",))
    for step, loss in enumerate((4.0, 3.0, 2.0), 1):
        view.update(step, {"loss": loss, "tokens_per_s": 5123.4, "memory_mib": 600})
    out = io.StringIO()
    Console(file=out, width=100).print(view.table())
    text = out.getvalue()
    assert "train-sft · step 3 of 20" in text and "█▅▁" in text
    assert "5,123" in text and "600" in text and "tokens_per_s" in text
