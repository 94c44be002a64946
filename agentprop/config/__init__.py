"""Settings: one class per stage, which can be read and checked without running anything.

A setting that affects what a run produces is part of the run's identity and cannot change when the run is resumed. The
settings in `outside_identity` only say how far to go and how fast. Each class is imported when it is first used: to
build them all takes a tenth of a second, and a command or a worker needs one of them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from agentprop.config.base import BAND, StageConfig

if TYPE_CHECKING:
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

    STAGES: dict[str, type[StageConfig]]
    """Class of settings by stage."""

_HOMES = {
    "ExtractConfig": "extract",
    "ProposeConfig": "propose",
    "VerifyConfig": "verify",
    "ProbeConfig": "probe",
    "CurateConfig": "curate",
    "ExportConfig": "export",
    "TrainSftConfig": "train_sft",
    "TrainMgpoConfig": "train_mgpo",
    "TrainSolverConfig": "train_solver",
    "EvaluateConfig": "evaluate",
}
"""Class of a stage's settings → the module that has it, in the order of `STAGES`."""


def __getattr__(name: str) -> Any:
    """Import a class when it is first used, and all of them for `STAGES`."""
    if name == "STAGES":
        kinds: list[type[StageConfig]] = [__getattr__(kind) for kind in _HOMES]
        found: Any = {kind.stage: kind for kind in kinds}
    elif name in _HOMES:
        found = getattr(import_module(f"agentprop.config.{_HOMES[name]}"), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found
    return found


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
