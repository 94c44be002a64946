"""Asked to stop between any two rows, training is again as it was before the step, and goes on to the same weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_model import random_sequence, tiny_model
from torch import Tensor
from toy_groups import ALONE
from toy_groups import config as rl_config

from agentprop.config import TrainSftConfig
from agentprop.training.data.imitation import Material
from agentprop.training.data.sequences import TokenSequence
from agentprop.training.model import undo as undoing
from agentprop.training.model.optimiser import Optimiser
from agentprop.training.model.policy import PolicyModel
from agentprop.training.model.undo import Interrupted, Undo
from agentprop.training.rl.advantages import ActionReturn, ReturnedEpisode, advantages
from agentprop.training.rl.algorithms.mgpo import Mgpo
from agentprop.training.rl.examples import Example, TrainingGroup
from agentprop.training.rl.objective import Objective
from agentprop.training.rl.update import learn
from agentprop.training.sft import EpochOrder, Hooks, SftProgress, imitate

LORA = {"lora_rank": 2, "lora_dropout": 0.3}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("model"))


@dataclass
class StopAt:
    """Asks to stop at the n-th time it is looked at, and from then on."""

    at: float
    looks: int = 0

    def __call__(self) -> bool:
        self.looks += 1
        return self.looks > self.at


def never() -> StopAt:
    return StopAt(float("inf"))


def state(optimiser: Optimiser) -> dict[str, Tensor]:
    found = {name: tensor.clone() for name, tensor in optimiser.tensors()}
    return found | {"random": torch.get_rng_state()} | {k: torch.tensor(v) for k, v in optimiser.counts().items()}


def equal(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


# --- reinforcement learning ---


def group(number: int) -> TrainingGroup:
    """Two trajectories of one turn, one of which paid."""
    own = [random_sequence(24, 10 * number + n, f"{number}/{n}") for n in range(2)]
    members = [ReturnedEpisode(s.trajectory_id, 1.0 - n, (ActionReturn("draft", 0.0),)) for n, s in enumerate(own)]
    return TrainingGroup(advantages(members), tuple(Example(s.trajectory_id, (s,), True) for s in own), number)


GROUPS = [group(number) for number in range(3)]


def update(policy: PolicyModel, optimiser: Optimiser, step: int, stop: Callable[[], bool]) -> dict[str, float]:
    objective = Objective(Mgpo(beta=0.0), minibatches=3)
    return learn(policy, optimiser, GROUPS, objective, ALONE, n_groups=3, pack_tokens=24, seed=str(step), stop=stop)


def trainer(model: Path, **changed: Any) -> tuple[PolicyModel, Optimiser]:
    chosen = rl_config(model, learning_rate=1e-2, **changed)
    policy = PolicyModel.load(chosen).distribute(ALONE)
    torch.manual_seed(5)
    return policy, Optimiser(policy.trainable(), chosen)


@pytest.mark.parametrize("changed", [{}, {"precision": "bfloat16"}, LORA], ids=["whole", "half", "dropout"])
@pytest.mark.parametrize("steps", [0, 1], ids=["first", "second"])
def test_an_update_stopped_at_any_row_leaves_no_trace(model: Path, changed: dict[str, Any], steps: int) -> None:
    policy, optimiser = trainer(model, **changed)
    for step in range(steps):
        update(policy, optimiser, step, never())
    before = state(optimiser)
    looks = StopAt(float("inf"))
    update(policy, optimiser, steps, looks)
    after = state(optimiser)
    assert looks.looks >= 12 + 3  # six rows before the weights change and six after, and the ends of the passes
    again, other = trainer(model, **changed)
    for step in range(steps):
        update(again, other, step, never())
    assert equal(state(other), before)
    for at in range(looks.looks - 1):  # at the last look there is no row left
        with pytest.raises(Interrupted) as ended:
            update(again, other, steps, StopAt(at))
        assert ended.value.clean and equal(state(other), before), at
        assert all(parameter.grad is None for parameter in again.parameters())
    update(again, other, steps, never())
    assert equal(state(other), after)


def test_without_memory_for_a_copy_a_changed_trainer_is_not_clean(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(undoing, "free_memory", lambda device: 1000)
    policy, optimiser = trainer(model)
    clean = []
    looks = never()
    update(policy, optimiser, 0, looks)
    for at in range(looks.looks - 1):
        policy, optimiser = trainer(model)
        before = state(optimiser)
        with pytest.raises(Interrupted) as ended:
            update(policy, optimiser, 0, StopAt(at))
        clean.append(ended.value.clean)
        assert equal(state(optimiser), before) == ended.value.clean
    assert clean == sorted(clean, reverse=True) and clean[0] and not clean[-1]


def test_nothing_to_undo_is_undone(model: Path) -> None:
    _, optimiser = trainer(model)
    assert Undo(optimiser, torch.device("cpu")).back()


# --- imitation ---

SEQUENCES: list[TokenSequence] = [random_sequence(20 + seed, seed) for seed in range(6)]
MATERIAL = Material(tuple((s,) for s in SEQUENCES[:4]), tuple((s,) for s in SEQUENCES[4:]))


@dataclass
class Imitation:
    """A run that is saved in memory."""

    settings: TrainSftConfig
    lines: list[tuple[int, dict[str, float]]] = field(default_factory=list)
    saved: list[tuple[SftProgress, dict[str, Tensor]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.policy = PolicyModel.load(self.settings).distribute(ALONE)
        total = EpochOrder(MATERIAL, self.settings).total
        self.optimiser = Optimiser(self.policy.trainable(), self.settings, total_steps=total)
        torch.manual_seed(5)

    def run(self, stop: Callable[[], bool], progress: SftProgress) -> SftProgress:
        timed = ("tokens_per_s", "memory_mib")
        hooks = Hooks(
            record=lambda step, values: self.lines.append((step, {k: v for k, v in values.items() if k not in timed})),
            save=lambda now: self.saved.append((now, state(self.optimiser))),
            stop=stop,
        )
        return imitate(self.policy, self.optimiser, MATERIAL, self.settings, ALONE, progress, hooks)


@pytest.mark.parametrize("changed", [{}, LORA], ids=["whole", "dropout"])
def test_imitation_stopped_at_any_row_goes_on_to_the_same_losses(model: Path, changed: dict[str, Any]) -> None:
    settings = TrainSftConfig.model_validate(
        {"model": str(model), "device": "cpu", "batch_size": 2, "epochs": 1, "eval_every": 1, "pack_tokens": 24}
        | {"learning_rate": 1e-2, **changed}
    )
    straight, looks = Imitation(settings), never()
    straight.run(looks, SftProgress())
    assert looks.looks == 2 * (2 + 2)  # two steps of two rows, and two rows to evaluate after each
    for at in range(looks.looks):
        stopped = Imitation(settings)
        with pytest.raises(KeyboardInterrupt):
            stopped.run(StopAt(at), SftProgress())
        progress, kept = stopped.saved[-1]
        assert progress.step == len(stopped.lines) == at // 4
        assert equal(state(stopped.optimiser), kept)
        stopped.policy.train()
        stopped.run(never(), progress)
        assert stopped.lines == straight.lines
        assert equal(state(stopped.optimiser), state(straight.optimiser))
