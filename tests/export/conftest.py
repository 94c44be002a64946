"""Runs as the real stages write them, with difficulties as a probe would, and several tries at one task."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from stored_runs import Export, K, altered, another, difficulty, store

from agentprop.config import ExportConfig, ProposeConfig, VerifyConfig
from agentprop.records import Problem, Record, StopReason, Trajectory, Verdict
from agentprop.stages.export import run as export
from agentprop.stages.propose import run as propose
from agentprop.stages.verify import run as verify
from agentprop.storage.run import open_run


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """A propose run, its verify run, and a probe run in which problem i was solved i mod 17 times of 16."""
    root = tmp_path_factory.mktemp("runs")
    propose.run(ProposeConfig(n=40, seed=9, workers=2), str(root / "p"), quiet=True)
    verify.run(VerifyConfig(workers=2), str(root / "p"), str(root / "v"), quiet=True)
    found = enumerate(open_run(root / "p").iter(Problem))
    store(root / "d", "probe", [difficulty(problem, number % (K + 1)) for number, problem in found])
    return [str(root / name) for name in "pvd"]


@pytest.fixture(scope="session")
def problems(runs: list[str]) -> list[Problem]:
    """The accepted problems of the runs, in order."""
    return list(open_run(runs[0]).iter(Problem))


@pytest.fixture(scope="session")
def grouped(runs: list[str], problems: list[Problem], tmp_path_factory: pytest.TempPathFactory) -> str:
    """A run with three tries at each of four tasks: one found valid, one found invalid, one cut off by its limit."""
    came_from = {p.trajectory_id: p for p in problems[:4]}
    records: list[Record] = []
    for one in open_run(runs[0]).iter(Trajectory):
        if (problem := came_from.get(one.id)) is None:
            continue
        wrong = altered(problem, answer="never", trajectory_id=None)
        bad = another(one, "<wrong>", problem_id=wrong.id)
        lost = another(one, "<lost>", stop=StopReason.TRUNCATED, problem_id=None)
        records += [
            problem,
            one,
            bad,
            lost,
            Verdict(problem_id=problem.id, value="valid", code="agrees"),
            Verdict(problem_id=wrong.id, value="invalid", code="answer_differs"),
        ]
    return str(store(tmp_path_factory.mktemp("grouped") / "g", "propose", records))


@pytest.fixture
def exported(runs: list[str], tmp_path: Path) -> Export:
    """`exported("verl", "out.parquet", limit=3)` → the summary; paths are below `tmp_path`."""

    def run(format_: str, out: str, *, source: list[str] | None = None, fresh: bool = False, **settings: Any) -> Any:
        config = ExportConfig.model_validate({"format": format_, **settings})
        return export.run(config, source or runs, str(tmp_path / out), fresh=fresh)

    return run
