"""The memory plan of a run: stored by its first session, kept by the next ones, told before the first step."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path

import pytest
from tiny_model import tiny_model
from toy_groups import ALONE

from agentprop.config import TrainMgpoConfig
from agentprop.models.costs import Meter
from agentprop.stages.train.memory import memory_plan, said, tell_memory
from agentprop.stages.train.rl_run import fit_memory, sampler_of
from agentprop.stages.train.run_dir import MEMORY as FILE
from agentprop.stages.train.run_dir import TrainingRun
from agentprop.training.model import checkpoint, hardware
from agentprop.training.model.memory import MemoryPlan
from agentprop.training.model.policy import PolicyModel
from agentprop.training.rl.samplers import SLOTS

GIB = 1 << 30


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> PolicyModel:
    return PolicyModel.load(config(tiny_model(tmp_path_factory.mktemp("model")))).distribute(ALONE)


def config(model: Path = Path("m"), **settings: object) -> TrainMgpoConfig:
    return TrainMgpoConfig.model_validate({"model": str(model), "device": "cpu", "max_length": 640, **settings})


def run_dir(path: Path) -> TrainingRun:
    return TrainingRun(path, config(), ALONE, None)


def test_a_run_keeps_the_plan_that_it_began_with(
    policy: PolicyModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = memory_plan(config(), policy, run_dir(tmp_path))
    assert first.pack_tokens == 8192 and first.cache_bytes == SLOTS * 640 * 2 * 16 * 2 * 4
    assert json.loads((tmp_path / FILE).read_text()) == {"pack_tokens": 8192, "cache_bytes": first.cache_bytes}
    monkeypatch.setattr(hardware, "_free_of_machine", lambda: 1 << 20)
    assert memory_plan(config(), policy, run_dir(tmp_path)) == first
    small = memory_plan(config(), policy, run_dir(tmp_path.parent))
    assert small.pack_tokens < 8192 and small.cache_bytes < first.cache_bytes


def test_a_run_from_before_there_were_plans_goes_on_as_it_began(policy: PolicyModel, tmp_path: Path) -> None:
    done = tmp_path / checkpoint.FOLDER / "step-000001"
    done.mkdir(parents=True)
    (done / checkpoint.STATE).write_text("{}")
    assert memory_plan(config(), policy, run_dir(tmp_path)) == MemoryPlan(8192, 4 * GIB)


def test_settings_that_are_given_count_before_the_plan(policy: PolicyModel, tmp_path: Path) -> None:
    chosen = memory_plan(config(pack_tokens=100, cache_gib=0.5), policy, run_dir(tmp_path))
    assert chosen == MemoryPlan(100, GIB // 2)
    assert memory_plan(config(), policy, run_dir(tmp_path)).pack_tokens == 8192
    fitted = fit_memory(config(pack_tokens=100), policy, run_dir(tmp_path), quiet=True)
    assert fitted.tokens_per_pass == 100 and fitted.cache_gib is not None
    stored = json.loads((tmp_path / FILE).read_text())["cache_bytes"]
    with ExitStack() as stack:
        sampler = sampler_of(fitted, policy, ALONE, tmp_path, Meter(), stack)
    assert sampler.model.generator.memory.max_bytes == stored  # type: ignore[attr-defined]


def test_what_does_not_fit_is_told_with_the_settings_to_change(
    policy: PolicyModel, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    place, chosen = run_dir(tmp_path), MemoryPlan(8192, 1 << 20)
    tell_memory(config(), policy, chosen, place, longest=640, quiet=True)
    assert capsys.readouterr().err == ""
    tell_memory(config(), policy, chosen, place, longest=640, quiet=False)
    told = capsys.readouterr().err
    assert told.startswith("memory on cpu: at most about 0.") and "rows of 8,192 tokens" in told
    assert told.count("\n") == 1
    monkeypatch.setattr(hardware, "_free_of_machine", lambda: 1000)
    tell_memory(config(), policy, chosen, place, longest=20_480, quiet=True)  # a warning is for everybody
    warned = capsys.readouterr().err
    assert "warning: training may need about" in warned and "hint: " in warned and "memory on" not in warned


def test_the_hint_names_what_would_help_the_largest_part_first() -> None:
    parts = {"weights": 2 * GIB, "optimiser": 40 * GIB, "activations": 50 * GIB, "cache": 3 * GIB}
    first, second, hint = said(config(), MemoryPlan(8192), parts, 80 * GIB, device="cuda:0", longest=20_480)
    assert first.startswith("memory on cuda:0: at most about 95.0 of 80.0 GiB") and "or one of 20,480" in first
    assert second == "warning: training may need about 95.0 GiB, and cuda:0 has 80.0 GiB"
    names = ["gradient_checkpointing=true", "max_length", "lora_rank", "cache_gib", "torchrun"]
    places = [hint.index(name) for name in names]
    assert places == sorted(places)
    lean = config(gradient_checkpointing=True, lora_rank=8, precision="float32")
    [*_, other] = said(lean, MemoryPlan(8192), parts, GIB, device="cpu", longest=10)
    assert "gradient_checkpointing" not in other and "lora_rank" not in other and "precision=bfloat16" in other
