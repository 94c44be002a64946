"""The benchmark of the client, in a small form."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from servers import ENVIRONMENT

SCRIPT = Path(__file__).parents[2] / "examples" / "benchmarks" / "client.py"


@pytest.mark.parametrize("server", ["nginx", "built-in"])
def test_it_measures_every_way_against_either_server(server: str, tmp_path: Path) -> None:
    if server == "nginx" and shutil.which("nginx", path="/usr/sbin:/usr/bin") is None:
        pytest.skip("nginx is not installed")
    hide = (
        "import shutil, sys, runpy; shutil.which = lambda *a, **k: None; "
        "sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    start = [str(SCRIPT)] if server == "nginx" else ["-c", hide, str(SCRIPT)]
    command = [sys.executable, *start, "--smoke", "--json"]
    done = subprocess.run(command, env=ENVIRONMENT, cwd=tmp_path, capture_output=True, text=True, check=True)
    report = json.loads(done.stdout)
    assert report["server"] == server
    assert {"openai create", "agentprop", "agentprop, each reply stored"} <= report["requests_per_s"].keys()
    assert all(rate > 0 for rate in report["requests_per_s"].values())
    assert report["ratio"] > 0
