"""What a dry run of training says of memory, work, hours and cost, compared with sums by hand and with a real model."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny_model import tiny_model
from toy_groups import ALONE

from agentprop.config import TrainMgpoConfig, TrainSftConfig
from agentprop.errors import ConfigError, InputError
from agentprop.stages.train.forecast import lines, memory_of, operations, work_of
from agentprop.stages.train.mgpo import check, dry_run
from agentprop.training.model.memory import ModelSize
from agentprop.training.model.policy import PolicyModel
from agentprop.training.model.shapes import planned, positions

PAPER = Path(__file__).parents[2] / "examples" / "paper" / "shape"
PARAMETERS = 4_022_468_096
"""By hand: 151936·2560 + 36·(2·2560·4096 + 2·2560·1024 + 3·2560·9728 + 2·2560 + 2·128) + 2560."""


def mgpo(model: Path = PAPER, **settings: object) -> TrainMgpoConfig:
    return TrainMgpoConfig.model_validate({"model": str(model), "precision": "bfloat16", **settings})


@pytest.mark.parametrize("rank", [None, 4])
def test_the_size_is_that_of_the_model_once_it_is_loaded(rank: int | None, tmp_path: Path) -> None:
    config = mgpo(tiny_model(tmp_path / "m"), lora_rank=rank, device="cpu", precision="float32")
    assert planned(config) == ModelSize.of(PolicyModel.load(config).distribute(ALONE))


def test_a_model_of_four_billion_is_counted_by_hand() -> None:
    size = planned(mgpo(plan_devices=8))
    assert size is not None and size.whole == 2 * PARAMETERS
    assert size.weights == PARAMETERS // 4 and size.trained == PARAMETERS // 8
    assert size.forward(20_480) == 2 * PARAMETERS + 2 * 36 * 4096 * 20_480
    parts = memory_of(mgpo(plan_devices=8, cache_gib=2.0), size, 20_480)
    assert (parts["gradients"], parts["optimiser"]) == (4 * size.trained, 12 * size.trained)
    assert (parts["reference"], parts["copy for sampling"], parts["cache"]) == (size.weights, size.whole, 2 << 30)
    assert memory_of(mgpo(), size, 20_480)["cache"] == 128 * 20_480 * 36 * 2 * 1024 * 2
    assert "cache" not in memory_of(mgpo(sampler="vllm", beta=0.0), size, 20_480)


def test_of_a_mixture_a_token_meets_the_experts_that_it_is_sent_to() -> None:
    """48·623,120,640 + 2·151936·2048 + 2048 weights; of 128 experts of 3·2048·768 in each layer a token meets 8."""
    size = planned(mgpo(PAPER.parent / "shape-30b"))
    assert size is not None and size.whole == 2 * 30_532_122_624
    assert size.active == 30_532_122_624 - 48 * 120 * 3 * 2048 * 768 == 3_353_032_704
    assert size.forward(0) == 2 * size.active
    adapted = planned(mgpo(PAPER.parent / "shape-30b", lora_rank=32))
    layer = 32 * ((2048 + 4096) + 2 * (2048 + 512) + (4096 + 2048))  # of queries, keys, values and the output
    assert adapted is not None and adapted.trained == 48 * layer


def test_a_server_that_samples_has_the_whole_model() -> None:
    told = lines(mgpo(sampler="vllm", plan_devices=4))
    assert "memory of each server that samples: 7.5 GiB of weights" in told[1] and "cache" not in told[0]


def test_a_plan_for_another_machine_needs_no_vllm_on_this_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agentprop.stages.train.rl_run.vllm_program", lambda: None)
    config = mgpo(sampler="vllm", sampler_devices=("cuda:0",))
    dry_run(config)
    with pytest.raises(ConfigError, match="needs vLLM"):
        check(config)


def test_hours_and_cost_follow_from_a_speed_that_is_given() -> None:
    config = mgpo(steps=2, groups=4, group_size=2, refill=0.5, max_length=1000, plan_devices=2, plan_tflops=100)
    size, work = planned(config), work_of(config, 1000)
    assert size is not None and work is not None
    assert (work.trained, work.sampled, work.passes) == (24_000, 24_000, 3)
    hinted = work_of(config.model_copy(update={"hints": 0.2}), 1000)
    assert hinted is not None and hinted.trained == 36_000, "each group of two may have a branch"
    needed = operations(config, size, work, 1000)
    assert needed == (2 * PARAMETERS + 2 * 36 * 4096 * 1000) * 24_000 * 6
    hours = needed / 2e14 / 3600
    assert f"{hours:,.1f} hours on 2 x 100 TFLOP/s" in lines(config)[1] and "cost" not in lines(config)[1]
    assert f"cost {hours * 2 * 1000:,.2f}" in lines(config.model_copy(update={"plan_price": 1000.0}))[1]
    assert "plan_tflops" in lines(mgpo())[1]


def test_what_is_not_known_is_said() -> None:
    told = "no estimate: teacher is no directory here, and the cache of the hub has no config.json of it"
    assert lines(mgpo(Path("teacher"))) == [told]


def test_a_path_without_a_model_is_refused_before_the_run_would_be(tmp_path: Path) -> None:
    for missing in (tmp_path / "none", Path("runs/none"), Path("no/such/model")):
        with pytest.raises(InputError, match=f"there is no model at {missing}") as refused:
            lines(mgpo(missing))
        assert refused.value.hint
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(InputError, match="no model can be read from"):
        lines(mgpo(empty))
    (empty / "config.json").write_text('{"model_type": "t5"}')
    with pytest.raises(InputError, match="is of the kind t5, which is no language model that continues a text"):
        lines(mgpo(empty))
    sft = TrainSftConfig.model_validate({"model": str(PAPER)})
    assert "depends on the trajectories" in lines(sft)[1]
    bound = work_of(sft.model_copy(update={"max_steps": 3}), positions(sft))
    assert bound is not None and bound.trained == 3 * 32 * 20_480
