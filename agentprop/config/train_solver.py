"""Settings of the training of a solver by GRPO."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from agentprop.config.parts import DifficultyBand, Limited
from agentprop.config.reinforce import ReinforceConfig
from agentprop.config.training import NonNegative


class TrainSolverConfig(DifficultyBand, Limited, ReinforceConfig):
    """Problems → a solver that answers them: GRPO on {question, answer} and nothing else."""

    stage: ClassVar[str] = "train-solver"

    algorithm: str = "grpo"
    """Algorithm: grpo, drgrpo, gspo, cispo, or the name of an installed algorithm that needs no stages."""
    mask_cut_off: bool = False
    """Leave replies that were cut off out of the loss. False counts them as wrong, so that a solver that no longer
    finishes its replies is corrected."""
    beta: NonNegative = 0.0
    """Weight of the KL term (β); 0 needs no reference model."""
    pear: NonNegative | None = None
    """Lower the reward of a right answer by the entropy of its thinking, less so much times that of the answer (α of
    PEAR, where it is 1), which makes replies shorter. Null is off."""
    wrong_reward: Annotated[float, Field(lt=1)] = 0.0
    """Reward of a wrong answer; a correct one earns 1."""
