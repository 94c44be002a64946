"""Settings: one class per stage, which can be read and checked without running anything.

A setting that affects what a run produces is part of the run's identity and cannot change when the run is resumed. The
settings in `outside_identity` only say how far to go and how fast.
"""

from __future__ import annotations

from agentprop.config.base import BAND, StageConfig
from agentprop.config.curate import CurateConfig
from agentprop.config.evaluate import EvaluateConfig
from agentprop.config.export import ExportConfig
from agentprop.config.extract import ExtractConfig
from agentprop.config.probe import ProbeConfig
from agentprop.config.propose import ProposeConfig
from agentprop.config.train_mgpo import TrainMgpoConfig
from agentprop.config.train_sft import TrainSftConfig
from agentprop.config.train_solver import TrainSolverConfig
from agentprop.config.verify import VerifyConfig

STAGES: dict[str, type[StageConfig]] = {
    c.stage: c
    for c in (
        ExtractConfig,
        ProposeConfig,
        VerifyConfig,
        ProbeConfig,
        CurateConfig,
        ExportConfig,
        TrainSftConfig,
        TrainMgpoConfig,
        TrainSolverConfig,
        EvaluateConfig,
    )
}
"""Class of settings by stage."""

__all__ = [
    "BAND",
    "STAGES",
    "CurateConfig",
    "EvaluateConfig",
    "ExportConfig",
    "ExtractConfig",
    "ProbeConfig",
    "ProposeConfig",
    "StageConfig",
    "TrainMgpoConfig",
    "TrainSftConfig",
    "TrainSolverConfig",
    "VerifyConfig",
]
