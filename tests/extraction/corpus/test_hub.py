"""Data sets that `datasets` loads: a directory with configurations, and a hub that cannot be reached."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from places import ROOT, SUPPORT
from toy_files import LINES, ROWS

pytest.importorskip("datasets")

READ = """
import json, sys
from agentprop.errors import InputError
from agentprop.extraction.corpus import Corpus, Document, CorpusReading, find_sources, fingerprints
def read(source):
    try:
        sources = find_sources([source], wanted="train")
    except InputError as error:
        return {"message": error.message, "hint": error.hint}
    made = [one.id for one in Corpus(sources, CorpusReading(wanted="train")).documents() if isinstance(one, Document)]
    return {"made": made, "left out": sources.left_out, "files": list(fingerprints(sources.files))}
print(json.dumps([read(source) for source in sys.argv[1:]]))
"""


def read(home: Path, *sources: str, hub: str = "") -> list[dict[str, Any]]:
    """What a process makes of sources, with a hub or without a network; the cache is its own."""
    place = {"HF_ENDPOINT": hub, "HF_HUB_DISABLE_TELEMETRY": "1"} if hub else {"HF_HUB_OFFLINE": "1"}
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HF_HOME": str(home), **place}
    done = subprocess.run(
        [sys.executable, "-c", READ, *sources], env=environment, capture_output=True, text=True, check=True
    )
    found: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.fixture(scope="module")
def data_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory as it lies on the hub, with two configurations, one of two splits."""
    root = tmp_path_factory.mktemp("hub") / "own" / "sums"
    (root / "main").mkdir(parents=True)
    (root / "main" / "train.jsonl").write_bytes(LINES)
    (root / "main" / "test.jsonl").write_bytes(LINES)
    (root / "hard.jsonl").write_text(json.dumps(ROWS[0]))
    (root / "README.md").write_text(
        "---\nconfigs:\n- config_name: main\n  data_files:\n  - split: train\n    path: main/train.jsonl\n"
        "  - split: test\n    path: main/test.jsonl\n- config_name: hard\n  data_files: hard.jsonl\n---\n"
    )
    return root


def test_a_configuration_and_a_split_can_be_named(data_set: Path, tmp_path: Path) -> None:
    both, test, hard = read(tmp_path, f"hf:{data_set}@main", f"hf:{data_set}@main:test", f"hf:{data_set}@hard")
    assert both["made"] == ["own/sums/main/train#0", "own/sums/main/train#1"]
    assert both["left out"] == {"split test": 1} and both["files"] == ["own/sums/main/train"]
    assert test["made"] == ["own/sums/main/test#0", "own/sums/main/test#1"]
    assert hard["made"] == ["own/sums/hard/train#0"]


def test_what_cannot_be_loaded_is_told(data_set: Path, tmp_path: Path) -> None:
    sources = (f"hf:{data_set}", f"hf:{data_set}@easy", "hf:openai/gsm8k@main:train", "hf:")
    unnamed, wrong, away, nothing = read(tmp_path, *sources)
    assert "'hard', 'main'" in unnamed["message"] or "'main', 'hard'" in unnamed["message"]
    assert "not found" in wrong["message"]
    assert "cannot be reached" in away["message"] and "network" in away["hint"]
    assert "is not a name on the hub" in nothing["message"]


@pytest.fixture
def hub(data_set: Path) -> Iterator[str]:
    """A hub on this machine that has the data set."""
    command = [sys.executable, str(SUPPORT / "data_hub_server.py"), str(data_set.parents[1])]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_data_set_is_fetched_from_the_hub(hub: str, tmp_path: Path) -> None:
    commit = "5" * 40
    sources = ("hf:own/sums@main:test", f"hf:own/sums@hard#{commit}", "hf:own/sums@easy", "hf:own/other@main")
    test, hard, wrong, away = read(tmp_path, *sources, hub=hub)
    assert test["made"] == ["own/sums/main/test#0", "own/sums/main/test#1"]
    assert hard["made"] == ["own/sums/hard/train#0"]
    assert "not found" in wrong["message"]
    assert "own/other" in away["message"] and away["hint"]
