"""Numbers of a step → TensorBoard or Weights & Biases, if asked for; neither is imported before.

    WandB(folder, "proposer", name="mgpo", identity={"stage": "train-mgpo", …}).write(7, {"reward/r_T": 0.4})

Both draw over the step of the run. What a run that went back to a checkpoint writes again is drawn a second time.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from agentprop import DISTRIBUTION
from agentprop.errors import ConfigError

BOARD, WANDB = "tensorboard", "wandb"
"""Folders of a run that they write to."""
ID = "run-id"
"""File in the folder of Weights & Biases with the id under which a resumed run goes on."""
Values = Mapping[str, float | int | str | None]


class Tracker(Protocol):
    """Place that numbers of steps are shown at."""

    def write(self, step: int, values: Values) -> None:
        """Show the numbers of a step; what is no number is left out."""
        ...

    def close(self) -> None:
        """Write what is left."""
        ...


class TensorBoard:
    """Files for TensorBoard, in a folder of the run."""

    def __init__(self, folder: Path) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._writer: Any = SummaryWriter(str(folder / BOARD))

    def write(self, step: int, values: Values) -> None:
        """Write the numbers of a step."""
        for name, value in _numbers(values).items():
            self._writer.add_scalar(name, value, step)

    def close(self) -> None:
        """Write what is left."""
        self._writer.close()


class WandB:
    """A run of Weights & Biases, sent to its server or, with WANDB_MODE=offline, kept in a folder of the run.

    It gets the metrics and the identity of the run; code, console output, installed packages and measurements of the
    machine are switched off. (The package itself adds its own version, that of Python and the operating system.)
    """

    def __init__(self, folder: Path, project: str, *, name: str, identity: Mapping[str, Any]) -> None:
        """Begin the run, or go on with that of an earlier session. Raises ConfigError if the server refuses it."""
        os.environ.setdefault("WANDB_ERROR_REPORTING", "false")  # read when it is imported
        import wandb

        place = folder / WANDB
        place.mkdir(exist_ok=True)
        settings = wandb.Settings(
            silent=True, console="off", disable_git=True, disable_code=True, save_code=False,
            disable_job_creation=True, x_disable_stats=True, x_disable_meta=True, x_disable_machine_info=True,
            x_save_requirements=False,
        )  # fmt: skip
        try:
            self._run: Any = wandb.init(
                project=project,
                name=name,
                id=_id(place / ID),
                dir=str(folder),
                config=dict(identity),
                resume="allow",
                settings=settings,
            )
        except wandb.Error as error:
            reason = str(error).strip().partition("\n")[0]
            raise ConfigError(
                f"Weights & Biases does not begin a run: {reason}",
                hint="run `wandb login`, set WANDB_MODE=offline, or drop the setting wandb",
            ) from error
        self._run.define_metric("*", step_metric="step")

    def write(self, step: int, values: Values) -> None:
        """Log the numbers of a step."""
        self._run.log({"step": step, **_numbers(values)})

    def close(self) -> None:
        """Finish the run."""
        self._run.finish()


def check_trackers(*, tensorboard: bool, wandb: str | None) -> None:
    """Check that what is asked for is installed. Raises ConfigError."""
    wanted = {"tensorboard": tensorboard, "wandb": wandb is not None}
    missing = [name for name, asked in wanted.items() if asked and find_spec(name) is None]
    if missing:
        raise ConfigError(
            f"the setting {missing[0]} needs a package that is not installed",
            hint=f"pip install '{DISTRIBUTION}[tracking]'",
        )


def _numbers(values: Values) -> dict[str, float | int]:
    return {name: value for name, value in values.items() if isinstance(value, int | float)}


def _id(path: Path) -> str:
    """Return the id in a file, which is made if it does not exist."""
    if not path.exists():
        path.write_text(secrets.token_hex(8), encoding="utf-8")
    return path.read_text(encoding="utf-8").strip()
