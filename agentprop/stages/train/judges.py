"""Settings of MGPO → the judges of the proposer's problems: the verifiers (V) and the pool of probers.

The built-in verifier and models on servers work as in `verify` and `probe`. A prober that is a directory of weights
runs in this process. It discards its cache with every step, so its attempts at a problem are the same in every session.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agentprop import __version__
from agentprop.config import TrainMgpoConfig, VerifyConfig
from agentprop.grading.probers import Prober, prompts_hash
from agentprop.grading.simulated_prober import is_simulated, simulated_prober
from agentprop.grading.verifiers import is_local
from agentprop.models.chat import ChatModel, Sampling
from agentprop.models.costs import Meter
from agentprop.models.registry import resolve
from agentprop.models.settings import ModelSettings
from agentprop.prompts import Prompts
from agentprop.records import Attempt, MadeBy, Problem, Trajectory, Verdict
from agentprop.sandbox import Sandbox
from agentprop.sandbox.executor import Executor
from agentprop.skills import Package
from agentprop.stages.common.intake import ProblemItem
from agentprop.stages.common.local_judge import LocalJudge
from agentprop.stages.common.models import loaded, roles, runs_here
from agentprop.stages.common.panel import Panel, open_panel
from agentprop.stages.train.budget import PROBERS, VERIFIERS

if TYPE_CHECKING:
    from agentprop.training.model.distributed import World
    from agentprop.training.rl.judgement import ValidityJudge

Close = Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class LocalValidity:
    """Validity (V) by a verifier that needs no model."""

    reader: LocalJudge

    async def __call__(self, problem: Problem, trajectory: Trajectory) -> tuple[Sequence[Attempt], Verdict]:
        """Its attempt and verdict."""
        attempt, verdict = await self.reader.records(ProblemItem(problem))
        return (attempt,), verdict


@dataclass(frozen=True)
class PanelValidity:
    """Validity (V) by a panel of language models, as in `verify`."""

    panel: Panel

    async def __call__(self, problem: Problem, trajectory: Trajectory) -> tuple[Sequence[Attempt], Verdict]:
        """Their attempts and what these amount to. Raises ModelOutage where one of them answers nobody."""
        judged = await self.panel.judge(ProblemItem(problem, trajectory=trajectory))
        return judged.attempts, judged.verdict


@dataclass(frozen=True)
class Judges:
    """Verifiers and probers of a run."""

    verify: ValidityJudge
    """Judge of validity, V."""
    probers: Sequence[Prober]
    """Probers, weakest first."""
    closing: tuple[Close, ...]
    """Functions that close their connections."""

    async def aclose(self) -> None:
        """Close all connections, in the event loop that used them."""
        for close in self.closing:
            await close()


def judges_of(
    config: TrainMgpoConfig,
    library: dict[str, Package],
    folder: Path,
    sandbox: Sandbox,
    world: World,
    stack: ExitStack,
    meter: Meter,
) -> Judges:
    """Open the verifiers and probers in the settings; their replies and costs are stored in the folder.

    `meter` counts what all of them cost and keeps the bounds.
    """
    verify, close_verifiers = _verifier(config, library, folder / VERIFIERS, sandbox, stack, meter)
    probers, close_probers = _probers(config, folder / PROBERS, sandbox, world, stack, meter)
    return Judges(verify, probers, (close_verifiers, close_probers))


def verifying(config: TrainMgpoConfig) -> VerifyConfig:
    """Return the settings of `verify` that judge as this training does, so that V is the same in both."""
    return VerifyConfig(
        verifier=config.verifier,
        auditor=config.auditor,
        temperature=config.verifier_temperature,
        reply_tokens=config.verifier_reply_tokens,
        blind=config.blind,
        checklist=config.checklist,
        comparison_timeout_s=config.comparison_timeout_s,
        program_timeout_s=config.program_timeout_s,
        skills=config.skills,
        bundled_skills=config.bundled_skills,
        seed=config.seed,
        workers=config.workers,
        max_failures=config.max_failures,
        max_tokens=config.max_tokens,
        max_cost=config.max_cost,
        allow_weak_sandbox=config.allow_weak_sandbox,
    )


def _verifier(
    config: TrainMgpoConfig,
    library: dict[str, Package],
    folder: Path,
    sandbox: Sandbox,
    stack: ExitStack,
    meter: Meter,
) -> tuple[ValidityJudge, Close]:
    """Return the judge of validity and the function that closes it."""
    if len(config.verifier) == 1 and is_local(config.verifier[0]):
        return LocalValidity(LocalJudge(library, Executor(sandbox), config.verifier[0])), _nothing
    panel = stack.enter_context(open_panel(verifying(config), library, folder, meter))
    return PanelValidity(panel), panel.models.aclose


def _probers(
    config: TrainMgpoConfig, folder: Path, sandbox: Sandbox, world: World, stack: ExitStack, meter: Meter
) -> tuple[list[Prober], Close]:
    """Return the prober pool and the function that closes it."""
    settings = {part: resolve(name) for part, name in _named(config) if not is_simulated(name)}
    served = {part: name for part, name in _named(config) if part in settings and not _here(settings[part])}
    models: dict[str, ChatModel] = {part: _load(one, config, world) for part, one in settings.items() if _here(one)}
    close: Close = _nothing
    if served:
        opened = stack.enter_context(roles(folder, served, meter=meter))
        models |= {part: opened[part] for part in served}
        close = opened.aclose
    probers = [
        _prober(settings[part], models[part], config, sandbox) if part in settings else simulated_prober(name, sandbox)
        for part, name in _named(config)
    ]
    return probers, close


def _named(config: TrainMgpoConfig) -> list[tuple[str, str]]:
    """List the roles of the pool and their models."""
    return [(f"prober-{i}", name) for i, name in enumerate(config.prober)]


async def _nothing() -> None:
    """Do nothing: there is no connection."""


def _here(settings: ModelSettings) -> bool:
    return settings.local and runs_here(settings)


def _load(settings: ModelSettings, config: TrainMgpoConfig, world: World) -> ChatModel:
    from agentprop.inference.deterministic import DeterministicChat
    from agentprop.training.model.loading import load

    module: Any
    module, tokenizer = load(settings.model, config, frozen=True)
    return DeterministicChat(
        module.to(world.device),
        tokenizer,
        name=loaded(settings).identity,
        context_length=settings.context_length,
        fresh_when_idle=True,
    )


def _prober(settings: ModelSettings, model: ChatModel, config: TrainMgpoConfig, sandbox: Sandbox) -> Prober:
    sampling = Sampling(
        temperature=config.prober_temperature,
        top_p=config.prober_top_p,
        max_tokens=config.prober_reply_tokens or settings.reply_tokens,
    )
    sampling_settings = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "max_tokens": sampling.max_tokens,
    }
    made_by = MadeBy(
        name=settings.model,
        revision=settings.revision,
        sampling=json.dumps(sampling_settings, sort_keys=True),
        prompt_hash=prompts_hash(Prompts(), checklist=config.checklist),
        version=__version__,
    )
    return Prober(model, model.identity, sampling, made_by, sandbox, checklist=config.checklist)
