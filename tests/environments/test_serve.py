"""`agentprop serve` without the package of a server says what to install."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

import pytest
from places import ENVIRONMENT


@pytest.mark.parametrize(("kind", "package"), [("openenv", "openenv"), ("nemo-gym", "nemo_gym")])
def test_a_server_whose_package_is_missing_says_what_to_install(kind: str, package: str) -> None:
    if find_spec(package) is not None:
        pytest.skip(f"{package} is installed")
    command = [sys.executable, "-m", "agentprop", "serve", "--as", kind]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 1 and done.stdout == ""
    assert "not installed" in done.stderr and f"agentic-proposing[{kind}]" in done.stderr
