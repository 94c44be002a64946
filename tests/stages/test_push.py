"""A push to a hub on loopback: the records and a card arrive, nothing else does, and a second one goes on.

The real client is used in a process of its own, because it reads the hub's address when it is imported. Its newer way
of sending files, Xet, is turned off: only the way over Git LFS is tested.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hub_server import Hub, serving
from toy_records import problem, trajectory

from agentprop.records import Problem
from agentprop.storage.run import Run, open_run

pytest.importorskip("huggingface_hub")

SOURCES = Path(__file__).parents[2]


@pytest.fixture
def hub() -> Iterator[Hub]:
    with serving() as served:
        yield served


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A finished run with logs, replies of models and a setting that is a path."""
    out = tmp_path / "home" / "run"
    settings = {"seed": 3, "skills": [str(tmp_path / "mine")], "proposer": "m@http://127.0.0.1:9/v1"}
    with Run.open(out, "propose", settings) as made:
        for index in range(4):
            made.add(problem(index))
            made.add(trajectory(index))
        made.commit({})
        made.finish({"accepted": 4})
    (out / "models").mkdir()
    (out / "models" / "replies.sqlite").write_bytes(b"secret replies")
    return out


def push(hub: Hub, run: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`agentprop push RUN me/d`, by somebody who works in the directory around the run."""
    place = run.parent
    known: dict[str, Any] = {"HF_ENDPOINT": hub.url, "HF_TOKEN": "hf_stub", "HF_HUB_DISABLE_XET": "1"}
    known |= {"HF_HOME": str(place / "hf"), "HOME": str(place), "PYTHONPATH": str(SOURCES), "NO_COLOR": "1"}
    command = [sys.executable, "-m", "agentprop", "push", str(run), "me/d", *arguments]
    environment = {**os.environ, **known}
    return subprocess.run(
        command, env=environment, cwd=place, capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL
    )


def test_records_and_a_card_arrive_and_nothing_else(hub: Hub, run: Path, tmp_path: Path) -> None:
    done = push(hub, run, "--yes", "--private", "--licence", "cc-by-4.0")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "https://huggingface.co/datasets/me/d\n"
    assert hub.created["type"] == "dataset" and (hub.created.get("private") or hub.created.get("visibility"))
    shards = {shard.path for segment in open_run(run).segments for shard in segment.shards}
    assert hub.files.keys() == shards | {"README.md"}
    assert all(hub.files[name] == (run / name).read_bytes() for name in shards)
    card = hub.files["README.md"].decode()
    front = yaml.safe_load(card.split("---")[1])
    assert front["license"] == "cc-by-4.0" and front["language"] == ["en"]
    assert [(c["config_name"], c.get("default")) for c in front["configs"]] == [
        ("problems", True),
        ("trajectories", None),
    ]
    assert str(tmp_path) not in card and "127.0.0.1" not in card and '"proposer": "m"' in card
    assert '"statement": "What is 0 + 0?' in card and "How to grade" in card


def test_what_arrived_is_loaded_by_datasets(hub: Hub, run: Path, tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    assert push(hub, run, "--yes").returncode == 0
    copy = tmp_path / "copy"
    for name, content in hub.files.items():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_bytes(content)
    assert datasets.get_dataset_config_names(str(copy)) == ["problems", "trajectories"]
    rows = datasets.load_dataset(str(copy), split="train", cache_dir=str(tmp_path / "cache"))
    assert rows["id"] == [record.id for record in open_run(run).iter(Problem)]


def test_a_push_that_broke_off_goes_on_and_sends_nothing_twice(hub: Hub, run: Path) -> None:
    hub.broken = 1
    first = push(hub, run, "--yes")
    assert first.returncode == 1 and "the hub does not take it" in first.stderr and "HF_TOKEN" in first.stderr
    assert "Traceback" not in first.stderr and hub.files == {}
    assert push(hub, run, "--yes").returncode == 0
    assert hub.uploads == len(hub.blobs) == 2
    assert push(hub, run, "--yes").returncode == 0
    assert hub.uploads == 2


def test_a_hub_that_is_not_reached_is_no_matter_of_a_token(run: Path) -> None:
    done = push(Hub("http://127.0.0.1:9"), run, "--yes")
    assert done.returncode == 1 and "HF_ENDPOINT" in done.stderr and "HF_TOKEN" not in done.stderr


def test_nothing_is_sent_without_a_yes(hub: Hub, run: Path) -> None:
    done = push(hub, run)
    assert done.returncode == 1 and "--yes" in done.stderr and "nobody is there to confirm" in done.stderr
    shown = push(hub, run, "--dry-run")
    assert shown.returncode == 0 and shown.stdout.startswith("---\n")
    assert hub.created == {} and hub.files == {}


def test_records_that_name_paths_of_this_machine_are_refused(hub: Hub, run: Path) -> None:
    shutil.rmtree(run)
    with Run.open(run, "propose", {}) as made:
        made.add(problem(0).model_copy(update={"statement": f"Read {run.parent}/notes.txt and add."}))
        made.commit({})
        made.finish({})
    done = push(hub, run, "--yes")
    assert done.returncode == 1 and "problems name paths of this machine" in done.stderr
    assert hub.files == {}


def test_a_run_that_is_not_finished_is_refused(hub: Hub, run: Path) -> None:
    (run / "manifest.json").unlink()
    done = push(hub, run, "--yes")
    assert done.returncode == 1 and "is not finished" in done.stderr
