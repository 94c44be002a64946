"""The language models of a stage: role → model, with one meter, one cache of replies and the local servers they need.

    with roles(run.path / FOLDER, {"proposer": "small"}, …) as models:
        await models["proposer"].reply(request)

Costs are recorded in the cache's journal, so they add up over resumes. Without vLLM, local models run in this process.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from agentprop.config import StageConfig
from agentprop.errors import BoundReached
from agentprop.grading.simulated_prober import is_simulated
from agentprop.grading.verifiers import is_local
from agentprop.models.cache import ReplyCache
from agentprop.models.chat import Transport
from agentprop.models.client import Model
from agentprop.models.costs import Meter
from agentprop.models.failures import FailureKind, ModelFailure, ModelOutage
from agentprop.models.local import fingerprint, serving_all, vllm_program
from agentprop.models.registry import Models, resolve
from agentprop.models.settings import InProcessSettings, ModelSettings

FOLDER = "models"
"""Directory of a run that holds the stored replies and the logs of local servers."""

SHOWN = 20
"""Most distinct texts of servers that a summary quotes."""


@dataclass(frozen=True)
class RoleModels:
    """The open models of a stage, by role."""

    models: Mapping[str, Model]
    """Role → model."""
    settings: Mapping[str, ModelSettings]
    """Role → settings."""
    meter: Meter
    """Tokens and cost so far."""
    pool: Models
    """Connections, with their limits."""
    before: int = 0
    """Replies that earlier sessions paid for."""

    def __getitem__(self, role: str) -> Model:
        return self.models[role]

    async def aclose(self) -> None:
        """Close connections, in the loop that used them."""
        await self.pool.aclose()

    def spending(self, accepted: int, target: int | None = None) -> dict[str, Any]:
        """Cost part of a summary: by role, in all, per accepted problem; null if a price is unknown."""
        total = self.meter.total()
        return {
            **spending_of(self.meter),
            "per_accepted": dict(total.each(accepted)),
            "projected_cost": total.projected(accepted, target) if target else None,
            "failures": dict(self.meter.failures),
            **({"unmetered_requests": total.unmetered} if total.unmetered else {}),
            **({"servers_said": said} if (said := self.said()) else {}),
        }

    def said(self) -> dict[str, str]:
        """Return the servers' own words about requests that were given up, once per distinct text, with the counts."""
        stored = self.pool.cache.heard() if self.pool.cache is not None else {}
        heard = {**self.meter.words, **stored}
        most = sorted(heard.items(), key=lambda one: -one[1][1])
        counts: dict[str, list[str]] = {}
        for ((role, _), kind, _), (text, count) in most[:SHOWN]:
            counts.setdefault(text, []).append(f"{count} × {kind.replace('_', ' ')} ({role})")
        return {text: ", ".join(each) for text, each in counts.items()}

    def check_answered(self) -> None:
        """Raise ModelOutage if a model was asked in this session and never answered."""
        silent = [channel for channel in self.pool.channels if channel.given_up and not channel.answered]
        spent = self.meter.total().requests > self.before or self.meter.hits
        if not silent and (spent or not self.meter.failures["given_up"]):
            return
        names = {channel.settings.identity for channel in silent} or {s.identity for s in self.settings.values()}
        said = next(iter(self.said()), "no explanation")
        cause = next((c.last for c in silent if c.last is not None), None) or ModelFailure(FailureKind.REJECTED, said)
        raise ModelOutage(f"{', '.join(sorted(names))} answered no request: {said}", cause=cause)


def spending_of(meter: Meter) -> dict[str, Any]:
    """Return requests, tokens and cost in all and by role; null if a price is unknown."""
    total = meter.total()
    by_role = {
        f"{role} {model}": {
            "requests": s.requests,
            "tokens": s.tokens,
            "reasoning_tokens": s.reasoning_tokens,
            "cost": s.cost,
        }
        for (role, model), s in meter.spend().items()
    }
    return {"requests": total.requests, "tokens": total.tokens, "cost": total.cost, "by_role": by_role}


CUSTOM = "custom:"
"""Beginning of the name of what a program passes as its own proposer or verifier."""


