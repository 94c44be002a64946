"""Runs to report on, and their reports, made once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from agentprop.stages.report import run as report
from agentprop.stages.report.options import ReportOptions

from .reading import embedded
from .toy_runs import write_runs


@dataclass(frozen=True)
class Written:
    """A report and what is in it."""

    path: Path
    runs: list[Path]
    summary: dict[str, Any]
    data: dict[str, Any]
    details: dict[str, Any]


def write(directory: Path, runs: list[Path], **options: Any) -> Written:
    """Report on runs."""
    path = directory / "report.html"
    summary = report.run([str(run) for run in runs], str(path), ReportOptions(**options))
    return Written(path, runs, summary, *embedded(path))


@pytest.fixture(scope="session")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """The report on 300 candidates, a seventh of them hostile."""
    directory = tmp_path_factory.mktemp("toy")
    return write(directory, write_runs(directory / "runs", 300))
