"""The benchmarks of language models, in a small form."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from places import ENVIRONMENT

SCRIPT = Path(__file__).parents[2] / "examples" / "benchmarks" / "client.py"


@pytest.mark.parametrize("server", ["nginx", "built-in"])
def test_it_measures_every_way_against_either_server(server: str, tmp_path: Path) -> None:
    if server == "nginx" and shutil.which("nginx", path="/usr/sbin:/usr/bin") is None:
        pytest.skip("nginx is not installed")
    hide = (
        "import shutil, sys, runpy; shutil.which = lambda *a, **k: None; "
        f"sys.path.insert(0, {str(SCRIPT.parent)!r}); sys.argv = sys.argv[1:]; "
        "runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    start = [str(SCRIPT)] if server == "nginx" else ["-c", hide, str(SCRIPT)]
    command = [sys.executable, *start, "--smoke", "--json"]
    done = subprocess.run(command, env=ENVIRONMENT, cwd=tmp_path, capture_output=True, text=True, check=True)
    report = json.loads(done.stdout)
    assert report["server"] == server
    assert {"openai create", "agentprop", "agentprop, each reply stored"} <= report["requests_per_s"].keys()
    assert all(rate > 0 for rate in report["requests_per_s"].values())
    assert report["ratio"] > 0


def test_the_loop_is_measured_beside_the_clients_by_process_and_by_part(tmp_path: Path) -> None:
    report = measured("loop.py", tmp_path)
    assert report["ratio"].keys() == {"agentprop", "agentprop, each reply stored", "propose, --workers 1"}
    assert all(value > 0 for value in report["ratio"].values())
    cost = report["cpu_us_per_request"]["propose, --workers 1"]
    assert cost["all"] == pytest.approx(cost["converse"] + cost["commit"], abs=1)
    assert len(report["parts_us"]) == 6
    assert report["parts_us"]["exchange by HTTP"] > 0


def test_trajectories_against_a_slow_server_are_counted_by_the_server(tmp_path: Path) -> None:
    report = measured("latency.py", tmp_path)
    assert report["accepted"] == report["trajectories"] == 40
    assert report["requests"] >= report["turns"] == 3 * 40
    assert report["peak"] <= report["allowed"]
    assert 0 < report["achieved"] <= 1


def measured(script: str, folder: Path) -> dict[str, Any]:
    command = [sys.executable, str(SCRIPT.with_name(script)), "--smoke", "--json"]
    done = subprocess.run(command, env=ENVIRONMENT, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found
