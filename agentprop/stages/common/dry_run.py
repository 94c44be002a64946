"""The settings of a stage, its sources and its output → what is wrong with them, without reading a record."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from agentprop.config import StageConfig
from agentprop.config.parts import CorpusSettings
from agentprop.errors import ConfigError
from agentprop.extraction.corpus.settings import sources_of
from agentprop.extraction.corpus.sources import HUB
from agentprop.models.costs import Meter
from agentprop.models.registry import resolve
from agentprop.models.settings import ModelSettings
from agentprop.notices import note
from agentprop.stages.common.foreign import WANTED, check_no_runs_inside, is_run
from agentprop.stages.common.models import model_names
from agentprop.stages.common.stdin import STDIN
from agentprop.storage.reader import layout_of
from agentprop.storage.run import Run, open_run
from agentprop.storage.stores import is_url

PATHS = ("/", ".", "runs/")
"""Beginnings of names that are paths, and of no model that a hub has."""


def check(config: StageConfig, sources: Sequence[str], out: str | None, *, fresh: bool = False) -> None:
    """Check sources, models, prices and the run directory, and change nothing. Raises AgentpropError."""
    check_sources(config, sources)
    models = {name: found for name in model_names(config) if (found := find_model(name)) is not None}
    Meter(max_cost=getattr(config, "max_cost", None)).check_prices(models.values())
    if out is not None and out != "-":
        names = {name: settings.model for name, settings in models.items()}
        Run.check(out, config.stage, config, fresh=fresh, models=names)


def check_sources(config: StageConfig, sources: Sequence[str]) -> None:
    """Check that runs can be opened and that files are there. Raises AgentpropError.

    A run that is not there may be made until this one begins, as in a script of several stages.
    """
    named = [source for source in sources if source != STDIN and not source.startswith(HUB)]
    files = [source for source in named if not is_run(source)]
    for source in named:
        if source in files:
            continue
        if layout_of(source).started() if is_url(source) else Path(source).exists():
            open_run(source, warn=False)
        else:
            note(f"there is no run at {source} yet")
    if files:
        check_no_runs_inside(files)
        sources_of(config if isinstance(config, CorpusSettings) else CorpusSettings(), files, WANTED)


def is_path(name: str) -> bool:
    """Tell whether a model's name can only be a path, and no hub's: it looks like one, or lies in a directory here.

    >>> is_path("runs/sft/model"), is_path("./model"), is_path("Qwen/Qwen3-4B"), is_path("gpt2")
    (True, True, False, False)
    """
    return name.startswith(PATHS) or name.count("/") > 1 or ("/" in name and Path(name).parent.is_dir())


def find_model(name: str) -> ModelSettings | None:
    """Settings of a MODEL. Raises ConfigError; but a path that is not there may be made until the run begins."""
    try:
        return resolve(name)
    except ConfigError:
        if not name.startswith(PATHS):
            raise
    note(f"there is no model at {name} yet")
    return None
