"""Settings → what is wrong with them, as far as that can be told without spending anything; and the worst case."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agentprop.config import ProposeConfig
from agentprop.errors import ConfigError
from agentprop.extraction.corpus import find_files
from agentprop.models.costs import PICO, Meter
from agentprop.models.settings import ModelSettings
from agentprop.stages.common.benchmarks import open_benchmarks
from agentprop.stages.common.dry_run import find_model
from agentprop.stages.common.library import fingerprint, gather
from agentprop.stages.common.models import named_models
from agentprop.stages.common.partitions import part_of
from agentprop.stages.propose.run import limit_of
from agentprop.storage.run import Run
from agentprop.storage.stores import is_url


def check(config: ProposeConfig, out: str, *, fresh: bool = False) -> None:
    """Check skills, categories, model, prices, benchmarks and the run directory. Raises AgentpropError."""
    config, out = part_of(config, out, claimed=False)
    library = gather(config.skills, bundled=config.bundled_skills)
    domains = {package.spec.category: package.spec.domain for package in library.values()}
    unknown = sorted(set(config.categories) - domains.keys())
    if unknown:
        raise ConfigError(f"unknown category {unknown[0]}", hint=f"categories: {', '.join(sorted(domains))}")
    if not any(config.domain in (None, domain) for domain in domains.values()):
        raise ConfigError("no category is left to propose in", hint="widen --domain or --category, or add skills")
    settings = _model(config)
    if settings is not None:
        Meter(max_cost=config.max_cost, max_tokens=config.max_tokens).check_prices([settings])
    find_files(config.decontaminate)
    if out != "-":
        inputs = {"skills": fingerprint(library)}
        if is_url(out) or Path(out).exists():
            benchmarks = open_benchmarks(config)
            inputs["benchmarks"] = benchmarks.fingerprint if benchmarks else ""
        models = named_models(config) if settings is not None else None
        Run.check(out, "propose", config, fresh=fresh, inputs=inputs, models=models)


def _model(config: ProposeConfig) -> ModelSettings | None:
    """Settings of the proposer; None for the built-in one and for a path that is not there yet. Raises ConfigError."""
    if config.proposer == "builtin":
        return None
    return find_model(config.proposer)


def worst_case(config: ProposeConfig) -> dict[str, Any]:
    """The most candidates, requests, tokens and money that a run can take; null if nothing bounds it.

    Each of at most `max_turns` requests of a candidate sends and generates no more than the model's context.
    """
    candidates = limit_of(config)
    settings = _model(config)
    if settings is None:
        return {"candidates": candidates}
    requests = candidates * (1 if config.one_shot else config.max_turns)
    context, reply = settings.context_length, config.reply_tokens or settings.reply_tokens
    tokens = None if context is None else requests * context
    if config.max_tokens is not None:
        tokens = config.max_tokens if tokens is None else min(tokens, config.max_tokens)
    return {
        "candidates": candidates,
        "requests": requests,
        "tokens": "unbounded: set --max-tokens, or context_length of the model" if tokens is None else tokens,
        "cost": _cost(config, settings, requests, context, reply),
    }


def _cost(
    config: ProposeConfig, settings: ModelSettings, requests: int, context: int | None, reply: int | None
) -> float | str:
    """The most money, or why that is unknown."""
    if settings.price_in is None or settings.price_out is None:
        return "unknown: set price_in and price_out of the model"
    most = config.max_cost
    if config.max_tokens is not None:
        dearest = config.max_tokens * max(settings.price_in, settings.price_out) / 1_000_000
        most = dearest if most is None else min(most, dearest)
    if context is not None:
        generated = min(reply or context, context)
        each = (context - generated) * settings.price_in + generated * max(settings.price_out, settings.price_in)
        total = requests * round(each * PICO / 1_000_000) / PICO
        most = total if most is None else min(most, total)
    return "unbounded: set --max-cost, or context_length of the model" if most is None else most
