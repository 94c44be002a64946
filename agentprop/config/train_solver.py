"""Settings of the reinforcement of a solver by GRPO."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from agentprop.config.parts import DifficultyBand, Limited
from agentprop.config.reinforce import ReinforceConfig
from agentprop.config.training import NonNegative


class TrainSolverConfig(DifficultyBand, Limited, ReinforceConfig):
    """Problems → a solver that answers them: GRPO on {question, answer}, and on nothing else."""

    stage: ClassVar[str] = "train-solver"

    mask_cut_off: bool = False
    """Leave replies that were cut off out of the loss; false counts them as wrong, so that a solver which no longer
    comes to an end is not left alone with it."""
    beta: NonNegative = 0.0
    """β of the KL term; 0 needs no reference."""
    wrong_reward: Annotated[float, Field(lt=1)] = 0.0
    """Reward of a wrong answer; a right one earns 1."""
