"""What a person may choose: one class of settings per stage, readable and checkable without running anything.

A setting that changes what a run produces belongs to the run's identity: it cannot change on resuming. Those named in
`outside_identity` only say how far to go and how fast.
"""

from __future__ import annotations

from agentprop.config.base import BAND, StageConfig
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
        ExportConfig,
        TrainSftConfig,
        TrainMgpoConfig,
        TrainSolverConfig,
        EvaluateConfig,
    )
}
"""Settings by stage."""

__all__ = [
    "BAND",
    "STAGES",
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
