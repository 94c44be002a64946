"""Run directory of a trainer, used by all its processes: the first one writes, the others only follow.

checkpoints/step-000100/   complete state of the trainer; the same command continues from the newest
metrics.jsonl              one line per step; on resuming it is cut to the length that the checkpoint stores
tensorboard/, wandb/       if asked for
memory.json                tokens of a pass and size of the sampler's cache, fitted to the device of the first session
model/                     the finished model, a Hugging Face directory
other files                as in the run of every stage
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agentprop import DISTRIBUTION, __version__
from agentprop.boundary import RecordFailure
from agentprop.config.training import TrainConfig
from agentprop.errors import ConfigError
from agentprop.records import Reject
from agentprop.report.text import shareable
from agentprop.storage.run import Run

if TYPE_CHECKING:
    from agentprop.training.metrics import Metrics
    from agentprop.training.model.checkpoint import Restored
    from agentprop.training.model.distributed import World
    from agentprop.training.model.optimiser import Optimiser
    from agentprop.training.model.policy import PolicyModel
    from agentprop.training.tracking import Tracker

MEMORY = "memory.json"
"""The memory plan of a run."""

MODEL = "model"
SIZE = "metrics_bytes"
"""Key of the length of metrics.jsonl in a checkpoint's state."""


def require(config: TrainConfig) -> None:
    """Check that the libraries for training are installed, and those for tracking it. Raises ConfigError."""
    missing = [name for name in ("torch", "transformers", "peft", "safetensors") if find_spec(name) is None]
    if missing:
        raise ConfigError(f"training needs {', '.join(missing)}", hint=f"pip install '{DISTRIBUTION}[train]'")
    from agentprop.training.tracking import check_trackers

    check_trackers(tensorboard=config.tensorboard, wandb=config.wandb)


class TrainingRun:
    """Checkpoints, metrics and results of a trainer. Every process must call every method, in the same order."""

    def __init__(
        self, path: Path, config: TrainConfig, world: World, run: Run | None, inputs: Mapping[str, str] | None = None
    ) -> None:
        from agentprop.training.model import checkpoint

        self.path, self.world, self.run = path, world, run
        self._config, self._inputs = config, dict(inputs or {})
        self._checkpoints = path / checkpoint.FOLDER
        self._metrics: Metrics | None = None
        self._metrics_bytes = 0
        self._saved: int | None = None
        self._rejected: set[str] | None = None

    @property
    def begun(self) -> bool:
        """An earlier session has saved a checkpoint."""
        from agentprop.training.model import checkpoint

        return checkpoint.newest(self._checkpoints) is not None

    def restore(self, optimiser: Optimiser) -> Restored | None:
        """Restore the newest checkpoint; return None if there is none."""
        from agentprop.training.model import checkpoint

        found = checkpoint.newest(self._checkpoints)
        if found is None:
            return None
        restored = checkpoint.restore(found, optimiser, self.world)
        self._metrics_bytes = restored.state.pop(SIZE)
        self._saved = restored.step
        return restored

    @contextmanager
    def metrics(self, total: int | None, watch: Sequence[str], *, quiet: bool) -> Iterator[Metrics]:
        """Open metrics.jsonl at the length of the restored checkpoint, and the live table. Call it after `restore`."""
        from agentprop.training.metrics import Metrics
        from agentprop.training.progress_table import ProgressTable

        hushed = quiet or not self.world.first
        with ExitStack() as stack:
            table = stack.enter_context(ProgressTable(self._config.stage, total, watch=watch, quiet=hushed))
            folder = self.path if self.world.first else None
            opened = Metrics(folder, size=self._metrics_bytes, trackers=self._trackers(), table=table)
            self._metrics = stack.enter_context(opened)
            yield opened

    def _trackers(self) -> list[Tracker]:
        """Return the trackers of the settings, for the first process."""
        if not self.world.first:
            return []
        from agentprop.training.tracking import TensorBoard, WandB

        config = self._config
        found: list[Tracker] = [TensorBoard(self.path)] if config.tensorboard else []
        if config.wandb is not None:
            name = self.path.resolve().name
            found.append(WandB(self.path, config.wandb, name=name, identity=self._identity()))
        return found

    def _identity(self) -> dict[str, Any]:
        """Return what tells this run from others: version, stage, settings without secrets, fingerprints of inputs."""
        return {
            "agentprop": __version__,
            "stage": self._config.stage,
            "settings": shareable(self._config.model_dump(mode="json")),
            "inputs": self._inputs,
        }

    def save(
        self,
        step: int,
        policy: PolicyModel,
        optimiser: Optimiser,
        state: Mapping[str, Any],
        *,
        pinned: int | None = None,
    ) -> None:
        """Write a checkpoint and delete older ones, except `pinned`. Records added to `run` must belong to this step.

        A step that is already saved is not written again, so that the only checkpoint is never incomplete.
        """
        from agentprop.training.model import checkpoint

        if step == self._saved:
            return
        kept = {**state, SIZE: self._metrics.sync() if self._metrics else 0}
        keep = self._config.keep_checkpoints
        checkpoint.save(self._checkpoints, step, policy, optimiser, kept, self.world, keep=keep, pinned=pinned)
        self._saved = step
        if self.run is not None:
            self.run.commit({"step": step})
            self.run.flush()

    def reject(self, step: int | None, failures: Iterable[tuple[str, RecordFailure]]) -> None:
        """Put what failed unexpectedly among the rejects, each once; a checkpoint stores them."""
        if self.run is None:
            return
        if self._rejected is None:
            self._rejected = self.run.done_ids(Reject)
        for name, failure in failures:
            item = name if step is None else f"step {step} {name}"
            stage, code = self._config.stage, failure.code
            reject = Reject(stage=stage, item=item, outcome="failed", code=code, message=failure.told)
            if reject.id not in self._rejected:
                self._rejected.add(reject.id)
                self.run.add(reject)

    def publish(self, step: int) -> None:
        """Copy the model of a checkpoint to model/, the result of the run."""
        from agentprop.training.model import checkpoint

        if self.world.first:
            checkpoint.copy_model(self._checkpoints / checkpoint.name(step), self.path / MODEL)
        self.world.barrier()

    def summarise(self, summary: Mapping[str, Any], *, finished: bool) -> None:
        """Write summary.json, and the manifest if the run is finished."""
        if self.run is None:
            return
        if finished:
            self.run.finish(summary)
        else:
            self.run.summarise(summary)


@contextmanager
def training_run(
    config: TrainConfig,
    out: str,
    world: World,
    *,
    inputs: Mapping[str, str],
    fresh: bool,
    free: frozenset[str] = frozenset(),
    folders: Sequence[str] = (),
) -> Iterator[TrainingRun]:
    """Claim the run directory, or resume the run in it.

    `free` names further settings that may change on resuming, `folders` further directories that the stage writes.
    """
    from agentprop.training import metrics, tracking
    from agentprop.training.model import checkpoint

    ours = (checkpoint.FOLDER, MODEL, metrics.FILE, tracking.BOARD, tracking.WANDB, MEMORY, *folders)
    with ExitStack() as stack:
        run = None
        if world.first:
            run = stack.enter_context(
                Run.open(
                    out,
                    config.stage,
                    config,
                    fresh=fresh,
                    outside_identity=config.outside_identity | free,
                    inputs=inputs,
                    folders=ours,
                )
            )
        world.barrier()
        yield TrainingRun(Path(out), config, world, run, inputs)