def model_names(config: StageConfig) -> list[str]:
    """Every MODEL that the settings of a stage name, each once."""
    given = (getattr(config, setting, None) for setting in sorted(config.names_models))
    names = (name for value in given for name in ((value,) if isinstance(value, str) else value or ()))
    return [n for n in dict.fromkeys(names) if n != "none" and not n.startswith(CUSTOM) and not is_local(n)]


def named_models(config: StageConfig) -> dict[str, str]:
    """MODEL as the settings of a stage name it → the model's name at its server, as a run's identity holds it.

    Raises ConfigError for a MODEL that there is not.
    """
    return {name: name if is_simulated(name) else resolve(name).model for name in model_names(config)}


@contextmanager
def roles(
    folder: Path | None,
    wanted: Mapping[str, str],
    *,
    max_cost: float | None = None,
    max_tokens: int | None = None,
    tell: Callable[[str], None] | None = None,
    batched: bool = False,
    meter: Meter | None = None,
) -> Iterator[RoleModels]:
    """Open the models of a stage. Raises ConfigError, before anything is spent, if a bound could not be kept.

    `batched` says that the stage can wait for a batch API, if a model's settings name one. If a model was asked and
    never answered, leaving the block raises ModelOutage.
    Without a folder (a stage that writes to a pipe) replies are not stored. `meter` is one that others share, with
    bounds of its own; it must know what the folder stores.
    """
    settings = {role: resolve(name) for role, name in wanted.items()}
    with ExitStack() as stack:
        cache = ReplyCache(folder / "replies.sqlite") if folder is not None else None
        if cache is not None:
            stack.callback(cache.close)
        meter = meter or Meter(cache, max_cost=max_cost, max_tokens=max_tokens)
        meter.check_prices(settings.values())
        served = stack.enter_context(_served(settings, folder, tell or _print_line))
        pool = Models(cache=cache, meter=meter, loader=in_process, batches=folder if batched else None, batched=batched)
        opened = {role: pool.open(role, s) for role, s in served.items()}
        found = RoleModels(opened, served, meter, pool, meter.total().requests)
        try:
            yield found
        except BoundReached:
            found.check_answered()
            raise
        found.check_answered()


@contextmanager
def _served(
    settings: Mapping[str, ModelSettings], folder: Path | None, tell: Callable[[str], None]
) -> Iterator[dict[str, ModelSettings]]:
    """Fill in addresses; roles that share a local model share its server, and servers start together."""
    settings = {role: loaded(s) if s.local and runs_here(s) else s for role, s in settings.items()}
    first: dict[str, str] = {}
    for role, s in settings.items():
        if s.local and not isinstance(s, InProcessSettings):
            first.setdefault(s.model_dump_json(), role)
    with ExitStack() as stack:
        logs = folder or Path(stack.enter_context(TemporaryDirectory(prefix="agentprop-")))
        wanted = [(settings[role], logs / f"{role}.log") for role in first.values()]
        up = dict(zip(first, stack.enter_context(serving_all(wanted, tell=tell)), strict=True))
        yield {role: up.get(s.model_dump_json(), s) for role, s in settings.items()}


def runs_here(settings: ModelSettings) -> bool:
    """True if a local model runs in this process: its settings say so, or nothing else can run it."""
    if settings.engine is not None or settings.serve_command:
        return settings.engine == "in-process"
    return vllm_program() is None and all(map(find_spec, ("torch", "transformers")))


def loaded(settings: ModelSettings) -> InProcessSettings:
    """Settings of a local model in this process, with the abilities of the built-in engine."""
    known = {"n": True, "logprobs": True, "token_ids": True, "schema_support": False}
    chosen = {name: getattr(settings, name) for name in settings.model_fields_set}
    return InProcessSettings.model_validate({**known, **chosen, "weights": fingerprint(Path(settings.model))})


def in_process(settings: InProcessSettings) -> Transport:
    """Transport of such a model; the weights are loaded on the first request."""
    from agentprop.inference.transport import InProcessTransport

    return InProcessTransport(settings)


def _print_line(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
