"""Checkpoints: whole or not there, exact, the old ones kept while the disk refuses a new one."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from places import SUPPORT
from tiny_model import random_sequence, tiny_model

from agentprop.config import TrainSftConfig
from agentprop.errors import RunError
from agentprop.training.data.packing import batch_of
from agentprop.training.model import checkpoint
from agentprop.training.model.distributed import World
from agentprop.training.model.optimiser import Optimiser
from agentprop.training.model.policy import PolicyModel

ALONE = World(0, 1, torch.device("cpu"), None)
ROW = batch_of([random_sequence(30, 1), random_sequence(20, 2)])


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("model"))


def trainer(model: Path, **settings: Any) -> tuple[PolicyModel, Optimiser]:
    config = TrainSftConfig(model=str(model), device="cpu", learning_rate=1e-2, **settings)
    policy = PolicyModel.load(config)
    return policy, Optimiser(policy.trainable(), config, total_steps=50)


def learn(policy: PolicyModel, optimiser: Optimiser, steps: int) -> list[float]:
    losses = []
    for _ in range(steps):
        loss = -policy(ROW).logprob.mean()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize(
    "settings", [{}, {"precision": "bfloat16"}, {"lora_rank": 4, "lora_dropout": 0.2}], ids=["whole", "half", "dropout"]
)
def test_a_trainer_goes_on_to_the_same_losses(model: Path, settings: dict[str, Any], tmp_path: Path) -> None:
    policy, optimiser = trainer(model, **settings)
    learn(policy, optimiser, 3)
    path = checkpoint.save(tmp_path, 3, policy, optimiser, {"best": 0.5}, ALONE, keep=2)
    expected = learn(policy, optimiser, 3)
    torch.manual_seed(99)
    again, fresh = trainer(model, **settings)
    restored = checkpoint.restore(path, fresh, ALONE)
    assert (restored.step, restored.state, fresh.steps) == (3, {"best": 0.5}, 3)
    assert learn(again, fresh, 3) == expected
    assert len(set(expected)) == 3


def test_only_safetensors_and_text_are_written(model: Path, tmp_path: Path) -> None:
    policy, optimiser = trainer(model, lora_rank=4)
    learn(policy, optimiser, 1)
    path = checkpoint.save(tmp_path, 1, policy, optimiser, {}, ALONE, keep=2)
    assert {file.suffix for file in path.rglob("*") if file.is_file()} <= {".safetensors", ".json", ".jinja", ".md"}


def test_optimiser_state_is_written_in_parts(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "FILE_BYTES", 20_000)
    policy, optimiser = trainer(model)
    learn(policy, optimiser, 2)
    path = checkpoint.save(tmp_path, 2, policy, optimiser, {}, ALONE, keep=2)
    parts = list(path.glob(checkpoint.OPTIMISER_FILES))
    assert len(parts) > 5
    expected = learn(policy, optimiser, 2)
    again, fresh = trainer(model)
    checkpoint.restore(path, fresh, ALONE)
    assert learn(again, fresh, 2) == expected


def test_the_newest_are_kept_and_the_pinned_one(model: Path, tmp_path: Path) -> None:
    policy, optimiser = trainer(model)
    for step in range(1, 6):
        checkpoint.save(tmp_path, step, policy, optimiser, {}, ALONE, keep=2, pinned=2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["step-000002", "step-000004", "step-000005"]
    assert checkpoint.newest(tmp_path) == tmp_path / "step-000005"


def test_what_a_killed_process_was_writing_is_no_checkpoint(model: Path, tmp_path: Path) -> None:
    policy, optimiser = trainer(model)
    good = checkpoint.save(tmp_path, 1, policy, optimiser, {}, ALONE, keep=2)
    torn = tmp_path / ".step-000002.tmp"
    torn.mkdir()
    (torn / "model.safetensors").write_bytes(b"half")
    assert checkpoint.newest(tmp_path) == good
    checkpoint.save(tmp_path, 3, policy, optimiser, {}, ALONE, keep=2)
    assert not torn.exists()


def test_a_model_without_its_trainer_is_copied_whole(model: Path, tmp_path: Path) -> None:
    policy, optimiser = trainer(model)
    learn(policy, optimiser, 1)
    path = checkpoint.save(tmp_path / "checkpoints", 1, policy, optimiser, {}, ALONE, keep=2)
    checkpoint.copy_model(path, tmp_path / "model")
    names = {file.name for file in (tmp_path / "model").iterdir()}
    assert {"model.safetensors", "config.json", "tokenizer.json"} <= names
    assert not names & {"state.json", "rng.safetensors", "optimiser-00000.safetensors"}
    assert [entry.name for entry in (tmp_path / "checkpoints").iterdir()] == ["step-000001"]


# --- what goes wrong ---

FULL_DISK = """
import resource, sys
from pathlib import Path
sys.path[:0] = {here!r}
from test_checkpoint import ALONE, learn, trainer
from agentprop.errors import AgentpropError
from agentprop.training.model import checkpoint
policy, optimiser = trainer(Path({model!r}))
learn(policy, optimiser, 1)
checkpoint.save(Path({out!r}), 1, policy, optimiser, {{}}, ALONE, keep=1)
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
try:
    checkpoint.save(Path({out!r}), 2, policy, optimiser, {{}}, ALONE, keep=1)
