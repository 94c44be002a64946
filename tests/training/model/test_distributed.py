"""Two processes that share the weights do what one does: gradients, steps, reference, checkpoints."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from places import SUPPORT
from safetensors.torch import load_file
from sharded_trainer import KINDS, SEQUENCES, main
from tiny_model import tiny_model
from torch import Tensor
from transformers import AutoModelForCausalLM, PreTrainedModel

from agentprop.errors import ConfigError
from agentprop.training.model import packed_attention as attention
from agentprop.training.model.distributed import World, join
from agentprop.training.model.policy import PolicyModel
from agentprop.training.model.rows import even_rows

ALONE = World(0, 1, torch.device("cpu"), None)
SCRIPT = SUPPORT / "sharded_trainer.py"
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore", "PYTHONPATH": str(SCRIPT.parent)}


def in_two_processes(*arguments: str) -> None:
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    for _ in range(2):
        done = subprocess.run(
            [*launch, str(SCRIPT), *arguments], env=ENVIRONMENT, capture_output=True, text=True, timeout=240
        )
        if "terminate called without an active exception" not in done.stderr:  # torch's threads, very seldom
            break
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same run by one process and by two, and each of them continued by the other number."""
    folder = tmp_path_factory.mktemp("runs")
    model = str(tiny_model(folder / "model"))
    main(model, str(folder / "one"))
    in_two_processes(model, str(folder / "two"))
    main(model, str(folder / "two, then one"), str(folder / "two"))
    main(model, str(folder / "one, then one"), str(folder / "one"))
    in_two_processes(model, str(folder / "one, then two"), str(folder / "one"))
    return {path.name: path for path in folder.iterdir()}


def attentive(model: PreTrainedModel) -> PreTrainedModel:
    model.set_attn_implementation(attention.NAME)
    return model


def found(run: Path, kind: str, part: str = "") -> dict[str, Tensor]:
    return {name: tensor for name, tensor in load_file(run / f"{kind}.safetensors").items() if name.startswith(part)}


def assert_same(one: dict[str, Tensor], other: dict[str, Tensor], tolerance: float) -> None:
    assert one.keys() == other.keys() and one
    for name, tensor in one.items():
        torch.testing.assert_close(other[name].float(), tensor.float(), atol=tolerance, rtol=tolerance, msg=name)


def assert_alike(kind: str, one: dict[str, Tensor], other: dict[str, Tensor]) -> None:
    """The same run up to rounding: in half precision AdamW makes whole steps of what is a rounding's sign."""
    if kind != "half":
        assert_same(one, other, 5e-5)
        return
    assert_same({"losses": one["losses"]}, {"losses": other["losses"]}, 5e-3)
    for name, tensor in one.items():
        if "weight/" in name:
            assert float((other[name] - tensor).abs().mean()) < 3e-3, name


@pytest.mark.parametrize("kind", ["whole", "adapters"])
def test_two_processes_get_the_gradient_of_one(runs: dict[str, Path], kind: str) -> None:
    one, two = (found(runs[name], kind, "gradient/") for name in ("one", "two"))
    assert len(one) > 20 and sum(float(tensor.abs().max()) > 1e-4 for tensor in one.values()) > 10
    assert_same(one, two, 1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_two_processes_take_the_steps_of_one(runs: dict[str, Path], kind: str) -> None:
    one, two = (found(runs[name], kind) for name in ("one", "two"))
    assert_alike(kind, one, two)
    assert one["losses"][2] < one["losses"][0] and float(one["norms"].min()) > 0


@pytest.mark.parametrize("kind", KINDS)
def test_the_reference_stays_what_it_was(runs: dict[str, Path], kind: str) -> None:
    before, after = found(runs["two"], kind), found(runs["one, then two"], kind)
    assert torch.equal(before["reference"], after["reference"])
    assert float((before["policy"] - before["reference"]).abs().max()) > 0.01
    assert not torch.allclose(before["policy"], after["policy"], atol=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_a_checkpoint_is_the_same_by_any_number_of_processes(runs: dict[str, Path], kind: str) -> None:
    expected = found(runs["one, then one"], kind)
    for other in ("two, then one", "one, then two"):
        assert_alike(kind, expected, found(runs[other], kind))


@pytest.mark.parametrize("kind", KINDS)
def test_what_two_processes_save_is_the_model_they_have(runs: dict[str, Path], kind: str) -> None:
    model = AutoModelForCausalLM.from_pretrained(runs["two"] / kind / "step-000003")
    (row,) = even_rows(SEQUENCES, 4096, ALONE)
    said = PolicyModel(attentive(model), None)(row).logprob
    assert_same({"said": found(runs["two"], kind)["policy"]}, {"said": said}, 0.05 if kind == "half" else 1e-5)


def test_items_are_shared_out_without_one_being_lost_or_done_twice() -> None:
    worlds = [World(rank, 3, ALONE.device, None) for rank in range(3)]
    shares = [world.share(range(8)) for world in worlds]
    assert shares == [[0, 3, 6], [1, 4, 7], [2, 5]]


@pytest.mark.parametrize("name", ["cuda", "warp"])
def test_a_device_that_is_not_there_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ConfigError), join(name):
        pass
