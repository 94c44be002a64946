"""A server in a process of its own, a small corpus, and one finished run of both."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from places import SUPPORT
from toy_corpus import NOTES, PADDING, ROWS, config

from agentprop.stages.extract import run as extract


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The MODEL, and the log of its requests."""
    log = tmp_path_factory.mktemp("server") / "log"
    log.touch()
    command = [sys.executable, str(SUPPORT / "teacher_server.py"), str(log)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"toy@127.0.0.1:{process.stdout.readline().strip()}", log
        finally:
            process.kill()


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Records that are read one by one, a broken one among them, and a page of prose."""
    folder = tmp_path_factory.mktemp("corpus")
    lines = [json.dumps({"text": row + PADDING}) for row in ROWS]
    (folder / "rows.jsonl").write_text("\n".join([*lines, "broken", ""]))
    (folder / "notes.md").write_text(NOTES)
    return folder


@pytest.fixture(scope="session")
def done(tmp_path_factory: pytest.TempPathFactory, corpus: Path, server: tuple[str, Path]) -> Path:
    """A finished extraction, to be read only."""
    out = tmp_path_factory.mktemp("teach") / "run"
    extract.run(config(corpus, server[0]), str(out), quiet=True)
    return out