except AgentpropError as error:
    print(error.message, "|", error.hint)
"""


@pytest.mark.parametrize("limit", [500, 30_000, 110_000], ids=["config", "weights", "optimiser"])
def test_a_full_disk_is_a_sentence_and_leaves_the_last_checkpoint(model: Path, limit: int, tmp_path: Path) -> None:
    """The limit on a file's size meets different files: a JSON one, the model's weights, the optimiser's state."""
    out = tmp_path / "checkpoints"
    code = FULL_DISK.format(
        here=[str(SUPPORT), str(Path(__file__).parent)], model=str(model), out=str(out), limit=limit
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, timeout=120)
    assert "step-000002: the file-size limit was reached; step-000001 is kept | free some space" in done.stdout, done
    assert [path.name for path in out.iterdir()] == ["step-000001"]
    again, fresh = trainer(model)
    assert checkpoint.restore(out / "step-000001", fresh, ALONE).step == 1
    assert learn(again, fresh, 1)


def truncated(path: Path) -> None:
    part = path / "optimiser-00000.safetensors"
    part.write_bytes(part.read_bytes()[:2000])


def without_state(path: Path) -> None:
    document = json.loads((path / "state.json").read_text())
    del document["steps"]
    (path / "state.json").write_text(json.dumps(document))


def without_optimiser(path: Path) -> None:
    (path / "optimiser-00000.safetensors").unlink()


@pytest.mark.parametrize("damage", [truncated, without_state, without_optimiser])
def test_a_damaged_checkpoint_is_refused(model: Path, damage: Callable[[Path], None], tmp_path: Path) -> None:
    policy, optimiser = trainer(model)
    learn(policy, optimiser, 1)
    path = checkpoint.save(tmp_path, 1, policy, optimiser, {}, ALONE, keep=2)
    damage(path)
    with pytest.raises(RunError, match="damaged or of another model"):
        checkpoint.restore(path, trainer(model)[1], ALONE)


def test_a_checkpoint_of_another_model_is_refused(model: Path, tmp_path: Path) -> None:
    policy, optimiser = trainer(model)
    learn(policy, optimiser, 1)
    path = checkpoint.save(tmp_path / "run", 1, policy, optimiser, {}, ALONE, keep=2)
    other = tiny_model(tmp_path / "other", vocabulary=300)
    with pytest.raises(RunError, match="of another model"):
        checkpoint.restore(path, trainer(other)[1], ALONE)
