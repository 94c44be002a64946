"""curate asks models for verdicts, with the rules of verify, and each question once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from judge_process import JudgeProcess

from agentprop.config import CurateConfig
from agentprop.errors import ConfigError
from agentprop.records import Attempt, Verdict
from agentprop.skills import bundled_directory
from agentprop.stages.curate import run as curate
from agentprop.storage.run import open_run

ROWS = [
    {"question": "Solve for $x$: $4x - 7 = 21$.", "answer": "7"},
    {"question": "Mia waters the garden every evening. How many cans?", "answer": "4"},
    {"question": "What is $6 \\cdot 7$? The answer is 42.", "answer": "42"},
    {"question": "Solve for $x$: $4x-7 = 21$", "answer": "7"},
]


@pytest.fixture(scope="module")
def server() -> Iterator[JudgeProcess]:
    found = JudgeProcess()
    yield found
    found.close()


def settings(root: Path, server: JudgeProcess, *names: str, **given: Any) -> CurateConfig:
    source = root / "set.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    verifier = tuple(name if name == "builtin" else server.model(name) for name in names)
    library = {"skills": (str(bundled_directory() / "number-theory-factorial-zeros"),), "bundled_skills": False}
    common = {**library, "workers": 1}
    return CurateConfig.model_validate({"sources": (str(source),), "verifier": verifier, **common, **given})


def places(root: Path) -> dict[str, int]:
    return {
        place: len((root / place / "set.jsonl").read_text(encoding="utf-8").splitlines())
        for place in ("accepted", "undetermined", "rejected")
        if (root / place / "set.jsonl").is_file()
    }


def test_rows_without_a_fault_go_to_the_models(server: JudgeProcess, tmp_path: Path) -> None:
    config, out = settings(tmp_path, server, "agrees", "builtin", "agrees"), tmp_path / "run"
    summary = curate.run(config, str(out), quiet=True)
    # The row that no route reads is accepted by the votes of two models; a fault or a repeat is not worth a question.
    # Two rows, two votes, and two messages for each: the model solves first, and then sees the claim.
    assert places(out) == {"accepted": 2, "rejected": 2} and server.asked() == {"agrees": 8}
    assert summary["attempts"] == 6 and summary["spending"]
    assert {verdict.value for verdict in open_run(out).iter(Verdict)} == {"valid"}
    again = curate.run(config, str(out), quiet=True)
    assert server.asked() == {"agrees": 8} and again["attempts"] == 6


def test_models_that_differ_leave_a_row_out(server: JudgeProcess, tmp_path: Path) -> None:
    curate.run(settings(tmp_path, server, "refuses"), str(tmp_path / "run"), quiet=True)
    assert places(tmp_path / "run") == {"rejected": 4}
    votes = {attempt.vote for attempt in open_run(tmp_path / "run").iter(Attempt)}
    assert votes == {False}


def test_an_auditor_needs_models_to_settle_between(server: JudgeProcess, tmp_path: Path) -> None:
    config = settings(tmp_path, server, "builtin", auditor=server.model("compares"))
    with pytest.raises(ConfigError, match="auditor"):
        curate.run(config, str(tmp_path / "run"), quiet=True)
    assert not (tmp_path / "run").exists()
