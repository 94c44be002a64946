"""One server of the small model for all tests, and command lines that use it as a user would."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from real_model_wheels import NAME, Command, Unreachable, served

REQUIRED = "AGENTPROP_REAL_MODEL"
"""Environment variable that makes an unreachable package index a failure, as .ci/nightly wants it."""
SETTINGS = """
[models.small]
base_url = "{url}"
model = "{name}"
reply_tokens = 24
temperature = 0.7
max_concurrency = 2
timeout_s = 7200
price_in = 1.0
price_out = 2.0
"""
"""The time-out is no part of what is tested: a busy machine takes minutes for a prompt of three thousand tokens."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.real_model)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Base URL of the server."""
    try:
        with served(tmp_path_factory.mktemp("server") / "server.log") as url:
            yield url
    except Unreachable as error:
        if os.environ.get(REQUIRED):
            raise
        pytest.skip(f"the small model could not be fetched: {error}")


@pytest.fixture
def agentprop(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs a command line in a directory whose agentprop.toml names the model `small`."""
    monkeypatch.chdir(tmp_path)
    Path("agentprop.toml").write_text(SETTINGS.format(url=server, name=NAME), encoding="utf-8")

    def run(*words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "agentprop", *words]
        done = subprocess.run(line, text=True, capture_output=True)
        assert done.returncode == code, f"{done.returncode} from {words}\n{done.stdout}\n{done.stderr}"
        return done

    return run
