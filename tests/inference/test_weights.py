"""Weights that are not numbers are found when a model is loaded, and named."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tiny_model import tiny_model
from torch import nn
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

from agentprop.config import TrainSftConfig
from agentprop.errors import InputError
from agentprop.inference.transport import load as load_judge
from agentprop.inference.weights import check_finite, not_finite
from agentprop.models.settings import InProcessSettings
from agentprop.training.model.loading import load

DAMAGED = "model.layers.1.mlp.up_proj.weight"


@pytest.fixture
def damaged(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A model directory with one weight that is not finite."""
    blank = tiny_model(tmp_path / "blank")
    model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(blank))
    with torch.no_grad():
        model.get_parameter(DAMAGED)[3, 4] = request.param
    model.save_pretrained(tmp_path / "model")
    AutoTokenizer.from_pretrained(blank).save_pretrained(tmp_path / "model")
    return tmp_path / "model"


@pytest.mark.parametrize("damaged", [float("nan"), float("inf"), float("-inf")], indirect=True)
def test_a_model_with_a_weight_that_is_no_number_is_refused_by_its_name(damaged: Path) -> None:
    for precision in ("float32", "bfloat16"):
        with pytest.raises(InputError, match=f"{damaged} are damaged: {DAMAGED} holds NaN") as error:
            load(str(damaged), TrainSftConfig(model=str(damaged), device="cpu", precision=precision))
        assert error.value.hint
    with pytest.raises(InputError, match=DAMAGED):
        load_judge(InProcessSettings(model=str(damaged), weights="w"))


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_every_format_is_read_and_large_numbers_are_numbers(kind: torch.dtype) -> None:
    large = torch.full((3, 5), torch.finfo(kind).max, dtype=kind)
    assert list(not_finite([("large", large), ("none", large[:0]), ("counts", torch.arange(3))])) == []
    large[2, 4] = float("nan")
    assert list(not_finite([("large", large), ("fine", torch.ones(2, dtype=kind))])) == ["large"]


def test_a_whole_model_passes() -> None:
    check_finite(nn.Linear(3, 4), "it")
